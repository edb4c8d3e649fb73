// gradcheck on plain functions: a gradient written by hand, and one with a mistake. Neither f nor
// its gradient knows of xgrad; they may call any other autodiff library.
#include <tools/gradcheck_plain.hpp>

#include <cmath>
#include <cstdio>

using xgrad::PlainArrays;

namespace {

const std::vector<double> hours = {0.5, 1, 1.5, 2, 2.5};
const std::vector<double> passed = {0, 0, 1, 0, 1};

double probability(const PlainArrays& x, std::size_t i) {
    const double z = x[0][0] * hours[i] + x[0][1] * hours[i] * hours[i] + x[1][0];
    return 1 / (1 + std::exp(-z));
}

// Logistic regression on hours and their squares: the negative log-likelihood of two weights, x[0],
// and a bias, x[1].
double loss(const PlainArrays& x) {
    double sum = 0;
    for (std::size_t i = 0; i < hours.size(); ++i) {
        const double p = probability(x, i);
        sum -= passed[i] * std::log(p) + (1 - passed[i]) * std::log(1 - p);
    }
    return sum;
}

// d loss / dz = p - y.
PlainArrays gradient(const PlainArrays& x) {
    PlainArrays g = {{0, 0}, {0}};
    for (std::size_t i = 0; i < hours.size(); ++i) {
        const double dz = probability(x, i) - passed[i];
        g[0][0] += dz * hours[i];
        g[0][1] += dz * hours[i] * hours[i];
        g[1][0] += dz;
    }
    return g;
}

// The second weight's share lacks a factor.
PlainArrays wrong_gradient(const PlainArrays& x) {
    PlainArrays g = gradient(x);
    g[0][1] = g[0][0];
    return g;
}

}  // namespace

int main() {
    const PlainArrays x = {{0.75, -0.25}, {-0.5}};
    const auto right = xgrad::gradcheck(loss, gradient, x);
    std::printf("by hand:\n%s\n", right.to_string().c_str());
    const auto wrong = xgrad::gradcheck(loss, wrong_gradient, x);
    std::printf("with a mistake:\n%s", wrong.to_string().c_str());

    const auto& worst = wrong.orders[0].inputs[0].worst;
    const bool found = wrong.verdict() == xgrad::GradcheckVerdict::fail && worst.index[0] == 1 &&
                       wrong.orders[0].inputs[0].off == 1 && wrong.orders[0].inputs[1].off == 0;
    return right.ok() && found ? 0 : 1;
}
