// checkpoint(f, x): memory for time.
#pragma once

#include <autograd/list.hpp>

namespace xgrad {

namespace detail {
template <class T>
[[nodiscard]] Variable<T> checkpoint_of(
    ListFunction<T> f, const VariableList<T>& inputs, Where where);
}  // namespace detail

/// f(x), without keeping what f's ops keep: backward calls f again [Griewank and Walther 2000; Chen
/// et al. 2016]. A chain of n layers in pieces of sqrt(n) needs memory for about 2 sqrt(n) of them
/// and one forward more. Gradients reach x and every Variable that f captures; dropout layers
/// repeat their masks; it can be differentiated again. f must be a function of its inputs and
/// captures: backward throws GraphError when it gives another result the second time, as after an
/// optimiser's step.
template <class T, class F>
[[nodiscard]] Variable<T> checkpoint(F f, const Variable<T>& x, Where where = Where::current()) {
    return detail::checkpoint_of<T>(detail::of_one<T>(std::move(f)), {x}, where);
}
/// The same for f from a list of Variables to one. Throws std::invalid_argument when f does not
/// return exactly one.
template <class T, class F>
[[nodiscard]] Variable<T> checkpoint(
    F f, const VariableList<T>& inputs, Where where = Where::current()) {
    return detail::checkpoint_of<T>(detail::of_list<T>(std::move(f)), inputs, where);
}

}  // namespace xgrad
