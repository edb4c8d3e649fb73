#include <autograd/fail.hpp>
#include <autograd/noise.hpp>
#include <nn/dropout.hpp>
#include <ops/arithmetic.hpp>
#include <ops/operators.hpp>
#include <ops/shape.hpp>

#include <cmath>

namespace xgrad::nn {

namespace {

double checked_keep(const char* layer, double keep_prob) {
    if (!(keep_prob > 0 && keep_prob <= 1)) {
        fail<std::invalid_argument>(
            "{}: keep_prob is {}; need 0 < keep_prob <= 1", layer, keep_prob);
    }
    return keep_prob;
}

// Checked before anything is drawn.
DropoutKey key_from(Rng& rng, double /*checked*/) { return {rng.bits64(), 0}; }

double checked_deviation(double deviation) {
    if (!(deviation >= 0 && std::isfinite(deviation))) {
        fail<std::invalid_argument>(
            "GaussianNoise: the deviation is {}; need 0 <= deviation < infinity", deviation);
    }
    return deviation;
}

// 1 / keep_prob where the mask keeps, else 0.
template <class T>
Variable<T> mask(const Shape& shape, double keep_prob, DropoutKey key) {
    return dropout(Variable<T>(Array<T>(shape, T(1))), keep_prob, key);
}

}  // namespace

template <class T>
DropoutKey NoiseLayer<T>::draw() {
    DropoutKey key = key_;
    if (!this->noise_is_frozen())
        key.stream = detail::draw_stream(key_.stream);
    return key;
}

template class NoiseLayer<float>;
template class NoiseLayer<double>;

namespace {

template <class T>
std::map<std::string, NoiseLayer<T>*> noise_layers(Module<T>& module) {
    std::map<std::string, NoiseLayer<T>*> layers;
    module.apply([&layers](const std::string& path, Module<T>& each) {
        if (auto* noisy = dynamic_cast<NoiseLayer<T>*>(&each))
            layers.emplace(path, noisy);
    });
    return layers;
}

}  // namespace

template <class T>
std::map<std::string, DropoutKey> noise_keys(Module<T>& module) {
    std::map<std::string, DropoutKey> keys;
    for (const auto& [path, layer] : noise_layers(module))
        keys.emplace(path, layer->key());
    return keys;
}

template <class T>
void set_noise_keys(Module<T>& module, const std::map<std::string, DropoutKey>& keys) {
    const auto layers = noise_layers(module);
    std::string faults;
    for (const auto& [path, layer] : layers) {
        if (!keys.contains(path))
            faults += fmt::format(" \"{}\" is missing;", path);
    }
    for (const auto& [path, key] : keys) {
        if (!layers.contains(path))
            faults += fmt::format(" \"{}\" is no noise layer of the module;", path);
    }
    if (!faults.empty()) {
        fail<std::invalid_argument>(
            "set_noise_keys:{} the keys must come from a network of the same layers", faults);
    }
    for (const auto& [path, layer] : layers)
        layer->set_key(keys.at(path));
}

template std::map<std::string, DropoutKey> noise_keys(Module<float>&);
template std::map<std::string, DropoutKey> noise_keys(Module<double>&);
template void set_noise_keys(Module<float>&, const std::map<std::string, DropoutKey>&);
template void set_noise_keys(Module<double>&, const std::map<std::string, DropoutKey>&);

template <class T>
Dropout<T>::Dropout(double keep_prob, Rng& rng)
    : NoiseLayer<T>(key_from(rng, checked_keep("Dropout", keep_prob))),
      keep_prob_(keep_prob) {}

template <class T>
Variable<T> Dropout<T>::forward(const Variable<T>& x) {
    if (!this->is_training() || keep_prob_ == 1)
        return x;
    return dropout(x, keep_prob_, this->draw());
}

template <class T>
std::string Dropout<T>::describe() const {
    return fmt::format("Dropout(keep_prob {})", keep_prob_);
}

template <class T>
void Dropout<T>::remake(Copier& copier) const {
    copier.make<nn::Dropout>(keep_prob_, copier.rng());
}

template class Dropout<float>;
template class Dropout<double>;

template <class T>
Dropout2d<T>::Dropout2d(double keep_prob, Rng& rng)
    : NoiseLayer<T>(key_from(rng, checked_keep("Dropout2d", keep_prob))),
      keep_prob_(keep_prob) {}

template <class T>
Variable<T> Dropout2d<T>::forward(const Variable<T>& x) {
    if (x.rank() < 2)
        fail<ShapeError>("{}: x has shape {}; need (N, C, ...)", describe(), x.shape());
    if (!this->is_training() || keep_prob_ == 1)
        return x;
    Shape shape(x.rank(), 1);
    shape[0] = x.shape()[0];
    shape[1] = x.shape()[1];
    return x * mask<T>(shape, keep_prob_, this->draw());
}

template <class T>
std::string Dropout2d<T>::describe() const {
    return fmt::format("Dropout2d(keep_prob {})", keep_prob_);
}

template <class T>
void Dropout2d<T>::remake(Copier& copier) const {
    copier.make<nn::Dropout2d>(keep_prob_, copier.rng());
}

template class Dropout2d<float>;
template class Dropout2d<double>;

template <class T>
AlphaDropout<T>::AlphaDropout(double keep_prob, Rng& rng)
    : NoiseLayer<T>(key_from(rng, checked_keep("AlphaDropout", keep_prob))),
      keep_prob_(keep_prob) {}

// y = a (x m + limit (1 - m)) + b for the mask m of 0 and 1. With q = keep_prob and x of mean 0 and
// variance 1, the part in brackets has mean limit (1 - q) and variance q + limit^2 q (1 - q).
template <class T>
Variable<T> AlphaDropout<T>::forward(const Variable<T>& x) {
    if (!this->is_training() || keep_prob_ == 1)
        return x;
    constexpr double limit = -1.0507009873554805 * 1.6732632423543772;  // selu at -infinity
    const double q = keep_prob_;
    const double a = 1 / std::sqrt(q + limit * limit * q * (1 - q));
    const Variable<T> m = mask<T>(x.shape(), q, this->draw()) * q;
    return x * (m * a) + ((1 - m) * (a * limit) - a * limit * (1 - q));
}

template <class T>
std::string AlphaDropout<T>::describe() const {
    return fmt::format("AlphaDropout(keep_prob {})", keep_prob_);
}

template <class T>
void AlphaDropout<T>::remake(Copier& copier) const {
    copier.make<nn::AlphaDropout>(keep_prob_, copier.rng());
}

template class AlphaDropout<float>;
template class AlphaDropout<double>;

template <class T>
GaussianNoise<T>::GaussianNoise(double deviation, Rng& rng)
    : NoiseLayer<T>(key_from(rng, checked_deviation(deviation))),
      deviation_(deviation) {}

template <class T>
Variable<T> GaussianNoise<T>::forward(const Variable<T>& x) {
    if (!this->is_training() || deviation_ == 0)
        return x;
    const DropoutKey key = this->draw();
    Rng rng(key.seed, key.stream);
    return x + Variable<T>(init::normal<T>(x.shape(), rng, deviation_));
}

template <class T>
std::string GaussianNoise<T>::describe() const {
    return fmt::format("GaussianNoise(deviation {})", deviation_);
}

template <class T>
void GaussianNoise<T>::remake(Copier& copier) const {
    copier.make<nn::GaussianNoise>(deviation_, copier.rng());
}

template class GaussianNoise<float>;
template class GaussianNoise<double>;

template <class T>
DropConnect<T>::DropConnect(std::shared_ptr<WeightedLayer<T>> layer, double keep_prob, Rng& rng)
    : NoiseLayer<T>(key_from(rng, checked_keep("DropConnect", keep_prob))),
      layer_(this->register_module("layer", std::move(layer))),
      keep_prob_(keep_prob) {}

template <class T>
Variable<T> DropConnect<T>::forward(const Variable<T>& x) {
    if (!this->is_training() || keep_prob_ == 1)
        return (*layer_)(x);
    return layer_->call_with(x, dropout(layer_->weight, keep_prob_, this->draw()), layer_->bias);
}

template <class T>
std::string DropConnect<T>::describe() const {
    return fmt::format("DropConnect(keep_prob {})", keep_prob_);
}

template <class T>
void DropConnect<T>::remake(Copier& copier) const {
    copier.build([&]<class U>(std::type_identity<U>) {
        return std::make_shared<DropConnect<U>>(
            std::static_pointer_cast<WeightedLayer<U>>(copier.copy<U>(*layer_)),
            keep_prob_,
            copier.rng());
    });
}

template class DropConnect<float>;
template class DropConnect<double>;

}  // namespace xgrad::nn
