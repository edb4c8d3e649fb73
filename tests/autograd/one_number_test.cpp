// Gradients of equal elements travel as one number; shares are added where a gradient waits.
#include <autograd/grad.hpp>
#include <autograd/record.hpp>
#include <ops/fused.hpp>
#include <ops/ops.hpp>
#include <tests/support.hpp>

#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

using namespace xgrad;
using namespace xgrad::test;

namespace {

using V = Variable<double>;

template <class T>
struct Leaves {
    Variable<T> x = Variable<T>(random_array<T>({3, 4}, 1), true);
    Variable<T> same = Variable<T>(random_array<T>({3, 4}, 4), true);
    Variable<T> row = Variable<T>(random_array<T>({4}, 2), true);
    Variable<T> column = Variable<T>(random_array<T>({3, 1}, 3), true);
    Variable<T> scalar = Variable<T>(Array<T>(Shape{}, T(0.7)), true);
    [[nodiscard]] std::vector<Variable<T>> all() const { return {x, same, row, column, scalar}; }
};

// Products with an operand read transposed.
template <class T>
std::vector<Variable<T>> shares_of(const Leaves<T>& in) {
    const Variable<T> a = tanh(in.x), b = tanh(transpose(in.same, 0, 1)), g = linear(in.x, in.same);
    return grad<T>({matmul(a, b)}, {a, b}, {.seeds = {g}, .create_graph = true});
}

template <class T>
using Expressions =
    std::vector<std::pair<std::string, std::function<Variable<T>(const Leaves<T>&)>>>;

template <class T>
Expressions<T> expressions() {
    using In = const Leaves<T>&;
    return {
        {"x", [](In in) { return in.x; }},
        {"x + row", [](In in) { return in.x + in.row; }},
        {"row - x", [](In in) { return in.row - in.x; }},
        {"column + row", [](In in) { return in.column + in.row; }},
        {"x + scalar", [](In in) { return in.x + in.scalar; }},
        {"x row", [](In in) { return in.x * in.row; }},
        {"column row", [](In in) { return in.column * in.row; }},
        {"-(x + x row)", [](In in) { return -(in.x + in.x * in.row); }},
        {"x + x", [](In in) { return in.x + in.x; }},
        {"x x", [](In in) { return in.x * in.x; }},
        {"many shares", [](In in) { return tanh(in.x) + exp(in.x * in.row) * in.x; }},
        {"sums of sums", [](In in) { return sum(in.x * in.row, {1}) + sum(in.x, {1}); }},
        {"kept axes",
         [](In in) {
             return sum(in.x, {0, 1}, true) * in.column;
         }},
        {"a scalar", [](In in) { return sum(in.x) * in.scalar; }},
        {"matmul",
         [](In in) {
             return matmul(in.x, reshape(in.row, {4, 1})) + in.column;
         }},
        {"matrices", [](In in) { return matmul(in.x, transpose(in.same, 0, 1)); }},
        {"a stack by a matrix",
         [](In in) {
             return matmul(reshape(in.x, {3, 2, 2}), reshape(in.row, {2, 2}));
         }},
        {"a matrix by a stack",
         [](In in) {
             return matmul(reshape(in.row, {2, 2}), reshape(in.x, {3, 2, 2}));
         }},
        {"stacks",
         [](In in) {
             return matmul(reshape(in.x, {1, 3, 2, 2}), reshape(in.same, {3, 1, 2, 2}));
         }},
        {"linear", [](In in) { return linear(in.x, in.same, reshape(in.column, {3})); }},
        {"linear of a linear",
         [](In in) {
             return linear(
                 linear(in.x, in.same), reshape(in.column, {1, 3}), reshape(in.scalar, {1}));
         }},
        {"the share of a product's first operand", [](In in) { return shares_of(in)[0]; }},
        {"the share of its second", [](In in) { return shares_of(in)[1]; }},
        {"fused, broadcast",
         [](In in) {
             return elementwise([](auto a, auto b, auto c) { return exp(a * b) + c * a; })(
                 in.x, in.row, in.column);
         }},
        {"fused",
         [](In in) {
             return elementwise([](auto a, auto b) { return exp(a) * tanh(b); })(in.x, in.same);
         }},
    };
}

template <class T>
std::vector<Variable<T>> gradients(
    const Variable<T>& y, const Leaves<T>& in, T each, bool create_graph = false) {
    const Variable<T> seed(Array<T>(y.shape(), each));
    return grad<T>(
        {y}, in.all(), {.seeds = {seed}, .create_graph = create_graph, .allow_unused = true});
}

}  // namespace

TEST_CASE_TEMPLATE(
    "backward: through a sum every gradient is that of a seed of equal elements",
    T,
    float,
    double) {
    for (const auto& expression : expressions<T>()) {
        const auto& f = expression.second;
        CAPTURE(expression.first);
        for (const T each : {T(1), T(1) / 3}) {
            const Leaves<T> in;
            const auto expected = gradients(f(in), in, each);
            for (const bool create_graph : {false, true}) {
                const auto got = gradients(sum(f(in)), in, each, create_graph);
                for (std::size_t i = 0; i < got.size(); ++i) {
                    CAPTURE(i);
                    REQUIRE(got[i].defined() == expected[i].defined());
                    if (!got[i].defined())
                        continue;
                    const double close = 4 * std::numeric_limits<T>::epsilon();
                    CHECK(difference(got[i].value(), expected[i].value(), close) == "");
                }
            }
        }
    }
}

TEST_CASE("backward: where somebody looks, one number is the array it stands for") {
    const Leaves<double> in;
    const V y = in.x + in.row;
    y.retain_grad();
    std::vector<Shape> seen;
    const auto note = [&](const V& g) { seen.push_back(g.shape()); };
    y.register_hook(note);
    in.x.register_hook(note);
    mean(y).backward();
    CHECK(seen == std::vector<Shape>{{3, 4}, {3, 4}});
    CHECK(difference(y.grad(), Array<double>({3, 4}, 1.0 / 12), 1e-16) == "");
    CHECK(difference(in.x.grad(), y.grad(), 0) == "");
    CHECK(difference(in.row.grad(), Array<double>({4}, 0.25), 1e-16) == "");
    CHECK(in.x.grad().data() != y.grad().data());

    const V z = in.x * 2.0;
    const auto g = grad<double>({sum(z + in.row)}, {z, in.row});
    CHECK(difference(g[0].value(), Array<double>({3, 4}, 1.0), 0) == "");
    CHECK(difference(g[1].value(), Array<double>({4}, 3.0), 0) == "");
    const AnomalyGuard anomaly;
    const std::vector<V> totals = {sum(in.x + in.row)}, inputs = {in.x};
    CHECK(difference(grad<double>(totals, inputs)[0].value(), g[0].value(), 0) == "");
}

TEST_CASE("backward: one number of an empty array") {
    const V none(empty<double>({0, 4}), true), row(Array<double>{1, 2, 3, 4}, true);
    sum((none + row) * 3.0).backward();
    CHECK(none.grad().shape() == Shape{0, 4});
    CHECK(difference(row.grad(), Array<double>({4}, 0.0), 0) == "");
    row.zero_grad();
    sum(none - row).backward();
    CHECK(difference(row.grad(), Array<double>({4}, 0.0), 0) == "");
}

TEST_CASE("backward: through a product of no terms a mean's gradient is 0") {
    const V none(empty<double>({0, 4}), true), w(Array<double>({2, 4}, 1.0), true),
        bias(Array<double>{1, 2}, true), columns(empty<double>({4, 0}), true);
    mean(linear(none, w, bias)).backward();
    CHECK(none.grad().shape() == Shape{0, 4});
    CHECK(difference(w.grad(), Array<double>({2, 4}, 0.0), 0) == "");
    CHECK(difference(bias.grad(), Array<double>({2}, 0.0), 0) == "");
    w.zero_grad();
    mean(matmul(w, columns)).backward();
    CHECK(difference(w.grad(), Array<double>({2, 4}, 0.0), 0) == "");
    CHECK(columns.grad().shape() == Shape{4, 0});
}

TEST_CASE("backward: through a product a mean's gradient stays in range where sums would not") {
    const float large = 2e38F;
    const Variable<float> x(Array<float>({4, 2}, large), true),
        w(Array<float>({3, 2}, 1e-38F), true);
    mean(linear(x, w)).backward();
    CHECK(difference(w.grad(), Array<float>({3, 2}, large / 3), 1e-6) == "");
}

TEST_CASE("record: the marks of a rule come in either order") {
    static const Op op("one_number_batched", on({{2}}, [](const auto& in) { return in[0]; }));
    const V x(Array<double>{1, 2}, true);
    const auto pass = [](const V& g) { return g; };
    const Array<double> zero({2}, 0.0);
    sum(V(record(op, zero).wrt(x, batched(one_number(pass)))) +
        V(record(op, zero).wrt(x, one_number(batched(pass)))))
        .backward();
    CHECK(difference(x.grad(), Array<double>{2, 2}, 0) == "");
}

TEST_CASE("record: a share of rank 0 is one number only where the rule is marked so") {
    static const Op op("one_number_rule", on({{2}}, [](const auto& in) { return in[0]; }));
    const V x(Array<double>{1, 2}, true), w(Array<double>{3, 4}, true);
    const auto number = [](const V& g) { return g.rank() == 0 ? g : sum(g); };
    const auto whole = [](const V& g) { return broadcast_to(g, {2}); };
    const Array<double> zero(Shape{}, 0.0);
    const V plain = record(op, zero).wrt(x, number);
    const std::string error = text_of_error<std::logic_error>([&] { plain.backward(); });
    CHECK(error.find("for input 0 returned shape (); the input has (2,)") != std::string::npos);

    const V marked = record(op, zero).wrt(x, one_number(number)).wrt(w, whole);
    marked.backward();
    CHECK(difference(x.grad(), Array<double>{1, 1}, 0) == "");
    CHECK(difference(w.grad(), Array<double>{1, 1}, 0) == "");

    // Recorded, it would lose its graph.
    const V again = record(op, zero).wrt(x, one_number(number));
    CHECK_THROWS_AS(static_cast<void>(grad(again, x, {.create_graph = true})), std::logic_error);
}

TEST_CASE("backward: a rule that adds leaves alone what somebody else holds") {
    static const Op passes("one_number_passes", on({{2}}, [](const auto& in) { return in[0]; }));
    const V x(Array<double>{1, 2}, true), c(Array<double>{5, 7});
    const V before = x * 3.0;  // its rule runs last, and finds the other share waiting
    const V y = record(passes, Array<double>({2}, 0.0)).wrt(x, [kept = keep(c)](const V&) {
        return *kept;
    });
    sum(before + y).backward();
    CHECK(difference(x.grad(), Array<double>{8, 10}, 0) == "");
    CHECK(difference(c.value(), Array<double>{5, 7}, 0) == "");
}
