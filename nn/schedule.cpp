#include <nn/optim_check.hpp>
#include <nn/schedule.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <utility>

namespace xgrad::optim {
namespace schedule {
namespace {

void check_steps(const char* who, const char* name, std::uint64_t steps) {
    if (steps == 0)
        fail<std::invalid_argument>("{}: {} is 0; need at least 1", who, name);
}

void check_milestones(const char* who, const std::vector<std::uint64_t>& milestones) {
    const auto at = std::ranges::adjacent_find(milestones, std::greater_equal<>{});
    if (at != milestones.end()) {
        fail<std::invalid_argument>(
            "{}: milestone {} comes after {}; need milestones that increase", who, at[1], at[0]);
    }
}

double as_double(std::uint64_t step) { return static_cast<double>(step); }

// From 1 to `end` for a share of 0 to 1.
double cosine_fall(double share, double end) {
    return end + (1 - end) * (1 + std::cos(std::numbers::pi * share)) / 2;
}

}  // namespace

Schedule constant(std::uint64_t steps, double factor) {
    detail::check_rate("constant", "factor", factor);
    return [=](std::uint64_t t) { return t < steps ? factor : 1; };
}

Schedule step(std::uint64_t period, double gamma) {
    check_steps("step", "period", period);
    detail::check_rate("step", "gamma", gamma);
    return [=](std::uint64_t t) { return std::pow(gamma, as_double(t / period)); };
}

Schedule multistep(std::vector<std::uint64_t> milestones, double gamma) {
    check_milestones("multistep", milestones);
    detail::check_rate("multistep", "gamma", gamma);
    return [=, milestones = std::move(milestones)](std::uint64_t t) {
        const auto passed = std::ranges::upper_bound(milestones, t) - milestones.begin();
        return std::pow(gamma, static_cast<double>(passed));
    };
}

Schedule exponential(double gamma) {
    detail::check_rate("exponential", "gamma", gamma);
    return [=](std::uint64_t t) { return std::pow(gamma, as_double(t)); };
}

Schedule linear(std::uint64_t steps, double start, double end) {
    check_steps("linear", "steps", steps);
    detail::check_rate("linear", "start", start);
    detail::check_rate("linear", "end", end);
    return [=](std::uint64_t t) {
        return start + (end - start) * as_double(std::min(t, steps)) / as_double(steps);
    };
}

Schedule polynomial(std::uint64_t steps, double power) {
    check_steps("polynomial", "steps", steps);
    detail::check_rate("polynomial", "power", power);
    return [=](std::uint64_t t) {
        return t >= steps ? 0 : std::pow(1 - as_double(t) / as_double(steps), power);
    };
}

Schedule cosine(std::uint64_t steps, double end) {
    check_steps("cosine", "steps", steps);
    detail::check_rate("cosine", "end", end);
    return [=](std::uint64_t t) { return cosine_fall(as_double(t) / as_double(steps), end); };
}

Schedule cosine_restarts(std::uint64_t first, std::uint64_t multiple, double end) {
    check_steps("cosine_restarts", "first", first);
    check_steps("cosine_restarts", "multiple", multiple);
    detail::check_rate("cosine_restarts", "end", end);
    return [=](std::uint64_t t) {
        std::uint64_t period = first;
        if (multiple == 1)
            t %= period;
        while (t >= period) {
            t -= period;
            // Longer than any run is long enough: the product must not wrap.
            period = period > std::numeric_limits<std::uint64_t>::max() / multiple
                         ? std::numeric_limits<std::uint64_t>::max()
                         : period * multiple;
        }
        return cosine_fall(as_double(t) / as_double(period), end);
    };
}

Schedule one_cycle(std::uint64_t steps, const OneCycleOptions& options) {
    if (!(options.rising > 0 && options.rising < 1)) {
        fail<std::invalid_argument>("one_cycle: rising is {}; need 0 < rising < 1", options.rising);
    }
    detail::check_rate("one_cycle", "start", options.start);
    detail::check_rate("one_cycle", "end", options.end);
    const double top = options.rising * as_double(steps) - 1, last = as_double(steps) - 1;
    if (!(top > 0)) {
        fail<std::invalid_argument>(
            "one_cycle: rising is {} of {} steps, {:g} steps; need more than 1",
            options.rising,
            steps,
            top + 1);
    }
    return [=](std::uint64_t step) {
        const double t = as_double(step);
        const bool rises = t <= top;
        const double share = rises ? t / top : std::min(1.0, (t - top) / (last - top));
        const double from = rises ? options.start : 1, to = rises ? 1 : options.end;
        const double way = options.linear ? share : (1 - std::cos(std::numbers::pi * share)) / 2;
        return from + (to - from) * way;
    };
}

Schedule warm_up(std::uint64_t steps, Schedule then, double start) {
    check_steps("warm_up", "steps", steps);
    detail::check_rate("warm_up", "start", start);
    return sequential({linear(steps, start, 1), std::move(then)}, {steps});
}

Schedule chained(std::vector<Schedule> schedules) {
    if (schedules.empty())
        fail<std::invalid_argument>("chained: there are no schedules; need at least 1");
    return [schedules = std::move(schedules)](std::uint64_t t) {
        return std::accumulate(
            schedules.begin(), schedules.end(), 1.0, [t](double product, const Schedule& each) {
                return product * each(t);
            });
    };
}

Schedule sequential(std::vector<Schedule> schedules, std::vector<std::uint64_t> milestones) {
    if (schedules.size() != milestones.size() + 1) {
        fail<std::invalid_argument>(
            "sequential: there are {} schedules and {} milestones; need one milestone fewer",
            schedules.size(),
            milestones.size());
    }
    check_milestones("sequential", milestones);
    return [schedules = std::move(schedules), milestones = std::move(milestones)](std::uint64_t t) {
        const auto next = std::ranges::upper_bound(milestones, t);
        const std::uint64_t begun = next == milestones.begin() ? 0 : next[-1];
        return schedules[static_cast<std::size_t>(next - milestones.begin())](t - begun);
    };
}

}  // namespace schedule

Scheduler::Scheduler(LearningRate& optimizer, Schedule schedule)
    : optimizer_(optimizer),
      schedule_(std::move(schedule)),
      base_lr_(optimizer.lr()) {
    set(0, base_lr_);
}

void Scheduler::step() { set(steps_ + 1, base_lr_); }

void Scheduler::set(std::uint64_t steps, double base_lr) {
    const double factor = schedule_(steps);
    if (!(factor >= 0) || std::isinf(factor)) {
        fail<std::invalid_argument>(
            "Scheduler: the factor of step {} is {}; need a finite factor >= 0", steps, factor);
    }
    optimizer_.set_lr(base_lr * factor);
    steps_ = steps;
    base_lr_ = base_lr;
}

std::map<std::string, double> Scheduler::state_dict() const {
    return {{"steps", static_cast<double>(steps_)}, {"base_lr", base_lr_}};
}

void Scheduler::load_state_dict(const std::map<std::string, double>& state) {
    detail::check_numbers("Scheduler", state, state_dict());
    set(static_cast<std::uint64_t>(state.at("steps")), state.at("base_lr"));
}

Plateau::Plateau(LearningRate& optimizer, const PlateauOptions& options)
    : optimizer_(optimizer),
      options_(options),
      best_(
          options.maximize ? -std::numeric_limits<double>::infinity()
                           : std::numeric_limits<double>::infinity()) {
    if (!(options.factor > 0 && options.factor < 1))
        fail<std::invalid_argument>("Plateau: factor is {}; need 0 < factor < 1", options.factor);
    detail::check_rate("Plateau", "threshold", options.threshold);
    detail::check_rate("Plateau", "min_lr", options.min_lr);
    detail::check_rate("Plateau", "epsilon", options.epsilon);
}

bool Plateau::improves(double value) const {
    if (std::isinf(best_))
        return value != best_;
    const double margin = options_.threshold * (options_.relative ? std::abs(best_) : 1);
    return options_.maximize ? value > best_ + margin : value < best_ - margin;
}

bool Plateau::step(double value) {
    if (std::isnan(value)) {
        fail<std::invalid_argument>(
            "Plateau::step: the value is nan; need a number (did the training diverge?)");
    }
    if (improves(value)) {
        best_ = value;
        bad_ = 0;
    } else {
        ++bad_;
    }
    if (cooldown_ > 0) {
        --cooldown_;
        bad_ = 0;
    }
    if (bad_ <= options_.patience)
        return false;
    bad_ = 0;
    cooldown_ = options_.cooldown;
    const double lr = std::max(optimizer_.lr() * options_.factor, options_.min_lr);
    if (optimizer_.lr() - lr <= options_.epsilon)
        return false;
    optimizer_.set_lr(lr);
    return true;
}

std::map<std::string, double> Plateau::state_dict() const {
    return {
        {"best", best_},
        {"bad_steps", static_cast<double>(bad_)},
        {"cooldown_steps", static_cast<double>(cooldown_)}};
}

void Plateau::load_state_dict(const std::map<std::string, double>& state) {
    detail::check_numbers("Plateau", state, state_dict(), {"best"});
    best_ = state.at("best");
    bad_ = static_cast<std::uint64_t>(state.at("bad_steps"));
    cooldown_ = static_cast<std::uint64_t>(state.at("cooldown_steps"));
}

}  // namespace xgrad::optim
