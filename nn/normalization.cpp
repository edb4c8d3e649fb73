#include <autograd/fail.hpp>
#include <autograd/noise.hpp>
#include <nn/normalization.hpp>

namespace xgrad::nn {

namespace {

void check_options(const char* layer, std::size_t channels, double epsilon) {
    if (channels == 0)
        fail<std::invalid_argument>("{}: channels is 0; need at least 1", layer);
    if (!(epsilon > 0))
        fail<std::invalid_argument>("{}: epsilon is {}; need epsilon > 0", layer, epsilon);
}

template <class T>
void check_channels(const Module<T>& layer, const Variable<T>& x, std::size_t channels) {
    if (x.rank() < 2 || x.shape()[1] != channels) {
        fail<ShapeError>(
            "{}: x has shape {}; need (N, {}, ...)", layer.describe(), x.shape(), channels);
    }
}

}  // namespace

template <class T>
BatchNorm<T>::BatchNorm(const char* name, std::size_t channels, BatchNormOptions options)
    : options_(options),
      name_(name) {
    check_options(name, channels, options.epsilon);
    if (!(options.momentum >= 0 && options.momentum <= 1)) {
        fail<std::invalid_argument>(
            "{}: momentum is {}; need 0 <= momentum <= 1", name, options.momentum);
    }
    if (options.affine) {
        weight = this->register_parameter("weight", init::constant<T>({channels}, 1), false);
        bias = this->register_parameter("bias", init::zeros<T>({channels}), false);
    }
    running_mean = this->register_buffer("running_mean", init::zeros<T>({channels}));
    running_var = this->register_buffer("running_var", init::constant<T>({channels}, 1));
}

template <class T>
Variable<T> BatchNorm<T>::forward(const Variable<T>& x) {
    check_rank(x);
    check_channels(*this, x, running_mean.size());
    const Moments<T> running{running_var, running_mean};
    // Nothing in, nothing learnt.
    if (!this->is_training() || x.size() == 0)
        return batch_norm_eval(x, running, weight, bias, options_.epsilon);
    const BatchNormalized<T> out = batch_norm(x, weight, bias, options_.epsilon);
    if (!detail::repeats_noise())
        update_running(running, out, options_.momentum);
    return out.y;
}

template <class T>
std::string BatchNorm<T>::text() const {
    return fmt::format(
        "{}({}{})", name_, running_mean.size(), options_.affine ? "" : ", not affine");
}

template class BatchNorm<float>;
template class BatchNorm<double>;

template <class T>
BatchNorm1d<T>::BatchNorm1d(std::size_t channels, BatchNormOptions options)
    : BatchNorm<T>("BatchNorm1d", channels, options) {}

template <class T>
std::string BatchNorm1d<T>::describe() const {
    return this->text();
}

template <class T>
void BatchNorm1d<T>::check_rank(const Variable<T>& x) const {
    if (x.rank() != 2 && x.rank() != 3) {
        fail<ShapeError>(
            "{}: x has shape {}; need (N, {}) or (N, {}, length)",
            describe(),
            x.shape(),
            this->running_mean.size(),
            this->running_mean.size());
    }
}

template <class T>
void BatchNorm1d<T>::remake(Copier& copier) const {
    copier.make<nn::BatchNorm1d>(this->running_mean.size(), this->options_);
}

template class BatchNorm1d<float>;
template class BatchNorm1d<double>;

template <class T>
BatchNorm2d<T>::BatchNorm2d(std::size_t channels, BatchNormOptions options)
    : BatchNorm<T>("BatchNorm2d", channels, options) {}

template <class T>
std::string BatchNorm2d<T>::describe() const {
    return this->text();
}

template <class T>
void BatchNorm2d<T>::check_rank(const Variable<T>& x) const {
    if (x.rank() != 4) {
        fail<ShapeError>(
            "{}: x has shape {}; need (N, {}, rows, columns)",
            describe(),
            x.shape(),
            this->running_mean.size());
    }
}

template <class T>
void BatchNorm2d<T>::remake(Copier& copier) const {
    copier.make<nn::BatchNorm2d>(this->running_mean.size(), this->options_);
}

template class BatchNorm2d<float>;
template class BatchNorm2d<double>;

template <class T>
LayerNorm<T>::LayerNorm(const Shape& shape, NormOptions options)
    : shape_(shape),
      options_(options) {
    check_options("LayerNorm", count(shape), options.epsilon);
    if (options.affine) {
        weight = this->register_parameter("weight", init::constant<T>(shape, 1), false);
        bias = this->register_parameter("bias", init::zeros<T>(shape), false);
    }
}

template <class T>
Variable<T> LayerNorm<T>::forward(const Variable<T>& x) {
    return layer_norm(x, shape_, weight, bias, options_.epsilon);
}

template <class T>
std::string LayerNorm<T>::describe() const {
    return fmt::format("LayerNorm({}{})", shape_, options_.affine ? "" : ", not affine");
}

template <class T>
void LayerNorm<T>::remake(Copier& copier) const {
    copier.make<nn::LayerNorm>(shape_, options_);
}

template class LayerNorm<float>;
template class LayerNorm<double>;

template <class T>
RMSNorm<T>::RMSNorm(const Shape& shape, NormOptions options) : shape_(shape),
                                                               options_(options) {
    check_options("RMSNorm", count(shape), options.epsilon);
    if (options.affine)
        weight = this->register_parameter("weight", init::constant<T>(shape, 1), false);
}

template <class T>
Variable<T> RMSNorm<T>::forward(const Variable<T>& x) {
    return rms_norm(x, shape_, weight, options_.epsilon);
}

template <class T>
std::string RMSNorm<T>::describe() const {
    return fmt::format("RMSNorm({}{})", shape_, options_.affine ? "" : ", not affine");
}

template <class T>
void RMSNorm<T>::remake(Copier& copier) const {
    copier.make<nn::RMSNorm>(shape_, options_);
}

template class RMSNorm<float>;
template class RMSNorm<double>;

template <class T>
GroupNorm<T>::GroupNorm(std::size_t groups, std::size_t channels, NormOptions options)
    : groups_(groups),
      channels_(channels),
      options_(options) {
    check_options("GroupNorm", channels, options.epsilon);
    if (groups == 0 || channels % groups != 0) {
        fail<std::invalid_argument>(
            "GroupNorm: {} groups for {} channels; groups must divide channels", groups, channels);
    }
    if (options.affine) {
        weight = this->register_parameter("weight", init::constant<T>({channels}, 1), false);
        bias = this->register_parameter("bias", init::zeros<T>({channels}), false);
    }
}

template <class T>
Variable<T> GroupNorm<T>::forward(const Variable<T>& x) {
    check_channels(*this, x, channels_);
    return group_norm(x, groups_, weight, bias, options_.epsilon);
}

template <class T>
std::string GroupNorm<T>::describe() const {
    return fmt::format(
        "GroupNorm({}, {}{})", groups_, channels_, options_.affine ? "" : ", not affine");
}

template <class T>
void GroupNorm<T>::remake(Copier& copier) const {
    copier.make<nn::GroupNorm>(groups_, channels_, options_);
}

template class GroupNorm<float>;
template class GroupNorm<double>;

template <class T>
InstanceNorm<T>::InstanceNorm(std::size_t channels, NormOptions options)
    : channels_(channels),
      options_(options) {
    check_options("InstanceNorm", channels, options.epsilon);
    if (options.affine) {
        weight = this->register_parameter("weight", init::constant<T>({channels}, 1), false);
        bias = this->register_parameter("bias", init::zeros<T>({channels}), false);
    }
}

template <class T>
Variable<T> InstanceNorm<T>::forward(const Variable<T>& x) {
    check_channels(*this, x, channels_);
    return instance_norm(x, weight, bias, options_.epsilon);
}

template <class T>
std::string InstanceNorm<T>::describe() const {
    return fmt::format("InstanceNorm({}{})", channels_, options_.affine ? ", affine" : "");
}

template <class T>
void InstanceNorm<T>::remake(Copier& copier) const {
    copier.make<nn::InstanceNorm>(channels_, options_);
}

template class InstanceNorm<float>;
template class InstanceNorm<double>;

}  // namespace xgrad::nn
