// Internal to the kernel sources: runs formulas over arrays, for this compilation's instruction
// set, and (in the baseline compilation) registers the ops.
#pragma once

#define XGRAD_BUILDING_KERNELS
#include <ops/formula.hpp>
#include <ops/formula_rows.hpp>
#include <ops/traced_lane.hpp>

namespace xgrad::formula {
inline namespace XGRAD_ISA {

#pragma GCC visibility push(hidden)  // no names in the shared library
namespace kernel {

using xgrad::detail::Batch;
using xgrad::detail::FormulaKernels;

template <class F, class B, class T>
void load_params(const FormulaCall<T>& call, Lane<B>* params) {
    for (std::size_t p = 0; p < F::params; ++p)
        params[p] = Lane<B>(B(call.params[p]));
}

template <class F, class B, class T = typename B::value_type>
void forward(const FormulaCall<T>& call) {
    Lane<B> params[F::params + 1];
    load_params<F>(call, params);
    over_rows<B, F::inputs>(call, [&](auto x, auto, auto) {
        Lane<B> in[F::inputs];
        for (std::size_t k = 0; k < F::inputs; ++k)
            in[k] = x(k);
        return detail::forward<F>(in, params);
    });
}

template <class F, std::size_t I, class B, class T = typename B::value_type>
void share(const FormulaCall<T>& call) {
    constexpr auto keeps = static_cast<unsigned>(detail::keeps<F, I, Lane<B>>);
    Lane<B> params[F::params + 1];
    load_params<F>(call, params);
    over_rows<B, F::inputs>(call, [&](auto x, auto g, auto y) {
        Lane<B> in[F::inputs], out;
        for (std::size_t k = 0; k < F::inputs; ++k) {
            if (keeps >> k & 1u)
                in[k] = x(k);
        }
        if constexpr ((keeps >> F::inputs & 1u) != 0)
            out = y();
        return detail::rule<F, I>(g(), in, out, params);
    });
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
    forward<F, B>, {share_or_null<F, 0, B>(), share_or_null<F, 1, B>(), share_or_null<F, 2, B>()}};

#ifdef XGRAD_BASELINE
// The rule on Variables, for gradients that are recorded.
template <class F, std::size_t I, class T>
Variable<T> recorded(
    const Variable<T>& g, const Variable<T>* x, const Variable<T>& y, const T* params) {
    Variable<T> scalars[F::params + 1];
    for (std::size_t p = 0; p < F::params; ++p)
        scalars[p] = Variable<T>(params[p]);
    return detail::rule<F, I>(g, x, y, scalars);
}

template <class F, std::size_t I, class T>
void enroll_rule(xgrad::detail::FormulaRule<T>& rule) {
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
void enroll_scalar(const Op& op) {
    xgrad::detail::FormulaOp<T>& formula = xgrad::detail::formula_op<F, T>;
    formula.inputs = F::inputs;
    formula.params = F::params;
    enroll_rule<F, 0>(formula.rules[0]);
    enroll_rule<F, 1>(formula.rules[1]);
    enroll_rule<F, 2>(formula.rules[2]);
    formula.decide = decide<F>;
    formula.op = &op;
}

// Attaches the call to the block's samples.
template <class F>
Samples callable_samples() {
    std::vector<Sample> list = F::samples().list();
    for (Sample& sample : list) {
        const auto call = [params = sample.params](const auto& in) {
            using T = typename std::decay_t<decltype(in[0])>::value_type;
            const Variable<T>* inputs[F::inputs];
            for (std::size_t k = 0; k < F::inputs; ++k)
                inputs[k] = &in[k];
            return xgrad::detail::apply(
                xgrad::detail::formula_op<F, T>, inputs, params.data(), Where::current());
        };
        sample.call_float = call;
        sample.call_double = call;
    }
    return Samples(std::move(list));
}

template <class F>
bool enroll_op() {
    static const Op op(F::name, callable_samples<F>());
    enroll_scalar<F, float>(op);
    enroll_scalar<F, double>(op);
    return true;
}
#endif

}  // namespace kernel
#pragma GCC visibility pop

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

}  // namespace XGRAD_ISA
}  // namespace xgrad::formula
