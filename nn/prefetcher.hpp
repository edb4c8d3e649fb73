// Internal to the sources: threads that make batches ahead.
#pragma once

#include <autograd/fail.hpp>
#include <nn/augment.hpp>
#include <nn/rows.hpp>

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

namespace xgrad::data::detail {

/// All that the batches of an epoch depend on. Constant, so that threads share it.
template <class T>
struct Plan {
    Dataset<T> dataset;
    std::optional<Augmentation<T>> augmentation;
    Rows order;
    std::uint64_t epoch;
    std::size_t batch_size;
    std::size_t first, batches;  // batch numbers [first, batches)
    std::size_t workers;

    [[nodiscard]] std::span<const std::size_t> rows(std::size_t index) const {
        const std::size_t begin = index * batch_size;
        return std::span(order).subspan(begin, std::min(batch_size, order.size() - begin));
    }
    /// The arrays that make() fills.
    void prepare(std::size_t index, Batch<T>& batch) const {
        make_fit(batch, dataset, rows(index).size(), augmentation && augmentation->mixes());
    }
    void make(std::size_t index, Batch<T>& batch) const {
        if (augmentation)
            return augmentation->apply(dataset, rows(index), epoch, batch);
        gather(dataset.x(), rows(index), batch.x);
        gather_labels(dataset, rows(index), batch);
        if (dataset.classes() == 0)
            gather(dataset.targets(), rows(index), batch.targets);
    }
};

/// The batches of a plan in their order, made by its workers in a ring of slots. The arrays are
/// made and freed by the thread that takes the batches, and workers fill them: the pool keeps what
/// a thread frees for that thread, so arrays that wander from one to the other would pile up.
template <class T>
class Prefetcher {
public:
    explicit Prefetcher(std::shared_ptr<const Plan<T>> plan)
        : plan_(std::move(plan)),
          taken_(plan_->first),
          opened_(plan_->first),
          claimed_(plan_->first) {
        const std::size_t batches = plan_->batches - plan_->first;
        const std::size_t workers = std::min(plan_->workers, batches);
        slots_.resize(std::min(2 * workers, batches));
        for (; opened_ < taken_ + slots_.size(); ++opened_)
            plan_->prepare(opened_, slot(opened_).batch);
        for (std::size_t i = 0; i < workers; ++i)
            threads_.emplace_back([this](const std::stop_token& stop) { work(stop); });
    }
    ~Prefetcher() {
        for (std::jthread& thread : threads_)
            thread.request_stop();
    }
    Prefetcher(const Prefetcher&) = delete;
    Prefetcher& operator=(const Prefetcher&) = delete;

    /// Swaps the next batch in. Throws what making it has thrown; then the one after is next.
    void take(Batch<T>& batch) {
        Slot& next = slot(taken_);
        {
            std::unique_lock lock(mutex_);
            is_made_.wait(lock, [&] { return next.made; });
        }
        std::swap(batch, next.batch);
        const std::exception_ptr error = std::exchange(next.error, nullptr);
        next.made = false;
        ++taken_;
        open_next();
        if (error)
            std::rethrow_exception(error);
    }

private:
    struct Slot {
        Batch<T> batch;
        bool made = false;
        std::exception_ptr error;
    };

    Slot& slot(std::size_t index) { return slots_[index % slots_.size()]; }

    void open_next() {
        if (opened_ == plan_->batches)
            return;
        try {
            plan_->prepare(opened_, slot(opened_).batch);
        } catch (const std::bad_alloc&) {
            // The worker will try again, and its failure is told in turn.
        }
        {
            const std::lock_guard lock(mutex_);
            ++opened_;
        }
        may_make_.notify_one();
    }

    void work(const std::stop_token& stop) {
        std::unique_lock lock(mutex_);
        while (claimed_ < plan_->batches) {
            may_make_.wait(lock, stop, [&] { return claimed_ < opened_; });
            if (stop.stop_requested())
                return;
            const std::size_t index = claimed_++;
            lock.unlock();
            make(index);
            lock.lock();
        }
    }

    void make(std::size_t index) {
        Slot& mine = slot(index);
        try {
            plan_->make(index, mine.batch);
        } catch (...) {
            mine.error = std::current_exception();
        }
        {
            const std::lock_guard lock(mutex_);
            mine.made = true;
        }
        is_made_.notify_one();
    }

    const std::shared_ptr<const Plan<T>> plan_;
    std::vector<Slot> slots_;
    std::size_t taken_;  // by the consumer alone
    std::mutex mutex_;
    std::condition_variable is_made_;
    std::condition_variable_any may_make_;
    std::size_t opened_;                 // batches below may be made
    std::size_t claimed_;                // batches below are being made, or are
    std::vector<std::jthread> threads_;  // last: ends before what it uses
};

}  // namespace xgrad::data::detail
