#include <autograd/fail.hpp>
#include <autograd/grad.hpp>
#include <autograd/noise.hpp>
#include <tools/gradcheck_numeric.hpp>
#include <tools/gradcheck_target.hpp>
#include <tools/spot_check.hpp>

#include <algorithm>
#include <cmath>

namespace xgrad {

SpotCheck::SpotCheck(std::size_t every, std::uint64_t seed, double tolerance)
    : every_(every),
      seed_(seed),
      tolerance_(tolerance) {
    if (every == 0)
        fail<std::invalid_argument>("spot_check: every is 0; need at least 1");
}

std::optional<GradcheckFinding> SpotCheck::operator()(
    const std::function<Variable<double>()>& loss,
    const NamedVariables& parameters,
    const NamedVariables& state) {
    const std::size_t step = steps_++;
    if (step % every_ != 0)
        return std::nullopt;
    constexpr double epsilon = std::numeric_limits<double>::epsilon();
    const detail::Snapshot before(parameters), kept(state);
    detail::Random random(seed_, "spot_check", step);
    Variables leaves;
    std::vector<Array<double>> starts, directions;
    double count = 0, largest = 1;
    for (const auto& [name, leaf] : parameters) {
        leaves.push_back(leaf);
        starts.push_back(leaf.value());
        directions.push_back(detail::draw_seed(leaf.shape(), random));
        count += static_cast<double>(leaf.size());
        for (std::size_t k = 0; k < leaf.size(); ++k)
            largest = std::max(largest, std::abs(starts.back().data()[k]));
    }
    std::vector<std::uint64_t> streams;
    double here = 0, analytic = 0, squares = 0;
    {
        const GradModeGuard on(true);
        const detail::NoiseLog log;
        const Variable<double> y = loss();
        streams = log.streams();
        here = y.item();
        if (!y.requires_grad())
            return GradcheckFinding{"spot check", "the loss does not depend on any parameter"};
        const Variables gradients = detail::differentiate(
            {y}, leaves, {Variable<double>(Array<double>(y.shape(), 1.0))}, false);
        for (std::size_t i = 0; i < leaves.size(); ++i) {
            for (std::size_t k = 0; gradients[i].defined() && k < leaves[i].size(); ++k) {
                const double g = gradients[i].value().data()[k];
                analytic += g * directions[i].data()[k];
                squares += g * g;
            }
        }
    }
    const double h = std::cbrt(epsilon) * largest / std::sqrt(std::max(count, 1.0));
    const auto moved = [&](double t) {
        const NoGradGuard off;
        const detail::NoiseLog again(streams);
        kept.restore();
        for (std::size_t i = 0; i < leaves.size(); ++i)
            leaves[i].assign(Array<double>(starts[i] + t * directions[i]));
        return loss().item();
    };
    const double right = (moved(h) - here) / h, left = (here - moved(-h)) / h;
    const double numeric = (left + right) / 2;
    const double rounding = 16 * epsilon * std::abs(here) / h;
    const double allowed =
        tolerance_ * std::max({std::sqrt(squares), std::abs(numeric)}) + rounding;
    const auto [low, high] = std::minmax(left, right);
    if (low - allowed <= analytic && analytic <= high + allowed)
        return std::nullopt;
    return GradcheckFinding{
        "spot check",
        fmt::format(
            "step {}: along a random direction the gradient is {:.6g}, and the loss has the slope "
            "{:.6g} +- {:.1g}",
            step,
            analytic,
            numeric,
            rounding),
        "run gradcheck(loss, parameters) on this batch, which names the op and the elements"};
}

}  // namespace xgrad
