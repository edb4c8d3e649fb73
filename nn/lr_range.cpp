#include <nn/lr_range.hpp>
#include <nn/optim_check.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace xgrad::optim {
namespace {

// Weights and optimiser as they were, when it goes.
template <class T>
class Restore {
public:
    explicit Restore(Optimizer<T>& optimizer)
        : optimizer_(optimizer),
          parameters_(optimizer.parameters()),
          state_(optimizer.state_dict()) {
        for (const auto& parameter : parameters_)
            weights_.push_back(parameter.value.value());
    }
    Restore(const Restore&) = delete;
    Restore& operator=(const Restore&) = delete;
    ~Restore() {
        for (std::size_t i = 0; i < parameters_.size(); ++i)
            parameters_[i].value.assign(weights_[i]);
        optimizer_.load_state_dict(state_);
        optimizer_.zero_grad();
    }

private:
    Optimizer<T>& optimizer_;
    std::vector<nn::Parameter<T>> parameters_;
    State<T> state_;
    std::vector<Array<T>> weights_;
};

void check_options(const LRRangeOptions& o) {
    if (!(o.low > 0 && o.low < o.high && std::isfinite(o.high))) {
        fail<std::invalid_argument>(
            "lr_range: the rates go from {} to {}; need 0 < low < high, finite", o.low, o.high);
    }
    if (o.steps < 2)
        fail<std::invalid_argument>("lr_range: steps is {}; need at least 2", o.steps);
    if (!(o.stop > 1))
        fail<std::invalid_argument>("lr_range: stop is {}; need stop > 1", o.stop);
}

}  // namespace

template <class T>
std::vector<LRPoint> lr_range(
    Optimizer<T>& optimizer,
    const std::function<Variable<T>()>& loss,
    const LRRangeOptions& options) {
    check_options(options);
    const Restore<T> restore(optimizer);
    std::vector<LRPoint> table;
    double best = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < options.steps; ++i) {
        const double share = static_cast<double>(i) / static_cast<double>(options.steps - 1);
        optimizer.set_lr(options.low * std::pow(options.high / options.low, share));
        optimizer.zero_grad();
        const Variable<T> value = loss();
        table.push_back({optimizer.lr(), static_cast<double>(value.item())});
        best = std::min(best, table.back().loss);
        const bool rises = best > 0 && table.back().loss > options.stop * best;
        if (!std::isfinite(table.back().loss) || rises)
            break;
        value.backward();
        optimizer.step();
    }
    return table;
}

template std::vector<LRPoint> lr_range(
    Optimizer<float>&, const std::function<Variable<float>()>&, const LRRangeOptions&);
template std::vector<LRPoint> lr_range(
    Optimizer<double>&, const std::function<Variable<double>()>&, const LRRangeOptions&);

}  // namespace xgrad::optim
