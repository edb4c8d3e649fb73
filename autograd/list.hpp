// Lists of Variables, and functions of them.
#pragma once

#include <autograd/variable.hpp>

#include <functional>
#include <utility>
#include <vector>

namespace xgrad {

template <class T>
using VariableList = std::vector<Variable<T>>;

/// From a list of Variables to a list.
template <class T>
using ListFunction = std::function<VariableList<T>(const VariableList<T>&)>;

namespace detail {

template <class R>
auto as_list(R result) {
    if constexpr (is_variable<R>) {
        return std::vector<R>{std::move(result)};
    } else {
        return result;
    }
}

/// f(Variable), or f(list), as a function from list to list; f is copied.
template <class T, class F>
ListFunction<T> of_one(F f) {
    return [f = std::move(f)](const VariableList<T>& in) mutable { return as_list(f(in[0])); };
}
template <class T, class F>
ListFunction<T> of_list(F f) {
    return [f = std::move(f)](const VariableList<T>& in) mutable { return as_list(f(in)); };
}

}  // namespace detail
}  // namespace xgrad
