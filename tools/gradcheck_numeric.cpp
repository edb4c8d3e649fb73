#include <tools/gradcheck_numeric.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

namespace xgrad::detail {

Random::Random(std::uint64_t seed, std::string_view name, std::uint64_t number) noexcept {
    std::uint64_t hash = 14695981039346656037u;  // FNV-1a
    for (const char c : name)
        hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
    state_ = hash + seed;
    state_ = bits() + number;
    state_ = bits();
}

std::uint64_t Random::bits() noexcept {
    state_ += 0x9e3779b97f4a7c15u;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

std::size_t Random::below(std::size_t n) noexcept {
    // The bias of the remainder is n / 2^64.
    return static_cast<std::size_t>(bits() % n);
}

Array<double> draw_seed(const Shape& shape, Random& random) {
    Array<double> seed = empty<double>(shape);
    for (std::size_t i = 0; i < seed.size(); ++i) {
        const double size = 0.5 + static_cast<double>(random.below(65)) / 64;
        seed.data()[i] = random.below(2) == 0 ? size : -size;
    }
    return seed;
}

std::vector<std::size_t> choose(std::size_t n, std::size_t wanted, Random& random) {
    std::set<std::size_t> chosen;
    const bool all = wanted == 0 || wanted >= n;
    // Floyd's sampling: every subset is equally likely.
    for (std::size_t top = all ? 0 : n - wanted; top < n; ++top) {
        const std::size_t pick = all ? top : random.below(top + 1);
        chosen.insert(chosen.contains(pick) ? top : pick);
    }
    return {chosen.begin(), chosen.end()};
}

Slope central_difference(
    const Curve& curve, const std::vector<double>& weights, double x, double h) {
    constexpr double ulps = 4;  // of an elementary function's result
    const double above = x + h;
    const double below = x - h;
    const std::vector<double> up = curve(above);
    const std::vector<double> down = curve(below);
    double sum = 0;
    double all = 0;    // the size of all terms, and of those that changed
    double moved = 0;  // (outputs that the element does not reach add no noise)
    for (std::size_t i = 0; i < weights.size(); ++i) {
        const double difference = up[i] - down[i];
        const double size = std::abs(weights[i]) * std::max(std::abs(up[i]), std::abs(down[i]));
        sum += weights[i] * difference;
        all += size;
        moved += difference != 0 ? size : 0;
    }
    const double width = above - below;
    const double noise = ulps * std::numeric_limits<double>::epsilon() * (moved > 0 ? moved : all);
    return {sum / width, noise / width};
}

Slope extrapolated_difference(
    const Curve& curve, const std::vector<double>& weights, double x, double h) {
    constexpr int rows = 18;
    constexpr int columns = 6;
    Slope best{std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()};
    double before[columns] = {};
    double step = 2048 * h;
    for (int row = 0; row < rows; ++row, step /= 2) {
        const Slope plain = central_difference(curve, weights, x, step);
        double now[columns] = {plain.value};
        const auto consider = [&](int column, double error) {
            error += plain.uncertainty;
            if (error < best.uncertainty)
                best = {now[column], error};
        };
        if (row > 0)
            consider(0, std::abs(now[0] - before[0]));
        double power = 1;
        for (int column = 1; column < std::min(columns, row + 1); ++column) {
            power *= 4;
            now[column] = (power * now[column - 1] - before[column - 1]) / (power - 1);
            const double change = std::abs(now[column] - now[column - 1]);
            consider(column, std::max(change, std::abs(now[column] - before[column - 1])));
        }
        std::copy_n(now, columns, before);
    }
    return best;
}

}  // namespace xgrad::detail
