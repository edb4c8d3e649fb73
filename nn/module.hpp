// Module: what a layer, a network and a custom model have in common.
#pragma once

#include <autograd/variable.hpp>
#include <nn/copier.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xgrad::nn {

/// A leaf that training updates, under its path in the network: "2.weight".
template <class T>
struct Parameter {
    std::string name;
    Variable<T> value;
    /// Weights decay; biases, and the scales of normalisation, do not (practice P4).
    bool decays = true;
};

/// A value that belongs to a module but that no gradient updates, such as a running mean.
template <class T>
struct NamedBuffer {
    std::string name;
    Variable<T> value;
};

/// Values by path, as saved and loaded.
template <class T>
using StateDict = std::map<std::string, Array<T>>;

/// The base of every layer and model. A model registers its parameters, buffers and submodules by
/// name in its constructor and says in forward() what it computes. Modules move; copies are made
/// on request, by clone(). The parameters are handles, shared with whoever asked for them.
template <class T>
class Module {
public:
    using value_type = T;

    Module();
    Module(Module&&) noexcept;
    Module& operator=(Module&&) noexcept;
    Module(const Module&) = delete;
    Module& operator=(const Module&) = delete;
    virtual ~Module();

    /// What it computes; the shapes and errors are the layer's own.
    [[nodiscard]] virtual Variable<T> forward(const Variable<T>& x) = 0;
    /// forward(x), and the hooks. A ShapeError, IndexError or std::invalid_argument from inside
    /// begins with the path of the layer that it comes from, "encoder.2.Dense(3, 4): ..."; errors
    /// of other classes, those derived from these too, come as they are.
    [[nodiscard]] Variable<T> operator()(const Variable<T>& x);

    /// Calls hook(x, y) after every call of this module, y its result. A Variable that the hook
    /// returns takes y's place; an undefined one changes nothing.
    HookHandle register_forward_hook(
        std::function<Variable<T>(const Variable<T>& x, const Variable<T>& y)> hook);
    /// Calls hook(dx, dy) in every backward pass through a call of this module, with the gradients
    /// of its input and its output, when both are complete; dx is undefined where the input
    /// requires none. A Variable that the hook returns takes dx's place.
    HookHandle register_backward_hook(
        std::function<Variable<T>(const Variable<T>& dx, const Variable<T>& dy)> hook);

    /// What it is, for people: "Dense(784, 512)".
    [[nodiscard]] virtual std::string describe() const = 0;
    /// Multiplications that a forward from x to y adds up, those of its submodules aside: products
    /// of matrices and convolutions count, elementwise work does not.
    [[nodiscard]] virtual std::size_t multiply_adds(const Shape& x, const Shape& y) const;

    /// Every parameter once, this module's first, then its submodules' in the order of
    /// registration; one that is shared has its first name.
    [[nodiscard]] std::vector<Parameter<T>> parameters() const;
    /// How many numbers the parameters hold.
    [[nodiscard]] std::size_t parameter_count() const;
    /// Every buffer once, named as the parameters are.
    [[nodiscard]] std::vector<NamedBuffer<T>> buffers() const;
    /// The submodules, by name, in the order of registration.
    [[nodiscard]] const std::vector<std::pair<std::string, std::shared_ptr<Module>>>& children()
        const noexcept {
        return children_;
    }
    /// Calls `visit` with every module of the tree and its path, this one ("") first.
    void apply(const std::function<void(const std::string& path, Module& module)>& visit);

    /// A module of its own with the same values, modes and masks; a submodule that is shared inside
    /// is shared in the copy. Hooks stay behind. Throws std::invalid_argument for a module that
    /// does not say how it is copied (remake()), or whose base class alone does.
    [[nodiscard]] std::shared_ptr<Module> clone() const { return to<T>(); }
    /// The same with values rounded to U, float or double: train in one, gradcheck in the other.
    template <class U>
    [[nodiscard]] std::shared_ptr<Module<U>> to() const;

    /// Stops asking for gradients of all parameters, or (unfreeze) asks again; optimisers pass over
    /// parameters that ask for none. Recursive.
    void freeze(bool on = true) const;
    void unfreeze() const { freeze(false); }

    /// Training mode (the start) or evaluation mode: dropout acts in the first only. Recursive.
    void train(bool on = true);
    void eval() { train(false); }
    [[nodiscard]] bool is_training() const noexcept { return training_; }

    /// Repeat the same random masks in every forward until turned off, so that the loss is a
    /// function of the parameters again (practice P7, P14). Recursive.
    void freeze_noise(bool on = true);
    [[nodiscard]] bool noise_is_frozen() const noexcept { return noise_frozen_; }

    /// Forgets the parameters' gradients.
    void zero_grad() const;

    /// Copies of all parameters and buffers; one that is shared appears under each name.
    [[nodiscard]] StateDict<T> state_dict() const;
    /// Overwrites all parameters and buffers. Throws std::invalid_argument that lists every name
    /// that is missing, left over, or of another shape; then nothing has changed.
    void load_state_dict(const StateDict<T>& state);

protected:
    /// Registers a parameter and returns its handle. Throws std::invalid_argument for a name that
    /// is empty, taken, or contains a dot.
    Variable<T> register_parameter(const std::string& name, Array<T> value, bool decays = true);
    /// Registers a buffer and returns its handle, which assign() and update() change. Throws as
    /// register_parameter.
    Variable<T> register_buffer(const std::string& name, Array<T> value);
    /// Registers a submodule, which may be shared, and returns it. Throws std::invalid_argument for
    /// such a name and for null.
    template <class M>
    std::shared_ptr<M> register_module(const std::string& name, std::shared_ptr<M> module) {
        add_child(name, module);
        return module;
    }

    /// What operator() does, with `compute` in forward's place: for a call that takes more than x,
    /// such as a mask. Hooks see x and the result; errors begin with the path.
    [[nodiscard]] Variable<T> call(
        const Variable<T>& x, const std::function<Variable<T>(const Variable<T>&)>& compute);

    /// Makes one like this, whose values are overwritten, by one call of a Copier's functions:
    ///
    ///     void remake(Copier& copier) const override { copier.make<Model>(width_, copier.rng()); }
    virtual void remake(Copier& copier) const;

private:
    friend class Copier;
    template <class U>
    friend class Module;

    [[nodiscard]] std::vector<Parameter<T>> every_parameter() const;
    [[nodiscard]] std::vector<NamedBuffer<T>> every_buffer() const;
    [[nodiscard]] Variable<T> hooked(
        const Variable<T>& x, const std::function<Variable<T>(const Variable<T>&)>& compute);
    template <class U>
    void copy_state_to(Module<U>& copy) const;
    void check_name(const std::string& name) const;
    void add_child(const std::string& name, std::shared_ptr<Module> module);

    std::vector<Parameter<T>> own_;
    std::vector<NamedBuffer<T>> own_buffers_;
    std::vector<std::pair<std::string, std::shared_ptr<Module>>> children_;
    struct Hooks;
    std::shared_ptr<Hooks> hooks_;
    bool training_ = true;
    bool noise_frozen_ = false;
};

}  // namespace xgrad::nn
