// elementwise(f): a scalar formula as one op.
//
// Compile the file that uses it for the machine (-march=native, or at least -mavx2 -mfma): the
// formula runs on the SIMD lanes of that compilation, unlike the library's own ops, which choose
// theirs at run time.
#pragma once

#include <ops/formulas/activation.hpp>
#include <ops/formulas/arithmetic.hpp>
#include <ops/formulas/elementwise.hpp>
#include <ops/formulas/selection.hpp>
#include <ops/fused_formula.hpp>
#include <ops/ops.hpp>

#include <concepts>
#include <cstddef>
#include <memory>
#include <utility>

namespace xgrad {

/// A fused formula; call it with up to eight Variables of one scalar type, which broadcast.
template <class F>
class Elementwise {
public:
    Elementwise(F f, Where where) : f_(std::make_shared<const F>(std::move(f))), where_(where) {}

    template <class T, std::same_as<Variable<T>>... Rest>
        requires(sizeof...(Rest) < detail::most_fused_inputs)
    [[nodiscard]] Variable<T> operator()(const Variable<T>& first, const Rest&... rest) const {
        const Variable<T>* const x[] = {&first, &rest...};
        const auto& formula = detail::fused_formula<detail::Batch<T>>(
            *f_, std::make_index_sequence<1 + sizeof...(Rest)>());
        return detail::call_fused<T>(formula, f_, x, where_);
    }

private:
    std::shared_ptr<const F> f_;
    Where where_;
};

/// Makes an op from a scalar formula: one node, one pass forward, one pass backward for all
/// inputs. Kept are the inputs, and of costly formulas the partial derivatives, up to 128 MiB of
/// them. The formula is a generic lambda over values that take
/// + - * /, comparisons, where() and the elementwise functions:
///
///     const auto gate = elementwise([](auto x, auto w, auto b) { return tanh(w * x + b) * x; });
///     Variable<float> y = gate(x, w, b);
///
/// Its derivative is exact, from the ops' own rules, by dual numbers [Griewank and Walther 2008,
/// 3.1]; it can be differentiated again (then the formula runs op by op). The formula has no side
/// effects and captures constants only. Errors name the line of the formula. Throws ShapeError when
/// the inputs do not broadcast.
template <class F>
[[nodiscard]] Elementwise<F> elementwise(F f, Where where = Where::current()) {
    return Elementwise<F>(std::move(f), where);
}

}  // namespace xgrad
