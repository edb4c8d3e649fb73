#include <autograd/fail.hpp>
#include <nn/init.hpp>

#include <cmath>

namespace xgrad::init {

namespace {

Fans fans_of(const char* function, const Shape& shape) {
    if (shape.size() < 2) {
        fail<ShapeError>("{}: the weight has shape {}; need at least (out, in)", function, shape);
    }
    std::size_t field = 1;
    for (std::size_t i = 2; i < shape.size(); ++i)
        field *= shape[i];
    return {shape[1] * field, shape[0] * field};
}

void check_scale(const char* function, const char* what, double value) {
    if (!(value >= 0))
        fail<std::invalid_argument>("{}: the {} is {}; need >= 0", function, what, value);
}

double inverse(double n) { return n > 0 ? 1 / n : 0; }

double fan_of(const char* function, const Shape& shape, Fan fan) {
    const Fans f = fans_of(function, shape);
    return static_cast<double>(fan == Fan::in ? f.in : f.out);
}

double mean_fan(const char* function, const Shape& shape) {
    const Fans f = fans_of(function, shape);
    return static_cast<double>(f.in + f.out) / 2;
}

// A uniform distribution on [-b, b) has variance b^2 / 3.
double bound_of(double variance) { return std::sqrt(3 * variance); }

}  // namespace

Fans fans(const Shape& shape) { return fans_of("fans", shape); }

template <class T>
Array<T> constant(const Shape& shape, double value) {
    return Array<T>(shape, static_cast<T>(value));
}

template <class T>
Array<T> normal(const Shape& shape, Rng& rng, double deviation) {
    check_scale("normal", "deviation", deviation);
    Array<T> values = empty<T>(shape);
    for (T& value : values)
        value = static_cast<T>(deviation * rng.normal());
    return values;
}

template <class T>
Array<T> uniform(const Shape& shape, Rng& rng, double bound) {
    check_scale("uniform", "bound", bound);
    Array<T> values = empty<T>(shape);
    for (T& value : values)
        value = static_cast<T>(bound * (2 * rng.uniform() - 1));
    return values;
}

// The deviation of a normal variable cut at 2 is sqrt(1 - 4 phi(2) / (2 Phi(2) - 1)).
constexpr double cut_deviation = 0.8796256610342398;

template <class T>
Array<T> truncated_normal(const Shape& shape, Rng& rng, double deviation) {
    check_scale("truncated_normal", "deviation", deviation);
    Array<T> values = empty<T>(shape);
    for (T& value : values) {
        double z = rng.normal();
        while (std::abs(z) > 2)
            z = rng.normal();
        value = static_cast<T>(deviation / cut_deviation * z);
    }
    return values;
}

double gain(Nonlinearity f, double slope) {
    switch (f) {
        case Nonlinearity::tanh: return 5.0 / 3;
        case Nonlinearity::relu: return std::sqrt(2.0);
        case Nonlinearity::leaky_relu: return std::sqrt(2 / (1 + slope * slope));
        case Nonlinearity::selu: return 0.75;
        default: return 1;
    }
}

template <class T>
Array<T> he_normal(const Shape& shape, Rng& rng, double gain, Fan fan) {
    check_scale("he_normal", "gain", gain);
    const double variance = gain * gain * inverse(fan_of("he_normal", shape, fan));
    return normal<T>(shape, rng, std::sqrt(variance));
}

template <class T>
Array<T> he_uniform(const Shape& shape, Rng& rng, double gain, Fan fan) {
    check_scale("he_uniform", "gain", gain);
    const double variance = gain * gain * inverse(fan_of("he_uniform", shape, fan));
    return uniform<T>(shape, rng, bound_of(variance));
}

template <class T>
Array<T> he_truncated(const Shape& shape, Rng& rng, double gain, Fan fan) {
    check_scale("he_truncated", "gain", gain);
    const double variance = gain * gain * inverse(fan_of("he_truncated", shape, fan));
    return truncated_normal<T>(shape, rng, std::sqrt(variance));
}

template <class T>
Array<T> xavier_normal(const Shape& shape, Rng& rng, double gain) {
    check_scale("xavier_normal", "gain", gain);
    const double variance = gain * gain * inverse(mean_fan("xavier_normal", shape));
    return normal<T>(shape, rng, std::sqrt(variance));
}

template <class T>
Array<T> xavier_uniform(const Shape& shape, Rng& rng, double gain) {
    check_scale("xavier_uniform", "gain", gain);
    const double variance = gain * gain * inverse(mean_fan("xavier_uniform", shape));
    return uniform<T>(shape, rng, bound_of(variance));
}

template <class T>
Array<T> xavier_truncated(const Shape& shape, Rng& rng, double gain) {
    check_scale("xavier_truncated", "gain", gain);
    const double variance = gain * gain * inverse(mean_fan("xavier_truncated", shape));
    return truncated_normal<T>(shape, rng, std::sqrt(variance));
}

template <class T>
Array<T> lecun_normal(const Shape& shape, Rng& rng) {
    return normal<T>(shape, rng, std::sqrt(inverse(fan_of("lecun_normal", shape, Fan::in))));
}

template <class T>
Array<T> lecun_uniform(const Shape& shape, Rng& rng) {
    return uniform<T>(shape, rng, bound_of(inverse(fan_of("lecun_uniform", shape, Fan::in))));
}

template <class T>
Array<T> lecun_truncated(const Shape& shape, Rng& rng) {
    return truncated_normal<T>(
        shape, rng, std::sqrt(inverse(fan_of("lecun_truncated", shape, Fan::in))));
}

template Array<float> constant(const Shape&, double);
template Array<double> constant(const Shape&, double);
template Array<float> normal(const Shape&, Rng&, double);
template Array<double> normal(const Shape&, Rng&, double);
template Array<float> uniform(const Shape&, Rng&, double);
template Array<double> uniform(const Shape&, Rng&, double);
template Array<float> truncated_normal(const Shape&, Rng&, double);
template Array<double> truncated_normal(const Shape&, Rng&, double);
template Array<float> he_normal(const Shape&, Rng&, double, Fan);
template Array<double> he_normal(const Shape&, Rng&, double, Fan);
template Array<float> he_uniform(const Shape&, Rng&, double, Fan);
template Array<double> he_uniform(const Shape&, Rng&, double, Fan);
template Array<float> he_truncated(const Shape&, Rng&, double, Fan);
template Array<double> he_truncated(const Shape&, Rng&, double, Fan);
template Array<float> xavier_normal(const Shape&, Rng&, double);
template Array<double> xavier_normal(const Shape&, Rng&, double);
template Array<float> xavier_uniform(const Shape&, Rng&, double);
template Array<double> xavier_uniform(const Shape&, Rng&, double);
template Array<float> xavier_truncated(const Shape&, Rng&, double);
template Array<double> xavier_truncated(const Shape&, Rng&, double);
template Array<float> lecun_normal(const Shape&, Rng&);
template Array<double> lecun_normal(const Shape&, Rng&);
template Array<float> lecun_uniform(const Shape&, Rng&);
template Array<double> lecun_uniform(const Shape&, Rng&);
template Array<float> lecun_truncated(const Shape&, Rng&);
template Array<double> lecun_truncated(const Shape&, Rng&);

}  // namespace xgrad::init
