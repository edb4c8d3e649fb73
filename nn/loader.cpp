#include <autograd/fail.hpp>
#include <nn/loader.hpp>
#include <nn/prefetcher.hpp>
#include <nn/rng.hpp>

#include <numeric>
#include <utility>

namespace xgrad::data {
namespace {

// The stream of the generator that orders the epochs, so that a seed shared with another use of
// random numbers does not repeat its bits.
constexpr std::uint64_t order_stream = 0x6F72646572;

}  // namespace

template <class T>
Epoch<T>::Epoch(std::shared_ptr<const detail::Plan<T>> plan)
    : plan_(std::move(plan)),
      batches_(plan_->batches) {}

template <class T>
Epoch<T>::Epoch(const Epoch& other) : Epoch(other.plan_) {}
template <class T>
Epoch<T>& Epoch<T>::operator=(const Epoch& other) {
    return *this = Epoch(other);
}
template <class T>
Epoch<T>::Epoch(Epoch&&) noexcept = default;
template <class T>
Epoch<T>& Epoch<T>::operator=(Epoch&&) noexcept = default;
template <class T>
Epoch<T>::~Epoch() = default;

template <class T>
typename Epoch<T>::Iterator Epoch<T>::begin() {
    prefetcher_.reset();
    if (plan_->workers > 0 && plan_->first < batches_)
        prefetcher_ = std::make_unique<detail::Prefetcher<T>>(plan_);
    load(plan_->first);
    return Iterator(this);
}

template <class T>
void Epoch<T>::load(std::size_t index) {
    current_ = index;
    if (index >= batches_)
        return;
    if (prefetcher_)
        return prefetcher_->take(batch_);
    plan_->make(index, batch_);
}

template <class T>
DataLoader<T>::DataLoader(
    const Dataset<T>& dataset,
    const LoaderOptions& options,
    std::optional<Augmentation<T>> augmentation)
    : dataset_(dataset),
      options_(options),
      augmentation_(std::move(augmentation)) {
    const std::size_t size = options.batch_size;
    if (size == 0)
        fail<std::invalid_argument>("DataLoader: batch_size is 0; need at least 1");
    batches_ = dataset.size() / size;
    if (!options.drop_last && dataset.size() % size != 0)
        ++batches_;
    if (batches_ == 0) {
        fail<std::invalid_argument>(
            "DataLoader: batch_size is {}, drop_last is set and there are {} rows; need enough "
            "for one batch",
            size,
            dataset.size());
    }
    if (augmentation_)
        augmentation_->check(dataset);
}

template <class T>
Epoch<T> DataLoader<T>::epoch(std::uint64_t number, std::size_t first) const {
    if (first > batches_) {
        fail<IndexError>(
            "DataLoader::epoch: the first batch is {}; need 0 <= batch <= {}", first, batches_);
    }
    Rows order(dataset_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    if (options_.shuffle)
        Rng(options_.seed, order_stream).split(number).shuffle(order);
    return Epoch<T>(std::make_shared<const detail::Plan<T>>(detail::Plan<T>{
        .dataset = dataset_,
        .augmentation = augmentation_,
        .order = std::move(order),
        .epoch = number,
        .batch_size = options_.batch_size,
        .first = first,
        .batches = batches_,
        .workers = options_.workers}));
}

template class Epoch<float>;
template class Epoch<double>;
template class DataLoader<float>;
template class DataLoader<double>;

}  // namespace xgrad::data
