// Internal to ops/fused.hpp: a fused formula over arrays.
#pragma once

#include <autograd/caches.hpp>
#include <autograd/parallel.hpp>
#include <ops/fused_lanes.hpp>
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
          inputs_(inputs) {
        for (std::size_t k = 0; k < N; ++k) {
            if (pieces_.constant(k))
                share_[k] = Share::sum;
            else
                share_[k] = inputs[k]->size() == count(shape) ? Share::store : Share::add;
        }
    }

    /// Whether backward writes all of dx[k], rather than adding to it.
    template <class F>
    [[nodiscard]] bool overwrites(std::size_t k) const noexcept {
        return share_[k] == Share::store && formula::has_partial<DualOf<F>>(k);
    }

    /// y = f(x...)
    template <class F>
    void forward(const F& f, T* y) const {
        pieces_.each([&](const Piece& p) { forward(f, p, y, Every()); });
    }

    /// y = f(x...) and d[k] = df/dx_k where d[k] is not null, for inputs that backward overwrites.
    template <class F>
    void forward(const F& f, T* y, const std::array<T*, N>& d) const {
        constexpr T one = 1;
        pieces_.each([&](const Piece& p) { backward(f, p, {&one, true}, d, y, Every()); });
    }

    /// d[k] = g d[k] where d[k] is not null. Here and below, g of rank 0 stands for equal elements.
    void scale(const Array<T>& g, const std::array<T*, N>& d) const {
        const bool one_g = is_one_number(g);
        if (one_g && *g.data() == T(1))
            return;
        const Lane one(*g.data());
        pieces_.each([&](const Piece& p) {
            for (std::size_t i = p.at; i < p.at + p.columns; i += B::size) {
                const std::size_t n = std::min<std::size_t>(B::size, p.at + p.columns - i);
                const Lane gradient = one_g ? one : load<B>(g.data() + i, n);
                for (T* to : d) {
                    if (to)
                        store_some((gradient * load<B>(to + i, n)).v, to + i, n);
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
            sums[i] = backward(f, pieces_.part(i), g, dx, nullptr, Every());
        });
        for (std::size_t i = 0; i < sums.size(); ++i)
            add(pieces_.part(i), sums[i], dx);
    }

private:
    using Lane = formula::Lane<B>;
    using Piece = typename FusedPieces<B, N>::Piece;
    using Every = std::make_index_sequence<N>;
    template <std::size_t K>
    using Input = formula::Dual<B, 1u << K>;

    // The output's.
    struct Gradient {
        const T* at;
        bool one;  // number, for all elements
    };
    [[nodiscard]] bool is_one_number(const Array<T>& g) const noexcept {
        return g.size() != pieces_.rows() * pieces_.columns();
    }
    // Whether the output, and what has its shape, goes past the caches: a piece waits for its
    // stores, which has to be little beside them.
    [[nodiscard]] bool streams() const noexcept {
        constexpr std::size_t least = 1024;
        return pieces_.columns() >= least && past_caches<T>(pieces_.rows() * pieces_.columns());
    }

    template <class F, std::size_t... K>
    static auto dual_of(const F& f, std::index_sequence<K...>) -> decltype(f(Input<K>()...));
    template <class F>
    using DualOf = decltype(dual_of(std::declval<const F&>(), Every()));

    static std::vector<const Shape*> shapes_of(const std::array<const Array<T>*, N>& inputs) {
        std::vector<const Shape*> shapes;
        for (const Array<T>* input : inputs)
            shapes.push_back(&input->shape());
        return shapes;
    }

    // How an input's share goes into its array.
    enum class Share {
        store,  // the input has the output's shape
        sum,    // it is constant along a row
        add,    // its rows come up more than once
    };

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
            pieces_.each_row(begin, end, [&](const Piece& p) {
                add(p, backward(f, p, g, to, nullptr, Every()), to);
            });
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

    // The inputs of a piece.
    [[nodiscard]] FusedCursor<B, N> cursor(const Piece& piece, FusedConstants<B, N>& same) const {
        std::array<const T*, N> x;
        std::array<bool, N> constant;
        for (std::size_t k = 0; k < N; ++k) {
            x[k] = inputs_[k]->data() + piece.offset[k];
            constant[k] = share_[k] == Share::sum;
        }
        return FusedCursor<B, N>(x, constant, same);
    }

    // Flattened: a formula is many small functions, and values belong in registers.
    template <class F, std::size_t... K>
    [[gnu::flatten]] void forward(
        const F& f, const Piece& piece, T* y, std::index_sequence<K...>) const {
        FusedConstants<B, N> same;
        auto x = cursor(piece, same);
        const bool past = streams();
        const RowOut<B> out(y + piece.at, past);
        for (std::size_t i = 0; i < piece.columns; i += B::size, x.next()) {
            const std::size_t n = std::min<std::size_t>(B::size, piece.columns - i);
            out.store(Lane(f(x.get(K, n)...)), i, n);
        }
        if (past)
            drain_stores<B>();
    }

    // Returns the sums over the piece. y is written where it is not null.
    template <class F, std::size_t... K>
    [[gnu::flatten]] std::array<T, N> backward(
        const F& f,
        const Piece& piece,
        const Gradient& g,
        const std::array<T*, N>& dx,
        T* y,
        std::index_sequence<K...>) const {
        FusedConstants<B, N> same;
        auto x = cursor(piece, same);
        const std::array<Share, N> kind = share_;
        Lane sum[N];
        ((sum[K] = Lane(0)), ...);
        const bool past = streams();
        const RowOut<B> to[N] = {
            {dx[K] ? dx[K] + piece.offset[K] : nullptr, past && kind[K] == Share::store}...};
        const RowOut<B> out(y ? y + piece.at : nullptr, past);
        const T* const gradients = g.one ? nullptr : g.at + piece.at;
        const Lane one(*g.at);
        for (std::size_t i = 0; i < piece.columns; i += B::size, x.next()) {
            const std::size_t n = std::min<std::size_t>(B::size, piece.columns - i);
            const auto value = f(Input<K>{x.get(K, n), {Lane(1)}}...);
            const Lane gradient = gradients ? load<B>(gradients + i, n) : one;
            if (out)
                out.store(formula::detail::value_of<B>(value), i, n);
            (add_share<K>(value, gradient, kind[K], to[K], i, n, sum[K]), ...);
        }
        if (past)
            drain_stores<B>();
        return {xsimd::hadd(sum[K].v)...};
    }

    template <std::size_t K, class Y>
    static void add_share(
        const Y& y,
        const Lane& g,
        Share kind,
        const RowOut<B>& to,
        std::size_t i,
        std::size_t n,
        Lane& sum) {
        if constexpr (formula::has_partial<Y>(K)) {
            if (!to)
                return;
            const Lane share = g * y.d[Y::slot(K)];
            if (kind == Share::store) {
                to.store(share, i, n);
            } else if (kind == Share::add) {
                to.add(share, i, n);
            } else {
                alignas(64) T buffer[B::size];
                share.v.store_aligned(buffer);
                sum = sum + (n == B::size ? share : load<B>(buffer, n));
            }
        }
    }

    FusedPieces<B, N> pieces_;
    std::array<const Array<T>*, N> inputs_;
    std::array<Share, N> share_;
};

}  // namespace xgrad::detail
