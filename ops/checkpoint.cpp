#include <autograd/alias.hpp>
#include <autograd/backward.hpp>
#include <autograd/fail.hpp>
#include <autograd/noise.hpp>
#include <autograd/record.hpp>
#include <ops/checkpoint.hpp>
#include <ops/elementwise.hpp>
#include <ops/operators.hpp>

#include <bit>
#include <functional>
#include <map>
#include <optional>

namespace xgrad::detail {

// A primitive by nature: it keeps the function instead of its values.
static const Op checkpoint_op(
    "checkpoint",
    {on({{3, 4}},
        [](const auto& in) {
            return checkpoint([](const auto& x) { return tanh(x) * x; }, in[0]);
        }),
     on({{3}, {3}}, [](const auto& in) {
         return checkpoint([b = in[1]](const auto& x) { return exp(x) * b; }, in[0]);
     })});

namespace {

// FNV-1a over the elements' bits.
template <class T>
std::uint64_t fingerprint(const Array<T>& value) {
    using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
    std::uint64_t hash = 14695981039346656037u;
    for (std::size_t i = 0; i < value.size(); ++i)
        hash = (hash ^ std::bit_cast<Bits>(value.data()[i])) * 1099511628211u;
    return hash;
}

template <class T>
Variable<T> call(const ListFunction<T>& f, const VariableList<T>& inputs) {
    VariableList<T> outputs = f(inputs);
    if (outputs.size() != 1) {
        fail<std::invalid_argument>(
            "checkpoint: f returned {} Variables; need exactly one", outputs.size());
    }
    return std::move(outputs[0]);
}

// What f's graph hangs on besides its inputs: nodes older than `start`, which f captured.
template <class T>
std::vector<Ref<Node<T>>> captured_nodes(const Variable<T>& y, std::uint64_t start) {
    std::vector<Ref<Node<T>>> captured;
    std::map<std::uint64_t, Node<T>*, std::greater<>> open;
    open.emplace(y.state().node->sequence, y.state().node.get());
    while (!open.empty()) {
        Node<T>* node = open.begin()->second;
        open.erase(open.begin());
        if (node->sequence < start) {
            captured.push_back(Ref<Node<T>>::share(node));
            continue;
        }
        for (std::size_t i = 0; i < node->edges(); ++i) {
            if (Node<T>* next = node->edge(i))
                open.emplace(next->sequence, next);
        }
    }
    return captured;
}

template <class T>
class CheckpointNode final : public Node<T> {
public:
    CheckpointNode(
        ListFunction<T> f,
        const VariableList<T>& inputs,
        std::vector<Ref<Node<T>>> captured,
        std::vector<std::uint64_t> streams,
        const Variable<T>& y,
        Where where)
        : Node<T>(&checkpoint_op, y.shape(), where),
          f_(std::move(f)),
          streams_(std::move(streams)),
          fingerprint_(fingerprint(y.value())) {
        for (const Variable<T>& x : inputs) {
            inputs_.push_back(keep(x));
            edges_.push_back(x.requires_grad() ? x.state().node : Ref<Node<T>>());
        }
        for (Ref<Node<T>>& node : captured)
            edges_.push_back(std::move(node));
    }

    [[nodiscard]] std::size_t edges() const noexcept override { return edges_.size(); }
    [[nodiscard]] Node<T>* edge(std::size_t i) const noexcept override { return edges_[i].get(); }

    void shares(const Variable<T>& g, const bool* wanted, Variable<T>* shares) override {
        const bool create_graph = grad_enabled();
        const GradModeGuard recording(true);
        VariableList<T> leaves;
        for (std::size_t i = 0; i < inputs_.size(); ++i) {
            const Variable<T> x = *inputs_[i];
            leaves.push_back(
                !edges_[i]     ? x
                : create_graph ? alias(x)
                               : x.detach().requires_grad(true));
        }
        const Variable<T> y = again(leaves);
        std::vector<Node<T>*> nodes;
        for (std::size_t i = 0; i < edges_.size(); ++i) {
            if (wanted[i])
                nodes.push_back(i < leaves.size() ? leaves[i].state().node.get() : edge(i));
        }
        const VariableList<T> gradients = gradients_at(y, g, nodes, create_graph);
        for (std::size_t i = 0, k = 0; i < edges_.size(); ++i) {
            if (!wanted[i])
                continue;
            shares[i] = gradients[k++];
            if (!shares[i].defined())
                shares[i] = Variable<T>(Array<T>(edge(i)->shape, T(0)));
        }
    }

    void drop_kept() noexcept override {
        f_ = nullptr;
        inputs_.clear();
    }

private:
    Variable<T> again(const VariableList<T>& leaves) const {
        const NoiseLog same(streams_);
        const Variable<T> y = call(f_, leaves);
        if (y.shape() != this->shape || fingerprint(y.value()) != fingerprint_) {
            fail<GraphError>(
                "backward: the function of {} gave another result when it was called again; it "
                "must depend on its inputs and captures alone, and they must keep their values",
                call_string(this->op, this->where));
        }
        return y;
    }

    ListFunction<T> f_;
    std::vector<Kept<T>> inputs_;
    std::vector<Ref<Node<T>>> edges_;  // the inputs' nodes, null without gradient; the captured
    std::vector<std::uint64_t> streams_;
    std::uint64_t fingerprint_;
};

}  // namespace

template <class T>
Variable<T> checkpoint_of(ListFunction<T> f, const VariableList<T>& inputs, Where where) {
    if (!grad_enabled())
        return call(f, inputs);
    // f records on leaves of its own, so that its graph dies here.
    const std::uint64_t start = LeafNode<T>(Shape{}).sequence;
    VariableList<T> leaves;
    for (const Variable<T>& x : inputs)
        leaves.push_back(x.requires_grad() ? x.detach().requires_grad(true) : x);
    const NoiseLog log;
    const Variable<T> y = call(f, leaves);
    if (!y.requires_grad())
        return y;
    return Variable<T>(
        y.state().buffer,
        Ref<Node<T>>::adopt(new CheckpointNode<T>(
            std::move(f), inputs, captured_nodes(y, start), log.streams(), y, where)));
}
template Variable<float> checkpoint_of(ListFunction<float>, const VariableList<float>&, Where);
template Variable<double> checkpoint_of(ListFunction<double>, const VariableList<double>&, Where);

}  // namespace xgrad::detail
