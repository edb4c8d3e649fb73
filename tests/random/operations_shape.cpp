// Operations on shapes: moving, cutting, joining, picking.
#include <tests/random/row.hpp>

namespace xgrad::test {

std::vector<Operation> shape_operations() {
    return {
        ROW("reshape", fit::reshape, reshape(a, p.shape)),
        ROW("flatten", fit::one, flatten(a)),
        ROW("permute", fit::permute, permute(a, p.axes)),
        ROW("transpose", fit::one, transpose(a)),
        ROW("swapaxes", fit::rank(2), swapaxes(a, p.axes[0], p.axes[1])),
        ROW("moveaxis", fit::rank(2), moveaxis(a, p.axes[0], p.axes[1])),
        ROW("squeeze", fit::unit_axis, squeeze(a, {p.axis})),
        ROW("unsqueeze", fit::rank(0), unsqueeze(a, p.n)),
        ROW("broadcast_to", fit::broadcast, broadcast_to(a, p.shape)),
        ROW("expand", fit::broadcast, expand(a, p.shape)),
        ROW("slice", fit::slice, slice(a, p.axis, p.n, p.m)),
        ROW("slice_step", fit::slice, slice(a, p.axis, p.n, p.m, 2)),
        ROW("pad", fit::pad, pad(a, p.widths, 0.5)),
        ROW("concatenate", fit::concatenate, concatenate(std::vector{a, b}, p.axis)),
        ROW("stack", fit::axis_of_two, stack(std::vector{a, b}, p.axis)),
        ROW("gather", fit::gather, gather(a, p.axis, p.indices)),
        ROW("scatter_add", fit::scatter, scatter_add(a, p.axis, p.indices, p.n)),
        ROW("index_add", fit::index_add, index_add(a, p.axis, p.indices, b)),
        ROW("masked_fill", fit::mask, masked_fill(a, one_hot<T>(p.indices, 2), 0.5)),
        ROW("masked_select", fit::mask, masked_select(a, one_hot<T>(p.indices, 2))),
        ROW("roll", fit::axis(0), roll(a, 2, p.axis)),
        ROW("flip", fit::axes(0), flip(a, p.axes)),
        ROW("tile", fit::tile, tile(a, p.sizes)),
        ROW("repeat_interleave", fit::axis(0), repeat_interleave(a, 2, p.axis)),
        ROW("split", fit::split, split(a, p.sizes, p.axis)[p.n]),
        ROW("chunk", fit::axis(1), chunk(a, 2, p.axis)[0]),
        ROW("meshgrid", fit::vectors, meshgrid(std::vector{a, b})[1]),
        ROW("unfold", fit::windows, unfold(a, p.axis, p.n, p.m)),
        ROW("diagonal", fit::rank(2), diagonal(a, p.axis, p.axes[0], p.axes[1])),
        ROW("diag", fit::rank_exactly(1), diag(a, p.axis)),
        ROW("diag_of_matrix", fit::rank_exactly(2), diag(a, p.axis)),
        ROW("tril", fit::rank(2), tril(a, p.axis)),
        ROW("triu", fit::rank(2), triu(a, p.axis)),
        ROW("trace", fit::rank(2), trace(a)),
        ROW("diff", fit::axis(0), diff(a, 2, p.axis)),
    };
}

}  // namespace xgrad::test
