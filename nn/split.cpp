#include <autograd/fail.hpp>
#include <nn/rng.hpp>
#include <nn/split.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>

namespace xgrad::data {
namespace {

// See order_stream in data.cpp.
constexpr std::uint64_t split_stream = 0x73706C6974;

using Sizes = std::array<std::size_t, 3>;  // train, dev, test

Sizes part_sizes(const char* function, std::size_t rows, const Fractions& f) {
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

Rows shuffled_rows(std::size_t rows, Rng& rng) {
    Rows order(rows);
    std::iota(order.begin(), order.end(), std::size_t{0});
    rng.shuffle(order);
    return order;
}

template <class T>
std::optional<Dataset<T>> part_of(const Dataset<T>& dataset, const Rows& rows, Part part) {
    return rows.empty() ? std::nullopt : std::optional(dataset.subset(rows).as(part));
}

}  // namespace

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
    const Sizes sizes = part_sizes("split", rows, fractions);
    Rng rng(seed, split_stream);
    const Rows order = shuffled_rows(rows, rng);
    const auto dev = order.begin() + static_cast<std::ptrdiff_t>(sizes[0]);
    const auto test = dev + static_cast<std::ptrdiff_t>(sizes[1]);
    return {Rows(order.begin(), dev), Rows(dev, test), Rows(test, order.end())};
}

// Deals the rows, sorted by label, each to the part that lags most behind its share. Before each
// row the three lags sum to 1, so the winner's is at least 1/3: none falls below -2/3 nor, as they
// then sum to 0, rises above 4/3. At the end all are whole, hence 0: the sizes are exact; and
// over the rows of a label no lag changes by more than 2.
Split split_stratified(const Labels& labels, const Fractions& fractions, std::uint64_t seed) {
    const std::size_t rows = labels.size();
    const Sizes sizes = part_sizes("split_stratified", rows, fractions);
    Rng rng(seed, split_stream);
    Rows order = shuffled_rows(rows, rng);
    std::ranges::stable_sort(order, {}, [&](std::size_t row) { return labels[row]; });

    std::array<Rows, 3> parts;
    for (std::size_t k = 0; k < rows; ++k) {
        std::array<double, 3> lag{};
        for (std::size_t p = 0; p < 3; ++p) {
            lag[p] = static_cast<double>(sizes[p]) * static_cast<double>(k + 1) /
                         static_cast<double>(rows) -
                     static_cast<double>(parts[p].size());
        }
        const auto winner = std::ranges::max_element(lag) - lag.begin();
        parts[static_cast<std::size_t>(winner)].push_back(order[k]);
    }
    for (Rows& part : parts)
        rng.shuffle(part);
    return {std::move(parts[0]), std::move(parts[1]), std::move(parts[2])};
}

template <class T>
DatasetSplit<T> split_dataset(
    const Dataset<T>& dataset, const Fractions& fractions, const SplitOptions& options) {
    const Split rows = options.stratify ? split_stratified(dataset.y(), fractions, options.seed)
                                        : split(dataset.size(), fractions, options.seed);
    return {
        dataset.subset(rows.train).as(Part::train),
        part_of(dataset, rows.dev, Part::dev),
        part_of(dataset, rows.test, Part::test)};
}

template DatasetSplit<float> split_dataset(
    const Dataset<float>&, const Fractions&, const SplitOptions&);
template DatasetSplit<double> split_dataset(
    const Dataset<double>&, const Fractions&, const SplitOptions&);

}  // namespace xgrad::data
