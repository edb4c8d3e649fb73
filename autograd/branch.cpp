#include <autograd/branch.hpp>

#include <algorithm>
#include <utility>

namespace xgrad {

namespace {
thread_local constinit BranchGuard* innermost = nullptr;
}  // namespace

thread_local constinit bool detail::tracing_branches = false;
thread_local constinit std::uint64_t detail::decisions = 0;

BranchGuard::BranchGuard() noexcept : outer_(innermost) {
    innermost = this;
    detail::tracing_branches = true;
}

BranchGuard::~BranchGuard() {
    innermost = outer_;
    detail::tracing_branches = outer_ != nullptr;
}

struct BranchAccess {
    static void add(BranchRecord record) { innermost->records_.push_back(std::move(record)); }
};

void detail::note_branches(
    std::string_view op, const Where& where, const Shape& shape, std::vector<std::uint64_t> sides) {
    BranchAccess::add({std::string(op), where, shape, std::move(sides), false});
}

void detail::note_branches(
    std::string_view op, const Where& where, const Array<std::int64_t>& chosen) {
    std::vector<std::uint64_t> sides(chosen.size());
    std::transform(chosen.data(), chosen.data() + chosen.size(), sides.begin(), [](auto index) {
        return static_cast<std::uint64_t>(index);
    });
    BranchAccess::add({std::string(op), where, chosen.shape(), std::move(sides), true});
}

namespace {

std::vector<std::size_t> index_of(std::size_t flat, const Shape& shape) {
    std::vector<std::size_t> index(shape.size());
    for (std::size_t axis = shape.size(); axis-- > 0; flat /= shape[axis])
        index[axis] = flat % shape[axis];
    return index;
}

}  // namespace

std::vector<BranchChange> changed_branches(
    const std::vector<BranchRecord>& a, const std::vector<BranchRecord>& b) {
    std::vector<BranchChange> all;
    for (std::size_t call = 0; call < std::min(a.size(), b.size()); ++call) {
        const BranchRecord& one = a[call];
        const BranchRecord& other = b[call];
        if (one.op != other.op || one.shape != other.shape) {
            all.push_back({"", {}, {}, 1});
            return all;
        }
        BranchChange change{one.op, one.where, {}, 0};
        for (std::size_t i = 0; i < one.sides.size(); ++i) {
            if (one.sides[i] != other.sides[i] && change.count++ == 0)
                change.index = index_of(i, one.shape);
        }
        if (change.count > 0)
            all.push_back(std::move(change));
    }
    if (a.size() != b.size())
        all.push_back({"", {}, {}, 1});
    return all;
}

}  // namespace xgrad
