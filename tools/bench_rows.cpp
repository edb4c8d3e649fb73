// W6: row-wise ops and reductions in float, forward and backward, from a dense gradient.
#include <ops/ops.hpp>
#include <tools/bench_input.hpp>
#include <tools/bench_seeded.hpp>

namespace xgrad::bench {

namespace {

using V = Variable<float>;
using Leaves = std::vector<V>;

Leaves logits() { return {filled_leaf<float>({4096, 1000}, 1, -3, 3)}; }
Leaves square_matrix() { return {filled_leaf<float>({4096, 4096}, 1, 0, 1)}; }
Leaves rows() {
    return {
        filled_leaf<float>({4096, 1024}, 1, -3, 3),
        filled_leaf<float>({1024}, 2, 0.5, 1.5),
        filled_leaf<float>({1024}, 3)};
}

V log_softmax_by_hand(const Leaves& in) {
    const V z = in[0] - max(in[0].detach(), {1}, true);
    return z - log(sum(exp(z), {1}, true));
}

V layer_norm_by_hand(const Leaves& in) {
    const V c = in[0] - mean(in[0], {1}, true);
    return c * rsqrt(mean(c * c, {1}, true) + 1e-5F) * in[1] + in[2];
}

const std::vector<SeededCase>& cases() {
    const auto softmax_of = [](const Leaves& in) { return softmax(in[0]); };
    const auto log_softmax_of = [](const Leaves& in) { return log_softmax(in[0]); };
    const auto columns = [](const Leaves& in) { return sum(in[0], {0}); };
    const auto row_sums = [](const Leaves& in) { return sum(in[0], {1}); };
    const auto all = [](const Leaves& in) { return sum(in[0]); };
    const auto norm_of = [](const Leaves& in) { return layer_norm(in[0], {1024}, in[1], in[2]); };
    const auto add_row = [](const Leaves& in) { return in[0] + in[2]; };
    const auto mul_row = [](const Leaves& in) { return in[0] * in[1]; };
    static const std::vector<SeededCase> list{
        {"log_softmax_4096x1000", "log_softmax 4096x1000", 0.8, logits, log_softmax_of},
        {"softmax_4096x1000", "softmax 4096x1000", 0.8, logits, softmax_of},
        {"log_softmax_by_hand_4096x1000", "log_softmax by hand", 0, logits, log_softmax_by_hand},
        {"sum_axis0_4096x4096", "sum over axis 0, 4096x4096", 0.8, square_matrix, columns},
        {"sum_axis1_4096x4096", "sum over axis 1, 4096x4096", 0.8, square_matrix, row_sums},
        {"sum_all_4096x4096", "sum over all, 4096x4096", 0.8, square_matrix, all},
        {"layernorm_4096x1024", "layer norm 4096x1024", 0.8, rows, norm_of},
        {"layernorm_by_hand_4096x1024", "layer norm by hand", 0, rows, layer_norm_by_hand},
        {"bcast_add_4096x1024", "add of a row, 4096x1024", 0.8, rows, add_row},
        {"bcast_mul_4096x1024", "mul by a row, 4096x1024", 0.8, rows, mul_row}};
    return list;
}

}  // namespace

Workload row_kernels() {
    Workload workload{
        .name = "W6",
        .about = "softmax, sums, layer norm and broadcasts on 4096 rows",
        .cases = {},
        .run = [](const Run& run) { run_seeded(run, "W6", cases()); },
        .rows = {},
        .program = "w6_reductions",
        .same = {"value", "grad"}};
    add_seeded(workload, cases());
    return workload;
}

}  // namespace xgrad::bench
