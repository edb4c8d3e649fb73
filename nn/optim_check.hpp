// Internal to the optimisers: what their options and states must be.
#pragma once

#include <autograd/fail.hpp>
#include <nn/optimizer.hpp>

namespace xgrad::optim::detail {

/// Throws std::invalid_argument unless low <= value <= high.
void check_range(const char* who, const char* name, double value, double low, double high);
/// Throws std::invalid_argument for a negative or non-finite value.
void check_rate(const char* who, const char* name, double value);
/// A share that stays: at most 0.9999999, so that 1 - share is not 0 in float.
void check_share(const char* who, const char* name, double value);

/// True for 0, 1, 2, ... up to 2^53.
[[nodiscard]] bool is_count(double number) noexcept;

/// Throws std::invalid_argument that lists the names in which the maps differ, and the numbers
/// that are not counts ("steps", "pairs", "epoch", "skipped") or not finite and >= 0; those in
/// `any` may be anything but NaN.
void check_numbers(
    const char* who,
    const std::map<std::string, double>& given,
    const std::map<std::string, double>& expected,
    std::initializer_list<const char*> any = {});

/// The same for states; their kinds and the arrays' shapes must agree, too.
template <class T>
void check_state(const State<T>& given, const State<T>& expected);

}  // namespace xgrad::optim::detail
