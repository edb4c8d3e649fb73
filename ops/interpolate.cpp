#include <autograd/fail.hpp>
#include <ops/axis_map.hpp>
#include <ops/interpolate.hpp>

#include <algorithm>
#include <cmath>

namespace xgrad {
namespace {

constexpr std::size_t limit = std::size_t{1} << 31;

const char* name_of(Interpolation mode) {
    return mode == Interpolation::nearest  ? "nearest"
           : mode == Interpolation::linear ? "linear"
                                           : "bilinear";
}

void check_options(const InterpolateOptions& o) {
    const std::size_t axes = o.size.size() + o.scale.size();
    if (o.size.empty() == o.scale.empty() || axes > 2) {
        fail<std::invalid_argument>(
            "interpolate: there are {} sizes and {} scales; need either sizes or scales, for the "
            "last axis or the last two",
            o.size.size(),
            o.scale.size());
    }
    if (o.mode != Interpolation::nearest && (o.mode == Interpolation::linear) != (axes == 1)) {
        fail<std::invalid_argument>(
            "interpolate: mode is {}, there are numbers for {} axes; linear is for 1, bilinear for "
            "2",
            name_of(o.mode),
            axes);
    }
    if (o.align_corners && o.mode == Interpolation::nearest) {
        throw std::invalid_argument(
            "interpolate: align_corners is set, mode is nearest; need linear or bilinear");
    }
    for (const double scale : o.scale) {
        if (!(scale > 0 && std::isfinite(scale))) {
            fail<std::invalid_argument>(
                "interpolate: scale is {}; need a positive finite number", scale);
        }
    }
}

// From one axis to another. `step` is the distance of the new elements in the old ones.
struct Resampling {
    std::size_t extent, size;
    double step;
    bool has_scale;
};

Resampling resampling(
    const Shape& shape, std::size_t axis, const InterpolateOptions& options, std::size_t i) {
    const std::size_t extent = shape[axis];
    if (extent == 0) {
        fail<ShapeError>(
            "interpolate: axis {} of shape {} is empty; need at least one element", axis, shape);
    }
    const bool has_scale = !options.scale.empty();
    const double size = has_scale ? std::floor(static_cast<double>(extent) * options.scale[i])
                                  : static_cast<double>(options.size[i]);
    if (!(size >= 1 && size < static_cast<double>(limit))) {
        fail<ShapeError>(
            "interpolate: axis {} of shape {} would get size {}; need 1 <= size < 2^31",
            axis,
            shape,
            size);
    }
    const double step = has_scale ? 1 / options.scale[i] : static_cast<double>(extent) / size;
    return {extent, static_cast<std::size_t>(size), step, has_scale};
}

// The same whatever the sizes. Where a scale like 1.2 leaves the size as it is, PyTorch copies two
// axes but not one, of which it returns a gradient as if it had.
template <class T>
detail::AxisMap<T> nearest(const Resampling& to) {
    detail::AxisMap<T> map(to.extent);
    for (std::size_t i = 0; i < to.size; ++i) {
        // In whole numbers: the product with a rounded step may fall short of one.
        const std::size_t from = to.has_scale
                                     ? static_cast<std::size_t>(static_cast<double>(i) * to.step)
                                     : i * to.extent / to.size;
        map.add(std::min(from, to.extent - 1));
        map.end_output();
    }
    return map;
}

template <class T>
detail::AxisMap<T> linear(const Resampling& to, bool align_corners) {
    detail::AxisMap<T> map(to.extent);
    const double last = static_cast<double>(to.extent - 1);
    for (std::size_t i = 0; i < to.size; ++i) {
        const auto n = static_cast<double>(i);
        double from = std::max(0.0, (n + 0.5) * to.step - 0.5);
        if (align_corners)
            from = to.size == 1 ? 0 : n * last / static_cast<double>(to.size - 1);
        if (to.size == to.extent)
            from = n;
        from = std::min(from, last);
        const double lower = std::floor(from), weight = from - lower;
        map.add(static_cast<std::size_t>(lower), 1 - weight);
        if (weight > 0)
            map.add(static_cast<std::size_t>(lower) + 1, weight);
        map.end_output();
    }
    return map;
}

}  // namespace

static const Op interpolate_op(
    "interpolate",
    {on({{2, 3}}, [](const auto& in) { return interpolate(in[0], {.size = {7}}); }).linear(),
     on({{2, 5, 4}},
        [](const auto& in) {
            return interpolate(in[0], {.size = {3, 6}});
        })
         .linear(),
     on({{2, 5}},
        [](const auto& in) {
            return interpolate(in[0], {.scale = {1.7}, .mode = Interpolation::linear});
        })
         .linear(),
     on({{5}},
        [](const auto& in) {
            return interpolate(
                in[0], {.size = {3}, .mode = Interpolation::linear, .align_corners = true});
        })
         .linear(),
     on({{2, 3, 2}},
        [](const auto& in) {
            return interpolate(in[0], {.scale = {2, 1.5}, .mode = Interpolation::bilinear});
        })
         .linear(),
     on({{5, 6}},
        [](const auto& in) {
            return interpolate(in[0], {.size = {3, 2}, .mode = Interpolation::bilinear});
        })
         .linear(),
     on({{1, 2, 3}}, [](const auto& in) {
         return interpolate(
             in[0], {.size = {4, 5}, .mode = Interpolation::bilinear, .align_corners = true});
     }).linear()});
template <class T>
Variable<T> interpolate(const Variable<T>& x, const InterpolateOptions& options, Where where) {
    check_options(options);
    const std::size_t axes = options.size.size() + options.scale.size();
    if (x.rank() < axes) {
        fail<ShapeError>(
            "interpolate: x has shape {}, there are numbers for {} axes; need as many axes",
            x.shape(),
            axes);
    }
    std::vector<detail::AxisMap<T>> maps;
    for (std::size_t i = 0; i < axes; ++i) {
        const Resampling to = resampling(x.shape(), x.rank() - axes + i, options, i);
        maps.push_back(
            options.mode == Interpolation::nearest ? nearest<T>(to)
                                                   : linear<T>(to, options.align_corners));
    }
    return map_axes(interpolate_op, x, std::move(maps), where);
}
template Variable<float> interpolate(const Variable<float>&, const InterpolateOptions&, Where);
template Variable<double> interpolate(const Variable<double>&, const InterpolateOptions&, Where);

}  // namespace xgrad
