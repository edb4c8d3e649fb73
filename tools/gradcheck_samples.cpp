#include <tools/gradcheck_case.hpp>

namespace xgrad::detail {
namespace {

constexpr double kink_distance = 0.05;
constexpr double tie_distance = 0.1;

// The inputs' values are multiples of this: 1/64, finer where the domain is narrow, and coarser
// where it is so wide that there were too many to list.
double grid_of(const Sample& sample) {
    constexpr double most = 4096;
    const double width = sample.high - sample.low;
    double grid = 1.0 / 64;
    while (grid * 32 > width && grid > 0x1p-60)
        grid /= 2;
    while (width > grid * most && grid < 0x1p1000)
        grid *= 2;
    return grid;
}

bool near_kink(const Sample& sample, double x) {
    return std::ranges::any_of(
        sample.kinks, [x](double kink) { return std::abs(x - kink) < kink_distance; });
}

// Every value that may be drawn; for distinct ones a grid of wide steps from a random start.
std::vector<double> candidates(const Sample& sample, bool distinct, Random& random) {
    const double grid = grid_of(sample);
    const double step = distinct ? std::ceil(tie_distance / grid) * grid : grid;
    double start = std::ceil(sample.low / grid) * grid;
    if (distinct)
        start += grid * static_cast<double>(random.below(8));
    std::vector<double> all;
    for (std::size_t k = 0;; ++k) {
        const double x = start + static_cast<double>(k) * step;
        if (!(x <= sample.high))
            break;
        if (!near_kink(sample, x))
            all.push_back(x);
    }
    return all;
}

Array<double> repeated(const Array<double>& value, const Shape& shape) {
    Array<double> out = empty<double>(shape);
    for (std::size_t i = 0; i < out.size(); ++i)
        out.data()[i] = value.size() == 0 ? 0 : value.data()[i % value.size()];
    return out;
}

}  // namespace

std::string list_shapes(const std::vector<Shape>& shapes) {
    return fmt::format("{}", fmt::join(shapes, " and "));
}

std::vector<bool> Case::asks() const {
    std::vector<bool> all;
    for (std::size_t i = 0; i < sample.shapes.size(); ++i)
        all.push_back(!is_fixed(i));
    return all;
}

Random Case::random(std::uint64_t purpose) const {
    return {options.seed, op.name(), 16 * number + purpose};
}

std::vector<Array<double>> draw_inputs(
    const Sample& sample, const std::vector<Shape>& shapes, bool distinct, Random random) {
    std::vector<double> pool = candidates(sample, distinct, random);
    std::vector<Array<double>> all;
    for (std::size_t i = 0; i < shapes.size(); ++i) {
        const auto fixed = sample.fixed.find(i);
        if (fixed != sample.fixed.end()) {
            all.push_back(repeated(fixed->second, shapes[i]));
            continue;
        }
        Array<double> x = empty<double>(shapes[i]);
        for (std::size_t k = 0; k < x.size(); ++k) {
            if (pool.empty()) {
                fail<std::invalid_argument>(
                    "sample: no room in [{}, {}] for {} values{}{}; widen it with between()",
                    sample.low,
                    sample.high,
                    x.size(),
                    distinct ? ", 0.1 apart over all inputs" : "",
                    sample.kinks.empty() ? "" : ", 0.05 off the kinks");
            }
            const std::size_t pick = random.below(pool.size());
            x.data()[k] = pool[pick];
            if (distinct) {
                pool[pick] = pool.back();
                pool.pop_back();
            }
        }
        all.push_back(std::move(x));
    }
    return all;
}

}  // namespace xgrad::detail
