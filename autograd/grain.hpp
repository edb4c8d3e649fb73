// Internal: how much work a thread is worth.
#pragma once

#include <cstddef>

namespace xgrad::detail {

/// Elements below which a second thread costs more than it saves.
inline constexpr std::size_t parallel_grain = 32768;

}  // namespace xgrad::detail
