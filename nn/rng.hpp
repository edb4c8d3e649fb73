// Rng, a random number generator over Philox.
#pragma once

#include <ops/philox.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace xgrad {

/// A generator: the words of Philox's blocks 0, 1, 2, ... under the key `seed`, with `stream` as
/// the upper half of the counter. Always passed in by the caller, there is no global one; a copy
/// replays. The bits depend on the arguments alone; normal() goes through the machine's log, sin
/// and cos. One thread at a time.
class Rng {
public:
    /// All there is to know of a generator: Rng(rng.state()) continues where `rng` stands.
    struct State {
        std::uint64_t seed = 0;
        std::uint64_t stream = 0;
        std::uint64_t position = 0;  ///< 32-bit words drawn so far
        std::uint64_t spare = 0;     ///< bits of the double that normal() still owes; 0 for none

        friend bool operator==(const State&, const State&) = default;
    };

    /// Different (seed, stream) give different sequences.
    explicit Rng(std::uint64_t seed, std::uint64_t stream = 0) noexcept;
    explicit Rng(const State& state) noexcept;
    [[nodiscard]] const State& state() const noexcept { return state_; }

    /// An independent generator for part `id` of the work: a layer, an epoch, a thread. It depends
    /// on seed, stream and id, not on what has been drawn; different ids give different sequences.
    [[nodiscard]] Rng split(std::uint64_t id) const noexcept;

    /// The next word.
    std::uint32_t bits32() noexcept {
        const std::size_t lane = state_.position % 4;
        if (lane == 0)
            refill();
        ++state_.position;
        return block_[lane];
    }
    /// The next two words, the low one first.
    std::uint64_t bits64() noexcept {
        const std::uint64_t low = bits32();
        return low | std::uint64_t{bits32()} << 32;
    }

    /// A multiple of 2^-53 in [0, 1), each equally likely. Narrowed to float it may round to 1.
    double uniform() noexcept { return static_cast<double>(bits64() >> 11) * 0x1p-53; }
    /// In [low, high); low when they are equal. Throws std::invalid_argument when low > high or
    /// high - low is not finite.
    double uniform(double low, double high);

    /// Mean 0, deviation 1, at most 8.6 in magnitude. Box and Muller 1958: two uniform numbers make
    /// two values; the second is kept for the next call.
    double normal() noexcept;

    /// An integer in [0, n), each equally likely: the low bits that cover n, drawn again until
    /// they are below it. Throws std::invalid_argument for n = 0.
    std::uint64_t below(std::uint64_t n);

    /// Puts the items in random order, each order equally likely [Fisher and Yates; Durstenfeld
    /// 1964].
    void shuffle(std::vector<std::size_t>& items);

private:
    void refill() noexcept;

    State state_;
    Philox::Block block_{};  // the block of `position`, unless that is a block's first word
};

}  // namespace xgrad
