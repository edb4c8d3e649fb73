// Values, gradients and second-order products against PyTorch's, as tests/reference/ops.json
// keeps them.
#include <autograd/op.hpp>
#include <tests/ops/reference_calls.hpp>
#include <tests/support.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <set>

using namespace xgrad;
using namespace xgrad::test;

namespace {

// Ops of the registry that have no row of their own, and why.
const std::map<std::string, std::string> internal = {
    {"accumulate", "the tape's own addition: tests/autograd/backward_test.cpp"},
    {"alias", "passes its value on: the samples, and ops/functional_test.cpp"},
    {"checkpoint", "a function of the caller: tests/ops/checkpoint_test.cpp"},
    {"map_axes", "what averages and interpolate record, and their rule"},
    {"place", "the rule of slice, whose rows differentiate through it"},
    {"elementwise", "formulas of the caller: tests/ops/fused_test.cpp"},
    {"dropout", "random: tests/nn/layers_test.cpp"},
};

// Ops of several inputs or with parameters that take whatever they are given.
const std::set<std::string> never_fails = {
    "elu",
    "kron",
    "leaky_relu",
    "pow_scalar",
    "threshold",
    "tile",
};

Json parse_cases() {
    const char* folder = std::getenv("XGRAD_TEST_REFERENCE");
    Json cases = Json::array();
    for (const auto& file :
         std::filesystem::directory_iterator(folder ? folder : "tests/reference")) {
        if (!file.path().filename().string().starts_with("ops") ||
            file.path().extension() != ".json") {
            continue;
        }
        std::ifstream stream(file.path());
        for (Json& one : Json::parse(stream))
            cases.push_back(std::move(one));
    }
    REQUIRE_MESSAGE(!cases.empty(), "set XGRAD_TEST_REFERENCE to the folder of ops.json");
    return cases;
}

const Json& read_cases() {
    static const Json cases = parse_cases();
    return cases;
}

template <class T>
Array<T> array_of(const Json& json) {
    Array<T> value = empty<T>(shape_of(json.at("shape")));
    for (std::size_t i = 0; i < value.size(); ++i) {
        const Json& element = json.at("data").at(i);
        value.data()[i] =
            element.is_string()
                ? static_cast<T>(std::strtod(element.get<std::string>().c_str(), nullptr))
                : static_cast<T>(element.get<double>());
    }
    return value;
}

template <class T>
std::vector<Array<T>> arrays_of(const Json& json) {
    std::vector<Array<T>> arrays;
    for (const Json& one : json)
        arrays.push_back(array_of<T>(one));
    return arrays;
}

// Compares under the case's rules; notes the first fault with the case it belongs to.
template <class T>
class Replay {
public:
    explicit Replay(const Json& reference) : case_(reference) {
        tolerance_ = std::is_same_v<T, double> ? 1e-10 : 2e-5;
        if (std::is_same_v<T, float> && case_.contains("float_tolerance"))
            tolerance_ = case_.at("float_tolerance").template get<double>();
    }

    void run(const Call<T>& call) {
        if (case_.contains("error")) {
            run_error(call);
            return;
        }
        if (std::is_same_v<T, float> && case_.contains("double_only"))
            return;
        const std::vector<Array<T>> inputs = arrays_of<T>(case_.at("inputs"));
        std::vector<Variable<T>> in;
        for (std::size_t i = 0; i < inputs.size(); ++i)
            in.emplace_back(inputs[i], case_.contains("wants") && case_.at("wants")[i]);
        const Variable<T> y = call(in, case_.at("p"));
        compare("the output", y.value(), case_.at("output"));
        if (case_.contains("grads"))
            run_gradients(y, in);
    }

private:
    std::string name() const { return case_.at("op").template get<std::string>(); }

    // The error that it must throw, of that very kind, says whose it is.
    void run_error(const Call<T>& call) {
        std::vector<Variable<T>> in;
        for (const Array<T>& x : arrays_of<T>(case_.at("inputs")))
            in.emplace_back(x, true);
        const auto run = [&] { static_cast<void>(call(in, case_.at("p"))); };
        const auto kind = case_.at("error").template get<std::string>();
        std::string text;
        if (kind == "ShapeError") {
            text = text_of_error<ShapeError>(run);
        } else if (kind == "IndexError") {
            text = text_of_error<IndexError>(run);
        } else if (kind == "domain_error") {
            text = text_of_error<std::domain_error>(run);
        } else {
            REQUIRE(kind == "invalid_argument");
            text = text_of_error<std::invalid_argument>(run);
        }
        CHECK_MESSAGE(
            text.starts_with(case_.at("by").template get<std::string>() + ": "),
            (name() + ": expected " + kind + ", got \"" + text + "\"\n  inputs " +
             case_.at("inputs").dump() + " p " + case_.at("p").dump()));
    }

    void run_gradients(const Variable<T>& y, const std::vector<Variable<T>>& in) {
        std::vector<Variable<T>> active;
        std::ranges::copy_if(
            in, std::back_inserter(active), [](const auto& x) { return x.requires_grad(); });
        const Variable<T> seed(array_of<T>(case_.at("seed")));
        const bool second = case_.contains("second");
        // Once as it is usually run, on kernels, once recorded.
        const auto plain = grad<T>(
            std::vector{y}, active, {.seeds = {seed}, .allow_unused = true, .retain_graph = true});
        for (std::size_t i = 0; i < active.size(); ++i)
            compare("gradient", or_zeros(plain[i], active[i]).value(), case_.at("grads")[i]);
        const auto recorded = grad<T>(
            std::vector{y}, active, {.seeds = {seed}, .create_graph = true, .allow_unused = true});
        for (std::size_t i = 0; i < active.size(); ++i) {
            compare(
                "recorded gradient",
                or_zeros(recorded[i], active[i]).value(),
                case_.at("grads")[i]);
        }
        if (!second)
            return;
        Variable<T> total(T(0));
        for (std::size_t i = 0; i < active.size(); ++i)
            total = total + sum(or_zeros(recorded[i], active[i]) *
                                Variable<T>(array_of<T>(case_.at("v")[i])));
        std::vector<Variable<T>> products(active.size());
        if (total.requires_grad())
            products = grad<T>(std::vector{total}, active, {.allow_unused = true});
        for (std::size_t i = 0; i < active.size(); ++i)
            compare(
                "second order", or_zeros(products[i], active[i]).value(), case_.at("second")[i]);
    }

    static Variable<T> or_zeros(const Variable<T>& x, const Variable<T>& like) {
        return x.defined() ? x : Variable<T>(Array<T>(like.shape(), T(0)));
    }

    void compare(const char* what, const Array<T>& got, const Json& json) {
        const Array<T> expected = array_of<T>(json);
        std::string fault;
        if (case_.contains("relative") && got.shape() == expected.shape()) {
            for (std::size_t i = 0; i < got.size(); ++i) {
                const double a = got.data()[i], b = expected.data()[i];
                if (!(std::abs(a - b) <= tolerance_ * std::abs(b)))
                    fault = "element " + std::to_string(i) + ": " + text_of(got) + " for " +
                            text_of(expected);
            }
        } else {
            fault = difference(got, expected, tolerance_);
        }
        if (fault.empty() && case_.contains("signs")) {
            for (std::size_t i = 0; i < got.size(); ++i) {
                if (got.data()[i] == 0 &&
                    std::signbit(got.data()[i]) != std::signbit(expected.data()[i])) {
                    fault = "the sign of the zero at " + std::to_string(i) + " differs";
                }
            }
        }
        const std::string type = std::is_same_v<T, float> ? " in float, " : " in double, ";
        CHECK_MESSAGE(
            fault.empty(),
            (name() + type + what + ": " + fault + "\n  inputs " + case_.at("inputs").dump() +
             " p " + case_.at("p").dump()));
    }

    const Json& case_;
    double tolerance_;
};

template <class T>
void replay_all() {
    const Json& cases = read_cases();
    const auto calls = reference_calls<T>();
    CHECK(cases.size() > 600);
    for (const Json& reference : cases) {
        const auto name = reference.at("op").get<std::string>();
        const auto call = calls.find(name);
        REQUIRE_MESSAGE(call != calls.end(), (name + " has no row in reference_calls.cpp"));
        Replay<T>(reference).run(call->second);
    }
}

}  // namespace

TEST_CASE("every op gives PyTorch's values, gradients and second-order products, in double") {
    replay_all<double>();
}

TEST_CASE("every op gives PyTorch's values, gradients and second-order products, in float") {
    replay_all<float>();
}

TEST_CASE("every registered op has reference values, or a reason why not") {
    const auto calls = reference_calls<double>();
    std::set<std::string> with_cases;
    for (const Json& reference : read_cases())
        with_cases.insert(reference.at("op").get<std::string>());
    for (const auto& row : calls) {
        CHECK_MESSAGE(
            with_cases.contains(row.first), (row.first + " has a row and no case in cases.py"));
    }
    for (const Op* op : all_ops()) {
        const std::string& name = op->name();
        if (name.starts_with("test_"))
            continue;  // another test's
        CHECK_MESSAGE(
            (with_cases.contains(name) || internal.contains(name)),
            (name + " has no reference values: add cases to tests/reference/cases.py, a row to "
                    "reference_calls.cpp, and run make_reference.py"));
    }
    for (const auto& excuse : internal) {
        CHECK_MESSAGE(
            find_op(excuse.first) != nullptr, (excuse.first + " is excused but not registered"));
    }
}

TEST_CASE("every op has at least ten reference cases") {
    std::map<std::string, std::size_t> number;
    for (const Json& reference : read_cases())
        number[reference.at("op").get<std::string>()] += reference.contains("error") ? 0 : 1;
    CHECK(number.size() >= 150);
    for (const auto& of_op : number) {
        CHECK_MESSAGE(
            of_op.second >= 10,
            (of_op.first + " has " + std::to_string(of_op.second) +
             " reference cases; need 10: add to tests/reference/cases_*.py"));
    }
}

TEST_CASE("every op that can fail has a reference case that must fail") {
    std::set<std::string> can_fail, must_fail;
    for (const Json& reference : read_cases()) {
        const auto name = reference.at("op").get<std::string>();
        if (reference.contains("error"))
            must_fail.insert(name);
        if (reference.at("inputs").size() != 1 || !reference.at("p").empty())
            can_fail.insert(name);
    }
    for (const std::string& name : can_fail) {
        CHECK_MESSAGE(
            must_fail.contains(name) != never_fails.contains(name),
            (name + " needs a case in tests/reference/cases_error.py, or a place in never_fails, "
                    "not both"));
    }
}
