#include <autograd/fail.hpp>
#include <nn/sparsity.hpp>

#include <algorithm>
#include <cmath>

namespace xgrad::train {
namespace {

double share(std::size_t part, std::size_t size) {
    return size > 0 ? static_cast<double>(part) / static_cast<double>(size) : 0;
}

template <class T>
Sparsity count(const nn::Parameter<T>& parameter, double near) {
    const Array<T>& values = parameter.value.value();
    double squares = 0;
    for (const T v : values)
        squares += static_cast<double>(v) * static_cast<double>(v);
    const double bound =
        near * std::sqrt(squares / static_cast<double>(std::max<std::size_t>(values.size(), 1)));
    Sparsity found{parameter.name, values.size()};
    for (const T v : values) {
        found.zeros += v == T(0);
        found.near_zeros += std::abs(static_cast<double>(v)) <= bound;
    }
    return found;
}

std::string line_of(const Sparsity& s, std::size_t width) {
    return fmt::format(
        "{:<{}}  {:>9}  {:>6.1f} %  {:>6.1f} %\n",
        s.name,
        width,
        s.size,
        100 * s.zero_share(),
        100 * s.near_zero_share());
}

}  // namespace

double Sparsity::zero_share() const noexcept { return share(zeros, size); }
double Sparsity::near_zero_share() const noexcept { return share(near_zeros, size); }

std::string SparsityReport::text() const {
    std::size_t width = weights.name.size();
    for (const Sparsity& s : parameters)
        width = std::max(width, s.name.size());
    std::string table =
        fmt::format("{:<{}}  {:>9}  {:>8}  {:>8}\n", "parameter", width, "numbers", "0", "near 0");
    for (const Sparsity& s : parameters)
        table += line_of(s, width);
    return table + line_of(weights, width);
}

template <class T>
SparsityReport sparsity(const nn::Module<T>& model, double near) {
    if (!(near >= 0 && std::isfinite(near))) {
        fail<std::invalid_argument>("sparsity: near is {}; need a finite one, not negative", near);
    }
    SparsityReport report{{}, {"all weights"}, near};
    for (const nn::Parameter<T>& parameter : model.parameters()) {
        report.parameters.push_back(count(parameter, near));
        if (!parameter.decays)
            continue;
        const Sparsity& s = report.parameters.back();
        report.weights.size += s.size;
        report.weights.zeros += s.zeros;
        report.weights.near_zeros += s.near_zeros;
    }
    return report;
}

template SparsityReport sparsity(const nn::Module<float>&, double);
template SparsityReport sparsity(const nn::Module<double>&, double);

}  // namespace xgrad::train
