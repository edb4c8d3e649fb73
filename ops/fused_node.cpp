#include <autograd/alias.hpp>
#include <autograd/fail.hpp>
#include <autograd/grad.hpp>
#include <ops/fused_node.hpp>

#include <utility>
#include <vector>

namespace xgrad::detail {

template <class T>
FusedNode<T>::FusedNode(
    const FusedFormula<T>& formula,
    std::shared_ptr<const void> f,
    const Shape& shape,
    std::span<const Variable<T>* const> x,
    std::optional<Partials> partials,
    Where where)
    : Node<T>(&elementwise_op(), shape, where),
      formula_(formula),
      f_(std::move(f)),
      count_(x.size()),
      partials_(std::move(partials)) {
    for (std::size_t k = 0; k < count_; ++k) {
        const State<T>& state = x[k]->state();
        inputs_[k] = {state.buffer, state.node, state.buffer->version, x[k]->requires_grad()};
    }
}

template <class T>
void FusedNode<T>::check_versions() const {
    for (std::size_t k = 0; k < count_; ++k) {
        const Input& input = inputs_[k];
        if (input.buffer->version == input.version)
            continue;
        fail<GraphError>(
            "backward: {} needs the value of its input {}, shape {}, that was overwritten after it "
            "was recorded; run backward before the update, or compute on a copy",
            call_string(this->op, this->where),
            k,
            input.buffer->array.shape());
    }
}

template <class T>
FusedCall<T> FusedNode<T>::call() const {
    std::array<const Array<T>*, most_fused_inputs> arrays;
    for (std::size_t k = 0; k < count_; ++k)
        arrays[k] = &inputs_[k].buffer->array;
    return {formula_, f_.get(), this->shape, {arrays.data(), count_}};
}

template <class T>
void FusedNode<T>::shares(const Variable<T>& g, const bool* wanted, Variable<T>* shares) {
    check_versions();
    if (grad_enabled()) {
        record_shares(g, wanted, shares);
        return;
    }
    typename FusedCall<T>::Outputs to{};
    if (auto partials = std::exchange(partials_, {})) {  // another time they are computed
        for (std::size_t k = 0; k < count_; ++k) {
            if (wanted[k])
                to[k] = (*partials)[k]->array.data();
        }
        if (g.shape() == this->shape || g.item() != T(1))
            call().scale(g.value(), to);
        for (std::size_t k = 0; k < count_; ++k) {
            if (wanted[k])
                shares[k] = Variable<T>(std::move((*partials)[k]), {});
        }
        return;
    }
    std::array<Array<T>, most_fused_inputs> arrays;
    const FusedCall<T> call = this->call();
    for (std::size_t k = 0; k < count_; ++k) {
        if (!wanted[k])
            continue;
        const Shape& shape = inputs_[k].buffer->array.shape();
        arrays[k] = call.overwrites(k) ? empty<T>(shape) : Array<T>(shape, T(0));
        to[k] = arrays[k].data();
    }
    if (count(this->shape) > 0)
        call.backward(g.value(), to);
    for (std::size_t k = 0; k < count_; ++k) {
        if (wanted[k])
            shares[k] = Variable<T>(std::move(arrays[k]));
    }
}

template <class T>
void FusedNode<T>::drop_kept() noexcept {
    for (Input& input : inputs_)
        input.buffer = {};
    partials_.reset();
}

// The formula again, op by op, so that its derivative is a graph. Each input stands under a node of
// its own: where one input depends on another, the partial derivative must not follow.
template <class T>
void FusedNode<T>::record_shares(const Variable<T>& g, const bool* wanted, Variable<T>* shares) {
    std::array<Variable<T>, most_fused_inputs> x;
    std::vector<Variable<T>> inputs;
    for (std::size_t k = 0; k < count_; ++k) {
        x[k] = Variable<T>(inputs_[k].buffer, inputs_[k].node);
        if (!wanted[k])
            continue;
        x[k] = alias(x[k]);
        inputs.push_back(x[k]);
    }
    const Variable<T> y = broadcast_to(formula_.op_by_op(f_.get(), x.data()), this->shape);
    std::vector<Variable<T>> gradients(inputs.size());
    if (y.requires_grad()) {
        gradients =
            grad<T>({y}, inputs, {.seeds = {g}, .create_graph = true, .allow_unused = true});
    }
    for (std::size_t k = 0, i = 0; k < count_; ++k) {
        if (!wanted[k])
            continue;
        shares[k] = std::move(gradients[i++]);
        if (!shares[k].defined())
            shares[k] = Variable<T>(Array<T>(x[k].shape(), T(0)));
    }
}

template class FusedNode<float>;
template class FusedNode<double>;

}  // namespace xgrad::detail
