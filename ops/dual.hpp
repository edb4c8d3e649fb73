// Dual<B, M>: a lane with its partial derivatives, on which a formula differentiates itself.
// Internal to formulas and fused code.
#pragma once

#include <ops/formula.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace xgrad::formula {

/// A value and its partials with respect to the fused op's inputs in the bit set M: a value that
/// does not depend on an input carries no partial for it.
template <class B, unsigned M>
struct Dual {
    static constexpr std::size_t slot(unsigned input) {
        return static_cast<std::size_t>(std::popcount(M & ((1u << input) - 1u)));
    }

    Lane<B> v;
    std::array<Lane<B>, static_cast<std::size_t>(std::popcount(M))> d;
};

template <class X>
inline constexpr unsigned partials_of = 0;
template <class B, unsigned M>
inline constexpr unsigned partials_of<Dual<B, M>> = M;

template <class X>
constexpr bool has_partial(std::size_t input) {
    constexpr unsigned partials = partials_of<X>;
    return (partials >> input & 1u) != 0;
}

namespace detail {

template <class X>
struct BatchOf {
    using type = void;
};
template <class B>
struct BatchOf<Lane<B>> {
    using type = B;
};
template <class B, unsigned M>
struct BatchOf<Dual<B, M>> {
    using type = B;
};

template <class... X>
struct FirstBatch;
template <class X, class... Rest>
struct FirstBatch<X, Rest...> : std::conditional_t<
                                    std::is_void_v<typename BatchOf<X>::type>,
                                    FirstBatch<Rest...>,
                                    BatchOf<X>> {};

template <class B, class X>
Lane<B> value_of(const X& x) {
    if constexpr (partials_of<X> != 0) {
        return x.v;
    } else {
        return Lane<B>(x);
    }
}

}  // namespace detail

template <class X>
concept Fusible = !std::is_void_v<typename detail::BatchOf<X>::type>;

template <class A, class B>
concept FusibleOperands = (Fusible<A> && (Fusible<B> || std::is_arithmetic_v<B>)) ||
                          (Fusible<B> && std::is_arithmetic_v<A>);

template <class A, class B>
concept DualOperands = FusibleOperands<A, B> &&(partials_of<A> != 0 || partials_of<B> != 0);

namespace detail {

// Adds factor * x's partials to those of `result`; `Seen` are the ones already written.
template <unsigned Seen, class Factor, class B, unsigned M, class X, std::size_t... Input>
void add_partials(
    Dual<B, M>& result, const Factor& factor, const X& x, std::index_sequence<Input...>) {
    const auto one = [&]<std::size_t I>(std::integral_constant<std::size_t, I>) {
        if constexpr (has_partial<X>(I)) {
            Lane<B>& to = result.d[Dual<B, M>::slot(I)];
            Lane<B> term = x.d[X::slot(I)];
            if constexpr (!std::is_same_v<Factor, Unchanged>)
                term = factor * term;
            if constexpr ((Seen >> I & 1u) != 0) {
                to = to + term;
            } else {
                to = term;
            }
        }
    };
    (one(std::integral_constant<std::size_t, Input>()), ...);
}

template <class F, unsigned Seen, std::size_t I, class B, unsigned M, class X, class... Rest>
void chain(Dual<B, M>& result, const Lane<B>* values, const X& x, const Rest&... rest) {
    if constexpr (partials_of<X> != 0) {
        constexpr int kept = keeps<F, I, Lane<B>>;
        static_assert(kept >= 0, "this op has no derivative with respect to that input");
        const auto factor = rule<F, I>(Lane<B>(1), values, result.v, values + F::inputs);
        add_partials<Seen>(result, factor, x, std::make_index_sequence<8>());
    }
    if constexpr (I + 1 < F::inputs) {
        chain<F, Seen | partials_of<X>, I + 1>(result, values, rest...);
    }
}

}  // namespace detail

/// F on lanes, or on duals by the chain rule with F's own rules. The arguments are F's inputs and
/// then its parameters.
template <class F, class... X>
auto fuse(const X&... x) {
    using B = typename detail::FirstBatch<X...>::type;
    static_assert(sizeof...(X) == F::inputs + F::params);
    const Lane<B> values[] = {detail::value_of<B>(x)...};
    const Lane<B> y = detail::forward<F>(values, values + F::inputs);
    constexpr unsigned partials = (partials_of<X> | ...);
    if constexpr (partials == 0) {
        return y;
    } else {
        Dual<B, partials> result;
        result.v = y;
        detail::chain<F, 0, 0>(result, values, x...);
        return result;
    }
}

// Comparisons look at values; a selection takes value and partials from one side.
template <class A, class B>
    requires(DualOperands<A, B>)
auto operator>(const A& a, const B& b) {
    using L = typename detail::FirstBatch<A, B>::type;
    return detail::value_of<L>(a) > detail::value_of<L>(b);
}
template <class A, class B>
    requires(DualOperands<A, B>)
auto operator>=(const A& a, const B& b) {
    using L = typename detail::FirstBatch<A, B>::type;
    return detail::value_of<L>(a) >= detail::value_of<L>(b);
}
template <class A, class B>
    requires(DualOperands<A, B>)
auto operator<(const A& a, const B& b) { return b > a; }
template <class A, class B>
    requires(DualOperands<A, B>)
auto operator<=(const A& a, const B& b) { return b >= a; }

template <class B, class X, class Y>
    requires(DualOperands<X, Y>)
auto where(const Mask<B>& mask, const X& a, const Y& b) {
    constexpr unsigned partials = partials_of<X> | partials_of<Y>;
    Dual<B, partials> result;
    result.v = where(mask, detail::value_of<B>(a), detail::value_of<B>(b));
    const auto one = [&]<std::size_t I>(std::integral_constant<std::size_t, I>) {
        if constexpr ((partials >> I & 1u) != 0) {
            Lane<B> left(0), right(0);
            if constexpr (has_partial<X>(I))
                left = a.d[X::slot(I)];
            if constexpr (has_partial<Y>(I))
                right = b.d[Y::slot(I)];
            result.d[Dual<B, partials>::slot(I)] = where(mask, left, right);
        }
    };
    [&]<std::size_t... I>(std::index_sequence<I...>) {
        (one(std::integral_constant<std::size_t, I>()), ...);
    }
    (std::make_index_sequence<8>());
    return result;
}

}  // namespace xgrad::formula
