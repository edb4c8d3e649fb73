// The blocks of the elementwise losses. The contracts are in ops/loss.hpp.
#pragma once

#include <ops/activation.hpp>
#include <ops/elementwise.hpp>
#include <ops/formula.hpp>
#include <ops/loss.hpp>
#include <ops/operators.hpp>

namespace xgrad::formula {

// A primitive: the composite of where, abs and square is nine passes.
struct Huber : Formula<2, 1> {
    static constexpr auto name = "huber_loss";
    static auto samples() {
        return Samples(
            on({{3, 4}, {3, 4}}).between(-0.4, 0.4).with({1}),
            on({{3}, {3}}).with({0.01}).without_ties().linear());
    }
    static auto forward(auto a, auto b, auto delta) {
        const auto d = abs(a - b);
        return where(d <= delta, 0.5 * d * d, delta * (d - 0.5 * delta));
    }
    static auto da(auto g, auto a, auto b, Unused, auto delta) {
        const auto d = a - b;
        return g * where(d > delta, delta, where(d < -delta, -delta, d));
    }
    static auto db(auto g, auto a, auto b, Unused y, auto delta) { return -da(g, a, b, y, delta); }
};
template struct Enroll<Huber>;

// A primitive: its slope has another limit than its logarithms.
struct BinaryCrossEntropy : Formula<2> {
    static constexpr auto name = "binary_cross_entropy";
    static auto samples() { return Samples(on({{3, 4}, {3, 4}}).between(0.1, 0.9)); }
    static auto forward(auto p, auto t) { return -t * log_of(p) - (1 - t) * log_of_rest(p); }
    static auto da(auto g, auto p, auto t, Unused) {
        const auto v = p * (1 - p);
        return g * (p - t) / where(v > 1e-12, v, 1e-12);
    }
    static auto db(auto g, auto p, Unused, Unused) { return g * (log_of_rest(p) - log_of(p)); }

private:
    static auto limited(auto logs) { return where(logs > -100, logs, -100); }
    // What is replaced before the logarithm has the slope 0 instead of NaN.
    static auto log_of(auto p) { return where(p > 0, limited(log(where(p > 0, p, 1))), -100); }
    static auto log_of_rest(auto p) {
        return where(p < 1, limited(log1p(-where(p < 1, p, 0))), -100);
    }
};
template struct Enroll<BinaryCrossEntropy>;

// A primitive: through log(sigmoid(x)) the loss is infinite at x = 104 in float.
struct BceWithLogits : Formula<2> {
    static constexpr auto name = "binary_cross_entropy_with_logits";
    static auto samples() {
        return Samples(on({{3, 4}, {3, 4}}).between(0.1, 0.9), on({{4}, {4}}).between(30, 40));
    }
    static auto forward(auto x, auto t) { return where(x > 0, x, 0) - x * t + log1p(exp(-abs(x))); }
    static auto da(auto g, auto x, auto t, Unused) { return g * (sigmoid(x) - t); }
    static auto db(auto g, auto x, Unused, Unused) { return -g * x; }
};
template struct Enroll<BceWithLogits>;

}  // namespace xgrad::formula
