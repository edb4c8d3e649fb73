// W15: ops that move, order, scan and compare elements, in float, forward and backward.
#include <ops/ops.hpp>
#include <tools/bench_input.hpp>
#include <tools/bench_seeded.hpp>

namespace xgrad::bench {

namespace {

using V = Variable<float>;
using Leaves = std::vector<V>;

// Half of a matrix's columns, in no order.
const IndexArray& picks() {
    static const IndexArray indices = [] {
        IndexArray made(std::vector<std::size_t>{1000, 500});
        for (std::size_t i = 0; i < made.size(); ++i)
            made.data()[i] = static_cast<std::int64_t>(i * 7919 % 1000);
        return made;
    }();
    return indices;
}

const std::vector<SeededCase>& cases() {
    const auto of = [](const char* name, const char* label, V (*f)(const V&)) {
        const auto matrix = [] { return Leaves{filled_leaf<float>({1000, 1000}, 1, 0.9, 1.1)}; };
        return SeededCase{name, label, 0, matrix, [f](const Leaves& in) { return f(in[0]); }};
    };
    const auto heads = [] { return Leaves{filled_leaf<float>({32, 128, 8, 64}, 1)}; };
    const auto halves = [] {
        return Leaves{filled_leaf<float>({1000, 500}, 1), filled_leaf<float>({1000, 500}, 2)};
    };
    const auto points = [] {
        return Leaves{filled_leaf<float>({400, 64}, 1), filled_leaf<float>({400, 64}, 2)};
    };
    static const std::vector<SeededCase> list{
        of("transpose", "transpose", [](const V& x) { return transpose(x); }),
        {"heads",
         "two axes of four swapped",
         0,
         heads,
         [](const Leaves& in) { return transpose(in[0], 1, 2); }},
        {"concatenate",
         "concatenate, along rows",
         0,
         halves,
         [](const Leaves& in) { return concatenate(in, 1); }},
        of("slice", "slice, of rows", [](const V& x) { return slice(x, 1, 100, 900); }),
        of("flip", "flip, of rows", [](const V& x) { return flip(x, {1}); }),
        of("roll", "roll, of rows", [](const V& x) { return roll(x, 17, 1); }),
        of("tril", "tril", [](const V& x) { return tril(x); }),
        of("take_along", "take_along, half", [](const V& x) { return take_along(x, picks(), 1); }),
        of("sort", "sort, of rows", [](const V& x) { return sort(x).values; }),
        of("topk", "topk, 10 of a row", [](const V& x) { return topk(x, 10).values; }),
        of("cumsum", "cumsum, along rows", [](const V& x) { return cumsum(x, 1); }),
        of("cumprod", "cumprod, along rows", [](const V& x) { return cumprod(x, 1); }),
        of("prod", "prod, of rows", [](const V& x) { return prod(x, {1}); }),
        {"cdist", "cdist, 400 by 400 of 64", 0, points, [](const Leaves& in) {
             return cdist(in[0], in[1]);
         }}};
    return list;
}

}  // namespace

Workload arranging_ops() {
    Workload workload{
        .name = "W15",
        .about = "moving, ordering, scanning and comparing elements of 1000 x 1000",
        .cases = {},
        .run = [](const Run& run) { run_seeded(run, "W15", cases()); },
        .rows = {},
        .program = "w15_arrange",
        .same = {"value", "grad"}};
    add_seeded(workload, cases());
    return workload;
}

}  // namespace xgrad::bench
