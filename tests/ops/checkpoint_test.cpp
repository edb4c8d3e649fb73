#include <nn/layers.hpp>
#include <ops/checkpoint.hpp>
#include <ops/functional.hpp>
#include <ops/ops.hpp>
#include <tests/support.hpp>

#include <algorithm>
#include <vector>

using namespace xgrad;
using namespace xgrad::test;

namespace {

using V = Variable<double>;
using List = VariableList<double>;

V of(const Shape& shape, unsigned seed, bool wants = true) {
    return V(random_array<double>(shape, seed), wants);
}

}  // namespace

TEST_CASE("checkpoint: the same value and gradients, bit for bit") {
    const V x = of({4, 3}, 1), w = of({3, 3}, 2);
    const auto f = [&](const V& v) { return tanh(matmul(v, w)) * v; };
    const V plain = sum(square(f(x))), again = sum(square(checkpoint(f, x)));
    CHECK(again.item() == plain.item());
    const auto expected = grad<double>({plain}, {x, w});
    const auto got = grad<double>({again}, {x, w});
    CHECK(got[0].value() == expected[0].value());
    CHECK(got[1].value() == expected[1].value());
}

TEST_CASE("checkpoint: several inputs, constants among them, and a result it captures") {
    const V a = of({3}, 3), b = of({3}, 4), c = of({3}, 5, false);
    const V captured = exp(b);
    const V y = sum(checkpoint(
        [&](const List& in) { return in[0] * in[1] * sin(captured) + in[2]; }, List{a, b, c}));
    y.backward();
    const V plain = sum(a * b * sin(exp(b)) + c);
    const auto expected = grad<double>({plain}, {a, b});
    check_close(a.grad(), expected[0].value(), 1e-14);
    check_close(b.grad(), expected[1].value(), 1e-14);
}

TEST_CASE("checkpoint can be differentiated again, and nests") {
    const V x = of({5}, 6);
    const auto inner = [](const V& v) { return tanh(v) * v; };
    const auto outer = [&](const V& v) { return checkpoint(inner, v) + exp(v); };
    const V y = sum(checkpoint(outer, x)), plain = sum(inner(x) + exp(x));
    const V d = grad(y, x, {.create_graph = true});
    const V expected = grad(plain, x, {.create_graph = true});
    check_close(d.value(), expected.value(), 1e-14);
    check_close(grad(sum(square(d)), x).value(), grad(sum(square(expected)), x).value(), 1e-13);
}

TEST_CASE("checkpoint: values it reads that depend on each other count once, at every order") {
    const V x = of({4}, 8);
    const auto of_both = [](bool checkpoints, bool capture_both) {
        return [=](const V& v) {
            const V u = sin(v);
            if (!checkpoints)
                return sum(v * exp(u));
            if (capture_both)
                return sum(checkpoint([=](const V& one) { return v * exp(u) * one; }, V(1.0)));
            return sum(checkpoint([=](const V& in) { return v * exp(in); }, u));
        };
    };
    const V t = of({4}, 9, false);
    const auto plain = of_both(false, false);
    for (const bool capture_both : {false, true}) {
        const auto f = of_both(true, capture_both);
        check_close(grad(f(x), x).value(), grad(plain(x), x).value(), 1e-14);
        check_close(jvp(f, x, t).derivative.value(), jvp(plain, x, t).derivative.value(), 1e-14);
        check_close(hvp(f, x, t).derivative.value(), hvp(plain, x, t).derivative.value(), 1e-13);
    }
}

TEST_CASE("checkpoint: the hook of a captured value runs once, with the whole gradient") {
    const V x = of({3}, 10);
    int calls = 0;
    V seen;
    x.register_hook([&](const V& g) {
        ++calls;
        seen = g.detach();
    });
    const V y = sum(checkpoint([&](const V& v) { return v * x; }, exp(x)));
    const V g = grad(y, x);
    CHECK(calls == 1);
    check_same(seen.value(), g.value());
}

TEST_CASE("checkpoint: dropout layers repeat their masks, and their counters advance once") {
    Rng rng(1), same(1);
    nn::Dropout<double> drop(0.5, rng), twin(0.5, same);
    const V x = of({1000}, 7);
    const auto f = [&](const V& v) { return drop(drop(v) + 1); };
    const V y = checkpoint([&](const V& v) { return checkpoint(f, v); }, x);
    const V plain = twin(twin(x) + 1);
    CHECK(y.value() == plain.value());
    CHECK(grad(sum(y), x).value() == grad(sum(plain), x).value());
    CHECK(drop.key().stream == twin.key().stream);
}

TEST_CASE("checkpoint under NoGradGuard, and of constants, records nothing") {
    const V c = of({2}, 8, false), x = of({2}, 9);
    const auto f = [](const V& v) { return v * 2; };
    CHECK_FALSE(checkpoint(f, c).requires_grad());
    const NoGradGuard guard;
    CHECK_FALSE(checkpoint(f, x).requires_grad());
}

TEST_CASE("checkpoint: a function that changes is found out") {
    const V x = of({2}, 10), w = of({2}, 11);
    const auto text = [](const V& y) {
        const std::string all = text_of_error<GraphError>([&] { y.backward(); });
        return all.substr(0, all.find(" (")) + all.substr(all.find(") ") + 1);
    };
    const std::string expected =
        "backward: the function of checkpoint gave another result when it was called again; it "
        "must depend on its inputs and captures alone, and they must keep their values";
    const V y = sum(checkpoint([&](const V& v) { return v * w; }, x));
    w.assign(Array<double>{5, 6});
    CHECK(text(y) == expected);
    int calls = 0;
    CHECK(text(sum(checkpoint([&](const V& v) { return v * ++calls; }, x))) == expected);
    // An input that is overwritten is named as such.
    const V z = sum(checkpoint([](const V& v) { return v * 2; }, x));
    x.assign(Array<double>{5, 6});
    CHECK_THROWS_AS(z.backward(), GraphError);
    CHECK(text_of_error<std::invalid_argument>([&] {
              static_cast<void>(checkpoint(
                  [](const List& in) {
                      return List{in[0], in[0]};
                  },
                  List{x}));
          }) == "checkpoint: f returned 2 Variables; need exactly one");
}

TEST_CASE("checkpoint: a chain of 200 layers in pieces of 14 takes a sixth of the memory") {
    const V x = of({64, 64}, 12);
    const auto layers = [](V v, std::size_t n) {
        for (std::size_t i = 0; i < n; ++i)
            v = tanh(v * 1.01);
        return v;
    };
    const auto peak_of = [&](const auto& forward) {
        reset_peak_memory();
        const std::size_t before = memory_stats().live_bytes;
        const V y = sum(forward());
        static_cast<void>(grad(y, x));
        return memory_stats().peak_bytes - before;
    };
    const std::size_t plain = peak_of([&] { return layers(x, 200); });
    const std::size_t pieces = peak_of([&] {
        V v = x;
        for (std::size_t done = 0; done < 200; done += 14) {
            const std::size_t n = std::min<std::size_t>(14, 200 - done);
            v = checkpoint([&layers, n](const V& in) { return layers(in, n); }, v);
        }
        return v;
    });
    CHECK_MESSAGE(pieces * 6 <= plain, (std::to_string(pieces) + " of " + std::to_string(plain)));
}
