// What normalising the inputs does (practice P10). The cost over two weights is a long valley when
// one input has large numbers and the other small ones: gradient descent goes to and fro between
// its walls. Normalised, the valley is nearly a round bowl, and the way leads straight down.
#include <examples/practice/diabetes.hpp>
#include <examples/practice/lesson.hpp>
#include <nn/nn.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>

using namespace xgrad;

namespace {

// Two columns, body mass index (26, give or take 4) and blood pressure (95, give or take 14), and
// the target, less its mean, so that no intercept is needed.
struct Table {
    Variable<double> bmi, bp, y;
};

using Number = Variable<double>;

Number cost(const Number& w1, const Number& w2, const Table& table) {
    return mse_loss(w1 * table.bmi + w2 * table.bp, table.y);
}

struct Descent {
    std::vector<double> w1, w2;  // the way
    std::size_t steps = 0;       // until the cost's excess is a thousandth of what it was
    double steepness = 0;        // the curvature along the steepest axis by the flattest one's
    double best1 = 0, best2 = 0;
};

Descent descend(const Table& table) {
    const Number w1(0.0, true), w2(0.0, true);
    // J is a quadratic form: its second derivatives give the minimum, the axes, and the largest
    // rate that does not lead away from it, 2 / the curvature of the steepest.
    const auto slopes =
        grad(std::vector{cost(w1, w2, table)}, std::vector{w1, w2}, {.create_graph = true});
    const double a = grad(slopes[0], w1, {.create_graph = true}).item();
    const double b = grad(slopes[0], w2, {.create_graph = true}).item();
    const double c = grad(slopes[1], w2, {.create_graph = true}).item();
    const double g1 = slopes[0].item(), g2 = slopes[1].item(), det = a * c - b * b;
    const double middle = (a + c) / 2, half = std::hypot((a - c) / 2, b);
    Descent way;
    way.steepness = (middle + half) / (middle - half);
    way.best1 = -(c * g1 - b * g2) / det;
    way.best2 = -(a * g2 - b * g1) / det;

    const double start = cost(w1, w2, table).item();
    const double least = cost(Number(way.best1), Number(way.best2), table).item();
    optim::SGD<double> sgd({{"w1", w1}, {"w2", w2}}, {.lr = 1.8 / (middle + half)});
    while (way.steps < 100'000) {
        way.w1.push_back(w1.item());
        way.w2.push_back(w2.item());
        const Number now = cost(w1, w2, table);
        if (now.item() - least <= 1e-3 * (start - least))
            break;
        now.backward();
        sgd.step();
        sgd.zero_grad();
        ++way.steps;
    }
    return way;
}

// The way over the contours of J, in a window around start and minimum.
report::Plot picture(const char* title, const Descent& way, const Table& table) {
    report::Contours grid;
    const auto axis = [](const std::vector<double>& values, double best) {
        const auto [low, high] = std::ranges::minmax(values);
        const double from = std::min(low, best), to = std::max(high, best), room = (to - from) / 2;
        std::vector<double> at;
        constexpr int points = 40;
        for (int i = 0; i <= points; ++i)
            at.push_back(from - room + (to - from + 2 * room) * i / points);
        return at;
    };
    grid.x = axis(way.w1, way.best1);
    grid.y = axis(way.w2, way.best2);
    for (const double w2 : grid.y) {
        for (const double w1 : grid.x)
            grid.z.push_back(cost(Number(w1), Number(w2), table).item());
    }
    report::Plot plot{.title = title, .x_label = "weight of bmi", .y_label = "weight of bp"};
    plot.contours = std::move(grid);
    const bool few = way.steps < 60;
    plot.series = {
        {"way",
         way.w1,
         way.w2,
         few ? report::Series::Style::line_and_points : report::Series::Style::line},
        {"minimum", {way.best1}, {way.best2}, report::Series::Style::points}};
    return plot;
}

}  // namespace

int main(int argc, char** argv) {
    Lesson lesson(argc, argv);
    const auto all = diabetes::load();
    data::Normalizer<double> normalizer;
    normalizer.fit(all.x());
    const auto table = [&](const Array<double>& x) {
        const auto column = [&x](std::size_t j) {
            return reshape(slice(Number(x), 1, j, j + 1), {x.shape()[0]});
        };
        const Number y(all.targets());
        return Table{column(2), column(3), y - mean(y)};
    };
    const Table raw = table(all.x()), normalised = table(normalizer.transform(all.x()));
    const Descent before = descend(raw), after = descend(normalised);
    std::printf("%12s %22s %8s\n", "", "steepest by flattest", "steps");
    std::printf("%12s %22.1f %8zu\n", "raw", before.steepness, before.steps);
    std::printf("%12s %22.1f %8zu\n", "normalised", after.steepness, after.steps);

    const double deviation = std::sqrt(mean(square(normalised.bmi)).item());
    lesson.check(std::abs(deviation - 1) < 1e-12, "divided by the deviation, it becomes 1");
    lesson.check(before.steepness > 20 * after.steepness, "the valley becomes a bowl");
    lesson.check(after.steps < 20, "a few steps are enough when the inputs are normalised");
    lesson.check(before.steps > 10 * after.steps, "and more than ten times as many when not");
    lesson.picture(
        "18_normalisation",
        report::svg_file(
            {picture("as measured", before, raw), picture("normalised", after, normalised)}));
    return lesson.end();
}
