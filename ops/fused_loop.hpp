// Internal to ops/fused.hpp: what a fused formula does along one piece.
#pragma once

#include <ops/fused_lanes.hpp>
#include <ops/fused_pieces.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace xgrad::detail {

/// How an input's share goes into its array.
enum class FusedShare {
    store,  ///< the input has the output's shape
    sum,    ///< it is constant along a row
    add,    ///< its rows come up more than once
};

/// The output's gradient.
template <class T>
struct FusedGradient {
    const T* at;
    bool one;  ///< number, for all elements
};

template <class B, std::size_t N>
class FusedLoop {
    using T = typename B::value_type;
    using Share = FusedShare;
    using Lane = formula::Lane<B>;
    using Piece = typename FusedPieces<B, N>::Piece;
    using Every = std::make_index_sequence<N>;
    template <std::size_t K>
    using Input = formula::Dual<B, 1u << K>;

public:
    /// `past_caches`: what has the output's shape is too large for the caches to be of use.
    FusedLoop(
        const std::array<const Array<T>*, N>& inputs,
        const std::array<Share, N>& share,
        bool past_caches)
        : inputs_(inputs),
          share_(share),
          past_caches_(past_caches) {}

    /// Whether F's value depends on input k.
    template <class F>
    static constexpr bool has_partial(std::size_t k) {
        return formula::has_partial<decltype(dual_of(std::declval<const F&>(), Every()))>(k);
    }

    /// y = f(x...)
    template <class F>
    void forward(const F& f, const Piece& piece, T* y) const {
        values(f, piece, y, Every());
    }

    /// The shares into dx, and y where it is not null. Returns the sums over the piece.
    template <class F>
    std::array<T, N> backward(
        const F& f,
        const Piece& piece,
        const FusedGradient<T>& g,
        const std::array<T*, N>& dx,
        T* y = nullptr) const {
        return shares(f, piece, g, dx, y, Every());
    }

private:
    template <class F, std::size_t... K>
    static auto dual_of(const F& f, std::index_sequence<K...>) -> decltype(f(Input<K>()...));

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
    [[gnu::flatten]] void values(
        const F& f, const Piece& piece, T* y, std::index_sequence<K...>) const {
        auto x = cursor(piece);
        const RowOut<B> out(y + piece.at, past_caches_);
        for (std::size_t i = 0; i < piece.columns; i += B::size, x.next()) {
            const std::size_t n = std::min<std::size_t>(B::size, piece.columns - i);
            out.store(Lane(f(x.get(K, n)...)), i, n);
        }
        if (past_caches_)
            drain_stores<B>();
    }

    template <class F, std::size_t... K>
    [[gnu::flatten]] std::array<T, N> shares(
        const F& f,
        const Piece& piece,
        const FusedGradient<T>& g,
        const std::array<T*, N>& dx,
        T* y,
        std::index_sequence<K...>) const {
        auto x = cursor(piece);
        Lane sum[N];
        ((sum[K] = Lane(0)), ...);
        const RowOut<B> to[N] = {
            {dx[K] ? dx[K] + piece.offset[K] : nullptr,
             past_caches_ && share_[K] == Share::store}...};
        const RowOut<B> out(y ? y + piece.at : nullptr, past_caches_);
        const T* const gradients = g.one ? nullptr : g.at + piece.at;
        const Lane one(*g.at);
        for (std::size_t i = 0; i < piece.columns; i += B::size, x.next()) {
            const std::size_t n = std::min<std::size_t>(B::size, piece.columns - i);
            const auto value = f(Input<K>{x.get(K, n), {Lane(1)}}...);
            const Lane gradient = gradients ? load<B>(gradients + i, n) : one;
            if (out)
                out.store(formula::detail::value_of<B>(value), i, n);
            (add_share<K>(value, gradient, to[K], i, n, sum[K]), ...);
        }
        if (past_caches_)
            drain_stores<B>();
        return {xsimd::hadd(sum[K].v)...};
    }

    template <std::size_t K, class Y>
    void add_share(
        const Y& y, const Lane& g, const RowOut<B>& to, std::size_t i, std::size_t n, Lane& sum)
        const {
        if constexpr (formula::has_partial<Y>(K)) {
            if (!to)
                return;
            const Lane share = g * y.d[Y::slot(K)];
            if (share_[K] == Share::store) {
                to.store(share, i, n);
            } else if (share_[K] == Share::add) {
                to.add(share, i, n);
            } else {  // lanes past the end do not count
                alignas(64) T buffer[B::size];
                share.v.store_aligned(buffer);
                sum = sum + (n == B::size ? share : load<B>(buffer, n));
            }
        }
    }

    std::array<const Array<T>*, N> inputs_;
    std::array<Share, N> share_;
    bool past_caches_;
};

}  // namespace xgrad::detail
