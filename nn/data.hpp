// Labelled data: a Dataset, and a DataLoader that deals it out in batches.
#pragma once

#include <autograd/array.hpp>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <tuple>
#include <type_traits>
#include <vector>

namespace xgrad::data {
template <class T>
struct Batch;
}
template <class T>
struct std::tuple_size<xgrad::data::Batch<T>> : std::integral_constant<std::size_t, 2> {};
template <std::size_t i, class T>
struct std::tuple_element<i, xgrad::data::Batch<T>> {
    using type = std::conditional_t<i == 0, xgrad::Array<T>, std::vector<std::int64_t>>;
};

namespace xgrad::data {

using Labels = std::vector<std::int64_t>;
using Rows = std::vector<std::size_t>;

/// What the rows of a dataset are for. split_dataset() says so, and what must see training rows
/// only, or never the test rows, asks.
enum class Part { unsplit, train, train_dev, dev, test };

/// "train", "train-dev".
[[nodiscard]] const char* to_string(Part part) noexcept;

/// Rows of features, each with a class: x of shape (N, ...), y of N labels in [0, classes); or each
/// with targets, numbers to be met: of shape (N, ...), without labels and with 0 classes.
/// Immutable; copies share the arrays.
template <class T>
class Dataset {
public:
    /// Throws ShapeError when x has no rows or no axis, or y another number of rows;
    /// std::invalid_argument when classes is 0; IndexError for a label outside [0, classes).
    Dataset(Array<T> x, Labels y, std::size_t classes);
    /// For regression. Throws ShapeError when x has no rows or no axis, or targets no axis or
    /// another number of rows.
    Dataset(Array<T> x, Array<T> targets);
    // No move: a moved-from dataset would be empty, and a copy costs a counter.
    Dataset(const Dataset&) noexcept = default;
    Dataset& operator=(const Dataset&) noexcept = default;
    ~Dataset() = default;

    [[nodiscard]] const Array<T>& x() const noexcept { return content_->x; }
    /// Empty for regression.
    [[nodiscard]] const Labels& y() const noexcept { return content_->y; }
    /// Of shape (N, ...) for regression, (0) for classes.
    [[nodiscard]] const Array<T>& targets() const noexcept { return content_->targets; }
    /// 0 for regression.
    [[nodiscard]] std::size_t classes() const noexcept { return content_->classes; }
    /// Number of rows.
    [[nodiscard]] std::size_t size() const noexcept { return content_->x.shape()[0]; }
    /// unsplit, unless as() or a split said otherwise.
    [[nodiscard]] Part part() const noexcept { return part_; }

    /// The same rows as this part.
    [[nodiscard]] Dataset as(Part part) const;
    /// A copy of these rows, in this order, repeats allowed, of the same part. Throws ShapeError
    /// for no rows, IndexError for a row that is not there.
    [[nodiscard]] Dataset subset(const Rows& rows) const;

private:
    struct Content {
        Array<T> x;
        Labels y;
        Array<T> targets;
        std::size_t classes;
    };

    std::shared_ptr<const Content> content_;
    Part part_ = Part::unsplit;
};

/// Features of shape (B, ...), and B labels or targets of shape (B, ...).
template <class T>
struct Batch {
    Array<T> x;
    Labels y;
    Array<T> targets = {};

    /// For `auto& [x, y] = batch`, the two that classification needs.
    template <std::size_t i>
    [[nodiscard]] auto& get() {
        if constexpr (i == 0)
            return x;
        else
            return y;
    }
    template <std::size_t i>
    [[nodiscard]] const auto& get() const {
        if constexpr (i == 0)
            return x;
        else
            return y;
    }
};

struct LoaderOptions {
    std::size_t batch_size = 128;  ///< rows, at least 1
    bool shuffle = true;           ///< a new order in every epoch; false: the order of the rows
    std::uint64_t seed = 0;        ///< of the orders, any number
    bool drop_last = false;        ///< leave out the last batch when it is shorter than the others
};

/// The batches of one pass over a dataset; see DataLoader::epoch.
template <class T>
class Epoch {
public:
    class Iterator {
    public:
        using value_type = Batch<T>;
        using difference_type = std::ptrdiff_t;

        explicit Iterator(Epoch* epoch) : epoch_(epoch) {}
        Batch<T>& operator*() const { return epoch_->batch_; }
        Batch<T>* operator->() const { return &epoch_->batch_; }
        Iterator& operator++() {
            epoch_->load(epoch_->current_ + 1);
            return *this;
        }
        void operator++(int) { ++*this; }
        bool operator==(std::default_sentinel_t) const {
            return epoch_->current_ == epoch_->batches_;
        }

    private:
        Epoch* epoch_;
    };

    Epoch(
        const Dataset<T>& dataset,
        Rows order,
        std::size_t batch_size,
        std::size_t first,
        std::size_t batches);

    /// Starts at the first batch, again if need be.
    [[nodiscard]] Iterator begin() {
        load(first_);
        return Iterator(this);
    }
    [[nodiscard]] std::default_sentinel_t end() const { return {}; }

private:
    void load(std::size_t index);

    Dataset<T> dataset_;
    Rows order_;
    std::size_t batch_size_;
    std::size_t first_;
    std::size_t batches_;
    std::size_t current_ = 0;
    Batch<T> batch_;
};

/// Deals a dataset out in batches. The order is a function of seed and epoch alone, so training
/// resumes at any batch of any epoch.
///
///     for (auto& [x, y] : loader.epoch(3)) step(Variable<float>(std::move(x)), y);
template <class T>
class DataLoader {
public:
    /// Shares the dataset. Throws std::invalid_argument for batch_size 0, or drop_last with
    /// fewer rows than a batch.
    explicit DataLoader(const Dataset<T>& dataset, const LoaderOptions& options = {});

    /// Batches in an epoch.
    [[nodiscard]] std::size_t batches() const noexcept { return batches_; }
    /// A pass over all rows for a range-for loop, which may move out of a batch; the memory of what
    /// it leaves is used for the next one. An epoch is used once, or started afresh, and outlives
    /// the loader. It starts with batch `first`, where a run that was interrupted goes on; at
    /// batches() there is nothing left of it. Throws IndexError for a `first` beyond that.
    [[nodiscard]] Epoch<T> epoch(std::uint64_t number, std::size_t first = 0) const;
    [[nodiscard]] const Dataset<T>& dataset() const noexcept { return dataset_; }
    [[nodiscard]] const LoaderOptions& options() const noexcept { return options_; }

private:
    Dataset<T> dataset_;
    LoaderOptions options_;
    std::size_t batches_;
};

extern template class Dataset<float>;
extern template class Dataset<double>;
extern template class Epoch<float>;
extern template class Epoch<double>;
extern template class DataLoader<float>;
extern template class DataLoader<double>;

}  // namespace xgrad::data
