// Internal to ops/fused.hpp: what a source makes of a fused formula. All that does not depend on
// the formula is the library's.
#pragma once

#include <autograd/variable.hpp>
#include <ops/dual.hpp>
#include <ops/traced_lane.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <utility>

namespace xgrad::detail {

constexpr std::size_t most_fused_inputs = 8;

/// Numbers to read a batch at a time: the one at i is at + (i & mask), so that with mask 0 a batch
/// of equal numbers stands for any length.
template <class T>
struct FusedInput {
    const T* at;
    std::size_t mask;
};

/// A formula on a number of inputs, compiled for the lanes of its source. f is the user's function;
/// n is a multiple of the batch.
template <class T>
struct FusedFormula {
    std::size_t batch;   ///< numbers that a loop takes in a step
    unsigned partials;   ///< bit k is set where the value depends on input k
    std::size_t costly;  ///< functions it is made of that take long
    /// y = f(x...)
    void (*values)(const void* f, const FusedInput<T>* x, T* y, std::size_t n);
    /// y = f(x...), and dx[k] = g df/dx_k for each k that y depends on.
    void (*shares)(
        const void* f, const FusedInput<T>* x, FusedInput<T> g, T* y, T* const* dx, std::size_t n);
    /// f(x...), op by op.
    Variable<T> (*op_by_op)(const void* f, const Variable<T>* x);
    /// f(x...), on numbers that note what their comparisons decide.
    void (*trace)(const void* f, const double* x);
};

template <class B, class F, std::size_t... K>
struct FusedLoops {
    using T = typename B::value_type;
    using Lane = formula::Lane<B>;
    using Traced = formula::Lane<formula::Traced>;
    template <std::size_t I>
    using Input = formula::Dual<B, 1u << I>;
    using Value = decltype(std::declval<const F&>()(Input<K>()...));

    static const F& function(const void* f) { return *static_cast<const F*>(f); }
    static Lane load(const FusedInput<T>& x, std::size_t i) {
        return Lane(B::load_unaligned(x.at + (i & x.mask)));
    }

    // Flattened: a formula is many small functions, and values belong in registers. What a loop is
    // given it copies to where no store can change it.
    [[gnu::flatten]] static void values(
        const void* f, const FusedInput<T>* x, T* y, std::size_t n) {
        const FusedInput<T> in[] = {x[K]...};
        for (std::size_t i = 0; i < n; i += B::size)
            Lane(function(f)(load(in[K], i)...)).v.store_unaligned(y + i);
    }

    [[gnu::flatten]] static void shares(
        const void* f, const FusedInput<T>* x, FusedInput<T> g, T* y, T* const* dx, std::size_t n) {
        const FusedInput<T> in[] = {x[K]...};
        T* const to[] = {dx[K]...};
        for (std::size_t i = 0; i < n; i += B::size) {
            const Value value = function(f)(Input<K>{load(in[K], i), {Lane(1)}}...);
            formula::detail::value_of<B>(value).v.store_unaligned(y + i);
            (store_share<K>(value, load(g, i), to[K] + i), ...);
        }
    }

    template <std::size_t I>
    static void store_share(const Value& y, const Lane& g, T* to) {
        if constexpr (formula::has_partial<Value>(I))
            (g * y.d[Value::slot(I)]).v.store_unaligned(to);
    }

    static Variable<T> op_by_op(const void* f, const Variable<T>* x) {
        return Variable<T>(function(f)(x[K]...));
    }

    static void trace(const void* f, const double* x) {
        static_cast<void>(function(f)(Traced(x[K])...));
    }
};

/// The formula f of inputs K...
template <class B, class F, std::size_t... K>
const FusedFormula<typename B::value_type>& fused_formula(const F& f, std::index_sequence<K...>) {
    using Loops = FusedLoops<B, F, K...>;
    static const FusedFormula<typename B::value_type> formula{
        .batch = B::size,
        .partials = formula::partials_of<typename Loops::Value>,
        .costly = formula::costly_functions_in(
            [&f] { static_cast<void>(f(typename Loops::Traced((static_cast<void>(K), 0.5))...)); }),
        .values = Loops::values,
        .shares = Loops::shares,
        .op_by_op = Loops::op_by_op,
        .trace = Loops::trace};
    return formula;
}

/// y = f(x...), recorded where it is to be differentiated. Throws ShapeError when the inputs do not
/// broadcast.
template <class T>
[[nodiscard]] Variable<T> call_fused(
    const FusedFormula<T>& formula,
    const std::shared_ptr<const void>& f,
    std::span<const Variable<T>* const> x,
    Where where);

}  // namespace xgrad::detail
