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

double fan_in(const char* function, const Shape& shape) {
    return static_cast<double>(fans_of(function, shape).in);
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

template <class T>
Array<T> he_normal(const Shape& shape, Rng& rng, double gain) {
    check_scale("he_normal", "gain", gain);
    return normal<T>(shape, rng, gain * std::sqrt(inverse(fan_in("he_normal", shape))));
}

template <class T>
Array<T> he_uniform(const Shape& shape, Rng& rng, double gain) {
    check_scale("he_uniform", "gain", gain);
    return uniform<T>(shape, rng, bound_of(gain * gain * inverse(fan_in("he_uniform", shape))));
}

template <class T>
Array<T> xavier_normal(const Shape& shape, Rng& rng, double gain) {
    check_scale("xavier_normal", "gain", gain);
    return normal<T>(shape, rng, gain * std::sqrt(inverse(mean_fan("xavier_normal", shape))));
}

template <class T>
Array<T> xavier_uniform(const Shape& shape, Rng& rng, double gain) {
    check_scale("xavier_uniform", "gain", gain);
    return uniform<T>(
        shape, rng, bound_of(gain * gain * inverse(mean_fan("xavier_uniform", shape))));
}

template <class T>
Array<T> lecun_normal(const Shape& shape, Rng& rng) {
    return normal<T>(shape, rng, std::sqrt(inverse(fan_in("lecun_normal", shape))));
}

template <class T>
Array<T> lecun_uniform(const Shape& shape, Rng& rng) {
    return uniform<T>(shape, rng, bound_of(inverse(fan_in("lecun_uniform", shape))));
}

template Array<float> constant(const Shape&, double);
template Array<double> constant(const Shape&, double);
template Array<float> normal(const Shape&, Rng&, double);
template Array<double> normal(const Shape&, Rng&, double);
template Array<float> uniform(const Shape&, Rng&, double);
template Array<double> uniform(const Shape&, Rng&, double);
template Array<float> he_normal(const Shape&, Rng&, double);
template Array<double> he_normal(const Shape&, Rng&, double);
template Array<float> he_uniform(const Shape&, Rng&, double);
template Array<double> he_uniform(const Shape&, Rng&, double);
template Array<float> xavier_normal(const Shape&, Rng&, double);
template Array<double> xavier_normal(const Shape&, Rng&, double);
template Array<float> xavier_uniform(const Shape&, Rng&, double);
template Array<double> xavier_uniform(const Shape&, Rng&, double);
template Array<float> lecun_normal(const Shape&, Rng&);
template Array<double> lecun_normal(const Shape&, Rng&);
template Array<float> lecun_uniform(const Shape&, Rng&);
template Array<double> lecun_uniform(const Shape&, Rng&);

}  // namespace xgrad::init
