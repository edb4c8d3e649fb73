// DataLoader: deals a dataset out in batches.
#pragma once

#include <nn/augment.hpp>
#include <nn/dataset.hpp>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>

namespace xgrad::data {

struct LoaderOptions {
    std::size_t batch_size = 128;  ///< rows, at least 1
    bool shuffle = true;           ///< a new order in every epoch; false: the order of the rows
    std::uint64_t seed = 0;        ///< of the orders, any number
    bool drop_last = false;        ///< leave out the last batch when it is shorter than the others
    /// Threads that make batches ahead, two each; 0: a batch is made when it is asked for. The
    /// batches are the same.
    std::size_t workers = 0;
};

namespace detail {
template <class T>
struct Plan;
template <class T>
class Prefetcher;
}  // namespace detail

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

    explicit Epoch(std::shared_ptr<const detail::Plan<T>> plan);
    /// A copy is at no batch yet.
    Epoch(const Epoch& other);
    Epoch& operator=(const Epoch& other);
    Epoch(Epoch&&) noexcept;
    Epoch& operator=(Epoch&&) noexcept;
    /// Waits for the workers to end.
    ~Epoch();

    /// Starts at the first batch, again if need be.
    [[nodiscard]] Iterator begin();
    [[nodiscard]] std::default_sentinel_t end() const { return {}; }

private:
    void load(std::size_t index);

    std::shared_ptr<const detail::Plan<T>> plan_;
    std::size_t batches_;
    std::size_t current_ = 0;
    Batch<T> batch_;
    std::unique_ptr<detail::Prefetcher<T>> prefetcher_;  // none without workers
};

/// Deals a dataset out in batches, augmented if asked for. Order and contents are functions of
/// seeds and epoch alone, so training resumes at any batch of any epoch.
///
///     for (auto& [x, y] : loader.epoch(3)) step(Variable<float>(std::move(x)), y);
template <class T>
class DataLoader {
public:
    /// Shares the dataset. Throws std::invalid_argument for batch_size 0, or drop_last with
    /// fewer rows than a batch, and what Augmentation::check() throws: of a dataset that is a dev
    /// or test part none is taken.
    explicit DataLoader(
        const Dataset<T>& dataset,
        const LoaderOptions& options = {},
        std::optional<Augmentation<T>> augmentation = {});

    /// Batches in an epoch.
    [[nodiscard]] std::size_t batches() const noexcept { return batches_; }
    /// A pass over all rows for a range-for loop, which may move out of a batch; the memory of what
    /// it leaves is used for the next one. An epoch is used once, or started afresh, and outlives
    /// the loader. It starts with batch `first`, where a run that was interrupted goes on; at
    /// batches() there is nothing left of it. Throws IndexError for a `first` beyond that. What a
    /// step of one's own or a worker throws, the loop throws at the batch it belongs to.
    [[nodiscard]] Epoch<T> epoch(std::uint64_t number, std::size_t first = 0) const;
    [[nodiscard]] const Dataset<T>& dataset() const noexcept { return dataset_; }
    [[nodiscard]] const LoaderOptions& options() const noexcept { return options_; }
    [[nodiscard]] const std::optional<Augmentation<T>>& augmentation() const noexcept {
        return augmentation_;
    }

private:
    Dataset<T> dataset_;
    LoaderOptions options_;
    std::optional<Augmentation<T>> augmentation_;
    std::size_t batches_;
};

}  // namespace xgrad::data
