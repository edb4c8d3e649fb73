#include <autograd/fail.hpp>
#include <autograd/grad.hpp>
#include <tools/gradcheck_target.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace xgrad::detail {

Variables differentiate(
    const Variables& outputs, const Variables& inputs, const Variables& seeds, bool recorded) {
    try {
        return grad(
            outputs,
            inputs,
            {.seeds = seeds, .create_graph = recorded, .allow_unused = true, .retain_graph = true});
    } catch (const NoSecondDerivative& error) {
        throw NoDerivative(error.what());
    } catch (const std::exception& error) {
        throw BackwardFailure(error.what());
    }
}

Target gradient_of(const Target& target, const Variables& outputs, const Variables& seeds) {
    Target next{target.inputs, target.originals, {}, false, target.constants};
    std::vector<std::size_t> live;
    for (std::size_t k = 0; k < outputs.size(); ++k) {
        if (!outputs[k].requires_grad())
            continue;
        live.push_back(k);
        next.inputs.emplace_back(
            fmt::format("seed {}", target.inputs.size() - target.originals + k),
            Variable<double>(Array<double>(seeds[k].value()), true));
    }
    if (live.empty())
        return next;
    Variables originals, live_seeds;
    for (std::size_t i = 0; i < next.inputs.size(); ++i) {
        if (i < target.originals)
            originals.push_back(next.inputs[i].second);
        else if (i >= target.inputs.size())
            live_seeds.push_back(next.inputs[i].second);
    }
    next.call = [call = target.call, live, originals, live_seeds](bool recorded) {
        const GradModeGuard on(true);
        const Variables all = call(true);
        Variables outputs;
        for (const std::size_t k : live)
            outputs.push_back(all.at(k));
        Variables gradients = differentiate(outputs, originals, live_seeds, recorded);
        for (std::size_t i = 0; i < originals.size(); ++i) {
            if (!gradients[i].defined())
                gradients[i] = Variable<double>(Array<double>(originals[i].shape(), 0.0));
        }
        return gradients;
    };
    return next;
}

Snapshot::Snapshot(NamedVariables inputs) : inputs_(std::move(inputs)) {
    for (const auto& [name, leaf] : inputs_)
        values_.push_back(leaf.value());
}

Snapshot::~Snapshot() { restore(); }

void Snapshot::restore() const noexcept {
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
        try {
            inputs_[i].second.assign(values_[i]);
        } catch (const std::exception&) {
            // The shape had been changed too; it is back all the same.
        }
    }
}

std::string Snapshot::changed() const {
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
        const std::string& name = inputs_[i].first;
        const Array<double>& now = inputs_[i].second.value();
        const Array<double>& before = values_[i];
        if (now.shape() != before.shape())
            return fmt::format("{} from shape {} to {}", name, before.shape(), now.shape());
        for (std::size_t k = 0; k < now.size(); ++k) {
            const double was = before.data()[k];
            const double is = now.data()[k];
            if (std::memcmp(&was, &is, sizeof was) != 0) {
                const std::string at = index_string(k, now.shape());
                return fmt::format("{} at {} from {} to {}", name, at, was, is);
            }
        }
    }
    return "";
}

std::vector<double> values_of(const Variables& outputs) {
    std::vector<double> all;
    for (const Variable<double>& y : outputs)
        all.insert(all.end(), y.value().data(), y.value().data() + y.size());
    return all;
}

std::size_t first_difference(
    const std::vector<double>& a, const std::vector<double>& b, double tolerance) {
    const auto same = [&](double x, double y) {
        return std::bit_cast<std::uint64_t>(x) == std::bit_cast<std::uint64_t>(y) ||
               (tolerance > 0 &&
                std::abs(x - y) <= tolerance * std::max({1.0, std::abs(x), std::abs(y)}));
    };
    return static_cast<std::size_t>(std::ranges::mismatch(a, b, same).in1 - a.begin());
}

std::string gradient_name(int order) {
    if (order <= 2)
        return order == 1 ? "gradient" : "second gradient";
    return fmt::format("gradient of order {}", order);
}

}  // namespace xgrad::detail
