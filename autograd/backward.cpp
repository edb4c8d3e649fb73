#include <autograd/accumulate.hpp>
#include <autograd/backward.hpp>
#include <autograd/broadcast.hpp>
#include <autograd/fail.hpp>
#include <autograd/node_hooks.hpp>
#include <autograd/profiling.hpp>
#include <autograd/record.hpp>
#include <autograd/repeat.hpp>
#include <autograd/stacked.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <unordered_map>

namespace xgrad {
namespace {

thread_local constinit bool recording = true;
thread_local constinit bool anomaly = false;

// What is running a rule on this thread, for messages.
struct Call {
    const Op* op;
    const Where* where;
};
thread_local constinit Call running = {nullptr, nullptr};

}  // namespace

bool grad_enabled() noexcept { return recording; }
GradModeGuard::GradModeGuard(bool enabled) noexcept : before_(recording) { recording = enabled; }
GradModeGuard::~GradModeGuard() { recording = before_; }

bool anomaly_enabled() noexcept { return anomaly; }
AnomalyGuard::AnomalyGuard() noexcept : before_(anomaly) { anomaly = true; }
AnomalyGuard::~AnomalyGuard() { anomaly = before_; }

namespace detail {

std::string running_call() {
    return running.op ? call_string(running.op, *running.where) : "a rule";
}

bool rule_is_running() noexcept { return running.op != nullptr; }

namespace {

// The share as the input's gradient: checked, and summed over the axes it was broadcast along.
template <class T>
Variable<T> fit_share(Node<T>& node, std::size_t i, Variable<T> given) {
    const Node<T>& input = *node.edge(i);
    if (anomaly)
        check_gradient(node, i, given.value());
    if (given.shape() == input.shape ||
        (given.rank() == 0 && node.gives_one_number(i) && !recording))
        return given;
    try {
        return sum_to(given, input.shape, node.where);
    } catch (const ShapeError&) {
        fail<std::logic_error>(
            "backward: the rule of {} for input {} returned shape {}; the input has {}, the "
            "output {}",
            call_string(node.op, node.where),
            node.input_of(i),
            given.shape(),
            input.shape,
            node.shape);
    }
}

// One walk over the graph. Nodes wait in `pending`, latest first: when one comes up, every
// consumer has given its share. The map is this run's own, so runs may nest, and threads may
// share leaves.
template <class T>
class Run {
public:
    Run(bool retain_graph, bool create_graph) : retain_(retain_graph), create_(create_graph) {}
    /// Of a stack of so many gradients at once: each has an axis of that extent in front.
    explicit Run(std::size_t stack) : stack_(stack), retain_(true), create_(false) {}

    void seed(const Ref<Node<T>>& node, const Variable<T>& gradient) {
        accumulate(slot_of(node.get()).gradient, gradient);
    }

    // For grad(): nodes whose gradient is asked for, and every node that leads to one.
    void want(Node<T>* node) { wanted_.emplace(node, Mark{true, false}); }
    // The walk ends at the nodes that are wanted, before their hooks: theirs is what comes from the
    // roots alone, also where one of them leads to another.
    void end_at_wanted() { ends_at_wanted_ = true; }
    void mark_needed(const std::vector<Variable<T>>& outputs) {
        std::map<std::uint64_t, Node<T>*, std::greater<>> open;
        std::vector<Node<T>*> order;
        for (const Variable<T>& y : outputs) {
            Node<T>* node = y.state().node.get();
            open.emplace(node->sequence, node);
        }
        while (!open.empty()) {
            Node<T>* node = open.begin()->second;
            open.erase(open.begin());
            order.push_back(node);
            if (const auto wanted = wanted_.find(node); wanted != wanted_.end())
                wanted->second.reached = true;
            for (std::size_t i = 0; i < node->edges(); ++i) {
                if (Node<T>* next = node->edge(i))
                    open.emplace(next->sequence, next);
            }
        }
        for (auto node = order.rbegin(); node != order.rend(); ++node) {  // inputs first
            for (std::size_t i = 0; i < (*node)->edges(); ++i) {
                Node<T>* next = (*node)->edge(i);
                if (next && wanted_.contains(next)) {
                    wanted_.emplace(*node, Mark{false, true});
                    break;
                }
            }
        }
        selective_ = true;
    }
    // Whether mark_needed() came across the node that is wanted.
    [[nodiscard]] bool reached(Node<T>* node) const { return wanted_.at(node).reached; }

    void walk() {
        const GradModeGuard mode(create_);
        const Call before = std::exchange(running, Call{nullptr, nullptr});
        try {
            while (!pending_.empty())
                step();
        } catch (...) {
            running = before;
            throw;
        }
        running = before;
    }

    // What walk() found for a node that was wanted; null for one that was not reached.
    [[nodiscard]] const Variable<T>* result(const Node<T>* node) const {
        const auto found =
            std::ranges::find(results, node, [](const Leaf& leaf) { return leaf.node.get(); });
        return found == results.end() ? nullptr : &found->gradient;
    }

    struct Leaf {
        Ref<Node<T>> node;
        Variable<T> gradient;
    };
    std::vector<Leaf> results;  // leaves and what retains its gradient, or the wanted nodes

private:
    struct Mark {
        bool asked, reached;
    };
    struct Waiting {
        Ref<Node<T>> node;
        Variable<T> gradient;
    };

    // Where a node waits.
    Waiting& slot_of(Node<T>* node) {
        Waiting& slot = pending_[node->sequence];
        if (!slot.node)
            slot.node = Ref<Node<T>>::share(node);
        return slot;
    }

    void step() {
        auto taken = pending_.extract(pending_.begin());
        Ref<Node<T>> node = std::move(taken.mapped().node);
        Variable<T> gradient = std::move(taken.mapped().gradient);
        running = {nullptr, nullptr};
        const auto wanted = selective_ ? wanted_.find(node.get()) : wanted_.end();
        bool is_result = selective_ ? wanted != wanted_.end() && wanted->second.asked
                                    : node->is_leaf() && !node->frozen;
        const bool hooked = node->hooked.load(std::memory_order_acquire);
        if (is_result || hooked || anomaly)
            gradient = spread(std::move(gradient), node->shape);
        if (is_result && ends_at_wanted_) {
            results.push_back({node, gradient});
            return;
        }
        if (hooked) {
            gradient =
                stack_ ? stacked_hooks(*node, gradient) : through_hooks(*node, std::move(gradient));
            is_result = is_result || (!selective_ && hooks_of(*node)->retains);
        }
        if (anomaly)
            check_total(*node, gradient.value());
        if (is_result)
            results.push_back({node, gradient});
        if (node->is_leaf())
            return;
        const std::size_t edges = node->edges();
        if (shares_.size() < edges) {
            shares_.resize(edges);
            slots_.resize(edges);
            wanted_edges_ = std::make_unique<bool[]>(edges);
        }
        bool leads_on = false;
        for (std::size_t i = 0; i < edges; ++i) {
            Node<T>* input = node->edge(i);
            wanted_edges_[i] = input && (!selective_ || wanted_.contains(input));
            leads_on = leads_on || wanted_edges_[i];
        }
        if (!leads_on)
            return;  // asked for itself: its rules do not run, and keep what they kept
        if (node->released) {
            fail<GraphError>(
                "backward: what {} kept was freed by an earlier backward; pass retain_graph = true "
                "to the first one",
                call_string(node->op, node->where));
        }
        // A gradient that waits for more is handed to a rule that adds to it.
        const bool adds = !stack_ && !create_ && !anomaly && node->adds_shares();
        for (std::size_t i = 0; i < edges; ++i) {
            if (!wanted_edges_[i])
                continue;
            slots_[i] = &slot_of(node->edge(i));
            Variable<T>& waiting = slots_[i]->gradient;
            if (adds && waiting.unshared() && !waiting.requires_grad() &&
                waiting.shape() == node->shape)
                shares_[i] = std::move(waiting);
        }
        running = {node->op, &node->where};
        {
            const TimedRule timed(node->op, node->where);
            if (!node->takes_one_number())
                gradient = spread(std::move(gradient), node->shape);
            if (stack_) {
                stacked_shares<T>(
                    *node, gradient, wanted_edges_.get(), shares_.data(), fit_share<T>);
            } else {
                node->shares(gradient, wanted_edges_.get(), shares_.data());
            }
        }
        gradient = {};
        for (std::size_t i = 0; i < edges; ++i) {
            if (!wanted_edges_[i])
                continue;
            Variable<T> share = std::move(shares_[i]);
            accumulate(
                slots_[i]->gradient,
                stack_ ? std::move(share) : fit_share(*node, i, std::move(share)));
        }
        if (!retain_) {
            node->released = true;
            node->drop_kept();
        }
    }

    using Entry = std::pair<const std::uint64_t, Waiting>;
    std::map<std::uint64_t, Waiting, std::greater<>, PoolAllocator<Entry>> pending_;
    std::unordered_map<Node<T>*, Mark> wanted_;  // the nodes asked for, and those on the way
    std::vector<Variable<T>> shares_;            // of the node at hand
    std::vector<Waiting*> slots_;                // and where they go
    std::unique_ptr<bool[]> wanted_edges_;
    bool selective_ = false;
    bool ends_at_wanted_ = false;
    std::size_t stack_ = 0;  // 0: one gradient, without the axis
    bool retain_;
    bool create_;
};

template <class T>
void check_root(const char* function, const Variable<T>& output) {
    if (!output.requires_grad()) {
        fail<GraphError>(
            "{}: the output, shape {}, does not require a gradient; it depends on no leaf with "
            "requires_grad, or was computed under NoGradGuard",
            function,
            output.shape());
    }
}

template <class T>
void check_seed(const char* function, const Variable<T>& output, const Variable<T>& seed) {
    if (seed.shape() != output.shape()) {
        fail<ShapeError>(
            "{}: the seed has shape {}, the output {}; a seed has its output's shape",
            function,
            seed.shape(),
            output.shape());
    }
}

}  // namespace

template <class T>
void run_backward(const Variable<T>& root, const Variable<T>& seed, bool retain_graph) {
    check_root("backward", root);
    check_seed("backward", root, seed);
    Run<T> run(retain_graph, false);
    run.seed(root.state().node, seed.detach());
    run.walk();
    const NoGradGuard no_grad;
    for (auto& leaf : run.results) {
        // The caller may still hold the seed's array, or another leaf the same share.
        Variable<T>& sum = leaf.node->is_leaf()
                               ? static_cast<LeafNode<T>*>(leaf.node.get())->gradient
                               : hooks_of(*leaf.node)->gradient;
        if (!sum.defined() && !leaf.gradient.unshared()) {
            leaf.gradient = Variable<T>(detail::copy_of(leaf.gradient.value()));
        }
        accumulate(sum, std::move(leaf.gradient));
    }
}

template <class T>
std::vector<Variable<T>> stacked_gradients(
    const Variable<T>& output, const Variable<T>& seeds, const std::vector<Variable<T>>& inputs) {
    Run<T> run(seeds.shape()[0]);
    for (const Variable<T>& input : inputs)
        run.want(input.state().node.get());
    run.mark_needed({output});
    run.seed(output.state().node, seeds);
    run.walk();
    std::vector<Variable<T>> gradients;
    for (const Variable<T>& input : inputs) {
        const Variable<T>* found = run.result(input.state().node.get());
        gradients.push_back(found ? *found : Variable<T>());
    }
    return gradients;
}

template std::vector<Variable<float>> stacked_gradients(
    const Variable<float>&, const Variable<float>&, const std::vector<Variable<float>>&);
template std::vector<Variable<double>> stacked_gradients(
    const Variable<double>&, const Variable<double>&, const std::vector<Variable<double>>&);

template <class T>
static std::vector<Variable<T>> walked_to(
    Run<T>& run,
    const Variable<T>& output,
    const Variable<T>& seed,
    const std::vector<Node<T>*>& nodes) {
    for (Node<T>* node : nodes)
        run.want(node);
    run.mark_needed({output});
    run.seed(output.state().node, seed);
    run.walk();
    std::vector<Variable<T>> gradients;
    for (Node<T>* node : nodes)
        gradients.push_back(run.result(node) ? *run.result(node) : Variable<T>());
    return gradients;
}

template <class T>
std::vector<Variable<T>> gradients_at(
    const Variable<T>& output,
    const Variable<T>& seed,
    const std::vector<Node<T>*>& nodes,
    bool create_graph) {
    Run<T> run(create_graph, create_graph);
    run.end_at_wanted();
    return walked_to(run, output, seed, nodes);
}

template <class T>
std::vector<Variable<T>> gradients_along(
    const Variable<T>& output, const Variable<T>& seed, const std::vector<Node<T>*>& nodes) {
    Run<T> run(true, false);
    return walked_to(run, output, seed, nodes);
}
template std::vector<Variable<float>> gradients_along(
    const Variable<float>&, const Variable<float>&, const std::vector<Node<float>*>&);
template std::vector<Variable<double>> gradients_along(
    const Variable<double>&, const Variable<double>&, const std::vector<Node<double>*>&);

template std::vector<Variable<float>> gradients_at(
    const Variable<float>&, const Variable<float>&, const std::vector<Node<float>*>&, bool);
template std::vector<Variable<double>> gradients_at(
    const Variable<double>&, const Variable<double>&, const std::vector<Node<double>*>&, bool);

template void run_backward(const Variable<float>&, const Variable<float>&, bool);
template void run_backward(const Variable<double>&, const Variable<double>&, bool);

}  // namespace detail

template <class T>
std::vector<Variable<T>> grad(
    const std::vector<Variable<T>>& outputs,
    const std::vector<Variable<T>>& inputs,
    const GradOptions<T>& options) {
    if (!options.seeds.empty() && options.seeds.size() != outputs.size()) {
        fail<std::invalid_argument>(
            "grad: there are {} outputs and {} seeds; pass one seed for each output, or none",
            outputs.size(),
            options.seeds.size());
    }
    detail::Run<T> run(options.retain_graph || options.create_graph, options.create_graph);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        if (!inputs[i].requires_grad()) {
            fail<GraphError>(
                "grad: input {}, shape {}, does not require a gradient; ask for one with "
                "requires_grad(true) before computing the output",
                i,
                inputs[i].shape());
        }
        run.want(inputs[i].state().node.get());
    }
    for (const Variable<T>& output : outputs)
        detail::check_root("grad", output);
    run.mark_needed(outputs);
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        const Variable<T>& y = outputs[i];
        Variable<T> seed;
        if (!options.seeds.empty() && options.seeds[i].defined()) {
            seed = options.seeds[i];
            detail::check_seed("grad", y, seed);
        } else if (y.size() == 1) {
            seed = Variable<T>(Array<T>(y.shape(), T(1)));
        } else {
            fail<GraphError>(
                "grad: output {} has shape {}; pass a seed of that shape or reduce to a scalar",
                i,
                y.shape());
        }
        run.seed(y.state().node, options.create_graph ? seed : seed.detach());
    }
    for (std::size_t i = 0; i < inputs.size() && !options.allow_unused; ++i) {
        if (!run.reached(inputs[i].state().node.get())) {
            fail<GraphError>(
                "grad: input {}, shape {}, is not reached from the outputs; pass allow_unused = "
                "true to get an undefined Variable for it",
                i,
                inputs[i].shape());
        }
    }
    run.walk();
    std::vector<Variable<T>> gradients;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        // A constant of its own, unless the graph goes on: assign() to it must reach neither
        // another gradient nor a seed nor a value that a rule returned as it was.
        const Variable<T>* found = run.result(inputs[i].state().node.get());
        if (!found)
            gradients.emplace_back();
        else if (options.create_graph || found->unshared())
            gradients.push_back(*found);
        else
            gradients.emplace_back(detail::copy_of(found->value()));
    }
    return gradients;
}

template std::vector<Variable<float>> grad(
    const std::vector<Variable<float>>&,
    const std::vector<Variable<float>>&,
    const GradOptions<float>&);
template std::vector<Variable<double>> grad(
    const std::vector<Variable<double>>&,
    const std::vector<Variable<double>>&,
    const GradOptions<double>&);

}  // namespace xgrad
