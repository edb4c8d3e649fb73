// W5: sum(A B), square, forward and backward for both operands, where the sum's gradient saves two
// products; and A B from a gradient of unequal elements, which takes three, beside these bare.
#include <ops/gemm.hpp>
#include <ops/ops.hpp>
#include <tools/bench.hpp>
#include <tools/bench_input.hpp>

#include <fmt/format.h>

namespace xgrad::bench {

namespace {

constexpr std::size_t sizes[] = {64, 256, 512, 1024};

std::string case_name(const char* type, std::size_t n) { return fmt::format("{}_n{}", type, n); }

template <class T>
void run_size(const Run& run, const char* type, std::size_t n) {
    const std::string name = case_name(type, n);
    if (!run.wants(name + "_seeded"))  // which contains the name
        return;
    const auto a = filled_leaf<T>({n, n}, 1, 0, 1), b = filled_leaf<T>({n, n}, 2, 0, 1);
    const Phases::Options options{.budget = run.budget};
    const Stats stats = time_of(options, 1e3, [&] {
        a.zero_grad();
        b.zero_grad();
        sum(matmul(a, b)).backward();
    });
    run.report(
        {.workload = "W5",
         .name = name,
         .unit = "us",
         .stats = stats,
         .extra = {{"grad", magnitude(a.grad())}}});

    const auto g = filled<T>({n, n}, 3, 0.5, 1.5);
    const Variable<T> seed(g);
    const Stats seeded = time_of(options, 1e3, [&] {
        a.zero_grad();
        b.zero_grad();
        matmul(a, b).backward(seed);
    });
    run.report({.workload = "W5", .name = name + "_seeded", .unit = "us", .stats = seeded});

    Array<T> c = empty<T>({n, n}), da = empty<T>({n, n}), db = empty<T>({n, n});
    const T *x = a.value().data(), *y = b.value().data();
    const Stats bare = time_of(options, 1e3, [&] {
        detail::gemm<T>({.m = n, .n = n, .k = n}, x, y, 0, c.data());
        detail::gemm<T>({.m = n, .n = n, .k = n, .transpose_b = true}, g.data(), y, 0, da.data());
        detail::gemm<T>({.m = n, .n = n, .k = n, .transpose_a = true}, x, g.data(), 0, db.data());
    });
    run.report({.workload = "W5", .name = name + "_gemms", .unit = "us", .stats = bare});
}

void run_all(const Run& run) {
    for (const std::size_t n : sizes)
        run_size<float>(run, "f32", n);
    for (const std::size_t n : sizes)
        run_size<double>(run, "f64", n);
}

void add_rows(Workload& to, const char* type, std::size_t n) {
    const std::string name = case_name(type, n);
    const std::string label = fmt::format("sum(A B) {} n={}", type, n);
    const std::string seeded = fmt::format("A B from a full gradient {} n={}", type, n);
    to.cases.insert(to.cases.end(), {name, name + "_seeded"});
    to.rows.push_back({.label = label, .parts = {name}, .kind = Row::Goal::ratio, .goal = 1});
    to.rows.push_back(
        {.label = seeded + ", by the peer's sum(A B)",
         .parts = {name + "_seeded"},
         .other = {name}});
    to.rows.push_back(
        {.label = seeded + ", by its three GEMMs",
         .parts = {name + "_seeded"},
         .kind = Row::Goal::ratio,
         .goal = 1.03,
         .floor = {name + "_gemms"}});
}

}  // namespace

Workload matrix_product() {
    Workload workload{
        .name = "W5",
        .about = "sum(A B), square, both operands differentiated; A B from a full gradient",
        .cases = {},
        .run = run_all,
        .rows = {},
        .program = "w5_matmul",
        .same = {"grad"}};
    for (const char* type : {"f32", "f64"}) {
        for (const std::size_t n : sizes)
            add_rows(workload, type, n);
    }
    return workload;
}

}  // namespace xgrad::bench
