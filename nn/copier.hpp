// Copier: through which a module says how one like it is made.
#pragma once

#include <map>
#include <memory>
#include <type_traits>
#include <utility>

namespace xgrad {
class Rng;
}

namespace xgrad::nn {

template <class T>
class Module;

/// What Module::remake() is handed: it takes a new module of the scalar type that the copy is to
/// have, float or double. The values need not be right, they are copied afterwards.
class Copier {
public:
    ~Copier();
    Copier(const Copier&) = delete;
    Copier& operator=(const Copier&) = delete;

    /// A Class<float> or Class<double> of these arguments.
    template <template <class> class Class, class... Arguments>
    void make(Arguments&&... arguments) {
        build([&]<class U>(std::type_identity<U>) {
            return std::make_shared<Class<U>>(std::forward<Arguments>(arguments)...);
        });
    }
    /// What make(std::type_identity<U>) returns, a std::shared_ptr to a module of U.
    template <class Make>
    void build(Make make) {
        if (in_double_) {
            double_ = make(std::type_identity<double>());
        } else {
            float_ = make(std::type_identity<float>());
        }
    }
    /// The copy of a submodule, the same one at each call.
    template <class U, class T>
    [[nodiscard]] std::shared_ptr<Module<U>> copy(const Module<T>& module);
    /// For constructors that draw.
    [[nodiscard]] Rng& rng() noexcept { return *rng_; }

private:
    template <class T>
    friend class Module;
    explicit Copier(bool in_double);

    bool in_double_;
    std::unique_ptr<Rng> rng_;
    std::shared_ptr<Module<float>> float_;
    std::shared_ptr<Module<double>> double_;
    std::map<const void*, std::shared_ptr<void>> copies_;
};

}  // namespace xgrad::nn
