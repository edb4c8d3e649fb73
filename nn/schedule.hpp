// Schedules: what the learning rate is multiplied by at each step. A step is what the program
// counts: a batch or an epoch.
//
//     optim::Adam adam(net.parameters(), {.lr = 0.01});
//     optim::Scheduler scheduler(adam, optim::schedule::warm_up(100,
//     optim::schedule::cosine(5000))); for (...) { ...; adam.step(); scheduler.step(); }
#pragma once

#include <nn/optimizer.hpp>

namespace xgrad::optim {

/// The factor of the base rate at a step, counted from 0; a pure function. Any callable will do:
/// `[](std::uint64_t t) { return 1 / (1 + 0.1 * t); }`.
using Schedule = std::function<double(std::uint64_t step)>;

/// All throw std::invalid_argument for a factor that is negative or not finite and for 0 steps.
namespace schedule {

/// `factor` until step `steps`, then 1.
[[nodiscard]] Schedule constant(std::uint64_t steps, double factor = 1.0 / 3);
/// gamma^floor(t / period).
[[nodiscard]] Schedule step(std::uint64_t period, double gamma = 0.1);
/// gamma^k, k the milestones that are not after t. Throws unless they increase.
[[nodiscard]] Schedule multistep(std::vector<std::uint64_t> milestones, double gamma = 0.1);
/// gamma^t.
[[nodiscard]] Schedule exponential(double gamma);
/// From `start` to `end` in `steps` steps, then `end`.
[[nodiscard]] Schedule linear(std::uint64_t steps, double start = 1.0 / 3, double end = 1);
/// (1 - t / steps)^power, then 0.
[[nodiscard]] Schedule polynomial(std::uint64_t steps, double power = 1);
/// end + (1 - end) (1 + cos(pi t / steps)) / 2 [Loshchilov and Hutter 2017, equation 5]; after
/// `steps` it rises again, with period 2 steps.
[[nodiscard]] Schedule cosine(std::uint64_t steps, double end = 0);
/// The same from 1 again after `first` steps, then after `first` times `multiple`, and so on
/// [section 3]. Throws for multiple 0.
[[nodiscard]] Schedule cosine_restarts(
    std::uint64_t first, std::uint64_t multiple = 1, double end = 0);

struct OneCycleOptions {
    double rising = 0.3;     ///< share of the steps that rise, above 0 and below 1
    double start = 1 / 25.;  ///< the first factor
    double end = 4e-6;       ///< the last one
    bool linear = false;     ///< in straight lines, not along cosines
};

/// From `start` up to 1, the optimiser's rate being the largest, and down to `end` at step
/// steps - 1 [Smith and Topin 2018, section 4, in two phases]; then `end`. Throws for fewer steps
/// than rise and fall need: rising * steps must be above 1.
[[nodiscard]] Schedule one_cycle(std::uint64_t steps, const OneCycleOptions& options = {});

/// From `start` to 1 in `steps` steps, then `then`, from its step 0 [Goyal et al. 2017, section
/// 2.2].
[[nodiscard]] Schedule warm_up(std::uint64_t steps, Schedule then, double start = 0.01);
/// The product of all. Throws for none.
[[nodiscard]] Schedule chained(std::vector<Schedule> schedules);
/// schedules[0] until milestones[0], then schedules[1] from its step 0, and so on. Throws unless
/// the milestones increase and are one fewer.
[[nodiscard]] Schedule sequential(
    std::vector<Schedule> schedules, std::vector<std::uint64_t> milestones);

}  // namespace schedule

/// Moves an optimiser's rate along a schedule: to lr * schedule(t), lr the rate it had at the
/// start. The optimiser must live as long.
class Scheduler {
public:
    /// Sets the rate of step 0. Throws std::invalid_argument when that is not a rate.
    Scheduler(LearningRate& optimizer, Schedule schedule);

    /// Sets the rate of the next step. Throws std::invalid_argument when the factor is negative or
    /// not finite; then nothing has changed.
    void step();
    [[nodiscard]] std::uint64_t steps() const noexcept { return steps_; }
    [[nodiscard]] double base_lr() const noexcept { return base_lr_; }
    /// Whose rate it sets.
    [[nodiscard]] LearningRate& optimizer() const noexcept { return optimizer_; }

    /// "steps" and "base_lr".
    [[nodiscard]] std::map<std::string, double> state_dict() const;
    /// Continues there and sets the rate. Throws std::invalid_argument that lists what is missing,
    /// left over or out of range; then nothing has changed.
    void load_state_dict(const std::map<std::string, double>& state);

private:
    void set(std::uint64_t steps, double base_lr);

    LearningRate& optimizer_;
    Schedule schedule_;
    double base_lr_;
    std::uint64_t steps_ = 0;
};

struct PlateauOptions {
    double factor = 0.1;          ///< what the rate is multiplied by, above 0 and below 1
    std::uint64_t patience = 10;  ///< so many steps without improvement pass; the next one acts
    double threshold = 1e-4;      ///< improvement is more than this, >= 0
    bool relative = true;         ///< ... times the best value, not as such
    bool maximize = false;        ///< larger is better: accuracy, not loss
    std::uint64_t cooldown = 0;   ///< steps after a cut that do not count
    double min_lr = 0;            ///< the rate falls no lower, >= 0
    double epsilon = 1e-8;        ///< a smaller change of the rate is left out, >= 0
};

/// Cuts an optimiser's rate when a value no longer improves. The optimiser must live as long.
class Plateau {
public:
    /// Throws std::invalid_argument for an option outside its range.
    explicit Plateau(LearningRate& optimizer, const PlateauOptions& options = {});

    /// Takes the value after an epoch; true when the rate was cut. Throws std::invalid_argument
    /// for NaN; then nothing has changed.
    bool step(double value);

    /// "best", "bad_steps", "cooldown_steps"; the rate is in the optimiser's state.
    [[nodiscard]] std::map<std::string, double> state_dict() const;
    /// Continues there. Throws as Scheduler::load_state_dict() does.
    void load_state_dict(const std::map<std::string, double>& state);

private:
    [[nodiscard]] bool improves(double value) const;

    LearningRate& optimizer_;
    PlateauOptions options_;
    double best_;
    std::uint64_t bad_ = 0;
    std::uint64_t cooldown_ = 0;
};

}  // namespace xgrad::optim
