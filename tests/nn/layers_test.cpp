#include <autograd/parallel.hpp>
#include <nn/layers.hpp>
#include <ops/ops.hpp>
#include <tests/support.hpp>

#include <algorithm>
#include <cmath>
#include <memory>

using namespace xgrad;
using namespace xgrad::test;

using V = Variable<double>;

TEST_CASE("Dense is x W^T + b, over any leading axes") {
    Rng rng(1);
    nn::Dense<double> dense(3, 2, rng);
    dense.bias.assign(Array<double>{10, 20});
    for (const Shape& shape : {Shape{3}, Shape{4, 3}, Shape{2, 4, 3}, Shape{0, 3}}) {
        const V x(random_array<double>(shape, 2));
        const V expected = matmul(x, transpose(dense.weight)) + dense.bias;
        check_close(dense(x).value(), expected.value());
    }
    CHECK(dense.describe() == "Dense(3, 2)");
}

TEST_CASE("Dense without a bias, and with an initializer of one's own") {
    Rng rng(1);
    nn::Dense<double> dense(2, 2, rng, false, [](const Shape& shape, Rng&) {
        return init::constant<double>(shape, 3);
    });
    CHECK_FALSE(dense.bias.defined());
    CHECK(dense.parameters().size() == 1);
    check_close(dense(V(Array<double>{1, 2})).value(), {9, 9});
    CHECK(dense.describe() == "Dense(2, 2, no bias)");
    CHECK(text_of_error<ShapeError>([&] {
              const nn::Dense<double> wrong(2, 2, rng, true, [](const Shape&, Rng&) {
                  return Array<double>{1, 2};
              });
          }) == "Dense: the initializer made shape (2,); the weight is (2, 2)");
    CHECK(text_of_error<std::invalid_argument>([&] {
              const nn::Dense<double> none(0, 2, rng);
          }) == "Dense: in is 0, out is 2; both need at least 1");
}

TEST_CASE("a wrong shape names the layer, and in Sequential its place") {
    Rng rng(1);
    nn::Sequential net(
        nn::Dense<double>(3, 4, rng), nn::Relu<double>(), nn::Dense<double>(5, 2, rng));
    CHECK(text_of_error<ShapeError>([&] {
              static_cast<void>(net(V(random_array<double>({2, 3}, 1))));
          }) == "2.Dense(5, 2): x has shape (2, 4); need (..., 5)");
    CHECK(text_of_error<ShapeError>([&] {
              static_cast<void>(net(V(1.0)));
          }) == "0.Dense(3, 4): x has shape (); need (..., 3)");
}

TEST_CASE("activations as layers are the functions") {
    const V x(random_array<double>({2, 5}, 3));
    check_same(nn::Relu<double>()(x).value(), relu(x).value());
    check_same(nn::LeakyRelu<double>(0.2)(x).value(), leaky_relu(x, 0.2).value());
    check_same(nn::Elu<double>(0.5)(x).value(), elu(x, 0.5).value());
    check_same(nn::Gelu<double>()(x).value(), gelu(x).value());
    check_same(nn::Silu<double>()(x).value(), silu(x).value());
    check_same(nn::Softplus<double>()(x).value(), softplus(x).value());
    check_same(nn::Sigmoid<double>()(x).value(), sigmoid(x).value());
    check_same(nn::Tanh<double>()(x).value(), tanh(x).value());
    CHECK(nn::Flatten<double>()(V(random_array<double>({2, 3, 4}, 1))).shape() == Shape{2, 12});
    CHECK(nn::LeakyRelu<double>(0.2).describe() == "LeakyRelu(0.2)");
}

TEST_CASE("Dropout keeps keep_prob of the elements and their mean") {
    for (const double keep : {0.1, 0.5, 0.9}) {
        Rng rng(7);
        nn::Dropout<double> dropout(keep, rng);
        const std::size_t n = 100000;
        const V y = dropout(V(Array<double>(Shape{n}, 1.0)));
        const auto kept = static_cast<double>(
            std::count_if(y.value().begin(), y.value().end(), [](double v) { return v != 0; }));
        // Five standard deviations of a binomial count.
        CHECK(std::abs(kept - keep * n) < 5 * std::sqrt(n * keep * (1 - keep)));
        for (const double v : y.value())
            CHECK_UNARY(v == 0 || std::abs(v - 1 / keep) < 1e-12);
    }
}

TEST_CASE("Dropout: neighbouring elements and masks are independent") {
    Rng rng(7);
    nn::Dropout<double> dropout(0.5, rng);
    const std::size_t n = 100000;
    const V ones(Array<double>(Shape{n}, 1.0));
    const Array<double> a = dropout(ones).value(), b = dropout(ones).value();
    for (const std::size_t lag : {1, 2, 3, 4, 8}) {
        std::size_t same = 0;
        for (std::size_t i = 0; i + lag < n; ++i)
            same += a.data()[i] == a.data()[i + lag];
        CHECK(std::abs(double(same) - n / 2.0) < 5 * std::sqrt(n / 4.0));
    }
    std::size_t same = 0;
    for (std::size_t i = 0; i < n; ++i)
        same += a.data()[i] == b.data()[i];
    CHECK(std::abs(double(same) - n / 2.0) < 5 * std::sqrt(n / 4.0));
}

TEST_CASE("Dropout: the gradient passes through the same mask") {
    Rng rng(3);
    nn::Dropout<double> dropout(0.6, rng);
    const V x(Array<double>(Shape{1000}, 1.0), true);
    const V y = dropout(x);
    sum(y).backward();
    check_same(x.grad(), y.value());
}

TEST_CASE("Dropout is the identity in evaluation and at keep_prob 1, exactly") {
    Rng rng(3);
    nn::Dropout<double> half(0.5, rng), all(1, rng);
    const V x(random_array<double>({50}, 1));
    half.eval();
    check_same(half(x).value(), x.value());
    check_same(all(x).value(), x.value());
    half.train();
    CHECK(difference(half(x).value(), x.value(), 0) != "");
}

TEST_CASE("Dropout refuses a keep_prob outside (0, 1]") {
    Rng rng(3);
    const auto text = [&](double keep) {
        return text_of_error<std::invalid_argument>(
            [&] { const nn::Dropout<double> dropout(keep, rng); });
    };
    const Rng::State before = rng.state();
    CHECK(text(0) == "Dropout: keep_prob is 0; need 0 < keep_prob <= 1");
    CHECK(text(1.5) == "Dropout: keep_prob is 1.5; need 0 < keep_prob <= 1");
    CHECK(text(-0.1) == "Dropout: keep_prob is -0.1; need 0 < keep_prob <= 1");
    CHECK(text(std::nan("")) == "Dropout: keep_prob is nan; need 0 < keep_prob <= 1");
    CHECK(rng.state() == before);
}

TEST_CASE("Dropout: a new mask in every forward, the same when frozen, the same by seed") {
    const V x(Array<double>(Shape{200}, 1.0));
    Rng rng(5), again(5), other(6);
    nn::Dropout<double> a(0.5, rng), b(0.5, again), c(0.5, other), next(0.5, rng);
    const Array<double> first = a(x).value(), second = a(x).value();
    CHECK(difference(first, second, 0) != "");
    check_same(b(x).value(), first);
    check_same(b(x).value(), second);
    CHECK(difference(c(x).value(), first, 0) != "");
    CHECK(difference(next(x).value(), first, 0) != "");
    a.freeze_noise();
    const Array<double> frozen = a(x).value();
    check_same(a(x).value(), frozen);
    a.freeze_noise(false);
    CHECK(difference(a(x).value(), frozen, 0) != "");
}

TEST_CASE("Dropout: the same bits with one thread and with two") {
    const Variable<float> x(random_array<float>({300001}, 1));
    const Array<float> one = dropout(x, 0.7, {.seed = 1, .stream = 2}).value();
    set_num_threads(2);
    const Array<float> two = dropout(x, 0.7, {.seed = 1, .stream = 2}).value();
    set_num_threads(1);
    check_same(two, one);
}

TEST_CASE("DropConnect calls the layer inside, with its hooks and its path in errors") {
    Rng rng(1);
    const auto dense = std::make_shared<nn::Dense<double>>(3, 2, rng);
    nn::DropConnect<double> layer(dense, 0.5, rng);
    int calls = 0;
    const auto handle = dense->register_forward_hook([&](const V&, const V& y) {
        ++calls;
        return 0 * y;
    });
    const V x(random_array<double>({4, 3}, 1)), wrong(random_array<double>({4, 7}, 1));
    for (const bool trains : {true, false}) {
        layer.train(trains);
        check_same(layer(x).value(), Array<double>({4, 2}, 0.0));
        CHECK(text_of_error<ShapeError>([&] {
                  static_cast<void>(layer(wrong));
              }) == "layer.Dense(3, 2): x has shape (4, 7); need (..., 3)");
    }
    CHECK(calls == 2);
}

TEST_CASE("Sequential: layers in order, by number, shared or moved in") {
    Rng rng(1);
    nn::Sequential<double> net;
    const auto shared = std::make_shared<nn::Dense<double>>(2, 2, rng);
    net.add(nn::Tanh<double>()).add(std::static_pointer_cast<nn::Module<double>>(shared));
    const V x(Array<double>{1, 2});
    check_close(net(x).value(), (*shared)(tanh(x)).value());
    CHECK(net.parameters()[0].name == "1.weight");
    CHECK(net.describe() == "Sequential of 2");
    const nn::Sequential<double> none;
    CHECK(none.parameters().empty());
}
