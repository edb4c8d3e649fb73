#include <autograd/fail.hpp>
#include <nn/copier.hpp>
#include <nn/dropout.hpp>
#include <nn/module.hpp>

#include <algorithm>
#include <typeinfo>

namespace xgrad::nn {

Copier::Copier(bool in_double) : in_double_(in_double), rng_(std::make_unique<Rng>(0)) {}

Copier::~Copier() = default;

template <class U, class T>
std::shared_ptr<Module<U>> Copier::copy(const Module<T>& module) {
    if (const auto known = copies_.find(&module); known != copies_.end())
        return std::static_pointer_cast<Module<U>>(known->second);
    module.remake(*this);
    std::shared_ptr<Module<U>> made;
    if constexpr (std::is_same_v<U, double>) {
        made = std::exchange(double_, nullptr);
    } else {
        made = std::exchange(float_, nullptr);
    }
    copies_.emplace(&module, made);
    return made;
}
template std::shared_ptr<Module<float>> Copier::copy(const Module<float>&);
template std::shared_ptr<Module<float>> Copier::copy(const Module<double>&);
template std::shared_ptr<Module<double>> Copier::copy(const Module<float>&);
template std::shared_ptr<Module<double>> Copier::copy(const Module<double>&);

namespace {

template <class T, class U>
void copy_value(const Variable<T>& from, const Variable<U>& to) {
    to.update([&](std::span<U> elements) {
        std::transform(from.value().begin(), from.value().end(), elements.begin(), [](T value) {
            return static_cast<U>(value);
        });
    });
}

// The same names and shapes in the same order.
template <class A, class B>
bool alike(const std::vector<A>& a, const std::vector<B>& b) {
    return std::ranges::equal(a, b, [](const A& x, const B& y) {
        return x.name == y.name && x.value.shape() == y.value.shape();
    });
}

// A class that derives from one that says how it is copied must say it anew.
template <class T>
void check_class(const Module<T>& module, const Module<T>& copy) {
    if (typeid(copy) != typeid(module)) {
        fail<std::invalid_argument>(
            "clone: what remake() made of {} is of another class; its class must override remake() "
            "itself",
            module.describe());
    }
}

}  // namespace

template <class T>
void Module<T>::remake(Copier&) const {
    fail<std::invalid_argument>(
        "clone: {} does not say how it is copied; it must override remake()", describe());
}

template <class T>
template <class U>
void Module<T>::copy_state_to(Module<U>& copy) const {
    if (!alike(own_, copy.own_) || !alike(own_buffers_, copy.own_buffers_) ||
        children_.size() != copy.children_.size()) {
        fail<std::invalid_argument>(
            "clone: what remake() made of {} has other parameters, buffers or submodules; it must "
            "be built alike",
            describe());
    }
    if constexpr (std::is_same_v<U, T>)
        check_class(*this, copy);
    for (std::size_t i = 0; i < own_.size(); ++i) {
        copy_value(own_[i].value, copy.own_[i].value);
        copy.own_[i].value.requires_grad(own_[i].value.requires_grad());
        copy.own_[i].decays = own_[i].decays;
    }
    for (std::size_t i = 0; i < own_buffers_.size(); ++i)
        copy_value(own_buffers_[i].value, copy.own_buffers_[i].value);
    if (const auto* noisy = dynamic_cast<const NoiseLayer<T>*>(this))
        dynamic_cast<NoiseLayer<U>&>(copy).set_key(noisy->key());
    copy.training_ = training_;
    copy.noise_frozen_ = noise_frozen_;
    for (std::size_t i = 0; i < children_.size(); ++i)
        children_[i].second->copy_state_to(*copy.children_[i].second);
}

template <class T>
template <class U>
std::shared_ptr<Module<U>> Module<T>::to() const {
    // Classes of one scalar type can be compared.
    if constexpr (!std::is_same_v<U, T>)
        static_cast<void>(clone());
    Copier copier(std::is_same_v<U, double>);
    std::shared_ptr<Module<U>> made = copier.copy<U>(*this);
    if (!made) {
        fail<std::invalid_argument>(
            "clone: remake() of {} made nothing; it must call make() or build()", describe());
    }
    copy_state_to(*made);
    return made;
}

template std::shared_ptr<Module<float>> Module<float>::to() const;
template std::shared_ptr<Module<double>> Module<float>::to() const;
template std::shared_ptr<Module<float>> Module<double>::to() const;
template std::shared_ptr<Module<double>> Module<double>::to() const;

template void Module<float>::remake(Copier&) const;
template void Module<double>::remake(Copier&) const;

}  // namespace xgrad::nn
