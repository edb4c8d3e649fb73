#include <autograd/fail.hpp>
#include <nn/guards.hpp>
#include <nn/warning.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <tuple>
#include <type_traits>
#include <utility>

namespace xgrad::data {
namespace {

template <class T>
std::uint64_t bits_of(T value) {
    using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
    // One pattern for both zeros, and one for all NaNs.
    return value == 0 ? 0 : value != value ? 1 : std::uint64_t{std::bit_cast<Bits>(value)};
}

// Lanes that do not wait for each other; each step is one to one, so that no bit is lost.
template <class T>
std::uint64_t hash_of(const T* row, std::size_t width) {
    constexpr std::uint64_t factor = 0x9E3779B97F4A7C15;
    std::array<std::uint64_t, 4> lanes = {1, 2, 3, 4};
    const auto add = [](std::uint64_t lane, std::uint64_t bits) {
        return std::rotl(lane ^ bits, 29) * factor;
    };
    std::size_t j = 0;
    for (; j + 4 <= width; j += 4) {
        for (std::size_t lane = 0; lane < 4; ++lane)
            lanes[lane] = add(lanes[lane], bits_of(row[j + lane]));
    }
    for (; j < width; ++j)
        lanes[0] = add(lanes[0], bits_of(row[j]));
    std::uint64_t hash = width;
    for (const std::uint64_t lane : lanes)
        hash = add(hash, lane);
    return hash;
}

template <class T>
bool same_row(const T* a, const T* b, std::size_t width) {
    return std::equal(a, a + width, b, [](T x, T y) { return x == y || (x != x && y != y); });
}

struct Place {
    std::uint64_t hash;
    std::size_t set;
    std::size_t row;
};

template <class T>
void check_sets(const std::vector<Dataset<T>>& parts) {
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const Shape& shape = parts[i].x().shape();
        const Shape& first = parts[0].x().shape();
        if (!std::equal(shape.begin() + 1, shape.end(), first.begin() + 1, first.end())) {
            fail<ShapeError>(
                "find_duplicates_among: x of {} has shape {}, of {} {}; need the same features",
                to_string(parts[0].part()),
                first,
                to_string(parts[i].part()),
                shape);
        }
        for (std::size_t j = 0; j < i; ++j) {
            if (parts[i].part() == parts[j].part()) {
                fail<std::invalid_argument>(
                    "find_duplicates_among: datasets {} and {} are both {}; need a part of its own "
                    "for "
                    "each, see Dataset::as",
                    j,
                    i,
                    to_string(parts[i].part()));
            }
        }
    }
}

template <class T>
const T* row_of(const std::vector<Dataset<T>>& parts, const Place& place, std::size_t width) {
    return parts[place.set].x().data() + place.row * width;
}

// Equal rows of places that share a hash, which may yet hold different rows.
template <class T>
std::vector<std::vector<Place>> classes_of(
    const Place* first, const Place* end, const std::vector<Dataset<T>>& parts, std::size_t width) {
    std::vector<std::vector<Place>> classes;
    for (; first != end; ++first) {
        const auto same = std::ranges::find_if(classes, [&](const std::vector<Place>& places) {
            return same_row(row_of(parts, places[0], width), row_of(parts, *first, width), width);
        });
        if (same == classes.end())
            classes.push_back({*first});
        else
            same->push_back(*first);
    }
    return classes;
}

template <class T>
std::vector<std::vector<Place>> shared_rows(
    const std::vector<Dataset<T>>& parts, std::size_t width) {
    std::vector<Place> places;
    for (std::size_t set = 0; set < parts.size(); ++set) {
        const T* x = parts[set].x().data();
        for (std::size_t row = 0; row < parts[set].size(); ++row)
            places.push_back({hash_of(x + row * width, width), set, row});
    }
    std::ranges::sort(places, {}, [](const Place& place) {
        return std::tuple(place.hash, place.set, place.row);
    });
    std::vector<std::vector<Place>> shared;
    for (std::size_t i = 0; i < places.size();) {
        std::size_t end = i + 1;
        while (end < places.size() && places[end].hash == places[i].hash)
            ++end;
        // In the order of the sets: all of one set when the first and the last are.
        if (places[i].set != places[end - 1].set) {
            for (auto& group : classes_of(&places[i], &places[end - 1] + 1, parts, width)) {
                if (group.front().set != group.back().set)
                    shared.push_back(std::move(group));
            }
        }
        i = end;
    }
    std::ranges::sort(shared, {}, [](const std::vector<Place>& group) {
        return std::pair(group[0].set, group[0].row);
    });
    return shared;
}

}  // namespace

template <class T>
DuplicateReport find_duplicates_among(const std::vector<Dataset<T>>& parts) {
    check_sets(parts);
    DuplicateReport report;
    for (const Dataset<T>& part : parts)
        report.parts.push_back({part.part(), part.size(), 0});
    const std::size_t width = parts.empty() ? 0 : parts[0].x().size() / parts[0].size();
    for (const std::vector<Place>& group : shared_rows(parts, width)) {
        report.groups.emplace_back();
        for (const Place& place : group) {
            ++report.parts[place.set].shared;
            report.groups.back().push_back({parts[place.set].part(), place.row});
        }
    }
    if (report.found())
        xgrad::detail::warn(report.text());
    return report;
}

template <class T>
DuplicateReport find_duplicates(const DatasetSplit<T>& split) {
    std::vector<Dataset<T>> parts = {split.train};
    for (const auto* part : {&split.train_dev, &split.dev, &split.test}) {
        if (part->has_value())
            parts.push_back(**part);
    }
    return find_duplicates_among(parts);
}

std::string DuplicateReport::text() const {
    std::string text = found() ? "duplicate rows across parts: " : "no row is in two parts: ";
    for (std::size_t i = 0; i < parts.size(); ++i) {
        text += i > 0 ? ", " : "";
        text +=
            found()
                ? fmt::format(
                      "{} of {} in {}", parts[i].shared, parts[i].rows, to_string(parts[i].part))
                : fmt::format("{} in {}", parts[i].rows, to_string(parts[i].part));
    }
    if (!found())
        return text;
    text += "; a model may know them by heart: keep each in one part, or split by group";
    constexpr std::size_t listed_groups = 10;
    constexpr std::size_t listed_rows = 6;
    for (std::size_t i = 0; i < std::min(groups.size(), listed_groups); ++i) {
        for (std::size_t j = 0; j < std::min(groups[i].size(), listed_rows); ++j) {
            const PlacedRow& place = groups[i][j];
            text +=
                fmt::format("{}{} {}", j > 0 ? " = " : "\n  ", to_string(place.part), place.row);
        }
        if (groups[i].size() > listed_rows)
            text += fmt::format(" = {} more", groups[i].size() - listed_rows);
    }
    if (groups.size() > listed_groups)
        text += fmt::format("\n  and {} more", groups.size() - listed_groups);
    return text;
}

template DuplicateReport find_duplicates_among(const std::vector<Dataset<float>>&);
template DuplicateReport find_duplicates_among(const std::vector<Dataset<double>>&);
template DuplicateReport find_duplicates(const DatasetSplit<float>&);
template DuplicateReport find_duplicates(const DatasetSplit<double>&);

}  // namespace xgrad::data
