#include <autograd/fail.hpp>
#include <ops/arithmetic.hpp>

namespace xgrad {

template <class T>
Variable<T> clamp(const Variable<T>& x, double low, double high, Where where) {
    if (!(low <= high)) {
        fail<std::invalid_argument>(
            "clamp: low is {}, high is {}; need low <= high, neither NaN", low, high);
    }
    return detail::unary<formula::Clamp>(x, where, {low, high});
}
template Variable<float> clamp(const Variable<float>&, double, double, Where);
template Variable<double> clamp(const Variable<double>&, double, double, Where);

}  // namespace xgrad
