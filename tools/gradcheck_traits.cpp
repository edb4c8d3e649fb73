#include <tools/gradcheck_case.hpp>

#include <limits>

namespace xgrad::detail {
namespace {

// The first outcome that is no pass, of the check in double and in float.
template <class Check>
Outcome in_both(Check check) {
    Outcome outcome = check(double());
    if (outcome.verdict == OpCheck::Verdict::passed) {
        outcome = check(float());
        if (outcome.verdict == OpCheck::Verdict::failed)
            outcome.text = "in float: " + outcome.text;
    }
    return outcome;
}

template <class T>
bool any_asks(const std::vector<Variable<T>>& inputs) {
    return std::ranges::any_of(inputs, [](const auto& x) { return x.requires_grad(); });
}

Outcome check_mutation(const Case& one) {
    return in_both([&]<class T>(T) -> Outcome {
        const auto inputs = leaves<T>(one.values, one.asks());
        const auto changed = [&](const char* pass) -> std::string {
            for (std::size_t i = 0; i < inputs.size(); ++i) {
                const std::string where = difference(cast<T>(one.values[i]), inputs[i].value());
                if (!where.empty() || inputs[i].version() != 0)
                    return fmt::format("the {} pass changes input {} {}", pass, i, where);
            }
            return "";
        };
        const Variable<T> y = call(one, inputs);
        if (const std::string text = changed("forward"); !text.empty())
            return failed(text);
        const Array<T> value = y.value();
        const Variable<T> seed = seed_of(one, y);
        const Array<T> before = seed.value();
        const auto gradients = gradients_of(y, seed, inputs);
        if (const std::string text = changed("backward"); !text.empty())
            return failed(text);
        if (!same_bits(before, seed.value()))
            return failed("the backward pass changes the output's seed");
        if (!same_bits(value, y.value()))
            return failed("the backward pass changes the output");
        return {};
    });
}

Outcome check_recording(const Case& one) {
    return in_both([&]<class T>(T) -> Outcome {
        const auto inputs = leaves<T>(one.values, one.asks());
        const Variable<T> recorded = call(one, inputs);
        const NoGradGuard off;
        const Variable<T> plain = call(one, inputs);
        if (plain.requires_grad())
            return failed("the result requires a gradient under NoGradGuard");
        const std::string where = difference(recorded.value(), plain.value());
        return where.empty() ? Outcome()
                             : failed("recorded and unrecorded results differ " + where);
    });
}

constexpr double largest_float = std::numeric_limits<float>::max();

// The largest magnitude that float has.
double largest(const Array<double>& x) {
    double size = 0;
    for (const double value : x) {
        if (std::abs(value) <= largest_float)
            size = std::max(size, std::abs(value));
    }
    return size;
}

// |f - d| <= 5e-5 of the largest magnitude around: a sum of powers of a matrix loses two digits.
// But where all results are tiny, no more than a hundredth of them and an epsilon of what is
// around: else one that is twice as large would pass.
double float_allowance(const Array<double>& d, double around) {
    const double size = largest(d);
    return std::min(5e-5 * std::max(size, around), 1e-2 * size + 0x1p-23 * around);
}

// What is too large for float is infinite there.
bool overflows(float f, double d) {
    return std::isinf(f) && std::abs(d) > largest_float && std::signbit(f) == std::signbit(d);
}

std::string float_gap(const Array<float>& f, const Array<double>& d, double around) {
    if (f.shape() != d.shape())
        return fmt::format("the shape is {} in float, {} in double", f.shape(), d.shape());
    const double allowed = float_allowance(d, around);
    for (std::size_t i = 0; i < d.size(); ++i) {
        const float is = f.data()[i];
        const double should = d.data()[i];
        if (!(std::abs(is - should) <= allowed) && !overflows(is, should)) {
            return fmt::format(
                "at {} float gives {:.9g}, double {:.9g}", index_string(i, d.shape()), is, should);
        }
    }
    return "";
}

Outcome check_float(const Case& one) {
    // The same inputs, so that only what is computed from them differs.
    std::vector<Array<double>> values;
    double around = 0;
    for (const Array<double>& value : one.values) {
        values.push_back(value);
        for (double& x : values.back())
            x = static_cast<float>(x);
        around = std::max(around, largest(value));
    }
    const auto in_double = leaves<double>(values, one.asks());
    const auto in_float = leaves<float>(values, one.asks());
    const Variable<double> y = call(one, in_double);
    const Variable<float> z = call(one, in_float);
    if (const std::string gap = float_gap(z.value(), y.value(), around); !gap.empty())
        return failed("the value " + gap);
    if (y.requires_grad() != z.requires_grad())
        return failed("the result requires a gradient in one of float and double only");
    const Variable<double> seed = seed_of(one, y);
    const auto dy = gradients_of(y, seed, in_double);
    const auto dz = gradients_of(z, seed_of(one, z), in_float);
    for (std::size_t i = 0; i < dy.size(); ++i) {
        if (dy[i].defined() != dz[i].defined())
            return failed(fmt::format("input {} is reached in float or double only", i));
        if (!dy[i].defined())
            continue;
        const std::string gap = float_gap(dz[i].value(), dy[i].value(), largest(seed.value()));
        if (!gap.empty())
            return failed(fmt::format("the gradient of input {} {}", i, gap));
    }
    return {};
}

// Inputs constructed from what is not contiguous in row-major order.
template <class T>
Outcome compare_layouts(const Case& one) {
    const auto plain = leaves<T>(one.values, one.asks());
    const Variable<T> y = call(one, plain);
    const Variable<T> seed = seed_of(one, y);
    const auto expected = gradients_of(y, seed, plain);
    for (const bool lazy : {false, true}) {
        std::vector<Variable<T>> inputs;
        for (std::size_t i = 0; i < plain.size(); ++i) {
            const xt::xarray<T, xt::layout_type::column_major> column = plain[i].value();
            inputs.push_back(
                lazy ? Variable<T>(-(-column), !one.is_fixed(i))
                     : Variable<T>(column, !one.is_fixed(i)));
        }
        const char* what = lazy ? "from a lazy expression" : "from column-major arrays";
        const Variable<T> z = call(one, inputs);
        std::string where = difference(y.value(), z.value());
        if (!where.empty())
            return failed(fmt::format("the result {} differs {}", what, where));
        const auto gradients = gradients_of(z, seed, inputs);
        for (std::size_t i = 0; i < inputs.size(); ++i) {
            where = difference(expected[i], gradients[i]);
            if (!where.empty())
                return failed(
                    fmt::format("the gradient of input {} {} differs {}", i, what, where));
        }
    }
    return {};
}

Outcome check_layout(const Case& one) {
    return in_both([&]<class T>(T) { return compare_layouts<T>(one); });
}

Outcome check_subset(const Case& one) {
    return in_both([&]<class T>(T) -> Outcome {
        const auto all = leaves<T>(one.values, one.asks());
        const Variable<T> y = call(one, all);
        const Variable<T> seed = seed_of(one, y);
        const auto expected = gradients_of(y, seed, all);
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (one.is_fixed(i))
                continue;
            std::vector<bool> only(all.size(), false);
            only[i] = true;
            const auto inputs = leaves<T>(one.values, only);
            const auto gradients = gradients_of(call(one, inputs), seed, inputs);
            const std::string where = difference(expected[i], gradients[i]);
            if (!where.empty()) {
                return failed(fmt::format(
                    "the gradient of input {} changes when it alone asks for one, {}", i, where));
            }
        }
        return {};
    });
}

template <class T>
Outcome compare_accumulated(const Case& one) {
    const auto inputs = leaves<T>(one.values, one.asks());
    std::vector<Array<T>> once;
    for (const int pass : {1, 2}) {
        const Variable<T> y = call(one, inputs);
        if (!y.requires_grad())
            return skipped("the result requires no gradient");
        y.backward(seed_of(one, y));
        for (std::size_t i = 0; i < inputs.size(); ++i) {
            if (pass == 1) {
                once.push_back(inputs[i].has_grad() ? inputs[i].grad() : Array<T>());
                continue;
            }
            if (!inputs[i].has_grad())
                continue;
            for (std::size_t k = 0; k < once[i].size(); ++k)
                once[i].data()[k] += once[i].data()[k];
            const std::string where = difference(inputs[i].grad(), once[i]);
            if (!where.empty()) {
                return failed(fmt::format(
                    "a second backward does not double the gradient of input {}, {}", i, where));
            }
        }
    }
    return {};
}

Outcome check_accumulation(const Case& one) {
    return in_both([&]<class T>(T) { return compare_accumulated<T>(one); });
}

template <class T>
Outcome compare_memory(const Case& one) {
    const auto inputs = leaves<T>(one.values, one.asks());
    const Variable<T> y = call(one, inputs);
    if (!y.requires_grad())
        return skipped("the result requires no gradient");
    const Variable<T> seed = seed_of(one, y);
    y.backward(seed);
    struct Block {
        std::string name;
        const Array<T>* array;
    };
    std::vector<Block> blocks = {{"the output", &y.value()}, {"the seed", &seed.value()}};
    for (std::size_t i = 0; i < inputs.size(); ++i)
        blocks.push_back({fmt::format("input {}", i), &inputs[i].value()});
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        if (!inputs[i].has_grad() || inputs[i].size() == 0)
            continue;
        const Array<T>& gradient = inputs[i].grad();
        for (const Block& other : blocks) {
            if (gradient.data() < other.array->data() + other.array->size() &&
                other.array->data() < gradient.data() + gradient.size()) {
                return failed(
                    fmt::format("the gradient of input {} shares memory with {}", i, other.name));
            }
        }
        blocks.push_back({fmt::format("the gradient of input {}", i), &gradient});
    }
    return {};
}

Outcome check_aliasing(const Case& one) {
    return in_both([&]<class T>(T) { return compare_memory<T>(one); });
}

// f(x, x): the gradient of an input given twice is the sum of both shares.
Outcome check_reuse(const Case& one) {
    const std::vector<Shape>& shapes = one.sample.shapes;
    for (std::size_t i = 0; i < shapes.size(); ++i) {
        for (std::size_t j = i + 1; j < shapes.size(); ++j) {
            if (one.is_fixed(i) || one.is_fixed(j) || shapes[i] != shapes[j])
                continue;
            auto asks = one.asks();
            asks[j] = false;
            GradcheckOptions options = one.options;
            options.order = 1;
            options.flat = one.sample.is_flat;
            options.allow_zero = true;
            const auto report = gradcheck(
                [&](const Variables& in) {
                    Variables twice = in;
                    twice[j] = in[i];
                    return call(one, twice);
                },
                leaves<double>(one.values, asks),
                options);
            if (!report.ok()) {
                return failed(fmt::format(
                    "input {} given as input {} too: {}", i, j, report.findings.front().text));
            }
            return {};
        }
    }
    return skipped("no two inputs of one shape are differentiated");
}

}  // namespace

const std::vector<Trait>& traits() {
    static const std::vector<Trait> all = {
        {"mutation", check_mutation},
        {"recording", check_recording},
        {"float", check_float},
        {"layout", check_layout},
        {"subset", check_subset},
        {"accumulation", check_accumulation},
        {"aliasing", check_aliasing},
        {"reuse", check_reuse},
        {"zero size", check_zero_size},
        {"exceptions", check_exceptions}};
    return all;
}

}  // namespace xgrad::detail
