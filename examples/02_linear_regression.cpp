// A line through noisy points: gradient descent finds what the closed form gives.
#include <nn/init.hpp>
#include <ops/ops.hpp>

#include <cmath>
#include <cstdio>

int main() {
    using xgrad::Array, xgrad::Variable;

    // 200 points near y = 3x - 2. An Rng is always passed in: the same seed, the same points.
    xgrad::Rng rng(1);
    const Array<double> x = xgrad::init::uniform<double>({200}, rng);
    const Array<double> noise = xgrad::init::normal<double>({200}, rng, 0.1);
    const Array<double> y = 3 * x - 2 + noise;

    const Variable<double> slope(0.0, true);
    const Variable<double> intercept(0.0, true);
    for (int step = 0; step <= 200; ++step) {
        const Variable<double> loss = mse_loss(slope * x + intercept, y);
        if (step % 50 == 0)
            std::printf("step %3d: loss %.6f\n", step, loss.item());
        loss.backward();
        for (const auto& parameter : {slope, intercept}) {
            parameter.assign(parameter.value() - 0.5 * parameter.grad());
            parameter.zero_grad();  // gradients add up until they are forgotten
        }
    }

    // Least squares: the slope is cov(x, y) / var(x), and the line goes through the means.
    const Variable<double> mean_x = mean(Variable<double>(x));
    const Variable<double> mean_y = mean(Variable<double>(y));
    const double best_slope = (sum((x - mean_x) * (y - mean_y)) / sum(square(x - mean_x))).item();
    const double best_intercept = mean_y.item() - best_slope * mean_x.item();

    std::printf("descent:     y = %.9f x %+.9f\n", slope.item(), intercept.item());
    std::printf("closed form: y = %.9f x %+.9f\n", best_slope, best_intercept);
    const bool agree = std::abs(slope.item() - best_slope) < 1e-9 &&
                       std::abs(intercept.item() - best_intercept) < 1e-9;
    const bool near_truth = std::abs(best_slope - 3) < 0.05 && std::abs(best_intercept + 2) < 0.05;
    return agree && near_truth ? 0 : 1;
}
