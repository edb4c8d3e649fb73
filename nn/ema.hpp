// EMA: an average of the weights over the last steps, to evaluate with.
#pragma once

#include <nn/optimizer.hpp>

namespace xgrad::optim {

struct EMAOptions {
    double decay = 0.999;  ///< share of the average that stays at each update, 0 to 0.9999999
    bool bias_correction = false;  ///< start from 0 and divide by 1 - decay^t, not from the weights
};

/// a = decay a + (1 - decay) w after each step: the average reaches back about 1 / (1 - decay)
/// steps [Polyak and Juditsky 1992, with the weights of Kingma and Ba 2015, section 7.2]. It starts
/// as a copy of the weights, or, bias corrected, is a / (1 - decay^t), which forgets them.
///
///     optim::EMA<float> ema(net.parameters(), {.decay = 0.99});
///     for (...) { ...; adam.step(); ema.update(); }
///     ema.swap_in();   // the net has the averages
///     ... = train::evaluate(net, dev);
///     ema.swap_out();  // the net has its weights again
template <class T>
class EMA {
public:
    /// Throws std::invalid_argument for no parameters and for a decay outside its range.
    explicit EMA(std::vector<nn::Parameter<T>> parameters, const EMAOptions& options = {});

    /// Takes the weights after a step. Throws std::logic_error while swapped in.
    void update();
    /// Gives the parameters the averages and keeps their weights. Throws std::logic_error while
    /// swapped in, and, with bias correction, before the first update.
    void swap_in();
    /// Gives the parameters their weights back, bit for bit. Throws std::logic_error unless
    /// swapped in.
    void swap_out();
    [[nodiscard]] bool is_swapped_in() const noexcept { return !kept_.empty(); }

    /// Copies of the sums ("0.weight.average") and "steps", the count of updates. Throws
    /// std::invalid_argument when two parameters have one name.
    [[nodiscard]] State<T> state_dict() const;
    /// Continues where that state was taken. Throws as Optimizer::load_state_dict() does; then
    /// nothing has changed.
    void load_state_dict(const State<T>& state);

private:
    std::vector<nn::Parameter<T>> parameters_;
    EMAOptions options_;
    std::vector<Array<T>> averages_;
    std::vector<Array<T>> kept_;  // the weights while the averages are in their place
    std::uint64_t steps_ = 0;
};

template <class T>
EMA(std::vector<nn::Parameter<T>>, EMAOptions) -> EMA<T>;

}  // namespace xgrad::optim
