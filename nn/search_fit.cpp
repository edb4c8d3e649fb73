#include <autograd/fail.hpp>
#include <nn/search_fit.hpp>

#include <mutex>
#include <optional>
#include <stdexcept>
#include <utility>

namespace xgrad::search {
namespace {

using data::Part;

/// Tells the search what each epoch gave.
template <class T>
class Reporter : public train::Callback<T> {
public:
    explicit Reporter(const Trial& trial) : trial_(trial) {}

    // A fit that goes on from a checkpoint has epochs by then.
    void on_start(train::FitState<T>& state) override {
        for (std::size_t i = 0; i < state.history.size(); ++i)
            trial_.report(i + 1, state.history[i].dev.error);
    }
    void on_epoch(train::FitState<T>& state) override {
        trial_.report(state.history.size(), state.history.back().dev.error);
    }

private:
    const Trial& trial_;
};

template <class T>
void check(const train::FitData<T>& data) {
    const Part train = data.train.part();
    if (train != Part::train && train != Part::unsplit) {
        fail<std::invalid_argument>(
            "search_fit: the training rows are of part {}; need part train, or none",
            data::to_string(train));
    }
    if (!data.dev)
        fail<std::invalid_argument>("search_fit: there are no dev rows; need them for the scores");
    const Part dev = data.dev->part();
    if (dev != Part::dev && dev != Part::train_dev && dev != Part::unsplit) {
        fail<std::invalid_argument>(
            "search_fit: the dev rows are of part {}; need part dev{}",
            data::to_string(dev),
            dev == Part::test ? ": the test set judges what was chosen" : "");
    }
}

template <class T>
struct Fitted {
    std::unique_ptr<nn::Module<T>> model;
    train::FitResult fit;
    double error = 0;
};

template <class T>
Fitted<T> fit_trial(const Trial& trial, const train::FitData<T>& data, const MakeFit<T>& make) {
    FitTrial<T> made = make(trial);
    if (!made.model)
        fail<std::invalid_argument>("search_fit: trial {} made no model; need one", trial.number());
    made.options.seed = trial.seed();
    made.options.handle_interrupt = false;
    made.options.callbacks.push_back(std::make_shared<Reporter<T>>(trial));
    Fitted<T> fitted{std::move(made.model), {}};
    fitted.fit = train::fit(*fitted.model, data, made.options);
    const train::History& history = fitted.fit.history;
    const std::size_t kept = made.options.early_stopping ? fitted.fit.best_epoch : history.size();
    if (kept == 0)
        fail<std::runtime_error>("search_fit: no epoch was finished; need at least one");
    fitted.error = history[kept - 1].dev.error;
    return fitted;
}

}  // namespace

template <class T>
FitSearchResult<T> search_fit(
    const Space& space,
    const train::FitData<T>& data,
    const MakeFit<T>& make,
    const Options& options) {
    check(data);
    std::mutex mutex;
    std::size_t number = 0;
    std::optional<Fitted<T>> best;  // of the trials that ran here
    const auto run = [&](const Trial& trial) {
        Fitted<T> fitted = fit_trial(trial, data, make);
        const double error = fitted.error;
        const std::lock_guard lock(mutex);
        const bool is_better =
            !best || error < best->error || (error == best->error && trial.number() < number);
        if (is_better) {
            best = std::move(fitted);
            number = trial.number();
        }
        return error;
    };
    FitSearchResult<T> result{search(space, run, options), nullptr, {}};
    const TrialResult& winner = result.search.best_trial();
    if (!best || number != winner.number)
        best = fit_trial(Trial(winner.number, winner.seed, winner.values, nullptr), data, make);
    result.model = std::move(best->model);
    result.fit = std::move(best->fit);
    return result;
}

template FitSearchResult<float> search_fit(
    const Space&, const train::FitData<float>&, const MakeFit<float>&, const Options&);
template FitSearchResult<double> search_fit(
    const Space&, const train::FitData<double>&, const MakeFit<double>&, const Options&);

}  // namespace xgrad::search
