#include <tools/gradcheck_numeric.hpp>

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

}  // namespace xgrad::detail
