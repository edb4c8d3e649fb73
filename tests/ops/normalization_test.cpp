// What the normalizations refuse, in full, and what they do that no reference has.
#include <autograd/kernels.hpp>
#include <ops/normalization_kernels.hpp>
#include <tests/ops/errors.hpp>

#include <cmath>
#include <cstring>

using namespace xgrad;
using namespace xgrad::test;

using V = Variable<double>;

namespace {

// The formula in public ops: x seen as `view`, its groups along `axes`, a parameter as `affine`.
template <class T>
Variable<T> by_hand(
    const std::vector<Variable<T>>& in, const Shape& view, const Axes& axes, const Shape& affine) {
    const Variable<T> x = reshape(in[0], view);
    const Variable<T> d = x - mean(x, axes, true);
    const Variable<T> u = d * rsqrt(mean(square(d), axes, true) + 1e-5);
    return reshape(u * reshape(in[1], affine) + reshape(in[2], affine), in[0].shape());
}

// Value and gradients of f, for x, weight and bias.
template <class T, class F>
std::vector<Array<T>> all_of(const Shape& x, const Shape& parameter, F f) {
    const std::vector<Variable<T>> in = {
        Variable<T>(random_array<T>(x, 1), true),
        Variable<T>(random_array<T>(parameter, 2), true),
        Variable<T>(random_array<T>(parameter, 3), true)};
    const Variable<T> y = f(in);
    const Variable<T> seed(random_array<T>(x, 4));
    std::vector<Array<T>> results = {y.value()};
    for (const Variable<T>& g : grad<T>(std::vector{y}, in, {.seeds = {seed}}))
        results.push_back(g.value());
    return results;
}

template <class T>
void check_all_close(const std::vector<Array<T>>& got, const std::vector<Array<T>>& expected) {
    for (std::size_t i = 0; i < got.size(); ++i)
        check_close(got[i], expected[i], std::is_same_v<T, float> ? 3e-5 : 1e-11);
}

}  // namespace

// The reference cases stay below the kernels' unrolled batches, their blocks of 4096 elements, and
// the blocks of rows.
TEST_CASE_TEMPLATE("large normalizations agree with the formula in public ops", T, float, double) {
    for (const Shape& x : {Shape{1100, 130}, Shape{17, 5003}, Shape{2, 300, 64}}) {
        const std::size_t n = x.back(), rows = count(x) / n;
        check_all_close(
            all_of<T>(x, {n}, [n](const auto& in) { return layer_norm(in[0], {n}, in[1], in[2]); }),
            all_of<T>(x, {n}, [&](const auto& in) {
                return by_hand(in, {rows, n}, {1}, {n});
            }));
    }
    for (const Shape& x : {Shape{3, 4, 67, 71}, Shape{300, 6, 5}, Shape{2, 2, 40, 33}}) {
        const std::size_t n = x[0], c = x[1], length = count(x) / (n * c);
        check_all_close(
            all_of<T>(x, {c}, [](const auto& in) { return batch_norm(in[0], in[1], in[2]).y; }),
            all_of<T>(x, {c}, [&](const auto& in) {
                return by_hand(in, {n, c, length}, {0, 2}, {c, 1});
            }));
        check_all_close(
            all_of<T>(x, {c}, [](const auto& in) { return group_norm(in[0], 2, in[1], in[2]); }),
            all_of<T>(x, {c}, [&](const auto& in) {
                return by_hand(in, {n, 2, c / 2, length}, {2, 3}, {2, c / 2, 1});
            }));
    }
}

TEST_CASE("normalizations name the shapes that do not fit") {
    const V x = of({2, 3, 4});
    CHECK_SHAPE_ERROR(
        layer_norm(x, {3}),
        "layer_norm: x has shape (2, 3, 4), the normalized shape is (3,); need one axis or more, "
        "x's last ones");
    CHECK_SHAPE_ERROR(
        layer_norm(x, {}),
        "layer_norm: x has shape (2, 3, 4), the normalized shape is (); need one axis or more, x's "
        "last ones");
    CHECK_SHAPE_ERROR(
        rms_norm(of({4}), {3, 4}),
        "rms_norm: x has shape (4,), the normalized shape is (3, 4); need one axis or more, x's "
        "last ones");
    CHECK_SHAPE_ERROR(
        layer_norm(x, {3, 4}, of({4})), "layer_norm: weight is (4,); need weight (3, 4)");
    CHECK_SHAPE_ERROR(layer_norm(x, {4}, {}, of({3})), "layer_norm: bias is (3,); need bias (4,)");
    CHECK_SHAPE_ERROR(rms_norm(x, {4}, of({3})), "rms_norm: weight is (3,); need weight (4,)");
    CHECK_SHAPE_ERROR(group_norm(of({3}), 1), "group_norm: x has shape (3,); need (N, C, ...)");
    CHECK_SHAPE_ERROR(group_norm(x, 1, of({4})), "group_norm: weight is (4,); need weight (3,)");
    CHECK_SHAPE_ERROR(instance_norm(of({})), "instance_norm: x has shape (); need (N, C, ...)");
    CHECK_SHAPE_ERROR(instance_norm(x, {}, of({1})), "instance_norm: bias is (1,); need bias (3,)");
    CHECK_SHAPE_ERROR(batch_norm(of({3})), "batch_norm: x has shape (3,); need (N, C, ...)");
    CHECK_SHAPE_ERROR(batch_norm(x, of({3, 1})), "batch_norm: weight is (3, 1); need weight (3,)");
    CHECK_SHAPE_ERROR(
        batch_norm_eval(x, {of({3}), of({4})}), "batch_norm_eval: mean is (4,); need mean (3,)");
    CHECK_SHAPE_ERROR(
        batch_norm_eval(x, {of({}), of({3})}),
        "batch_norm_eval: variance is (); need variance (3,)");
}

TEST_CASE("normalizations refuse what has no variance, and a variance without epsilon") {
    const V x = of({2, 3, 4});
    CHECK_ARGUMENT_ERROR(
        layer_norm(x, {4}, {}, {}, 0), "layer_norm: epsilon is 0; need epsilon > 0");
    CHECK_ARGUMENT_ERROR(rms_norm(x, {4}, {}, -1), "rms_norm: epsilon is -1; need epsilon > 0");
    CHECK_ARGUMENT_ERROR(group_norm(x, 3, {}, {}, 0), "group_norm: epsilon is 0; need epsilon > 0");
    CHECK_ARGUMENT_ERROR(
        instance_norm(x, {}, {}, 0), "instance_norm: epsilon is 0; need epsilon > 0");
    CHECK_ARGUMENT_ERROR(batch_norm(x, {}, {}, 0), "batch_norm: epsilon is 0; need epsilon > 0");
    CHECK_ARGUMENT_ERROR(
        batch_norm_eval(x, {of({3}), of({3})}, {}, {}, 0),
        "batch_norm_eval: epsilon is 0; need epsilon > 0");
    CHECK_ARGUMENT_ERROR(
        group_norm(x, 2),
        "group_norm: groups is 2, x has shape (2, 3, 4), 3 channels; need a divisor of that");
    CHECK_ARGUMENT_ERROR(
        group_norm(x, 0),
        "group_norm: groups is 0, x has shape (2, 3, 4), 3 channels; need a divisor of that");
    CHECK_ARGUMENT_ERROR(
        instance_norm(of({2, 3})),
        "instance_norm: x has shape (2, 3), one element to a channel of a sample; need more");
    CHECK_ARGUMENT_ERROR(
        batch_norm(of({1, 3, 1})),
        "batch_norm: x has shape (1, 3, 1), one element to a channel; need more, or "
        "batch_norm_eval");
}

TEST_CASE("update_running refuses what it cannot move, and then has moved nothing") {
    const Moments<double> running = {V(Array<double>{1, 1, 1}), V(Array<double>{0, 0, 0})};
    const auto batch = batch_norm(of({2, 3, 4}));
    CHECK_ARGUMENT_ERROR(
        update_running(running, batch, 1.5),
        "update_running: momentum is 1.5; need 0 <= momentum <= 1");
    CHECK_ARGUMENT_ERROR(
        update_running(running, batch_norm(of({0, 3, 4}))),
        "update_running: 0 elements to a channel; need 2 for a variance");
    CHECK_SHAPE_ERROR(
        update_running({V(Array<double>{1, 1}), running.mean}, batch),
        "update_running: the running variance is (2,), the batch's (3,); need one shape");
    const V result = V(Array<double>{1, 1, 1}, true) * 2;
    CHECK(text_of_error<GraphError>([&] {
              update_running({result, running.mean}, batch);
          }) == "update_running: the running variance is the result of a recorded op; need a leaf");
    check_same(running.mean.value(), Array<double>{0, 0, 0});
    check_same(running.variance.value(), Array<double>{1, 1, 1});
}

TEST_CASE("a batch norm tells the moments it used, as constants") {
    // Channel 0 holds 1, 3, 5, 7: mean 4, squared distances 9 + 1 + 1 + 9, of which the quarter.
    const V x(Array<double>{{{1, 3}, {2, 2}}, {{5, 7}, {2, 2}}}, true);
    const auto out = batch_norm(x);
    check_close(out.moments.mean.value(), Array<double>{4, 2});
    check_close(out.moments.variance.value(), Array<double>{5, 0});
    CHECK(out.count == 4);
    CHECK_FALSE(out.moments.mean.requires_grad());
    CHECK_FALSE(out.moments.variance.requires_grad());
    CHECK(out.y.requires_grad());
}

TEST_CASE("update_running records nothing, and counts a version") {
    const Moments<double> running = {V(Array<double>{1, 1}, true), V(Array<double>{0, 0}, true)};
    update_running(running, batch_norm(of({2, 2, 3})));
    CHECK(running.mean.is_leaf());
    CHECK(running.mean.version() == 1);
    check_close(running.mean.value(), Array<double>{0.1, 0.1});
    check_close(running.variance.value(), Array<double>{0.9, 0.9});
}

TEST_CASE("a weight overwritten after the forward stops the backward") {
    const V x = of({2, 3}), weight = of({3});
    const V y = layer_norm(x, {3}, weight);
    weight.assign(Array<double>{1, 2, 3});
    CHECK(
        text_of_error<GraphError>([&] {
            sum(y).backward();
        }).find("needs a value of shape (3,) that was overwritten after it was recorded") !=
        std::string::npos);
}

TEST_CASE("a layer norm in float keeps the digits of a row far from 0") {
    // 1e6 + {0, 1, 2, 3}: the mean is 1e6 + 1.5, the variance 1.25; from squares it would be lost.
    const Variable<float> x(Array<float>{{1000000, 1000001, 1000002, 1000003}});
    const Variable<float> y = layer_norm(x, {4});
    const double s = std::sqrt(1.25 + 1e-5);
    check_close(
        y.value(),
        Array<float>{{float(-1.5 / s), float(-0.5 / s), float(0.5 / s), float(1.5 / s)}},
        1e-6);
}

// On some processors alone do ops call them so: runs that do not begin at a line, and short ones.
TEST_CASE_TEMPLATE("normalization: runs stored past the caches are the same", T, float, double) {
    const auto& kernels = detail::kernels<detail::NormalizationKernels<T>>();
    for (const std::size_t n : {1, 3, 16, 37, 1000}) {
        CAPTURE(n);
        const Array<T> x = random_array<T>({n}, 1), g = random_array<T>({n}, 2);
        const Array<T> w = random_array<T>({n}, 3), b = random_array<T>({n}, 4);
        const auto same = [&](auto run) {
            Array<T> plain = empty<T>({n + 1}), past = empty<T>({n + 1});
            for (const std::size_t first : {0, 1}) {
                run(plain.data() + first, false);
                run(past.data() + first, true);
                detail::drain<T>(true);
                CHECK(std::memcmp(plain.data() + first, past.data() + first, n * sizeof(T)) == 0);
            }
        };
        for (const T* weight : {w.data(), static_cast<const T*>(nullptr)}) {
            for (const T* bias : {b.data(), static_cast<const T*>(nullptr)}) {
                same([&](T* y, bool past) {
                    kernels.normalize(y, x.data(), n, T(0.5), T(2), T(1), weight, bias, past);
                });
            }
            same([&](T* dx, bool past) {
                kernels.share(
                    dx, g.data(), x.data(), n, T(0.5), weight, T(2), T(3), T(-1), T(0.25), past);
            });
        }
    }
}
