#include <nn/optim_check.hpp>

#include <algorithm>
#include <cmath>

namespace xgrad::optim::detail {
namespace {

// Appends what is missing from `given`, and what is left over.
template <class Map>
void compare_names(const Map& given, const Map& expected, std::string& faults) {
    for (const auto& entry : expected) {
        if (!given.contains(entry.first))
            faults += fmt::format(" \"{}\" is missing;", entry.first);
    }
    for (const auto& entry : given) {
        if (!expected.contains(entry.first))
            faults += fmt::format(" \"{}\" is not in the state;", entry.first);
    }
}

bool counts(std::string_view name) {
    return name == "skipped" || name.ends_with("steps") || name.ends_with("pairs") ||
           name.ends_with("epoch");
}

std::string number_faults(
    const std::map<std::string, double>& given,
    const std::map<std::string, double>& expected,
    std::initializer_list<const char*> any) {
    std::string faults;
    compare_names(given, expected, faults);
    for (const auto& [name, number] : given) {
        const bool free = std::ranges::any_of(any, [&n = name](const char* s) { return n == s; });
        if (free && !std::isnan(number))
            continue;
        if (free)
            faults += fmt::format(" \"{}\" is nan;", name);
        else if (counts(name) && !is_count(number))
            faults += fmt::format(" \"{}\" is {}, not a count;", name, number);
        else if (!(number >= 0) || std::isinf(number))
            faults += fmt::format(" \"{}\" is {}, not finite and >= 0;", name, number);
    }
    return faults;
}

[[noreturn]] void refuse(const char* who, const std::string& faults) {
    fail<std::invalid_argument>(
        "{}::load_state_dict:{} the state must come from one of the same options and parameters",
        who,
        faults);
}

}  // namespace

void check_range(const char* who, const char* name, double value, double low, double high) {
    if (!(value >= low && value <= high)) {
        fail<std::invalid_argument>(
            "{}: {} is {}; need {} <= {} <= {}", who, name, value, low, name, high);
    }
}

void check_rate(const char* who, const char* name, double value) {
    if (!(value >= 0) || std::isinf(value)) {
        fail<std::invalid_argument>("{}: {} is {}; need a finite {} >= 0", who, name, value, name);
    }
}

void check_share(const char* who, const char* name, double value) {
    check_range(who, name, value, 0, 0.9999999);
}

bool is_count(double number) noexcept {
    return number >= 0 && number <= 0x1p53 && number == std::floor(number);
}

void check_numbers(
    const char* who,
    const std::map<std::string, double>& given,
    const std::map<std::string, double>& expected,
    std::initializer_list<const char*> any) {
    const std::string faults = number_faults(given, expected, any);
    if (!faults.empty())
        refuse(who, faults);
}

template <class T>
void check_state(const State<T>& given, const State<T>& expected) {
    if (given.kind != expected.kind) {
        fail<std::invalid_argument>(
            "{}::load_state_dict: the state is of \"{}\"; need one of \"{}\"",
            expected.kind,
            given.kind,
            expected.kind);
    }
    std::string faults;
    compare_names(given.arrays, expected.arrays, faults);
    for (const auto& [name, array] : given.arrays) {
        const auto mine = expected.arrays.find(name);
        if (mine != expected.arrays.end() && mine->second.shape() != array.shape()) {
            faults += fmt::format(
                " \"{}\" has shape {}, need {};", name, array.shape(), mine->second.shape());
        }
    }
    faults += number_faults(given.numbers, expected.numbers, {});
    if (!faults.empty())
        refuse(expected.kind.c_str(), faults);
}

template void check_state(const State<float>&, const State<float>&);
template void check_state(const State<double>&, const State<double>&);

}  // namespace xgrad::optim::detail
