// Internal to ops/enroll.hpp: the rows of a formula's call, a batch at a time.
#pragma once

#include <autograd/batches.hpp>
#include <ops/formula.hpp>

#include <cstddef>
#include <cstdint>

namespace xgrad::formula {
inline namespace XGRAD_ISA {

#pragma GCC visibility push(hidden)  // no names in the shared library
namespace kernel {

using xgrad::detail::FormulaCall;

// `Element` computes the output lane from what `load` fetches at a column.
template <class B, std::size_t Inputs, class T, class Element>
void over_rows(const FormulaCall<T>& call, Element element) {
    using L = Lane<B>;
    constexpr std::size_t size = B::size;
    const std::size_t n = call.columns;
    // Only whole batches at their boundaries go past the caches.
    const bool streams = call.past_caches && !call.adds &&
                         reinterpret_cast<std::uintptr_t>(call.out) % sizeof(B) == 0 &&
                         (call.rows == 1 || n % size == 0);
    bool is_plain = !streams && !call.adds && !call.one_g;
    for (std::size_t k = 0; k < Inputs; ++k)
        is_plain = is_plain && !call.constant[k];
    const L one_g(B(call.one_g ? *call.g : T(0)));
    for (std::size_t row = 0; row < call.rows; ++row) {
        const T* x[Inputs];
        L fixed[Inputs];
        for (std::size_t k = 0; k < Inputs; ++k) {
            x[k] = call.x[k] ? call.x[k] + row * call.row_step[k] : nullptr;
            if (call.constant[k] && x[k])
                fixed[k] = L(B(*x[k]));
        }
        const std::size_t at = row * n;
        const T* g = call.g && !call.one_g ? call.g + at : nullptr;
        const T* y = call.y ? call.y + at : nullptr;
        T* out = call.out + at;

        std::size_t i = 0;
        const auto fetch = [](const T* p, std::size_t column) {
            return L(B::load_unaligned(p + column));
        };
        if (is_plain) {
            for (; i + size <= n; i += size) {
                element(
                    [&](std::size_t k) { return fetch(x[k], i); },
                    [&] { return fetch(g, i); },
                    [&] { return fetch(y, i); })
                    .v.store_unaligned(out + i);
            }
        } else {
            for (; i + size <= n; i += size) {
                const B value =
                    element(
                        [&](std::size_t k) { return call.constant[k] ? fixed[k] : fetch(x[k], i); },
                        [&] { return call.one_g ? one_g : fetch(g, i); },
                        [&] { return fetch(y, i); })
                        .v;
                if (streams)
                    xgrad::detail::store_past_caches(value, out + i);
                else if (call.adds)
                    (B::load_unaligned(out + i) + value).store_unaligned(out + i);
                else
                    value.store_unaligned(out + i);
            }
        }
        if (i == n)
            continue;
        // The tail runs through the same lanes, padded with its last element: an element's
        // result does not depend on where it stands.
        const auto padded = [&](const T* p) {
            alignas(64) T buffer[size];
            for (std::size_t j = 0; j < size; ++j)
                buffer[j] = p[i + j < n ? i + j : n - 1];
            return L(B::load_aligned(buffer));
        };
        alignas(64) T result[size];
        element(
            [&](std::size_t k) { return call.constant[k] ? fixed[k] : padded(x[k]); },
            [&] { return call.one_g ? one_g : padded(g); },
            [&] { return padded(y); })
            .v.store_aligned(result);
        for (std::size_t j = 0; i + j < n; ++j)
            out[i + j] = call.adds ? out[i + j] + result[j] : result[j];
    }
    if (streams)
        xgrad::detail::drain_stores<B>();
}

}  // namespace kernel
#pragma GCC visibility pop

}  // namespace XGRAD_ISA
}  // namespace xgrad::formula
