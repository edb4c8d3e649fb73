// Compiled once for each instruction set.
#include <autograd/simd.hpp>
#include <nn/optim_kernels.hpp>

#include <array>
#include <utility>

namespace xgrad::detail::XGRAD_ISA {
namespace {

// V is one element, T, or a batch of them, Batch<T>.
template <class V>
struct Lane {
    using value_type = V;
    static V load(const V* from) { return *from; }
    static void store(V* to, V v) { *to = v; }
    static V root(V v) { return static_cast<V>(__builtin_sqrt(static_cast<double>(v))); }
    static V larger(V a, V b) { return a < b ? b : a; }
    static V abs(V v) { return v < 0 ? -v : v; }
    static V sign(V v) { return v > 0 ? V(1) : v < 0 ? V(-1) : v; }  // NaN stays
};

template <class T>
struct Lane<Batch<T>> {
    using V = Batch<T>;
    using value_type = T;
    static V load(const T* from) { return V::load_unaligned(from); }
    static void store(T* to, V v) { v.store_unaligned(to); }
    static V root(V v) { return xsimd::sqrt(v); }
    static V larger(V a, V b) { return xsimd::select(a < b, b, a); }
    static V abs(V v) { return xsimd::abs(v); }
    static V sign(V v) {
        return xsimd::select(v > V(T(0)), V(T(1)), xsimd::select(v < V(T(0)), V(T(-1)), v));
    }
};

template <class V>
V k(double coefficient) {
    return V(static_cast<typename Lane<V>::value_type>(coefficient));
}

// v = momentum v + take g; w -= lr v, or lr (g + momentum v).
template <class V>
void update(V& w, V g, V* s, const SgdStep& c) {
    V& velocity = s[0];
    velocity = k<V>(c.momentum) * velocity + k<V>(c.take) * g;
    w = w - k<V>(c.lr) * (c.nesterov ? g + k<V>(c.momentum) * velocity : velocity);
}

// w -= lr sign(beta1 m + (1 - beta1) g); m = beta2 m + (1 - beta2) g.
template <class V>
void update(V& w, V g, V* s, const LionStep& c) {
    V& mean = s[0];
    w = w - k<V>(c.lr) * Lane<V>::sign(k<V>(c.beta1) * mean + k<V>(1 - c.beta1) * g);
    mean = k<V>(c.beta2) * mean + k<V>(1 - c.beta2) * g;
}

// s += g^2; w -= lr g / (sqrt(s) + epsilon).
template <class V>
void update(V& w, V g, V* s, const AdagradStep& c) {
    V& sum = s[0];
    sum = sum + g * g;
    w = w - k<V>(c.lr) * g / (Lane<V>::root(sum) + k<V>(c.epsilon));
}

// v = rho v + (1 - rho) g^2; d = sqrt(u + epsilon) / sqrt(v + epsilon) g;
// u = rho u + (1 - rho) d^2; w -= lr d.
template <class V>
void update(V& w, V g, V* s, const AdadeltaStep& c) {
    V &square = s[0], &delta = s[1];
    square = k<V>(c.rho) * square + k<V>(1 - c.rho) * g * g;
    const V d =
        Lane<V>::root(delta + k<V>(c.epsilon)) / Lane<V>::root(square + k<V>(c.epsilon)) * g;
    delta = k<V>(c.rho) * delta + k<V>(1 - c.rho) * d * d;
    w = w - k<V>(c.lr) * d;
}

// v = alpha v + (1 - alpha) g^2; u = momentum u + g / (sqrt(v - m^2) + epsilon); w -= lr u.
template <class V>
void update(V& w, V g, V* s, const RmspropStep& c) {
    V &square = s[0], &velocity = s[1], &mean = s[2];
    square = k<V>(c.alpha) * square + k<V>(1 - c.alpha) * g * g;
    V variance = square;
    if (c.centred) {
        mean = k<V>(c.alpha) * mean + k<V>(1 - c.alpha) * g;
        variance = Lane<V>::larger(square - mean * mean, k<V>(0));  // rounding may fall below 0
    }
    velocity = k<V>(c.momentum) * velocity + g / (Lane<V>::root(variance) + k<V>(c.epsilon));
    w = w - k<V>(c.lr) * velocity;
}

// m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2;
// w -= (mean_rate m + gradient_rate g) / (sqrt(v') + epsilon).
template <class V>
void update(V& w, V g, V* s, const AdamStep& c) {
    V &mean = s[0], &square = s[1], &peak = s[2];
    mean = k<V>(c.beta1) * mean + k<V>(1 - c.beta1) * g;
    square = k<V>(c.beta2) * square + k<V>(1 - c.beta2) * g * g;
    peak = Lane<V>::larger(peak, square);
    const V root = Lane<V>::root(c.amsgrad ? peak : square) * k<V>(c.root_scale);
    w = w - (k<V>(c.mean_rate) * mean + k<V>(c.gradient_rate) * g) / (root + k<V>(c.epsilon));
}

// w -= plain_rate m + adaptive_rate m / (sqrt(v) + epsilon).
template <class V>
void update(V& w, V g, V* s, const RadamStep& c) {
    V &mean = s[0], &square = s[1];
    mean = k<V>(c.beta1) * mean + k<V>(1 - c.beta1) * g;
    square = k<V>(c.beta2) * square + k<V>(1 - c.beta2) * g * g;
    if (c.adaptive_rate == 0)  // epsilon may be 0, and so the root
        w = w - k<V>(c.plain_rate) * mean;
    else
        w = w - k<V>(c.adaptive_rate) * mean / (Lane<V>::root(square) + k<V>(c.epsilon));
}

// m = beta1 m + (1 - beta1) g; u = max(beta2 u, |g| + epsilon); w -= lr m / u.
template <class V>
void update(V& w, V g, V* s, const AdamaxStep& c) {
    V &mean = s[0], &peak = s[1];
    mean = k<V>(c.beta1) * mean + k<V>(1 - c.beta1) * g;
    peak = Lane<V>::larger(k<V>(c.beta2) * peak, Lane<V>::abs(g) + k<V>(c.epsilon));
    w = w - k<V>(c.lr) * mean / peak;
}

// By index, not in a loop: what -O2 leaves rolled would keep the states in memory.
template <class V, class T, class Step, std::size_t... J>
void update_at(
    T* w,
    const T* g,
    const std::array<T*, sizeof...(J)>& states,
    std::size_t i,
    const DecayStep& decay,
    const Step& step,
    std::index_sequence<J...>) {
    V s[] = {(states[J] ? Lane<V>::load(states[J] + i) : k<V>(0))...};
    V weight = Lane<V>::load(w + i);
    const V gradient = Lane<V>::load(g + i) + k<V>(decay.l2) * weight;
    weight = k<V>(decay.shrink) * weight;
    update(weight, gradient, s, step);
    Lane<V>::store(w + i, weight);
    ((states[J] ? Lane<V>::store(states[J] + i, s[J]) : void()), ...);
}

template <class B, class Step, class T = typename B::value_type>
void run(
    T* w,
    const T* g,
    T* const* given_states,
    std::size_t n,
    const DecayStep& given_decay,
    const Step& given_step) {
    // Copies, which a store to w cannot change: they stay in registers.
    const Step step = given_step;
    const DecayStep decay = given_decay;
    std::array<T*, Step::states> states{};
    for (std::size_t j = 0; j < Step::states; ++j)
        states[j] = given_states[j];
    constexpr auto every = std::make_index_sequence<Step::states>();
    std::size_t i = 0;
    for (; i + B::size <= n; i += B::size)
        update_at<B>(w, g, states, i, decay, step, every);
    for (; i < n; ++i)
        update_at<T>(w, g, states, i, decay, step, every);
}

template <class B>
constexpr OptimKernels<typename B::value_type> table = {
    run<B, SgdStep>,
    run<B, LionStep>,
    run<B, AdagradStep>,
    run<B, AdadeltaStep>,
    run<B, RmspropStep>,
    run<B, AdamStep>,
    run<B, RadamStep>,
    run<B, AdamaxStep>};

[[maybe_unused]] const bool offered[] = {
    offer_kernels(kernel_slot<OptimKernels<float>>, Isa::XGRAD_ISA, &table<Batch<float>>),
    offer_kernels(kernel_slot<OptimKernels<double>>, Isa::XGRAD_ISA, &table<Batch<double>>)};

}  // namespace
}  // namespace xgrad::detail::XGRAD_ISA
