// What the layers' constructors refuse, and their starting values.
#include <nn/layers.hpp>
#include <ops/ops.hpp>
#include <tests/support.hpp>

#include <cmath>

using namespace xgrad;
using namespace xgrad::test;

namespace {

using V = Variable<double>;

template <class F>
std::string refused(F make) {
    return text_of_error<std::invalid_argument>([&] { static_cast<void>(make()); });
}

double mean_square(const Array<double>& x) {
    double total = 0;
    for (const double v : x)
        total += v * v;
    return total / static_cast<double>(x.size());
}

}  // namespace

TEST_CASE("layers refuse extents that make no layer") {
    Rng rng(1);
    CHECK(refused([&] {
              return nn::Bilinear<double>(0, 2, 3, rng);
          }) == "Bilinear: in1 is 0, in2 is 2, out is 3; all need at least 1");
    CHECK(refused([&] {
              return nn::Maxout<double>(2, 3, 0, rng);
          }) == "Maxout: in is 2, out is 3, pieces is 0; all need at least 1");
    CHECK(refused([&] {
              return nn::Embedding<double>(0, 3, rng);
          }) == "Embedding: rows is 0, width is 3; both need at least 1");
    CHECK(refused([&] {
              return nn::Embedding<double>(4, 3, rng, 4);
          }) == "Embedding: padding_idx is 4; it must be one of 4 rows");
    CHECK(refused([&] { return nn::Prelu<double>(0); }) == "Prelu: channels is 0; need at least 1");
    CHECK(
        refused([&] {
            return nn::Conv2d<double>(3, 4, {0, 2}, rng);
        }) ==
        "Conv2d: in 3, out 4, kernel (0, 2), stride (1, 1), dilation (1, 1); all need at least 1");
    CHECK(refused([&] {
              return nn::Conv1d<double>(3, 4, 2, rng, {.groups = 2});
          }) == "Conv1d: 2 groups for 3 to 4 channels; groups must divide both");
    CHECK(text_of_error<ShapeError>([&] {
              const nn::Conv1d<double> wrong(
                  3, 4, 2, rng, {}, true, [](const Shape&, Rng&) { return Array<double>{1}; });
          }) == "Conv1d: the initializer made shape (1,); the weight is (4, 3, 2)");
    CHECK(refused([&] {
              return nn::BatchNorm1d<double>(0);
          }) == "BatchNorm1d: channels is 0; need at least 1");
    CHECK(refused([&] {
              return nn::BatchNorm2d<double>(2, {.momentum = 2});
          }) == "BatchNorm2d: momentum is 2; need 0 <= momentum <= 1");
    CHECK(refused([&] {
              return nn::LayerNorm<double>({4}, {.epsilon = 0});
          }) == "LayerNorm: epsilon is 0; need epsilon > 0");
    CHECK(refused([&] {
              return nn::GroupNorm<double>(2, 3);
          }) == "GroupNorm: 2 groups for 3 channels; groups must divide channels");
    CHECK(refused([&] {
              return nn::LocalResponseNorm<double>(0);
          }) == "LocalResponseNorm: size is 0; need at least 1");
    CHECK(refused([&] {
              return nn::WeightNorm<double>(std::shared_ptr<nn::WeightedLayer<double>>());
          }) == "WeightNorm: the layer is null; need a module");
}

TEST_CASE("layers refuse inputs that do not fit, by name") {
    Rng rng(1);
    const auto text = [](nn::Module<double>&& layer, const Shape& shape) {
        return text_of_error<ShapeError>(
            [&] { static_cast<void>(layer(V(random_array<double>(shape, 1)))); });
    };
    CHECK(
        text(nn::Conv2d<double>(3, 4, 2, rng), {2, 4, 5, 5}) ==
        "Conv2d(3, 4, 2): x has shape (2, 4, 5, 5); need (N, 3, rows, columns)");
    CHECK(
        text(nn::ConvTranspose1d<double>(3, 4, 2, rng), {2, 3}) ==
        "ConvTranspose1d(3, 4, 2): x has shape (2, 3); need (N, 3, length)");
    CHECK(
        text(nn::BatchNorm1d<double>(3), {2, 3, 4, 4}) ==
        "BatchNorm1d(3): x has shape (2, 3, 4, 4); need (N, 3) or (N, 3, length)");
    CHECK(
        text(nn::BatchNorm2d<double>(3), {2, 3}) ==
        "BatchNorm2d(3): x has shape (2, 3); need (N, 3, rows, columns)");
    CHECK(
        text(nn::GroupNorm<double>(1, 3), {2, 4}) ==
        "GroupNorm(1, 3): x has shape (2, 4); need (N, 3, ...)");
    CHECK(
        text(nn::Scale<double>({3}), {2, 4}) ==
        "Scale((3,)): x has shape (2, 4); it must end in (3,)");
    CHECK(
        text(nn::Maxout<double>(3, 2, 2, rng), {2, 4}) ==
        "Maxout(3, 2, pieces 2): x has shape (2, 4); need (..., 3)");
    CHECK(
        text(nn::Bilinear<double>(3, 2, 4, rng), {2, 4}) ==
        "Bilinear(3, 2, 4): x has shape (2, 4); need (..., 5)");
    CHECK(text(nn::Reshape<double>({3}), {}) == "Reshape(3,): x has shape (); need (N, ...)");
    CHECK(
        text(nn::Residual(nn::Dense<double>(3, 2, rng)), {4, 3}) ==
        "Residual: the body gives (4, 2), the shortcut (4, 3); both need one shape");
    CHECK(text_of_error<std::invalid_argument>([&] {
              nn::Parallel<double> none;
              static_cast<void>(none(V(1.0)));
          }) == "Parallel of 0 along axis -1: it has no modules; add at least one");
    nn::Bilinear<double> bilinear(3, 2, 4, rng);
    CHECK(text_of_error<ShapeError>([&] {
              static_cast<void>(bilinear.forward(
                  V(random_array<double>({5, 3}, 1)), V(random_array<double>({4, 2}, 1))));
          }) == "Bilinear(3, 2, 4): a has shape (5, 3), b (4, 2); need (..., 3) and (..., 2)");
}

TEST_CASE("Embedding: the padding row is 0 and stays so") {
    Rng rng(1);
    nn::Embedding<double> words(5, 3, rng, 2);
    CHECK(words.describe() == "Embedding(5, 3, padding 2)");
    const V y = words.look_up(Array<std::int64_t>{2, 1});
    check_same(slice(y, 0, 0, 1).value(), array({1, 3}, {0, 0, 0}));
    sum(y).backward();
    check_same(words.weight.grad(), array({5, 3}, {0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
}

TEST_CASE("convolutions start with the variance that keeps a relu network's scale") {
    Rng rng(1);
    const nn::Conv2d<double> conv(16, 64, 3, rng, {.groups = 2});
    CHECK(std::abs(mean_square(conv.weight.value()) * 8 * 9 / 2 - 1) < 0.1);
    // An element of the result adds 32 channels of 16 / 4 products each.
    nn::ConvTranspose2d<double> up(32, 32, 4, rng, {.stride = 2});
    CHECK(std::abs(mean_square(up.weight.value()) * 32 * 4 / 2 - 1) < 0.1);
    const V x(init::normal<double>({4, 32, 12, 12}, rng));
    // Away from the border, where fewer products meet.
    const V inner = slice(slice(up(x), 2, 4, 20), 3, 4, 20);
    CHECK(std::abs(mean_square(inner.value()) / 2 - 1) < 0.15);
}

TEST_CASE("WeightNorm starts at the layer's own weight, and scales by its length alone") {
    Rng rng(1);
    nn::Dense<double> dense(4, 3, rng);
    const V x(random_array<double>({5, 4}, 1));
    const Array<double> plain = dense(x).value();
    nn::WeightNorm<double> layer(std::move(dense));
    check_close(layer(x).value(), plain);
    layer.weight_v.update([](std::span<double> v) {
        for (double& element : v)
            element *= 7;
    });
    check_close(layer(x).value(), plain);
    CHECK(layer.describe() == "WeightNorm of Dense(4, 3)");
}

TEST_CASE("Maxout and Scale compute what they say") {
    Rng rng(1);
    nn::Maxout<double> maxout(1, 2, 2, rng);
    maxout.weight.assign(array({4, 1}, {1, -1, 2, 0}));
    maxout.bias.assign(Array<double>{0, 0, 0, 1});
    // max(x, -x) and max(2 x, 1).
    check_same(
        maxout(V(array({3, 1}, {-2, 0.25, 3}))).value(), array({3, 2}, {2, 1, 0.25, 1, 3, 6}));
    nn::Scale<double> scale({2});
    scale.weight.assign(Array<double>{2, 3});
    scale.bias.assign(Array<double>{1, 0});
    check_same(scale(V(array({2, 2}, {1, 1, -1, 2}))).value(), array({2, 2}, {3, 3, -1, 6}));
}
