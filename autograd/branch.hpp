// BranchGuard: which way every op with a branch went, element by element.
#pragma once

#include <autograd/array.hpp>
#include <autograd/where.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace xgrad {

/// What one call of an op decided: the sides of its comparisons, the winners of a maximum, an
/// order.
struct BranchRecord {
    std::string op;
    Where where;
    Shape shape;                       ///< of the decisions: mostly the result's
    std::vector<std::uint64_t> sides;  ///< row-major; equal numbers stand for equal decisions
    bool is_choice = false;            ///< the decisions are the indices that the op picked
};

/// A call that decided otherwise in another run of the same function.
struct BranchChange {
    std::string op;  ///< empty where the runs called different ops
    Where where;
    std::vector<std::size_t> index;  ///< of the first decision that differs
    std::size_t count = 0;           ///< of those that differ
};

/// While one is alive, the ops of this thread note what they decide. Two runs with the same record
/// stayed on the same smooth piece of the function:
///
///     const BranchGuard here;
///     f(x);
///     changed_branches(here.records(), before)  // names op, line and element of each kink between
///
/// Formulas are traced through their comparisons, abs and rounding; a structured op reports what
/// it chose with detail::note_choice(). Costs a scalar pass over each formula while a guard is
/// alive, nothing otherwise. Of several guards the youngest counts.
class [[nodiscard]] BranchGuard {
public:
    BranchGuard() noexcept;
    ~BranchGuard();
    BranchGuard(const BranchGuard&) = delete;
    BranchGuard& operator=(const BranchGuard&) = delete;

    [[nodiscard]] const std::vector<BranchRecord>& records() const noexcept { return records_; }

private:
    friend struct BranchAccess;
    std::vector<BranchRecord> records_;
    BranchGuard* outer_;
};

/// The calls whose decisions differ, in the order of the calls; one without a name where one run
/// called ops that the other did not.
[[nodiscard]] std::vector<BranchChange> changed_branches(
    const std::vector<BranchRecord>& a, const std::vector<BranchRecord>& b);

namespace detail {

/// A BranchGuard is alive on this thread.
extern thread_local constinit bool tracing_branches;

/// Only while `tracing_branches`.
void note_branches(
    std::string_view op, const Where& where, const Shape& shape, std::vector<std::uint64_t> sides);
void note_branches(std::string_view op, const Where& where, const Array<std::int64_t>& chosen);

/// For an op that picks elements: the indices it picked.
inline void note_choice(
    std::string_view op, const Where& where, const Array<std::int64_t>& chosen) {
    if (tracing_branches)
        note_branches(op, where, chosen);
}

/// The decisions of one element of a formula so far, as one number; 0 when there was none.
extern thread_local constinit std::uint64_t decisions;

/// Adds a decision.
inline void note_decision(std::uint64_t outcome) noexcept {
    std::uint64_t mixed = (decisions ^ (outcome + 1)) * 0x9e3779b97f4a7c15u;
    mixed ^= mixed >> 29;
    decisions = mixed | 1u;
}

}  // namespace detail
}  // namespace xgrad
