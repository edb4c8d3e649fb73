#include <autograd/accumulate.hpp>
#include <autograd/backward.hpp>
#include <autograd/broadcast.hpp>
#include <autograd/node_hooks.hpp>
#include <autograd/stacked.hpp>

#include <algorithm>
#include <memory>
#include <vector>

namespace xgrad::detail {

Shape stacked_shape(std::size_t n, const Shape& shape) {
    Shape stacked{n};
    for (const std::size_t extent : shape)
        stacked.push_back(extent);
    return stacked;
}

template <class T>
Variable<T> slice_of(const Variable<T>& stack, std::size_t r, const Shape& shape) {
    Array<T> slice = empty<T>(shape);
    std::copy_n(stack.value().data() + r * slice.size(), slice.size(), slice.data());
    return Variable<T>(std::move(slice));
}

namespace {

template <class T>
void store(const Variable<T>& slice, std::size_t r, Array<T>& stack) {
    std::copy_n(slice.value().data(), slice.size(), stack.data() + r * slice.size());
}

// Each slice summed to the input's shape.
template <class T>
Variable<T> fit_stack(Variable<T> share, const Shape& input, std::size_t n, Where where) {
    const Shape fitted = stacked_shape(n, input);
    if (share.shape() == fitted)
        return share;
    Shape aligned{n};
    for (std::size_t rank = input.size() + 1; rank < share.rank(); ++rank)
        aligned.push_back(1);
    for (const std::size_t extent : input)
        aligned.push_back(extent);
    Array<T> sums = sum_to(share, aligned, where).value();
    sums.reshape(fitted);
    return Variable<T>(std::move(sums));
}

}  // namespace

template <class T>
void stacked_shares(
    Node<T>& node, const Variable<T>& g, const bool* wanted, Variable<T>* shares, FitShare<T> fit) {
    const std::size_t n = g.shape()[0], edges = node.edges();
    const auto left = std::make_unique<bool[]>(edges);
    bool any_left = false;
    for (std::size_t i = 0; i < edges; ++i) {
        if (!wanted[i])
            continue;
        if (node.stacked_share(i, g, shares[i])) {
            if (anomaly_enabled())
                check_gradient(node, i, shares[i].value());
            shares[i] = fit_stack(std::move(shares[i]), node.edge(i)->shape, n, node.where);
        } else {
            left[i] = any_left = true;
        }
    }
    if (!any_left)
        return;
    std::vector<Variable<T>> slices(edges);
    std::vector<Array<T>> stacks(edges);
    for (std::size_t r = 0; r < n; ++r) {
        node.shares(slice_of(g, r, node.shape), left.get(), slices.data());
        for (std::size_t i = 0; i < edges; ++i) {
            if (!left[i])
                continue;
            if (r == 0)
                stacks[i] = empty<T>(stacked_shape(n, node.edge(i)->shape));
            store(spread(fit(node, i, std::move(slices[i])), node.edge(i)->shape), r, stacks[i]);
        }
    }
    for (std::size_t i = 0; i < edges; ++i) {
        if (left[i])
            shares[i] = Variable<T>(std::move(stacks[i]));
    }
}

template <class T>
Variable<T> stacked_hooks(const Node<T>& node, const Variable<T>& g) {
    Array<T> stack = empty<T>(g.shape());
    for (std::size_t r = 0; r < g.shape()[0]; ++r)
        store(through_hooks(node, slice_of(g, r, node.shape)), r, stack);
    return Variable<T>(std::move(stack));
}

template Variable<float> slice_of(const Variable<float>&, std::size_t, const Shape&);
template Variable<double> slice_of(const Variable<double>&, std::size_t, const Shape&);
template void stacked_shares(
    Node<float>&, const Variable<float>&, const bool*, Variable<float>*, FitShare<float>);
template void stacked_shares(
    Node<double>&, const Variable<double>&, const bool*, Variable<double>*, FitShare<double>);
template Variable<float> stacked_hooks(const Node<float>&, const Variable<float>&);
template Variable<double> stacked_hooks(const Node<double>&, const Variable<double>&);

}  // namespace xgrad::detail
