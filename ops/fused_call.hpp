// Internal: a fused formula over arrays.
#pragma once

#include <autograd/broadcast.hpp>
#include <ops/fused_formula.hpp>

#include <array>
#include <cstddef>
#include <span>

namespace xgrad::detail {

/// The arrays of one call, which takes no account of what is recorded.
template <class T>
class FusedCall {
public:
    /// Something for each input; null where it is not wanted.
    using Outputs = std::array<T*, most_fused_inputs>;

    FusedCall(
        const FusedFormula<T>& formula,
        const void* f,
        const Shape& shape,
        std::span<const Array<T>* const> inputs);

    /// Whether backward writes all of dx[k], rather than adding to it.
    [[nodiscard]] bool overwrites(std::size_t k) const noexcept {
        return share_[k] == Share::store && has_partial(k);
    }

    /// y = f(x...)
    void forward(T* y) const;
    /// y = f(x...) and d[k] = df/dx_k, for inputs that backward overwrites.
    void forward(T* y, const Outputs& d) const;
    /// d[k] = g d[k]. Here and below, g of rank 0 stands for equal elements.
    void scale(const Array<T>& g, const Outputs& d) const;
    /// dx[k] = g df/dx_k where it is overwritten, and else added to dx[k].
    void backward(const Array<T>& g, const Outputs& dx) const;

private:
    /// How an input's share goes into its array.
    enum class Share {
        store,  ///< the input has the output's shape
        sum,    ///< it is constant along a row
        add,    ///< its rows come up more than once
    };
    /// What is computed at once: some columns of a row, or several short rows.
    struct Block {
        std::size_t row, column, rows, columns;
        [[nodiscard]] std::size_t size() const noexcept { return rows * columns; }
    };
    /// Room for a block's numbers that have none in an array.
    struct Buffers;
    struct Gradient {
        const T* at;
        bool one;  ///< number, for all elements
    };
    using Sums = std::array<double, most_fused_inputs>;

    [[nodiscard]] std::size_t rows() const noexcept { return loops_.outer() * loops_.rows(); }
    [[nodiscard]] std::size_t columns() const noexcept { return loops_.columns(); }
    [[nodiscard]] std::size_t size() const noexcept { return rows() * columns(); }
    [[nodiscard]] std::size_t parts() const noexcept;
    [[nodiscard]] bool has_partial(std::size_t k) const noexcept {
        return (formula_.partials >> k & 1u) != 0;
    }
    [[nodiscard]] Gradient gradient_of(const Array<T>& g) const noexcept {
        return {g.data(), g.size() != size()};
    }
    [[nodiscard]] std::size_t at(const Block& block) const noexcept {
        return block.row * columns() + block.column;
    }
    /// Of input k, where a row and a column of the output begin.
    [[nodiscard]] std::size_t at(std::size_t k, std::size_t row, std::size_t column) const noexcept;

    template <class Body>
    void each_block(std::size_t begin, std::size_t end, const Body& body) const;
    template <class Body>
    void each_block_of_columns(
        std::size_t row, std::size_t begin, std::size_t end, const Body& body) const;
    template <class Body>
    void each_block_of_part(std::size_t part, const Body& body) const;
    template <class Body>
    void each_block_on_all_threads(const Body& body) const;

    FusedInput<T> whole_batches(const T* x, std::size_t n, T* buffer) const;
    FusedInput<T> constant(const T* x, T* buffer) const;
    FusedInput<T> input(std::size_t k, const Block& block, T* buffer) const;
    T* room(const Block& block, T* array, T* buffer) const;
    void values(const Block& block, T* y, Buffers& buffers) const;
    void shares(
        const Block& block, Gradient g, const Outputs& dx, T* y, Sums& sums, Buffers& buffers)
        const;
    void store(const Block& block, T* array, const T* from) const;
    void add(std::size_t k, const Block& block, T* dx, double& sum, const T* shares) const;
    void add(std::size_t row, Sums& sums, const Outputs& dx) const noexcept;

    void backward_rows(Gradient g, const Outputs& dx) const;
    [[nodiscard]] std::size_t groups_of_rows(const Outputs& dx) const noexcept;

    const FusedFormula<T>& formula_;
    const void* f_;
    std::size_t count_;
    std::array<const Array<T>*, most_fused_inputs> inputs_;
    Loops loops_;
    std::array<Share, most_fused_inputs> share_;
    bool past_caches_;
};

}  // namespace xgrad::detail
