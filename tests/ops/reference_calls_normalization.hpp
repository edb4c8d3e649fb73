// The normalizations by name, as reference_calls.cpp.
#pragma once

#include <tests/ops/reference_case.hpp>

namespace xgrad::test {

/// The parameter that p's "given" names, w for weight and b for bias; undefined when it does not.
template <class T>
Variable<T> parameter_of(
    const std::vector<Variable<T>>& in, const Json& p, char name, std::size_t first = 1) {
    const auto at = p.at("given").get<std::string>().find(name);
    return at == std::string::npos ? Variable<T>() : in[first + at];
}

template <class T>
void add_normalization(std::map<std::string, Call<T>>& calls) {
    calls["layer_norm"] = [](const auto& in, const Json& p) {
        const Shape shape = shape_of(p.at("shape"));
        const auto weight = parameter_of(in, p, 'w'), bias = parameter_of(in, p, 'b');
        return layer_norm(in[0], shape, weight, bias, number_of(p, "epsilon"));
    };
    calls["rms_norm"] = [](const auto& in, const Json& p) {
        return rms_norm(
            in[0], shape_of(p.at("shape")), parameter_of(in, p, 'w'), number_of(p, "epsilon"));
    };
    calls["group_norm"] = [](const auto& in, const Json& p) {
        const auto weight = parameter_of(in, p, 'w'), bias = parameter_of(in, p, 'b');
        return group_norm(
            in[0], p.at("groups").get<std::size_t>(), weight, bias, number_of(p, "epsilon"));
    };
    calls["instance_norm"] = [](const auto& in, const Json& p) {
        const auto weight = parameter_of(in, p, 'w'), bias = parameter_of(in, p, 'b');
        return instance_norm(in[0], weight, bias, number_of(p, "epsilon"));
    };
    calls["batch_norm"] = [](const auto& in, const Json& p) {
        const auto weight = parameter_of(in, p, 'w'), bias = parameter_of(in, p, 'b');
        return batch_norm(in[0], weight, bias, number_of(p, "epsilon")).y;
    };
    calls["batch_norm_eval"] = [](const auto& in, const Json& p) {
        const auto weight = parameter_of(in, p, 'w', 3), bias = parameter_of(in, p, 'b', 3);
        return batch_norm_eval(in[0], {in[2], in[1]}, weight, bias, number_of(p, "epsilon"));
    };
    calls["update_running"] = [](const auto& in, const Json& p) {
        const Moments<T> running = {
            Variable<T>(Array<T>(in[2].value())), Variable<T>(Array<T>(in[1].value()))};
        update_running(running, batch_norm(in[0]), number_of(p, "momentum"));
        return concatenate<T>({running.mean, running.variance});
    };
}

}  // namespace xgrad::test
