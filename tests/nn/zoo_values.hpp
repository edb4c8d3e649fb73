// What the rows of the zoo are given: weights, inputs and seeds by formulas of their place.
#pragma once

#include <tests/nn/zoo.hpp>

#include <nlohmann/json.hpp>

#include <cmath>
#include <memory>
#include <string>

namespace xgrad::test {

/// Multiples of 1/64, exact in float, none of them 0 or a kink; make_modules.py has the same. Up to
/// 64 neighbours differ.
inline double spread(
    std::size_t i, std::size_t step, std::size_t start, std::size_t period, double scale) {
    return (static_cast<double>((step * i + start) % period) - (period - 1) / 2.0) / scale;
}

inline Variable<double> input_of(const ZooRow& row, const Shape& shape) {
    Array<double> x = empty<double>(shape);
    for (std::size_t i = 0; i < x.size(); ++i)
        x.data()[i] = row.whole_numbers ? double(5 * i % 7) : spread(i, 29, 7, 64, 16);
    return Variable<double>(x, !row.whole_numbers);
}

inline Variable<double> seed_of(const Variable<double>& y) {
    Array<double> seed = empty<double>(y.shape());
    for (std::size_t i = 0; i < seed.size(); ++i)
        seed.data()[i] = spread(i, 13, 3, 32, 16);
    return Variable<double>(seed);
}

inline nn::StateDict<double> values_of(const nn::Module<double>& module) {
    nn::StateDict<double> state = module.state_dict();
    std::size_t k = 0;
    for (auto& [name, value] : state) {
        for (std::size_t i = 0; i < value.size(); ++i) {
            const double v = spread(i, 37, 11 * k + 5, 64, 64);
            value.data()[i] = name.ends_with("running_var") ? std::abs(v) + 0.5 : v;
        }
        ++k;
    }
    return state;
}

inline Array<double> array_of(const nlohmann::json& json) {
    const auto extents = json.at("shape").get<std::vector<std::size_t>>();
    Array<double> value = empty<double>(Shape(extents.begin(), extents.end()));
    const auto& data = json.at("data");
    for (std::size_t i = 0; i < value.size(); ++i)
        value.data()[i] = data.at(i).get<double>();
    return value;
}

/// A module with the row's values, in a mode, whose noise repeats.
inline std::shared_ptr<nn::Module<double>> fresh(const ZooRow& row, bool training) {
    Rng rng(1);
    const auto module = row.make(rng);
    module->load_state_dict(values_of(*module));
    module->train(training);
    module->freeze_noise();
    return module;
}

}  // namespace xgrad::test
