// What an elementwise op's block is written in. A block is a struct:
//
//     struct Tanh : Formula<1> {
//         static constexpr auto name = "tanh";
//         static auto samples() { return Samples(on({{3, 4}})); }
//         static auto forward(auto x) { return tanh(x); }
//         static auto dx(auto g, Unused, auto y) { return g * (1 - y * y); }
//     };
//     template struct Enroll<Tanh>;
//
// forward runs on SIMD lanes. The rules run on lanes, and on Variables when the gradient itself is
// recorded. A rule gets the output's gradient g, the inputs, the output y and the parameters, and
// returns that input's share; a parameter declared Unused is not kept for backward. The rules of
// two inputs are da and db, of three da, db and dc. An input without a rule is not differentiated.
//
// The headers of formulas do not include one another: a kernel source enrolls what it includes.
#pragma once

#include <autograd/op.hpp>
#include <ops/apply.hpp>
#include <ops/lanes.hpp>

#include <bit>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace xgrad::formula {

/// The base of a block: how many arrays go in, and how many scalar parameters.
template <std::size_t Inputs, std::size_t Params = 0>
struct Formula {
    static constexpr std::size_t inputs = Inputs;
    static constexpr std::size_t params = Params;
};

/// A rule's parameter that it does not need.
struct Unused {};

/// Returned by a rule whose share is g itself: nothing is computed or copied.
struct Unchanged {};

/// A share of 0, also of an infinite g, and its derivative by g.
auto zero_for(const auto& g) { return where(equal(g, g), 0, g); }

namespace detail {

// Calls F's rule for input I.
template <class F, std::size_t I>
struct CallRule;
template <class F>
    requires(F::inputs == 1)
struct CallRule<F, 0> {
    template <class G, class... A>
    static auto call(const A&... a) -> decltype(G::dx(a...)) {
        return G::dx(a...);
    }
};
template <class F>
    requires(F::inputs > 1)
struct CallRule<F, 0> {
    template <class G, class... A>
    static auto call(const A&... a) -> decltype(G::da(a...)) {
        return G::da(a...);
    }
};
template <class F>
struct CallRule<F, 1> {
    template <class G, class... A>
    static auto call(const A&... a) -> decltype(G::db(a...)) {
        return G::db(a...);
    }
};
template <class F>
struct CallRule<F, 2> {
    template <class G, class... A>
    static auto call(const A&... a) -> decltype(G::dc(a...)) {
        return G::dc(a...);
    }
};

// The value at position J of a rule's (inputs..., y), or Unused where bit J of Keeps is clear.
template <unsigned Keeps, std::size_t J, class V>
auto kept(const V& v) {
    if constexpr ((Keeps >> J & 1u) != 0) {
        return v;
    } else {
        return Unused{};
    }
}

template <class F, std::size_t I, unsigned Keeps, class V, std::size_t... J, std::size_t... P>
auto call_keeping(
    const V& g,
    const V* x,
    const V& y,
    const V* params,
    std::index_sequence<J...>,
    std::index_sequence<P...>)
    -> decltype(CallRule<F, I>::template call<F>(
        g, kept<Keeps, J>(x[J])..., kept<Keeps, F::inputs>(y), params[P]...)) {
    return CallRule<F, I>::template call<F>(
        g, kept<Keeps, J>(x[J])..., kept<Keeps, F::inputs>(y), params[P]...);
}

template <class F, std::size_t I, unsigned Keeps, class V>
concept Takes = requires(const V& v) {
    call_keeping<F, I, Keeps>(
        v, &v, v, &v, std::make_index_sequence<F::inputs>(), std::make_index_sequence<F::params>());
};

// What the rule keeps, as bits: input j at bit j, the output at bit F::inputs; -1 without a rule.
// Tried from all bits down, so that a body is never instantiated with a value it does not expect.
template <
    class F,
    std::size_t I,
    class V,
    int Bits = static_cast<int>(F::inputs) + 1,
    unsigned Keeps = (1u << (F::inputs + 1))>
constexpr int find_keeps() {
    if constexpr (Keeps == 0) {
        if constexpr (Bits == 0) {
            return -1;
        } else {
            return find_keeps<F, I, V, Bits - 1>();
        }
    } else if constexpr (std::popcount(Keeps - 1) != Bits) {
        return find_keeps<F, I, V, Bits, Keeps - 1>();
    } else if constexpr (Takes<F, I, Keeps - 1, V>) {
        return static_cast<int>(Keeps - 1);
    } else {
        return find_keeps<F, I, V, Bits, Keeps - 1>();
    }
}

template <class F, std::size_t I, class V>
inline constexpr int keeps = find_keeps<F, I, V>();

/// F's rule for input I on values of type V, each of x and y read only where it is kept.
template <class F, std::size_t I, class V>
auto rule(const V& g, const V* x, const V& y, const V* params) {
    return call_keeping<F, I, static_cast<unsigned>(keeps<F, I, V>)>(
        g,
        x,
        y,
        params,
        std::make_index_sequence<F::inputs>(),
        std::make_index_sequence<F::params>());
}

template <class F, class V, std::size_t... J, std::size_t... P>
auto forward(const V* x, const V* params, std::index_sequence<J...>, std::index_sequence<P...>) {
    return F::forward(x[J]..., params[P]...);
}

/// F's value on values of type V.
template <class F, class V>
V forward(const V* x, const V* params) {
    return forward<F>(
        x, params, std::make_index_sequence<F::inputs>(), std::make_index_sequence<F::params>());
}

}  // namespace detail

#ifndef XGRAD_BUILDING_KERNELS
inline namespace user {
/// In the library's kernel sources: registers the op and its kernels. Elsewhere: nothing.
template <class F>
struct Enroll {};
}  // namespace user
#endif

}  // namespace xgrad::formula
