#include <nn/dropout.hpp>
#include <nn/lr_range.hpp>
#include <nn/optim_check.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace xgrad::optim {
namespace {

// Weights and optimiser, and where there is one the rest of the net, as they were, when it goes.
template <class T>
class Restore {
public:
    Restore(Optimizer<T>& optimizer, nn::Module<T>* net)
        : optimizer_(optimizer),
          net_(net),
          state_(optimizer.state_dict()) {
        for (const auto& parameter : optimizer.parameters())
            keep(parameter.value);
        if (net_ == nullptr)
            return;
        for (const auto& buffer : net_->buffers())
            keep(buffer.value);
        noise_ = nn::noise_keys(*net_);
    }
    Restore(const Restore&) = delete;
    Restore& operator=(const Restore&) = delete;
    ~Restore() {
        for (const auto& [variable, value] : values_)
            variable.assign(value);
        optimizer_.load_state_dict(state_);
        optimizer_.zero_grad();
        if (net_ == nullptr)
            return;
        nn::set_noise_keys(*net_, noise_);
        net_->zero_grad();
    }

private:
    void keep(const Variable<T>& variable) { values_.emplace_back(variable, variable.value()); }

    Optimizer<T>& optimizer_;
    nn::Module<T>* net_;
    State<T> state_;
    std::vector<std::pair<Variable<T>, Array<T>>> values_;
    std::map<std::string, DropoutKey> noise_;
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

template <class T>
std::vector<LRPoint> table_of(
    Optimizer<T>& optimizer,
    nn::Module<T>* net,
    const std::function<Variable<T>()>& loss,
    const LRRangeOptions& options) {
    check_options(options);
    const Restore<T> restore(optimizer, net);
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

}  // namespace

template <class T>
std::vector<LRPoint> lr_range(
    Optimizer<T>& optimizer,
    nn::Module<T>& net,
    const std::function<Variable<T>()>& loss,
    const LRRangeOptions& options) {
    return table_of(optimizer, &net, loss, options);
}

template <class T>
std::vector<LRPoint> lr_range(
    Optimizer<T>& optimizer,
    const std::function<Variable<T>()>& loss,
    const LRRangeOptions& options) {
    return table_of<T>(optimizer, nullptr, loss, options);
}

template std::vector<LRPoint> lr_range(
    Optimizer<float>&,
    nn::Module<float>&,
    const std::function<Variable<float>()>&,
    const LRRangeOptions&);
template std::vector<LRPoint> lr_range(
    Optimizer<double>&,
    nn::Module<double>&,
    const std::function<Variable<double>()>&,
    const LRRangeOptions&);
template std::vector<LRPoint> lr_range(
    Optimizer<float>&, const std::function<Variable<float>()>&, const LRRangeOptions&);
template std::vector<LRPoint> lr_range(
    Optimizer<double>&, const std::function<Variable<double>()>&, const LRRangeOptions&);

}  // namespace xgrad::optim
