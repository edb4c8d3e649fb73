// Search for what a model is trained with: each trial is a fit(), scored on the dev rows.
#pragma once

#include <nn/fit.hpp>
#include <nn/search.hpp>

#include <functional>
#include <memory>

namespace xgrad::search {

/// What one trial trains: a model with its first weights, and how.
template <class T>
struct FitTrial {
    std::unique_ptr<nn::Module<T>> model;
    train::FitOptions<T> options = {};
};

/// Makes it of the trial's values, all that is random from trial.seed(). Called in threads of the
/// search.
template <class T>
using MakeFit = std::function<FitTrial<T>(const Trial& trial)>;

template <class T>
struct FitSearchResult {
    SearchResult search;
    std::unique_ptr<nn::Module<T>> model;  ///< the best trial's, as its fit() left it
    train::FitResult fit;                  ///< how that was
};

/// Searches as search() does, with train::fit() on data.train for a trial. Each epoch's dev error
/// (0-1 error; mean loss for targets) is reported; the trial's own is that of the weights it ends
/// with: the best epoch's with early stopping, else the last one's. The seed of the rows' order is
/// the trial's, and Ctrl-C is the program's own: with a journal, the search goes on afterwards. A
/// best trial that comes from the journal is trained again, to the same bits. The test set has no
/// place here. Throws std::invalid_argument when there are no dev rows, or a part is the test set's
/// or not what it is used for, and what search() throws.
template <class T>
[[nodiscard]] FitSearchResult<T> search_fit(
    const Space& space,
    const train::FitData<T>& data,
    const MakeFit<T>& make,
    const Options& options = {});

extern template FitSearchResult<float> search_fit(
    const Space&, const train::FitData<float>&, const MakeFit<float>&, const Options&);
extern template FitSearchResult<double> search_fit(
    const Space&, const train::FitData<double>&, const MakeFit<double>&, const Options&);

}  // namespace xgrad::search
