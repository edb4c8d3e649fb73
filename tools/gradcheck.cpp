#include <autograd/fail.hpp>
#include <autograd/grad.hpp>
#include <autograd/noise.hpp>
#include <tools/gradcheck_order.hpp>

#include <optional>

namespace xgrad {
namespace {

using detail::Target;

using Streams = std::optional<std::vector<std::uint64_t>>;  // of random numbers, once drawn

// A call that draws in every run what layers drew in the first, so that a loss with dropout is one
// function.
template <class Call>
std::function<Variables(bool)> replaying(Call call, Streams& streams) {
    return [call, &streams](bool recorded) {
        const GradModeGuard mode(recorded);
        if (streams) {
            const detail::NoiseLog again(*streams);
            return call();
        }
        const detail::NoiseLog log;
        Variables outputs = call();
        streams = log.streams();
        return outputs;
    };
}

GradcheckReport check(Target target, const Streams& streams, const GradcheckOptions& options) {
    detail::check_options(options);
    std::size_t elements = 0;
    for (const auto& [name, leaf] : target.inputs)
        elements += leaf.size();
    if (elements == 0) {
        fail<std::invalid_argument>(
            "gradcheck: {} inputs require a gradient, with 0 elements; need at least one element, "
            "so pass requires_grad = true",
            target.inputs.size());
    }
    GradcheckReport report;
    for (int order = 1; order <= options.order && target.call; ++order) {
        std::optional<Target> next = detail::check_order(target, order, options, report);
        if (!next)
            break;
        target = std::move(*next);
    }
    if (streams && !streams->empty()) {
        report.notes.push_back(fmt::format(
            "dropout or noise is on: what it drew in {} calls was repeated in every run; eval() "
            "turns it off",
            streams->size()));
    }
    return report;
}

}  // namespace

void detail::check_options(const GradcheckOptions& options) {
    const auto positive = [](const char* name, double value, bool or_zero) {
        if (!(value > 0) && !(or_zero && value == 0)) {
            fail<std::invalid_argument>(
                "gradcheck: {} is {}; need a positive number{}",
                name,
                value,
                or_zero ? ", or 0 for the default" : "");
        }
    };
    if (options.order < 1) {
        fail<std::invalid_argument>("gradcheck: order is {}; need at least 1", options.order);
    }
    positive("step", options.step, true);
    positive("tolerance", options.tolerance, false);
    positive("norm_tolerance", options.norm_tolerance, false);
    if (!(options.low <= options.high)) {
        fail<std::invalid_argument>(
            "gradcheck: low is {}, high is {}; need low <= high", options.low, options.high);
    }
}

GradcheckReport gradcheck(
    const GradcheckFunction& f, const NamedVariables& inputs, const GradcheckOptions& options) {
    Target target;
    Variables all;
    for (const auto& [name, value] : inputs) {
        all.emplace_back(Array<double>(value.value()), value.requires_grad());
        (value.requires_grad() ? target.inputs : target.constants).emplace_back(name, all.back());
    }
    target.originals = target.inputs.size();
    Streams streams;
    target.call = replaying([&] { return f(all); }, streams);
    return check(std::move(target), streams, options);
}

GradcheckReport gradcheck(
    const GradcheckFunction& f, const Variables& inputs, const GradcheckOptions& options) {
    NamedVariables named;
    for (const Variable<double>& input : inputs)
        named.emplace_back(fmt::format("input {}", named.size()), input);
    return gradcheck(f, named, options);
}

GradcheckReport gradcheck(
    const std::function<Variable<double>()>& loss,
    const NamedVariables& parameters,
    const GradcheckOptions& options,
    const NamedVariables& state) {
    for (const auto& [name, leaf] : parameters) {
        if (!leaf.is_leaf() || !leaf.requires_grad()) {
            fail<std::invalid_argument>(
                "gradcheck: parameter \"{}\", shape {}, {}; need a leaf with requires_grad",
                name,
                leaf.shape(),
                leaf.is_leaf() ? "does not require a gradient" : "is the result of an op");
        }
    }
    const detail::Snapshot kept(state);
    const auto call = [&] {
        kept.restore();
        return Variables{loss()};
    };
    Streams streams;
    return check({parameters, parameters.size(), replaying(call, streams), true}, streams, options);
}

}  // namespace xgrad
