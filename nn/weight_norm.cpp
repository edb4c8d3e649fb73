#include <autograd/fail.hpp>
#include <autograd/grad.hpp>
#include <nn/normalization.hpp>
#include <ops/arithmetic.hpp>
#include <ops/elementwise.hpp>
#include <ops/operators.hpp>
#include <ops/pooling.hpp>
#include <ops/shape.hpp>
#include <ops/statistic.hpp>

#include <numeric>

namespace xgrad::nn {

namespace {

// |v| for each slice of the first axis, (out, 1, ...).
template <class T>
Variable<T> norms(const Variable<T>& v) {
    Axes rest(v.rank() - 1);
    std::iota(rest.begin(), rest.end(), 1);
    return norm(v, 2, rest, true);
}

}  // namespace

template <class T>
WeightNorm<T>::WeightNorm(std::shared_ptr<WeightedLayer<T>> layer) : layer_(std::move(layer)) {
    if (!layer_)
        fail<std::invalid_argument>("WeightNorm: the layer is null; need a module");
    const NoGradGuard unrecorded;
    const Array<T> lengths = norms(layer_->weight).value();
    weight_g = this->register_parameter("weight_g", lengths, false);
    weight_v = this->register_parameter("weight_v", layer_->weight.value());
    if (layer_->bias.defined())
        bias = this->register_parameter("bias", layer_->bias.value(), false);
}

template <class T>
Variable<T> WeightNorm<T>::forward(const Variable<T>& x) {
    return layer_->forward_with(x, weight_v * (weight_g / norms(weight_v)), bias);
}

template <class T>
std::string WeightNorm<T>::describe() const {
    return fmt::format("WeightNorm of {}", layer_->describe());
}

template <class T>
std::size_t WeightNorm<T>::multiply_adds(const Shape& x, const Shape& y) const {
    return layer_->multiply_adds(x, y);
}

template <class T>
void WeightNorm<T>::remake(Copier& copier) const {
    copier.build([&]<class U>(std::type_identity<U>) {
        return std::make_shared<WeightNorm<U>>(
            std::static_pointer_cast<WeightedLayer<U>>(copier.copy<U>(*layer_)));
    });
}

template class WeightNorm<float>;
template class WeightNorm<double>;

namespace {

// The mean over `size` channels around each, zeros beyond.
template <class T>
Variable<T> channel_mean(const Variable<T>& x, std::size_t size) {
    const std::size_t n = x.shape()[0], channels = x.shape()[1];
    const std::size_t places = n * channels > 0 ? x.size() / (n * channels) : 0;
    const Variable<T> last = transpose(reshape(x, {n, channels, places}), 1, 2);
    const Variable<T> wide = pad(last, {{0, 0}, {0, 0}, {size / 2, (size - 1) / 2}});
    const Variable<T> mean = avg_pool1d(wide, size, {.stride = 1});
    return reshape(transpose(mean, 1, 2), x.shape());
}

}  // namespace

template <class T>
Lambda<T> LocalResponseNorm(std::size_t size, double alpha, double beta, double k) {
    if (size == 0)
        fail<std::invalid_argument>("LocalResponseNorm: size is 0; need at least 1");
    return {fmt::format("LocalResponseNorm({})", size), [=](const auto& x) {
                if (x.rank() < 2)
                    fail<ShapeError>("x has shape {}; need (N, C, ...)", x.shape());
                return x * pow(channel_mean(square(x), size) * alpha + k, -beta);
            }};
}
template Lambda<float> LocalResponseNorm(std::size_t, double, double, double);
template Lambda<double> LocalResponseNorm(std::size_t, double, double, double);

}  // namespace xgrad::nn
