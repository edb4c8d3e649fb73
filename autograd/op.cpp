#include <autograd/fail.hpp>
#include <autograd/op.hpp>
#include <autograd/plugin.hpp>

#include <dlfcn.h>

#include <algorithm>
#include <mutex>

namespace xgrad {
namespace {

// Ops register from static initialisers, in shared objects loaded later too.
struct Registry {
    std::mutex mutex;
    std::vector<const Op*> ops;
};

Registry& registry() {
    static Registry instance;
    return instance;
}

thread_local constinit std::vector<std::string>* loading = nullptr;

std::string clash(const Op& first, const Op& second) {
    const auto place = [](const Op& op) {
        const std::string_view path = op.where().file_name();
        return fmt::format(
            "{}:{} of {}", path.substr(path.rfind('/') + 1), op.where().line(), op.library());
    };
    return fmt::format(
        "Op: \"{}\" is defined twice, at {} and at {}; names are unique",
        first.name(),
        place(first),
        place(second));
}

}  // namespace

Sample Sample::between(double new_low, double new_high) && {
    low = new_low;
    high = new_high;
    return std::move(*this);
}

Sample Sample::avoiding(std::vector<double> values) && {
    kinks = std::move(values);
    return std::move(*this);
}

Sample Sample::with(std::vector<double> parameters) && {
    params = std::move(parameters);
    return std::move(*this);
}

Sample Sample::fixing(std::size_t i, Array<double> value) && {
    fixed[i] = std::move(value);
    return std::move(*this);
}

Sample Sample::without_ties() && {
    distinct = true;
    return std::move(*this);
}

Sample Sample::flat() && {
    is_flat = true;
    return std::move(*this);
}

Sample Sample::linear() && {
    is_linear = true;
    return std::move(*this);
}

Samples::Samples(std::vector<Sample> list) : list_(std::move(list)) {
    if (list_.empty())
        throw std::logic_error("Samples: the list is empty; an op needs a sample");
}

Samples Samples::linear() && {
    for (Sample& sample : list_)
        sample.is_linear = true;
    return std::move(*this);
}

void Samples::add(Sample&& sample) { list_.push_back(std::move(sample)); }

std::vector<Shape> detail::listed(ShapeList shapes) {
    std::vector<Shape> list;
    for (const auto shape : shapes)
        list.emplace_back(shape);
    return list;
}

Sample detail::sample_of(
    std::vector<Shape> shapes, OpFunction<float> call_float, OpFunction<double> call_double) {
    Sample sample;
    sample.shapes = std::move(shapes);
    sample.call_float = std::move(call_float);
    sample.call_double = std::move(call_double);
    return sample;
}

Sample on(detail::ShapeList shapes) { return detail::sample_of(detail::listed(shapes), {}, {}); }
Sample on(std::vector<Shape> shapes) { return detail::sample_of(std::move(shapes), {}, {}); }

Samples broadcast_pairs(double low, double high) {
    return {
        on({{3, 4}, {3, 4}}).between(low, high),
        on({{3, 4}, {4}}).between(low, high),
        on({{3, 1}, {1, 4}}).between(low, high),
        on({{3, 4}, {}}).between(low, high)};
}

Op::Op(std::string name, Samples samples, Where where, OpLayout<op_layout>)
    : name_(std::move(name)),
      samples_(std::move(samples)),
      where_(where),
      caller_(__builtin_return_address(0)) {
    Registry& known = registry();
    const std::lock_guard lock(known.mutex);
    const auto taken = std::ranges::find(known.ops, name_, &Op::name);
    if (taken == known.ops.end()) {
        known.ops.push_back(this);
        return;
    }
    std::string text = clash(**taken, *this);
    if (!loading)
        throw std::logic_error(text);
    loading->push_back(std::move(text));
}

Op::~Op() { detail::withdraw_op(this); }

std::string Op::library() const {
    Dl_info info;
    return dladdr(caller_, &info) != 0 && info.dli_fname ? info.dli_fname : "";
}

namespace detail {

LoadingOps::LoadingOps() noexcept : before_(std::exchange(loading, &clashes)) {}
LoadingOps::~LoadingOps() { loading = before_; }

void withdraw_op(const Op* op) {
    Registry& known = registry();
    const std::lock_guard lock(known.mutex);
    std::erase(known.ops, op);
}

}  // namespace detail

std::vector<const Op*> all_ops() {
    Registry& known = registry();
    const std::lock_guard lock(known.mutex);
    if (known.ops.empty()) {
        throw std::logic_error("all_ops: no op is registered; link libxgrad whole");
    }
    std::vector<const Op*> sorted = known.ops;
    std::ranges::sort(sorted, {}, [](const Op* op) -> const std::string& { return op->name(); });
    return sorted;
}

const Op* find_op(std::string_view name) {
    Registry& known = registry();
    const std::lock_guard lock(known.mutex);
    const auto found = std::ranges::find(
        known.ops, name, [](const Op* op) -> std::string_view { return op->name(); });
    return found == known.ops.end() ? nullptr : *found;
}

}  // namespace xgrad
