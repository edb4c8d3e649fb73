// split_grouped: groups dealt out at random, then exchanged until no exchange comes nearer.
#include <autograd/fail.hpp>
#include <nn/rng.hpp>
#include <nn/split_detail.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <utility>

namespace xgrad::data {
namespace {

using Signed = std::ptrdiff_t;

constexpr std::uint64_t group_stream = 0x67726F757073;  // see order_stream in loader.cpp

struct Deal {
    std::vector<Rows> groups;
    detail::Sizes goal;
    std::array<std::vector<std::size_t>, 3> parts = {};  // numbers of groups, by size
    std::array<Signed, 3> excess = {};                   // rows above the goal
};

// A group of part `from` for one of part `to`, or for none.
struct Exchange {
    std::size_t from, to;
    std::size_t given;                 // place in parts[from]
    std::optional<std::size_t> taken;  // place in parts[to]
    Signed gain = 0;                   // rows by which the parts come nearer, both together
};

Signed size_of(const Deal& deal, std::size_t part, std::size_t place) {
    return static_cast<Signed>(deal.groups[deal.parts[part][place]].size());
}

void put(Deal& deal, std::size_t part, std::size_t group) {
    auto& groups = deal.parts[part];
    const auto size = [&](std::size_t g) { return deal.groups[g].size(); };
    groups.insert(std::ranges::upper_bound(groups, size(group), {}, size), group);
    deal.excess[part] += static_cast<Signed>(size(group));
}

std::size_t take(Deal& deal, std::size_t part, std::size_t place) {
    const std::size_t group = deal.parts[part][place];
    deal.excess[part] -= size_of(deal, part, place);
    deal.parts[part].erase(deal.parts[part].begin() + static_cast<Signed>(place));
    return group;
}

// Each group, whatever its size, to the part that lags most behind its share: see
// split_stratified().
void deal_out(Deal& deal, std::size_t rows, Rng& rng) {
    std::vector<std::size_t> order(deal.groups.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    rng.shuffle(order);
    std::array<std::size_t, 3> sizes = {};
    std::size_t dealt = 0;
    for (const std::size_t group : order) {
        const std::size_t winner = detail::most_behind(deal.goal, sizes, dealt, rows);
        deal.parts[winner].push_back(group);
        sizes[winner] += deal.groups[group].size();
        dealt += deal.groups[group].size();
    }
    for (std::size_t p = 0; p < 3; ++p) {
        deal.excess[p] = static_cast<Signed>(sizes[p]) - static_cast<Signed>(deal.goal[p]);
        std::ranges::stable_sort(
            deal.parts[p], {}, [&](std::size_t group) { return deal.groups[group].size(); });
    }
}

// A part with a goal has a group, the smallest of those of the part that has most.
void fill_empty(Deal& deal) {
    for (std::size_t p = 0; p < 3; ++p) {
        if (deal.goal[p] > 0 && deal.parts[p].empty()) {
            const auto richest =
                std::ranges::max_element(deal.parts, {}, &std::vector<std::size_t>::size);
            put(deal, p, take(deal, static_cast<std::size_t>(richest - deal.parts.begin()), 0));
        }
    }
}

Signed gain_of(const Deal& deal, std::size_t from, std::size_t to, Signed rows) {
    const Signed a = deal.excess[from];
    const Signed b = deal.excess[to];
    return std::abs(a) + std::abs(b) - std::abs(a - rows) - std::abs(b + rows);
}

// The best for one group that is given. The gain is greatest where as many rows move as one of the
// parts is off by, so the best group to take stands beside that size.
void improve(const Deal& deal, Exchange candidate, Exchange& best) {
    const auto& groups = deal.parts[candidate.to];
    const Signed given = size_of(deal, candidate.from, candidate.given);
    const auto consider = [&](std::optional<std::size_t> taken) {
        const Signed back = taken ? size_of(deal, candidate.to, *taken) : 0;
        candidate.taken = taken;
        candidate.gain = gain_of(deal, candidate.from, candidate.to, given - back);
        if (candidate.gain > best.gain)
            best = candidate;
    };
    if (deal.parts[candidate.from].size() > 1 && deal.goal[candidate.to] > 0)
        consider(std::nullopt);
    for (const Signed off : {deal.excess[candidate.from], -deal.excess[candidate.to]}) {
        const auto place = std::ranges::lower_bound(groups, given - off, {}, [&](std::size_t g) {
            return static_cast<Signed>(deal.groups[g].size());
        });
        const auto i = static_cast<std::size_t>(place - groups.begin());
        if (i < groups.size())
            consider(i);
        if (i > 0)
            consider(i - 1);
    }
}

Exchange best_exchange(const Deal& deal) {
    Exchange best{0, 0, 0, {}, 0};
    for (std::size_t from = 0; from < 3; ++from) {
        for (std::size_t to = 0; to < 3; ++to) {
            if (from == to)
                continue;
            for (std::size_t i = 0; i < deal.parts[from].size(); ++i)
                improve(deal, {from, to, i, {}, 0}, best);
        }
    }
    return best;
}

void exchange(Deal& deal) {
    for (Exchange best = best_exchange(deal); best.gain > 0; best = best_exchange(deal)) {
        const std::size_t given = take(deal, best.from, best.given);
        if (best.taken)
            put(deal, best.from, take(deal, best.to, *best.taken));
        put(deal, best.to, given);
    }
}

}  // namespace

std::vector<Rows> detail::group_rows(const Groups& groups) {
    Rows order(groups.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, {}, [&](std::size_t row) { return groups[row]; });
    std::vector<Rows> rows_of;
    for (std::size_t i = 0; i < order.size(); ++i) {
        if (i == 0 || groups[order[i]] != groups[order[i - 1]])
            rows_of.emplace_back();
        rows_of.back().push_back(order[i]);
    }
    return rows_of;
}

Split split_grouped(const Groups& groups, const Fractions& fractions, std::uint64_t seed) {
    Deal deal{
        detail::group_rows(groups), detail::part_sizes("split_grouped", groups.size(), fractions)};
    const auto parts = 3 - static_cast<std::size_t>(std::ranges::count(deal.goal, 0U));
    if (deal.groups.size() < parts) {
        fail<std::invalid_argument>(
            "split_grouped: there are {} groups for {} parts; need at least one group in each part "
            "with a fraction",
            deal.groups.size(),
            parts);
    }
    Rng rng(seed, group_stream);
    deal_out(deal, groups.size(), rng);
    fill_empty(deal);
    exchange(deal);

    std::array<Rows, 3> rows;
    for (std::size_t p = 0; p < 3; ++p) {
        for (const std::size_t group : deal.parts[p])
            rows[p].insert(rows[p].end(), deal.groups[group].begin(), deal.groups[group].end());
        rng.shuffle(rows[p]);
    }
    return {std::move(rows[0]), std::move(rows[1]), std::move(rows[2])};
}

}  // namespace xgrad::data
