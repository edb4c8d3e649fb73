#include <autograd/fail.hpp>
#include <ops/fused.hpp>

namespace xgrad::detail {

const Op& elementwise_op() {
    static const Op op(
        "elementwise",
        {on({{3, 4}, {3, 4}, {3, 4}},
            [](const auto& in) {
                return elementwise([](auto x, auto w, auto b) { return tanh(w * x + b) * x; })(
                    in[0], in[1], in[2]);
            }),
         on({{3, 4}, {4}, {3, 1}},
            [](const auto& in) {
                return elementwise([](auto x, auto w, auto b) { return exp(-x * x) * w + b * b; })(
                    in[0], in[1], in[2]);
            }),
         on({{3, 4}, {}},
            [](const auto& in) {
                return elementwise([](auto x, auto s) { return where(x > 0, x * s, sigmoid(x)); })(
                    in[0], in[1]);
            })
             .avoiding({0}),
         on({{2, 3}}, [](const auto& in) {
             return elementwise([](auto x) { return log1p(x * x) / (2 + cos(x)); })(in[0]);
         })});
    return op;
}

namespace {
[[maybe_unused]] const Op& registered = elementwise_op();
}  // namespace

void fail_fused_overwritten(const Where& where, std::size_t input, const Shape& shape) {
    fail<GraphError>(
        "backward: {} needs the value of its input {}, shape {}, that was overwritten after it "
        "was recorded; run backward before the update, or compute on a copy",
        call_string(&elementwise_op(), where),
        input,
        shape);
}

template <class T>
std::vector<double> spread_elements(const Array<T>& x, const Shape& shape) {
    const Array<T> wide = xt::broadcast(x, shape);
    return {wide.begin(), wide.end()};
}

template std::vector<double> spread_elements(const Array<float>&, const Shape&);
template std::vector<double> spread_elements(const Array<double>&, const Shape&);

}  // namespace xgrad::detail
