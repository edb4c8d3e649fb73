// The recurrent layers by name, as reference_calls.cpp.
#pragma once

#include <tests/ops/reference_case.hpp>

namespace xgrad::test {

/// The weights from input `first` on, and the biases where there are any.
template <class T>
RecurrentWeights<T> recurrent_weights(const std::vector<Variable<T>>& in, std::size_t first) {
    const auto given = [&](std::size_t i) { return i < in.size() ? in[i] : Variable<T>(); };
    return {in.at(first), in.at(first + 1), given(first + 2), given(first + 3)};
}

template <class T>
void add_recurrent(std::map<std::string, Call<T>>& calls) {
    calls["lstm"] = [](const auto& in, const Json& p) {
        const auto steps = lstm(
            in[0], in[1], in[2], recurrent_weights(in, 3), p.at("reverse").template get<bool>());
        return concatenate<T>({steps.y, unsqueeze(steps.c, 0)});
    };
    calls["gru"] = [](const auto& in, const Json& p) {
        return gru(in[0], in[1], recurrent_weights(in, 2), p.at("reverse").template get<bool>());
    };
}

}  // namespace xgrad::test
