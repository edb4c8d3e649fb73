// The checker checked: wrong rules must be caught, with op, input and element named.
#include <autograd/record.hpp>
#include <ops/ops.hpp>
#include <tools/gradcheck_op.hpp>

#include <doctest/doctest.h>

#include <limits>
#include <stdexcept>
#include <string>

namespace xgrad {
namespace {

// An op of one input, y = x^3, with a rule from x and g to x's share. It leaves the registry when
// it goes.
class Cube {
public:
    template <class Rule>
    explicit Cube(
        Rule rule, Sample (*adjust)(Sample) = [](Sample s) { return s; })
        : op_("cube", Samples(adjust(on({{3, 4}}, [this, rule](const auto& in) {
                  using T = typename std::decay_t<decltype(in[0])>::value_type;
                  const Variable<T>& x = in[0];
                  Array<T> y = x.value() * x.value() * x.value();
                  return Variable<T>(
                      record(op_, std::move(y))
                          .wrt(x, [kept = keep(x), rule](const Variable<T>& g) -> Variable<T> {
                              return rule(*kept, g);
                          }));
              })))) {}

    [[nodiscard]] OpReport check(const GradcheckOptions& options = {.order = 2}) const {
        return check_op(op_, options);
    }

private:
    Op op_;
};

// An op of two inputs with any call.
template <class Call>
OpReport check_call(
    Call call, Sample (*adjust)(Sample) = [](Sample s) { return s; }) {
    const Op op("made_up", Samples(adjust(on({{3, 4}, {3, 4}}, call))));
    return check_op(op);
}

bool says(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

// The text of the first failure of that check; empty when it did not fail.
std::string failure(const OpReport& report, const std::string& check) {
    for (const OpCheck& one : report.checks) {
        if (one.name == check && one.verdict == OpCheck::Verdict::failed)
            return one.text;
    }
    return "";
}

std::size_t failures(const OpReport& report) { return report.count(OpCheck::Verdict::failed); }

// x as it is, outside the graph: values right, derivatives missing.
template <class T>
Variable<T> frozen(const Variable<T>& x) {
    return x.detach();
}

}  // namespace

#define CHECK_SAYS(text, part) CHECK_MESSAGE(says(text, part), text)

TEST_CASE("a right rule passes every check") {
    const Cube cube([](const auto& x, const auto& g) { return 3 * x * x * g; });
    const OpReport report = cube.check();
    CHECK_MESSAGE(report.ok(), report.to_string());
    CHECK(report.to_string() == "");
    CHECK(report.relative_error.size() == 2);
    CHECK(report.relative_error[0] < 1e-9);
    CHECK(report.count(OpCheck::Verdict::passed) == 11);
    CHECK(report.count(OpCheck::Verdict::skipped) == 1);  // reuse: there is one input
}

TEST_CASE("a wrong sign is caught and named") {
    const Cube cube([](const auto& x, const auto& g) { return -3 * x * x * g; });
    const OpReport report = cube.check();
    CHECK_FALSE(report.ok());
    CHECK_SAYS(failure(report, "gradient"), "gradient of input 0, shape (3, 4):");
    CHECK_SAYS(failure(report, "gradient"), "likely cause: the sign is wrong");
    CHECK_SAYS(failure(report, "gradient"), "norm ratio 1 (worry)");
    CHECK_SAYS(
        report.to_string(),
        "cube, sample 0, input shapes (3, 4): gradient\n"
        "    gradient of input 0, shape (3, 4): ");
    CHECK_SAYS(report.to_string(), " elements are off\n    worst input 0 at (");
    CHECK_SAYS(
        report.to_string(), "\n    norm ratio 1 (worry)\n    likely cause: the sign is wrong\n");
    CHECK(failures(report) == 1);
}

TEST_CASE("a factor is caught and named") {
    const Cube cube([](const auto& x, const auto& g) { return 6 * x * x * g; });
    CHECK_SAYS(failure(cube.check(), "gradient"), "likely cause: off by the factor 2");
}

TEST_CASE("an error of 1e-5 relative is caught") {
    const Cube cube([](const auto& x, const auto& g) { return (3 + 3e-5) * x * x * g; });
    CHECK_SAYS(failure(cube.check(), "gradient"), "likely cause: off by the factor 1 + 1e-05");
}

TEST_CASE("one wrong element is caught and its index named") {
    const Cube cube([]<class T>(const Variable<T>& x, const Variable<T>& g) {
        Array<T> wrong(Shape{3, 4}, T(1));
        wrong(1, 2) = T(1.5);
        return 3 * x * x * g * Variable<T>(wrong);
    });
    const std::string text = failure(cube.check(), "gradient");
    CHECK_SAYS(text, "1 of 12 elements are off; worst input 0 at (1, 2): analytic ");
    CHECK_SAYS(text, "only 1 of 12 elements are off: look at masks, edges and indices");
}

TEST_CASE("a missing term is caught") {
    // y = a b + a
    Op* self = nullptr;
    Op op("made_up", Samples(on({{3, 4}, {3, 4}}, [&self](const auto& in) {
              using T = typename std::decay_t<decltype(in[0])>::value_type;
              Array<T> y = in[0].value() * in[1].value() + in[0].value();
              return Variable<T>(
                  record(*self, std::move(y))
                      .wrt(
                          in[0],
                          [b = keep(in[1])](const Variable<T>& g) -> Variable<T> { return g * *b; })
                      .wrt(in[1], [a = keep(in[0])](const Variable<T>& g) -> Variable<T> {
                          return g * *a;
                      }));
          })));
    self = &op;
    const OpReport report = check_op(op);
    CHECK_SAYS(failure(report, "gradient"), "gradient of input 0, shape (3, 4): 12 of 12");
    CHECK(says(failure(report, "reuse"), "input 0 given as input 1 too: gradient of input 0"));
    for (const OpCheck& check : report.checks)
        CHECK_FALSE(says(check.text, "gradient of input 1, "));
}

TEST_CASE("a rule wrong in second order only is caught there") {
    const Cube cube([](const auto& x, const auto& g) { return 3 * frozen(x) * x * g; });
    const OpReport report = cube.check();
    CHECK(failures(report) == 1);
    const std::string text = failure(report, "second gradient");
    CHECK_SAYS(text, "second gradient of input 0, shape (3, 4):");
    CHECK_SAYS(text, "likely cause: off by the factor 0.5");
}

TEST_CASE("a rule that forgets how it depends on g is caught in second order") {
    const Cube cube([](const auto& x, const auto& g) { return 3 * x * x * frozen(g); });
    const OpReport report = cube.check();
    CHECK(failures(report) == 2);
    CHECK_SAYS(failure(report, "adjoint"), "some rule is not linear in g");
    CHECK_SAYS(failure(report, "second gradient"), "second gradient of seed 0, shape (3, 4):");
    CHECK_SAYS(failure(report, "second gradient"), "no gradient arrives");
}

TEST_CASE("a rule on arrays has no second order, and the report says so") {
    Op* self = nullptr;
    Op op(
        "made_up",
        Samples(on({{3}}, [&self](const auto& in) {
                    using T = typename std::decay_t<decltype(in[0])>::value_type;
                    Array<T> y = 2 * in[0].value();
                    return Variable<T>(
                        record(*self, std::move(y)).wrt(in[0], [](const Array<T>& g) -> Array<T> {
                            return 2 * g;
                        }));
                }).linear()));
    self = &op;
    CHECK(failures(check_op(op, {.order = 1})) == 0);
    const OpReport report = check_op(op);
    CHECK_MESSAGE(report.ok(), report.to_string());
    CHECK_SAYS(report.ending, "has no derivative of its own");
    // Asked for by name, it is what fails.
    const auto twice = gradcheck(
        [&](const Variables& in) { return op.samples().front().call_double(in); },
        Variables{Variable<double>(Array<double>{1, 2, 3}, true)},
        {.order = 2});
    REQUIRE(twice.findings.size() == 1);
    CHECK(twice.findings[0].check == "no derivative");
}

TEST_CASE("NaN in a gradient is caught") {
    const Cube cube([]<class T>(const Variable<T>& x, const Variable<T>& g) {
        return x * g * std::numeric_limits<double>::quiet_NaN();
    });
    const OpReport report = cube.check();
    CHECK_SAYS(failure(report, "gradient"), "likely cause: the rule gives NaN or infinity");
    CHECK(report.relative_error[0] == std::numeric_limits<double>::infinity());
}

TEST_CASE("a gradient that does not arrive is caught") {
    const OpReport report = check_call([](const auto& in) { return in[0] * frozen(in[1]); });
    CHECK_SAYS(failure(report, "gradient"), "gradient of input 1, shape (3, 4): 12 of 12");
    CHECK_SAYS(failure(report, "gradient"), "no gradient arrives");
}

TEST_CASE("a dead sample is caught unless it is declared flat") {
    const auto dead = [](const auto& in) { return in[0] * in[0] + 0 * in[1]; };
    CHECK_SAYS(
        failure(check_call(dead), "dead input"),
        "gradient of input 1, shape (3, 4): all 12 differences are zero");
    const auto steps = [](const auto& in) { return sign(in[0]) + sign(in[1]); };
    const auto flat = check_call(steps, [](Sample s) { return std::move(s).avoiding({0}).flat(); });
    CHECK_MESSAGE(flat.ok(), flat.to_string());
}

TEST_CASE("a second derivative that vanishes is caught unless it is declared linear") {
    const auto sum = [](const auto& in) { return in[0] + in[1]; };
    CHECK_SAYS(
        failure(check_call(sum), "dead input"),
        "second gradient of every input: all 24 differences are zero");
    CHECK(check_call(sum, [](Sample s) { return std::move(s).linear(); }).ok());
}

TEST_CASE("samples wrongly declared flat or linear are caught") {
    const auto product = [](const auto& in) { return in[0] * in[1]; };
    const auto flat = check_call(product, [](Sample s) { return std::move(s).flat(); });
    CHECK_SAYS(failure(flat, "gradient"), "is declared zero and the rule gives ");
    const auto linear = check_call(product, [](Sample s) { return std::move(s).linear(); });
    CHECK(failure(linear, "gradient") == "");
    CHECK_SAYS(failure(linear, "second gradient"), "is declared zero and the rule gives ");
}

TEST_CASE("a forward that changes its input is caught") {
    const OpReport report = check_call([](const auto& in) {
        in[1].update([](auto values) { values[5] = 7; });
        return in[0] * in[1];
    });
    CHECK(failures(report) == 1);
    CHECK_SAYS(failure(report, "mutation"), "the forward pass changed input 1 at (1, 1) from ");
    CHECK_SAYS(failure(report, "mutation"), " to 7; advice: compute on a copy");
}

TEST_CASE("a rule that changes its input is caught") {
    const Cube cube([](const auto& x, const auto& g) {
        const auto share = 3 * x * x * g;
        x.update([](auto values) { values[0] = 7; });
        return share;
    });
    CHECK_SAYS(
        failure(cube.check(), "mutation"), "the backward pass changed input 0 at (0, 0) from ");
}

TEST_CASE("a forward that differs from call to call is caught") {
    int calls = 0;
    const OpReport report = check_call([&](const auto& in) { return in[0] * in[1] + ++calls; });
    CHECK(failures(report) == 1);
    CHECK_SAYS(
        failure(report, "determinism"),
        "two calls of the function with the same inputs differ: output element 0 is ");
}

TEST_CASE("a forward that depends on being recorded is caught") {
    const OpReport report =
        check_call([](const auto& in) { return in[0] * in[1] + (grad_enabled() ? 1e-15 : 0.0); });
    CHECK_SAYS(failure(report, "recording"), "depends on being recorded");
}

TEST_CASE("a share of the wrong shape is caught") {
    const Cube cube([]<class T>(const Variable<T>&, const Variable<T>&) {
        return Variable<T>(Array<T>(Shape{5}, T(1)));
    });
    CHECK_SAYS(
        failure(cube.check(), "gradient"),
        "backward pass threw: backward: the rule of cube (gradcheck_tool_test.cpp:");
    CHECK_SAYS(
        failure(cube.check(), "gradient"),
        "for input 0 returned shape (5,); the input has (3, 4), the output (3, 4)");
}

TEST_CASE("a rule that is wrong in float only is caught") {
    const Cube cube([]<class T>(const Variable<T>& x, const Variable<T>& g) {
        return (sizeof(T) == 4 ? 3.001 : 3.0) * x * x * g;
    });
    const OpReport report = cube.check();
    CHECK(failures(report) == 1);
    CHECK_SAYS(failure(report, "float"), "the gradient of input 0 at (0, 0) float gives ");
}

TEST_CASE("a result in float that is wrong is caught, however small it is") {
    const auto report_with = [](double factor, double scale) {
        return check_call([factor, scale](const auto& in) {
            using T = typename std::decay_t<decltype(in[0])>::value_type;
            return static_cast<T>(scale * (sizeof(T) == 4 ? factor : 1)) * in[0] * in[1];
        });
    };
    const OpReport twice = report_with(2, 1e-5);
    CHECK(failures(twice) == 1);
    CHECK_SAYS(failure(twice, "float"), "the value at (0, ");
    CHECK(failure(report_with(1, 1e-5), "float") == "");
    CHECK(failure(report_with(1, 1e30), "float") == "");
}

TEST_CASE("what is too large for float may be infinite there") {
    const auto report = check_call(
        [](const auto& in) { return exp(20 * in[0]) + in[1]; },
        [](Sample s) { return std::move(s).between(0, 6); });
    CHECK(failure(report, "float") == "");
}

TEST_CASE("a rule that is wrong in float by a thousandth is caught by the slopes in double") {
    const Cube cube([]<class T>(const Variable<T>& x, const Variable<T>& g) {
        return (sizeof(T) == 4 ? 3.003 : 3.0) * x * x * g;
    });
    const OpReport report = cube.check({.in_float = true});
    CHECK_SAYS(failure(report, "gradient"), "likely cause: off by the factor 1.001");
}

TEST_CASE("a large constant that hides the slopes makes them inconclusive, and is named") {
    const auto report_on = [](double constant, double factor) {
        return check_call([constant, factor](const auto& in) {
            using T = typename std::decay_t<decltype(in[0])>::value_type;
            const T kept = static_cast<T>(factor - 1);
            const auto product = in[0] * in[1];
            return product + static_cast<T>(constant) + kept * (product - product.detach());
        });
    };
    for (const double factor : {0.5, 1.0, 5.0}) {
        CAPTURE(factor);
        const OpReport hidden = report_on(1e14, factor);
        CHECK(hidden.count(OpCheck::Verdict::inconclusive) >= 1);
        CHECK_SAYS(hidden.to_string(), "gradient INCONCLUSIVE\n");
        CHECK_SAYS(hidden.to_string(), "advice: take the large constant out of the function");
        CHECK_SAYS(hidden.to_string(), "made_up, note: a step of input 0 changes the function by");
    }
    CHECK(failure(report_on(1e8, 1), "gradient") == "");
    CHECK_SAYS(failure(report_on(1e8, 0.5), "gradient"), "likely cause: off by the factor 0.5");
}

TEST_CASE("a rule that depends on who else asks is caught") {
    const OpReport report = check_call([](const auto& in) {
        return in[1].requires_grad() ? in[0] * in[1] : frozen(in[0]) * in[1] + 0 * in[0];
    });
    CHECK_SAYS(
        failure(report, "subset"),
        "the gradient of input 0 changes when it alone asks for one, at (0, 0): ");
}

TEST_CASE("a rule that is wrong for one input given twice is caught") {
    const OpReport report = check_call([](const auto& in) {
        return &in[0].value() == &in[1].value() ? in[0] * frozen(in[1]) : in[0] * in[1];
    });
    CHECK(failures(report) == 1);
    CHECK_SAYS(failure(report, "reuse"), "likely cause: off by the factor 0.5");
}

TEST_CASE("an exception of the wrong kind is caught") {
    const OpReport report = check_call([](const auto& in) {
        if (in[0].shape() != in[1].shape())
            throw std::runtime_error("no match");
        return in[0] * in[1];
    });
    CHECK(failures(report) == 1);
    CHECK_SAYS(
        failure(report, "exceptions"),
        "throws \"no match\", which is no ShapeError, IndexError or invalid_argument");
}

TEST_CASE("an exception thrown in one mode only is caught") {
    const OpReport report = check_call([](const auto& in) {
        if (in[0].shape() != in[1].shape() && grad_enabled())
            throw ShapeError("no match");
        return in[0] * in[1];
    });
    CHECK(failures(report) == 1);
    CHECK_SAYS(failure(report, "exceptions"), "throws \"no match\" in double and recorded, ");
    CHECK_SAYS(failure(report, "exceptions"), " unrecorded");
}

TEST_CASE("an empty input that is neither computed nor rejected is caught") {
    const OpReport report = check_call([](const auto& in) {
        if (in[0].size() == 0)
            throw std::domain_error("division by zero");
        return in[0] * in[1] / static_cast<double>(in[0].size());
    });
    CHECK(failures(report) == 1);
    CHECK_SAYS(failure(report, "zero size"), "shapes (0, 4) and (0, 4): throws \"division");
}

TEST_CASE("samples that nothing can be drawn for are failures") {
    const Op callless("callless", Samples(on({{3}})));
    CHECK_SAYS(failure(check_op(callless), "sample"), "sample: no call for float and double");
    const auto crowded = check_call(
        [](const auto& in) { return maximum(in[0], in[1]); },
        [](Sample s) { return std::move(s).between(0, 1).without_ties(); });
    CHECK_SAYS(failure(crowded, "sample"), "no room in [0, 1] for 12 values, 0.1 apart");
}

TEST_CASE("a domain of one point is drawn from") {
    const auto report = check_call(
        [](const auto& in) { return in[0] * in[1]; },
        [](Sample s) { return std::move(s).between(5, 5); });
    CHECK_MESSAGE(report.ok(), report.to_string());
}

TEST_CASE("what to do about a dead sample is something that a sample can do") {
    const auto first = check_call([](const auto& in) { return floor(in[0]) + 0 * in[1]; });
    CHECK_SAYS(failure(first, "dead input"), "is zero everywhere, mark the sample .flat()");
    const auto second = check_call([](const auto& in) { return in[0] + in[1]; });
    CHECK_SAYS(failure(second, "dead input"), "gradient is zero everywhere, mark the sample .lin");
}

TEST_CASE("a norm ratio that fails alone is told with its limit, and shown in the table") {
    const Cube cube([](const auto& x, const auto& g) { return 3 * (1 + 3e-7) * x * x * g; });
    const OpReport report = cube.check();
    CHECK_SAYS(failure(report, "gradient"), "norm ratio 1.5e-07, allowed 1e-07 (close)");
    CHECK(report.norm_ratio.at(0) > 1e-7);
}

TEST_CASE("a very wide domain is drawn from at once") {
    // A list of all multiples of 1/64 takes a minute and sixteen gigabytes.
    const auto report = check_call(
        [](const auto& in) { return sqrt(in[0] + 1) + sqrt(in[1] + 1); },
        [](Sample s) { return std::move(s).between(0, 1e8); });
    CHECK_MESSAGE(report.ok(), report.to_string());
}

TEST_CASE("inputs without effect by chance are drawn anew") {
    // The second input counts in one draw of eight.
    const auto report = check_call([](const auto& in) {
        const auto* x = in[0].value().data();
        const bool counts = in[0].size() > 2 && x[0] > 0 && x[1] > 0 && x[2] > 0;
        return counts ? in[0] * in[1] : in[0] * in[0] + 0 * in[1];
    });
    CHECK(failure(report, "dead input") == "");
}

TEST_CASE("an op whose call throws fails by its name, and nothing gets out") {
    const OpReport report = check_call([](const auto& in) -> std::decay_t<decltype(in[0])> {
        throw std::runtime_error("not yet");
    });
    CHECK_FALSE(report.ok());
    CHECK_SAYS(report.to_string(), "made_up, sample 0, input shapes (3, 4) and (3, 4): ");
    CHECK_SAYS(failure(report, "gradient"), "threw: not yet");
}

TEST_CASE("nor does what is thrown and is no exception") {
    const OpReport report =
        check_call([](const auto& in) -> std::decay_t<decltype(in[0])> { throw in.size(); });
    CHECK_SAYS(failure(report, "gradient"), "threw what is no std::exception; throw std::inv");
    const Cube cube([](const auto& x, const auto&) -> std::decay_t<decltype(x)> { throw 42; });
    CHECK_SAYS(failure(cube.check(), "gradient"), "threw what is no std::exception");
}

TEST_CASE("the ops of these tests have left the registry") {
    CHECK(find_op("cube") == nullptr);
    CHECK(find_op("made_up") == nullptr);
}

}  // namespace xgrad
