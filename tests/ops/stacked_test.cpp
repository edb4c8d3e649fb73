// Many gradients in one pass, as jacobian() and hessian() take them, against one pass each.
#include <autograd/backward.hpp>
#include <autograd/record.hpp>
#include <ops/checkpoint.hpp>
#include <ops/functional.hpp>
#include <ops/fused.hpp>
#include <ops/ops.hpp>
#include <tests/support.hpp>

#include <string>
#include <vector>

using namespace xgrad;
using namespace xgrad::test;

namespace {

using V = Variable<double>;
using List = VariableList<double>;

constexpr std::size_t stack_size = 3;

// An input of a sample: in its range, off its kinks, without ties.
Array<double> drawn(const Sample& sample, std::size_t i, unsigned seed) {
    if (const auto fixed = sample.fixed.find(i); fixed != sample.fixed.end())
        return fixed->second;
    Array<double> x = random_array<double>(sample.shapes[i], seed, sample.low, sample.high);
    for (double& element : x) {
        for (const double kink : sample.kinks)
            element += std::abs(element - kink) < 0.05 ? 0.1 : 0;
    }
    return x;
}

V random_stack(const Shape& shape, unsigned seed) {
    Shape stacked{stack_size};
    for (const std::size_t extent : shape)
        stacked.push_back(extent);
    return V(random_array<double>(stacked, seed));
}

V slice_at(const V& stack, std::size_t r, const Shape& shape) {
    return reshape(slice(stack, 0, r, r + 1), shape);
}

// What differs between the stack's gradients and those of its slices; empty when nothing does.
std::string compare(const V& y, const List& leaves, unsigned seed) {
    const V seeds = random_stack(y.shape(), seed);
    const List stacks = detail::stacked_gradients(y, seeds, leaves);
    for (std::size_t r = 0; r < stack_size; ++r) {
        const List single = grad<double>(
            {y},
            leaves,
            {.seeds = {slice_at(seeds, r, y.shape())}, .allow_unused = true, .retain_graph = true});
        for (std::size_t j = 0; j < leaves.size(); ++j) {
            if (stacks[j].defined() != single[j].defined())
                return "only one of them reaches input " + std::to_string(j);
            if (!single[j].defined())
                continue;
            const std::string text = difference(
                slice_at(stacks[j], r, leaves[j].shape()).value(), single[j].value(), 1e-12);
            if (!text.empty())
                return "input " + std::to_string(j) + ", slice " + std::to_string(r) + ": " + text;
        }
    }
    return "";
}

// The recorded gradients of y in one scalar, so that a stack passes through the rules' own ops.
V recorded_gradients(const V& y, const List& leaves) {
    const V seed(random_array<double>(y.shape(), 5), true);
    const List first =
        grad<double>({y}, leaves, {.seeds = {seed}, .create_graph = true, .allow_unused = true});
    V total(0.0);
    for (const V& g : first) {
        if (g.defined())
            total = total + sum(square(g)) + sum(g);
    }
    return total;
}

}  // namespace

TEST_CASE("a stack of gradients gives what its slices give, for every op and its rules' ops") {
    std::size_t first_order = 0, second_order = 0;
    for (const Op* op : all_ops()) {
        for (const Sample& sample : op->samples()) {
            if (!sample.call_double)
                continue;
            List leaves, inputs;
            for (std::size_t i = 0; i < sample.shapes.size(); ++i) {
                inputs.emplace_back(
                    drawn(sample, i, static_cast<unsigned>(7 + i)), !sample.fixed.contains(i));
                if (inputs.back().requires_grad())
                    leaves.push_back(inputs.back());
            }
            const V y = sample.call_double(inputs);
            if (!y.requires_grad())
                continue;
            const std::string text = compare(y, leaves, 11);
            CHECK_MESSAGE(text.empty(), (op->name() + ": " + text));
            ++first_order;
            V total;
            try {
                total = recorded_gradients(y, leaves);
            } catch (const GraphError&) {
                continue;  // a rule on arrays
            }
            if (!total.requires_grad())
                continue;
            const std::string second = compare(total, leaves, 13);
            CHECK_MESSAGE(second.empty(), (op->name() + ", second order: " + second));
            ++second_order;
        }
    }
    CHECK(first_order > 250);
    CHECK(second_order > 200);
}

TEST_CASE("a stack: shared values, broadcast operands, fused formulas, checkpoints, products") {
    const V x(random_array<double>({4, 3}, 1), true), w(random_array<double>({5, 3}, 2), true);
    const V b(random_array<double>({5}, 3), true), s(Array<double>(Shape{}, 0.5), true);
    const auto gate = elementwise([](auto a, auto c) { return tanh(a * c) * a; });
    const V h = gate(linear(x, w, b), s);
    const V y = h * h + checkpoint([](const V& v) { return sin(v) * v; }, h) - exp(h * 0.1) * b;
    CHECK(compare(y, {x, w, b, s}, 4) == "");
    const V a(random_array<double>({2, 1, 3, 4}, 5), true),
        c(random_array<double>({5, 4, 2}, 6), true);
    CHECK(compare(matmul(a, c), {a, c}, 7) == "");
    const V d(random_array<double>({4, 2}, 8), true);
    CHECK(compare(matmul(a, d), {a, d}, 9) == "");
    CHECK(compare(matmul(transpose(d), transpose(a, -1, -2)), {a, d}, 10) == "");
}

TEST_CASE("a stack goes through hooks slice by slice, with the shape they expect") {
    const V x(Array<double>{1, 2, 3});
    std::size_t calls = 0;
    const auto f = [&](const V& v) {
        const V h = v * v;
        h.register_hook([&](const V& g) {
            ++calls;
            CHECK(g.shape() == Shape{3});
            return g * 10;
        });
        return h * 1;
    };
    check_close(jacobian(f, x).value(), Array<double>{{20, 0, 0}, {0, 40, 0}, {0, 0, 60}});
    CHECK(calls == 3);
}

TEST_CASE("a stack: anomaly mode, overwritten values and rules of a wrong shape are named") {
    const V x(Array<double>{4, 0});
    {
        const AnomalyGuard guard;
        const std::string text = text_of_error<AnomalyError>(
            [&] { static_cast<void>(jacobian([](const V& v) { return sqrt(v); }, x)); });
        CHECK(text.starts_with("sqrt (stacked_test.cpp:"));
        CHECK(text.find("the gradient of input 0, shape (2, 2), is ") != std::string::npos);
    }
    const V w(Array<double>{1, 2}, true);
    CHECK(text_of_error<GraphError>([&] {
              static_cast<void>(jacobian(
                  [&](const V& v) {
                      const V y = v * w;
                      w.assign(Array<double>{3, 4});
                      return y;
                  },
                  x));
          }).starts_with("backward: mul (stacked_test.cpp:"));
    static const Op wrong_op("stacked_wrong", on({{2}}, [](const auto& in) { return in[0]; }));
    CHECK(text_of_error<std::logic_error>([&] {
              static_cast<void>(jacobian(
                  [](const V& v) -> V {
                      return record(wrong_op, Array<double>(v.value())).wrt(v, [](const V&) {
                          return V(Array<double>{1, 2, 3});
                      });
                  },
                  x));
          }).find("returned shape (3,); the input has (2,)") != std::string::npos);
}

TEST_CASE("a stack of more rows than one pass takes") {
    const V x(random_array<double>({300}, 20)), w(random_array<double>({300, 300}, 21));
    const V j = jacobian([&](const V& v) { return tanh(matmul(w, v)); }, x);
    const Array<double> y = tanh(matmul(w, x)).value();
    Array<double> expected = w.value();
    for (std::size_t i = 0; i < 300; ++i) {
        for (std::size_t k = 0; k < 300; ++k)
            expected(i, k) *= 1 - y(i) * y(i);
    }
    check_close(j.value(), expected, 1e-12);
}
