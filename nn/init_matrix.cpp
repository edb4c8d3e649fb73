// Initial weights that are more than independent draws.
#include <autograd/fail.hpp>
#include <autograd/grad.hpp>
#include <nn/init.hpp>
#include <ops/decomposition.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace xgrad::init {

namespace {

void check_matrix(const char* function, const Shape& shape) {
    if (shape.size() != 2)
        fail<ShapeError>("{}: the weight has shape {}; need (out, in)", function, shape);
}

}  // namespace

template <class T>
Array<T> orthogonal(const Shape& shape, Rng& rng, double gain) {
    if (shape.size() < 2) {
        fail<ShapeError>("orthogonal: the weight has shape {}; need at least (out, in)", shape);
    }
    if (!(gain >= 0))
        fail<std::invalid_argument>("orthogonal: the gain is {}; need >= 0", gain);
    Array<T> weight = empty<T>(shape);
    if (weight.size() == 0)
        return weight;
    const std::size_t rows = shape[0], columns = weight.size() / rows;
    const std::size_t tall = std::max(rows, columns), thin = std::min(rows, columns);
    const NoGradGuard unrecorded;
    const Qr<double> parts = qr(Variable<double>(normal<double>({tall, thin}, rng)));
    const double* q = parts.q.value().data();
    const double* r = parts.r.value().data();
    for (std::size_t i = 0; i < tall; ++i) {
        for (std::size_t j = 0; j < thin; ++j) {
            const double sign = r[j * thin + j] < 0 ? -gain : gain;
            const std::size_t at = rows < columns ? j * columns + i : i * columns + j;
            weight.data()[at] = static_cast<T>(sign * q[i * thin + j]);
        }
    }
    return weight;
}

template <class T>
Array<T> sparse(const Shape& shape, Rng& rng, double zeros, double deviation) {
    check_matrix("sparse", shape);
    if (!(zeros >= 0 && zeros <= 1))
        fail<std::invalid_argument>("sparse: zeros is {}; need 0 <= zeros <= 1", zeros);
    if (!(deviation >= 0))
        fail<std::invalid_argument>("sparse: the deviation is {}; need >= 0", deviation);
    Array<T> weight = normal<T>(shape, rng, deviation);
    const auto dropped =
        static_cast<std::size_t>(std::lround(zeros * static_cast<double>(shape[0])));
    std::vector<std::size_t> rows(shape[0]);
    for (std::size_t column = 0; column < shape[1]; ++column) {
        std::iota(rows.begin(), rows.end(), std::size_t{0});
        rng.shuffle(rows);
        for (std::size_t i = 0; i < dropped; ++i)
            weight.data()[rows[i] * shape[1] + column] = 0;
    }
    return weight;
}

template <class T>
Array<T> identity(const Shape& shape, double gain) {
    check_matrix("identity", shape);
    Array<T> weight = zeros<T>(shape);
    for (std::size_t i = 0; i < std::min(shape[0], shape[1]); ++i)
        weight.data()[i * shape[1] + i] = static_cast<T>(gain);
    return weight;
}

template <class T>
Array<T> dirac(const Shape& shape, std::size_t groups) {
    if (shape.size() < 3)
        fail<ShapeError>("dirac: the weight has shape {}; need (out, in, kernel...)", shape);
    if (groups == 0 || shape[0] % groups != 0) {
        fail<std::invalid_argument>(
            "dirac: {} groups for {} outputs; groups must divide them", groups, shape[0]);
    }
    Array<T> weight = zeros<T>(shape);
    if (weight.size() == 0)
        return weight;
    std::size_t middle = 0, kernel = 1;
    for (std::size_t axis = 2; axis < shape.size(); ++axis) {
        middle = middle * shape[axis] + shape[axis] / 2;
        kernel *= shape[axis];
    }
    const std::size_t each = shape[0] / groups;
    for (std::size_t group = 0; group < groups; ++group) {
        for (std::size_t i = 0; i < std::min(each, shape[1]); ++i)
            weight.data()[((group * each + i) * shape[1] + i) * kernel + middle] = 1;
    }
    return weight;
}

template Array<float> orthogonal(const Shape&, Rng&, double);
template Array<double> orthogonal(const Shape&, Rng&, double);
template Array<float> sparse(const Shape&, Rng&, double, double);
template Array<double> sparse(const Shape&, Rng&, double, double);
template Array<float> identity(const Shape&, double);
template Array<double> identity(const Shape&, double);
template Array<float> dirac(const Shape&, std::size_t);
template Array<double> dirac(const Shape&, std::size_t);

}  // namespace xgrad::init
