// Matrices transposed and axes in any order, element by element beside the indices.
#include <autograd/kernels.hpp>
#include <autograd/parallel.hpp>
#include <ops/shape.hpp>
#include <ops/transpose.hpp>
#include <tests/support.hpp>

#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

using namespace xgrad;
using namespace xgrad::test;

namespace {

// 0, 1, 2, ...: each element says where it comes from, exactly in float up to 2^24.
template <class T>
Array<T> counted(const Shape& shape) {
    Array<T> x = empty<T>(shape);
    std::iota(x.begin(), x.end(), T(0));
    return x;
}

// Where permute(x, order) differs from x by the indices, or "".
template <class T>
std::string check_permuted(const Array<T>& x, const Axes& order) {
    const Array<T> y = permute(Variable<T>(x), order).value();
    const std::size_t rank = order.size();
    std::vector<std::size_t> index(rank, 0), step(rank, 1);
    for (std::size_t axis = 0; axis < rank; ++axis) {
        for (std::size_t below = std::size_t(order[axis]) + 1; below < rank; ++below)
            step[axis] *= x.shape()[below];
    }
    std::size_t from = 0;
    for (std::size_t i = 0; i < y.size(); ++i) {
        if (y.data()[i] != x.data()[from])
            return index_string(i, y.shape());
        for (std::size_t axis = rank; axis-- > 0;) {
            from += step[axis];
            if (++index[axis] < y.shape()[axis])
                break;
            from -= step[axis] * y.shape()[axis];
            index[axis] = 0;
        }
    }
    return "";
}

}  // namespace

TEST_CASE_TEMPLATE("the transposing kernel: every remainder, rows apart", T, float, double) {
    const auto transpose = detail::kernels<detail::TransposeKernels<T>>().transpose;
    for (const bool past_caches : {false, true}) {
        for (const std::size_t rows : {0, 1, 2, 3, 7, 8, 15, 16, 31, 32, 48, 67}) {
            for (const std::size_t columns : {0, 1, 2, 3, 4, 5, 7, 8, 11, 16, 21, 128, 131}) {
                for (const std::size_t apart : {0, 16, 5}) {
                    const std::size_t step_x = columns + apart, step_y = rows + apart;
                    const Array<T> x = counted<T>({rows, step_x});
                    Array<T> y = empty<T>({columns, step_y});
                    std::fill(y.begin(), y.end(), T(-1));
                    transpose(y.data(), step_y, x.data(), step_x, rows, columns, past_caches);
                    detail::drain<T>(past_caches);
                    std::size_t wrong = 0;
                    for (std::size_t c = 0; c < columns; ++c) {
                        for (std::size_t r = 0; r < step_y; ++r)
                            wrong += y(c, r) != (r < rows ? x(r, c) : T(-1));
                    }
                    CAPTURE(rows);
                    CAPTURE(columns);
                    CAPTURE(apart);
                    CHECK(wrong == 0);
                }
            }
        }
    }
}

TEST_CASE_TEMPLATE("permute: any shape, any order of its axes", T, float, double) {
    std::mt19937 random(7);
    constexpr std::size_t extents[] = {1, 1, 2, 3, 4, 5, 9, 17, 33};
    for (int trial = 0; trial < 300; ++trial) {
        Shape shape(random() % 6);
        for (std::size_t& extent : shape)
            extent = random() % 40 == 0 ? 0 : extents[random() % std::size(extents)];
        if (count(shape) > 200000)
            continue;
        Axes order(shape.size());
        std::iota(order.begin(), order.end(), 0);
        std::shuffle(order.begin(), order.end(), random);
        CAPTURE(to_string(shape));
        CAPTURE(order);
        CHECK(check_permuted(counted<T>(shape), order) == "");
    }
}

TEST_CASE_TEMPLATE("permute: several pieces, for one thread and for more", T, float, double) {
    struct Case {
        Shape shape;
        Axes order;
    };
    const Case cases[] = {
        {{517, 700}, {1, 0}},
        {{3, 90001}, {1, 0}},
        {{90001, 3}, {1, 0}},
        {{9, 130, 8, 40}, {0, 2, 1, 3}},
        {{9, 130, 8, 40}, {0, 2, 3, 1}},
        {{2, 3, 257, 301}, {3, 1, 0, 2}},
        {{300000}, {0}}};
    for (const std::size_t threads : {1, 2, 3}) {
        set_num_threads(threads);
        for (const Case& each : cases) {
            CAPTURE(to_string(each.shape));
            CAPTURE(threads);
            CHECK(check_permuted(counted<T>(each.shape), each.order) == "");
        }
    }
    set_num_threads(1);
}

// 8 MiB: past the caches, where lines are whole and where they are not.
TEST_CASE("permute: arrays larger than the caches") {
    for (const Shape& shape : {Shape{2048, 1024}, Shape{2049, 1030}, Shape{64, 512, 65}}) {
        CAPTURE(to_string(shape));
        Axes order(shape.size());
        std::iota(order.rbegin(), order.rend(), 0);
        CHECK(check_permuted(counted<float>(shape), order) == "");
    }
    CHECK(check_permuted(counted<float>({16, 256, 8, 64}), {0, 2, 1, 3}) == "");
}
