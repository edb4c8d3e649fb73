#include <autograd/fail.hpp>
#include <nn/container.hpp>
#include <ops/arithmetic.hpp>
#include <ops/operators.hpp>
#include <ops/shape.hpp>

#include <vector>

namespace xgrad::nn {

template <class T>
Sequential<T>& Sequential<T>::add(std::shared_ptr<Module<T>> module) {
    this->register_module(std::to_string(this->children().size()), std::move(module));
    return *this;
}

template <class T>
Variable<T> Sequential<T>::forward(const Variable<T>& x) {
    Variable<T> y = x;
    for (const auto& [name, layer] : this->children())
        y = (*layer)(y);
    return y;
}

template <class T>
std::string Sequential<T>::describe() const {
    return fmt::format("Sequential of {}", this->children().size());
}

template <class T>
void Sequential<T>::remake(Copier& copier) const {
    copier.build([&]<class U>(std::type_identity<U>) {
        auto copy = std::make_shared<Sequential<U>>();
        for (const auto& [name, layer] : this->children())
            copy->add(copier.copy<U>(*layer));
        return copy;
    });
}

template class Sequential<float>;
template class Sequential<double>;

template <class T>
Residual<T>::Residual(std::shared_ptr<Module<T>> body, std::shared_ptr<Module<T>> shortcut)
    : body_(this->register_module("body", std::move(body))),
      shortcut_(shortcut ? this->register_module("shortcut", std::move(shortcut)) : nullptr) {}

template <class T>
Variable<T> Residual<T>::forward(const Variable<T>& x) {
    const Variable<T> y = (*body_)(x);
    const Variable<T> z = shortcut_ ? (*shortcut_)(x) : x;
    if (y.shape() != z.shape()) {
        fail<ShapeError>(
            "{}: the body gives {}, the shortcut {}; both need one shape",
            describe(),
            y.shape(),
            z.shape());
    }
    return y + z;
}

template <class T>
std::string Residual<T>::describe() const {
    return shortcut_ ? "Residual with a shortcut" : "Residual";
}

template <class T>
void Residual<T>::remake(Copier& copier) const {
    copier.build([&]<class U>(std::type_identity<U>) {
        return std::make_shared<Residual<U>>(
            copier.copy<U>(*body_), shortcut_ ? copier.copy<U>(*shortcut_) : nullptr);
    });
}

template class Residual<float>;
template class Residual<double>;

template <class T>
Parallel<T>& Parallel<T>::add(std::shared_ptr<Module<T>> module) {
    this->register_module(std::to_string(this->children().size()), std::move(module));
    return *this;
}

template <class T>
Variable<T> Parallel<T>::forward(const Variable<T>& x) {
    if (this->children().empty())
        fail<std::invalid_argument>("{}: it has no modules; add at least one", describe());
    std::vector<Variable<T>> parts;
    for (const auto& [name, layer] : this->children())
        parts.push_back((*layer)(x));
    return concatenate(parts, axis_);
}

template <class T>
std::string Parallel<T>::describe() const {
    return fmt::format("Parallel of {} along axis {}", this->children().size(), axis_);
}

template <class T>
void Parallel<T>::remake(Copier& copier) const {
    copier.build([&]<class U>(std::type_identity<U>) {
        auto copy = std::make_shared<Parallel<U>>(axis_);
        for (const auto& [name, layer] : this->children())
            copy->add(copier.copy<U>(*layer));
        return copy;
    });
}

template class Parallel<float>;
template class Parallel<double>;

}  // namespace xgrad::nn
