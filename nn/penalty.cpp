#include <nn/optim_check.hpp>
#include <nn/penalty.hpp>
#include <ops/elementwise.hpp>
#include <ops/operators.hpp>
#include <ops/reduce.hpp>

#include <algorithm>
#include <cmath>
#include <span>

namespace xgrad::optim {
namespace {

// scale times the sum of f(w) over what decays.
template <class T, class F>
Variable<T> penalty(const std::vector<nn::Parameter<T>>& parameters, double scale, const F& f) {
    Variable<T> total(T(0));
    for (const auto& parameter : parameters) {
        if (parameter.decays)
            total = total + sum(f(parameter.value));
    }
    return total * static_cast<T>(scale);
}

void check_penalty(const char* who, double lambda, std::size_t m) {
    detail::check_rate(who, "lambda", lambda);
    if (m == 0)
        fail<std::invalid_argument>("{}: m is 0; need at least one example", who);
}

// Cuts the 2-norm to max_norm. In units of the largest element, whose square might overflow.
template <class T>
void shorten(std::span<T> row, double max_norm) {
    double largest = 0, squares = 0;
    for (const T each : row)
        largest = std::max(largest, std::abs(static_cast<double>(each)));
    for (const T each : row)
        squares += std::pow(static_cast<double>(each) / largest, 2);
    const double norm = std::sqrt(squares);  // NaN for a row of zeros, which stays
    if (norm > max_norm / largest) {
        for (T& each : row)
            each = static_cast<T>(static_cast<double>(each) / largest * (max_norm / norm));
    }
}

}  // namespace

template <class T>
Variable<T> l2_penalty(
    const std::vector<nn::Parameter<T>>& parameters, double lambda, std::size_t m) {
    check_penalty("l2_penalty", lambda, m);
    return penalty(parameters, lambda / (2 * static_cast<double>(m)), [](const Variable<T>& w) {
        return square(w);
    });
}

template <class T>
Variable<T> l1_penalty(
    const std::vector<nn::Parameter<T>>& parameters, double lambda, std::size_t m) {
    check_penalty("l1_penalty", lambda, m);
    return penalty(
        parameters, lambda / static_cast<double>(m), [](const Variable<T>& w) { return abs(w); });
}

template <class T>
Variable<T> elastic_net_penalty(
    const std::vector<nn::Parameter<T>>& parameters,
    double lambda,
    double l1_ratio,
    std::size_t m) {
    check_penalty("elastic_net_penalty", lambda, m);
    detail::check_range("elastic_net_penalty", "l1_ratio", l1_ratio, 0, 1);
    return l1_penalty(parameters, l1_ratio * lambda, m) +
           l2_penalty(parameters, (1 - l1_ratio) * lambda, m);
}

template <class T>
void apply_max_norm(const std::vector<nn::Parameter<T>>& parameters, double max_norm) {
    if (!(max_norm > 0)) {
        fail<std::invalid_argument>("apply_max_norm: max_norm is {}; need max_norm > 0", max_norm);
    }
    for (const auto& parameter : parameters) {
        if (!parameter.decays || parameter.value.rank() < 2 || parameter.value.size() == 0)
            continue;
        const std::size_t units = parameter.value.shape()[0];
        parameter.value.update([&](std::span<T> w) {
            const std::size_t fan_in = w.size() / units;
            for (std::size_t unit = 0; unit < units; ++unit)
                shorten(w.subspan(unit * fan_in, fan_in), max_norm);
        });
    }
}

template <class T>
double zero_share(const std::vector<nn::Parameter<T>>& parameters, double tolerance) {
    if (!(tolerance >= 0)) {
        fail<std::invalid_argument>("zero_share: tolerance is {}; need tolerance >= 0", tolerance);
    }
    std::size_t zeros = 0, all = 0;
    for (const auto& parameter : parameters) {
        if (!parameter.decays)
            continue;
        all += parameter.value.size();
        for (const T w : parameter.value.value())
            zeros += std::abs(static_cast<double>(w)) <= tolerance;
    }
    return all == 0 ? 0 : static_cast<double>(zeros) / static_cast<double>(all);
}

template Variable<float> l2_penalty(const std::vector<nn::Parameter<float>>&, double, std::size_t);
template Variable<double> l2_penalty(
    const std::vector<nn::Parameter<double>>&, double, std::size_t);
template Variable<float> l1_penalty(const std::vector<nn::Parameter<float>>&, double, std::size_t);
template Variable<double> l1_penalty(
    const std::vector<nn::Parameter<double>>&, double, std::size_t);
template Variable<float> elastic_net_penalty(
    const std::vector<nn::Parameter<float>>&, double, double, std::size_t);
template Variable<double> elastic_net_penalty(
    const std::vector<nn::Parameter<double>>&, double, double, std::size_t);
template void apply_max_norm(const std::vector<nn::Parameter<float>>&, double);
template void apply_max_norm(const std::vector<nn::Parameter<double>>&, double);
template double zero_share(const std::vector<nn::Parameter<float>>&, double);
template double zero_share(const std::vector<nn::Parameter<double>>&, double);

}  // namespace xgrad::optim
