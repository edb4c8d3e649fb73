// Rules that are right on the sample's shapes and wrong on others: the sweep finds them and shrinks
// them to the smallest.
#include <autograd/record.hpp>
#include <ops/ops.hpp>
#include <tools/gradcheck_op.hpp>

#include <doctest/doctest.h>

#include <string>

namespace xgrad {
namespace {

// y = 2 x, whose rule gives `wrong(x, g)` in place of 2 g.
template <class Wrong>
OpReport sweep_double(std::vector<Shape> shapes, Wrong wrong) {
    static const Op& recorded = *find_op("mul");
    const Op op(
        "doubled", Samples(on(std::move(shapes), [&](const auto& in) {
                               using V = std::decay_t<decltype(in[0])>;
                               const V& x = in[0];
                               const V y = x.detach() * 2;
                               return V(record(recorded, Array<typename V::value_type>(y.value()))
                                            .wrt(x, [x = keep(x), wrong](const V& g) -> V {
                                                return wrong((*x).shape()) ? 3 * g : 2 * g;
                                            }));
                           }).linear()));
    return check_op(op, {.order = 2, .sweep = 30});
}

// What the check named "shapes" says; empty when it did not fail.
std::string failure(const OpReport& report) {
    for (const OpCheck& check : report.checks) {
        if (check.name == "shapes" && check.verdict == OpCheck::Verdict::failed)
            return check.text;
    }
    return "";
}

bool starts_with(const std::string& text, const std::string& start) {
    return text.rfind(start, 0) == 0;
}

std::string of_sweep(const OpReport& report) {
    for (const OpCheck& check : report.checks) {
        if (check.name == "shapes")
            return check.text;
    }
    return "no sweep";
}

}  // namespace

#define CHECK_STARTS(text, start) CHECK_MESSAGE(starts_with(text, start), text)

TEST_CASE("sweep: a right rule passes, and the shapes are counted") {
    const OpReport report = sweep_double({{3, 4}}, [](const Shape&) { return false; });
    CHECK_MESSAGE(report.ok(), report.to_string());
    CHECK(of_sweep(report) == "30 other shapes are right, 0 rejected");
}

TEST_CASE("sweep: without it the op is checked on its samples alone") {
    CHECK(of_sweep(check_op(*find_op("tanh"))) == "no sweep");
}

TEST_CASE("sweep: wrong from five elements in the last axis on") {
    const OpReport report = sweep_double(
        {{3, 4}}, [](const Shape& shape) { return !shape.empty() && shape.back() >= 5; });
    CHECK_FALSE(report.ok());
    CHECK_STARTS(failure(report), "input shapes (5,), shrunk from (");
    CHECK(
        failure(report).find(": gradient: gradient of input 0, shape (5,): 5 of 5 elements are "
                             "off") != std::string::npos);
}

TEST_CASE("sweep: wrong with three axes") {
    const OpReport report =
        sweep_double({{3, 4}}, [](const Shape& shape) { return shape.size() == 3; });
    CHECK_STARTS(failure(report), "input shapes (1, 1, 1), shrunk from (2, ");
}

TEST_CASE("sweep: wrong for one element alone") {
    const OpReport report = sweep_double(
        {{3, 4}}, [](const Shape& shape) { return !shape.empty() && shape.back() == 1; });
    CHECK_STARTS(failure(report), "input shapes (1,), shrunk from (");
}

TEST_CASE("sweep: a sum over the broadcast axis that is forgotten for an axis of extent 1") {
    const Op& recorded = *find_op("add");
    const Op op(
        "half_broadcast_add",
        Samples(on({{3, 4}, {4}}, [&](const auto& in) {
                    using V = std::decay_t<decltype(in[0])>;
                    const V &a = in[0], &b = in[1];
                    const V y = a.detach() + b.detach();
                    const auto fit = [](const V& g, const Shape& shape) -> V {
                        if (shape.size() == g.rank()) {
                            // Takes the first of each stretched axis in place of its sum.
                            V out = g;
                            for (std::size_t axis = 0; axis < shape.size(); ++axis)
                                out = slice(out, static_cast<std::ptrdiff_t>(axis), 0, shape[axis]);
                            return out;
                        }
                        return sum_to(g, shape);
                    };
                    return V(record(recorded, Array<typename V::value_type>(y.value()))
                                 .wrt(a, [=, s = a.shape()](const V& g) { return fit(g, s); })
                                 .wrt(b, [=, s = b.shape()](const V& g) { return fit(g, s); }));
                }).linear()));
    CHECK(check_op(op).ok());
    const OpReport report = check_op(op, {.order = 2, .sweep = 60});
    CHECK_FALSE(report.ok());
    // One operand has an axis of 1 where the other has two.
    const std::string text = failure(report);
    const bool smallest = starts_with(text, "input shapes (2,) and (1,), shrunk from (") ||
                          starts_with(text, "input shapes (1,) and (2,), shrunk from (");
    CHECK_MESSAGE(smallest, text);
}

TEST_CASE("sweep: an exception that float alone throws") {
    const Op op("picky", Samples(on({{3, 4}}, [](const auto& in) {
                    using V = std::decay_t<decltype(in[0])>;
                    if (sizeof(typename V::value_type) == 4 && in[0].size() == 1)
                        throw std::invalid_argument("picky: one element; need more");
                    return V(in[0] * 2);
                })));
    const OpReport report = check_op(op, {.order = 1, .sweep = 40});
    CHECK_STARTS(failure(report), "input shapes (");
    CHECK(
        failure(report).find("throws \"picky: one element; need more\" in float") !=
        std::string::npos);
}

TEST_CASE("sweep: an op that takes no other shape says so") {
    const Op op("fixed", Samples(on({{3, 4}}, [](const auto& in) {
                    if (in[0].shape() != Shape{3, 4})
                        throw ShapeError("fixed: need (3, 4)");
                    return in[0] * 2;
                })));
    const OpReport report = check_op(op, {.order = 1, .sweep = 5});
    CHECK_MESSAGE(report.ok(), report.to_string());
    CHECK(of_sweep(report).find(" other shapes were tried, and all rejected") != std::string::npos);
}

TEST_CASE("gradcheck: a value that is NaN is told as one") {
    const auto report = gradcheck(
        [](const Variables& in) { return log(in[0]); },
        Variables{Variable<double>(Array<double>{1, -1}, true)});
    CHECK(report.verdict() == GradcheckVerdict::fail);
    REQUIRE(report.findings.size() == 1);
    CHECK(report.findings[0].check == "not a number");
    CHECK(
        report.findings[0].text ==
        "the function is NaN at output element 1; take inputs inside its domain");
}

TEST_CASE("gradcheck: directions find room between elements at both ends of the domain") {
    Array<double> x = empty<double>({200});
    for (std::size_t i = 0; i < x.size(); ++i)
        x.data()[i] = i % 3 == 0 ? -1 : i % 3 == 1 ? 1 : 0;
    const auto report = gradcheck(
        [](const Variables& in) { return in[0] * in[0] * in[0]; },
        Variables{Variable<double>(x, true)},
        {.full_limit = 10, .low = -1, .high = 1});
    CHECK_MESSAGE(report.ok(), report.to_string());
    CHECK(report.orders.at(0).inputs.at(0).directions == 4);
}

}  // namespace xgrad
