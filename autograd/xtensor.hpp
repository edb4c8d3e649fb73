// The one header that includes xtensor: both layouts of its folders, and the mend that version
// 0.24 and 0.25 need under C++20.
#pragma once

#if __has_include(<xtensor/containers/xarray.hpp>)
#include <xtensor/containers/xarray.hpp>
#include <xtensor/core/xtensor_config.hpp>
#else
#include <xtensor/xexpression_traits.hpp>
#include <xtensor/xtensor_config.hpp>

#include <cstddef>
#include <type_traits>

// xtensor 0.24 and 0.25 specialise xtype_for_shape for svector only when __cplusplus is exactly
// 201703L. g++ in C++20 mode then matches svector<T, N, A, Init> against the primary's
// S<X, N> and takes every xarray for a fixed-rank tensor: garbage shapes and crashes in eval,
// views and immediate reductions (xtensor issue 1970). The same specialisation for C++20:
#if defined(__GNUC__) && !defined(__clang__) && __cplusplus > 201703L
namespace xt::detail {
template <
    template <class, std::size_t, class, bool>
    class S,
    class X,
    std::size_t N,
    class A,
    bool Init>
struct xtype_for_shape<S<X, N, A, Init>> {
    template <class T, layout_type L>
    using type = xarray<T, L>;
};
}  // namespace xt::detail
#endif

#include <xtensor/xarray.hpp>

// The trait alone: an expression would instantiate a container and a function in every source.
static_assert(
    std::is_same_v<
        xt::detail::xtype_for_shape<
            xt::dynamic_shape<std::size_t>>::type<double, xt::layout_type::row_major>,
        xt::xarray<double, xt::layout_type::row_major>>,
    "this xtensor takes an xarray for a fixed-rank tensor under this C++ standard; include "
    "<autograd/xtensor.hpp> before any other xtensor header");
#endif
