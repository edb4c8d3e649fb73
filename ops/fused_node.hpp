// Internal: a fused formula's place in the graph.
#pragma once

#include <autograd/record.hpp>
#include <ops/fused_call.hpp>

#include <array>
#include <memory>
#include <optional>
#include <span>

namespace xgrad::detail {

/// The token of every fused formula.
[[nodiscard]] const Op& elementwise_op();

template <class T>
class FusedNode final : public Node<T> {
public:
    /// The partial derivatives by the inputs that want a gradient, from the forward pass.
    using Partials = std::array<Ref<Buffer<T>>, most_fused_inputs>;

    FusedNode(
        const FusedFormula<T>& formula,
        std::shared_ptr<const void> f,
        const Shape& shape,
        std::span<const Variable<T>* const> x,
        std::optional<Partials> partials,
        Where where);

    [[nodiscard]] std::size_t edges() const noexcept override { return count_; }
    [[nodiscard]] Node<T>* edge(std::size_t i) const noexcept override {
        return inputs_[i].active ? inputs_[i].node.get() : nullptr;
    }
    [[nodiscard]] bool takes_one_number() const noexcept override { return true; }

    void shares(const Variable<T>& g, const bool* wanted, Variable<T>* shares) override;
    void drop_kept() noexcept override;

private:
    struct Input {
        Ref<Buffer<T>> buffer;
        Ref<Node<T>> node;
        std::uint32_t version;
        bool active;
    };

    void check_versions() const;
    [[nodiscard]] FusedCall<T> call() const;
    void record_shares(const Variable<T>& g, const bool* wanted, Variable<T>* shares);

    const FusedFormula<T>& formula_;
    std::shared_ptr<const void> f_;
    std::size_t count_;
    std::array<Input, most_fused_inputs> inputs_;
    std::optional<Partials> partials_;
};

}  // namespace xgrad::detail
