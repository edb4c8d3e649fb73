// Internal to ops/fused.hpp: what a fused formula does along one piece.
#pragma once

#include <autograd/batches.hpp>
#include <ops/dual.hpp>
#include <ops/fused_pieces.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
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

/// A piece is worked through in blocks of whole batches, in a loop without a question: what has no
/// room of its own in an array, as what is summed or the end of a row, goes through a buffer in the
/// first cache.
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
        Source x[N];
        inputs(piece, x);
        Target out(y + piece.at);
        for (std::size_t i = 0; i < piece.columns; i += block) {
            const std::size_t n = std::min(block, piece.columns - i);
            const bool whole = n % B::size == 0;
            std::array<In, N> in;
            for (std::size_t k = 0; k < N; ++k)
                in[k] = x[k].at(i, n);
            values(f, in, out.room(i, whole && !past_caches_), n, Every());
            out.take(i, n, past_caches_);
        }
        if (past_caches_)
            drain_stores<B>();
    }

    /// The shares into dx, and y where it is not null. Returns the sums over the piece.
    template <class F>
    std::array<T, N> backward(
        const F& f,
        const Piece& piece,
        const FusedGradient<T>& g,
        const std::array<T*, N>& dx,
        T* y = nullptr) const {
        Source x[N], gradient;
        inputs(piece, x);
        gradient.set(g.one ? g.at : g.at + piece.at, g.one);
        Target out(y ? y + piece.at : nullptr), to[N];
        for (std::size_t k = 0; k < N; ++k)
            to[k] = Target(has_partial<F>(k) && dx[k] ? dx[k] + piece.offset[k] : nullptr);
        std::array<double, N> sum{};
        for (std::size_t i = 0; i < piece.columns; i += block) {
            const std::size_t n = std::min(block, piece.columns - i);
            const bool direct = n % B::size == 0 && !past_caches_;
            std::array<In, N> in;
            std::array<T*, N> rooms;
            for (std::size_t k = 0; k < N; ++k) {
                in[k] = x[k].at(i, n);
                rooms[k] = to[k].room(i, direct && share_[k] == Share::store);
            }
            shares(f, in, gradient.at(i, n), out.room(i, direct), rooms, n, Every());
            out.take(i, n, past_caches_);
            for (std::size_t k = 0; k < N; ++k) {
                if (share_[k] == Share::store)
                    to[k].take(i, n, past_caches_);
                else if (share_[k] == Share::add)
                    to[k].add(i, n);
                else
                    sum[k] += to[k].sum(n);
            }
        }
        if (past_caches_)
            drain_stores<B>();
        std::array<T, N> sums;
        for (std::size_t k = 0; k < N; ++k)
            sums[k] = static_cast<T>(sum[k]);
        return sums;
    }

private:
    static constexpr std::size_t block = 1024 / sizeof(T);

    template <class F, std::size_t... K>
    static auto dual_of(const F& f, std::index_sequence<K...>) -> decltype(f(Input<K>()...));

    /// Batches to read: the one at i is at + (i & mask), so that a constant stays where it is.
    struct In {
        const T* at;
        std::size_t mask;
        Lane operator[](std::size_t i) const { return Lane(B::load_unaligned(at + (i & mask))); }
    };

    /// What a piece reads, a block at a time.
    class Source {
    public:
        Source() {}
        Source(const Source&) = delete;
        void set(const T* x, bool constant) {
            x_ = x;
            constant_ = constant;
            if (constant)
                B(*x).store_aligned(buffer_);
        }
        /// n numbers from column i on, made whole batches: those past them repeat the last, which
        /// is in f's domain.
        In at(std::size_t i, std::size_t n) {
            if (constant_)
                return {buffer_, 0};
            if (n % B::size != 0) {
                std::copy_n(x_ + i, n, buffer_);
                std::fill_n(buffer_ + n, B::size - n % B::size, x_[i + n - 1]);
                return {buffer_, ~std::size_t{0}};
            }
            return {x_ + i, ~std::size_t{0}};
        }

    private:
        const T* x_;
        bool constant_;
        alignas(64) T buffer_[block];
    };

    /// What a piece makes, a block at a time: into its row, if there is one, or by the buffer.
    class Target {
    public:
        explicit Target(T* row = nullptr) : row_(row) {}
        Target(const Target&) = delete;
        Target& operator=(const Target& other) {
            row_ = other.row_;
            return *this;
        }
        T* room(std::size_t i, bool direct) {
            in_row_ = row_ && direct;
            return in_row_ ? row_ + i : buffer_;
        }
        void take(std::size_t i, std::size_t n, bool past_caches) const {
            if (!row_ || in_row_)
                return;
            T* const to = row_ + i;
            if (past_caches && reinterpret_cast<std::uintptr_t>(to) % sizeof(B) == 0 &&
                n % B::size == 0) {
                for (std::size_t j = 0; j < n; j += B::size)
                    store_past_caches(B::load_aligned(buffer_ + j), to + j);
            } else {
                std::copy_n(buffer_, n, to);
            }
        }
        void add(std::size_t i, std::size_t n) const {
            for (std::size_t j = 0; row_ && j < n; ++j)
                row_[i + j] += buffer_[j];
        }
        [[nodiscard]] double sum(std::size_t n) const {
            if (!row_)
                return 0;
            return sum_batches<B>(n, [this](std::size_t j, std::size_t left) {
                return load_some<B>(buffer_ + j, left, T(0));
            });
        }

    private:
        T* row_;
        bool in_row_ = false;
        alignas(64) T buffer_[block];
    };

    void inputs(const Piece& piece, Source (&x)[N]) const {
        for (std::size_t k = 0; k < N; ++k)
            x[k].set(inputs_[k]->data() + piece.offset[k], share_[k] == Share::sum);
    }

    // Flattened: a formula is many small functions, and values belong in registers.
    template <class F, std::size_t... K>
    [[gnu::flatten, gnu::noinline]] static void values(
        const F& f, const std::array<In, N>& x, T* y, std::size_t n, std::index_sequence<K...>) {
        const std::array<In, N> in = x;  // where no store can change it
        for (std::size_t i = 0; i < n; i += B::size)
            Lane(f(in[K][i]...)).v.store_unaligned(y + i);
    }

    template <class F, std::size_t... K>
    [[gnu::flatten, gnu::noinline]] static void shares(
        const F& f,
        const std::array<In, N>& x,
        In g,
        T* y,
        const std::array<T*, N>& dx,
        std::size_t n,
        std::index_sequence<K...>) {
        const std::array<In, N> in = x;  // where no store can change it
        const std::array<T*, N> to = dx;
        for (std::size_t i = 0; i < n; i += B::size) {
            const auto value = f(Input<K>{in[K][i], {Lane(1)}}...);
            formula::detail::value_of<B>(value).v.store_unaligned(y + i);
            (store_share<K>(value, g[i], to[K] + i), ...);
        }
    }

    template <std::size_t K, class Y>
    static void store_share(const Y& y, const Lane& g, T* to) {
        if constexpr (formula::has_partial<Y>(K))
            (g * y.d[Y::slot(K)]).v.store_unaligned(to);
    }

    std::array<const Array<T>*, N> inputs_;
    std::array<Share, N> share_;
    bool past_caches_;
};

}  // namespace xgrad::detail
