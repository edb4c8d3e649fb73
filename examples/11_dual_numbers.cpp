// gradcheck on another autodiff, which knows nothing of Variables: twenty lines of dual numbers,
// that carry a derivative along with each value. Then the same with a mistake in one of their
// rules.
#include <tools/gradcheck_plain.hpp>

#include <cmath>
#include <cstdio>

using xgrad::PlainArrays;

namespace {

struct Dual {
    double v, d = 0;  // the value, and its derivative by the input in question
};
using Duals = std::vector<std::vector<Dual>>;

Dual operator+(Dual a, Dual b) { return {a.v + b.v, a.d + b.d}; }
Dual operator*(Dual a, Dual b) { return {a.v * b.v, a.d * b.v + a.v * b.d}; }
Dual tanh(Dual a) {
    const double t = std::tanh(a.v);
    return {t, a.d * (1 - t * t)};
}
Dual wrong_tanh(Dual a) {  // the square is missing
    const double t = std::tanh(a.v);
    return {t, a.d * (1 - t)};
}

// Two units on the input (0.5, -1): sum over i of w_i tanh(v_i0 / 2 - v_i1 + b_i).
template <Dual (*activation)(Dual)>
Dual network(const Duals& x) {
    const std::vector<Dual>&v = x[0], &b = x[1], &w = x[2];
    Dual sum = {0};
    for (std::size_t i = 0; i < 2; ++i) {
        const Dual z = v[2 * i] * Dual{0.5} + v[2 * i + 1] * Dual{-1} + b[i];
        sum = sum + w[i] * activation(z);
    }
    return sum;
}

Duals duals(const PlainArrays& x) {
    Duals all;
    for (const std::vector<double>& array : x) {
        all.emplace_back();
        for (const double value : array)
            all.back().push_back({value});
    }
    return all;
}

// A pass for each element, with that element's derivative set to 1.
template <Dual (*activation)(Dual)>
PlainArrays gradient(const PlainArrays& x) {
    PlainArrays g = x;
    for (std::size_t i = 0; i < x.size(); ++i) {
        for (std::size_t k = 0; k < x[i].size(); ++k) {
            Duals moved = duals(x);
            moved[i][k].d = 1;
            g[i][k] = network<activation>(moved).d;
        }
    }
    return g;
}

}  // namespace

int main() {
    const auto f = [](const PlainArrays& x) { return network<tanh>(duals(x)).v; };
    const PlainArrays x = {{0.75, -0.5, 1, 0.25}, {0.125, 0.5}, {2, -1.5}};
    const auto right = xgrad::gradcheck(f, gradient<tanh>, x);
    std::printf("dual numbers:\n%s\n", right.to_string().c_str());
    const auto wrong = xgrad::gradcheck(f, gradient<wrong_tanh>, x);
    std::printf("with a mistake:\n%s", wrong.to_string().c_str());

    // What lies before the activation is wrong, the weights behind it are right.
    const auto& inputs = wrong.orders[0].inputs;
    const bool found = wrong.verdict() == xgrad::GradcheckVerdict::fail && inputs[0].off == 4 &&
                       inputs[1].off == 2 && inputs[2].off == 0;
    return right.ok() && found ? 0 : 1;
}
