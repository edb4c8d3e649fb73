// L-BFGS: for smooth losses over all data at once.
#pragma once

#include <nn/optimizer.hpp>

#include <vector>

namespace xgrad::optim {

struct LBFGSOptions {
    double lr = 1;                     ///< the first trial of every line search, >= 0
    std::size_t max_iterations = 20;   ///< of one step(), at least 1
    std::size_t max_evaluations = 25;  ///< of one step(), the line search's included, at least 1
    double tolerance_gradient = 1e-7;  ///< ends a step() when no |g| is larger, >= 0
    double tolerance_change = 1e-9;    ///< ... when no weight, or the loss, changes by more, >= 0
    std::size_t history = 100;         ///< pairs of changes that are kept, at least 1
};

/// Limited-memory BFGS: directions from the last changes of weights and gradients [Nocedal and
/// Wright 2006, algorithms 7.4 and 7.5], step lengths that satisfy the strong Wolfe conditions
/// [algorithms 3.5 and 3.6, c1 = 1e-4, c2 = 0.9]. A pair whose curvature y.s is not above 1e-10 is
/// left out. The memory is 2 history times that of the weights.
///
///     optim::LBFGS<double> lbfgs(net.parameters());
///     for (int i = 0; i < 10; ++i)
///         lbfgs.step([&] { return mse_loss(net(x), y); });
template <class T>
class LBFGS final : public LearningRate {
public:
    /// Throws std::invalid_argument for no parameters and for an option outside its range.
    explicit LBFGS(std::vector<nn::Parameter<T>> parameters, const LBFGSOptions& options = {});

    /// Up to max_iterations iterations; returns the loss at the start. `loss` computes it from the
    /// parameters, the same each time it is called at the same weights (no new dropout mask, no new
    /// batch); it is differentiated here. Parameters with requires_grad(false) stay. Throws
    /// std::invalid_argument when the loss or its gradient is not finite at the start, GraphError
    /// that names a parameter without a gradient, and what `loss` throws.
    double step(const std::function<Variable<T>()>& loss);
    /// Forgets the gradients of all its parameters; step() does so itself.
    void zero_grad() const;

    /// Copies of the last direction and gradient, of the pairs "s" and "y" of shape (pairs, size),
    /// "pairs", "steps" (iterations), "length", "scale", "lr".
    [[nodiscard]] State<T> state_dict() const;
    /// Continues where that state was taken. Throws as Optimizer::load_state_dict() does; then
    /// nothing has changed.
    void load_state_dict(const State<T>& state);

private:
    using Vector = std::vector<T>;
    struct Pair {
        Vector s, y;  // changes of weights and gradient
    };
    [[nodiscard]] double evaluate(const std::function<Variable<T>()>& loss, Vector& gradient);
    [[nodiscard]] Vector weights() const;
    void set_weights(const Vector& from, const Vector& direction, double t) const;
    void remember(const Vector& gradient);
    void aim(const Vector& gradient);
    [[nodiscard]] double first_trial(const Vector& gradient) const;
    [[nodiscard]] bool iterate(
        const std::function<Variable<T>()>& loss,
        double& now,
        Vector& gradient,
        std::size_t& evaluations);

    std::vector<nn::Parameter<T>> parameters_;
    LBFGSOptions options_;
    std::size_t size_ = 0;
    std::vector<Pair> pairs_;  // oldest first
    Vector direction_, gradient_;
    double length_ = 0;  // of the last step along the direction
    double scale_ = 1;   // of the first guess of the inverse Hessian
    std::uint64_t iterations_ = 0;
};

template <class T>
LBFGS(std::vector<nn::Parameter<T>>) -> LBFGS<T>;
template <class T>
LBFGS(std::vector<nn::Parameter<T>>, LBFGSOptions) -> LBFGS<T>;

}  // namespace xgrad::optim
