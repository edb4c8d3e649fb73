// A run without training: the moments of fit() called by hand. Free of doctest, so that programs
// use it too.
#pragma once

#include <nn/callback.hpp>
#include <nn/nn.hpp>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

namespace xgrad::test {

inline std::string text_in(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

/// A network of 3 inputs and 2 classes with its optimiser, data and history.
struct FakeRun {
    Rng rng{1};
    nn::Sequential<float> net{nn::Dense<float>(3, 2, rng)};
    optim::Adam<float> adam{net.parameters(), {.lr = 0.25}};
    data::Dataset<float> train{Array<float>{{1, 2, 3}, {4, 5, 6}}, {0, 1}, 2};
    train::History history;
    train::FitState<float> state{net, adam, train, &train, history, 0, 3};

    /// The figures of an epoch, exact in decimal.
    void add(double cost, double error, std::map<std::string, double> metrics = {}) {
        history.push_back({{cost, error}, {2 * cost, 2 * error}, 0.5, 0.25, std::move(metrics)});
        state.epoch = history.size();
    }
    void epoch(train::Callback<float>& callback, double cost, double error) {
        add(cost, error);
        callback.on_epoch(state);
    }
};

}  // namespace xgrad::test
