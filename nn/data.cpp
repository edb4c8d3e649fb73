#include <autograd/fail.hpp>
#include <nn/data.hpp>
#include <nn/rng.hpp>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <utility>

namespace xgrad::data {
namespace {

// The stream of the generator that orders the epochs, so that a seed shared with another use of
// random numbers does not repeat its bits.
constexpr std::uint64_t order_stream = 0x6F72646572;

Shape with_rows(Shape shape, std::size_t rows) {
    shape[0] = rows;
    return shape;
}

// Row i of `to` becomes row rows[i] of `from`.
template <class T>
void gather(const Array<T>& from, const std::size_t* rows, Array<T>& to) {
    const std::size_t width = from.size() / from.shape()[0];
    if (width == 0)
        return;
    for (std::size_t i = 0; i < to.shape()[0]; ++i) {
        std::memcpy(to.data() + i * width, from.data() + rows[i] * width, width * sizeof(T));
    }
}

}  // namespace

template <class T>
Dataset<T>::Dataset(Array<T> x, Labels y, std::size_t classes) {
    const Shape& shape = x.shape();
    if (shape.empty() || shape[0] == 0) {
        fail<ShapeError>("Dataset: x has shape {}; need (N, ...) with at least one row", shape);
    }
    if (y.size() != shape[0]) {
        fail<ShapeError>(
            "Dataset: x has shape {}, y has {} labels; need a label for each row", shape, y.size());
    }
    if (classes == 0)
        fail<std::invalid_argument>("Dataset: classes is 0; need at least 1");
    for (std::size_t i = 0; i < y.size(); ++i) {
        if (y[i] < 0 || static_cast<std::uint64_t>(y[i]) >= classes) {
            fail<IndexError>(
                "Dataset: the label of row {} is {}; need 0 <= label < {}", i, y[i], classes);
        }
    }
    content_ = std::make_shared<const Content>(Content{std::move(x), std::move(y), classes});
}

template <class T>
Dataset<T> Dataset<T>::subset(const Rows& rows) const {
    if (rows.empty())
        fail<ShapeError>("Dataset::subset: no rows are given; need at least one");
    Labels labels(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (rows[i] >= size()) {
            fail<IndexError>(
                "Dataset::subset: entry {} is row {}; need 0 <= row < {}", i, rows[i], size());
        }
        labels[i] = y()[rows[i]];
    }
    auto features = empty<T>(with_rows(x().shape(), rows.size()));
    gather(x(), rows.data(), features);
    return Dataset(std::move(features), std::move(labels), classes());
}

template <class T>
Epoch<T>::Epoch(
    const Dataset<T>& dataset,
    Rows order,
    std::size_t batch_size,
    std::size_t first,
    std::size_t batches)
    : dataset_(dataset),
      order_(std::move(order)),
      batch_size_(batch_size),
      first_(first),
      batches_(batches) {}

template <class T>
void Epoch<T>::load(std::size_t index) {
    current_ = index;
    if (index >= batches_)
        return;
    const std::size_t first = index * batch_size_;
    const std::size_t rows = std::min(batch_size_, order_.size() - first);
    const Shape shape = with_rows(dataset_.x().shape(), rows);
    // The caller may have moved the last batch away, which leaves an array of any shape.
    if (batch_.x.shape() != shape || batch_.x.storage().size() != count(shape)) {
        batch_.x = empty<T>(shape);
    }
    gather(dataset_.x(), order_.data() + first, batch_.x);
    batch_.y.resize(rows);
    for (std::size_t i = 0; i < rows; ++i)
        batch_.y[i] = dataset_.y()[order_[first + i]];
}

template <class T>
DataLoader<T>::DataLoader(const Dataset<T>& dataset, const LoaderOptions& options)
    : dataset_(dataset),
      options_(options) {
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
    return Epoch<T>(dataset_, std::move(order), options_.batch_size, first, batches_);
}

template class Dataset<float>;
template class Dataset<double>;
template class Epoch<float>;
template class Epoch<double>;
template class DataLoader<float>;
template class DataLoader<double>;

}  // namespace xgrad::data
