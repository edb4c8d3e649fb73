// W9: checking the gradient of a 32-48-10 tanh network with softmax cross entropy (2074
// parameters), batch 16, in double.
#include <ops/ops.hpp>
#include <tools/bench.hpp>
#include <tools/bench_input.hpp>
#include <tools/gradcheck.hpp>

#include <stdexcept>

namespace xgrad::bench {

namespace {

using V = Variable<double>;

struct Network {
    V x{filled<double>({16, 32}, 1)};
    std::vector<std::int64_t> y = labels(16);
    NamedVariables parameters{
        {"w1", filled_leaf<double>({32, 48}, 10, -0.2, 0.2)},
        {"b1", filled_leaf<double>({48}, 11, -0.2, 0.2)},
        {"w2", filled_leaf<double>({48, 10}, 12, -0.2, 0.2)},
        {"b2", filled_leaf<double>({10}, 13, -0.2, 0.2)}};

    [[nodiscard]] V loss() const {
        const auto& p = parameters;
        const V h = tanh(matmul(x, p[0].second) + p[1].second);
        return cross_entropy(matmul(h, p[2].second) + p[3].second, y);
    }
};

void run_all(const Run& run) {
    const Network net;
    if (run.wants("cpp_central_2074")) {
        const auto check = [&] {
            const auto report =
                gradcheck(std::function<V()>([&] { return net.loss(); }), net.parameters);
            if (!report.ok())
                throw std::runtime_error("bench: gradcheck of W9 failed: " + report.to_string());
        };
        const Stats stats =
            time_of({.budget = run.budget, .warmup = 1, .min_samples = 5}, 1e6, check);
        run.report({.workload = "W9", .name = "cpp_central_2074", .unit = "ms", .stats = stats});
    }
    if (run.wants("cpp_one_forward")) {
        const NoGradGuard values;
        double loss = 0;
        const Stats stats = time_of({.budget = run.budget}, 1e3, [&] { loss = net.loss().item(); });
        run.report(
            {.workload = "W9",
             .name = "cpp_one_forward",
             .unit = "us",
             .stats = stats,
             .extra = {{"loss", loss}}});
    }
}

}  // namespace

Workload gradient_check() {
    return {
        .name = "W9",
        .about = "gradient check of 2074 parameters, double",
        .cases = {"cpp_central_2074", "cpp_one_forward"},
        .run = run_all,
        .rows =
            {{.label = "gradcheck, by plain central differences",
              .parts = {"cpp_central_2074"},
              .kind = Row::Goal::ratio,
              .goal = 1.0 / 3},
             {.label = "one forward pass", .parts = {"cpp_one_forward"}}},
        .program = "w9_gradcheck",
        .same = {"loss"}};
}

}  // namespace xgrad::bench
