// Sizes at which kernels cut their work: values beside a sum in long double, to a bound that no
// element-by-element sum in T would meet, and bits that do not depend on threads.
#include <autograd/grad.hpp>
#include <autograd/parallel.hpp>
#include <ops/fused.hpp>
#include <ops/ops.hpp>
#include <tests/support.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

using namespace xgrad;
using namespace xgrad::test;

namespace {

// Sums over the middle axis of (outer, along, inner).
template <class T>
Array<double> sums_along(const Array<T>& x, std::size_t outer, std::size_t along) {
    const std::size_t inner = x.size() / (outer * along);
    Array<double> sums = empty<double>({outer, inner});
    for (std::size_t i = 0; i < sums.size(); ++i) {
        const T* from = x.data() + i / inner * along * inner + i % inner;
        long double sum = 0;
        for (std::size_t j = 0; j < along; ++j)
            sum += from[j * inner];
        sums.data()[i] = static_cast<double>(sum);
    }
    return sums;
}

// What f computes with two threads, after a check that it is what it computes with one.
template <class F>
auto on_two_threads(F f) {
    const auto one = f();
    set_num_threads(2);
    auto two = f();
    set_num_threads(1);
    CHECK(two.shape() == one.shape());
    CHECK(
        std::memcmp(
            two.value().data(), one.value().data(), one.size() * sizeof(*one.value().data())) == 0);
    return two;
}

// In units of the last place of T, over a sum of terms of one sign.
template <class T>
void check_sums(const Variable<T>& got, const Array<double>& expected, double units) {
    REQUIRE(got.size() == expected.size());
    double worst = 0;
    for (std::size_t i = 0; i < got.size(); ++i) {
        const double exact = expected.data()[i];
        worst = std::max(worst, std::abs(got.value().data()[i] - exact) / exact);
    }
    CHECK(worst <= units * std::numeric_limits<T>::epsilon());
}

template <class T>
void check_middle_sums(std::size_t outer, std::size_t along, std::size_t inner) {
    CAPTURE(outer);
    CAPTURE(along);
    CAPTURE(inner);
    const Array<T> x = random_array<T>({outer, along, inner}, 3, 0, 1);
    const auto y = on_two_threads([&] { return sum(Variable<T>(x), {1}); });
    check_sums(y, sums_along(x, outer, along), 16);
}

}  // namespace

TEST_CASE_TEMPLATE("sums are accurate at every size at which they are cut", T, float, double) {
    for (const std::size_t n : {1, 15, 127, 129, 1000, 4097, 8191, 16400, 100001, 1100003})
        check_middle_sums<T>(1, n, 1);
    check_middle_sums<T>(3, 600001, 1);   // pieces of a row
    check_middle_sums<T>(5001, 67, 1);    // many rows
    check_middle_sums<T>(1, 300001, 3);   // pieces of a few columns
    check_middle_sums<T>(1, 1003, 1037);  // pieces, more columns than a strip
    check_middle_sums<T>(1, 7, 80001);    // ranges of columns
    check_middle_sums<T>(37, 9, 1500);    // ranges of columns of several
    check_middle_sums<T>(1000, 70, 33);
}

TEST_CASE_TEMPLATE("an empty axis sums to 0, and no result is no work", T, float, double) {
    for (const Shape& shape : {Shape{3, 0, 1}, Shape{3, 0, 5}})
        CHECK(sum(Variable<T>(Array<T>(shape)), {1}).value() == Array<T>({3, shape[2]}, T(0)));
    CHECK(sum(Variable<T>(Array<T>(Shape{2, 3, 0})), {1}).size() == 0);
    CHECK(sum(Variable<T>(Array<T>(Shape{0, 3, 2})), {1}).size() == 0);
}

TEST_CASE_TEMPLATE("what repeats to more than the caches hold is whole", T, float, double) {
    // An odd number of columns: rows begin at every offset in a batch.
    const Shape wide{9000 / sizeof(T), 4099};
    const Array<T> row = random_array<T>({wide[1]}, 1), column = random_array<T>({wide[0], 1}, 2);
    const auto rows = on_two_threads([&] { return broadcast_to(Variable<T>(row), wide); });
    const auto columns = on_two_threads([&] { return broadcast_to(Variable<T>(column), wide); });
    const auto same = on_two_threads([&] {  // a copy: the seed is not given away
        const Variable<T> x(Array<T>(wide, T(0)), true);
        return grad(x + T(1), x, {.seeds = {rows}});
    });
    for (std::size_t r = 0; r < wide[0]; ++r) {
        const std::size_t at = r * wide[1], bytes = wide[1] * sizeof(T);
        const T* repeated = columns.value().data() + at;
        if (std::memcmp(rows.value().data() + at, row.data(), bytes) != 0 ||
            std::memcmp(same.value().data() + at, row.data(), bytes) != 0 ||
            std::count(repeated, repeated + wide[1], column.data()[r]) != std::ptrdiff_t(wide[1]))
            FAIL("row ", r, " is wrong");
    }
    CHECK(same.value().data() != rows.value().data());
}

TEST_CASE_TEMPLATE("softmax of a long row adds up", T, float, double) {
    constexpr std::size_t n = 300001;
    const Array<T> x = random_array<T>({2, n}, 5, -1, 1);
    const auto y = on_two_threads([&] { return softmax(Variable<T>(x)); });
    check_sums(
        y,
        [&] {
            Array<double> exact = empty<double>({2, n});
            for (std::size_t r = 0; r < 2; ++r) {
                long double total = 0;
                for (std::size_t i = 0; i < n; ++i)
                    total += std::exp(static_cast<long double>(x(r, i)));
                for (std::size_t i = 0; i < n; ++i)
                    exact(r, i) =
                        static_cast<double>(std::exp(static_cast<long double>(x(r, i))) / total);
            }
            return exact;
        }(),
        8);
}

TEST_CASE_TEMPLATE(
    "max and min of every length and axis; NaN wins wherever it stands", T, float, double) {
    const T nan = std::numeric_limits<T>::quiet_NaN();
    for (const std::size_t n : {1, 2, 7, 8, 15, 16, 17, 33, 40, 1001}) {
        CAPTURE(n);
        Array<T> x = random_array<T>({3, n, 2}, 11);
        for (const bool last : {false, true}) {
            // Along the last axis, or down columns of it.
            const Shape shape = last ? Shape{6, n} : Shape{3, n, 2};
            Array<T> values = x;
            values.reshape(shape);
            for (const std::size_t at : {std::size_t{0}, n / 2, n - 1}) {
                Array<T> poisoned = values;
                poisoned.data()[last ? n + at : n * 2 + at * 2] = nan;  // of result 1, or 2
                const auto y = on_two_threads([&] { return max(Variable<T>(poisoned), {1}); });
                const auto z = min(Variable<T>(poisoned), {1});
                const std::size_t bad = last ? 1 : 2;
                for (std::size_t i = 0; i < y.size(); ++i) {
                    T top = -std::numeric_limits<T>::infinity(), low = -top;
                    for (std::size_t j = 0; j < n; ++j) {
                        const T v = values.data()[last ? i * n + j : i / 2 * n * 2 + j * 2 + i % 2];
                        top = std::max(top, v);
                        low = std::min(low, v);
                    }
                    CHECK(is_close(y.value().data()[i], i == bad ? nan : top, 0));
                    CHECK(is_close(z.value().data()[i], i == bad ? nan : low, 0));
                }
            }
        }
    }
    const auto y = on_two_threads([] {
        return max(Variable<T>(random_array<T>({900, 211}, 1)), {1});
    });
    CHECK(y.size() == 900);
}

namespace {

// f, and its gradients, of whole arrays and of their halves: element by element the same bits.
template <class F>
void check_halves(std::size_t n, F f) {
    const Array<float> a = random_array<float>({n}, 1), b = random_array<float>({n}, 2);
    const auto run = [&](std::size_t from, std::size_t to) {
        const auto part = [&](const Array<float>& whole) {
            Array<float> some = empty<float>({to - from});
            std::copy_n(whole.data() + from, to - from, some.data());
            return Variable<float>(some, true);
        };
        const Variable<float> x = part(a), w = part(b), y = f(x, w);
        y.backward(part(b).detach());
        return std::vector<Array<float>>{y.value(), x.grad(), w.grad()};
    };
    const std::size_t half = n / 2;
    const auto whole = run(0, n), first = run(0, half), second = run(half, n);
    for (std::size_t i = 0; i < whole.size(); ++i) {
        CAPTURE(i);
        CHECK(std::memcmp(whole[i].data(), first[i].data(), half * sizeof(float)) == 0);
        CHECK(
            std::memcmp(whole[i].data() + half, second[i].data(), (n - half) * sizeof(float)) == 0);
    }
}

}  // namespace

// Of more than 12 MiB, the results go past the caches; halves of them do not.
TEST_CASE("elementwise ops on arrays larger than the caches") {
    const std::size_t n = (std::size_t{5} << 20) + 4099;
    check_halves(n, [](const auto& x, const auto& w) { return tanh(x) * w - x / (2.0F + w * w); });
}

namespace {

// The same of rows: f takes a matrix, a row and a column.
template <class T, class F>
void check_rows(std::size_t rows, std::size_t columns, F f) {
    const Array<T> a = random_array<T>({rows, columns}, 1), c = random_array<T>({rows, 1}, 3);
    const Variable<T> row(random_array<T>({columns}, 2), true);
    const auto run = [&](std::size_t from, std::size_t to) {
        const auto part = [&](const Array<T>& whole) {
            const std::size_t width = whole.shape()[1];
            Array<T> some = empty<T>({to - from, width});
            std::copy_n(whole.data() + from * width, some.size(), some.data());
            return Variable<T>(some, true);
        };
        const Variable<T> x = part(a), y = f(x, row, part(c));
        sum(y).backward();
        return std::vector<Array<T>>{y.value(), x.grad()};
    };
    for (const std::size_t threads : {1, 2}) {
        set_num_threads(threads);
        const auto whole = run(0, rows);
        const std::size_t from = rows / 3, to = from + 7;
        const auto some = run(from, to);
        for (std::size_t i = 0; i < whole.size(); ++i) {
            CAPTURE(i);
            const T* const at = whole[i].data() + from * columns;
            CHECK(std::memcmp(at, some[i].data(), some[i].size() * sizeof(T)) == 0);
        }
    }
    set_num_threads(1);
}

}  // namespace

TEST_CASE_TEMPLATE("ops on rows of arrays larger than the caches", T, float, double) {
    const std::size_t wide = (std::size_t{14} << 20) / sizeof(T);
    const auto f = [](const auto& x, const auto& row, const auto& column) {
        return tanh(x) * row - column;
    };
    const auto fused =
        elementwise([](auto x, auto row, auto column) { return tanh(x) * row - column; });
    const auto by_rows = [](const auto& x, const auto& row, const auto&) {
        return layer_norm(softmax(x), row.shape(), row) + log_softmax(x);
    };
    for (const std::size_t columns : {2048, 2051, 19}) {
        check_rows<T>(wide / columns, columns, f);
        check_rows<T>(wide / columns, columns, fused);
        check_rows<T>(wide / columns, columns, by_rows);
    }
}
