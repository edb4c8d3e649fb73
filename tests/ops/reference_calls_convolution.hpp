// The convolutions by name, as reference_calls.cpp.
#pragma once

#include <tests/ops/reference_case.hpp>

namespace xgrad::test {

inline RowsColumns rows_columns_of(const Json& p, const char* name, std::size_t otherwise) {
    if (!p.contains(name))
        return otherwise;
    const auto both = p.at(name).get<std::vector<std::size_t>>();
    return {both.at(0), both.at(1)};
}

template <class Options>
Options row_options_of(const Json& p) {
    Options options;
    options.stride = p.value("stride", std::size_t{1});
    options.padding = p.value("padding", std::size_t{0});
    options.dilation = p.value("dilation", std::size_t{1});
    options.groups = p.value("groups", std::size_t{1});
    if constexpr (requires { options.output_padding; })
        options.output_padding = p.value("output_padding", std::size_t{0});
    return options;
}

template <class Options>
Options image_options_of(const Json& p) {
    Options options;
    options.stride = rows_columns_of(p, "stride", 1);
    options.padding = rows_columns_of(p, "padding", 0);
    options.dilation = rows_columns_of(p, "dilation", 1);
    options.groups = p.value("groups", std::size_t{1});
    if constexpr (requires { options.output_padding; })
        options.output_padding = rows_columns_of(p, "output_padding", 0);
    return options;
}

template <class T>
void add_convolutions(std::map<std::string, Call<T>>& calls) {
#define CONVOLUTION(name, options)                                     \
    calls[#name] = [](const auto& in, const Json& p) {                 \
        return in.size() == 2 ? name(in[0], in[1], options(p))         \
                              : name(in[0], in[1], in[2], options(p)); \
    }
    CONVOLUTION(conv1d, row_options_of<Conv1dOptions>);
    CONVOLUTION(conv2d, image_options_of<Conv2dOptions>);
    CONVOLUTION(conv_transpose1d, row_options_of<ConvTranspose1dOptions>);
    CONVOLUTION(conv_transpose2d, image_options_of<ConvTranspose2dOptions>);
#undef CONVOLUTION
    calls["conv1d_weight_grad"] = [](const auto& in, const Json& p) {
        const auto kernel = p.at("kernel").get<std::vector<std::size_t>>().at(0);
        return conv1d_weight_grad(in[0], in[1], kernel, row_options_of<Conv1dOptions>(p));
    };
    calls["conv2d_weight_grad"] = [](const auto& in, const Json& p) {
        return conv2d_weight_grad(
            in[0], in[1], rows_columns_of(p, "kernel", 1), image_options_of<Conv2dOptions>(p));
    };
}

}  // namespace xgrad::test
