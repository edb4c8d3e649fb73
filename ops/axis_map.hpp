// Internal to the sources: linear maps along the last one or two axes, in which each output is a
// sum of few inputs. Averages and interpolation are such maps, and so are their transposes.
#pragma once

#include <autograd/record.hpp>

#include <vector>

namespace xgrad::detail {

/// Along one axis: y_i is the sum of weights[k] x[columns[k]] over k in [begins[i], begins[i + 1]),
/// divided by divisors[i]: at last, so that means of whole numbers are exact where they are whole.
template <class T>
struct AxisMap {
    explicit AxisMap(std::size_t extent) : inputs(extent) {}
    [[nodiscard]] std::size_t outputs() const noexcept { return divisors.size(); }
    void add(std::size_t column, double weight = 1) {
        columns.push_back(column);
        weights.push_back(static_cast<T>(weight));
    }
    void end_output(double divisor = 1) {
        begins.push_back(columns.size());
        divisors.push_back(static_cast<T>(divisor));
    }

    std::size_t inputs;
    std::vector<std::size_t> begins = {0};
    std::vector<std::size_t> columns;
    std::vector<T> weights;
    std::vector<T> divisors;
};

/// x mapped along its last axes, by one map or two, recorded as `op`. Gradient: g under the
/// transposed maps.
template <class T>
[[nodiscard]] Variable<T> map_axes(
    const Op& op, const Variable<T>& x, std::vector<AxisMap<T>> maps, Where where);

}  // namespace xgrad::detail
