// Internal to ops/fused.hpp: a formula's output, cut into pieces.
#pragma once

#include <autograd/broadcast.hpp>
#include <autograd/parallel.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

namespace xgrad::detail {

/// The pieces of one call. A piece is a row of the output; where all rows merge into one, a part of
/// it whose length is fixed, so that no sum depends on the number of threads. B is the batch, so
/// that code for different instruction sets is not taken for the same function.
template <class B, std::size_t N>
class FusedPieces {
public:
    /// Columns of the output, and where each input's begin.
    struct Piece {
        std::size_t at, columns;
        std::array<std::size_t, N> offset;
    };

    FusedPieces(const Shape& shape, const std::vector<const Shape*>& inputs)
        : loops_(shape, inputs) {}

    /// Whether an input is one number along a row.
    [[nodiscard]] bool constant(std::size_t k) const noexcept {
        return loops_.column_stride(k) == 0;
    }
    [[nodiscard]] std::size_t rows() const noexcept { return loops_.outer() * loops_.rows(); }
    [[nodiscard]] std::size_t columns() const noexcept { return loops_.columns(); }

    /// All rows are one, in parts.
    [[nodiscard]] bool merged() const noexcept { return rows() == 1; }
    [[nodiscard]] std::size_t parts() const noexcept {
        return (columns() + part_columns - 1) / part_columns;
    }
    [[nodiscard]] Piece part(std::size_t i) const noexcept {
        const std::size_t at = i * part_columns;
        Piece piece{at, std::min(part_columns, columns() - at), {}};
        for (std::size_t k = 0; k < N; ++k)
            piece.offset[k] = at * loops_.column_stride(k);
        return piece;
    }

    /// body(piece) for these rows, one after the other.
    template <class Body>
    void each_row(std::size_t begin, std::size_t end, const Body& body) const {
        Piece piece{begin * columns(), columns(), {}};
        for (std::size_t row = begin; row < end; ++row, piece.at += piece.columns) {
            const std::size_t step = row / loops_.rows(), r = row % loops_.rows();
            for (std::size_t k = 0; k < N; ++k)
                piece.offset[k] = loops_.offset(k, step) + r * loops_.row_stride(k);
            body(piece);
        }
    }

    /// body(piece) for all of them, on all threads.
    template <class Body>
    void each(const Body& body) const {
        if (merged()) {
            parallel_tasks(parts(), [&](std::size_t i) { body(part(i)); });
            return;
        }
        const std::size_t least = 1 + part_columns / columns();
        parallel_ranges(
            rows(), least, [&](std::size_t begin, std::size_t end) { each_row(begin, end, body); });
    }

private:
    static constexpr std::size_t part_columns = 32768;

    Loops loops_;
};

}  // namespace xgrad::detail
