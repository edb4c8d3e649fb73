// W2: elementwise expressions on n floats, forward and backward.
//   expr   tanh(a x + b) sigmoid(x) + exp(-x^2), op by op
//   fused  the same by elementwise(f); floor: the same by hand, on memory at hand
//   rows   x w + w^2 of rows of 4 by one row, fused and op by op
//   gelu   built in, and its tanh form by hand
#include <ops/ops.hpp>
#include <tools/bench.hpp>
#include <tools/bench_fused.hpp>
#include <tools/bench_input.hpp>

#include <fmt/format.h>

namespace xgrad::bench {

namespace {

using V = Variable<float>;

constexpr std::size_t sizes[] = {10'000, 1'000'000, 10'000'000};

std::string case_name(const char* what, std::size_t n) { return fmt::format("{}_n{}", what, n); }

V expression(const V& x, const V& a, const V& b) {
    return sum(tanh(a * x + b) * sigmoid(x) + exp(-x * x));
}

V gelu_by_hand(const V& x) {
    return sum(0.5F * x * (1 + tanh(0.7978845608F * (x + 0.044715F * (x * x * x)))));
}

struct Inputs {
    V x, a, b;
    explicit Inputs(std::size_t n)
        : x(filled_leaf<float>({n}, 1, -2, 2)),
          a(filled_leaf<float>({n}, 2, -2, 2)),
          b(filled_leaf<float>({n}, 3, -2, 2)) {}
    void zero_grad() const {
        for (const V& input : {x, a, b})
            input.zero_grad();
    }
};

void run_size(const Run& run, std::size_t n) {
    const Inputs in(n);
    const Phases::Options options{
        .budget = run.budget, .warmup = 3, .min_samples = n > 1'000'000 ? 9UL : 21UL};
    const auto measure = [&](const char* what, auto work) {
        if (!run.wants(case_name(what, n)))
            return;
        const Stats stats = time_of(options, 1e6, work);
        run.report(
            {.workload = "W2",
             .name = case_name(what, n),
             .unit = "ms",
             .stats = stats,
             .extra = {{"grad", magnitude(in.x.grad())}}});
    };
    const auto backward_of = [&](auto f) {
        return [&in, f] {
            in.zero_grad();
            f().backward();
        };
    };
    measure("expr", backward_of([&] { return expression(in.x, in.a, in.b); }));
    measure("expr_fused", backward_of([&] { return sum(fused_expression(in.x, in.a, in.b)); }));
    measure("gelu_by_hand", backward_of([&] { return gelu_by_hand(in.x); }));
    measure("gelu_builtin", backward_of([&] { return sum(gelu(in.x)); }));
    if (run.wants(case_name("expr_floor", n))) {
        FloorExpression floor(in.x.value(), in.a.value(), in.b.value());
        const Stats stats = time_of(options, 1e6, [&] { floor.run(); });
        run.report(
            {.workload = "W2", .name = case_name("expr_floor", n), .unit = "ms", .stats = stats});
    }
}

void run_rows(const Run& run) {
    const V x = filled_leaf<float>({100'000, 4}, 1, -2, 2), w = filled_leaf<float>({4}, 2, -2, 2);
    const auto measure = [&](const char* name, auto f) {
        if (!run.wants(name))
            return;
        const Stats stats =
            time_of({.budget = run.budget, .warmup = 3, .min_samples = 21}, 1e6, [&] {
                x.zero_grad();
                w.zero_grad();
                sum(f(x, w)).backward();
            });
        run.report({.workload = "W2", .name = name, .unit = "ms", .stats = stats});
    };
    measure("rows_fused", fused_rows);
    measure("rows_op_by_op", [](const V& x, const V& w) { return x * w + w * w; });
}

void run_all(const Run& run) {
    for (const std::size_t n : sizes)
        run_size(run, n);
    run_rows(run);
}

void add_rows(Workload& to, std::size_t n) {
    const auto row = [&](std::string label, const char* what, double goal) -> Row& {
        to.cases.push_back(case_name(what, n));
        to.rows.push_back(
            {.label = fmt::format("{} n={}", label, n),
             .parts = {case_name(what, n)},
             .kind = goal > 0 ? Row::Goal::ratio : Row::Goal::none,
             .goal = goal});
        return to.rows.back();
    };
    row("expression op by op", "expr", 0.7);
    row("expression fused", "expr_fused", 1.0 / 6).other = {case_name("expr", n)};
    to.rows.push_back(
        {.label = fmt::format("expression fused n={}, by the hand floor", n),
         .parts = {case_name("expr_fused", n)},
         .kind = Row::Goal::ratio,
         .goal = 1.3,
         .floor = {case_name("expr_floor", n)}});
    to.cases.push_back(case_name("expr_floor", n));
    row("gelu by hand", "gelu_by_hand", 0.7);
    row("gelu built in", "gelu_builtin", 0.8);
}

}  // namespace

Workload elementwise_ops() {
    Workload workload{
        .name = "W2",
        .about = "tanh(a x + b) sigmoid(x) + exp(-x^2) and gelu on n floats",
        .cases = {},
        .run = run_all,
        .rows = {},
        .program = "w2_elementwise",
        .same = {"grad"}};
    for (const std::size_t n : sizes)
        add_rows(workload, n);
    workload.rows.push_back(
        {.label = "fused over rows of 4, by op by op",
         .parts = {"rows_fused"},
         .kind = Row::Goal::ratio,
         .goal = 1,
         .floor = {"rows_op_by_op"}});
    workload.cases.insert(workload.cases.end(), {"rows_fused", "rows_op_by_op"});
    return workload;
}

}  // namespace xgrad::bench
