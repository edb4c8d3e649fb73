// Internal to the sources: rows of arrays.
#pragma once

#include <autograd/fail.hpp>
#include <nn/dataset.hpp>

#include <cstddef>
#include <cstring>
#include <span>

namespace xgrad::data::detail {

/// The shape of so many rows like those of `shape`.
inline Shape with_rows(Shape shape, std::size_t rows) {
    shape[0] = rows;
    return shape;
}

/// Number of elements in a row.
template <class T>
std::size_t row_size(const Array<T>& array) {
    return array.shape()[0] == 0 ? 0 : array.size() / array.shape()[0];
}

/// The mean of column j of a matrix, from the differences to its first row: a constant column's
/// mean is that constant to the bit.
template <class T>
double mean_of_column(const T* matrix, std::size_t rows, std::size_t columns, std::size_t j) {
    const auto first = static_cast<double>(matrix[j]);
    double sum = 0;
    for (std::size_t i = 1; i < rows; ++i)
        sum += static_cast<double>(matrix[i * columns + j]) - first;
    return first + sum / static_cast<double>(rows);
}

/// An array of that shape in `to`: the one that is there where it fits. What was moved away may
/// have left an array of any shape.
template <class T>
void make_fit(Array<T>& to, const Shape& shape) {
    if (to.shape() != shape || to.storage().size() != count(shape))
        to = empty<T>(shape);
}

/// Row i of `to` becomes row rows[i] of `from`.
template <class T>
void gather(const Array<T>& from, std::span<const std::size_t> rows, Array<T>& to) {
    make_fit(to, with_rows(from.shape(), rows.size()));
    const std::size_t width = row_size(from);
    if (width == 0)
        return;
    for (std::size_t i = 0; i < rows.size(); ++i)
        std::memcpy(to.data() + i * width, from.data() + rows[i] * width, width * sizeof(T));
}

/// The arrays of a batch of that many rows; `mixed`: with targets for classes, too.
template <class T>
void make_fit(Batch<T>& batch, const Dataset<T>& dataset, std::size_t rows, bool mixed) {
    make_fit(batch.x, with_rows(dataset.x().shape(), rows));
    if (dataset.classes() == 0) {
        make_fit(batch.targets, with_rows(dataset.targets().shape(), rows));
    } else if (mixed) {
        make_fit(batch.targets, {rows, dataset.classes()});
    } else {
        batch.targets = Array<T>();  // those of a batch that was mixed
    }
}

/// None for regression.
template <class T>
void gather_labels(const Dataset<T>& dataset, std::span<const std::size_t> rows, Batch<T>& batch) {
    batch.y.resize(dataset.classes() == 0 ? 0 : rows.size());
    for (std::size_t i = 0; i < batch.y.size(); ++i)
        batch.y[i] = dataset.y()[rows[i]];
}

/// Throws ShapeError for no rows, IndexError for one that is not there.
template <class T>
void check_rows(
    const char* function, const Dataset<T>& dataset, std::span<const std::size_t> rows) {
    if (rows.empty())
        fail<ShapeError>("{}: no rows are given; need at least one", function);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (rows[i] >= dataset.size()) {
            fail<IndexError>(
                "{}: entry {} is row {}; need 0 <= row < {}", function, i, rows[i], dataset.size());
        }
    }
}

}  // namespace xgrad::data::detail
