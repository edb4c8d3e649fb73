#include <autograd/accumulate.hpp>
#include <autograd/fail.hpp>
#include <autograd/grain.hpp>
#include <autograd/kernels.hpp>
#include <autograd/parallel.hpp>
#include <autograd/record.hpp>
#include <autograd/repeat.hpp>

#include <concepts>

namespace xgrad::detail {
namespace {

template <class T>
void add_into(Array<T>& sum, const Array<T>& share) {
    const auto kernel = kernels<TapeKernels<T>>().add_into;
    parallel_ranges(sum.size(), parallel_grain, [&](std::size_t begin, std::size_t end) {
        kernel(sum.data() + begin, share.data() + begin, end - begin);
    });
}

// Two gradients of one value add up.
const Op accumulate_op(
    "accumulate", on({{3, 4}, {3, 4}}, [](const auto& in) {
                      using T = typename std::decay_t<decltype(in[0])>::value_type;
                      if (in[0].shape() != in[1].shape()) {
                          fail<ShapeError>(
                              "accumulate: the shares have shapes {} and {}; need one shape",
                              in[0].shape(),
                              in[1].shape());
                      }
                      Array<T> sum = in[0].value();
                      add_into(sum, in[1].value());
                      const auto pass = [](const Variable<T>& g) { return g; };
                      return Variable<T>(record(accumulate_op, std::move(sum))
                                             .wrt(in[0], batched(pass))
                                             .wrt(in[1], batched(pass)));
                  }).linear());

}  // namespace

template <class T>
Variable<T> spread(Variable<T> g, const Shape& shape) {
    if (g.rank() > 0 || shape.empty())
        return g;
    return Variable<T>(repeat_to(g.value(), shape));
}

template <class T>
void accumulate(Variable<T>& total, Variable<T> share) {
    if (!total.defined()) {
        total = std::move(share);
        return;
    }
    share = spread(std::move(share), total.shape());
    total = spread(std::move(total), share.shape());
    const bool recorded = grad_enabled() && (total.requires_grad() || share.requires_grad());
    if (!recorded && !total.unshared() && share.unshared())
        std::swap(total, share);
    if (!recorded && total.unshared() && !total.requires_grad()) {
        Array<T>& sum = total.state().buffer->array;
        add_into(sum, share.value());
        return;
    }
    if (!recorded) {
        Array<T> sum = total.value();
        add_into(sum, share.value());
        total = Variable<T>(std::move(sum));
        return;
    }
    const auto call = [](const std::vector<Variable<T>>& in) {
        const Sample& only = accumulate_op.samples().front();
        if constexpr (std::same_as<T, float>) {
            return only.call_float(in);
        } else {
            return only.call_double(in);
        }
    };
    total = call({total, share});
}

template Variable<float> spread(Variable<float>, const Shape&);
template Variable<double> spread(Variable<double>, const Shape&);
template void accumulate(Variable<float>&, Variable<float>);
template void accumulate(Variable<double>&, Variable<double>);

}  // namespace xgrad::detail
