#include <nn/nn.hpp>
#include <tests/practice/row.hpp>

#include <algorithm>
#include <cmath>

namespace xgrad::practice {
namespace {

void bias_and_variance(Figures& figures) {
    struct Case {
        train::ErrorRates rates;
        const char* verdict;
    };
    const Case table[] = {
        {{.train = 0.01, .dev = 0.11}, "high variance (overfits)"},
        {{.train = 0.15, .dev = 0.16}, "high bias (underfits)"},
        {{.train = 0.15, .dev = 0.30}, "high bias and high variance"},
        {{.train = 0.005, .dev = 0.01}, "low bias, low variance"},
        {{.train = 0.15, .dev = 0.16, .optimal = 0.15}, "low bias, low variance"},
    };
    int right = 0;
    for (const Case& row : table) {
        const auto diagnosis = train::diagnose(row.rates);
        right += diagnosis.verdict == row.verdict;
        figures.need(
            std::abs(diagnosis.avoidable_bias - (row.rates.train - row.rates.optimal)) < 1e-15 &&
                std::abs(diagnosis.variance - (row.rates.dev - row.rates.train)) < 1e-15,
            "bias = train - optimal, variance = dev - train");
    }
    figures.say("{} of the table's 5 verdicts", right);
    figures.need(right == 5, "all five verdicts");

    const auto all =
        train::diagnose({.train = 0.01, .dev = 0.10, .train_dev = 0.02, .test = 0.2, .optimal = 0});
    figures.say(
        "mismatch {:.2f}, overfit to dev {:.2f}",
        all.mismatch.value_or(NAN),
        all.dev_gap.value_or(NAN));
    figures.need(
        std::abs(all.variance - 0.01) < 1e-15 &&
            std::abs(all.mismatch.value_or(NAN) - 0.08) < 1e-15,
        "with train-dev: variance = train-dev - train, mismatch = dev - train-dev");
    figures.need(std::abs(all.dev_gap.value_or(NAN) - 0.1) < 1e-15, "overfit to dev = test - dev");
}

bool advises(const train::Diagnosis& diagnosis, std::string_view text) {
    return std::ranges::any_of(
        diagnosis.steps, [&](const std::string& step) { return step.starts_with(text); });
}

void recipe(Figures& figures) {
    const auto bias = train::diagnose({.train = 0.15, .dev = 0.16});
    const auto variance = train::diagnose({.train = 0.01, .dev = 0.11});
    const auto neither = train::diagnose({.train = 0.005, .dev = 0.01});
    figures.say("bias: {}; variance: {}", bias.steps.at(0), variance.steps.at(0));
    figures.need(
        advises(bias, "a bigger network") && advises(bias, "longer training") &&
            !advises(bias, "more data"),
        "bias: a bigger network, longer training, not more data");
    figures.need(
        advises(variance, "more data") && advises(variance, "more regularisation") &&
            !advises(variance, "a bigger network"),
        "variance: more data, regularisation");
    figures.need(
        advises(bias, "another architecture") && advises(variance, "another architecture"),
        "another architecture for both");
    figures.need(neither.steps.empty(), "nothing where all is well");
}

struct Ratios {
    double forward, backward;
};

// The root mean square after the last of 50 layers over the first's, and of the gradients the
// other way round.
Ratios deep(bool relu_units, double variance) {
    constexpr std::size_t layers = 50, width = 512, batch = 256;
    const auto rms = [](const Array<float>& a) {
        double squares = 0;
        for (const float v : a)
            squares += static_cast<double>(v) * v;
        return std::sqrt(squares / static_cast<double>(a.size()));
    };
    Rng rng(11);
    const Variable<float> x(init::normal<float>({batch, width}, rng), true);
    Variable<float> y = x;
    for (std::size_t l = 0; l < layers; ++l) {
        const Variable<float> w(
            init::normal<float>({width, width}, rng, std::sqrt(variance / width)));
        const Variable<float> z = linear(y, w);
        y = relu_units ? relu(z) : tanh(z);
    }
    const Array<float> seed = init::normal<float>({batch, width}, rng);
    y.backward(seed);
    return {rms(y.value()) / rms(x.value()), rms(x.grad()) / rms(seed)};
}

void vanishing(Figures& figures) {
    struct Case {
        const char* name;
        bool relu_units;
        double variance;
        Ratios known;
        double factor;  // that the draw of the weights may make
    };
    const Case table[] = {
        {"relu 1/n", true, 1, {2.8e-8, 3.0e-8}, 4},
        {"relu 2/n", true, 2, {0.95, 1.0}, 4},
        {"tanh 1/n", false, 1, {0.10, 0.12}, 1.5},
        {"tanh 2/n", false, 2, {0.55, 8.2}, 1.5},
    };
    // For relu the logarithm of what fifty random layers make has a deviation of about 0.35: four
    // of those.
    for (const Case& c : table) {
        const Ratios ratios = deep(c.relu_units, c.variance);
        figures.say("{}: {:.2g} and {:.2g}", c.name, ratios.forward, ratios.backward);
        const auto near = [&](double a, double b) { return a > b / c.factor && a < b * c.factor; };
        figures.need(
            near(ratios.forward, c.known.forward) && near(ratios.backward, c.known.backward),
            fmt::format("{}: {} and {}", c.name, c.known.forward, c.known.backward));
    }
}

double deviation_of(const Array<double>& a) {
    return std::sqrt(mean(square(Variable<double>(a))).item());
}

void initialisation(Figures& figures) {
    constexpr double in = 300, out = 200;
    const Shape shape = {200, 300};
    Rng rng(2);
    const double he = deviation_of(init::he_normal<double>(shape, rng));
    const double lecun = deviation_of(init::lecun_normal<double>(shape, rng));
    const double xavier = deviation_of(init::xavier_normal<double>(shape, rng));
    const auto near = [](double a, double b) { return std::abs(a / b - 1) < 0.02; };
    figures.say("deviations {:.4f}, {:.4f}, {:.4f} (he, lecun, xavier)", he, lecun, xavier);
    figures.need(near(he, std::sqrt(2 / in)), "he: sqrt(2 / n_in)");
    figures.need(near(lecun, std::sqrt(1 / in)), "lecun: sqrt(1 / n_in)");
    figures.need(near(xavier, std::sqrt(2 / (in + out))), "xavier: sqrt(2 / (n_in + n_out))");

    // All weights alike: after a step the hidden units are still one.
    const auto half = [](const Shape& s, Rng&) { return init::constant<double>(s, 0.5); };
    nn::Dense<double> hidden(4, 3, rng, true, half), last(3, 2, rng, true, half);
    const Variable<double> x(init::normal<double>({8, 4}, rng));
    const data::Labels labels = {0, 1, 0, 0, 1, 1, 0, 1};
    cross_entropy(last(tanh(hidden(x))), labels).backward();
    const Array<double>& g = hidden.weight.grad();
    bool alike = true;
    for (std::size_t k = 0; k < 4; ++k)
        alike = alike && g(0, k) == g(1, k) && g(0, k) == g(2, k);
    figures.need(alike, "equal weights stay equal");
    figures.say("units that start alike stay alike");
}

}  // namespace

std::vector<Row> diagnosis_rows() {
    return {
        {"P2",
         "bias and variance",
         {"nn/diagnose_test.cpp"},
         "13_bias_and_variance",
         bias_and_variance},
        {"P3", "the basic recipe", {"nn/diagnose_test.cpp"}, "13_bias_and_variance", recipe},
        {"P11",
         "vanishing and exploding",
         {"nn/layer_report_test.cpp"},
         "19_fifty_layers",
         vanishing},
        {"P12",
         "initialisation",
         {"nn/init_test.cpp", "nn/init_matrix_test.cpp"},
         "20_zero_initialisation",
         initialisation},
    };
}

}  // namespace xgrad::practice
