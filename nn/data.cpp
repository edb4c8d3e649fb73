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

void check_rows(const Shape& x) {
    if (x.empty() || x[0] == 0)
        fail<ShapeError>("Dataset: x has shape {}; need (N, ...) with at least one row", x);
}

}  // namespace

const char* to_string(Part part) noexcept {
    switch (part) {
        case Part::unsplit: return "unsplit";
        case Part::train: return "train";
        case Part::train_dev: return "train-dev";
        case Part::dev: return "dev";
        case Part::test: return "test";
    }
    return "unknown";
}

template <class T>
Dataset<T>::Dataset(Array<T> x, Labels y, std::size_t classes) {
    const Shape& shape = x.shape();
    check_rows(shape);
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
    content_ = std::make_shared<const Content>(
        Content{std::move(x), std::move(y), empty<T>({0}), classes});
}

template <class T>
Dataset<T>::Dataset(Array<T> x, Array<T> targets) {
    check_rows(x.shape());
    if (targets.dimension() == 0 || targets.shape()[0] != x.shape()[0]) {
        fail<ShapeError>(
            "Dataset: x has shape {}, targets {}; need targets for each row",
            x.shape(),
            targets.shape());
    }
    content_ = std::make_shared<const Content>(Content{std::move(x), {}, std::move(targets), 0});
}

template <class T>
Dataset<T> Dataset<T>::as(Part part) const {
    Dataset result = *this;
    result.part_ = part;
    return result;
}

template <class T>
Dataset<T> Dataset<T>::subset(const Rows& rows) const {
    if (rows.empty())
        fail<ShapeError>("Dataset::subset: no rows are given; need at least one");
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (rows[i] >= size()) {
            fail<IndexError>(
                "Dataset::subset: entry {} is row {}; need 0 <= row < {}", i, rows[i], size());
        }
    }
    const auto picked = [&](const Array<T>& from) {
        auto to = empty<T>(with_rows(from.shape(), rows.size()));
        gather(from, rows.data(), to);
        return to;
    };
    if (classes() == 0)
        return Dataset(picked(x()), picked(targets())).as(part_);
    Labels labels(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i)
        labels[i] = y()[rows[i]];
    return Dataset(picked(x()), std::move(labels), classes()).as(part_);
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
    const auto fill = [&](const Array<T>& from, Array<T>& to) {
        const Shape shape = with_rows(from.shape(), rows);
        // The caller may have moved the last batch away, which leaves an array of any shape.
        if (to.shape() != shape || to.storage().size() != count(shape))
            to = empty<T>(shape);
        gather(from, order_.data() + first, to);
    };
    fill(dataset_.x(), batch_.x);
    if (dataset_.classes() == 0)
        return fill(dataset_.targets(), batch_.targets);
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
