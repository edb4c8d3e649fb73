#include <autograd/fail.hpp>
#include <nn/dataset.hpp>
#include <nn/rows.hpp>

#include <numeric>
#include <utility>

namespace xgrad::data {
namespace {

void check_shape(const Shape& x) {
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
    check_shape(shape);
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
    check_shape(x.shape());
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
    detail::check_rows("Dataset::subset", *this, rows);
    const auto picked = [&](const Array<T>& from) {
        Array<T> to;
        detail::gather<T>(from, rows, to);
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
Dataset<T> Dataset<T>::slice(std::size_t first, std::size_t count) const {
    if (first > size() || count > size() - first) {
        fail<IndexError>(
            "Dataset::slice: {} rows from {} on; there are {} in all", count, first, size());
    }
    Rows rows(count);
    std::iota(rows.begin(), rows.end(), first);
    return subset(rows);
}

template class Dataset<float>;
template class Dataset<double>;

}  // namespace xgrad::data
