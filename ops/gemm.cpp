// Cannot share a file with xtensor-blas: its declarations of CBLAS conflict with <cblas.h>.
#include <autograd/fail.hpp>
#include <autograd/isa.hpp>
#include <autograd/parallel.hpp>
#include <ops/gemm.hpp>
#include <ops/small_gemm.hpp>
#include <ops/transpose.hpp>

#include <cblas.h>
#include <fmt/format.h>
#ifdef XGRAD_ONEDNN
#include <oneapi/dnnl/dnnl.h>
// oneDNN takes its threads from OpenMP. Not every compiler has an <omp.h>.
extern "C" int omp_get_max_threads();
extern "C" void omp_set_num_threads(int);
#endif

#include <algorithm>
#include <string>
#include <string_view>
#include <type_traits>

namespace xgrad::detail {

void one_blas_thread() {
    static const bool done = [] {
        openblas_set_num_threads(1);
        return true;
    }();
    static_cast<void>(done);
}

namespace {

int leading(std::size_t columns) { return static_cast<int>(std::max<std::size_t>(1, columns)); }

// c = op(a) op(b) + beta c, with the distances of rows.
template <class T>
struct Product {
    GemmShape shape;
    const T* a;
    int lda;
    const T* b;
    int ldb;
    T beta;
    T* c;
    int ldc;
};

template <class T, class Gemm>
void call_blas(Gemm gemm, const Product<T>& p) {
    const auto trans = [](bool transpose) { return transpose ? CblasTrans : CblasNoTrans; };
    const auto extent = [](std::size_t n) { return static_cast<int>(n); };
    const auto& [s, a, lda, b, ldb, beta, c, ldc] = p;
    gemm(
        CblasRowMajor,
        trans(s.transpose_a),
        trans(s.transpose_b),
        extent(s.m),
        extent(s.n),
        extent(s.k),
        T(1),
        a,
        lda,
        b,
        ldb,
        beta,
        c,
        ldc);
}
void call(const Product<float>& p) { call_blas(cblas_sgemm, p); }
void call(const Product<double>& p) { call_blas(cblas_dgemm, p); }

#ifdef XGRAD_ONEDNN
constexpr bool has_onednn = true;

// Keeps oneDNN to the thread that calls it, and leaves OpenMP as it was.
class OneOmpThread {
public:
    OneOmpThread() { omp_set_num_threads(1); }
    ~OneOmpThread() { omp_set_num_threads(before_); }
    OneOmpThread(const OneOmpThread&) = delete;

private:
    int before_ = omp_get_max_threads();
};

void call_onednn(const Product<float>& p) {
    const OneOmpThread one;
    const auto trans = [](bool transpose) { return transpose ? 'T' : 'N'; };
    const auto extent = [](std::size_t n) { return static_cast<dnnl_dim_t>(n); };
    const auto& [s, a, lda, b, ldb, beta, c, ldc] = p;
    const auto status = dnnl_sgemm(
        trans(s.transpose_a),
        trans(s.transpose_b),
        extent(s.m),
        extent(s.n),
        extent(s.k),
        1.0F,
        a,
        lda,
        b,
        ldb,
        beta,
        c,
        ldc);
    if (status != dnnl_success)
        fail<std::runtime_error>("gemm: oneDNN returned status {}", static_cast<int>(status));
}
#else
constexpr bool has_onednn = false;

void call_onednn(const Product<float>&) {}
#endif

// Whether oneDNN is the faster one: in float, from some size on (DESIGN.md, 35). With AVX2 it
// leaves operands where they are, and what it reads across rows that lie a multiple of 512 bytes
// apart, or of 1 KiB, evicts itself.
template <class T>
bool for_onednn(const GemmShape& s) {
    if (!has_onednn || !std::is_same_v<T, float>)
        return false;
    const std::size_t work = s.m * s.n * s.k, least = std::min({s.m, s.n, s.k});
    if (active_isa() == Isa::avx512)
        return least >= 16 && work >= std::size_t{1} << 21;
    const bool evicts = (s.transpose_a && s.m % 128 == 0) || (!s.transpose_b && s.n % 256 == 0);
    return active_isa() == Isa::avx2 && least >= 8 && work >= std::size_t{1} << 17 && !evicts;
}

// A row times a matrix, added to c: gemv reads the matrix once, gemm would pack it first.
template <class T, class Gemv>
void add_row(Gemv gemv, const Product<T>& p) {
    const GemmShape& s = p.shape;
    const auto rows = static_cast<int>(s.transpose_b ? s.n : s.k);
    const auto columns = static_cast<int>(s.transpose_b ? s.k : s.n);
    const auto trans = s.transpose_b ? CblasNoTrans : CblasTrans;
    gemv(CblasRowMajor, trans, rows, columns, T(1), p.b, p.ldb, p.a, 1, T(1), p.c, 1);
}
void add_row(const Product<float>& p) { add_row(cblas_sgemv, p); }
void add_row(const Product<double>& p) { add_row(cblas_dgemv, p); }

// Whether b is copied so that its rows are read: OpenBLAS has kernels for small products, of
// AVX-512, which take up to twice as long across them.
bool transposes_b(const GemmShape& s) {
    if (s.transpose_a || !s.transpose_b || std::min(s.m, s.n) < 24 || s.k > 256)
        return false;
    static const bool has_kernels = [] {
        const std::string_view core = openblas_get_corename();
        return core == "SkylakeX" || core == "Cooperlake" || core == "SapphireRapids";
    }();
    return has_kernels && s.m * s.n * s.k <= 1000000;
}

template <class T>
void scale(T* c, std::size_t n, T beta) {
    for (std::size_t i = 0; i < n; ++i)
        c[i] = beta == T(0) ? T(0) : beta * c[i];  // what is not set may be NaN
}

}  // namespace

template <class T>
void gemm(const GemmShape& s, const T* a, const T* b, T beta, T* c) {
    if (s.m == 0 || s.n == 0)
        return;
    if (const SmallGemm<T>& small = kernels<SmallGemm<T>>(); small.fits(s)) {
        small.run(s, a, b, beta, c);
        return;
    }
    one_blas_thread();
    if (transposes_b(s)) {
        Array<T> rows = empty<T>({s.k, s.n});
        kernels<TransposeKernels<T>>().transpose(rows.data(), s.n, b, s.k, s.n, s.k, false);
        gemm({s.m, s.n, s.k}, a, rows.data(), beta, c);
        return;
    }
    const bool by_onednn = for_onednn<T>(s);
    const Product<T> whole{
        s,
        a,
        leading(s.transpose_a ? s.m : s.k),
        b,
        leading(s.transpose_b ? s.k : s.n),
        beta,
        c,
        leading(s.n)};
    // Blocks of whole units along the longer side of c. Their number depends on the sizes alone,
    // since it shows in the bits, and grows with the cube root of the work: each block packs the
    // other operand anew, which its share of the side has to pay for.
    constexpr std::size_t work = std::size_t{32} << 20, unit = 64;
    const bool by_rows = s.m >= s.n;
    const std::size_t side = by_rows ? s.m : s.n;
    std::size_t blocks = 1;
    while (blocks * blocks * blocks * work <= s.m * s.n * s.k && 2 * blocks * unit <= side)
        blocks *= 2;
    const auto start_of = [&](std::size_t block) {
        return block == blocks ? side : side / unit * block / blocks * unit;
    };
    parallel_tasks(blocks, [&](std::size_t block) {
        const std::size_t first = start_of(block), size = start_of(block + 1) - first;
        Product<T> part = whole;
        if (by_rows) {
            part.shape.m = size;
            part.a += s.transpose_a ? first : first * s.k;
            part.c += first * s.n;
        } else {
            part.shape.n = size;
            part.b += s.transpose_b ? first * s.k : first;
            part.c += first;
        }
        if constexpr (std::is_same_v<T, float>) {
            if (by_onednn) {
                call_onednn(part);
                return;
            }
        }
        if (s.m > 1) {
            call(part);
            return;
        }
        scale(part.c, part.shape.n, beta);
        add_row(part);
    });
}

template void gemm(const GemmShape&, const float*, const float*, float, float*);
template void gemm(const GemmShape&, const double*, const double*, double, double*);

std::string blas_name() {
    std::string name = openblas_get_corename();
#ifdef XGRAD_ONEDNN
    if (active_isa() != Isa::sse2) {
        const dnnl_version_t& version = *dnnl_version();
        name += fmt::format(", in float oneDNN {}.{}", version.major, version.minor);
    }
#endif
    return name;
}

}  // namespace xgrad::detail
