// What the optimiser tests train: reference/trajectories.py has the same.
#pragma once

#include <nn/optim.hpp>
#include <ops/ops.hpp>
#include <tests/support.hpp>

#include <vector>

namespace xgrad::test {

struct Problem {
    Variable<double> w{Array<double>{{0.5, -1.25, 2.0}, {1.5, 0.25, -0.75}}, true};
    Variable<double> b{Array<double>{0.125, -0.5, 1.0}, true};
    [[nodiscard]] std::vector<nn::Parameter<double>> parameters() const {
        return {{"w", w}, {"b", b, false}};
    }
    [[nodiscard]] Variable<double> loss() const {
        return sum(square(square(w - 1)) / 4 + w * b) + sum(sin(3 * b) * b);
    }
    void backward() const { loss().backward(); }
    void train(optim::Optimizer<double>& optimizer, int steps) const {
        for (int i = 0; i < steps; ++i) {
            optimizer.zero_grad();
            backward();
            optimizer.step();
        }
    }
};

}  // namespace xgrad::test
