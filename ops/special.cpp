#include <autograd/broadcast.hpp>
#include <autograd/op.hpp>
#include <ops/elementwise.hpp>
#include <ops/operators.hpp>
#include <ops/special.hpp>

#include <numbers>

namespace xgrad {

static const Op trigamma_op("trigamma", on({{3, 4}}, [](const auto& in) {
                                            return trigamma(in[0]);
                                        }).between(0.5, 3));

static const Op beta_op(
    "beta",
    Samples(
        on({{3, 4}, {4}}, [](const auto& in) { return beta(in[0], in[1]); }).between(0.5, 3),
        on({{3}, {}}, [](const auto& in) { return beta(in[0], in[1]); }).between(0.5, 3)));
template <class T>
Variable<T> beta(const Variable<T>& a, const std::type_identity_t<Variable<T>>& b, Where where) {
    static_cast<void>(broadcast_shape("beta", a.shape(), b.shape()));
    const Variable<T> both = add(lgamma(a, where), lgamma(b, where), where);
    return exp(sub(both, lgamma(add(a, b, where), where), where), where);
}
template Variable<float> beta(const Variable<float>&, const Variable<float>&, Where);
template Variable<double> beta(const Variable<double>&, const Variable<double>&, Where);

static const Op i0_op("i0", on({{3, 4}}, [](const auto& in) { return i0(in[0]); }));
static const Op i1_op("i1", on({{3, 4}}, [](const auto& in) { return i1(in[0]); }));

static const Op sinc_op(
    "sinc",
    Samples(on({{3, 4}}, [](const auto& in) { return sinc(in[0]); }), on({{3}}, [](const auto& in) {
                                                                          return sinc(in[0]);
                                                                      }).between(-1e-3, 1e-3)));
template <class T>
Variable<T> sinc(const Variable<T>& x, Where where) {
    return spherical_bessel_j(0, mul(x, std::numbers::pi, where), where);
}
template Variable<float> sinc(const Variable<float>&, Where);
template Variable<double> sinc(const Variable<double>&, Where);

}  // namespace xgrad
