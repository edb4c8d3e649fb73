#include <autograd/fail.hpp>
#include <nn/rng.hpp>
#include <nn/split_detail.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace xgrad::data {
namespace {

// See order_stream in loader.cpp.
constexpr std::uint64_t split_stream = 0x73706C6974;

Rows shuffled_rows(std::size_t rows, Rng& rng) {
    Rows order(rows);
    std::iota(order.begin(), order.end(), std::size_t{0});
    rng.shuffle(order);
    return order;
}

// The first rows of a random order train, the next ones are dev, then test.
Split cut(std::size_t rows, const detail::Sizes& sizes, std::uint64_t seed) {
    Rng rng(seed, split_stream);
    const Rows order = shuffled_rows(rows, rng);
    const auto dev = order.begin() + static_cast<std::ptrdiff_t>(sizes[0]);
    const auto test = dev + static_cast<std::ptrdiff_t>(sizes[1]);
    return {
        Rows(order.begin(), dev),
        Rows(dev, test),
        Rows(test, test + static_cast<std::ptrdiff_t>(sizes[2]))};
}

void check_options(const SplitOptions& options, std::size_t rows, std::size_t classes) {
    if (options.stratify && !options.groups.empty()) {
        fail<std::invalid_argument>(
            "split_dataset: stratify is set and there are {} groups; need one of the two",
            options.groups.size());
    }
    if (options.stratify && classes == 0) {
        fail<std::invalid_argument>(
            "split_dataset: stratify is set and the {} rows have targets; need labels", rows);
    }
    if (!options.groups.empty() && options.groups.size() != rows) {
        fail<ShapeError>(
            "split_dataset: there are {} groups for {} rows; need a group for each row",
            options.groups.size(),
            rows);
    }
}

template <class T>
std::optional<Dataset<T>> part_of(const Dataset<T>& dataset, const Rows& rows, Part part) {
    return rows.empty() ? std::nullopt : std::optional(dataset.subset(rows).as(part));
}

}  // namespace

detail::Sizes detail::part_sizes(const char* function, std::size_t rows, const Fractions& f) {
    const double sum = f.train + f.dev + f.test;
    if (!(f.train > 0 && f.dev >= 0 && f.test >= 0 && std::abs(sum - 1) <= 1e-9)) {
        fail<std::invalid_argument>(
            "{}: the fractions of train, dev and test are {}, {} and {}; need train > 0, none "
            "negative and a sum of 1",
            function,
            f.train,
            f.dev,
            f.test);
    }
    const auto part = [&](double fraction) {
        return static_cast<std::size_t>(std::llround(fraction * static_cast<double>(rows)));
    };
    const std::size_t rest = part(f.dev) + part(f.test);
    const Sizes sizes = {rows - std::min(rows, rest), part(f.dev), part(f.test)};
    if (sizes[0] == 0 || (f.dev > 0 && sizes[1] == 0) || (f.test > 0 && sizes[2] == 0)) {
        fail<std::invalid_argument>(
            "{}: {} rows give train {}, dev {} and test {}; need at least one row in each part "
            "with a fraction",
            function,
            rows,
            sizes[0],
            sizes[1],
            sizes[2]);
    }
    return sizes;
}

std::size_t detail::most_behind(
    const Sizes& goal, const Sizes& sizes, std::size_t dealt, std::size_t rows) {
    std::size_t winner = 0;
    double largest = -std::numeric_limits<double>::infinity();
    for (std::size_t p = 0; p < 3; ++p) {
        const double lag =
            static_cast<double>(goal[p]) * static_cast<double>(dealt) / static_cast<double>(rows) -
            static_cast<double>(sizes[p]);
        if (goal[p] > 0 && lag > largest) {
            winner = p;
            largest = lag;
        }
    }
    return winner;
}

SplitChoice suggest_split(std::size_t rows) {
    if (rows < 100'000) {
        return {{0.6, 0.2, 0.2}, fmt::format("60/20/20: {} rows, fewer than 100000", rows)};
    }
    if (rows <= 2'000'000) {
        return {{0.98, 0.01, 0.01}, fmt::format("98/1/1: {} rows, 100000 to 2000000", rows)};
    }
    return {
        {0.995, 0.0025, 0.0025}, fmt::format("99.5/0.25/0.25: {} rows, more than 2000000", rows)};
}

Split split(std::size_t rows, const Fractions& fractions, std::uint64_t seed) {
    const detail::Sizes sizes = detail::part_sizes("split", rows, fractions);
    return cut(rows, sizes, seed);
}

Split split_by_size(std::size_t rows, const PartSizes& sizes, std::uint64_t seed) {
    // Subtracted rather than added: a sum may overflow.
    if (sizes.train == 0 || sizes.train > rows || sizes.dev > rows - sizes.train ||
        sizes.test > rows - sizes.train - sizes.dev) {
        fail<std::invalid_argument>(
            "split_by_size: {} rows do not give train {}, dev {} and test {}; need train > 0 and a "
            "sum of at most {}",
            rows,
            sizes.train,
            sizes.dev,
            sizes.test,
            rows);
    }
    return cut(rows, {sizes.train, sizes.dev, sizes.test}, seed);
}

// Deals the rows, sorted by label, each to the part that lags most behind its share. Before each
// row the three lags sum to 1, so the winner's is at least 1/3: none falls below -2/3 nor, as they
// then sum to 0, rises above 4/3. At the end all are whole, hence 0: the sizes are exact; and
// over the rows of a label no lag changes by more than 2.
Split split_stratified(const Labels& labels, const Fractions& fractions, std::uint64_t seed) {
    const std::size_t rows = labels.size();
    const detail::Sizes sizes = detail::part_sizes("split_stratified", rows, fractions);
    Rng rng(seed, split_stream);
    Rows order = shuffled_rows(rows, rng);
    std::ranges::stable_sort(order, {}, [&](std::size_t row) { return labels[row]; });

    std::array<Rows, 3> parts;
    for (std::size_t k = 0; k < rows; ++k) {
        const std::size_t winner = detail::most_behind(
            sizes, {parts[0].size(), parts[1].size(), parts[2].size()}, k + 1, rows);
        parts[winner].push_back(order[k]);
    }
    for (Rows& part : parts)
        rng.shuffle(part);
    return {std::move(parts[0]), std::move(parts[1]), std::move(parts[2])};
}

template <class T>
DatasetSplit<T> parts_of(const Dataset<T>& dataset, const Split& rows) {
    return {
        dataset.subset(rows.train).as(Part::train),
        part_of(dataset, rows.dev, Part::dev),
        part_of(dataset, rows.test, Part::test)};
}

template <class T>
DatasetSplit<T> split_dataset(
    const Dataset<T>& dataset, const Fractions& fractions, const SplitOptions& options) {
    check_options(options, dataset.size(), dataset.classes());
    if (!options.groups.empty())
        return parts_of(dataset, split_grouped(options.groups, fractions, options.seed));
    if (options.stratify)
        return parts_of(dataset, split_stratified(dataset.y(), fractions, options.seed));
    return parts_of(dataset, split(dataset.size(), fractions, options.seed));
}

template DatasetSplit<float> parts_of(const Dataset<float>&, const Split&);
template DatasetSplit<double> parts_of(const Dataset<double>&, const Split&);
template DatasetSplit<float> split_dataset(
    const Dataset<float>&, const Fractions&, const SplitOptions&);
template DatasetSplit<double> split_dataset(
    const Dataset<double>&, const Fractions&, const SplitOptions&);

}  // namespace xgrad::data
