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
    CHECK(text_of_error<AnomalyError>([&] {
              static_cast<void>(sqrt(x));
          }).starts_with(at_line("sqrt", line)));
    const std::string text = text_of_error<AnomalyError>([&] { static_cast<void>(sqrt(x)); });
    CHECK(text.find("): the result, shape (2, 3), is ") != std::string::npos);
    CHECK(text.ends_with("nan at (1, 1); find the first op whose inputs leave its domain"));
}

TEST_CASE("anomaly: an infinite result of an operator names the operator's line") {
    const V x(Array<double>{1, 0}, true);
    const AnomalyGuard guard;
    const int line = __LINE__ + 1;
    const std::string text = text_of_error<AnomalyError>([&] { static_cast<void>(1 / x); });
    CHECK(
        text == at_line("div", line) +
                    "the result, shape (2,), is inf at (1,); find the first op whose inputs leave "
                    "its domain");
}

TEST_CASE("anomaly: an infinite gradient names the op and the input") {
    const V x(Array<double>{4, 0}, true);
    const AnomalyGuard guard;
    const int line = __LINE__ + 1;
    const V y = sum(sqrt(x));
    const std::string text = text_of_error<AnomalyError>([&] { y.backward(); });
    CHECK(
        text == at_line("sqrt", line) +
                    "the gradient of input 0, shape (2,), is inf at (1,); find the first op whose "
                    "inputs leave its domain");
    CHECK_FALSE(x.has_grad());
}

TEST_CASE("anomaly: structured and fused ops are checked as well") {
    const V x(Array<double>{{1, 1e308}, {1e308, 1}}, true);
    const V bad(Array<double>{{1, nan_value}});
    const AnomalyGuard guard;
    CHECK(text_of_error<AnomalyError>([&] { static_cast<void>(sum(x)); }).starts_with("sum ("));
    CHECK(text_of_error<AnomalyError>([&] { static_cast<void>(matmul(x, x)); }).starts_with("mat"));
    CHECK(text_of_error<AnomalyError>([&] {
              static_cast<void>(transpose(bad));
          }).ends_with("is nan at (1, 0); find the first op whose inputs leave its domain"));
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
    CHECK(text_of_error<AnomalyError>([&] {
              static_cast<void>(sum(tanh(x * 2)));
          }).starts_with(at_line("mul", line)));
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
