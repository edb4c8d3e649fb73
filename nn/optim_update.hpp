// Internal to the optimisers: one parameter's step through its kernel.
#pragma once

#include <autograd/array.hpp>
#include <autograd/grain.hpp>
#include <autograd/parallel.hpp>
#include <nn/optim_kernels.hpp>

#include <array>

namespace xgrad::optim::detail {

/// Runs `kernel` over the slot's weight, on several threads when it is large. `states` are the
/// formula's, in its order, null where an option leaves one out.
template <class T, class Slot, class Step>
void run(
    xgrad::detail::Update<T, Step> kernel,
    const Slot& slot,
    const std::array<Array<T>*, Step::states>& states,
    const Step& step) {
    const xgrad::detail::DecayStep decay{slot.l2, slot.shrink};
    xgrad::detail::parallel_ranges(
        slot.weight.size(), xgrad::detail::parallel_grain, [&](std::size_t begin, std::size_t end) {
            std::array<T*, Step::states> at{};
            for (std::size_t i = 0; i < at.size(); ++i)
                at[i] = states[i] ? states[i]->data() + begin : nullptr;
            kernel(
                slot.weight.data() + begin,
                slot.gradient + begin,
                at.data(),
                end - begin,
                decay,
                step);
        });
}

template <class T>
const xgrad::detail::OptimKernels<T>& kernels() {
    return xgrad::detail::kernels<xgrad::detail::OptimKernels<T>>();
}

}  // namespace xgrad::optim::detail
