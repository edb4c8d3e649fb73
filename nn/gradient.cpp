#include <autograd/fail.hpp>
#include <nn/gradient.hpp>

#include <algorithm>
#include <cmath>
#include <span>

namespace xgrad::optim {
namespace {

void check_bound(const char* who, const char* name, double bound) {
    if (!(bound > 0))
        fail<std::invalid_argument>("{}: {} is {}; need {} > 0", who, name, bound, name);
}

// The elements of a gradient. A leaf's gradient is its own: no other handle sees the array.
template <class T>
std::span<T> elements(const nn::Parameter<T>& parameter) {
    const Array<T>& gradient = parameter.value.grad();
    return {const_cast<T*>(gradient.data()), gradient.size()};
}

}  // namespace

template <class T>
double grad_norm(const std::vector<nn::Parameter<T>>& parameters) {
    double total = 0;
    for (const nn::Parameter<T>& parameter : parameters) {
        if (!parameter.value.has_grad())
            continue;
        double squares = 0;
        for (const T g : parameter.value.grad())
            squares += static_cast<double>(g) * static_cast<double>(g);
        total += squares;
    }
    return std::sqrt(total);
}

template <class T>
double clip_grad_norm(const std::vector<nn::Parameter<T>>& parameters, double max_norm) {
    check_bound("clip_grad_norm", "max_norm", max_norm);
    const double norm = grad_norm(parameters);
    const double scale = max_norm / (norm + 1e-6);
    if (!std::isfinite(norm) || scale >= 1)
        return norm;
    for (const nn::Parameter<T>& parameter : parameters) {
        if (!parameter.value.has_grad())
            continue;
        for (T& g : elements(parameter))
            g *= static_cast<T>(scale);
    }
    return norm;
}

template <class T>
void clip_grad_value(const std::vector<nn::Parameter<T>>& parameters, double bound) {
    check_bound("clip_grad_value", "bound", bound);
    const T high = static_cast<T>(bound);
    for (const nn::Parameter<T>& parameter : parameters) {
        if (!parameter.value.has_grad())
            continue;
        for (T& g : elements(parameter))
            g = g > high ? high : g < -high ? -high : g;
    }
}

namespace detail {

template <class T>
bool all_finite(const Array<T>& array) noexcept {
    // 0 times a NaN or an infinity is NaN, and so is the sum: a loop without a branch.
    T zero = 0;
    for (std::size_t i = 0; i < array.size(); ++i)
        zero += array.data()[i] * T(0);
    return zero == T(0);
}

template bool all_finite(const Array<float>&) noexcept;
template bool all_finite(const Array<double>&) noexcept;

}  // namespace detail

template double grad_norm(const std::vector<nn::Parameter<float>>&);
template double grad_norm(const std::vector<nn::Parameter<double>>&);
template double clip_grad_norm(const std::vector<nn::Parameter<float>>&, double);
template double clip_grad_norm(const std::vector<nn::Parameter<double>>&, double);
template void clip_grad_value(const std::vector<nn::Parameter<float>>&, double);
template void clip_grad_value(const std::vector<nn::Parameter<double>>&, double);

}  // namespace xgrad::optim
