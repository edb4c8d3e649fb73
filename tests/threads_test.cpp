// Graphs on several threads, and results that do not depend on how many there are. Also run under
// ThreadSanitizer, where OpenBLAS is not instrumented: matrix products stay below 512
// multiply-adds, which run by hand, except in the cases named BLAS.
#include <autograd/parallel.hpp>
#include <nn/data.hpp>
#include <nn/layers.hpp>
#include <nn/optim.hpp>
#include <ops/ops.hpp>
#include <tests/support.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <new>
#include <thread>
#include <vector>

using namespace xgrad;
using namespace xgrad::test;

namespace {

using V = Variable<double>;
constexpr std::size_t thread_count = 4;

void on_threads(const std::function<void(std::size_t)>& body) {
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < thread_count; ++i)
        threads.emplace_back(body, i);
    for (std::thread& thread : threads)
        thread.join();
}

// The gradients of a small network's loss on example i.
std::vector<Array<double>> gradients_at(std::size_t i, const V& w, const V& b) {
    const V x(random_array<double>({4, 3}, static_cast<unsigned>(i)));
    const V loss = mean(square(tanh(matmul(x, w) + b))) + sum(softmax(w)) * 0.1;
    std::vector<Array<double>> gradients;
    for (const V& g : grad<double>({loss}, {w, b}))
        gradients.push_back(g.value());
    return gradients;
}

// What f computes, with one thread and with two.
template <class F>
void check_same_bits(F f) {
    set_num_threads(1);
    const auto one = f();
    set_num_threads(2);
    const auto two = f();
    set_num_threads(1);
    REQUIRE(one.size() == two.size());
    for (std::size_t i = 0; i < one.size(); ++i)
        check_same(two[i], one[i]);
}

// Value and gradient of f at x.
template <class T, class F>
std::vector<Array<T>> run(const Array<T>& x, F f) {
    const Variable<T> in(x, true);
    const Variable<T> y = f(in);
    const Variable<T> seed(random_array<T>(y.shape(), 17));
    return {y.value(), grad<T>(std::vector{y}, {in}, {.seeds = {seed}}).front().value()};
}

}  // namespace

TEST_CASE("graphs on different threads are independent") {
    std::vector<double> results(thread_count);
    on_threads([&](std::size_t i) {
        const V x(Array<double>{double(i) + 1, 2}, true);
        for (int step = 0; step < 50; ++step) {
            x.zero_grad();
            V y = sum(square(x));
            for (int k = 0; k < 20; ++k)
                y = y * 1.0;
            y.backward();
        }
        results[i] = x.grad().data()[0];
    });
    for (std::size_t i = 0; i < thread_count; ++i)
        CHECK(results[i] == 2 * (double(i) + 1));
}

TEST_CASE("NoGradGuard and AnomalyGuard act on their own thread only") {
    const NoGradGuard guard;
    const AnomalyGuard anomaly;
    bool recorded = false, watched = true;
    std::thread([&] {
        recorded = grad_enabled();
        watched = anomaly_enabled();
    }).join();
    CHECK(recorded);
    CHECK_FALSE(watched);
}

TEST_CASE("grad() over shared parameters from four threads equals one after the other") {
    const V w(random_array<double>({3, 2}, 100), true), b(random_array<double>({2}, 101), true);
    constexpr std::size_t rounds = 25;
    std::vector<std::vector<Array<double>>> parallel(thread_count * rounds);
    on_threads([&](std::size_t i) {
        for (std::size_t r = 0; r < rounds; ++r)
            parallel[i * rounds + r] = gradients_at(i * rounds + r, w, b);
    });
    for (std::size_t i = 0; i < parallel.size(); ++i) {
        const auto expected = gradients_at(i, w, b);
        check_same(parallel[i][0], expected[0]);
        check_same(parallel[i][1], expected[1]);
    }
    CHECK_FALSE(w.has_grad());
}

TEST_CASE("a graph built on one thread is differentiated and freed on others") {
    const V x(Array<double>{1, 2}, true);
    std::vector<V> graphs(thread_count);
    for (V& graph : graphs)
        graph = sum(exp(x) * x);
    on_threads([&](std::size_t i) {
        const V g = grad(graphs[i], x);
        graphs[i] = V(g.value());
    });
    for (const V& g : graphs)
        check_close(g.value(), Array<double>(xt::exp(x.value()) * (x.value() + 1.0)));
}

TEST_CASE("several threads run ops that use threads themselves") {
    set_num_threads(2);
    std::vector<double> results(thread_count);
    on_threads([&](std::size_t i) {
        const V x(Array<double>(Shape{100000}, double(i)));
        for (int k = 0; k < 5; ++k)
            results[i] = sum(x * 2 + 1).item();
    });
    set_num_threads(1);
    for (std::size_t i = 0; i < thread_count; ++i)
        CHECK(results[i] == 100000 * (2.0 * double(i) + 1));
}

TEST_CASE("several threads train on one dataset, each with workers that augment it") {
    const data::Dataset<double> images(random_array<double>({30, 6, 5}, 1), data::Labels(30, 1), 2);
    data::Augmentation<double> steps(5);
    steps.flip().crop(1).rotate(15).shift(1).noise(0.1).cutout(2).mixup(0.3);
    steps.custom("none", [](const data::ImageView<double>&, Rng&) {});
    const auto run = [&](std::size_t workers) {
        const data::DataLoader<double> loader(images, {.batch_size = 4, .workers = workers}, steps);
        const V w(random_array<double>({6, 5}, 2), true);
        for (std::uint64_t epoch = 0; epoch < 2; ++epoch) {
            for (auto& [x, y] : loader.epoch(epoch))
                sum(square(w * V(std::move(x)))).backward();
            for (const auto& batch : loader.epoch(epoch)) {
                if (batch.y.size() == 4)
                    break;  // with batches in the making
            }
        }
        return w.grad();
    };
    const auto expected = run(0);
    std::vector<Array<double>> results(thread_count);
    on_threads([&](std::size_t i) { results[i] = run(i + 1); });
    for (const auto& result : results)
        check_same(result, expected);
}

TEST_CASE("an exception in one of an op's threads reaches the caller") {
    set_num_threads(2);
    for (const std::size_t bad : {0, 3, 7}) {
        std::atomic<int> done = 0;
        CHECK_THROWS_AS(
            detail::parallel_tasks(
                8,
                [&](std::size_t i) {
                    if (i == bad)
                        throw std::bad_alloc();
                    ++done;
                }),
            std::bad_alloc);
        CHECK(done == 7);
    }
    detail::parallel_tasks(8, [](std::size_t) {});  // and the threads go on
    set_num_threads(1);
}

TEST_CASE("set_num_threads refuses 0") {
    CHECK(num_threads() == 1);
    CHECK(text_of_error<std::invalid_argument>([] {
              set_num_threads(0);
          }) == "set_num_threads: n is 0; need at least 1");
    CHECK(num_threads() == 1);
}

TEST_CASE_TEMPLATE("elementwise ops give the same bits with one thread and two", T, float, double) {
    // An odd length: the pieces end inside a batch. Mixed sizes: sin reduces its argument by
    // another path when a neighbour is large.
    Array<T> x = random_array<T>({300007}, 1, -3, 3);
    for (std::size_t i = 0; i < x.size(); i += 7)
        x.data()[i] *= T(1e6);
    check_same_bits([&] { return run(x, [](const auto& v) { return sin(v); }); });
    check_same_bits([&] { return run(x, [](const auto& v) { return cos(v) * tanh(v); }); });
    check_same_bits([&] { return run(x, [](const auto& v) { return sigmoid(v) + erf(v); }); });
    check_same_bits([&] { return run(x, [](const auto& v) { return log1p(exp(-abs(v))); }); });
    check_same_bits([&] { return run(x, [](const auto& v) { return relu(v) / (1 + v * v); }); });
    check_same_bits(
        [&] { return run(x, [](const auto& v) { return hypot(v, T(2e6)) - T(3) * v; }); });
    const Array<T> rows = random_array<T>({401, 701}, 2), row = random_array<T>({701}, 3);
    check_same_bits(
        [&] { return run(rows, [&](const auto& v) { return v * Variable<T>(row) + sinh(v); }); });
}

TEST_CASE_TEMPLATE(
    "sums and softmax give the same bits with one thread and two", T, float, double) {
    const Array<T> x = random_array<T>({801, 503}, 4);
    check_same_bits([&] { return run(x, [](const auto& v) { return softmax(v); }); });
    check_same_bits([&] { return run(x, [](const auto& v) { return log_softmax(v, 0); }); });
    check_same_bits([&] { return run(x, [](const auto& v) { return sum(v); }); });
    check_same_bits([&] { return run(x, [](const auto& v) { return variance(v, {0}); }); });
    check_same_bits([&] { return run(x, [](const auto& v) { return logsumexp(v, {1}); }); });
}

TEST_CASE_TEMPLATE("normalizations give the same bits with one thread and two", T, float, double) {
    const auto with_shares = [](const Array<T>& x, const Shape& shape, auto f) {
        check_same_bits([&] {
            const Variable<T> in(x, true), weight(random_array<T>(shape, 8), true);
            const Variable<T> bias(random_array<T>(shape, 9), true);
            const Variable<T> y = f(in, weight, bias);
            const Variable<T> seed(random_array<T>(y.shape(), 17));
            std::vector<Array<T>> results = {y.value()};
            const auto shares = grad<T>(std::vector{y}, {in, weight, bias}, {.seeds = {seed}});
            for (const auto& share : shares)
                results.push_back(share.value());
            return results;
        });
    };
    const Array<T> rows = random_array<T>({801, 503}, 4);
    with_shares(rows, {503}, [](const auto& x, const auto& weight, const auto& bias) {
        return layer_norm(x, {503}, weight, bias);
    });
    const Array<T> images = random_array<T>({6, 8, 50, 31}, 5);
    with_shares(images, {8}, [](const auto&... in) { return batch_norm(in...).y; });
    with_shares(images, {8}, [](const auto& x, const auto& weight, const auto& bias) {
        return group_norm(x, 4, weight, bias);
    });
}

TEST_CASE_TEMPLATE(
    "pooling and interpolation give the same bits with one thread and two", T, float, double) {
    const Array<T> x = random_array<T>({23, 5, 27, 31}, 8);
    const RowsColumns size{5, 9};
    check_same_bits([&] {
        return run(x, [](const auto& v) { return max_pool2d(v, 3, {.stride = 2, .padding = 1}); });
    });
    check_same_bits([&] { return run(x, [](const auto& v) { return max_pool1d(v, 4); }); });
    check_same_bits([&] {
        return run(x, [](const auto& v) { return avg_pool2d(v, 3, {.stride = 2, .padding = 1}); });
    });
    check_same_bits(
        [&] { return run(x, [&](const auto& v) { return adaptive_max_pool2d(v, size); }); });
    check_same_bits(
        [&] { return run(x, [&](const auto& v) { return adaptive_avg_pool2d(v, size); }); });
    check_same_bits([&] {
        return run(x, [](const auto& v) {
            return interpolate(v, {.scale = {1.3, 2}, .mode = Interpolation::bilinear});
        });
    });
}

TEST_CASE("dropout and optimisers give the same bits with one thread and two") {
    const Array<float> x = random_array<float>({200003}, 5);
    check_same_bits([&] {
        return run(x, [](const auto& v) { return dropout(v, 0.7, {.seed = 3, .stream = 4}); });
    });
    check_same_bits([&] {
        const Variable<float> w(x, true);
        optim::Adam<float> adam({{"w", w}}, {.lr = 0.01, .weight_decay = 0.1});
        optim::SGD<float> sgd({{"w", w}}, {.lr = 0.01, .momentum = 0.9});
        for (int step = 0; step < 3; ++step) {
            adam.zero_grad();
            sum(square(w) * w).backward();
            adam.step();
            sgd.step();
        }
        return std::vector{w.value()};
    });
}

TEST_CASE_TEMPLATE(
    "BLAS: matrix products give the same bits with one thread and two", T, float, double) {
    for (const auto& [m, k, n] :
         {std::array<std::size_t, 3>{257, 301, 129}, {1000, 64, 10}, {3, 700, 900}}) {
        const Array<T> a = random_array<T>({m, k}, 6), b = random_array<T>({k, n}, 7);
        check_same_bits(
            [&] { return run(a, [&](const auto& v) { return matmul(v, Variable<T>(b)); }); });
    }
}

TEST_CASE_TEMPLATE(
    "BLAS: recurrent layers give the same bits with one thread and two", T, float, double) {
    const Variable<T> h(random_array<T>({130, 20}, 1)), ih(random_array<T>({80, 9}, 2), true);
    const Variable<T> hh(random_array<T>({80, 20}, 3), true);
    check_same_bits([&] {
        const Variable<T> x(random_array<T>({4, 130, 9}, 4), true);
        const Variable<T> y = lstm(x, h, h, {ih, hh, {}, {}}).y;
        std::vector<Array<T>> results = {y.value()};
        for (const auto& share : grad<T>({sum(square(y))}, std::vector{x, ih, hh}))
            results.push_back(share.value());
        return results;
    });
}

namespace {

template <class T>
void check_convolution(const Shape& x, const Shape& w, const Conv2dOptions& options) {
    const Array<T> in = random_array<T>(x, 8), weight = random_array<T>(w, 9);
    const auto by_x = [&](const auto& v) { return conv2d(v, Variable<T>(weight), options); };
    const auto by_w = [&](const auto& v) { return conv2d(Variable<T>(in), v, options); };
    check_same_bits([&] { return run(in, by_x); });
    check_same_bits([&] { return run(weight, by_w); });
}

}  // namespace

TEST_CASE_TEMPLATE("convolutions give the same bits with one thread and two", T, float, double) {
    check_convolution<T>({5, 33, 13, 11}, {20, 33, 3, 3}, {.padding = 1});
    check_convolution<T>({1, 130, 19, 17}, {7, 130, 3, 2}, {.stride = 2, .padding = 2});
    check_convolution<T>({3, 24, 40, 41}, {24, 1, 3, 3}, {.padding = 1, .groups = 24});
    check_convolution<T>({2, 3, 150, 301}, {9, 3, 5, 5}, {.stride = {1, 2}, .dilation = {2, 1}});
}

TEST_CASE_TEMPLATE(
    "BLAS: convolutions by matrix products give the same bits with one thread and two",
    T,
    float,
    double) {
    check_convolution<T>({17, 40, 9, 7}, {33, 40, 1, 1}, {});
    check_convolution<T>({20, 40, 7, 7}, {33, 40, 3, 3}, {.padding = 1});
}
