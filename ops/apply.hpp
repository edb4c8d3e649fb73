// What a public elementwise function calls: an op known by the name of its formula.
#pragma once

#include <autograd/grad.hpp>
#include <autograd/isa.hpp>
#include <autograd/variable.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <type_traits>

namespace xgrad {

class Samples;

namespace detail {

inline constexpr std::size_t max_formula_inputs = 3;
inline constexpr std::size_t max_formula_params = 2;

/// What a kernel does with a batch of results.
enum class FormulaStore {
    plain,
    past_caches,  ///< out is aligned to the batch
    add,          ///< to what out holds
};

/// The inputs, the output y and its gradient g, as places.
inline constexpr std::size_t formula_y = max_formula_inputs, formula_g = max_formula_inputs + 1,
                             max_formula_operands = max_formula_inputs + 2;

/// Whole batches along a row, for a formula's kernel. An operand moves by its step from one to the
/// next, or is one number, with step 0. What the formula does not read may be null.
template <class T>
struct FormulaBatches {
    const T* at[max_formula_operands];
    std::size_t step[max_formula_operands];
    const T* params;
    T* out;
    std::size_t count;
    FormulaStore store;
};

template <class T>
struct FormulaKernels {
    using Kernel = void (*)(const FormulaBatches<T>&);
    std::size_t batch;  ///< elements
    /// Writes a batch: n elements, then the last one again.
    void (*pad)(T* to, const T* from, std::size_t n);
    Kernel forward;
    Kernel share[max_formula_inputs];
};

/// How one input's share is computed: what it keeps, and the rule in public ops.
template <class T>
struct FormulaRule {
    bool exists = false;
    bool passes_gradient = false;  ///< the share is g itself
    bool needs_x[max_formula_inputs] = {};
    bool needs_y = false;
    Variable<T> (*recorded)(
        const Variable<T>& g,
        const Variable<T>* x,
        const Variable<T>& y,
        const T* params) = nullptr;
};

/// A formula at run time. Filled in by the formula's Enroll.
template <class T>
struct FormulaOp {
    const Op* op = nullptr;
    std::size_t inputs = 0;
    std::size_t params = 0;
    KernelSlot kernels;
    FormulaRule<T> rules[max_formula_inputs];
    /// What the formula decides for one element, as a number: see branch.hpp.
    std::uint64_t (*decide)(const double* x, const double* params) = nullptr;
};

template <class Formula, class T>
inline constinit FormulaOp<T> formula_op{};

/// The samples of a formula's block, which can be called from now on.
[[nodiscard]] Samples callable(
    const Samples& samples, const FormulaOp<float>& in_float, const FormulaOp<double>& in_double);

/// Computes and records. Throws ShapeError when the inputs do not broadcast.
template <class T>
[[nodiscard]] Variable<T> apply(
    const FormulaOp<T>& formula,
    const Variable<T>* const* inputs,
    const double* params,
    Where where);

}  // namespace detail

/// Something that can be an operand beside a Variable: a scalar or an xtensor expression.
template <class X>
concept Constant = std::is_arithmetic_v<X> || xt::is_xexpression<X>::value;

template <class X>
concept AnyVariable = is_variable<X>;

template <class A, class B>
concept Operands = (AnyVariable<A> && (std::same_as<A, B> || Constant<B>)) ||
                   (AnyVariable<B> && Constant<A>);

template <class A, class B>
using OperandScalar = typename std::conditional_t<AnyVariable<A>, A, B>::value_type;

namespace detail {

template <class T, class X>
[[nodiscard]] decltype(auto) as_variable(const X& x) {
    if constexpr (AnyVariable<X>) {
        return (x);
    } else {
        return Variable<T>(x);
    }
}

template <class Formula, class T>
[[nodiscard]] Variable<T> unary(
    const Variable<T>& x, Where where, std::initializer_list<double> params = {}) {
    const Variable<T>* inputs[] = {&x};
    return apply(formula_op<Formula, T>, inputs, params.begin(), where);
}

template <class Formula, class A, class B>
[[nodiscard]] auto binary(
    const A& a, const B& b, Where where, std::initializer_list<double> params = {}) {
    using T = OperandScalar<A, B>;
    const Variable<T>& left = as_variable<T>(a);
    const Variable<T>& right = as_variable<T>(b);
    const Variable<T>* inputs[] = {&left, &right};
    return apply(formula_op<Formula, T>, inputs, params.begin(), where);
}

}  // namespace detail
}  // namespace xgrad
