// Internal to the sources: throw an error with a formatted text.
#pragma once

#include <autograd/array.hpp>
#include <autograd/error.hpp>

#include <fmt/format.h>

#include <utility>

template <>
struct fmt::formatter<xgrad::Shape> : fmt::formatter<std::string> {
    template <class Context>
    auto format(const xgrad::Shape& shape, Context& context) const {
        return fmt::formatter<std::string>::format(xgrad::to_string(shape), context);
    }
};

namespace xgrad {

/// Throws Error with the text formatted by fmt, Shapes as "(3, 4)".
template <class Error, class... Args>
[[noreturn, gnu::cold, gnu::visibility("hidden")]] void fail(
    fmt::format_string<Args...> text, Args&&... args) {
    throw Error(fmt::format(text, std::forward<Args>(args)...));
}

}  // namespace xgrad
