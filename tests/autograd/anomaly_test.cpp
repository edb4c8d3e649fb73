#include <autograd/grad.hpp>
#include <autograd/record.hpp>
#include <ops/fused.hpp>
#include <ops/ops.hpp>
#include <tests/support.hpp>

#include <limits>
#include <string>

using namespace xgrad;
using namespace xgrad::test;

using V = Variable<double>;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();

std::string at_line(const std::string& op, int line) {
    return op + " (anomaly_test.cpp:" + std::to_string(line) + "): ";
}

}  // namespace

TEST_CASE("without an AnomalyGuard NaN and infinity pass") {
    const V x(Array<double>{-1, 0, 4}, true);
    const V y = sum(sqrt(x));
    CHECK(std::isnan(y.item()));
    y.backward();
    CHECK(x.grad().data()[1] == infinity);
    CHECK_FALSE(anomaly_enabled());
}

TEST_CASE("anomaly: the op, the line, the shape and the index of a NaN result") {
    const V x(Array<double>{{1, 4, 9}, {16, -1, -2}}, true);
    const AnomalyGuard guard;
    const int line = __LINE__ + 1;
    const std::string text = text_of_error<AnomalyError>([&] { static_cast<void>(sqrt(x)); });
    CHECK(text.starts_with(at_line("sqrt", line)));
    CHECK(text.find("): the result, shape (2, 3), is ") != std::string::npos);
    CHECK(text.ends_with(
        "nan at (1, 1), for inputs (2, 3); find the first op whose inputs leave its domain"));
}

TEST_CASE("anomaly: an infinite result of an operator names the operator's line") {
    const V x(Array<double>{1, 0}, true);
    const AnomalyGuard guard;
    const int line = __LINE__ + 1;
    const std::string text = text_of_error<AnomalyError>([&] { static_cast<void>(1 / x); });
    CHECK(
        text ==
        at_line("div", line) +
            "the result, shape (2,), is inf at (1,), for inputs (), (2,); find the first op "
            "whose inputs leave its domain");
}

TEST_CASE("anomaly: an infinite gradient names the op and the input") {
    const V x(Array<double>{4, 0}, true);
    const AnomalyGuard guard;
    const int line = __LINE__ + 1;
    const V y = sum(sqrt(x));
    const std::string text = text_of_error<AnomalyError>([&] { y.backward(); });
    CHECK(
        text == at_line("sqrt", line) +
                    "the gradient of input 0, shape (2,), is inf at (1,), for inputs (2,) and the "
                    "result (2,); find the first op whose inputs leave its domain");
    CHECK_FALSE(x.has_grad());
}

TEST_CASE("anomaly: inputs are counted and shown with the constants among them") {
    const V c(Array<double>{{1, 2, 3}, {4, 5, 6}}), big(array({3, 1}, {1e308, 1e308, 1}), true);
    const std::string of_two = ", for inputs (2, 3), (3, 1)";
    const auto ends = [](const std::string& text, const std::string& end) {
        return text.find(end) != std::string::npos;
    };
    const AnomalyGuard guard;
    CHECK(ends(
        text_of_error<AnomalyError>([&] { static_cast<void>(matmul(c, big)); }),
        "the result, shape (2, 1), is inf at (0, 0)" + of_two + "; find"));
    const V w(array({3, 1}, {1, 1, 1}), true);
    const V y = matmul(c, w);
    const V seed(array({2, 1}, {1e308, 1e308}));
    CHECK(ends(
        text_of_error<AnomalyError>([&] { y.backward(seed); }),
        "the gradient of input 1, shape (3, 1), is inf at (0, 0), for inputs a constant, (3, 1) "
        "and the result (2, 1); find"));
    const auto both = elementwise([](auto a, auto b) { return a / b; });
    CHECK(ends(
        text_of_error<AnomalyError>([&] {
            static_cast<void>(both(V(1.0), V(Array<double>{0, 1})));
        }),
        "the result, shape (2,), is inf at (0,), for inputs (), (2,); find"));
}

TEST_CASE(
    "anomaly: shares that are finite may have a sum that is not; seeds and hooks are watched") {
    const V x(Array<double>{1, 2}, true);
    const V h = x * 1;
    const V seed(Array<double>{1, 1e308});
    const AnomalyGuard guard;
    const int line = __LINE__ + 1;
    const V twice = h * 1;
    const auto total = [&](int at) {
        return at_line("mul", at) +
               "the gradient that reaches it, shape (2,), is inf at (1,); it comes from a seed, a "
               "hook or a sum of shares";
    };
    CHECK(text_of_error<AnomalyError>([&] {
              static_cast<void>(grad<double>({twice, twice}, {x}, {.seeds = {seed, seed}}));
          }) == total(line));
    CHECK(
        text_of_error<AnomalyError>([&] {
            static_cast<void>(grad<double>({x, x}, {x}, {.seeds = {seed, seed}}));
        }) ==
        "a leaf: the gradient that reaches it, shape (2,), is inf at (1,); it comes from a seed, a "
        "hook or a sum of shares");
    // A hook's ops stand for themselves; a broadcast operand's share is a sum, too.
    twice.register_hook([](const V& g) { return g / 0; });
    const std::string hook = text_of_error<AnomalyError>([&] { sum(twice).backward(); });
    CHECK(hook.starts_with("div (anomaly_test.cpp:"));
    const V scalar(Array<double>(Shape{}, 1), true);
    const V huge(Array<double>{1e308, 1e308});
    CHECK(text_of_error<AnomalyError>([&] { sum(scalar * huge).backward(); }).starts_with("sum ("));
    const V wide = scalar * V(Array<double>{1, 1});
    const std::string leaf = text_of_error<AnomalyError>([&] { wide.backward(huge); });
    CHECK(leaf.starts_with("a leaf: the gradient that reaches it, shape (), is inf at ()"));
}

TEST_CASE("anomaly: structured and fused ops are checked as well") {
    const V x(Array<double>{{1, 1e308}, {1e308, 1}}, true);
    const V bad(Array<double>{{1, nan_value}});
    const AnomalyGuard guard;
    CHECK(text_of_error<AnomalyError>([&] { static_cast<void>(sum(x)); }).starts_with("sum ("));
    CHECK(text_of_error<AnomalyError>([&] { static_cast<void>(matmul(x, x)); }).starts_with("mat"));
    CHECK(text_of_error<AnomalyError>([&] { static_cast<void>(transpose(bad)); })
              .ends_with("is nan at (1, 0), for inputs (1, 2); find the first op whose inputs "
                         "leave its domain"));
}

TEST_CASE("anomaly: a fused formula names the line where it was made") {
    const V x(Array<double>{1, 0}, true);
    const int line = __LINE__ + 1;
    const auto inverse = elementwise([](auto a) { return 1 / a; });
    const AnomalyGuard guard;
    const std::string text = text_of_error<AnomalyError>([&] { static_cast<void>(inverse(x)); });
    CHECK(text.starts_with(at_line("elementwise", line)));
}

TEST_CASE("anomaly: a NaN input is found at the first op that touches it") {
    const V x(Array<double>{1, nan_value}, true);
    const AnomalyGuard guard;
    const int line = __LINE__ + 1;
    const auto wrong = [&] { static_cast<void>(sum(tanh(x * 2))); };
    CHECK(text_of_error<AnomalyError>(wrong).starts_with(at_line("mul", line)));
}

TEST_CASE("anomaly: what goes wrong inside a rule is named by its op and the line that called it") {
    const V x(Array<double>{{1e200, 1}, {1, 1}}, true), w(Array<double>{{1, 1}, {1, 1}}, true);
    const AnomalyGuard guard;
    const int line = __LINE__ + 1;
    const V y = matmul(x, w);
    const V seed(Array<double>{{1e200, 1}, {1, 1}});
    CHECK(
        text_of_error<AnomalyError>([&] {
            y.backward(seed);
        }).starts_with(at_line("matmul", line) + "the gradient of input 1, shape (2, 2), is inf"));
}

TEST_CASE("anomaly: guards nest and end") {
    CHECK_FALSE(anomaly_enabled());
    {
        const AnomalyGuard outer;
        { const AnomalyGuard inner; }
        CHECK(anomaly_enabled());
    }
    CHECK_FALSE(anomaly_enabled());
}
