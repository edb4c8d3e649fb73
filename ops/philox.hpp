// Philox4x32-10: random bits as a function of a key and a counter.
#pragma once

#include <array>
#include <cstdint>

namespace xgrad {

/// Philox4x32-10 [Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"]: for each key
/// a bijection of 128-bit counters whose outputs pass for random. It has no state, so element i of
/// a dropout mask is a function of (seed, layer, step, i): any order, any number of threads.
class Philox {
public:
    using Key = std::array<std::uint32_t, 2>;
    using Block = std::array<std::uint32_t, 4>;

    static constexpr int rounds = 10;
    static constexpr Key multiplier = {0xD2511F53, 0xCD9E8D57};
    static constexpr Key weyl = {0x9E3779B9, 0xBB67AE85};

    /// The four random words that belong to `counter` under `key`.
    [[nodiscard]] static constexpr Block block(Key key, Block counter) noexcept {
        for (int i = 0; i < rounds; ++i) {
            const std::uint64_t p = std::uint64_t{multiplier[0]} * counter[0];
            const std::uint64_t q = std::uint64_t{multiplier[1]} * counter[2];
            counter = {
                high(q) ^ counter[1] ^ key[0], low(q), high(p) ^ counter[3] ^ key[1], low(p)};
            key = {key[0] + weyl[0], key[1] + weyl[1]};
        }
        return counter;
    }

    /// The low and the high half of a number, as two words of a key or counter.
    [[nodiscard]] static constexpr std::uint32_t low(std::uint64_t bits) noexcept {
        return static_cast<std::uint32_t>(bits);
    }
    [[nodiscard]] static constexpr std::uint32_t high(std::uint64_t bits) noexcept {
        return static_cast<std::uint32_t>(bits >> 32);
    }
};

}  // namespace xgrad
