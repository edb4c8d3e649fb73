// Where the library's warnings go: what is allowed, and yet most likely a mistake.
#pragma once

#include <functional>
#include <string>

namespace xgrad {

/// Takes a warning, text of one or more lines.
using WarningHandler = std::function<void(const std::string& text)>;

/// Sets what takes the warnings of all threads, one at a time, and returns what took them before.
/// An empty one, as there is at the start, drops them: the library never prints. The handler must
/// not set another one; what it throws passes through the function that warned.
///
///     set_warning_handler([](const std::string& text) { std::cerr << text << '\n'; });
WarningHandler set_warning_handler(WarningHandler handler);

namespace detail {

void warn(const std::string& text);

}  // namespace detail
}  // namespace xgrad
