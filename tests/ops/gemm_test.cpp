// Products of every small shape, read in every way, beside sums in long double.
#include <autograd/parallel.hpp>
#include <ops/gemm.hpp>
#include <tests/support.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

using namespace xgrad;
using namespace xgrad::test;

namespace {

template <class T>
void check_product(const detail::GemmShape& s, T beta) {
    const Array<T> a = random_array<T>({s.m * s.k}, 1), b = random_array<T>({s.k * s.n}, 2);
    const Array<T> before = random_array<T>({s.m * s.n + 1}, 3);
    Array<T> c = before;
    if (beta == T(0))
        std::fill_n(c.data(), s.m * s.n, std::numeric_limits<T>::quiet_NaN());  // not read
    detail::gemm(s, a.data(), b.data(), beta, c.data());
    const std::size_t step_a = s.transpose_a ? s.m : 1, step_b = s.transpose_b ? 1 : s.n;
    for (std::size_t i = 0; i < s.m; ++i) {
        for (std::size_t j = 0; j < s.n; ++j) {
            const T* x = a.data() + (s.transpose_a ? i : i * s.k);
            const T* y = b.data() + (s.transpose_b ? j * s.k : j);
            const std::size_t at = i * s.n + j;
            long double sum = beta == T(0) ? 0 : beta * before.data()[at], size = std::abs(sum);
            for (std::size_t p = 0; p < s.k; ++p, x += step_a, y += step_b) {
                const long double term = static_cast<long double>(*x) * *y;
                sum += term;
                size += term < 0 ? -term : term;
            }
            const long double bound = (s.k + 2) * std::numeric_limits<T>::epsilon() * size;
            if (!(std::abs(c.data()[at] - sum) <= bound))
                FAIL("element (", i, ", ", j, ") is ", c.data()[at], ", not ", double(sum));
        }
    }
    CHECK(c.data()[s.m * s.n] == before.data()[s.m * s.n]);  // nothing beyond
}

}  // namespace

TEST_CASE_TEMPLATE("gemm: every small shape, transposed or not", T, float, double) {
    constexpr std::size_t sides[] = {1, 2, 3, 5, 8, 9, 16, 17, 31, 50};
    for (const std::size_t m : sides) {
        for (const std::size_t n : sides) {
            for (const std::size_t k : sides) {
                for (int read = 0; read < 4; ++read) {
                    const detail::GemmShape shape{m, n, k, (read & 1) != 0, (read & 2) != 0};
                    CAPTURE(m);
                    CAPTURE(n);
                    CAPTURE(k);
                    CAPTURE(read);
                    check_product(shape, T(read == 0 || k % 2 == 0 ? 0 : 1));
                }
            }
        }
    }
    check_product<T>({211, 20, 2, false, true}, T(1));
    check_product<T>({20, 2, 211, true, false}, T(-0.5));
}

// From 2^17 multiply-adds on, 2^21 with AVX-512, products in float may be oneDNN's.
TEST_CASE_TEMPLATE("gemm: large shapes, transposed or not", T, float, double) {
    const std::size_t shapes[][3] = {
        {8, 200, 129},
        {64, 64, 64},
        {24, 151, 256},
        {128, 131, 9},
        {128, 128, 128},
        {130, 141, 150},
        {16, 1001, 140},
        {210, 16, 701},
        {1500, 65, 33}};
    for (const auto& shape : shapes) {
        const std::size_t m = shape[0], n = shape[1], k = shape[2];
        for (int read = 0; read < 4; ++read) {
            CAPTURE(m);
            CAPTURE(read);
            check_product<T>({m, n, k, (read & 1) != 0, (read & 2) != 0}, T(0));
            check_product<T>({m, n, k, (read & 1) != 0, (read & 2) != 0}, T(1));
        }
    }
}

// Shapes of one block and of several, with tails.
TEST_CASE_TEMPLATE("gemm: the same bits for any number of threads", T, float, double) {
    const std::size_t shapes[][3] = {
        {512, 512, 512}, {300, 1030, 440}, {1029, 256, 515}, {1029, 65, 520}};
    for (const auto& shape : shapes) {
        const std::size_t m = shape[0], n = shape[1], k = shape[2];
        for (int read = 0; read < 4; ++read) {
            const detail::GemmShape s{m, n, k, (read & 1) != 0, (read & 2) != 0};
            const Array<T> a = random_array<T>({m * k}, 1), b = random_array<T>({k * n}, 2);
            const Array<T> before = random_array<T>({m * n}, 3);
            std::vector<Array<T>> results;
            for (const std::size_t threads : {1, 2, 3, 5}) {
                set_num_threads(threads);
                results.push_back(before);
                detail::gemm(s, a.data(), b.data(), T(1), results.back().data());
            }
            set_num_threads(1);
            CAPTURE(m);
            CAPTURE(n);
            CAPTURE(k);
            CAPTURE(read);
            for (const Array<T>& result : results)
                CHECK(std::memcmp(result.data(), results[0].data(), m * n * sizeof(T)) == 0);
        }
    }
}
