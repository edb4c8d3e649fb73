// Compiled once for each instruction set.
#include <autograd/batches.hpp>
#include <autograd/simd.hpp>
#include <ops/normalization_kernels.hpp>

namespace xgrad::detail::XGRAD_ISA {
namespace {

// Sums run in registers over this many elements, then in double: their error does not grow with
// the run.
constexpr std::size_t block = 4096;

// The sum over i of f(i), which gives a batch for i and the scalar of the tail.
template <class B, class Lanes, class Tail>
double sum_of(std::size_t n, Lanes lanes, Tail tail) {
    using T = typename B::value_type;
    double total = 0;
    for (std::size_t first = 0; first < n; first += block) {
        const std::size_t last = n - first < block ? n : first + block;
        B s0(T(0)), s1(T(0)), s2(T(0)), s3(T(0));
        std::size_t i = first;
        for (; i + 4 * B::size <= last; i += 4 * B::size) {
            s0 += lanes(i);
            s1 += lanes(i + B::size);
            s2 += lanes(i + 2 * B::size);
            s3 += lanes(i + 3 * B::size);
        }
        for (; i + B::size <= last; i += B::size)
            s0 += lanes(i);
        T rest(0);
        for (; i < last; ++i)
            rest += tail(i);
        total += static_cast<double>(xsimd::hadd((s0 + s1) + (s2 + s3)) + rest);
    }
    return total;
}

template <class B, class T = typename B::value_type>
void moments(
    double* moments, const T* x, std::size_t runs, std::size_t n, std::size_t step, bool centered) {
    const auto count = static_cast<double>(runs * n);
    double total = 0;
    for (std::size_t r = 0; centered && r < runs; ++r) {
        const T* run = x + r * step;
        total += sum_of<B>(
            n,
            [run](std::size_t i) { return B::load_unaligned(run + i); },
            [run](std::size_t i) { return run[i]; });
    }
    moments[0] = centered ? total / count : 0;
    const T mean = static_cast<T>(moments[0]);
    total = 0;
    for (std::size_t r = 0; r < runs; ++r) {
        const T* run = x + r * step;
        total += sum_of<B>(
            n,
            [run, mean](std::size_t i) {
                const B d = B::load_unaligned(run + i) - B(mean);
                return d * d;
            },
            [run, mean](std::size_t i) { return (run[i] - mean) * (run[i] - mean); });
    }
    moments[1] = total / count;
}

template <class B, bool HasW, bool HasB, bool past_caches, class T = typename B::value_type>
void normalize_run(
    T* y, const T* x, std::size_t n, T mean, T scale, T shift, const T* w, const T* b) {
    write_run<B, past_caches>(y, n, [=](std::size_t i, std::size_t left) {
        B value = (load_some<B>(x + i, left, T(0)) - B(mean)) * B(scale);
        if constexpr (HasW)
            value = value * load_some<B>(w + i, left, T(0));
        if constexpr (HasB)
            value = value + load_some<B>(b + i, left, T(0));
        return value + B(shift);
    });
}

template <class B, bool past_caches, class T = typename B::value_type>
void normalize_as(
    T* y, const T* x, std::size_t n, T mean, T scale, T shift, const T* w, const T* b) {
    const auto run = w ? (b ? normalize_run<B, true, true, past_caches>
                            : normalize_run<B, true, false, past_caches>)
                       : (b ? normalize_run<B, false, true, past_caches>
                            : normalize_run<B, false, false, past_caches>);
    run(y, x, n, mean, scale, shift, w, b);
}

template <class B, class T = typename B::value_type>
void normalize(
    T* y,
    const T* x,
    std::size_t n,
    T mean,
    T scale,
    T shift,
    const T* w,
    const T* b,
    bool past_caches) {
    (past_caches ? normalize_as<B, true>
                 : normalize_as<B, false>)(y, x, n, mean, scale, shift, w, b);
}

// The sums and the shares of the affine parameters read g and x once.
template <class B, bool HasW, bool AddsW, bool AddsB, class T = typename B::value_type>
void sums_of_run(
    double* sums,
    const T* g,
    const T* x,
    std::size_t n,
    T mean,
    T scale,
    const T* w,
    T* dw,
    T* db) {
    sums[0] = sums[1] = 0;
    for (std::size_t first = 0; first < n; first += block) {
        const std::size_t last = n - first < block ? n : first + block;
        B s0(T(0)), s1(T(0)), t0(T(0)), t1(T(0));
        std::size_t i = first;
        const auto step = [&](std::size_t at, B& s, B& t) {
            B gi = B::load_unaligned(g + at);
            const B d = B::load_unaligned(x + at) - B(mean);
            if constexpr (AddsW) {
                (B::load_unaligned(dw + at) + gi * (d * B(scale))).store_unaligned(dw + at);
            }
            if constexpr (AddsB)
                (B::load_unaligned(db + at) + gi).store_unaligned(db + at);
            if constexpr (HasW)
                gi = gi * B::load_unaligned(w + at);
            s += gi;
            t += gi * d;
        };
        for (; i + 2 * B::size <= last; i += 2 * B::size) {
            step(i, s0, t0);
            step(i + B::size, s1, t1);
        }
        for (; i + B::size <= last; i += B::size)
            step(i, s0, t0);
        T s(0), t(0);
        for (; i < last; ++i) {
            T gi = g[i];
            const T d = x[i] - mean;
            if constexpr (AddsW)
                dw[i] += gi * (d * scale);
            if constexpr (AddsB)
                db[i] += gi;
            if constexpr (HasW)
                gi = gi * w[i];
            s += gi;
            t += gi * d;
        }
        sums[0] += static_cast<double>(xsimd::hadd(s0 + s1) + s);
        sums[1] += static_cast<double>(xsimd::hadd(t0 + t1) + t);
    }
}

template <class B, class T = typename B::value_type>
void sums(
    double* sums,
    const T* g,
    const T* x,
    std::size_t n,
    T mean,
    T scale,
    const T* w,
    T* dw,
    T* db) {
    const auto run =
        w ? (dw ? (db ? sums_of_run<B, true, true, true> : sums_of_run<B, true, true, false>)
                : (db ? sums_of_run<B, true, false, true> : sums_of_run<B, true, false, false>))
          : (dw ? (db ? sums_of_run<B, false, true, true> : sums_of_run<B, false, true, false>)
                : (db ? sums_of_run<B, false, false, true> : sums_of_run<B, false, false, false>));
    run(sums, g, x, n, mean, scale, w, dw, db);
}

template <class B, bool HasW, bool past_caches, class T = typename B::value_type>
void share_of_run(
    T* dx, const T* g, const T* x, std::size_t n, T mean, const T* w, T slope, T a, T b, T c) {
    write_run<B, past_caches>(dx, n, [=](std::size_t i, std::size_t left) {
        B h = B(slope) * load_some<B>(g + i, left, T(0));
        if constexpr (HasW)
            h = h * load_some<B>(w + i, left, T(0));
        const B d = load_some<B>(x + i, left, T(0)) - B(mean);
        return B(a) * (h - B(c)) + B(b) * d;
    });
}

template <class B, class T = typename B::value_type>
void share(
    T* dx,
    const T* g,
    const T* x,
    std::size_t n,
    T mean,
    const T* w,
    T slope,
    T a,
    T b,
    T c,
    bool past_caches) {
    const auto run =
        w ? (past_caches ? share_of_run<B, true, true> : share_of_run<B, true, false>)
          : (past_caches ? share_of_run<B, false, true> : share_of_run<B, false, false>);
    run(dx, g, x, n, mean, w, slope, a, b, c);
}

template <class B>
constexpr NormalizationKernels<typename B::value_type> table = {
    moments<B>, normalize<B>, sums<B>, share<B>};

[[maybe_unused]] const bool offered[] = {
    offer_kernels(kernel_slot<NormalizationKernels<float>>, Isa::XGRAD_ISA, &table<Batch<float>>),
    offer_kernels(
        kernel_slot<NormalizationKernels<double>>, Isa::XGRAD_ISA, &table<Batch<double>>)};

}  // namespace
}  // namespace xgrad::detail::XGRAD_ISA
