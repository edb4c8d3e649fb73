// Optimizer: what reads the parameters' gradients and overwrites the parameters.
//
// Two ways to shrink weights, named apart. `l2` adds l2 w to the gradient, the gradient of the
// penalty (l2 / 2) |w|^2 (practice P4 with l2 = lambda / m). `weight_decay` multiplies the weight
// by 1 - lr weight_decay, whatever the gradient's history [Loshchilov and Hutter 2019]. For plain
// SGD they are the same. Parameters that do not decay (biases) are left out of both.
#pragma once

#include <nn/module.hpp>

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace xgrad::optim {

/// All that a later run needs to continue bit for bit: arrays and numbers by name, and whose they
/// are ("Adam"). nn::save() takes the arrays.
template <class T>
struct State {
    std::string kind;
    nn::StateDict<T> arrays;
    std::map<std::string, double> numbers;
};

/// What a schedule moves: a name for errors, and a learning rate.
class LearningRate {
public:
    LearningRate(const LearningRate&) = delete;
    LearningRate& operator=(const LearningRate&) = delete;

    /// "Adam".
    [[nodiscard]] const char* name() const noexcept { return name_; }
    /// The step size, per step.
    [[nodiscard]] double lr() const noexcept { return lr_; }
    /// Throws std::invalid_argument for a negative or non-finite rate; then the old one stays.
    void set_lr(double lr);

protected:
    LearningRate(const char* name, double lr);
    ~LearningRate() = default;

private:
    const char* name_;
    double lr_ = 0;
};

/// What a group of parameters has of its own; what is left out stays as it was.
struct GroupOptions {
    std::optional<double> lr_factor = {};  ///< >= 0: its rate is lr_factor lr(), by a schedule too
    std::optional<double> l2 = {};         ///< >= 0, also for parameters that do not decay
    std::optional<double> weight_decay = {};  ///< the same
};

/// The base of the optimisers; every error begins with the optimiser's name. Options are finite
/// numbers without a unit; rates and decays are per step.
template <class T>
class Optimizer : public LearningRate {
public:
    virtual ~Optimizer();

    /// One update from the gradients as they are; false when it was skipped. Parameters with
    /// requires_grad(false) stay. Throws GraphError, naming the parameter, when another has no
    /// gradient; then nothing has changed.
    bool step();
    /// Forgets the gradients of all its parameters. Without it the next backward adds to them, as
    /// for one step from several batches: scale each loss by 1 / batches.
    void zero_grad() const;

    /// What it updates.
    [[nodiscard]] std::vector<nn::Parameter<T>> parameters() const;

    /// Skip a step, whole, when a gradient has a NaN or an infinity: the scale of mixed precision,
    /// or one bad batch. Off at the start: then the weights show it.
    void skip_nonfinite(bool on = true) noexcept { skip_nonfinite_ = on; }
    [[nodiscard]] bool skips_nonfinite() const noexcept { return skip_nonfinite_; }
    /// How many steps were skipped.
    [[nodiscard]] std::uint64_t skipped() const noexcept { return skipped_; }

    /// Gives the parameters that `picks` accepts settings of their own; a later group has the last
    /// word. Throws std::invalid_argument when none is picked or an option is outside its range.
    void group(
        const std::function<bool(const nn::Parameter<T>&)>& picks, const GroupOptions& options);
    /// The same for the parameter or module of that path: "encoder.0" has "encoder.0.weight".
    void group(std::string_view path, const GroupOptions& options);

    /// Copies of its states ("0.weight.mean"), step counts ("0.weight.steps"), "lr", "skipped".
    /// Throws std::invalid_argument when two parameters have one name. The options of the
    /// constructor and the groups are the program's to repeat.
    [[nodiscard]] State<T> state_dict() const;
    /// Continues where that state was taken. Throws std::invalid_argument that lists every entry
    /// that is missing, left over, of another shape or out of range, or names the other optimiser
    /// that it is of; then nothing has changed.
    void load_state_dict(const State<T>& state);

protected:
    /// The rate and the decays of the options.
    struct Rates {
        double lr, l2, weight_decay;
    };
    /// One parameter's part of a step.
    struct Slot {
        std::size_t index;      ///< of the parameter
        double step;            ///< its steps, this one included: 1 at first
        double lr, l2, shrink;  ///< shrink: 1 - lr weight_decay
        std::span<T> weight;
        const T* gradient;
        std::vector<Array<T>>& states;  ///< in the order of the constructor's names
    };
    Optimizer(
        const char* name,
        std::vector<nn::Parameter<T>> parameters,
        const Rates& rates,
        std::initializer_list<const char*> states,
        double start = 0);
    virtual void update(const Slot& slot) = 0;

private:
    struct Entry {
        nn::Parameter<T> parameter;
        double lr_factor, l2, weight_decay;
        std::uint64_t steps = 0;
        std::vector<Array<T>> states = {};
    };
    [[nodiscard]] bool ready() const;

    std::vector<Entry> entries_;
    std::vector<std::string> state_names_;
    bool skip_nonfinite_ = false;
    std::uint64_t skipped_ = 0;
};

/// Gives all parameters of the modules of type M in `net`, and of those inside them, settings of
/// their own, as Optimizer::group() does. Throws std::invalid_argument when the optimiser has none
/// of them, or an option is outside its range.
///
///     optim::group_of<nn::LayerNorm<float>>(adam, net, {.lr_factor = 0.1});
template <class M, class T>
void group_of(Optimizer<T>& optimizer, nn::Module<T>& net, const GroupOptions& options) {
    std::set<const Array<T>*> picked;  // handles of one parameter share its array
    net.apply([&](const std::string&, nn::Module<T>& module) {
        if (dynamic_cast<const M*>(&module) == nullptr)
            return;
        for (const nn::Parameter<T>& parameter : module.parameters())
            picked.insert(&parameter.value.value());
    });
    optimizer.group(
        [&](const nn::Parameter<T>& parameter) {
            return picked.contains(&parameter.value.value());
        },
        options);
}

}  // namespace xgrad::optim
