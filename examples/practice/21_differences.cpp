// One-sided against two-sided differences (practice P13). The error of (f(t + h) - f(t)) / h falls
// as h, that of (f(t + h) - f(t - h)) / 2h as h^2, until rounding, which grows as 1 / h, is larger.
#include <examples/practice/lesson.hpp>
#include <examples/practice/wine.hpp>
#include <nn/nn.hpp>
#include <tools/report_plot.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>

using namespace xgrad;

namespace {

// The slope of the line through (log x, log y), by least squares, where `low` <= x <= `high`.
double log_slope(const report::Series& points, double low, double high) {
    double n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
    for (std::size_t i = 0; i < points.x.size(); ++i) {
        if (points.x[i] < low || points.x[i] > high)
            continue;
        const double x = std::log(points.x[i]), y = std::log(points.y[i]);
        n += 1, sx += x, sy += y, sxx += x * x, sxy += x * y;
    }
    return (n * sxy - sx * sy) / (n * sxx - sx * sx);
}

std::size_t best(const report::Series& errors) {
    return static_cast<std::size_t>(
        std::min_element(errors.y.begin(), errors.y.end()) - errors.y.begin());
}

}  // namespace

int main(int argc, char** argv) {
    Lesson lesson(argc, argv);

    // f is the cost of a small network on real data, as a function of one of its weights.
    const auto table = wine::load();
    data::Normalizer<double> normalizer;
    normalizer.fit(table.x());
    const Variable<double> x(normalizer.transform(table.x()));
    Rng rng(1);
    nn::Sequential net(
        nn::Dense<double>(wine::features, 8, rng),
        nn::Tanh<double>(),
        nn::Dense<double>(8, wine::classes, rng));
    const Variable<double> weight = net.parameters()[0].value;
    const double t = weight.value().data()[0];
    const auto f = [&](double value) {
        weight.update([value](std::span<double> w) { w[0] = value; });
        return cross_entropy(net(x), table.y()).item();
    };

    cross_entropy(net(x), table.y()).backward();
    const double slope = weight.grad().data()[0];

    report::Series one{"one-sided", {}, {}}, two{"two-sided", {}, {}};
    for (int power = 2; power <= 24; ++power) {  // h from 0.1 down to 1e-12, two to a decade
        const double h = std::pow(10, -power / 2.0);
        const double plus = f(t + h), here = f(t), minus = f(t - h);
        one.x.push_back(h);
        one.y.push_back(std::abs((plus - here) / h - slope));
        two.x.push_back(h);
        two.y.push_back(std::abs((plus - minus) / (2 * h) - slope));
    }

    std::printf("df/dt = %.12f by backward()\n\n", slope);
    std::printf("%8s %12s %12s\n", "h", "one-sided", "two-sided");
    for (std::size_t i = 0; i < one.x.size(); i += 2)
        std::printf("%8.0e %12.1e %12.1e\n", one.x[i], one.y[i], two.y[i]);
    const double order_one = log_slope(one, 1e-5, 0.1), order_two = log_slope(two, 1e-3, 0.1);
    std::printf("\nthe errors fall as h^%.3f and as h^%.3f\n", order_one, order_two);
    const std::size_t i = best(one), j = best(two);
    std::printf(
        "the best that each can do: %.1e at h = %.0e, %.1e at h = %.0e\n",
        one.y[i],
        one.x[i],
        two.y[j],
        two.x[j]);

    const report::Plot plot{
        .title = "The error of a numerical gradient",
        .x_label = "step h",
        .y_label = "error",
        .log_x = true,
        .log_y = true,
        .series = {one, two}};
    lesson.picture("21_differences", report::svg_file({plot}, 1));
    lesson.check(std::abs(order_one - 1) < 0.05, "one-sided: slope 1");
    lesson.check(std::abs(order_two - 2) < 0.05, "two-sided: slope 2");
    lesson.check(
        two.y[8] < one.y[14] / 10,
        "two-sided at h = 1e-5 is ten times closer than one-sided at h = 1e-8");
    return lesson.end();
}
