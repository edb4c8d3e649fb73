// Fifty layers, started in four ways (practice P11, P12). A layer multiplies the size of what goes
// through it, forward and backward, and fifty of them do it fifty times. Widely read notes print
// the variances for relu and tanh the wrong way round, 1/n for relu and 2/n for tanh; the figures
// show that 2/n is right for relu, and 1/n for tanh.
#include <autograd/parallel.hpp>
#include <examples/practice/lesson.hpp>
#include <nn/nn.hpp>

#include <cmath>
#include <cstdio>

using namespace xgrad;

namespace {

constexpr std::size_t layers = 50, width = 512, rows = 256;

double rms(const Variable<float>& x) { return std::sqrt(mean(square(x)).item()); }

struct Sizes {
    std::vector<double> forward, backward;  // of each layer's output and gradient, by the first's

    // Of what comes out at the other end.
    [[nodiscard]] double end() const { return forward.back(); }
    [[nodiscard]] double start() const { return backward.front(); }
};

// What is left of normal numbers that enter in front, and of normal gradients that enter behind.
Sizes sizes(bool relu_between, double variance_times_n, std::uint64_t seed) {
    Rng rng(seed);
    std::vector<Variable<float>> h{Variable<float>(init::normal<float>({rows, width}, rng), true)};
    for (std::size_t l = 0; l < layers; ++l) {
        const Variable<float> w(
            init::he_normal<float>({width, width}, rng, std::sqrt(variance_times_n)));
        const Variable<float> z = matmul(h.back(), transpose(w));
        h.push_back(relu_between ? relu(z) : tanh(z));
    }
    const Variable<float> behind(init::normal<float>({rows, width}, rng));
    const auto gradients = grad(std::vector{sum(h.back() * behind)}, h);

    Sizes sizes;
    for (std::size_t l = 0; l <= layers; ++l) {
        sizes.forward.push_back(rms(h[l]) / rms(h[0]));
        sizes.backward.push_back(rms(gradients[l]) / rms(gradients[layers]));
    }
    return sizes;
}

// The geometric mean over networks of other seeds.
Sizes mean_sizes(bool relu_between, double variance_times_n, std::uint64_t networks) {
    Sizes mean{std::vector<double>(layers + 1, 1), std::vector<double>(layers + 1, 1)};
    for (std::uint64_t seed = 0; seed < networks; ++seed) {
        const Sizes one = sizes(relu_between, variance_times_n, seed);
        for (std::size_t l = 0; l <= layers; ++l) {
            mean.forward[l] *= std::pow(one.forward[l], 1 / static_cast<double>(networks));
            mean.backward[l] *= std::pow(one.backward[l], 1 / static_cast<double>(networks));
        }
    }
    return mean;
}

struct Case {
    const char* name;
    bool relu;
    double variance;           // times n
    double forward, backward;  // as measured elsewhere, with other random numbers
};

}  // namespace

int main(int argc, char** argv) {
    Lesson lesson(argc, argv);
    set_num_threads(2);  // the result does not depend on it, not by a bit

    // Fifty random factors: for relu the logarithm of their product has a deviation of about 0.35,
    // sqrt(50 * 5 / 512) / 2, less for the mean of several networks.
    const std::uint64_t networks = lesson.quick() ? 2 : 10;
    const double band = lesson.quick() ? 2 : 1.5;

    std::vector<double> layer(layers + 1);
    for (std::size_t l = 0; l <= layers; ++l)
        layer[l] = static_cast<double>(l);
    report::Plot forward{
        .title = "activations, by the first", .x_label = "layer", .y_label = "rms", .log_y = true};
    report::Plot backward{
        .title = "gradients, by the last", .x_label = "layer", .y_label = "rms", .log_y = true};

    std::printf("%-14s %12s %12s\n", "variance", "forward", "backward");
    for (const Case& c :
         {Case{"relu, 1/n", true, 1, 2.8e-8, 3.0e-8},
          {"relu, 2/n", true, 2, 0.95, 1.0},
          {"tanh, 1/n", false, 1, 0.10, 0.12},
          {"tanh, 2/n", false, 2, 0.55, 8.2}}) {
        const Sizes s = mean_sizes(c.relu, c.variance, networks);
        std::printf("%-14s %12.2g %12.2g\n", c.name, s.end(), s.start());
        forward.series.push_back({c.name, layer, s.forward});
        backward.series.push_back({c.name, layer, s.backward});
        const auto near = [band](double a, double b) { return a > b / band && a < b * band; };
        lesson.check(
            near(s.end(), c.forward) && near(s.start(), c.backward),
            std::string(c.name) + " is as measured elsewhere");
    }
    std::printf("notes that have 1/n for relu and 2/n for tanh have the two the wrong way round\n");
    lesson.picture("19_fifty_layers", report::svg_file({forward, backward}));
    return lesson.end();
}
