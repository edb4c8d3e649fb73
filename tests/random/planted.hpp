// Operations that are wrong on purpose. Included by the programs that print them, too.
#pragma once

#include <autograd/grad.hpp>
#include <autograd/record.hpp>
#include <ops/ops.hpp>

#include <stdexcept>

namespace planted {

using xgrad::Array, xgrad::Variable, xgrad::Where;

inline const xgrad::Op op("planted", xgrad::on({{3}}, [](const auto& in) {
                              return in[0] * in[0];
                          }));

/// x^2 with a slope of 1.9 x.
template <class T>
Variable<T> wrong_rule(const Variable<T>& x) {
    return record(op, Array<T>(square(x.detach()).value()))
        .wrt(x, [x = xgrad::keep(x)](const Variable<T>& g) { return 1.9 * g * *x; });
}

/// x^2 whose slope is a constant to the second derivative.
template <class T>
Variable<T> wrong_second(const Variable<T>& x) {
    return record(op, Array<T>(square(x.detach()).value()))
        .wrt(x, [x = xgrad::keep(x)](const Variable<T>& g) { return 2 * g * (*x).detach(); });
}

/// x^2 whose slope is wrong in float.
template <class T>
Variable<T> wrong_in_float(const Variable<T>& x) {
    return record(op, Array<T>(square(x.detach()).value()))
        .wrt(x, [x = xgrad::keep(x)](const Variable<T>& g) {
            return (sizeof(T) == sizeof(float) ? 1.99 : 2.0) * g * *x;
        });
}

/// x, a little larger where it is recorded.
template <class T>
Variable<T> recorded_differently(const Variable<T>& x) {
    return x * (xgrad::grad_enabled() ? 1 + 1e-12 : 1.0);
}

/// x, copies of which are never freed.
template <class T>
Variable<T> leaks(const Variable<T>& x) {
    static std::vector<Variable<T>> kept;
    kept.emplace_back(Array<T>(x.value()));
    return 1.0 * x;
}

/// -x, which refuses two axes.
template <class T>
Variable<T> throws(const Variable<T>& x) {
    if (x.rank() == 2)
        throw std::invalid_argument("throws: two axes");
    return -x;
}

}  // namespace planted
