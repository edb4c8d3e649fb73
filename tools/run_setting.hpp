// Setting: one value of a run's settings, and how it reads.
#pragma once

#include <concepts>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <variant>

namespace xgrad::report {

/// A truth value, a number or a text; made from any of them without a word:
///
///     Settings settings = {{"lr", 1e-3}, {"width", 256}, {"optimizer", "Adam"}, {"flip", true}};
class Setting {
public:
    using Value = std::variant<bool, std::int64_t, std::uint64_t, double, std::string>;

    Setting() : value_(std::string()) {}
    Setting(std::same_as<bool> auto value) : value_(value) {}
    Setting(std::floating_point auto value) : value_(static_cast<double>(value)) {}
    template <std::integral N>
        requires(!std::same_as<N, bool>)
    Setting(N value) {
        if constexpr (std::signed_integral<N>)
            value_ = static_cast<std::int64_t>(value);
        else
            value_ = static_cast<std::uint64_t>(value);
    }
    Setting(std::string value) : value_(std::move(value)) {}
    Setting(const char* value) : value_(std::string(value)) {}

    [[nodiscard]] const Value& value() const noexcept { return value_; }
    /// "true", "0.001" (the shortest digits that give the number back), or the text itself.
    [[nodiscard]] std::string text() const;

private:
    Value value_;
};

/// Settings by name.
using Settings = std::map<std::string, Setting>;

}  // namespace xgrad::report
