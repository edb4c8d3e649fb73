// W1: what an op costs beyond its arithmetic. A chain of 1000 alternating mul and add on arrays
// of n floats, recorded, differentiated and freed.
//   const  only the start of the chain asks for a gradient
//   leaf   the factor and the addend do, too
#include <ops/operators.hpp>
#include <tools/bench.hpp>

#include <fmt/format.h>

namespace xgrad::bench {

namespace {

constexpr std::size_t ops = 1000;
constexpr std::size_t sizes[] = {1, 16, 256, 4096};

std::string case_name(bool leaf, std::size_t n) {
    return fmt::format("{}_n{}", leaf ? "leaf" : "const", n);
}

Variable<float> filled(std::size_t n, float value, bool requires_grad) {
    return {Array<float>(Shape{n}, value), requires_grad};
}

void run_chain(const Run& run, bool leaf, std::size_t n) {
    const auto x = filled(n, 0.5F, true);
    const auto a = filled(n, 0.999F, leaf);
    const auto b = filled(n, 0.001F, leaf);
    const auto seed = filled(n, 1, false);
    Phases phases(3, {.budget = run.budget});
    while (phases.next()) {
        for (const auto& variable : {x, a, b})
            variable.zero_grad();
        phases.start();
        Variable<float> h = x;
        for (std::size_t i = 0; i < ops / 2; ++i) {
            h = h * a;
            h = h + b;
        }
        phases.end(0);
        h.backward(seed);
        phases.end(1);
        h = {};
        phases.end(2);
    }
    const char* parts[] = {"fwd", "bwd", "free"};
    for (std::size_t part = 0; part < 3; ++part) {
        run.report(
            {.workload = "W1",
             .name = case_name(leaf, n) + "_" + parts[part],
             .unit = "ns/op",
             .stats = phases.stats(part, part + 1, static_cast<double>(ops))});
    }
}

void run_all(const Run& run) {
    for (const bool leaf : {false, true}) {
        for (const std::size_t n : sizes) {
            if (run.wants(case_name(leaf, n)))
                run_chain(run, leaf, n);
        }
    }
}

void add_rows(Workload& to, bool leaf, std::size_t n) {
    const std::string name = case_name(leaf, n);
    const std::string label = fmt::format("{} n={}", leaf ? "leaf" : "const", n);
    Row both{.label = label + ", forward + backward", .parts = {name + "_fwd", name + "_bwd"}};
    if (n == 1 || n == 4096) {
        both.kind = Row::Goal::ratio;
        both.goal = n == 1 ? 1.0 / 8 : 1.0 / 3;
    }
    to.cases.push_back(name);
    to.rows.push_back(both);
    to.rows.push_back({.label = label + ", forward", .parts = {name + "_fwd"}, .detail = true});
    to.rows.push_back({.label = label + ", backward", .parts = {name + "_bwd"}, .detail = true});
    to.rows.push_back({.label = label + ", free", .parts = {name + "_free"}, .detail = true});
}

}  // namespace

Workload tape_overhead() {
    Workload workload{
        .name = "W1",
        .about = "chain of 1000 mul and add on n floats, per op",
        .cases = {},
        .run = run_all,
        .rows = {},
        .program = "w1_op_overhead"};
    for (const bool leaf : {false, true}) {
        for (const std::size_t n : sizes)
            add_rows(workload, leaf, n);
    }
    return workload;
}

}  // namespace xgrad::bench
