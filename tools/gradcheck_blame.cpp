#include <autograd/backward.hpp>
#include <autograd/broadcast.hpp>
#include <autograd/call_trace.hpp>
#include <autograd/fail.hpp>
#include <autograd/record.hpp>
#include <ops/ops.hpp>
#include <tools/gradcheck_blame.hpp>
#include <tools/gradcheck_judge.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>

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

    std::vector<WrongOp> run(const std::vector<std::size_t>& inputs) {
        constexpr std::size_t most = 3000;  // calls; more would take too long
        std::vector<WrongOp> found(inputs.size());
        Variables outputs;
        {
            const CallTrace trace;
            outputs = target_.call(true);
            calls_ = trace.calls();
        }
        const Variable<double> total = weighted_sum(outputs, weights_);
        if (calls_.size() > most || !total.requires_grad())
            return found;
        nodes_ = all_nodes(total.state().node.get());
        for (std::size_t k = calls_.size(); k-- > 0;) {
            const auto node = std::ranges::find_if(
                nodes_, [&](const auto* one) { return one == calls_[k].node; });
            if (calls_[k].node && node != nodes_.end())
                values_.push_back({k, *node, {}});
        }
        Nodes nodes;
        for (const Value& value : values_)
            nodes.push_back(value.node);
        const Variables gradients = gradients_along(total, Variable<double>(1), nodes);
        for (std::size_t i = 0; i < values_.size(); ++i)
            values_[i].gradient = gradients[i];
        // All shares first: once a leaf has moved, rules that keep it refuse to run.
        std::vector<Shares> shares;
        for (const std::size_t input : inputs)
            shares.push_back(shares_for(target_.inputs[input].second));
        for (std::size_t k = 0; k < inputs.size(); ++k)
            found[k] = search_from(inputs[k], shares[k]);
        static_cast<void>(outputs);  // hold the nodes
        return found;
    }

private:
    // A call that the outputs come from.
    struct Value {
        std::size_t number;
        Node<double>* node;
        Variable<double> gradient;
    };

    // Those who read a leaf, and what each gives for its share.
    using Shares = std::vector<std::pair<const Value*, Variable<double>>>;

    [[nodiscard]] Shares shares_for(const Variable<double>& leaf) const {
        Shares all;
        for (const Value* reader : readers_of(leaf.state().node.get())) {
            if (reader->gradient.defined() && reader->gradient.size() > 0 && leaf.size() > 0)
                all.emplace_back(reader, share_of(*reader, leaf));
        }
        return all;
    }

    static std::string name_of(const Node<double>* node) {
        return call_string(node->op, node->where);
    }

    // The first value on the way from that input whose gradient is wrong; else the input itself.
    [[nodiscard]] WrongOp search_from(std::size_t input, const Shares& shares) {
        const auto& [name, leaf] = target_.inputs[input];
        const Node<double>* const start = leaf.state().node.get();
        for (const Value& value : values_) {
            if (value.gradient.defined() && leads(value.node, start) &&
                !is_right_once(value.number, value.gradient))
                return {
                    blamed(readers_of(value.node), "the result of " + name_of(value.node)), true};
        }
        if (shares.empty())
            return {};
        std::vector<const Value*> wrong, unsure;
        for (const auto& [reader, share] : shares) {
            if (!is_right_alone(*reader, share, leaf))
                (moves_along(*reader, start) ? unsure : wrong).push_back(reader);
        }
        if (!wrong.empty())
            return {blamed(wrong, name), true};
        return unsure.empty() ? WrongOp{"", true} : WrongOp{blamed(unsure, name), false};
    }

    // Whether the graph leads from that node to the leaf.
    [[nodiscard]] static bool leads(Node<double>* from, const Node<double>* leaf) {
        const Nodes all = all_nodes(from);
        return std::ranges::find(all, leaf) != all.end();
    }

    // Whether another input of that op depends on the leaf.
    [[nodiscard]] static bool moves_along(const Value& reader, const Node<double>* leaf) {
        for (std::size_t i = 0; i < reader.node->edges(); ++i) {
            Node<double>* const input = reader.node->edge(i);
            if (input && input != leaf && leads(input, leaf))
                return true;
        }
        return false;
    }

    [[nodiscard]] bool is_right_once(std::size_t number, const Variable<double>& gradient) {
        const auto known = right_.find(number);
        if (known != right_.end())
            return known->second;
        return right_[number] = is_right(number, gradient);
    }

    // What an op that reads the leaf gives for its share, against the slope of the op's own value.
    // Where other inputs of the op move along, a disagreement tells nothing.
    [[nodiscard]] bool is_right_alone(
        const Value& reader, const Variable<double>& share, const Variable<double>& leaf) {
        const Array<double> start = leaf.value(), v = draw_seed(leaf.shape(), random_);
        const std::vector<double> weights = values_of({reader.gradient});
        const auto at = [&](double t, auto call) {
            leaf.assign(start + t * v);
            call();
            leaf.assign(start);
        };
        const auto outputs = [&](double t) {
            std::vector<double> y;
            at(t, [&] {
                const CallTrace seen(reader.number, [&](Array<double>& value) {
                    y.assign(value.data(), value.data() + value.size());
                });
                static_cast<void>(target_.call(false));
            });
            y.resize(weights.size());
            return y;
        };
        const auto branches = [&](double t) {
            const BranchGuard guard;
            at(t, [&] { static_cast<void>(target_.call(false)); });
            return guard.records();
        };
        const Line line = along(outputs, branches, weights, largest(start), v.size());
        GradcheckOptions strict = options_;
        strict.tolerance = std::min(options_.tolerance, options_.norm_tolerance);
        return judged(line, share, v, strict) == GradcheckVerdict::pass;
    }

    // The sum over the edges that lead to the leaf.
    [[nodiscard]] static Variable<double> share_of(
        const Value& reader, const Variable<double>& leaf) {
        const NoGradGuard off;
        const std::size_t edges = reader.node->edges();
        const auto wanted = std::make_unique<bool[]>(edges);
        for (std::size_t i = 0; i < edges; ++i)
            wanted[i] = reader.node->edge(i) == leaf.state().node.get();
        Variables shares(edges);
        const Variable<double> g(Array<double>(reader.gradient.value()));
        reader.node->shares(g, wanted.get(), shares.data());
        Variable<double> all(Array<double>(leaf.shape(), 0.0));
        for (std::size_t i = 0; i < edges; ++i) {
            if (wanted[i] && shares[i].defined())
                all = all + sum_to(shares[i], leaf.shape());
        }
        return all;
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
        const Line line = along(outputs, branches, weights_, calls_[number].size, v.size());
        return judged(line, gradient, v, options_) != GradcheckVerdict::fail;
    }

    // A line along a direction through a value whose largest magnitude is `size`.
    template <class Outputs, class Branches>
    [[nodiscard]] static Line along(
        Outputs outputs,
        Branches branches,
        const std::vector<double>& weights,
        double size,
        std::size_t elements) {
        constexpr double infinity = std::numeric_limits<double>::infinity();
        const double unit = std::cbrt(std::numeric_limits<double>::epsilon());
        const double step = unit * std::max(1.0, size) / std::sqrt(static_cast<double>(elements));
        const auto same = [](double t) { return t; };
        return {outputs, branches, same, weights, -infinity, infinity, {step}};
    }

    [[nodiscard]] static GradcheckVerdict judged(
        const Line& line,
        const Variable<double>& gradient,
        const Array<double>& v,
        const GradcheckOptions& options) {
        GradcheckEntry entry;
        for (std::size_t i = 0; i < v.size(); ++i)
            entry.analytic += gradient.value().data()[i] * v.data()[i];
        Judge(options, 1, largest(gradient.value())).judge(line, entry);
        return entry.verdict;
    }

    [[nodiscard]] static double largest(const Array<double>& x) {
        double size = 0;
        for (const double value : x)
            size = std::max(size, std::abs(value));
        return size;
    }

    // The calls with an edge to that node.
    [[nodiscard]] std::vector<const Value*> readers_of(const Node<double>* node) const {
        std::vector<const Value*> readers;
        for (const Value& value : values_) {
            for (std::size_t i = 0; i < value.node->edges(); ++i) {
                if (value.node->edge(i) == node) {
                    readers.push_back(&value);
                    break;
                }
            }
        }
        return readers;
    }

    [[nodiscard]] static std::string blamed(
        const std::vector<const Value*>& readers, const std::string& what) {
        std::vector<std::string> names;
        for (const Value* reader : readers) {
            const std::string name = name_of(reader->node);
            if (std::ranges::find(names, name) == names.end())
                names.push_back(name);
        }
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
    std::vector<Value> values_;          // the last one first
    std::map<std::size_t, bool> right_;  // by the number of the call
};

}  // namespace

std::vector<WrongOp> first_wrong_ops(
    const Target& target,
    const std::vector<double>& weights,
    const std::vector<std::size_t>& inputs,
    const GradcheckOptions& options,
    Random& random) {
    try {
        const Snapshot kept(target.inputs);
        return Search(target, weights, options, random).run(inputs);
    } catch (const std::exception&) {
        // A disturbed value may be one that a later op rejects.
        return std::vector<WrongOp>(inputs.size());
    }
}

}  // namespace xgrad::detail
