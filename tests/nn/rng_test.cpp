#include <nn/rng.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <stdexcept>
#include <vector>

using xgrad::Philox;
using xgrad::Rng;

namespace {

struct Sums {
    double mean = 0;
    double variance = 0;
};

Sums sums(const std::vector<double>& values) {
    Sums of;
    const auto n = static_cast<double>(values.size());
    of.mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
    for (const double v : values)
        of.variance += (v - of.mean) * (v - of.mean) / n;
    return of;
}

template <class F>
std::vector<double> draw(std::size_t n, F next) {
    std::vector<double> values(n);
    for (double& v : values)
        v = next();
    return values;
}

}  // namespace

// The vectors that Salmon et al. publish with their library Random123 (tests/kat_vectors): zeros,
// ones, and the digits of pi.
TEST_CASE("Philox gives its authors' known answers") {
    constexpr std::uint32_t all = 0xFFFFFFFF;
    CHECK(
        Philox::block({0, 0}, {0, 0, 0, 0}) ==
        Philox::Block{0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8});
    CHECK(
        Philox::block({all, all}, {all, all, all, all}) ==
        Philox::Block{0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD});
    CHECK(
        Philox::block({0xA4093822, 0x299F31D0}, {0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344}) ==
        Philox::Block{0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1});
}

TEST_CASE("Philox runs at compile time") {
    static_assert(Philox::block({0, 0}, {0, 0, 0, 0})[0] == 0x6627E8D5);
    static_assert(Philox::low(0x123456789ABCDEF0) == 0x9ABCDEF0);
    static_assert(Philox::high(0x123456789ABCDEF0) == 0x12345678);
}

TEST_CASE("Rng hands out the blocks of its seed and stream in order") {
    Rng rng(0x0123456789ABCDEF, 0xFEDCBA9876543210);
    for (std::uint32_t i = 0; i < 3; ++i) {
        const Philox::Block block =
            Philox::block({0x89ABCDEF, 0x01234567}, {i, 0, 0x76543210, 0xFEDCBA98});
        for (const std::uint32_t word : block)
            CHECK(rng.bits32() == word);
    }
}

TEST_CASE("Rng: 64 bits are two words, the low one first") {
    Rng words(7);
    Rng pairs(7);
    const std::uint64_t low = words.bits32();
    const std::uint64_t high = words.bits32();
    CHECK(pairs.bits64() == (high << 32 | low));
}

TEST_CASE("Rng repeats with its seed, and differs with another seed or stream") {
    Rng a(1);
    Rng same(1);
    Rng seed(2);
    Rng stream(1, 1);
    const std::uint64_t first = a.bits64();
    CHECK(same.bits64() == first);
    CHECK(seed.bits64() != first);
    CHECK(stream.bits64() != first);
}

TEST_CASE("Rng continues from a saved state, at every lane and with a normal value owed") {
    for (int words = 0; words < 9; ++words) {
        for (const bool owed : {false, true}) {
            Rng rng(3, 4);
            for (int i = 0; i < words; ++i)
                rng.bits32();
            if (owed)
                rng.normal();
            Rng restored(rng.state());
            CHECK(restored.state() == rng.state());
            for (int i = 0; i < 5; ++i) {
                CHECK(restored.normal() == rng.normal());
                CHECK(restored.bits32() == rng.bits32());
            }
        }
    }
}

TEST_CASE("Rng::split depends on seed, stream and id, not on what was drawn") {
    Rng rng(5);
    const Rng::State before = rng.split(9).state();
    rng.bits64();
    CHECK(rng.split(9).state() == before);
    CHECK(before.position == 0);
    CHECK(rng.split(10).state() != before);
    CHECK(Rng(6).split(9).state() != before);
    CHECK(Rng(5, 1).split(9).state() != before);
    CHECK(rng.split(9).split(9).state() != before);
}

TEST_CASE("Rng::split: children and their parent are uncorrelated") {
    constexpr std::size_t n = 100'000;
    Rng parent(11);
    Rng first = parent.split(0);
    Rng second = parent.split(1);
    double with_parent = 0;
    double with_sibling = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const double a = parent.normal();
        const double b = first.normal();
        const double c = second.normal();
        with_parent += a * b / n;
        with_sibling += b * c / n;
    }
    // The product of two independent standard normals has mean 0 and deviation 1: 4 / sqrt(n).
    CHECK(std::abs(with_parent) < 0.0127);
    CHECK(std::abs(with_sibling) < 0.0127);
}

TEST_CASE("Rng::uniform is a multiple of 2^-53 in [0, 1) with the right mean and variance") {
    Rng rng(12);
    const auto values = draw(100'000, [&] { return rng.uniform(); });
    for (const double v : values) {
        REQUIRE(v >= 0);
        REQUIRE(v < 1);
        REQUIRE(v * 0x1p53 == std::floor(v * 0x1p53));
    }
    // Mean 1/2, variance 1/12; 4 deviations of the mean are 4 / sqrt(12 n).
    CHECK(sums(values).mean == doctest::Approx(0.5).epsilon(0.0037));
    CHECK(sums(values).variance == doctest::Approx(1.0 / 12).epsilon(0.01));
}

TEST_CASE("Rng::uniform fills its interval and never reaches the upper bound") {
    Rng rng(13);
    const auto values = draw(10'000, [&] { return rng.uniform(-3, 5); });
    const auto [low, high] = std::ranges::minmax(values);
    CHECK(low >= -3);
    CHECK(low < -2.99);
    CHECK(high > 4.99);
    CHECK(high < 5);

    const double one_up = std::nextafter(1.0, 2.0);
    for (int i = 0; i < 100; ++i)
        REQUIRE(rng.uniform(1.0, one_up) == 1.0);
    CHECK(rng.uniform(2, 2) == 2);
}

TEST_CASE("Rng::uniform refuses bounds without an interval") {
    Rng rng(14);
    CHECK_THROWS_WITH_AS(
        rng.uniform(2, 1),
        "Rng::uniform: the bounds are 2 and 1; need low <= high and a finite difference",
        std::invalid_argument);
    const double huge = std::numeric_limits<double>::max();
    CHECK_THROWS_AS(rng.uniform(-huge, huge), std::invalid_argument);
    CHECK_THROWS_AS(rng.uniform(std::nan(""), 1), std::invalid_argument);
    CHECK(rng.state() == Rng(14).state());
}

TEST_CASE("Rng::normal has mean 0, variance 1 and the tails of a normal") {
    Rng rng(15);
    const auto values = draw(200'000, [&] { return rng.normal(); });
    CHECK(std::abs(sums(values).mean) < 0.009);                          // 4 / sqrt(n)
    CHECK(sums(values).variance == doctest::Approx(1).epsilon(0.0127));  // 4 sqrt(2 / n)
    // P(|z| > 1) = 0.3173, P(|z| > 2) = 0.0455, P(|z| > 3) = 0.0027.
    const auto share = [&](double bound) {
        const auto over = [&](double v) { return std::abs(v) > bound; };
        return static_cast<double>(std::ranges::count_if(values, over)) / 200'000;
    };
    CHECK(share(1) == doctest::Approx(0.3173).epsilon(0.02));
    CHECK(share(2) == doctest::Approx(0.0455).epsilon(0.05));
    CHECK(share(3) == doctest::Approx(0.0027).epsilon(0.2));
}

TEST_CASE("Rng::normal uses both values of a pair, which are uncorrelated") {
    Rng rng(16);
    double product = 0;
    constexpr std::size_t pairs = 100'000;
    for (std::size_t i = 0; i < pairs; ++i) {
        const double first = rng.normal();
        product += first * rng.normal() / pairs;
    }
    CHECK(rng.state().position == 4 * pairs);
    CHECK(rng.state().spare == 0);
    CHECK(std::abs(product) < 0.0127);
}

TEST_CASE("Rng::below gives every value the same share") {
    for (const std::uint64_t n : {1, 2, 3, 6, 10, 17}) {
        Rng rng(17);
        std::map<std::uint64_t, double> shares;
        for (int i = 0; i < 60'000; ++i)
            shares[rng.below(n)] += 1.0 / 60'000;
        CHECK(shares.size() == n);
        CHECK(shares.rbegin()->first == n - 1);
        for (const auto& [value, share] : shares) {
            CHECK(share == doctest::Approx(1.0 / static_cast<double>(n)).epsilon(0.08));
        }
    }
}

TEST_CASE("Rng::below covers ranges beyond 32 bits") {
    Rng rng(18);
    constexpr std::uint64_t n = 3'000'000'000'000;
    double mean = 0;
    for (int i = 0; i < 10'000; ++i) {
        const std::uint64_t value = rng.below(n);
        REQUIRE(value < n);
        mean += static_cast<double>(value) / 10'000;
    }
    CHECK(mean == doctest::Approx(1.5e12).epsilon(0.03));
    CHECK(rng.below(std::numeric_limits<std::uint64_t>::max()) > 0);
}

TEST_CASE("Rng::below refuses an empty range") {
    CHECK_THROWS_WITH_AS(Rng(1).below(0), "Rng::below: n is 0; need n >= 1", std::invalid_argument);
}

TEST_CASE("Rng::shuffle gives every order of three items the same share") {
    Rng rng(19);
    std::map<std::vector<std::size_t>, double> shares;
    for (int i = 0; i < 60'000; ++i) {
        std::vector<std::size_t> items = {0, 1, 2};
        rng.shuffle(items);
        shares[items] += 1.0 / 60'000;
    }
    CHECK(shares.size() == 6);
    for (const auto& [items, share] : shares)
        CHECK(share == doctest::Approx(1.0 / 6).epsilon(0.05));
}

TEST_CASE("Rng::shuffle keeps the items, and leaves none or one as they are") {
    Rng rng(20);
    std::vector<std::size_t> items(1000);
    std::iota(items.begin(), items.end(), std::size_t{0});
    const auto before = items;
    rng.shuffle(items);
    CHECK(items != before);
    std::ranges::sort(items);
    CHECK(items == before);

    const Rng::State state = rng.state();
    std::vector<std::size_t> none;
    std::vector<std::size_t> one = {7};
    rng.shuffle(none);
    rng.shuffle(one);
    CHECK(one == std::vector<std::size_t>{7});
    CHECK(rng.state() == state);
}
