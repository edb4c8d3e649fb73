// Formulas over rows of every kind, beside loops; short rows that repeat.
#include <autograd/broadcast.hpp>
#include <autograd/grad.hpp>
#include <autograd/kernels.hpp>
#include <ops/ops.hpp>
#include <ops/row_kernels.hpp>
#include <tests/support.hpp>

#include <cstring>
#include <limits>
#include <vector>

using namespace xgrad;
using namespace xgrad::test;

namespace {

struct Pair {
    Shape a, b;
};

// Rows with and without a tail, more of them than are padded together, and what moves along a row,
// from row to row, or not at all.
const std::vector<Pair> pairs{
    {{19, 21}, {19, 21}},
    {{19, 21}, {21}},
    {{19, 21}, {19, 1}},
    {{19, 21}, {}},
    {{2, 19, 21}, {19, 1}},
    {{2, 19, 21}, {2, 1, 21}},
    {{3, 9, 2, 5}, {9, 1, 5}},
    {{17, 3}, {3}},
    {{1, 40}, {30, 1}},
    {{40, 16}, {16}},
    {{40, 16}, {40, 1}}};

template <class T>
Array<T> mapped(const Array<T>& a, const Array<T>& b, const Array<T>& g, T (*f)(T, T, T)) {
    Array<T> y = empty<T>(g.shape());
    for (std::size_t i = 0; i < y.size(); ++i)
        y.data()[i] = f(a.data()[i], b.data()[i], g.data()[i]);
    return y;
}

}  // namespace

TEST_CASE_TEMPLATE("elementwise ops: rows of every kind, beside loops", T, float, double) {
    const double close = 64 * std::numeric_limits<T>::epsilon();
    for (const Pair& pair : pairs) {
        const Variable<T> a(random_array<T>(pair.a, 1), true),
            b(random_array<T>(pair.b, 2) + T(3), true);
        CAPTURE(to_string(pair.a));
        CAPTURE(to_string(pair.b));
        const Shape shape = broadcast_shape("test", pair.a, pair.b);
        const Array<T> wide_a = broadcast_to(a.detach(), shape).value();
        const Array<T> wide_b = broadcast_to(b.detach(), shape).value();
        const Array<T> g = random_array<T>(shape, 3);

        const Variable<T> y = a / b;
        CHECK(
            difference(
                y.value(), mapped<T>(wide_a, wide_b, g, [](T p, T q, T) { return p / q; }), 0) ==
            "");
        // The second share is added to the first.
        const auto shares = grad<T>({y + a * b}, {a, b}, {.seeds = {Variable<T>(g)}});
        const Array<T> of_a =
            mapped<T>(wide_a, wide_b, g, [](T, T q, T d) { return d / q + d * q; });
        const Array<T> of_b =
            mapped<T>(wide_a, wide_b, g, [](T p, T q, T d) { return d * p - d * p / (q * q); });
        const auto expected = [&](const Array<T>& share, const Shape& to) {
            return sum_to(Variable<T>(share), to).value();
        };
        CHECK(difference(shares[0].value(), expected(of_a, pair.a), close) == "");
        CHECK(difference(shares[1].value(), expected(of_b, pair.b), close) == "");
    }
}

TEST_CASE_TEMPLATE("broadcast_to and linear: short rows that repeat", T, float, double) {
    for (const std::size_t columns : {1, 3, 16, 17, 64, 65}) {
        CAPTURE(columns);
        const std::size_t rows = 1000;
        const Variable<T> row(random_array<T>({columns}, 1));
        const Array<T> wide = broadcast_to(row, {rows, columns}).value();
        const Variable<T> nothing(Array<T>({rows, 2}, T(0))),
            weight(random_array<T>({columns, 2}, 2));
        const Array<T> biased = linear(nothing, weight, row).value();
        std::size_t wrong = 0;
        for (std::size_t i = 0; i < wide.size(); ++i) {
            const T expected = row.value().data()[i % columns];
            wrong += (wide.data()[i] == expected ? 0 : 1) + (biased.data()[i] == expected ? 0 : 1);
        }
        CHECK(wrong == 0);
    }
}

// On some processors alone do ops call them so: rows that do not begin at a line, short ones, and
// longer ones than what is kept beside.
TEST_CASE_TEMPLATE("softmax: rows stored past the caches are the same rows", T, float, double) {
    const auto& kernels = detail::kernels<detail::RowKernels<T>>();
    for (const std::size_t columns : {1, 3, 16, 37, 1000, 4096, 5003}) {
        CAPTURE(columns);
        const std::size_t rows = 5, n = rows * columns;
        const Array<T> x = random_array<T>({n}, 1), g = random_array<T>({n}, 2);
        const auto same = [&](auto run) {
            Array<T> plain = empty<T>({n + 1}), past = empty<T>({n + 1});
            for (const std::size_t first : {0, 1}) {
                run(plain.data() + first, false);
                run(past.data() + first, true);
                detail::drain<T>(true);
                CHECK(std::memcmp(plain.data() + first, past.data() + first, n * sizeof(T)) == 0);
            }
        };
        same([&](T* y, bool past) { kernels.softmax(y, x.data(), rows, columns, past); });
        same([&](T* y, bool past) { kernels.log_softmax(y, x.data(), rows, columns, past); });
        same([&](T* dx, bool past) {
            kernels.softmax_share(dx, g.data(), x.data(), rows, columns, past);
        });
        same([&](T* dx, bool past) {
            kernels.log_softmax_share(dx, g.data(), x.data(), rows, columns, past);
        });
    }
}
