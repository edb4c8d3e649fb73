// Declares what it calls of LAPACK: the headers that do conflict with one another. Fortran takes
// everything by address, and the lengths of strings after the other arguments.
#include <ops/gemm.hpp>
#include <ops/lapack.hpp>

#include <algorithm>

#define XGRAD_DECLARE(T, name)                                                       \
    extern "C" {                                                                     \
    void name##getrf_(const int*, const int*, T*, const int*, int*, int*);           \
    void name##getri_(const int*, T*, const int*, const int*, T*, const int*, int*); \
    void name##getrs_(                                                               \
        const char*,                                                                 \
        const int*,                                                                  \
        const int*,                                                                  \
        const T*,                                                                    \
        const int*,                                                                  \
        const int*,                                                                  \
        T*,                                                                          \
        const int*,                                                                  \
        int*,                                                                        \
        std::size_t);                                                                \
    void name##potrf_(const char*, const int*, T*, const int*, int*, std::size_t);   \
    void name##trsm_(                                                                \
        const char*,                                                                 \
        const char*,                                                                 \
        const char*,                                                                 \
        const char*,                                                                 \
        const int*,                                                                  \
        const int*,                                                                  \
        const T*,                                                                    \
        const T*,                                                                    \
        const int*,                                                                  \
        T*,                                                                          \
        const int*,                                                                  \
        std::size_t,                                                                 \
        std::size_t,                                                                 \
        std::size_t,                                                                 \
        std::size_t);                                                                \
    }                                                                                \
    namespace {                                                                      \
    template <>                                                                      \
    struct Lapack<T> {                                                               \
        static constexpr auto getrf = name##getrf_;                                  \
        static constexpr auto getri = name##getri_;                                  \
        static constexpr auto getrs = name##getrs_;                                  \
        static constexpr auto potrf = name##potrf_;                                  \
        static constexpr auto trsm = name##trsm_;                                    \
    };                                                                               \
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
    int info = 0, query = -1;
    T best(0);
    Lapack<T>::getri(&order, a, &order, interchanges.data(), &best, &query, &info);
    const int length = std::max(order, static_cast<int>(best));
    std::vector<T> work(static_cast<std::size_t>(length));
    Lapack<T>::getri(&order, a, &order, interchanges.data(), work.data(), &length, &info);
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

template struct Lu<float>;
template struct Lu<double>;
template std::size_t cholesky_factor(float*, std::size_t);
template std::size_t cholesky_factor(double*, std::size_t);
template void triangular_solve(const float*, std::size_t, bool, float*, std::size_t);
template void triangular_solve(const double*, std::size_t, bool, double*, std::size_t);

}  // namespace xgrad::detail
