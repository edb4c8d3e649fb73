// Space: which hyper-parameters a search tries, and what values they take.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace xgrad::search {

/// A number or a text.
using Value = std::variant<double, std::string>;
/// Names and values, in the order of the space; a parameter that does not exist is left out.
using Values = std::vector<std::pair<std::string, Value>>;

/// The shortest text that reads back as the same number; a text as it is.
[[nodiscard]] std::string to_string(const Value& value);

/// Hyper-parameters with their ranges.
///
///     search::Space space;
///     space.log_uniform("lambda", 1e-6, 1e-1)
///         .choice("optimizer", {"sgd", "adam"})
///         .uniform("momentum", 0, 0.99).when("optimizer", "sgd");
///
/// Each of the first four throws std::invalid_argument for a name that is empty or taken, and for
/// bounds or choices that do not fit.
class Space {
public:
    /// Each number in [low, high) equally likely. Grid: evenly spaced, both bounds included.
    Space& uniform(const std::string& name, double low, double high);
    /// Its logarithm is uniform [Bergstra and Bengio 2012, sec. 2.1]; low > 0. Grid: evenly spaced
    /// logarithms.
    Space& log_uniform(const std::string& name, double low, double high);
    /// Each whole number in [low, high] equally likely; both below 2^53 in magnitude. Grid: as
    /// evenly spaced as whole numbers can be, each once.
    Space& integer(const std::string& name, std::int64_t low, std::int64_t high);
    /// Each of a list of different values, equally likely. Grid: all.
    Space& choice(const std::string& name, std::initializer_list<const char*> values);
    Space& choice(const std::string& name, std::initializer_list<double> values);
    Space& choice(const std::string& name, std::vector<Value> values);

    /// The parameter named last exists only where `name`, an earlier choice or integer, has this
    /// value. Called again, it needs both. Throws std::invalid_argument for a name or a value that
    /// is not there.
    Space& when(const std::string& name, const std::string& value);
    Space& when(const std::string& name, double value);
    /// Points of the parameter named last on a grid, instead of grid()'s own number. Throws
    /// std::invalid_argument for fewer than 2 or a choice.
    Space& points(std::size_t n);

    /// The values of trial `number` of a random search: a function of seed, number and the
    /// parameters' places, so that one more at the end changes no other.
    [[nodiscard]] Values draw(std::uint64_t seed, std::uint64_t number) const;
    /// Every combination, the last parameter changing fastest, with `points` values, at least 2,
    /// for each range. Throws std::invalid_argument for more than 100,000 of them.
    [[nodiscard]] std::vector<Values> grid(std::size_t points = 5) const;

    [[nodiscard]] bool empty() const noexcept { return parameters_.empty(); }
    /// In the order in which they were named.
    [[nodiscard]] std::vector<std::string> names() const;
    /// One line per parameter that says all there is to know of it:
    /// "lambda: log_uniform from 1e-06 to 0.1".
    [[nodiscard]] std::vector<std::string> describe() const;

private:
    enum class Kind { uniform, log_uniform, integer, choice };
    struct Parameter {
        std::string name;
        Kind kind;
        double low = 0;
        double high = 0;
        std::vector<Value> values = {};  // of a choice
        std::vector<std::pair<std::string, Value>> conditions = {};
        std::size_t points = 0;
    };

    Space& add(const char* function, Parameter parameter);
    Space& add_condition(const std::string& name, Value value);
    Parameter& last(const char* function);
    [[nodiscard]] const Parameter* find(const std::string& name) const;
    [[nodiscard]] static bool exists(const Parameter& parameter, const Values& values);
    [[nodiscard]] static std::vector<Value> grid_of(const Parameter& parameter, std::size_t points);
    void extend(
        std::size_t index, std::size_t points, Values& prefix, std::vector<Values>& all) const;

    std::vector<Parameter> parameters_;
};

}  // namespace xgrad::search
