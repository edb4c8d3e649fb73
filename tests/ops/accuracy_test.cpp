// The SIMD functions against the standard library in long double, in units of the last place.
// Run once for each instruction set, through XGRAD_ISA.
#include <autograd/isa.hpp>
#include <ops/ops.hpp>
#include <ops/special_functions.hpp>
#include <tests/support.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <numbers>
#include <random>
#include <string>
#include <vector>

using namespace xgrad;

namespace {

// |got - exact| in units of the last place of `exact`, denormals as the smallest normal.
template <class T>
double ulps(T got, long double exact) {
    if (std::isnan(got) || std::isinf(got))
        return got == static_cast<T>(exact) ? 0 : std::numeric_limits<double>::infinity();
    const long double size = std::max<long double>(std::abs(exact), std::numeric_limits<T>::min());
    const long double unit = std::ldexp(1.0L, std::ilogb(size)) * std::numeric_limits<T>::epsilon();
    return static_cast<double>(std::abs(got - exact) / unit);
}

using Exact = long double (*)(long double);

template <class T>
struct Case {
    std::string name;
    Variable<T> (*op)(const Variable<T>&);
    Exact exact;
    double low, high;
    double limit;  // in ulp
};

template <class T>
std::vector<Case<T>> cases() {
    using V = const Variable<T>&;
    using L = long double;
    constexpr bool is_float = std::is_same_v<T, float>;
#define SAME(f) #f, [](V x) { return xgrad::f(x); }, [](L x) -> L { return std::f(x); }
    return {
        {SAME(exp), is_float ? -80 : -700, is_float ? 80 : 700, 2},
        {SAME(expm1), -10, 10, 4},
        {SAME(expm1), -1e-3, 1e-3, 2},
        {SAME(log), 1e-6, 1e6, 2},
        {SAME(log), 0.9, 1.1, 2},
        {SAME(log1p), -0.9, 10, 4},
        {SAME(log1p), -1e-3, 1e-3, 2},
        {SAME(log2), 1e-6, 1e6, 4},
        {SAME(log10), 1e-6, 1e6, 4},
        {SAME(sin), -10, 10, 4},
        {SAME(cos), -10, 10, 4},
        {SAME(tan), -1.5, 1.5, 4},
        {SAME(asin), -1, 1, 4},
        {SAME(acos), -1, 1, 4},
        {SAME(atan), -20, 20, 4},
        {SAME(sinh), -10, 10, 4},
        {SAME(cosh), -10, 10, 4},
        {SAME(tanh), -10, 10, 4},
        {SAME(tanh), -0.1, 0.1, 4},
        {SAME(erf), -4, 4, 4},
        {SAME(sqrt), 0, 100, 0.5},
        {SAME(cbrt), -100, 100, 4},
        {SAME(exp2), is_float ? -120 : -1000, is_float ? 120 : 1000, 2},
        {SAME(erfc), -4, is_float ? 9 : 26, 6},
        {SAME(asinh), -100, 100, 4},
        {SAME(asinh), -1e-3, 1e-3, 2},
        {SAME(acosh), 1, 100, 4},
        {SAME(atanh), -1, 1, 4},
        {SAME(lgamma), 3, 100, 4},
        {SAME(lgamma), 1e-3, 0.9, 4},
        {"erfinv",
         [](V x) { return erfinv(x); },
         [](L x) -> L {
             L y = special::erfinv(static_cast<double>(x));  // a start; Newton's steps decide
             for (int step = 0; step < 2; ++step)
                 y -= (std::erf(y) - x) * std::exp(y * y) / (2 * std::numbers::inv_sqrtpi_v<L>);
             return y;
         },
         -1,
         1,
         2},
        {"i0",
         [](V x) { return i0(x); },
         [](L x) -> L { return std::cyl_bessel_il(0, std::abs(x)); },
         -50,
         50,
         12},
        {"i1",
         [](V x) { return i1(x); },
         [](L x) -> L { return std::cyl_bessel_il(1, x); },
         0.01,
         50,
         12},
        {"trigamma, a sum of terms of one sign",
         [](V x) { return trigamma(x); },
         [](L x) -> L {
             L sum = 0;
             for (; x < 200; x += 1)
                 sum += 1 / (x * x);
             const L z = 1 / (x * x);
             return sum + 1 / x + z / 2 + z / x * (1 / 6.0L - z * (1 / 30.0L - z / 42));
         },
         0.01,
         20,
         8},
        {"digamma, above its root",
         [](V x) { return digamma(x); },
         [](L x) -> L {
             L sum = 0;
             for (; x < 200; x += 1)
                 sum -= 1 / x;
             const L z = 1 / (x * x);
             return sum + std::log(x) - 1 / (2 * x) - z * (1 / 12.0L - z * (1 / 120.0L - z / 252));
         },
         2,
         50,
         8},
        {"sigmoid",
         [](V x) { return sigmoid(x); },
         [](L x) -> L { return 1 / (1 + std::exp(-x)); },
         -30,
         30,
         4},
        {"softplus",
         [](V x) { return softplus(x); },
         [](L x) -> L { return std::log1p(std::exp(x)); },
         -30,
         30,
         4},
        {"rsqrt",
         [](V x) { return rsqrt(x); },
         [](L x) -> L { return 1 / std::sqrt(x); },
         0.01,
         100,
         4},
        {"silu",
         [](V x) { return silu(x); },
         [](L x) -> L { return x / (1 + std::exp(-x)); },
         -20,
         20,
         4},
    };
#undef SAME
}

}  // namespace

TEST_CASE_TEMPLATE("elementary functions are accurate to a few ulp", T, float, double) {
    for (const Case<T>& c : cases<T>()) {
        const Array<T> x = test::random_array<T>({20001}, 12, c.low, c.high);
        const Array<T> y = c.op(Variable<T>(x)).value();
        double worst = 0;
        T at = 0;
        for (std::size_t i = 0; i < x.size(); ++i) {
            const double error = ulps(y.data()[i], c.exact(x.data()[i]));
            if (!(error <= worst)) {
                worst = error;
                at = x.data()[i];
            }
        }
        CHECK_MESSAGE(
            worst <= c.limit,
            (c.name + (std::is_same_v<T, float> ? " in float on " : " in double on ") +
             name_of(active_isa()) + " from " + std::to_string(c.low) + " to " +
             std::to_string(c.high) + ": " + std::to_string(worst) + " ulp at " +
             std::to_string(at) + "; the limit is " + std::to_string(c.limit)));
    }
}

TEST_CASE_TEMPLATE("exp and tanh at the ends of their ranges", T, float, double) {
    constexpr bool is_float = std::is_same_v<T, float>;
    constexpr T infinity = std::numeric_limits<T>::infinity();
    const auto exp_of = [](T x) { return exp(Variable<T>(x)).item(); };
    const auto tanh_of = [](T x) { return tanh(Variable<T>(x)).item(); };
    for (const T large : {is_float ? T(88.4) : T(709.5), T(1e30), infinity}) {
        CAPTURE(large);
        CHECK(exp_of(large) == infinity);
        CHECK(exp_of(-large) == 0);
        CHECK(tanh_of(large) == 1);
        CHECK(tanh_of(-large) == -1);
    }
    const T most = is_float ? T(88.37) : T(709.43), least = is_float ? T(-87.33) : T(-708.39);
    CHECK(ulps(exp_of(most), std::exp(static_cast<long double>(most))) <= 2);
    CHECK(ulps(exp_of(least), std::exp(static_cast<long double>(least))) <= 2);
    for (const T tiny :
         {T(0), std::numeric_limits<T>::denorm_min(), std::numeric_limits<T>::min()}) {
        CAPTURE(tiny);
        CHECK(exp_of(-tiny) == 1);
        CHECK(tanh_of(tiny) == tiny);
        CHECK(tanh_of(-tiny) == -tiny);
        CHECK(std::signbit(tanh_of(-tiny)));
    }
    const T nan = std::numeric_limits<T>::quiet_NaN();
    CHECK(std::isnan(exp_of(nan)));
    CHECK(std::isnan(tanh_of(nan)));
}

TEST_CASE_TEMPLATE("stddev of equal values has slope 0, not NaN", T, float, double) {
    const Variable<T> x(Array<T>{{2, 2, 2}, {1, 2, 3}}, true);
    const Variable<T> y = stddev(x, {1});
    CHECK(y.value()(0) == 0);
    const Variable<T> g = grad(sum(y), x, {.create_graph = true});
    const Variable<T> second = grad(sum(g * Variable<T>(Array<T>{1, 2, 4})), x);
    for (std::size_t j = 0; j < 3; ++j) {
        CHECK(g.value()(0, j) == 0);
        CHECK(second.value()(0, j) == 0);
    }
    // (x - mean) / (n y) with y = sqrt(2 / 3)
    CHECK(g.value()(1, 2) == doctest::Approx(1 / (3 * std::sqrt(2.0 / 3))));
    const T nan = std::numeric_limits<T>::quiet_NaN();
    CHECK(std::isnan(stddev(Variable<T>(Array<T>{nan, 1})).item()));
}

TEST_CASE("the instruction set is the one asked for, where the machine has it") {
    const char* wanted = std::getenv("XGRAD_ISA");
    if (wanted && std::string(wanted) == "sse2")
        CHECK(active_isa() == Isa::sse2);
    if (wanted && std::string(wanted) == "avx2")
        CHECK(active_isa() <= Isa::avx2);
}
