#include <nn/nn.hpp>
#include <tests/practice/row.hpp>
#include <tools/gradcheck.hpp>

#include <cmath>

namespace xgrad::practice {
namespace {

// The order in which error(h) falls from h = 0.1 to 0.01.
template <class Error>
double order(const Error& error) {
    return std::log10(error(0.1) / error(0.01));
}

void numerical_gradients(Figures& figures) {
    // d/dt of tanh(t) exp(t) at 0.3.
    const auto f = [](double t) { return std::tanh(t) * std::exp(t); };
    const double t = 0.3;
    const Variable<double> x(t, true);
    (tanh(x) * exp(x)).backward();
    const double slope = x.grad().data()[0];
    const double one = order([&](double h) { return std::abs((f(t + h) - f(t)) / h - slope); });
    const double two =
        order([&](double h) { return std::abs((f(t + h) - f(t - h)) / (2 * h) - slope); });
    figures.say("error falls as h^{:.2f} one-sided, h^{:.2f} two-sided", one, two);
    figures.need(std::abs(one - 1) < 0.1, "order 1 of one-sided differences");
    figures.need(std::abs(two - 2) < 0.1, "order 2 of two-sided differences");
}

void gradient_check(Figures& figures) {
    Rng rng(3);
    nn::Sequential net(
        nn::Dense<double>(5, 4, rng),
        nn::Tanh<double>(),
        nn::Dropout<double>(0.7, rng),
        nn::Dense<double>(4, 3, rng));
    const Variable<double> x(init::normal<double>({12, 5}, rng));
    const data::Labels y = {0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2};
    const auto parameters = net.parameters();
    const std::size_t m = y.size();
    const auto right = gradcheck(
        [&] { return cross_entropy(net(x), y) + optim::l2_penalty(parameters, 0.5, m); },
        parameters);
    const double ratio = right.orders.at(0).norm_ratio;
    figures.say("ratio {:.1e} with L2 and dropout", ratio);
    figures.need(right.ok() && ratio < 1e-7, "a ratio below 1e-7 of a right gradient");

    // What goes back into the last layer's bias is doubled: its share of the gradient is wrong.
    const Variable<double> bias = parameters.back().value;
    bias.register_hook([](const Variable<double>& g) { return 2 * g; });
    const auto wrong = gradcheck([&] { return cross_entropy(net(x), y); }, parameters);
    std::string found;
    for (const GradcheckInput& input : wrong.orders.at(0).inputs) {
        if (input.off > 0)
            found += (found.empty() ? "" : " ") + input.name;
    }
    figures.say("{:.2f} with a wrong db, found in {}", wrong.orders.at(0).norm_ratio, found);
    figures.need(norm_band(wrong.orders.at(0).norm_ratio) == NormBand::worry, "worry about it");
    figures.need(found == parameters.back().name, "the wrong parameter found, and no other");
}

}  // namespace

std::vector<Row> gradient_rows() {
    return {
        {"P13",
         "numerical gradients",
         {"gradcheck_test.cpp"},
         "21_differences",
         numerical_gradients},
        {"P14",
         "gradient check",
         {"gradcheck_test.cpp", "gradcheck_model_test.cpp"},
         "22_gradient_check",
         gradient_check},
    };
}

}  // namespace xgrad::practice
