// Derivatives of functions: value_and_grad, vjp, jvp, jacobian, hessian, hvp.
//
// A function f takes one Variable and returns one, or takes and returns vectors of them (either may
// be single: f(vector) -> Variable). It is called once, on leaves that share the inputs' values, so
// that neither .grad() nor a graph outside is touched. With create_graph it is called on the inputs
// themselves and the results can be differentiated again, to any order. An output that does not
// depend on an input gives zeros. Costs are in units of one backward pass through f.
//
// All throw GraphError when create_graph is asked for an input without requires_grad, and
// ShapeError for a vector or a tangent whose shape is not the one it stands for.
#pragma once

#include <autograd/grad.hpp>
#include <autograd/list.hpp>

#include <type_traits>
#include <utility>
#include <vector>

namespace xgrad {

struct FunctionalOptions {
    bool create_graph = false;  ///< the results can be differentiated in turn
};

/// What f returned, and the derivative asked for.
template <class T>
struct ValueAnd {
    Variable<T> value;
    Variable<T> derivative;
};
template <class T>
struct ValuesAnd {
    VariableList<T> values;
    VariableList<T> derivatives;
};

namespace detail {

template <class T>
[[nodiscard]] ValuesAnd<T> vjp_of(
    const ListFunction<T>& f,
    const VariableList<T>& inputs,
    const VariableList<T>& cotangents,  // empty: 1 for the only output, a scalar
    FunctionalOptions options,
    const char* caller);
template <class T>
[[nodiscard]] ValuesAnd<T> jvp_of(
    const ListFunction<T>& f,
    const VariableList<T>& inputs,
    const VariableList<T>& tangents,
    FunctionalOptions options);
template <class T>
[[nodiscard]] std::vector<VariableList<T>> jacobian_of(
    const ListFunction<T>& f, const VariableList<T>& inputs, FunctionalOptions options);
template <class T>
[[nodiscard]] std::vector<VariableList<T>> hessian_of(
    const ListFunction<T>& f, const VariableList<T>& inputs, FunctionalOptions options);
template <class T>
[[nodiscard]] ValuesAnd<T> hvp_of(
    const ListFunction<T>& f,
    const VariableList<T>& inputs,
    const VariableList<T>& vectors,
    FunctionalOptions options);

}  // namespace detail

/// f(x), a scalar, and its gradient. Cost: 1.
template <class T, class F>
[[nodiscard]] ValueAnd<T> value_and_grad(
    F f, const Variable<T>& x, FunctionalOptions options = {}) {
    auto r = detail::vjp_of<T>(detail::of_one<T>(f), {x}, {}, options, "value_and_grad");
    return {r.values[0], r.derivatives[0]};
}
template <class T, class F>
[[nodiscard]] ValuesAnd<T> value_and_grad(
    F f, const VariableList<T>& inputs, FunctionalOptions options = {}) {
    return detail::vjp_of<T>(detail::of_list<T>(f), inputs, {}, options, "value_and_grad");
}

/// f(x), and v^T J: the vector-Jacobian product, v of f(x)'s shape. Cost: 1.
template <class T, class F>
[[nodiscard]] ValueAnd<T> vjp(
    F f,
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& v,
    FunctionalOptions options = {}) {
    auto r = detail::vjp_of<T>(detail::of_one<T>(f), {x}, {v}, options, "vjp");
    return {r.values[0], r.derivatives[0]};
}
template <class T, class F>
[[nodiscard]] ValuesAnd<T> vjp(
    F f,
    const VariableList<T>& inputs,
    const std::type_identity_t<VariableList<T>>& v,
    FunctionalOptions options = {}) {
    return detail::vjp_of<T>(detail::of_list<T>(f), inputs, v, options, "vjp");
}

/// f(x), and J t: the Jacobian-vector product, t of x's shape. Exact: v^T J is linear in v, and its
/// derivative with respect to v along t is J t ["double backward", Townsend 2017]. Cost: about 3.
template <class T, class F>
[[nodiscard]] ValueAnd<T> jvp(
    F f,
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& t,
    FunctionalOptions options = {}) {
    auto r = detail::jvp_of<T>(detail::of_one<T>(f), {x}, {t}, options);
    return {r.values[0], r.derivatives[0]};
}
template <class T, class F>
[[nodiscard]] ValuesAnd<T> jvp(
    F f,
    const VariableList<T>& inputs,
    const std::type_identity_t<VariableList<T>>& t,
    FunctionalOptions options = {}) {
    return detail::jvp_of<T>(detail::of_list<T>(f), inputs, t, options);
}

/// The Jacobian, of shape f(x).shape followed by x.shape. Cost: the rules of one pass for each
/// element of f(x), or, where x has fewer, for each of x through a graph of about twice the size.
/// Up to 256 of them go through the graph at once, so that products with vectors become products
/// of matrices; with create_graph they go one by one.
template <class T, class F>
[[nodiscard]] Variable<T> jacobian(F f, const Variable<T>& x, FunctionalOptions options = {}) {
    return detail::jacobian_of<T>(detail::of_one<T>(f), {x}, options)[0][0];
}
/// The same for every output i and input j: the result is [i][j].
template <class T, class F>
[[nodiscard]] std::vector<VariableList<T>> jacobian(
    F f, const VariableList<T>& inputs, FunctionalOptions options = {}) {
    return detail::jacobian_of<T>(detail::of_list<T>(f), inputs, options);
}

/// The Hessian of a scalar function, of shape x.shape twice. Cost: one pass for each element of x
/// through the graph of the gradient, so about twice that number; many at once, as in jacobian().
template <class T, class F>
[[nodiscard]] Variable<T> hessian(F f, const Variable<T>& x, FunctionalOptions options = {}) {
    return detail::hessian_of<T>(detail::of_one<T>(f), {x}, options)[0][0];
}
/// The same for every pair of inputs: [i][j] has shape of input i, then of input j.
template <class T, class F>
[[nodiscard]] std::vector<VariableList<T>> hessian(
    F f, const VariableList<T>& inputs, FunctionalOptions options = {}) {
    return detail::hessian_of<T>(detail::of_list<T>(f), inputs, options);
}

/// f(x), and H v, the Hessian of a scalar function times v of x's shape, without the Hessian
/// [Pearlmutter 1994], by reverse over reverse. Cost: 2 to 3.
template <class T, class F>
[[nodiscard]] ValueAnd<T> hvp(
    F f,
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& v,
    FunctionalOptions options = {}) {
    auto r = detail::hvp_of<T>(detail::of_one<T>(f), {x}, {v}, options);
    return {r.values[0], r.derivatives[0]};
}
template <class T, class F>
[[nodiscard]] ValuesAnd<T> hvp(
    F f,
    const VariableList<T>& inputs,
    const std::type_identity_t<VariableList<T>>& v,
    FunctionalOptions options = {}) {
    return detail::hvp_of<T>(detail::of_list<T>(f), inputs, v, options);
}

}  // namespace xgrad
