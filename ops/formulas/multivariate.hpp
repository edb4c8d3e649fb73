// The blocks of the functions of two and three arrays. The contracts are in ops/multivariate.hpp.
#pragma once

#include <ops/activation.hpp>
#include <ops/dual.hpp>
#include <ops/elementwise.hpp>
#include <ops/multivariate.hpp>
#include <ops/operators.hpp>

#include <numbers>

namespace xgrad::formula {

// A primitive: sqrt(a^2 + b^2) overflows at 2e19 in float.
struct Hypot : Formula<2> {
    static constexpr auto name = "hypot";
    static auto samples() { return broadcast_pairs(0.5, 2); }
    static auto forward(auto a, auto b) { return hypot(a, b); }
    static auto da(auto g, auto a, Unused, auto y) {
        return where(equal(y, 0), 0, g * (a / where(equal(y, 0), 1, y)));
    }
    static auto db(auto g, Unused a, auto b, auto y) { return da(g, b, a, y); }
};
template <class A, class B>
    requires(FusibleOperands<A, B>)
auto hypot(const A& a, const B& b) { return fuse<Hypot>(a, b); }
template struct Enroll<Hypot>;

// Divided by the radius twice: its square overflows before it does.
struct Atan2 : Formula<2> {
    static constexpr auto name = "atan2";
    static auto samples() {
        return Samples(
            on({{3, 4}, {4}}).between(0.5, 2),
            on({{3}, {3}}).between(-2, -0.5),
            on({{3, 1}, {1, 4}}).avoiding({0}));
    }
    static auto forward(auto a, auto b) { return atan2(a, b); }
    static auto da(auto g, auto a, auto b, Unused) { return part(g, a, b, b); }
    static auto db(auto g, auto a, auto b, Unused) { return part(-g, a, b, a); }

private:
    static auto part(auto g, auto a, auto b, auto leg) {
        const auto radius = hypot(a, b);
        const auto divisor = where(equal(radius, 0), 1, radius);
        return where(equal(radius, 0), 0, g * (leg / divisor / divisor));
    }
};
template <class A, class B>
    requires(FusibleOperands<A, B>)
auto atan2(const A& a, const B& b) { return fuse<Atan2>(a, b); }
template struct Enroll<Atan2>;

// A primitive: e^a overflows at 89 in float.
struct Logaddexp : Formula<2> {
    static constexpr auto name = "logaddexp";
    static auto samples() { return broadcast_pairs(); }
    static auto forward(auto a, auto b) {
        const auto apart = where(a > b, a, b) + log1p(exp(-abs(a - b)));
        return where(equal(a, b), a + std::numbers::ln2, apart);
    }
    static auto da(auto g, auto a, auto b, Unused) { return g * sigmoid(gap(a, b)); }
    static auto db(auto g, auto a, auto b, Unused) { return g * sigmoid(gap(b, a)); }

private:
    // a - b, and 0 for the difference of equal infinities, but NaN for NaN.
    static auto gap(auto a, auto b) {
        const auto d = a - b;
        return where(equal(a, b), where(equal(d, d), d, 0), d);
    }
};
template <class A, class B>
    requires(FusibleOperands<A, B>)
auto logaddexp(const A& a, const B& b) { return fuse<Logaddexp>(a, b); }
template struct Enroll<Logaddexp>;

// A primitive: a log(b) is NaN for a = b = 0. Where a is 0 and b is outside the domain, b is
// replaced by 1, so that the rules are finite.
struct Xlogy : Formula<2> {
    static constexpr auto name = "xlogy";
    static auto samples() {
        return Samples(
            on({{3, 4}, {3, 4}}).between(0.5, 2),
            on({{3, 4}, {4}}).between(0.5, 2),
            on({{3, 1}, {1, 4}}).between(0.5, 2),
            on({{}, {3}}).between(0.5, 2));
    }
    static auto forward(auto a, auto b) {
        return where(equal(a, 0), where(equal(b, b), 0, b), a * log(b));
    }
    static auto da(auto g, auto a, auto b, Unused) { return g * log(inside(a, b)); }
    static auto db(auto g, auto a, auto b, Unused) { return g * a / inside(a, b); }

private:
    static auto inside(auto a, auto b) { return where(equal(a, 0), where(b <= 0, 1, b), b); }
};
template <class A, class B>
    requires(FusibleOperands<A, B>)
auto xlogy(const A& a, const B& b) { return fuse<Xlogy>(a, b); }
template struct Enroll<Xlogy>;

struct Xlog1py : Formula<2> {
    static constexpr auto name = "xlog1py";
    static auto samples() { return Xlogy::samples(); }
    static auto forward(auto a, auto b) {
        return where(equal(a, 0), where(equal(b, b), 0, b), a * log1p(b));
    }
    static auto da(auto g, auto a, auto b, Unused) { return g * log1p(inside(a, b)); }
    static auto db(auto g, auto a, auto b, Unused) { return g * a / (1 + inside(a, b)); }

private:
    static auto inside(auto a, auto b) { return where(equal(a, 0), where(b <= -1, 0, b), b); }
};
template <class A, class B>
    requires(FusibleOperands<A, B>)
auto xlog1py(const A& a, const B& b) { return fuse<Xlog1py>(a, b); }
template struct Enroll<Xlog1py>;

// From the nearer end, so that both ends are met exactly.
struct Lerp : Formula<3> {
    static constexpr auto name = "lerp";
    static auto samples() {
        return Samples(
            on({{3, 4}, {3, 4}, {3, 4}}), on({{3, 4}, {4}, {}}), on({{4}, {3, 1}, {3, 4}}));
    }
    static auto forward(auto a, auto b, auto w) {
        return where(w < 0.5, a + w * (b - a), b - (1 - w) * (b - a));
    }
    static auto da(auto g, Unused, Unused, auto w, Unused) { return g * (1 - w); }
    static auto db(auto g, Unused, Unused, auto w, Unused) { return g * w; }
    static auto dc(auto g, auto a, auto b, Unused, Unused) { return g * (b - a); }
};
template struct Enroll<Lerp>;

}  // namespace xgrad::formula
