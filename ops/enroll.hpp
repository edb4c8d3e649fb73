// Internal to the kernel sources: runs formulas over arrays, for this compilation's instruction
// set, and (in the baseline compilation) registers the ops.
#pragma once

#define XGRAD_BUILDING_KERNELS
#include <autograd/batches.hpp>
#include <ops/formula.hpp>
#include <ops/traced_lane.hpp>

#include <algorithm>

namespace xgrad::formula {
inline namespace XGRAD_ISA {

#pragma GCC visibility push(hidden)  // no names in the shared library
namespace kernel {

using xgrad::detail::Batch;
using xgrad::detail::FormulaBatches;
using xgrad::detail::FormulaKernels;
using xgrad::detail::FormulaStore;
using xgrad::detail::max_formula_inputs;

template <class F, class B, class T>
void load_params(const FormulaBatches<T>& from, Lane<B>* params) {
    for (std::size_t p = 0; p < F::params; ++p)
        params[p] = Lane<B>(B(from.params[p]));
}

// `element` computes the output's lane from what is loaded for it; Reads has a bit for each input,
// y and g. Every formula is compiled into this loop, again with each rule, for each instruction
// set: keep it small.
template <class B, std::size_t Inputs, unsigned Reads, class T, class Element>
[[gnu::always_inline]] inline void over_batches(const FormulaBatches<T>& from, Element element) {
    constexpr std::size_t operands = Inputs + 2;
    const T* at[operands];
    std::size_t step[operands];
    B same[operands];
    xgrad::detail::unroll<operands>([&](auto k) {
        if constexpr ((Reads >> k & 1u) != 0) {
            constexpr std::size_t place = k < Inputs ? k : k - Inputs + max_formula_inputs;
            at[k] = from.at[place];
            step[k] = from.step[place];
            if (step[k] == 0) {
                same[k] = B(*at[k]);
                at[k] = reinterpret_cast<const T*>(&same[k]);
            }
        }
    });
    T* out = from.out;
    const auto store = from.store;
    const auto load = [&](std::size_t k) { return Lane<B>(B::load_unaligned(at[k])); };
    for (std::size_t left = from.count; left > 0; --left, out += B::size) {
        const B value = element(load).v;
        if (store == FormulaStore::plain) [[likely]]
            value.store_unaligned(out);
        else if (store == FormulaStore::add)
            (B::load_unaligned(out) + value).store_unaligned(out);
        else
            xgrad::detail::store_past_caches(value, out);
        xgrad::detail::unroll<operands>([&](auto k) {
            if constexpr ((Reads >> k & 1u) != 0)
                at[k] += step[k];
        });
    }
}

template <class F, class B, class T = typename B::value_type>
void forward(const FormulaBatches<T>& from) {
    Lane<B> params[F::params + 1];
    load_params<F>(from, params);
    over_batches<B, F::inputs, (1u << F::inputs) - 1>(from, [&](auto load) {
        Lane<B> in[F::inputs];
        for (std::size_t k = 0; k < F::inputs; ++k)
            in[k] = load(k);
        return detail::forward<F>(in, params);
    });
}

template <class F, std::size_t I, class B, class T = typename B::value_type>
void share(const FormulaBatches<T>& from) {
    constexpr auto keeps = static_cast<unsigned>(detail::keeps<F, I, Lane<B>>);
    constexpr unsigned g = 1u << (F::inputs + 1);
    Lane<B> params[F::params + 1];
    load_params<F>(from, params);
    over_batches<B, F::inputs, keeps | g>(from, [&](auto load) {
        Lane<B> kept[F::inputs + 1];
        for (std::size_t k = 0; k <= F::inputs; ++k) {
            if (keeps >> k & 1u)
                kept[k] = load(k);
        }
        return detail::rule<F, I>(load(F::inputs + 1), kept, kept[F::inputs], params);
    });
}

template <class B, class T = typename B::value_type>
void pad(T* to, const T* from, std::size_t n) {
    xgrad::detail::load_some<B>(from, n, from[n - 1]).store_aligned(to);
}

// A rule with arithmetic of its own needs a kernel; Unchanged needs none.
template <class F, std::size_t I, class V>
constexpr bool computes() {
    if constexpr (I >= F::inputs) {
        return false;
    } else if constexpr (detail::keeps<F, I, V> < 0) {
        return false;
    } else {
        return !std::is_same_v<
            decltype(detail::rule<F, I>(
                std::declval<V>(),
                std::declval<const V*>(),
                std::declval<V>(),
                std::declval<const V*>())),
            Unchanged>;
    }
}

template <class F, std::size_t I, class B>
constexpr auto share_or_null() -> typename FormulaKernels<typename B::value_type>::Kernel {
    if constexpr (computes<F, I, Lane<B>>()) {
        return share<F, I, B>;
    } else {
        return nullptr;
    }
}

template <class F, class B>
constexpr FormulaKernels<typename B::value_type> table = {
    B::size,
    pad<B>,
    forward<F, B>,
    {share_or_null<F, 0, B>(), share_or_null<F, 1, B>(), share_or_null<F, 2, B>()}};

#ifdef XGRAD_BASELINE
// The rule on Variables, for gradients that are recorded.
template <class F, std::size_t I, class T>
[[gnu::cold]] Variable<T> recorded(
    const Variable<T>& g, const Variable<T>* x, const Variable<T>& y, const T* params) {
    Variable<T> scalars[F::params + 1];
    for (std::size_t p = 0; p < F::params; ++p)
        scalars[p] = Variable<T>(params[p]);
    return detail::rule<F, I>(g, x, y, scalars);
}

template <class F, std::size_t I, class T>
[[gnu::cold]] void enroll_rule(xgrad::detail::FormulaRule<T>& rule) {
    if constexpr (I < F::inputs) {
        constexpr int keeps = detail::keeps<F, I, Lane<Batch<T>>>;
        if constexpr (keeps >= 0) {
            rule.exists = true;
            rule.passes_gradient = !computes<F, I, Lane<Batch<T>>>();
            for (std::size_t k = 0; k < F::inputs; ++k)
                rule.needs_x[k] = keeps >> k & 1;
            rule.needs_y = keeps >> F::inputs & 1;
            if constexpr (computes<F, I, Lane<Batch<T>>>())
                rule.recorded = recorded<F, I, T>;
        }
    }
}

template <class F>
std::uint64_t decide(const double* x, const double* params) {
    Lane<Traced> in[F::inputs], scalars[F::params + 1];
    std::copy_n(x, F::inputs, in);
    std::copy_n(params, F::params, scalars);
    xgrad::detail::decisions = 0;
    static_cast<void>(detail::forward<F>(in, scalars));
    return xgrad::detail::decisions;
}

template <class F, class T>
[[gnu::cold]] void enroll_scalar(const Op& op) {
    xgrad::detail::FormulaOp<T>& formula = xgrad::detail::formula_op<F, T>;
    formula.inputs = F::inputs;
    formula.params = F::params;
    enroll_rule<F, 0>(formula.rules[0]);
    enroll_rule<F, 1>(formula.rules[1]);
    enroll_rule<F, 2>(formula.rules[2]);
    formula.decide = decide<F>;
    formula.op = &op;
}

template <class F>
[[gnu::cold]] bool enroll_op() {
    static const Op op(
        F::name,
        xgrad::detail::callable(
            F::samples(),
            xgrad::detail::formula_op<F, float>,
            xgrad::detail::formula_op<F, double>));
    enroll_scalar<F, float>(op);
    enroll_scalar<F, double>(op);
    return true;
}
#endif

}  // namespace kernel

template <class F>
struct Enroll {
    static const bool done[];
};

template <class F>
const bool Enroll<F>::done[] = {
#ifdef XGRAD_BASELINE
    kernel::enroll_op<F>(),
#endif
    xgrad::detail::offer_kernels(
        xgrad::detail::formula_op<F, float>.kernels,
        Isa::XGRAD_ISA,
        &kernel::table<F, kernel::Batch<float>>),
    xgrad::detail::offer_kernels(
        xgrad::detail::formula_op<F, double>.kernels,
        Isa::XGRAD_ISA,
        &kernel::table<F, kernel::Batch<double>>)};

#pragma GCC visibility pop
}  // namespace XGRAD_ISA
}  // namespace xgrad::formula
