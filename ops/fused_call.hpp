// Internal to ops/fused.hpp: a fused formula over arrays.
#pragma once

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
        pieces_.each([&](const Piece& p) { backward(f, p, nullptr, d, y, Every()); });
    }

    /// d[k] = g d[k] where d[k] is not null.
    void scale(const T* g, const std::array<T*, N>& d) const {
        pieces_.each([&](const Piece& p) {
            for (std::size_t i = p.at; i < p.at + p.columns; i += B::size) {
                const std::size_t n = std::min<std::size_t>(B::size, p.at + p.columns - i);
                const Lane gradient = load<B>(g + i, n);
                for (T* to : d) {
                    if (to)
                        store<B>(gradient * load<B>(to + i, n), to + i, n);
                }
            }
        });
    }

    /// dx[k] = g df/dx_k where its share is stored, and else added to dx[k], which may be null.
    template <class F>
    void backward(const F& f, const T* g, const std::array<T*, N>& dx) const {
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
    void backward_rows(const F& f, const T* g, const std::array<T*, N>& dx) const {
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
    [[nodiscard]] FusedCursor<B, N> cursor(const Piece& piece) const {
        std::array<const T*, N> x;
        std::array<bool, N> constant;
        for (std::size_t k = 0; k < N; ++k) {
            x[k] = inputs_[k]->data() + piece.offset[k];
            constant[k] = share_[k] == Share::sum;
        }
        return FusedCursor<B, N>(x, constant);
    }

    // Flattened: a formula is many small functions, and values belong in registers.
    template <class F, std::size_t... K>
    [[gnu::flatten]] void forward(
        const F& f, const Piece& piece, T* y, std::index_sequence<K...>) const {
        auto x = cursor(piece);
        for (std::size_t i = 0; i < piece.columns; i += B::size, x.next()) {
            const std::size_t n = std::min<std::size_t>(B::size, piece.columns - i);
            store<B>(Lane(f(x.get(K, n)...)), y + piece.at + i, n);
        }
    }

    // Returns the sums over the piece. Without g the shares are the partials; y is written where it
    // is not null.
    template <class F, std::size_t... K>
    [[gnu::flatten]] std::array<T, N> backward(
        const F& f,
        const Piece& piece,
        const T* g,
        const std::array<T*, N>& dx,
        T* y,
        std::index_sequence<K...>) const {
        auto x = cursor(piece);
        Lane sum[N];
        T* to[N];
        ((sum[K] = Lane(0), to[K] = dx[K] ? dx[K] + piece.offset[K] : nullptr), ...);
        for (std::size_t i = 0; i < piece.columns; i += B::size, x.next()) {
            const std::size_t n = std::min<std::size_t>(B::size, piece.columns - i);
            const auto value = f(Input<K>{x.get(K, n), {Lane(1)}}...);
            const Lane gradient = g ? load<B>(g + piece.at + i, n) : Lane(1);
            if (y)
                store<B>(formula::detail::value_of<B>(value), y + piece.at + i, n);
            (add_share<K>(value, gradient, to[K], i, n, sum[K]), ...);
        }
        return {xsimd::hadd(sum[K].v)...};
    }

    template <std::size_t K, class Y>
    void add_share(
        const Y& y, const Lane& g, T* to, std::size_t i, std::size_t n, Lane& sum) const {
        if constexpr (formula::has_partial<Y>(K)) {
            if (!to)
                return;
            const Lane share = g * y.d[Y::slot(K)];
            if (share_[K] == Share::store) {
                store<B>(share, to + i, n);
            } else if (share_[K] == Share::add) {
                store<B>(load<B>(to + i, n) + share, to + i, n);
            } else {
                // g is 0 past the end, but 0 times an infinite partial is not.
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
