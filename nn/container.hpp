// Modules made of modules: Sequential, Residual, Parallel.
#pragma once

#include <nn/module.hpp>

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace xgrad::nn {

/// Modules one after another, named "0", "1", ...; with none, the identity.
///
///     Rng rng(1);
///     nn::Sequential net(nn::Dense(784, 128, rng), nn::Relu(), nn::Dense(128, 10, rng));
template <class T = float>
class Sequential : public Module<T> {
public:
    Sequential() = default;
    template <class First, class... Rest>
        requires(std::is_base_of_v<Module<typename First::value_type>, First>)
    explicit Sequential(First first, Rest... rest) {
        add(share(std::move(first)));
        (add(share(std::move(rest))), ...);
    }

    /// Appends a module. A shared one may be added again: its parameters are the same. Throws
    /// std::invalid_argument for null.
    template <class M>
        requires(std::is_base_of_v<Module<T>, M>)
    Sequential& add(M module) { return add(share(std::move(module))); }
    Sequential& add(std::shared_ptr<Module<T>> module);

    /// Throws what a layer throws.
    [[nodiscard]] Variable<T> forward(const Variable<T>& x) override;
    [[nodiscard]] std::string describe() const override;

protected:
    void remake(Copier& copier) const override;

private:
    // As a Module: what counts the owners is then compiled here once, not for each type of layer.
    template <class M>
    static std::shared_ptr<Module<T>> share(M&& module) {
        return std::shared_ptr<Module<T>>(static_cast<Module<T>*>(new M(std::move(module))));
    }
};

template <class First, class... Rest>
Sequential(First, Rest...) -> Sequential<typename First::value_type>;

/// y = body(x) + x, or body(x) + shortcut(x) where the shapes differ [He et al. 2016].
template <class T = float>
class Residual : public Module<T> {
public:
    /// Throws std::invalid_argument for a body that is null.
    explicit Residual(
        std::shared_ptr<Module<T>> body, std::shared_ptr<Module<T>> shortcut = nullptr);
    template <class Body>
        requires(std::is_base_of_v<Module<T>, Body>)
    explicit Residual(Body body) : Residual(std::make_shared<Body>(std::move(body))) {}
    template <class Body, class Shortcut>
        requires(std::is_base_of_v<Module<T>, Body>&& std::is_base_of_v<Module<T>, Shortcut>)
    Residual(Body body, Shortcut shortcut)
        : Residual(
              std::make_shared<Body>(std::move(body)),
              std::make_shared<Shortcut>(std::move(shortcut))) {}

    /// Throws ShapeError when the two have not one shape.
    [[nodiscard]] Variable<T> forward(const Variable<T>& x) override;
    [[nodiscard]] std::string describe() const override;

protected:
    void remake(Copier& copier) const override;

private:
    std::shared_ptr<Module<T>> body_, shortcut_;
};

template <class Body>
Residual(Body) -> Residual<typename Body::value_type>;
template <class Body, class Shortcut>
Residual(Body, Shortcut) -> Residual<typename Body::value_type>;

/// Modules beside each other on the same input, named "0", "1", ..., their results joined along an
/// axis (Concat).
///
///     nn::Parallel<float> wide(1);
///     wide.add(nn::Conv2d(3, 8, 1, rng)).add(nn::Conv2d(3, 8, 3, rng, {.padding = 1}));
template <class T = float>
class Parallel : public Module<T> {
public:
    explicit Parallel(std::ptrdiff_t axis = -1) : axis_(axis) {}

    /// Appends a module. Throws std::invalid_argument for null.
    template <class M>
        requires(std::is_base_of_v<Module<T>, M>)
    Parallel& add(M module) {
        return add(std::shared_ptr<Module<T>>(std::make_shared<M>(std::move(module))));
    }
    Parallel& add(std::shared_ptr<Module<T>> module);

    /// Throws ShapeError for results that do not fit, std::invalid_argument without a module.
    [[nodiscard]] Variable<T> forward(const Variable<T>& x) override;
    [[nodiscard]] std::string describe() const override;

protected:
    void remake(Copier& copier) const override;

private:
    std::ptrdiff_t axis_;
};

}  // namespace xgrad::nn
