#include <autograd/grad.hpp>
#include <tools/bench_input.hpp>
#include <tools/bench_seeded.hpp>

namespace xgrad::bench {

void run_seeded(const Run& run, const std::string& workload, const std::vector<SeededCase>& cases) {
    for (const SeededCase& c : cases) {
        if (!run.wants(c.name))
            continue;
        const auto leaves = c.leaves();
        auto y = c.f(leaves);
        const Variable<float> seed(filled<float>(y.shape(), 9));
        const double value = magnitude(y.value());
        y = {};
        const Stats stats =
            time_of({.budget = run.budget, .warmup = 3, .min_samples = 15}, 1e6, [&] {
                for (const auto& leaf : leaves)
                    leaf.zero_grad();
                c.f(leaves).backward(seed);
            });
        run.report(
            {.workload = workload,
             .name = c.name,
             .unit = "ms",
             .stats = stats,
             .extra = {{"value", value}, {"grad", magnitude(leaves.front().grad())}}});
    }
}

void add_seeded(Workload& to, const std::vector<SeededCase>& cases) {
    for (const SeededCase& c : cases) {
        to.cases.push_back(c.name);
        to.rows.push_back(
            {.label = c.label,
             .parts = {c.name},
             .kind = c.goal > 0 ? Row::Goal::ratio : Row::Goal::none,
             .goal = c.goal});
    }
}

}  // namespace xgrad::bench
