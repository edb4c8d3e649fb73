#include <autograd/broadcast.hpp>
#include <autograd/fail.hpp>
#include <ops/hard_activation.hpp>
#include <ops/shape.hpp>

namespace xgrad {
namespace {

void check_lambda(const char* op, double lambda) {
    if (!(lambda >= 0))
        fail<std::invalid_argument>("{}: lambda is {}; need lambda >= 0", op, lambda);
}

}  // namespace

template <class T>
Variable<T> hardtanh(const Variable<T>& x, double low, double high, Where where) {
    if (!(low <= high)) {
        fail<std::invalid_argument>(
            "hardtanh: low is {}, high is {}; need low <= high, neither NaN", low, high);
    }
    return detail::unary<formula::Hardtanh>(x, where, {low, high});
}
template Variable<float> hardtanh(const Variable<float>&, double, double, Where);
template Variable<double> hardtanh(const Variable<double>&, double, double, Where);

template <class T>
Variable<T> hardshrink(const Variable<T>& x, double lambda, Where where) {
    check_lambda("hardshrink", lambda);
    return detail::unary<formula::Hardshrink>(x, where, {lambda});
}
template Variable<float> hardshrink(const Variable<float>&, double, Where);
template Variable<double> hardshrink(const Variable<double>&, double, Where);

template <class T>
Variable<T> softshrink(const Variable<T>& x, double lambda, Where where) {
    check_lambda("softshrink", lambda);
    return detail::unary<formula::Softshrink>(x, where, {lambda});
}
template Variable<float> softshrink(const Variable<float>&, double, Where);
template Variable<double> softshrink(const Variable<double>&, double, Where);

template <class T>
Variable<T> prelu(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& slope,
    std::ptrdiff_t axis,
    Where where) {
    if (slope.size() == 1 && slope.rank() <= 1)
        return detail::binary<formula::Prelu>(x, reshape(slope, {}, where), where);
    const std::size_t along = checked_axis("prelu", axis, x.rank());
    if (slope.rank() != 1 || slope.shape()[0] != x.shape()[along]) {
        fail<ShapeError>(
            "prelu: slope is {}, x has shape {}; need one slope, or {} for axis {}",
            slope.shape(),
            x.shape(),
            x.shape()[along],
            along);
    }
    Shape aligned(x.rank() - along, 1);
    aligned[0] = slope.shape()[0];
    return detail::binary<formula::Prelu>(x, reshape(slope, aligned, where), where);
}
template Variable<float> prelu(
    const Variable<float>&, const Variable<float>&, std::ptrdiff_t, Where);
template Variable<double> prelu(
    const Variable<double>&, const Variable<double>&, std::ptrdiff_t, Where);

}  // namespace xgrad
