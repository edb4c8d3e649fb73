#include <autograd/broadcast.hpp>
#include <autograd/fail.hpp>
#include <autograd/op.hpp>
#include <ops/activation.hpp>
#include <ops/arithmetic.hpp>
#include <ops/shape.hpp>
#include <ops/smooth_activation.hpp>

namespace xgrad {

template <class T>
Variable<T> celu(const Variable<T>& x, double alpha, Where where) {
    if (!(alpha > 0))
        fail<std::invalid_argument>("celu: alpha is {}; need alpha > 0", alpha);
    return detail::unary<formula::Celu>(x, where, {alpha});
}
template Variable<float> celu(const Variable<float>&, double, Where);
template Variable<double> celu(const Variable<double>&, double, Where);

static const Op glu_op(
    "glu",
    Samples(
        on({{3, 4}}, [](const auto& in) { return glu(in[0]); }),
        on({{2, 3, 2}}, [](const auto& in) { return glu(in[0], 0); })));
template <class T>
Variable<T> glu(const Variable<T>& x, std::ptrdiff_t axis, Where where) {
    const std::size_t along = checked_axis("glu", axis, x.rank());
    const std::size_t extent = x.shape()[along];
    if (extent % 2 != 0) {
        fail<ShapeError>(
            "glu: axis {} of shape {} has extent {}; need an even one to halve",
            along,
            x.shape(),
            extent);
    }
    const auto at = static_cast<std::ptrdiff_t>(along);
    const Variable<T> a = slice(x, at, 0, extent / 2, 1, where);
    const Variable<T> b = slice(x, at, extent / 2, extent, 1, where);
    return mul(a, sigmoid(b, where), where);
}
template Variable<float> glu(const Variable<float>&, std::ptrdiff_t, Where);
template Variable<double> glu(const Variable<double>&, std::ptrdiff_t, Where);

}  // namespace xgrad
