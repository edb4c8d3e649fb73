// A recorded op: its place in the graph and the rule for each input.
#pragma once

#include <autograd/array.hpp>
#include <autograd/ref.hpp>
#include <autograd/where.hpp>

#include <atomic>
#include <cstdint>

namespace xgrad {

class Op;
template <class T>
class Variable;

namespace detail {

/// One recorded op, or a leaf. A node holds its inputs' nodes, never its consumers', so a graph
/// lives exactly as long as a handle to its end. Sequence numbers rise in the order of recording:
/// falling order is a valid order for backward.
template <class T>
class Node : public Counted {
public:
    Node(const Op* op, const Shape& shape, Where where);
    static void* operator new(std::size_t bytes) { return pool_allocate(bytes); }
    static void operator delete(void* block, std::size_t bytes) noexcept {
        pool_free(block, bytes);
    }

    [[nodiscard]] virtual std::size_t edges() const noexcept { return 0; }
    /// The node that made input i; null when that input needs no gradient.
    [[nodiscard]] virtual Node* edge(std::size_t) const noexcept { return nullptr; }
    /// Which of the op's inputs edge i leads to: constants may have no edge.
    [[nodiscard]] virtual std::size_t input_of(std::size_t i) const noexcept { return i; }
    /// How many inputs the op has, constants included.
    [[nodiscard]] virtual std::size_t inputs() const noexcept { return edges(); }
    /// Input i's share of g, the gradient of this node's output. The shape may still be the
    /// broadcast one: the tape sums it to the input's.
    [[nodiscard]] virtual Variable<T> share(std::size_t i, const Variable<T>& g);
    /// The same for all inputs i with wanted[i] at once, into shares[i]. Nobody reads g afterwards:
    /// where it is unshared(), a rule may write over it.
    virtual void shares(const Variable<T>& g, const bool* wanted, Variable<T>* shares);
    /// While nothing is recorded, a gradient whose elements are equal may be one number, of rank 0:
    /// whether shares() takes such a g, and may give such a share of input i.
    [[nodiscard]] virtual bool takes_one_number() const noexcept { return false; }
    [[nodiscard]] virtual bool gives_one_number(std::size_t) const noexcept {
        return takes_one_number();
    }
    /// While nothing is recorded: whether shares() adds to the shares[i] that it finds defined,
    /// unshared and of the output's shape.
    [[nodiscard]] virtual bool adds_shares() const noexcept { return false; }
    /// The same for a stack of gradients: g has an axis of its own in front, and so has the share.
    /// False, and nothing done, where the op takes them one by one only.
    [[nodiscard]] virtual bool stacked_share(
        std::size_t i, const Variable<T>& g, Variable<T>& share);
    /// Lets go of everything kept for the rules; a later backward through here is an error.
    virtual void drop_kept() noexcept {}

    /// Frees the node and what only it holds, in a loop: a chain of a million nodes does not
    /// recurse.
    void destroy() noexcept;

    [[nodiscard]] bool is_leaf() const noexcept { return op == nullptr; }

    // First, where they fill the gap behind the count.
    bool released = false;
    bool frozen = false;               ///< a leaf with requires_grad(false)
    std::atomic<bool> hooked = false;  ///< has hooks, or keeps its gradient: see node_hooks.hpp
    const Op* const op;                ///< null for a leaf
    const Where where;
    const std::uint64_t sequence;
    const Shape shape;  ///< of the output

protected:
    virtual ~Node() = default;

private:
    Node* next_dead_ = nullptr;
};

}  // namespace detail
}  // namespace xgrad
