// Declares what it calls of LAPACK: the headers that do conflict with one another. Fortran takes
// everything by address, and the lengths of strings after the other arguments.
#include <ops/gemm.hpp>
#include <ops/lapack.hpp>

#include <algorithm>
#include <cmath>

#define XGRAD_DECLARE(T, name)                                                               \
    extern "C" {                                                                             \
    void name##getrf_(const int*, const int*, T*, const int*, int*, int*);                   \
    void name##getri_(const int*, T*, const int*, const int*, T*, const int*, int*);         \
    void name##getrs_(                                                                       \
        const char*,                                                                         \
        const int*,                                                                          \
        const int*,                                                                          \
        const T*,                                                                            \
        const int*,                                                                          \
        const int*,                                                                          \
        T*,                                                                                  \
        const int*,                                                                          \
        int*,                                                                                \
        std::size_t);                                                                        \
    void name##potrf_(const char*, const int*, T*, const int*, int*, std::size_t);           \
    void name##trsm_(                                                                        \
        const char*,                                                                         \
        const char*,                                                                         \
        const char*,                                                                         \
        const char*,                                                                         \
        const int*,                                                                          \
        const int*,                                                                          \
        const T*,                                                                            \
        const T*,                                                                            \
        const int*,                                                                          \
        T*,                                                                                  \
        const int*,                                                                          \
        std::size_t,                                                                         \
        std::size_t,                                                                         \
        std::size_t,                                                                         \
        std::size_t);                                                                        \
    void name##geqrf_(const int*, const int*, T*, const int*, T*, T*, const int*, int*);     \
    void name##orgqr_(                                                                       \
        const int*, const int*, const int*, T*, const int*, const T*, T*, const int*, int*); \
    void name##syevd_(                                                                       \
        const char*,                                                                         \
        const char*,                                                                         \
        const int*,                                                                          \
        T*,                                                                                  \
        const int*,                                                                          \
        T*,                                                                                  \
        T*,                                                                                  \
        const int*,                                                                          \
        int*,                                                                                \
        const int*,                                                                          \
        int*,                                                                                \
        std::size_t,                                                                         \
        std::size_t);                                                                        \
    void name##gesdd_(                                                                       \
        const char*,                                                                         \
        const int*,                                                                          \
        const int*,                                                                          \
        T*,                                                                                  \
        const int*,                                                                          \
        T*,                                                                                  \
        T*,                                                                                  \
        const int*,                                                                          \
        T*,                                                                                  \
        const int*,                                                                          \
        T*,                                                                                  \
        const int*,                                                                          \
        int*,                                                                                \
        int*,                                                                                \
        std::size_t);                                                                        \
    }                                                                                        \
    namespace {                                                                              \
    template <>                                                                              \
    struct Lapack<T> {                                                                       \
        static constexpr auto getrf = name##getrf_;                                          \
        static constexpr auto getri = name##getri_;                                          \
        static constexpr auto getrs = name##getrs_;                                          \
        static constexpr auto potrf = name##potrf_;                                          \
        static constexpr auto trsm = name##trsm_;                                            \
        static constexpr auto geqrf = name##geqrf_;                                          \
        static constexpr auto orgqr = name##orgqr_;                                          \
        static constexpr auto syevd = name##syevd_;                                          \
        static constexpr auto gesdd = name##gesdd_;                                          \
    };                                                                                       \
    }

namespace {
template <class T>
struct Lapack;
}
XGRAD_DECLARE(float, s)
XGRAD_DECLARE(double, d)
#undef XGRAD_DECLARE

namespace xgrad::detail {
namespace {

int integer(std::size_t n) { return static_cast<int>(n); }

// Calls f(work, length) twice: length -1 asks for the best one.
template <class T, class F>
void with_work(F f) {
    T best(0);
    const int query = -1;
    f(&best, &query);
    // In float the answer may have been rounded down.
    const int length = std::max(1, static_cast<int>(best * T(1.0001)) + 1);
    std::vector<T> work(static_cast<std::size_t>(length));
    f(work.data(), &length);
}

}  // namespace

template <class T>
Lu<T>::Lu(T* matrix, std::size_t size) : a(matrix),
                                         n(size),
                                         interchanges(size) {
    if (n == 0)
        return;
    one_blas_thread();
    const int order = integer(n);
    int info = 0;
    Lapack<T>::getrf(&order, &order, a, &order, interchanges.data(), &info);
    zero = static_cast<std::ptrdiff_t>(info) - 1;
}

// The inverse of the transpose is the transpose of the inverse.
template <class T>
void Lu<T>::invert() {
    if (n == 0)
        return;
    const int order = integer(n);
    int info = 0;
    with_work<T>([&](T* work, const int* length) {
        Lapack<T>::getri(&order, a, &order, interchanges.data(), work, length, &info);
    });
}

template <class T>
void Lu<T>::solve(T* x, std::size_t k) const {
    if (n == 0 || k == 0)
        return;
    const int order = integer(n), vectors = integer(k);
    int info = 0;
    Lapack<T>::getrs("T", &order, &vectors, a, &order, interchanges.data(), x, &order, &info, 1);
}

// The lower triangle of rows is the upper one of columns.
template <class T>
std::size_t cholesky_factor(T* a, std::size_t n) {
    if (n == 0)
        return 0;
    one_blas_thread();
    const int order = integer(n);
    int info = 0;
    Lapack<T>::potrf("U", &order, a, &order, &info, 1);
    // NaN and infinity are no pivots, but may pass there.
    for (std::size_t i = 0; info == 0 && i < n; ++i)
        info = std::isfinite(a[i * n + i]) ? 0 : integer(i + 1);
    return static_cast<std::size_t>(info);
}

// By columns it reads x^T a^T = b^T.
template <class T>
void triangular_solve(const T* a, std::size_t n, bool lower, T* b, std::size_t k) {
    if (n == 0 || k == 0)
        return;
    one_blas_thread();
    const int order = integer(n), columns = integer(k);
    const T one(1);
    const char* triangle = lower ? "U" : "L";
    Lapack<T>::trsm(
        "R", triangle, "N", "N", &columns, &order, &one, a, &order, b, &columns, 1, 1, 1, 1);
}

template <class T>
void qr_factors(const T* a, std::size_t m, std::size_t n, T* q, T* r) {
    if (n == 0)
        return;
    one_blas_thread();
    const int rows = integer(m), columns = integer(n);
    int info = 0;
    std::vector<T> by_columns(m * n), scales(n);
    for (std::size_t i = 0; i < m * n; ++i)
        by_columns[i % n * m + i / n] = a[i];
    T* at = by_columns.data();
    with_work<T>([&](T* work, const int* length) {
        Lapack<T>::geqrf(&rows, &columns, at, &rows, scales.data(), work, length, &info);
    });
    for (std::size_t i = 0; i < n * n; ++i)
        r[i] = i / n <= i % n ? at[i % n * m + i / n] : T(0);
    with_work<T>([&](T* work, const int* length) {
        Lapack<T>::orgqr(&rows, &columns, &columns, at, &rows, scales.data(), work, length, &info);
    });
    for (std::size_t i = 0; i < m * n; ++i)
        q[i] = at[i % n * m + i / n];
}

// The lower triangle of rows is the upper one of columns, and vectors come as columns.
template <class T>
bool symmetric_eigen(T* a, std::size_t n, T* w) {
    if (n == 0)
        return true;
    for (std::size_t i = 0; i < n * n; ++i) {
        if (i % n <= i / n && !std::isfinite(a[i]))
            return false;
    }
    one_blas_thread();
    const int order = integer(n), integers = 3 + 5 * order;
    int info = 0;
    std::vector<int> more(static_cast<std::size_t>(integers));
    with_work<T>([&](T* work, const int* length) {
        const int* length_of_more = *length < 0 ? length : &integers;
        Lapack<T>::syevd(
            "V", "U", &order, a, &order, w, work, length, more.data(), length_of_more, &info, 1, 1);
    });
    return info == 0;
}

// By columns it reads a^T = v diag(s) u^T, so v^T and u are what it calls u and vt.
template <class T>
bool singular_values(T* a, std::size_t m, std::size_t n, T* u, T* s, T* vt) {
    if (m == 0 || n == 0)
        return true;
    for (std::size_t i = 0; i < m * n; ++i) {
        if (!std::isfinite(a[i]))
            return false;
    }
    one_blas_thread();
    const int rows = integer(n), columns = integer(m), k = std::min(rows, columns);
    int info = 0;
    std::vector<int> more(8 * static_cast<std::size_t>(k));
    with_work<T>([&](T* work, const int* length) {
        Lapack<T>::gesdd(
            "S",
            &rows,
            &columns,
            a,
            &rows,
            s,
            vt,
            &rows,
            u,
            &k,
            work,
            length,
            more.data(),
            &info,
            1);
    });
    return info == 0;
}

template struct Lu<float>;
template struct Lu<double>;
template std::size_t cholesky_factor(float*, std::size_t);
template std::size_t cholesky_factor(double*, std::size_t);
template void triangular_solve(const float*, std::size_t, bool, float*, std::size_t);
template void triangular_solve(const double*, std::size_t, bool, double*, std::size_t);

template void qr_factors(const float*, std::size_t, std::size_t, float*, float*);
template void qr_factors(const double*, std::size_t, std::size_t, double*, double*);
template bool symmetric_eigen(float*, std::size_t, float*);
template bool symmetric_eigen(double*, std::size_t, double*);
template bool singular_values(float*, std::size_t, std::size_t, float*, float*, float*);
template bool singular_values(double*, std::size_t, std::size_t, double*, double*, double*);

}  // namespace xgrad::detail
