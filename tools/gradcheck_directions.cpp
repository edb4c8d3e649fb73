#include <tools/gradcheck_directions.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace xgrad::detail {
namespace {

std::vector<double> draw_direction(const Probe& probe, Random& random) {
    std::vector<double> v(probe.leaf().size());
    for (std::size_t i = 0; i < v.size(); ++i) {
        const double size = 0.5 + static_cast<double>(random.below(1u << 20)) * 0x1p-20;
        const int drawn = random.below(2) == 0 ? 1 : -1;
        const int inward = probe.inward(i);
        v[i] = (inward != 0 ? inward : drawn) * size;
    }
    return v;
}

// Elements of a direction, from `first` on.
struct Part {
    std::size_t first, count;
    double gap;
};

class Halving {
public:
    Halving(
        const Probe& probe,
        std::span<const double> analytic,
        std::span<const double> v,
        std::size_t most,
        std::vector<std::size_t>& found)
        : probe_(probe),
          analytic_(analytic),
          v_(v),
          most_(most),
          found_(found) {}

    void search(const Part& part) {
        if (part.count == 1) {
            if (std::ranges::find(found_, part.first) == found_.end())
                found_.push_back(part.first);
            return;
        }
        const std::size_t half = part.count / 2;
        Part parts[] = {measured(part.first, half), measured(part.first + half, part.count - half)};
        if (parts[1].gap > parts[0].gap)
            std::swap(parts[0], parts[1]);
        for (const Part& next : parts) {
            if (found_.size() < most_ && !(next.gap < 0.25 * part.gap))
                search(next);
        }
    }

private:
    [[nodiscard]] Part measured(std::size_t first, std::size_t count) const {
        const auto v = v_.subspan(first, count);
        const Line line = probe_.direction(first, v);
        const double h = line.steps.front();
        const Slope slope = weigh(difference(line, h, stencil_at(line, h)), line.weights);
        const double expected = std::inner_product(
            v.begin(), v.end(), analytic_.begin() + static_cast<std::ptrdiff_t>(first), 0.0);
        return {first, count, std::abs(slope.value - expected)};
    }

    const Probe& probe_;
    std::span<const double> analytic_, v_;
    std::size_t most_;
    std::vector<std::size_t>& found_;
};

}  // namespace

DirectionResult check_directions(
    const Probe& probe,
    const Judge& judge,
    std::span<const double> analytic,
    std::size_t directions,
    std::size_t most,
    Random& random) {
    DirectionResult result;
    // Elements that move away from a border have one sign, and half as many sizes.
    bool inward = false;
    for (std::size_t at = 0; at < analytic.size(); ++at)
        inward = inward || probe.inward(at) != 0;
    const double signs = inward ? 2 : 1;
    for (std::size_t k = 0; k < directions; ++k) {
        const std::vector<double> v = draw_direction(probe, random);
        GradcheckEntry entry;
        entry.analytic = std::inner_product(v.begin(), v.end(), analytic.begin(), 0.0);
        judge.judge(probe.direction(0, v), entry);
        const double passes = judge.allowed(entry.analytic, entry.numeric);
        // Of a direction that proves nothing no error is known to be too small.
        const double hidden =
            entry.verdict == GradcheckVerdict::inconclusive
                ? std::numeric_limits<double>::infinity()
                : passes + 4 * entry.uncertainty + std::abs(entry.right - entry.left);
        result.resolution = std::max(result.resolution, signs * hidden);
        if (entry.verdict != GradcheckVerdict::pass)
            Halving(probe, analytic, v, most, result.suspects)
                .search({0, v.size(), entry.absolute});
        result.entries.push_back(std::move(entry));
    }
    return result;
}

}  // namespace xgrad::detail
