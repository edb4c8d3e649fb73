#include <autograd/fail.hpp>
#include <nn/rng.hpp>
#include <nn/search_board.hpp>
#include <nn/search_journal.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <exception>
#include <limits>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace xgrad::search {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr std::uint64_t seed_part = ~std::uint64_t{0};  // the draws take 0, 1, 2, ...

const Value& value_of(const Values& values, const std::string& name) {
    const auto found = std::ranges::find(values, name, &Values::value_type::first);
    if (found == values.end()) {
        fail<std::invalid_argument>(
            "Trial: there is no \"{}\" in this trial; need a parameter of the space that exists "
            "here",
            name);
    }
    return found->second;
}

void check(const Space& space, const Options& options) {
    const auto refuse = [](const char* fault) { fail<std::invalid_argument>("search: {}", fault); };
    if (space.empty())
        refuse("the space is empty; need at least one parameter");
    if (options.trials == 0)
        refuse("0 trials; need at least 1");
    if (options.parallel == 0)
        refuse("0 parallel trials; need at least 1");
    if (options.grid == 1)
        refuse("a grid of 1 point; need at least 2, or 0 for a random search");
    if (options.halving && options.median)
        refuse("both halving and the median rule are given; need at most one of them");
    if (options.halving && (options.halving->min_epochs == 0 || options.halving->factor < 2))
        refuse("halving needs min_epochs of at least 1 and a factor of at least 2");
    if (options.median && options.median->min_trials == 0)
        refuse("the median rule needs min_trials of at least 1");
}

Settings settings_of(const Space& space, const Options& options) {
    std::string parameters;
    for (const std::string& line : space.describe())
        parameters += (parameters.empty() ? "" : "; ") + line;
    std::string rule = "none";
    if (const auto& halving = options.halving) {
        rule = fmt::format("halving by {} from epoch {}", halving->factor, halving->min_epochs);
    } else if (const auto& median = options.median) {
        rule = fmt::format("median of {} from epoch {}", median->min_trials, median->first_epoch);
    }
    return {
        {"space", parameters},
        {"seed", fmt::format("{}", options.seed)},
        {"grid", fmt::format("{}", options.grid)},
        {"rule", rule}};
}

std::vector<Values> all_values(const Space& space, const Options& options) {
    if (options.grid > 0)
        return space.grid(options.grid);
    std::vector<Values> all;
    for (std::size_t number = 0; number < options.trials; ++number)
        all.push_back(space.draw(options.seed, number));
    return all;
}

/// One call of search().
class Run {
public:
    Run(const Space& space, const TrialFunction& function, const Options& options)
        : function_(function),
          options_(options) {
        for (Values& values : all_values(space, options)) {
            const std::size_t number = result_.trials.size();
            result_.trials.push_back(
                {.number = number,
                 .seed = Rng(options.seed).split(number).split(seed_part).bits64(),
                 .values = std::move(values)});
        }
        result_.names = space.names();
        finished_.resize(result_.trials.size());
        board_.emplace(result_.trials.size(), options);
        if (!options.journal.empty()) {
            journal_.emplace(options.journal, settings_of(space, options));
            for (TrialResult& trial : journal_->trials())
                take(trial);
        }
    }

    SearchResult run() {
        const auto left = static_cast<std::size_t>(std::ranges::count(finished_, false));
        {
            std::vector<std::jthread> threads;
            for (std::size_t i = 0; i < std::min(options_.parallel, left); ++i)
                threads.emplace_back([this] { work(); });
        }
        if (error_)
            std::rethrow_exception(error_);
        set_best();
        return std::move(result_);
    }

private:
    void take(TrialResult& trial) {
        if (trial.number >= result_.trials.size())  // a search of more trials was here
            return;
        trial.seed = result_.trials[trial.number].seed;
        trial.values = result_.trials[trial.number].values;
        board_->take(trial);
        finished_[trial.number] = true;
        ++result_.resumed;
        result_.trials[trial.number] = std::move(trial);
    }

    // A worker: trials in the order of their numbers, until none is left.
    void work() {
        while (const std::optional<std::size_t> number = next()) {
            TrialResult trial = try_out(*number);
            const std::lock_guard lock(mutex_);
            if (error_)  // the trial may have been cut short
                return;
            try {
                finish(std::move(trial));
            } catch (...) {
                error_ = std::current_exception();
                board_->stop();
            }
        }
    }

    std::optional<std::size_t> next() {
        const std::lock_guard lock(mutex_);
        while (next_ < finished_.size() && finished_[next_])
            ++next_;
        if (error_ || next_ == finished_.size())
            return {};
        return next_++;
    }

    TrialResult try_out(std::size_t number) {
        using Clock = std::chrono::steady_clock;
        TrialResult result = result_.trials[number];
        const Trial trial(number, result.seed, result.values, &*board_);
        const auto begin = Clock::now();
        try {
            result.error = function_(trial);
            result.outcome = Outcome::complete;
            if (!std::isfinite(result.error)) {
                result.outcome = Outcome::failed;
                result.why = fmt::format("the dev error is {}; need a finite number", result.error);
            }
        } catch (const Pruned&) {
            result.outcome = Outcome::pruned;
            result.why = "by itself";
        } catch (const std::exception& error) {
            result.why = error.what();
        } catch (...) {
            result.why = "threw what is no std::exception";
        }
        result.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
        judge(result);
        return result;
    }

    // The board's word counts, whatever the trial made of it.
    void judge(TrialResult& trial) const {
        trial.reports = board_->reports(trial.number);
        if (std::string why = board_->refused(trial.number); !why.empty()) {
            trial.outcome = Outcome::failed;
            trial.why = std::move(why);
        } else if (std::string pruned = board_->pruned(trial.number); !pruned.empty()) {
            trial.outcome = Outcome::pruned;
            trial.why = std::move(pruned);
        }
        if (trial.outcome == Outcome::failed)
            trial.error = nan;
        else if (trial.outcome == Outcome::pruned)
            trial.error = trial.reports.empty() ? nan : trial.reports.back().error;
    }

    void finish(TrialResult trial) {
        if (journal_)
            journal_->add(trial);
        const TrialResult& kept = result_.trials[trial.number] = std::move(trial);
        finished_[kept.number] = true;
        board_->finish(kept.number);
        if (options_.progress)
            print(kept);
        if (options_.on_trial)
            options_.on_trial(kept);
    }

    void print(const TrialResult& trial) const {
        std::string line = fmt::format("search: trial {}:", trial.number);
        for (const auto& [name, value] : trial.values) {
            const double* number = std::get_if<double>(&value);
            line += fmt::format(
                " {}={}", name, number ? fmt::format("{:.6g}", *number) : to_string(value));
        }
        line += fmt::format(": {}", to_string(trial.outcome));
        if (trial.outcome != Outcome::failed)
            line += fmt::format(", error {:.6g}", trial.error);
        if (!trial.why.empty())
            line += fmt::format(" ({})", trial.why);
        if (const TrialResult* best = find_best())
            line += fmt::format("; best {:.6g}, trial {}", best->error, best->number);
        line +=
            fmt::format("; {} of {} done\n", std::ranges::count(finished_, true), finished_.size());
        std::fputs(line.c_str(), options_.progress);
        std::fflush(options_.progress);
    }

    // Of the finished ones.
    [[nodiscard]] const TrialResult* find_best() const {
        const TrialResult* best = nullptr;
        for (const TrialResult& trial : result_.trials) {
            const bool counts = finished_[trial.number] && trial.outcome == Outcome::complete;
            if (counts && (!best || trial.error < best->error))
                best = &trial;
        }
        return best;
    }

    void set_best() {
        if (const TrialResult* best = find_best()) {
            result_.best = best->number;
            return;
        }
        const auto failed =
            std::ranges::find(result_.trials, Outcome::failed, &TrialResult::outcome);
        if (failed == result_.trials.end())
            fail<std::runtime_error>("search: all trials were pruned; need one that completes");
        fail<std::runtime_error>(
            "search: no trial of {} was complete, and trial {} failed with \"{}\"; need one that "
            "returns its error",
            result_.trials.size(),
            failed->number,
            failed->why);
    }

    const TrialFunction& function_;
    const Options& options_;
    SearchResult result_;
    std::vector<bool> finished_;
    std::optional<Board> board_;
    std::optional<Journal> journal_;
    std::mutex mutex_;
    std::size_t next_ = 0;
    std::exception_ptr error_;
};

}  // namespace

bool Trial::has(const std::string& name) const {
    return std::ranges::find(values_, name, &Values::value_type::first) != values_.end();
}

double Trial::value(const std::string& name) const {
    const double* number = std::get_if<double>(&value_of(values_, name));
    if (!number)
        fail<std::invalid_argument>("Trial::value: \"{}\" is a text; need a number", name);
    return *number;
}

const std::string& Trial::text(const std::string& name) const {
    const auto* text = std::get_if<std::string>(&value_of(values_, name));
    if (!text)
        fail<std::invalid_argument>("Trial::text: \"{}\" is a number; need a text", name);
    return *text;
}

void Trial::report(std::size_t epoch, double dev_error) const {
    if (board_)
        board_->report(number_, epoch, dev_error);
}

SearchResult search(const Space& space, const TrialFunction& trial, const Options& options) {
    check(space, options);
    return Run(space, trial, options).run();
}

}  // namespace xgrad::search
