// Internal to ops/fused.hpp: a fused formula over arrays.
#pragma once

#include <autograd/caches.hpp>
#include <autograd/parallel.hpp>
#include <ops/fused_loop.hpp>
#include <ops/fused_pieces.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>
#include <vector>

namespace xgrad::detail {

/// The arrays of one call, a piece at a time.
template <class B, std::size_t N>
class FusedCall {
    using T = typename B::value_type;

public:
    FusedCall(const Shape& shape, const std::array<const Array<T>*, N>& inputs)
        : pieces_(shape, shapes_of(inputs)),
          inputs_(inputs),
          share_(kinds(pieces_, inputs)),
          loop_(inputs, share_, streams(pieces_)) {}

    /// Whether backward writes all of dx[k], rather than adding to it.
    template <class F>
    [[nodiscard]] bool overwrites(std::size_t k) const noexcept {
        return share_[k] == Share::store && FusedLoop<B, N>::template has_partial<F>(k);
    }

    /// y = f(x...)
    template <class F>
    void forward(const F& f, T* y) const {
        pieces_.each([&](const Piece& p) { loop_.forward(f, p, y); });
    }

    /// y = f(x...) and d[k] = df/dx_k where d[k] is not null, for inputs that backward overwrites.
    template <class F>
    void forward(const F& f, T* y, const std::array<T*, N>& d) const {
        constexpr T one = 1;
        pieces_.each([&](const Piece& p) { loop_.backward(f, p, {&one, true}, d, y); });
    }

    /// d[k] = g d[k] where d[k] is not null. Here and below, g of rank 0 stands for equal elements.
    void scale(const Array<T>& g, const std::array<T*, N>& d) const {
        const bool one_g = is_one_number(g);
        const Lane one(*g.data());
        pieces_.each([&](const Piece& p) {
            for (std::size_t i = p.at; i < p.at + p.columns; i += B::size) {
                const std::size_t n = std::min<std::size_t>(B::size, p.at + p.columns - i);
                const Lane gradient = one_g ? one : Lane(load_some<B>(g.data() + i, n, T(0)));
                for (T* to : d) {
                    if (to)
                        store_some((gradient * Lane(load_some<B>(to + i, n, T(0)))).v, to + i, n);
                }
            }
        });
    }

    /// dx[k] = g df/dx_k where its share is stored, and else added to dx[k], which may be null.
    template <class F>
    void backward(const F& f, const Array<T>& of, const std::array<T*, N>& dx) const {
        const Gradient g{of.data(), is_one_number(of)};
        if (!pieces_.merged()) {
            backward_rows(f, g, dx);
            return;
        }
        std::vector<std::array<T, N>> sums(pieces_.parts());
        parallel_tasks(pieces_.parts(), [&](std::size_t i) {
            sums[i] = loop_.backward(f, pieces_.part(i), g, dx);
        });
        for (std::size_t i = 0; i < sums.size(); ++i)
            add(pieces_.part(i), sums[i], dx);
    }

private:
    using Lane = formula::Lane<B>;
    using Piece = typename FusedPieces<B, N>::Piece;
    using Share = FusedShare;
    using Gradient = FusedGradient<T>;
    [[nodiscard]] bool is_one_number(const Array<T>& g) const noexcept {
        return g.size() != pieces_.rows() * pieces_.columns();
    }
    static std::array<Share, N> kinds(
        const FusedPieces<B, N>& pieces, const std::array<const Array<T>*, N>& inputs) {
        std::array<Share, N> kinds;
        for (std::size_t k = 0; k < N; ++k) {
            const bool whole = inputs[k]->size() == pieces.rows() * pieces.columns();
            kinds[k] = pieces.constant(k) ? Share::sum : whole ? Share::store : Share::add;
        }
        return kinds;
    }

    // Whether what has the output's shape goes past the caches: a piece waits for its stores, which
    // has to be little beside them. With less than a line a store, the lines that several outputs
    // have under way push each other out half-written: twice the time with AVX2.
    static bool streams(const FusedPieces<B, N>& pieces) {
        constexpr std::size_t least = 1024;
        return sizeof(B) == 64 && pieces.columns() >= least &&
               past_caches<T>(pieces.rows() * pieces.columns());
    }

    static std::vector<const Shape*> shapes_of(const std::array<const Array<T>*, N>& inputs) {
        std::vector<const Shape*> shapes;
        for (const Array<T>* input : inputs)
            shapes.push_back(&input->shape());
        return shapes;
    }

    // A piece's sums, to where they belong.
    void add(
        const Piece& p, const std::array<T, N>& sums, const std::array<T*, N>& dx) const noexcept {
        for (std::size_t k = 0; k < N; ++k) {
            if (dx[k] && share_[k] == Share::sum)
                dx[k][p.offset[k]] += sums[k];
        }
    }

    // In how many blocks of rows backward goes: each adds up shares of its own, which have to be
    // few beside the output.
    [[nodiscard]] std::size_t blocks(const std::array<T*, N>& dx) const noexcept {
        constexpr std::size_t most = 8, least = std::size_t{1} << 17;  // elements
        const std::size_t size = pieces_.rows() * pieces_.columns();
        std::size_t own = 0;
        for (std::size_t k = 0; k < N; ++k) {
            if (dx[k] && share_[k] != Share::store)
                own += inputs_[k]->size();
        }
        const std::size_t count = std::min({size / least, pieces_.rows(), most});
        return count < 2 || own * most > size ? 1 : count;
    }

    template <class F>
    void backward_rows(const F& f, const Gradient& g, const std::array<T*, N>& dx) const {
        const auto run = [&](std::size_t begin, std::size_t end, const std::array<T*, N>& to) {
            pieces_.each_row(
                begin, end, [&](const Piece& p) { add(p, loop_.backward(f, p, g, to), to); });
        };
        const std::size_t count = blocks(dx), rows = pieces_.rows(),
                          each = (rows + count - 1) / count;
        if (count == 1) {
            run(0, rows, dx);
            return;
        }
        std::vector<std::array<Array<T>, N>> own(count);
        parallel_tasks(count, [&](std::size_t block) {
            std::array<T*, N> to = dx;
            for (std::size_t k = 0; k < N; ++k) {
                if (!dx[k] || share_[k] == Share::store)
                    continue;
                own[block][k] = Array<T>(inputs_[k]->shape(), T(0));
                to[k] = own[block][k].data();
            }
            run(std::min(rows, block * each), std::min(rows, (block + 1) * each), to);
        });
        for (std::size_t k = 0; k < N; ++k) {
            if (!dx[k] || share_[k] == Share::store)
                continue;
            for (const auto& block : own) {
                for (std::size_t i = 0; i < inputs_[k]->size(); ++i)
                    dx[k][i] += block[k].data()[i];
            }
        }
    }

    FusedPieces<B, N> pieces_;
    std::array<const Array<T>*, N> inputs_;
    std::array<Share, N> share_;
    FusedLoop<B, N> loop_;
};

}  // namespace xgrad::detail
