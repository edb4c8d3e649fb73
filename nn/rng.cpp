#include <autograd/fail.hpp>
#include <nn/rng.hpp>

#include <bit>
#include <cmath>
#include <numbers>
#include <utility>

namespace xgrad {
namespace {

Philox::Block words(std::uint64_t first, std::uint64_t second) {
    return {Philox::low(first), Philox::high(first), Philox::low(second), Philox::high(second)};
}

Philox::Key key_of(std::uint64_t seed) { return {Philox::low(seed), Philox::high(seed)}; }

// Keeps the blocks that make a child's seed and stream apart from those a generator hands out.
constexpr std::uint64_t split_key = 0x73706C6974;

}  // namespace

Rng::Rng(std::uint64_t seed, std::uint64_t stream) noexcept
    : Rng(State{.seed = seed, .stream = stream}) {}

Rng::Rng(const State& state) noexcept : state_(state) {
    if (state_.position % 4 != 0)
        refill();
}

void Rng::refill() noexcept {
    block_ = Philox::block(key_of(state_.seed), words(state_.position / 4, state_.stream));
}

// A bijection of (id, stream) for each seed: no two children of one seed are the same.
Rng Rng::split(std::uint64_t id) const noexcept {
    const Philox::Block child =
        Philox::block(key_of(state_.seed ^ split_key), words(id, state_.stream));
    return Rng(child[0] | std::uint64_t{child[1]} << 32, child[2] | std::uint64_t{child[3]} << 32);
}

double Rng::uniform(double low, double high) {
    if (!(low <= high) || !std::isfinite(high - low)) {
        fail<std::invalid_argument>(
            "Rng::uniform: the bounds are {} and {}; need low <= high and a finite difference",
            low,
            high);
    }
    if (low == high)
        return low;
    const double value = low + (high - low) * uniform();
    return value < high ? value : std::nextafter(high, low);  // the sum may have rounded up
}

// sqrt(-2 log u) (cos, sin)(2 pi v), with u in (0, 1].
double Rng::normal() noexcept {
    if (state_.spare != 0)
        return std::bit_cast<double>(std::exchange(state_.spare, 0));
    const double radius = std::sqrt(-2 * std::log(1 - uniform()));
    const double angle = 2 * std::numbers::pi * uniform();
    state_.spare = std::bit_cast<std::uint64_t>(radius * std::sin(angle));
    return radius * std::cos(angle);
}

std::uint64_t Rng::below(std::uint64_t n) {
    if (n == 0)
        fail<std::invalid_argument>("Rng::below: n is 0; need n >= 1");
    const std::uint64_t mask = ~std::uint64_t{0} >> std::countl_zero((n - 1) | 1);
    const bool one_word = mask <= 0xFFFFFFFF;
    while (true) {
        const std::uint64_t value = (one_word ? bits32() : bits64()) & mask;
        if (value < n)
            return value;
    }
}

void Rng::shuffle(std::vector<std::size_t>& items) {
    for (std::size_t i = items.size(); i > 1; --i)
        std::swap(items[i - 1], items[below(i)]);
}

}  // namespace xgrad
