#include <nn/nn.hpp>
#include <ops/ops.hpp>
#include <tools/bench.hpp>
#include <tools/bench_input.hpp>
#include <tools/bench_scaling.hpp>
#include <tools/report_plot.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <functional>
#include <memory>
#include <stdexcept>

namespace xgrad::bench {

namespace {

using V = Variable<float>;
using Work = std::function<void()>;

// Caches end, blocks round up, and a clock is a clock: so much more is no fault.
constexpr double tolerance = 0.25;

struct Axis {
    std::string name, work;
    std::vector<std::size_t> sizes;
    double exponent;  // of the arithmetic
    Work (*make)(std::size_t size);
};

struct Growth {
    std::vector<double> sizes, ms, mib;
};

Work elementwise_work(std::size_t n) {
    const V x = filled_leaf<float>({n}, 1, -2, 2);
    return [x] {
        x.zero_grad();
        sum(tanh(x) * x).backward();
    };
}

Work chain_work(std::size_t ops) {
    const V x(Array<float>(Shape{}, 0), true), step(Array<float>(Shape{}, 1e-6F));
    return [=] {
        x.zero_grad();
        V end = x;
        for (std::size_t i = 0; i < ops; ++i)
            end = end + step;
        end.backward();
    };
}

// A training step of a dense network.
Work network_work(std::size_t layers, std::size_t width, std::size_t batch) {
    Rng rng(1);
    auto net = std::make_shared<nn::Sequential<float>>();
    for (std::size_t i = 0; i < layers; ++i)
        net->add(nn::Dense<float>(width, width, rng)).add(nn::Relu<float>());
    const auto optimizer =
        std::make_shared<optim::SGD<float>>(net->parameters(), optim::SGDOptions{.lr = 1e-3});
    const V x(filled_leaf<float>({batch, width}, 1, -1, 1).value());
    return [=] {
        optimizer->zero_grad();
        mean(square((*net)(x))).backward();
        optimizer->step();
    };
}

std::vector<Axis> all_axes() {
    return {
        {"elements",
         "sum(tanh(x) * x)",
         {10'000, 40'000, 160'000, 640'000, 2'560'000, 10'240'000},
         1,
         elementwise_work},
        {"ops",
         "a chain of adds on a scalar",
         {1'000, 4'000, 16'000, 64'000, 256'000, 1'024'000},
         1,
         chain_work},
        {"layers",
         "a step of dense layers of 128 units, batch 64",
         {2, 4, 8, 16, 32, 64},
         1,
         [](std::size_t n) { return network_work(n, 128, 64); }},
        {"units",
         "a step of 3 dense layers, batch 64",
         {32, 64, 128, 256, 512, 1024},
         2,
         [](std::size_t n) { return network_work(3, n, 64); }},
        {"rows",
         "a step of 3 dense layers of 256 units",
         {16, 64, 256, 1024, 4096, 16'384},
         1,
         [](std::size_t n) { return network_work(3, 256, n); }},
    };
}

Growth grown(const Axis& axis, double budget) {
    Growth growth;
    for (const std::size_t size : axis.sizes) {
        const std::size_t before = memory_stats().live_bytes;
        const Work work = axis.make(size);
        reset_peak_memory();
        const Phases::Options options{.budget = budget, .warmup = 2, .min_samples = 5};
        growth.ms.push_back(time_of(options, 1e6, work).cpu_median);
        growth.mib.push_back(
            static_cast<double>(memory_stats().peak_bytes - before) / (1024 * 1024));
        growth.sizes.push_back(static_cast<double>(size));
    }
    return growth;
}

// The slope of log y over log x by least squares, over the upper half: below, what each call costs
// whatever its size still shows.
double exponent(const std::vector<double>& x, const std::vector<double>& y) {
    double sx = 0, sy = 0, sxx = 0, sxy = 0, n = 0;
    for (std::size_t i = x.size() / 2; i < x.size(); ++i, ++n) {
        const double u = std::log(x[i]), v = std::log(y[i]);
        sx += u;
        sy += v;
        sxx += u * u;
        sxy += u * v;
    }
    return (n * sxy - sx * sy) / (n * sxx - sx * sx);
}

report::Plot plot_of(
    const Axis& axis, const Growth& growth, const std::vector<double>& y, const char* unit) {
    report::Plot plot{
        .title = axis.work, .x_label = axis.name, .y_label = unit, .log_x = true, .log_y = true};
    plot.series.push_back({"measured", growth.sizes, y, report::Series::Style::line_and_points});
    report::Series line{fmt::format("{}^{:g}", axis.name, axis.exponent), growth.sizes, {}};
    for (const double size : growth.sizes)
        line.y.push_back(y.back() * std::pow(size / growth.sizes.back(), axis.exponent));
    plot.series.push_back(std::move(line));
    return plot;
}

}  // namespace

bool print_scaling(double budget, const std::string& plot) {
    fmt::print(
        "{:<9} {:<18} {:>8} {:>12} {:>14}  {}\n",
        "with",
        "from .. to",
        "due",
        "time grows",
        "memory grows",
        "work");
    bool good = true;
    std::vector<report::Plot> plots;
    for (const Axis& axis : all_axes()) {
        const Growth growth = grown(axis, budget);
        const double time = exponent(growth.sizes, growth.ms);
        const double memory = exponent(growth.sizes, growth.mib);
        const bool fine = std::max(time, memory) <= axis.exponent + tolerance;
        good = good && fine;
        fmt::print(
            "{:<9} {:<18} {:>8} {:>12} {:>14}  {}{}\n",
            axis.name,
            fmt::format("{} .. {}", axis.sizes.front(), axis.sizes.back()),
            fmt::format("^{:g}", axis.exponent),
            fmt::format("^{:.2f}", time),
            fmt::format("^{:.2f}", memory),
            axis.work,
            fine ? "" : "  TOO FAST A GROWTH");
        std::fflush(stdout);
        plots.push_back(plot_of(axis, growth, growth.ms, "ms"));
        plots.push_back(plot_of(axis, growth, growth.mib, "MiB at the peak"));
    }
    if (plot.empty())
        return good;
    std::ofstream file(plot);
    file << report::svg_file(plots);
    if (!file.flush())
        throw std::runtime_error("bench: cannot write " + plot);
    fmt::print("picture: {}\n", plot);
    return good;
}

}  // namespace xgrad::bench
