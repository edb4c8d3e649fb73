#include <autograd/broadcast.hpp>
#include <autograd/op.hpp>
#include <ops/arithmetic.hpp>
#include <ops/multivariate.hpp>

namespace xgrad {

static const Op addcmul_op(
    "addcmul",
    Samples(
        on({{3, 4}, {3, 4}, {3, 4}}, [](const auto& in) { return addcmul(in[0], in[1], in[2]); }),
        on({{4}, {3, 1}, {4}}, [](const auto& in) { return addcmul(in[0], in[1], in[2], -0.5); })));
template <class T>
Variable<T> addcmul(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& a,
    const std::type_identity_t<Variable<T>>& b,
    double factor,
    Where where) {
    const Shape product_shape = broadcast_shape("addcmul", a.shape(), b.shape());
    static_cast<void>(broadcast_shape("addcmul", x.shape(), product_shape));
    const Variable<T> product = mul(a, b, where);
    return add(x, factor == 1 ? product : mul(product, factor, where), where);
}
template Variable<float> addcmul(
    const Variable<float>&, const Variable<float>&, const Variable<float>&, double, Where);
template Variable<double> addcmul(
    const Variable<double>&, const Variable<double>&, const Variable<double>&, double, Where);

}  // namespace xgrad
