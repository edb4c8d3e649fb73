// Timing and reporting shared by the libtorch benchmarks.
//   THREADS   intra-op threads (default 1); the BLAS gets the same number
//   BUDGET    seconds of sampling per case (default 1.0)
//   TAG       free label copied into the output (default "stock")
//   ONLY      run only the cases whose name contains this string
#pragma once
#include <dlfcn.h>
#include <sys/resource.h>
#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

namespace bench {

using clk = std::chrono::steady_clock;
inline double ns_since(clk::time_point t0) {
    return std::chrono::duration<double, std::nano>(clk::now() - t0).count();
}
inline int threads() {
    const char* s = std::getenv("THREADS");
    return s ? std::atoi(s) : 1;
}
inline double budget() {
    const char* s = std::getenv("BUDGET");
    return s ? std::atof(s) : 1.0;
}
inline bool wanted(const std::string& name) {
    const char* s = std::getenv("ONLY");
    return !s || name.find(s) != std::string::npos;
}
inline const char* tag() {
    const char* s = std::getenv("TAG");
    return s ? s : "stock";
}
inline const char* blas_core() {
    auto p = (char* (*)())dlsym(RTLD_DEFAULT, "openblas_get_corename");
    return p ? p() : "?";
}
inline void init() {
    // OpenBLAS (pthread build) does not follow omp_set_num_threads.
    if (auto p = (void (*)(int))dlsym(RTLD_DEFAULT, "openblas_set_num_threads"))
        p(threads());
    at::set_num_interop_threads(threads());
    torch::set_num_threads(threads());
    torch::manual_seed(1);
}
// CPU time of the whole process, user + system, in ns. On a machine shared with
// other work it leaves out the time spent waiting for a core, which the wall
// clock does not; with one thread it is the figure to compare.
inline double cpu_ns() {
    timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * 1e9 + t.tv_nsec;
}
inline double sys_ns() {
    rusage u{};
    getrusage(RUSAGE_SELF, &u);
    return u.ru_stime.tv_sec * 1e9 + u.ru_stime.tv_usec * 1e3;
}
inline long peak_rss_kib() {
    rusage u{};
    getrusage(RUSAGE_SELF, &u);
    return u.ru_maxrss;
}

struct lap {
    double wall, cpu;
};
struct watch {
    clk::time_point w = clk::now();
    double c = cpu_ns();
    lap stop() const { return {ns_since(w), cpu_ns() - c}; }
};
struct stats {
    double med = 0, min = 0, p90 = 0, cpu_med = 0, cpu_min = 0, sys_share = -1;
    int n = 0;
};
inline stats summarise(const std::vector<lap>& v, double div = 1) {
    std::vector<double> w, c;
    for (auto& l : v)
        w.push_back(l.wall / div), c.push_back(l.cpu / div);
    std::sort(w.begin(), w.end());
    std::sort(c.begin(), c.end());
    const size_t n = w.size();
    return {w[n / 2], w[0], w[std::min(n - 1, n * 9 / 10)], c[n / 2], c[0], -1, int(n)};
}
// Times f() in ns. Short work is batched so that a sample is >= 50 us.
template <class F>
stats sample(F&& f, int warmup = 5, int min_n = 11, int max_n = 3000) {
    for (int i = 0; i < warmup; ++i)
        f();
    auto w = clk::now();
    f();
    const int inner = std::max(1, std::min(10000, int(50e3 / std::max(1.0, ns_since(w)))));
    std::vector<lap> v;
    auto start = clk::now();
    const double s0 = sys_ns(), c0 = cpu_ns();
    while (int(v.size()) < min_n || (ns_since(start) < budget() * 1e9 && int(v.size()) < max_n)) {
        watch t;
        for (int i = 0; i < inner; ++i)
            f();
        v.push_back(t.stop());
    }
    auto s = summarise(v, inner);
    s.sys_share = (sys_ns() - s0) / (cpu_ns() - c0);
    return s;
}
inline std::string kv(const char* k, double v) {
    char b[96];
    std::snprintf(b, sizeof b, ",\"%s\":%.6g", k, v);
    return b;
}
// One JSON line. Values are divided by `scale` (1e3 for us, 1e6 for ms);
// `extra` is spliced in verbatim and starts with a comma when not empty.
inline void report(
    const char* w,
    const std::string& name,
    const char* unit,
    double scale,
    const stats& s,
    const std::string& extra = "") {
    std::printf(
        "{\"peer\":\"libtorch\",\"version\":\"%s\",\"tag\":\"%s\",\"workload\":\"%s\",\"case\":\"%"
        "s\",\"threads\":%d,\"blas\":\"%s\",\"unit\":\"%s\",\"median\":%.6g,\"min\":%.6g,\"p90\":%."
        "6g,\"cpu_median\":%.6g,\"cpu_min\":%.6g,\"samples\":%d%s%s}\n",
        TORCH_VERSION,
        tag(),
        w,
        name.c_str(),
        threads(),
        blas_core(),
        unit,
        s.med / scale,
        s.min / scale,
        s.p90 / scale,
        s.cpu_med / scale,
        s.cpu_min / scale,
        s.n,
        s.sys_share < 0 ? "" : kv("sys_share", s.sys_share).c_str(),
        extra.c_str());
    std::fflush(stdout);
}
// The numbers that the other side computes with, too: uniform in [low, high).
inline torch::Tensor filled(
    at::IntArrayRef shape,
    unsigned seed,
    double low = -1,
    double high = 1,
    torch::Dtype type = torch::kFloat) {
    auto t = torch::empty(shape, torch::kDouble);
    auto* p = t.data_ptr<double>();
    std::uint32_t state = seed;
    for (long i = 0; i < t.numel(); ++i) {
        state = state * 1664525u + 1013904223u;
        p[i] = low + (high - low) * (state >> 8) / 16777216.0;
    }
    return t.to(type);
}
// Labels 3, 10, 17, ... modulo 10, the same on both sides.
inline torch::Tensor labels(long n) {
    return torch::arange(n, torch::kLong).mul_(7).add_(3).remainder_(10);
}
// The sum of the magnitudes, in double: what both sides have to agree on.
inline double magnitude(const torch::Tensor& t) {
    return t.detach().abs().sum(torch::kDouble).item<double>();
}
// Times fn and its backward from a dense cotangent; reported are its value's magnitude and that of
// the first leaf's gradient.
template <class F>
void seeded(
    const char* workload, const std::string& name, std::vector<torch::Tensor> leaves, F fn) {
    if (!wanted(name))
        return;
    torch::Tensor g;
    double value = 0;
    {
        torch::NoGradGuard ng;
        auto y = fn();
        value = magnitude(y);
        g = filled(y.sizes(), 9);
    }
    auto s = sample(
        [&] {
            for (auto& t : leaves)
                t.mutable_grad() = torch::Tensor();
            fn().backward(g);
        },
        3,
        15);
    report(
        workload, name, "ms", 1e6, s, kv("value", value) + kv("grad", magnitude(leaves[0].grad())));
}
inline void no_grad_left(std::initializer_list<torch::Tensor> l) {
    for (auto t : l)
        t.mutable_grad() = torch::Tensor();
}

}  // namespace bench
