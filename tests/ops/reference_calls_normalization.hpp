// The normalizations by name, as reference_calls.hpp.
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
    const auto epsilon = [](const Json& p) { return p.at("epsilon").get<double>(); };
    calls["layer_norm"] = [epsilon](const auto& in, const Json& p) {
        const Shape shape = shape_of(p.at("shape"));
        const auto weight = parameter_of(in, p, 'w'), bias = parameter_of(in, p, 'b');
        return layer_norm(in[0], shape, weight, bias, epsilon(p));
    };
    calls["rms_norm"] = [epsilon](const auto& in, const Json& p) {
        return rms_norm(in[0], shape_of(p.at("shape")), parameter_of(in, p, 'w'), epsilon(p));
    };
    calls["group_norm"] = [epsilon](const auto& in, const Json& p) {
        const auto weight = parameter_of(in, p, 'w'), bias = parameter_of(in, p, 'b');
        return group_norm(in[0], p.at("groups").get<std::size_t>(), weight, bias, epsilon(p));
    };
    calls["instance_norm"] = [epsilon](const auto& in, const Json& p) {
        const auto weight = parameter_of(in, p, 'w'), bias = parameter_of(in, p, 'b');
        return instance_norm(in[0], weight, bias, epsilon(p));
    };
    calls["batch_norm"] = [epsilon](const auto& in, const Json& p) {
        const auto weight = parameter_of(in, p, 'w'), bias = parameter_of(in, p, 'b');
        return batch_norm(in[0], weight, bias, epsilon(p)).y;
    };
    calls["batch_norm_eval"] = [epsilon](const auto& in, const Json& p) {
        const auto weight = parameter_of(in, p, 'w', 3), bias = parameter_of(in, p, 'b', 3);
        return batch_norm_eval(in[0], {in[2], in[1]}, weight, bias, epsilon(p));
    };
    calls["update_running"] = [](const auto& in, const Json& p) {
        const Moments<T> running = {
            Variable<T>(Array<T>(in[2].value())), Variable<T>(Array<T>(in[1].value()))};
        update_running(running, batch_norm(in[0]), p.at("momentum").get<double>());
        return concatenate<T>({running.mean, running.variance});
    };
}

}  // namespace xgrad::test
