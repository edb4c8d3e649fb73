// What a case of tests/reference/ops*.json holds, and how an op is called on it.
#pragma once

#include <ops/ops.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace xgrad::test {

using Json = nlohmann::json;

template <class T>
using Call = Variable<T> (*)(const std::vector<Variable<T>>& in, const Json& p);

inline double number_of(const Json& p, const char* name) { return p.at(name).get<double>(); }

inline Axes axes_of(const Json& p) { return p.at("axes").get<std::vector<std::ptrdiff_t>>(); }

inline Shape shape_of(const Json& json) {
    const auto extents = json.get<std::vector<std::size_t>>();
    return Shape(extents.begin(), extents.end());
}

inline std::ptrdiff_t axis_of(const Json& p) { return p.at("axis").get<std::ptrdiff_t>(); }

inline std::vector<std::int64_t> indices_of(const Json& json) {
    return json.get<std::vector<std::int64_t>>();
}

inline void append(const Json& nested, std::vector<std::int64_t>& flat) {
    if (!nested.is_array()) {
        flat.push_back(nested.get<std::int64_t>());
        return;
    }
    for (const Json& inner : nested)
        append(inner, flat);
}

/// Of any rank, from nested lists.
inline IndexArray index_array_of(const Json& nested) {
    Shape shape;
    for (const Json* inner = &nested; inner->is_array(); inner = &inner->at(0))
        shape.push_back(inner->size());
    std::vector<std::int64_t> flat;
    append(nested, flat);
    IndexArray indices = empty<std::int64_t>(shape);
    std::ranges::copy(flat, indices.data());
    return indices;
}

inline Reduction reduction_of(const Json& p) {
    const auto name = p.at("reduction").get<std::string>();
    return name == "none" ? Reduction::none : name == "mean" ? Reduction::mean : Reduction::sum;
}

}  // namespace xgrad::test
