#include <autograd/fail.hpp>
#include <nn/input_normalizer.hpp>

#include <cmath>
#include <stdexcept>
#include <utility>

namespace xgrad::data {
namespace {

Shape row_shape(const Shape& shape) { return Shape(shape.begin() + 1, shape.end()); }

// The array as rows of the shift's size, each element with its shift and scale.
template <class T, class F>
void for_each(Array<T>& x, const Array<T>& shift, const Array<T>& scale, F f) {
    const std::size_t width = shift.size();
    if (width == 1) {
        const T m = shift.data()[0];
        const T s = scale.data()[0];
        for (T& value : x.storage())
            value = f(value, m, s);
        return;
    }
    T* row = x.data();
    for (std::size_t left = x.size(); left > 0; left -= width, row += width) {
        for (std::size_t j = 0; j < width; ++j)
            row[j] = f(row[j], shift.data()[j], scale.data()[j]);
    }
}

template <class T>
void check_figures(
    const char* name, const char* shift_name, const Array<T>& shift, const Array<T>& scale) {
    for (std::size_t i = 0; i < shift.size(); ++i) {
        const T m = shift.data()[i];
        const T s = scale.data()[i];
        if (!std::isfinite(m) || !std::isfinite(s) || s <= 0) {
            fail<std::invalid_argument>(
                "{}::load_state: at {} {} is {} and scale is {}; need finite values and scale > 0",
                name,
                index_string(i, shift.shape()),
                shift_name,
                m,
                s);
        }
    }
}

}  // namespace

template <class T>
void InputNormalizer<T>::fit(const Dataset<T>& dataset) {
    if (dataset.part() != Part::train && dataset.part() != Part::unsplit) {
        fail<std::invalid_argument>(
            "{}::fit: the {} rows are the {} part; fit on the train part, and transform the others",
            name(),
            dataset.size(),
            to_string(dataset.part()));
    }
    fit(dataset.x());
}

template <class T>
Dataset<T> InputNormalizer<T>::transform(const Dataset<T>& dataset) const {
    Array<T> x = transform(dataset.x());
    const auto result = dataset.classes() > 0
                            ? Dataset<T>(std::move(x), dataset.y(), dataset.classes())
                            : Dataset<T>(std::move(x), dataset.targets());
    return result.as(dataset.part());
}

template <class T>
void ShiftScale<T>::fit(const Array<T>& x) {
    const Shape& shape = x.shape();
    if (shape.empty() || x.size() == 0) {
        fail<ShapeError>(
            "{}::fit: x has shape {}; need (m, ...) with at least one element", name_, shape);
    }
    const Shape feature_shape = per_feature_ ? row_shape(shape) : Shape{};
    auto shift = empty<T>(feature_shape);
    auto scale = empty<T>(feature_shape);
    const Figures of = figures(x.data(), x.size() / shift.size(), shift.size());
    for (std::size_t j = 0; j < shift.size(); ++j) {
        shift.data()[j] = static_cast<T>(of.shift[j]);
        const T s = static_cast<T>(of.scale[j]);
        if (!std::isfinite(shift.data()[j]) || !std::isfinite(s)) {
            fail<std::invalid_argument>(
                "{}::fit: feature {} of x {} has {} {} and scale {}; need finite values",
                name_,
                index_string(j, feature_shape),
                shape,
                shift_name_,
                of.shift[j],
                of.scale[j]);
        }
        scale.data()[j] = s > 0 ? s : T{1};
    }
    shift_ = std::move(shift);
    scale_ = std::move(scale);
    fitted_ = true;
}

template <class T>
void ShiftScale<T>::check(const char* function, const Array<T>& x) const {
    const Shape& features = shift().shape();
    if (features.empty())
        return;
    if (x.dimension() == 0 || row_shape(x.shape()) != features) {
        fail<ShapeError>(
            "{}::{}: x has shape {}, the features of fit have shape {}; x must be (N, ...) with "
            "the "
            "same features",
            name_,
            function,
            x.shape(),
            features);
    }
}

template <class T>
Array<T> ShiftScale<T>::transform(Array<T> x) const {
    check("transform", x);
    for_each(x, shift_, scale_, [](T value, T shift, T scale) { return (value - shift) / scale; });
    return x;
}

template <class T>
Array<T> ShiftScale<T>::inverse(Array<T> x) const {
    check("inverse", x);
    for_each(x, shift_, scale_, [](T value, T shift, T scale) { return value * scale + shift; });
    return x;
}

template <class T>
const Array<T>& ShiftScale<T>::shift() const {
    if (!fitted_) {
        fail<std::logic_error>(
            "{}: there is no {} and scale yet; call fit or load_state first", name_, shift_name_);
    }
    return shift_;
}

template <class T>
const Array<T>& ShiftScale<T>::scale() const {
    static_cast<void>(shift());
    return scale_;
}

template <class T>
typename ShiftScale<T>::State ShiftScale<T>::state() const {
    return {{shift_name_, shift()}, {"scale", scale()}};
}

template <class T>
void ShiftScale<T>::load_state(const State& state) {
    const auto entry = [&](const char* name) -> const Array<T>& {
        const auto found = state.find(name);
        if (found == state.end()) {
            fail<std::invalid_argument>(
                "{}::load_state: there is no \"{}\" among {} entries; need \"{}\" and \"scale\"",
                name_,
                name,
                state.size(),
                shift_name_);
        }
        return found->second;
    };
    const Array<T>& shift = entry(shift_name_);
    const Array<T>& scale = entry("scale");
    if (state.size() != 2) {
        fail<std::invalid_argument>(
            "{}::load_state: there are {} entries; need only \"{}\" and \"scale\"",
            name_,
            state.size(),
            shift_name_);
    }
    if (shift.shape() != scale.shape()) {
        fail<ShapeError>(
            "{}::load_state: {} has shape {}, scale has {}; need the same",
            name_,
            shift_name_,
            shift.shape(),
            scale.shape());
    }
    check_figures(name_, shift_name_, shift, scale);
    shift_ = shift;
    scale_ = scale;
    fitted_ = true;
}

template class InputNormalizer<float>;
template class InputNormalizer<double>;
template class ShiftScale<float>;
template class ShiftScale<double>;

}  // namespace xgrad::data
