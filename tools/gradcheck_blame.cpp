#include <autograd/backward.hpp>
#include <autograd/call_trace.hpp>
#include <autograd/fail.hpp>
#include <autograd/record.hpp>
#include <ops/ops.hpp>
#include <tools/gradcheck_blame.hpp>
#include <tools/gradcheck_judge.hpp>

#include <algorithm>
#include <cmath>

namespace xgrad::detail {
namespace {

using Call = CallTrace::Call;
using Nodes = std::vector<Node<double>*>;

// <weights, outputs>, recorded.
Variable<double> weighted_sum(const Variables& outputs, const std::vector<double>& weights) {
    Variable<double> total(0);
    std::size_t at = 0;
    for (const Variable<double>& y : outputs) {
        Array<double> w = empty<double>(y.shape());
        std::copy_n(weights.begin() + static_cast<std::ptrdiff_t>(at), w.size(), w.data());
        at += w.size();
        if (y.requires_grad())
            total = total + sum(y * Variable<double>(std::move(w)));
    }
    return total;
}

// Every node from the root on, each once.
Nodes all_nodes(Node<double>* root) {
    Nodes all = {root};
    for (std::size_t k = 0; k < all.size(); ++k) {
        for (std::size_t i = 0; i < all[k]->edges(); ++i) {
            Node<double>* next = all[k]->edge(i);
            if (next && std::ranges::find(all, next) == all.end())
                all.push_back(next);
        }
    }
    return all;
}

class Search {
public:
    Search(
        const Target& target,
        const std::vector<double>& weights,
        const GradcheckOptions& options,
        Random& random)
        : target_(target),
          weights_(weights),
          options_(options),
          random_(random) {}

    std::string run(const std::vector<std::size_t>& inputs) {
        constexpr std::size_t most = 3000;  // calls; more would take too long
        Variables outputs;
        {
            const CallTrace trace;
            outputs = target_.call(true);
            calls_ = trace.calls();
        }
        const Variable<double> total = weighted_sum(outputs, weights_);
        if (calls_.size() > most || !total.requires_grad())
            return "";
        nodes_ = all_nodes(total.state().node.get());
        Nodes values;
        std::vector<std::size_t> numbers;
        for (std::size_t k = calls_.size(); k-- > 0;) {
            const auto found = std::ranges::find_if(
                nodes_, [&](const auto* node) { return node == calls_[k].node; });
            if (calls_[k].node && found != nodes_.end()) {
                values.push_back(*found);
                numbers.push_back(k);
            }
        }
        const Variables gradients = gradients_along(total, Variable<double>(1), values);
        for (std::size_t i = 0; i < values.size(); ++i) {
            if (gradients[i].defined() && !is_right(numbers[i], gradients[i]))
                return readers_of(values[i], "the result of " + name_of(values[i]), outputs);
        }
        for (const std::size_t input : inputs) {
            const auto& [name, leaf] = target_.inputs[input];
            const std::string story = readers_of(leaf.state().node.get(), name, outputs);
            if (!story.empty())
                return story;
        }
        return "";
    }

private:
    static std::string name_of(const Node<double>* node) {
        return call_string(node->op, node->where);
    }

    // The gradient at the value of that call, along one random direction.
    [[nodiscard]] bool is_right(std::size_t number, const Variable<double>& gradient) {
        if (calls_[number].shape != gradient.shape() || gradient.size() == 0)
            return true;
        const Array<double> v = draw_seed(gradient.shape(), random_);
        const auto outputs = [&](double t) {
            const CallTrace moved(number, [&](Array<double>& value) { value += t * v; });
            return values_of(target_.call(false));
        };
        const auto branches = [&](double t) {
            const BranchGuard guard;
            static_cast<void>(outputs(t));
            return guard.records();
        };
        constexpr double infinity = std::numeric_limits<double>::infinity();
        const double unit = std::cbrt(std::numeric_limits<double>::epsilon());
        const double scale = std::max(1.0, calls_[number].size);
        const Line line{
            outputs,
            branches,
            [](double t) { return t; },
            weights_,
            -infinity,
            infinity,
            {unit * scale / std::sqrt(static_cast<double>(v.size()))}};
        GradcheckEntry entry;
        double size = 0;
        for (std::size_t i = 0; i < v.size(); ++i) {
            entry.analytic += gradient.value().data()[i] * v.data()[i];
            size = std::max(size, std::abs(gradient.value().data()[i]));
        }
        Judge(options_, 1, size).judge(line, entry);
        return entry.verdict != GradcheckVerdict::fail;
    }

    // The ops with an edge to that node.
    [[nodiscard]] std::string readers_of(
        const Node<double>* value, const std::string& what, const Variables& outputs) const {
        std::vector<std::string> names;
        for (const Node<double>* node : nodes_) {
            const bool is_ours =
                std::ranges::any_of(calls_, [&](const Call& call) { return call.node == node; });
            for (std::size_t i = 0; is_ours && i < node->edges(); ++i) {
                const std::string name = name_of(node);
                if (node->edge(i) == value && std::ranges::find(names, name) == names.end())
                    names.push_back(name);
            }
        }
        static_cast<void>(outputs);  // hold the nodes
        if (names.empty())
            return "";
        return fmt::format("{}, in its share for {}", fmt::join(names, " or "), what);
    }

    const Target& target_;
    const std::vector<double>& weights_;
    const GradcheckOptions& options_;
    Random& random_;
    std::vector<Call> calls_;
    Nodes nodes_;
};

}  // namespace

std::string first_wrong_op(
    const Target& target,
    const std::vector<double>& weights,
    const std::vector<std::size_t>& inputs,
    const GradcheckOptions& options,
    Random& random) {
    try {
        return Search(target, weights, options, random).run(inputs);
    } catch (const std::exception&) {
        // A disturbed value may be one that a later op rejects.
        return "";
    }
}

}  // namespace xgrad::detail
