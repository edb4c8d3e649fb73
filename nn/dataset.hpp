// Labelled data: a Dataset, and the Batch that a DataLoader deals out of it.
#pragma once

#include <autograd/array.hpp>

#include <cstddef>
#include <cstdint>
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
    /// A copy of `count` rows from `first` on, of the same part. Throws as subset().
    [[nodiscard]] Dataset slice(std::size_t first, std::size_t count) const;

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

}  // namespace xgrad::data
