// Pooling, interpolation and embedding by name, as reference_calls.cpp.
#pragma once

#include <tests/ops/reference_case.hpp>

#include <algorithm>
#include <optional>

namespace xgrad::test {

inline RowsColumns pair_of(const Json& pair) {
    return {pair.at(0).get<std::size_t>(), pair.at(1).get<std::size_t>()};
}

/// What p says, or else the option's default.
inline void read(const Json& p, const char* name, std::size_t& option) {
    option = p.value(name, option);
}
inline void read(const Json& p, const char* name, bool& option) { option = p.value(name, option); }
inline void read(const Json& p, const char* name, RowsColumns& option) {
    if (p.contains(name))
        option = pair_of(p.at(name));
}

template <class Options>
Options max_options_of(const Json& p) {
    Options options;
    read(p, "stride", options.stride);
    read(p, "padding", options.padding);
    read(p, "dilation", options.dilation);
    read(p, "ceil_mode", options.ceil_mode);
    return options;
}

template <class Options>
Options avg_options_of(const Json& p) {
    Options options;
    read(p, "stride", options.stride);
    read(p, "padding", options.padding);
    read(p, "ceil_mode", options.ceil_mode);
    read(p, "count_include_pad", options.count_include_pad);
    return options;
}

inline InterpolateOptions interpolation_of(const Json& p) {
    const auto mode = p.at("mode").get<std::string>();
    InterpolateOptions options;
    options.size = p.value("size", options.size);
    options.scale = p.value("scale", options.scale);
    options.mode = mode == "nearest"  ? Interpolation::nearest
                   : mode == "linear" ? Interpolation::linear
                                      : Interpolation::bilinear;
    options.align_corners = p.at("align_corners").get<bool>();
    return options;
}

template <class T>
void add_pooling(std::map<std::string, Call<T>>& calls) {
    calls["max_pool1d"] = [](const auto& in, const Json& p) {
        return max_pool1d(
            in[0], p.at("kernel").get<std::size_t>(), max_options_of<MaxPool1dOptions>(p));
    };
    calls["max_pool2d"] = [](const auto& in, const Json& p) {
        return max_pool2d(in[0], pair_of(p.at("kernel")), max_options_of<MaxPool2dOptions>(p));
    };
    calls["avg_pool1d"] = [](const auto& in, const Json& p) {
        return avg_pool1d(
            in[0], p.at("kernel").get<std::size_t>(), avg_options_of<AvgPool1dOptions>(p));
    };
    calls["avg_pool2d"] = [](const auto& in, const Json& p) {
        return avg_pool2d(in[0], pair_of(p.at("kernel")), avg_options_of<AvgPool2dOptions>(p));
    };
    calls["adaptive_avg_pool1d"] = [](const auto& in, const Json& p) {
        return adaptive_avg_pool1d(in[0], p.at("size").get<std::size_t>());
    };
    calls["adaptive_avg_pool2d"] = [](const auto& in, const Json& p) {
        return adaptive_avg_pool2d(in[0], pair_of(p.at("size")));
    };
    calls["adaptive_max_pool1d"] = [](const auto& in, const Json& p) {
        return adaptive_max_pool1d(in[0], p.at("size").get<std::size_t>());
    };
    calls["adaptive_max_pool2d"] = [](const auto& in, const Json& p) {
        return adaptive_max_pool2d(in[0], pair_of(p.at("size")));
    };
    calls["interpolate"] = [](const auto& in, const Json& p) {
        return interpolate(in[0], interpolation_of(p));
    };
    calls["embedding"] = [](const auto& in, const Json& p) {
        IndexArray indices = empty<std::int64_t>(shape_of(p.at("shape")));
        std::ranges::copy(indices_of(p.at("indices")), indices.begin());
        std::optional<std::int64_t> padding_idx;
        if (p.contains("padding_idx"))
            padding_idx = p.at("padding_idx").get<std::int64_t>();
        return embedding(indices, in[0], padding_idx);
    };
}

}  // namespace xgrad::test
