#include <autograd/fail.hpp>
#include <nn/rng.hpp>
#include <nn/search_space.hpp>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace xgrad::search {
namespace {

constexpr std::int64_t largest = std::int64_t{1} << 53;  // whole numbers that double has, all
constexpr std::size_t largest_grid = 100'000;

// The i-th of n evenly spaced numbers; the ends are exact.
double between(double low, double high, std::size_t i, std::size_t n) {
    if (i + 1 == n)
        return high;
    return low + (high - low) * static_cast<double>(i) / static_cast<double>(n - 1);
}

const Value* value_of(const Values& values, const std::string& name) {
    const auto found = std::ranges::find(values, name, &Values::value_type::first);
    return found == values.end() ? nullptr : &found->second;
}

}  // namespace

std::string to_string(const Value& value) {
    const double* number = std::get_if<double>(&value);
    return number ? fmt::format("{}", *number) : std::get<std::string>(value);
}

const Space::Parameter* Space::find(const std::string& name) const {
    const auto found = std::ranges::find(parameters_, name, &Parameter::name);
    return found == parameters_.end() ? nullptr : &*found;
}

Space& Space::add(const char* function, Parameter parameter) {
    const std::string& name = parameter.name;
    if (name.empty())
        fail<std::invalid_argument>("Space::{}: the name is empty; need one", function);
    if (find(name)) {
        fail<std::invalid_argument>(
            "Space::{}: there is a \"{}\" already; need another name", function, name);
    }
    const bool is_log = parameter.kind == Kind::log_uniform;
    const bool in_order = parameter.low <= parameter.high && (!is_log || parameter.low > 0);
    if (!in_order || !std::isfinite(parameter.high - parameter.low)) {
        fail<std::invalid_argument>(
            "Space::{}: \"{}\" goes from {} to {}; need {}low <= high, both finite",
            function,
            name,
            parameter.low,
            parameter.high,
            is_log ? "0 < " : "");
    }
    parameters_.push_back(std::move(parameter));
    return *this;
}

Space& Space::uniform(const std::string& name, double low, double high) {
    return add("uniform", {.name = name, .kind = Kind::uniform, .low = low, .high = high});
}

Space& Space::log_uniform(const std::string& name, double low, double high) {
    return add("log_uniform", {.name = name, .kind = Kind::log_uniform, .low = low, .high = high});
}

Space& Space::integer(const std::string& name, std::int64_t low, std::int64_t high) {
    if (low <= -largest || high >= largest) {
        fail<std::invalid_argument>(
            "Space::integer: \"{}\" goes from {} to {}; need less than 2^53 in magnitude",
            name,
            low,
            high);
    }
    return add(
        "integer",
        {.name = name,
         .kind = Kind::integer,
         .low = static_cast<double>(low),
         .high = static_cast<double>(high)});
}

Space& Space::choice(const std::string& name, std::vector<Value> values) {
    if (values.empty())
        fail<std::invalid_argument>("Space::choice: \"{}\" has no values; need at least 1", name);
    for (std::size_t i = 0; i < values.size(); ++i) {
        const double* number = std::get_if<double>(&values[i]);
        if (number && !std::isfinite(*number))
            fail<std::invalid_argument>(
                "Space::choice: \"{}\" has the value {}; need finite ones", name, *number);
        if (std::find(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(i), values[i]) !=
            values.begin() + static_cast<std::ptrdiff_t>(i)) {
            fail<std::invalid_argument>(
                "Space::choice: \"{}\" has {} twice; need each value once",
                name,
                to_string(values[i]));
        }
    }
    return add("choice", {.name = name, .kind = Kind::choice, .values = std::move(values)});
}

Space& Space::choice(const std::string& name, std::initializer_list<const char*> values) {
    return choice(name, std::vector<Value>(values.begin(), values.end()));
}

Space& Space::choice(const std::string& name, std::initializer_list<double> values) {
    return choice(name, std::vector<Value>(values.begin(), values.end()));
}

Space::Parameter& Space::last(const char* function) {
    if (parameters_.empty())
        fail<std::logic_error>("Space::{}: there is no parameter yet; name one first", function);
    return parameters_.back();
}

Space& Space::add_condition(const std::string& name, Value value) {
    Parameter& parameter = last("when");
    const Parameter* other = find(name);
    if (!other || other == &parameter) {
        fail<std::invalid_argument>(
            "Space::when: there is no \"{}\" before \"{}\"; need an earlier parameter",
            name,
            parameter.name);
    }
    bool can_be = std::ranges::find(other->values, value) != other->values.end();
    if (const double* number = std::get_if<double>(&value); number && other->kind == Kind::integer)
        can_be = *number == std::floor(*number) && other->low <= *number && *number <= other->high;
    if (!can_be) {
        fail<std::invalid_argument>(
            "Space::when: \"{}\" is never exactly {}; need a value of a choice or an integer",
            name,
            to_string(value));
    }
    parameter.conditions.emplace_back(name, std::move(value));
    return *this;
}

Space& Space::when(const std::string& name, const std::string& value) {
    return add_condition(name, value);
}

Space& Space::when(const std::string& name, double value) { return add_condition(name, value); }

Space& Space::points(std::size_t n) {
    Parameter& parameter = last("points");
    if (n < 2 || parameter.kind == Kind::choice) {
        fail<std::invalid_argument>(
            "Space::points: {} points for \"{}\"; need at least 2, for a range", n, parameter.name);
    }
    parameter.points = n;
    return *this;
}

bool Space::exists(const Parameter& parameter, const Values& values) {
    return std::ranges::all_of(parameter.conditions, [&](const auto& condition) {
        const Value* value = value_of(values, condition.first);
        return value && *value == condition.second;
    });
}

Values Space::draw(std::uint64_t seed, std::uint64_t number) const {
    Values values;
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
        const Parameter& parameter = parameters_[i];
        if (!exists(parameter, values))
            continue;
        Rng rng = Rng(seed).split(number).split(i);
        const double low = parameter.low;
        const double high = parameter.high;
        Value value;
        switch (parameter.kind) {
            case Kind::uniform: value = rng.uniform(low, high); break;
            case Kind::log_uniform:
                // exp may round beyond the bounds
                value = std::clamp(std::exp(rng.uniform(std::log(low), std::log(high))), low, high);
                break;
            case Kind::integer:
                value = low +
                        static_cast<double>(rng.below(static_cast<std::uint64_t>(high - low) + 1));
                break;
            case Kind::choice: value = parameter.values[rng.below(parameter.values.size())]; break;
        }
        values.emplace_back(parameter.name, std::move(value));
    }
    return values;
}

std::vector<Value> Space::grid_of(const Parameter& parameter, std::size_t points) {
    const double low = parameter.low;
    const double high = parameter.high;
    if (parameter.kind == Kind::choice)
        return parameter.values;
    if (low == high)
        return {low};
    std::size_t n = parameter.points > 0 ? parameter.points : points;
    if (parameter.kind == Kind::integer)
        n = std::min(n, static_cast<std::size_t>(high - low) + 1);
    std::vector<Value> values;
    for (std::size_t i = 0; i < n; ++i) {
        if (parameter.kind == Kind::uniform)
            values.emplace_back(between(low, high, i, n));
        else if (parameter.kind == Kind::integer)
            values.emplace_back(std::round(between(low, high, i, n)));
        else if (i == 0 || i + 1 == n)
            values.emplace_back(i == 0 ? low : high);
        else  // base 10: powers of ten come out as such
            values.emplace_back(std::pow(10, between(std::log10(low), std::log10(high), i, n)));
    }
    return values;
}

void Space::extend(
    std::size_t index, std::size_t points, Values& prefix, std::vector<Values>& all) const {
    if (index == parameters_.size()) {
        if (all.size() == largest_grid) {
            fail<std::invalid_argument>(
                "Space::grid: there are more than {} combinations; need fewer points",
                largest_grid);
        }
        all.push_back(prefix);
        return;
    }
    const Parameter& parameter = parameters_[index];
    if (!exists(parameter, prefix)) {
        extend(index + 1, points, prefix, all);
        return;
    }
    for (Value& value : grid_of(parameter, points)) {
        prefix.emplace_back(parameter.name, std::move(value));
        extend(index + 1, points, prefix, all);
        prefix.pop_back();
    }
}

std::vector<Values> Space::grid(std::size_t points) const {
    if (points < 2)
        fail<std::invalid_argument>("Space::grid: {} points; need at least 2", points);
    std::vector<Values> all;
    Values prefix;
    extend(0, points, prefix, all);
    return all;
}

std::vector<std::string> Space::names() const {
    std::vector<std::string> names;
    for (const Parameter& parameter : parameters_)
        names.push_back(parameter.name);
    return names;
}

std::vector<std::string> Space::describe() const {
    std::vector<std::string> lines;
    for (const Parameter& parameter : parameters_) {
        std::string line = parameter.name + ": ";
        if (parameter.kind == Kind::choice) {
            std::string list;
            for (const Value& value : parameter.values) {
                const bool is_text = std::holds_alternative<std::string>(value);
                list += fmt::format(
                    "{}{}{}{}",
                    list.empty() ? "" : ", ",
                    is_text ? "\"" : "",
                    to_string(value),
                    is_text ? "\"" : "");
            }
            line += "one of " + list;
        } else {
            const char* kind = parameter.kind == Kind::uniform   ? "uniform"
                               : parameter.kind == Kind::integer ? "integer"
                                                                 : "log_uniform";
            line += fmt::format("{} from {} to {}", kind, parameter.low, parameter.high);
        }
        for (const auto& [name, value] : parameter.conditions)
            line += fmt::format(", when {} is {}", name, to_string(value));
        if (parameter.points > 0)
            line += fmt::format(", {} points", parameter.points);
        lines.push_back(std::move(line));
    }
    return lines;
}

}  // namespace xgrad::search
