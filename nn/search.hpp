// Search: tries hyper-parameters, on several cores, and goes on after a kill (practice P6).
#pragma once

#include <nn/search_space.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace xgrad::search {

/// Thrown by Trial::report() when the trial is to end: let it pass. Not a std::exception, so that
/// what catches those lets it.
struct Pruned {};

struct Report {
    std::size_t epoch;
    double error;
};

/// complete: returned its error. pruned: ended by the rule. failed: threw, or had no finite error.
enum class Outcome { complete, pruned, failed };
/// "complete".
[[nodiscard]] const char* to_string(Outcome outcome) noexcept;

/// What is known of one trial.
struct TrialResult {
    std::size_t number = 0;  ///< counted from 0
    std::uint64_t seed = 0;  ///< the trial's own
    Values values = {};
    Outcome outcome = Outcome::failed;
    double error = 0;  ///< dev error: the returned one; when pruned the last reported; else NaN
    std::vector<Report> reports = {};
    std::string why = {};  ///< it failed, or was pruned
    double seconds = 0;    ///< differs from run to run; in no table
};

class Board;

/// One set of values being tried.
class Trial {
public:
    Trial(std::size_t number, std::uint64_t seed, Values values, Board* board)
        : number_(number),
          seed_(seed),
          values_(std::move(values)),
          board_(board) {}

    /// Counted from 0.
    [[nodiscard]] std::size_t number() const noexcept { return number_; }
    /// For all that is random in it: a function of the search's seed and the number.
    [[nodiscard]] std::uint64_t seed() const noexcept { return seed_; }
    [[nodiscard]] const Values& values() const noexcept { return values_; }
    /// Does the parameter exist here? See Space::when().
    [[nodiscard]] bool has(const std::string& name) const;
    /// A number's or a text's value. Throw std::invalid_argument for a name that is not there, and
    /// for the other kind.
    [[nodiscard]] double value(const std::string& name) const;
    [[nodiscard]] const std::string& text(const std::string& name) const;

    /// The dev error after an epoch, counted from 1. Throws Pruned where the search's rule says
    /// that this trial ends; waits, where that rule needs them, until all earlier trials have come
    /// as far. Throws std::invalid_argument for an epoch that is not after the last one, and for
    /// an error that is not finite; the trial then has failed.
    void report(std::size_t epoch, double dev_error) const;

private:
    std::size_t number_;
    std::uint64_t seed_;
    Values values_;
    Board* board_;
};

/// Trains with the trial's values and seed, and nothing else that varies, and returns the dev
/// error. Called in threads of the search, several at once when Options::parallel says so.
using TrialFunction = std::function<double(const Trial& trial)>;

/// Successive halving [Li et al. 2020, "A system for massively parallel hyperparameter tuning",
/// ASHA]. Rungs are at min_epochs, min_epochs * factor, min_epochs * factor^2, ...; a trial that
/// reports at a rung goes on if its error is among the best 1 / factor (at least one) of those
/// that it and the earlier trials had there. So no trial waits to be promoted, as in the paper's
/// variant that only stops.
struct Halving {
    std::size_t min_epochs = 1;
    std::size_t factor = 3;  ///< at least 2
};

/// The median stopping rule [Golovin et al. 2017, "Google Vizier", sec. 3.2.2]: a trial ends at
/// an epoch where its best error so far is above the median of the running means, up to that
/// epoch, of the earlier trials that came as far and had reported by then. (The paper takes
/// completed trials; which those are at the time would depend on how many run at once.)
struct MedianRule {
    std::size_t first_epoch = 1;  ///< none ends before
    std::size_t min_trials = 5;   ///< as many earlier ones are needed, at least 1
};

struct Options {
    std::size_t trials = 20;              ///< drawn at random; a grid has its own number
    std::size_t grid = 0;                 ///< 0: at random; else points for each range, at least 2
    std::uint64_t seed = 0;               ///< of the values and the trials
    std::size_t parallel = 1;             ///< trials at once, each in a thread; changes no result
    std::optional<Halving> halving = {};  ///< at most one of these two rules
    std::optional<MedianRule> median = {};
    /// A file that each finished trial is added to. A search that finds it takes those trials from
    /// it and runs the others; more `trials` than before are allowed. It knows the space, the seed,
    /// the grid and the rule; that the data and what a trial does are the same, it cannot. Empty:
    /// none.
    std::filesystem::path journal = {};
    /// Told of each trial that finishes here, one at a time, in the order in which they do. What
    /// it throws ends the search and passes through.
    std::function<void(const TrialResult& trial)> on_trial = {};
    std::FILE* progress = nullptr;  ///< gets a line per finished trial
};

struct SearchResult {
    std::vector<TrialResult> trials;  ///< by number
    std::size_t best = 0;             ///< the complete one of least error, the first of equals
    std::size_t resumed = 0;          ///< trials that came from the journal

    [[nodiscard]] const TrialResult& best_trial() const { return trials.at(best); }
    /// Epochs that all trials have had together: what the search cost.
    [[nodiscard]] std::size_t epochs() const;
    /// (value, error) of the complete trials that have this number, by value: for a picture.
    [[nodiscard]] std::vector<std::pair<double, double>> points(const std::string& name) const;
    /// The trials as a table, best first, then the pruned ones, then the failed ones.
    [[nodiscard]] std::string text() const;
    /// By number, with a header line: trial, the parameters, outcome, error, epochs, why. RFC 4180
    /// but for lines that end in \n; numbers read back the same.
    [[nodiscard]] std::string csv() const;

    std::vector<std::string> names = {};  ///< of the parameters
};

/// Tries values of a space and returns what came of each. The least error is best: of the dev
/// set, never of the test set. The result is the same, but for the seconds, for any number of
/// parallel trials, and after any number of kills and resumptions: values and seeds depend on
/// (seed, number) alone, and a rule decides on a trial by the trials of lower number. Inside an op
/// each trial may use set_num_threads() threads, but these are shared: leave it at 1 when several
/// trials run. A trial that throws or gives no finite error has failed; the search goes on. Throws
/// std::invalid_argument for an empty space or options out of range, IoError for a journal that
/// cannot be used: damaged, of another search, in use; std::runtime_error when no trial is
/// complete.
[[nodiscard]] SearchResult search(
    const Space& space, const TrialFunction& trial, const Options& options = {});

}  // namespace xgrad::search
