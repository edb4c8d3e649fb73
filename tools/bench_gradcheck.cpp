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
    NamedVariables leaves{
        {"w1", filled_leaf<double>({32, 48}, 10, -0.2, 0.2)},
        {"b1", filled_leaf<double>({48}, 11, -0.2, 0.2)},
        {"w2", filled_leaf<double>({48, 10}, 12, -0.2, 0.2)},
        {"b2", filled_leaf<double>({10}, 13, -0.2, 0.2)},
        {"x", filled<double>({16, 32}, 1)}};
    std::vector<std::int64_t> y = labels(16);

    [[nodiscard]] V loss() const { return loss_of({at(0), at(1), at(2), at(3), at(4)}); }
    [[nodiscard]] V loss_of(const Variables& in) const {
        const V h = tanh(matmul(in[4], in[0]) + in[1]);
        return cross_entropy(matmul(h, in[2]) + in[3], y);
    }
    [[nodiscard]] NamedVariables parameters() const { return {leaves.begin(), leaves.begin() + 4}; }

private:
    [[nodiscard]] const V& at(std::size_t i) const { return leaves[i].second; }
};

void need(const GradcheckReport& report) {
    if (!report.ok())
        throw std::runtime_error("bench: gradcheck of W9 failed: " + report.to_string());
}

// The loss as a closure over its parameters.
void time_closure(const Run& run, const Network& net) {
    const auto check = [&] {
        need(gradcheck(std::function<V()>([&] { return net.loss(); }), net.parameters()));
    };
    const Stats stats = time_of({.budget = run.budget, .warmup = 1, .min_samples = 5}, 1e6, check);
    run.report({.workload = "W9", .name = "cpp_central_2074", .unit = "ms", .stats = stats});
}

// The loss as a function, as PyTorch's Python checks it.
void time_function(const Run& run, const Network& net, const std::string& name, bool fast, bool x) {
    NamedVariables inputs = net.leaves;
    inputs.back().second = V(Array<double>(inputs.back().second.value()), x);
    const GradcheckOptions options{.full_limit = fast ? std::size_t(0) : 10000};
    const auto check = [&] {
        need(gradcheck([&](const Variables& in) { return net.loss_of(in); }, inputs, options));
    };
    const Stats stats = time_of({.budget = run.budget, .warmup = 1, .min_samples = 5}, 1e6, check);
    run.report({.workload = "W9", .name = name, .unit = "ms", .stats = stats});
}

void time_forward(const Run& run, const Network& net) {
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

struct Case {
    const char* name;
    void (*time)(const Run& run, const Network& net, const std::string& name);
};

constexpr Case cases[] = {
    {"cpp_central_2074", [](auto& run, auto& net, auto&) { time_closure(run, net); }},
    {"cpp_one_forward", [](auto& run, auto& net, auto&) { time_forward(run, net); }},
    {"py_gradcheck_2074",
     [](auto& run, auto& net, auto& name) { time_function(run, net, name, false, false); }},
    {"py_gradcheck_fast_2074",
     [](auto& run, auto& net, auto& name) { time_function(run, net, name, true, false); }},
    {"py_gradcheck_2074_and_x512",
     [](auto& run, auto& net, auto& name) { time_function(run, net, name, false, true); }}};

void run_all(const Run& run) {
    const Network net;
    for (const Case& one : cases) {
        if (run.wants(one.name))
            one.time(run, net, one.name);
    }
}

}  // namespace

Workload gradient_check() {
    return {
        .name = "W9",
        .about = "gradient check of 2074 parameters, double",
        .cases =
            {"cpp_central_2074",
             "cpp_one_forward",
             "py_gradcheck_2074",
             "py_gradcheck_fast_2074",
             "py_gradcheck_2074_and_x512"},
        .run = run_all,
        .rows =
            {{.label = "all elements, by the peer's gradcheck in Python",
              .parts = {"py_gradcheck_2074"},
              .kind = Row::Goal::ratio,
              .goal = 1.0 / 3},
             {.label = "and of x, 2586 elements",
              .parts = {"py_gradcheck_2074_and_x512"},
              .kind = Row::Goal::ratio,
              .goal = 1.0 / 3},
             {.label = "along directions, by its fast mode",
              .parts = {"py_gradcheck_fast_2074"},
              .kind = Row::Goal::ratio,
              .goal = 1},
             // The loop alone: it checks nothing else, and costs what its 4148 passes cost.
             {.label = "all elements, by a bare loop of differences in C++",
              .parts = {"cpp_central_2074"}},
             {.label = "one forward pass", .parts = {"cpp_one_forward"}}},
        .program = "w9_gradcheck",
        .script = "w9_gradcheck.py",
        .same = {"loss"}};
}

}  // namespace xgrad::bench
