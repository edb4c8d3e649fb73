// Gradients of equal elements travel as one number; shares are added where a gradient waits.
#include <autograd/grad.hpp>
#include <autograd/record.hpp>
#include <ops/fused.hpp>
#include <ops/ops.hpp>
#include <tests/support.hpp>

#include <functional>

using namespace xgrad;
using namespace xgrad::test;

namespace {

using V = Variable<double>;

struct Leaves {
    V x = V(random_array<double>({3, 4}, 1), true);
    V row = V(random_array<double>({4}, 2), true);
    V column = V(random_array<double>({3, 1}, 3), true);
    V scalar = V(Array<double>(Shape{}, 0.7), true);
    [[nodiscard]] std::vector<V> all() const { return {x, row, column, scalar}; }
};

using Expression = std::function<V(const Leaves&)>;

const std::vector<std::pair<std::string, Expression>> expressions = {
    {"x", [](const Leaves& in) { return in.x; }},
    {"x + row", [](const Leaves& in) { return in.x + in.row; }},
    {"row - x", [](const Leaves& in) { return in.row - in.x; }},
    {"column + row", [](const Leaves& in) { return in.column + in.row; }},
    {"x + scalar", [](const Leaves& in) { return in.x + in.scalar; }},
    {"x row", [](const Leaves& in) { return in.x * in.row; }},
    {"column row", [](const Leaves& in) { return in.column * in.row; }},
    {"-(x + x row)", [](const Leaves& in) { return -(in.x + in.x * in.row); }},
    {"x + x", [](const Leaves& in) { return in.x + in.x; }},
    {"tanh(x) + exp(x row) x",
     [](const Leaves& in) { return tanh(in.x) + exp(in.x * in.row) * in.x; }},
    {"sums of sums", [](const Leaves& in) { return sum(in.x * in.row, {1}) + sum(in.x, {1}); }},
    {"kept axes",
     [](const Leaves& in) {
         return sum(in.x, {0, 1}, true) * in.column;
     }},
    {"matmul",
     [](const Leaves& in) {
         return matmul(in.x, reshape(in.row, {4, 1})) + in.column;
     }},
    {"fused",
     [](const Leaves& in) {
         return elementwise([](auto a, auto b, auto c) { return exp(a * b) + c * a; })(
             in.x, in.row, in.column);
     }},
    {"fused, of one shape",
     [](const Leaves& in) {
         return elementwise([](auto a, auto b) { return tanh(a * b) * a; })(in.x, in.x + in.row);
     }},
};

std::vector<V> gradients(const V& y, const Leaves& in, const V& seed, bool create_graph) {
    return grad<double>(
        {y}, in.all(), {.seeds = {seed}, .create_graph = create_graph, .allow_unused = true});
}

}  // namespace

TEST_CASE("backward: through a sum every gradient is that of a seed of equal elements") {
    for (const auto& [name, f] : expressions) {
        CAPTURE(name);
        for (const double each : {1.0, 1.0 / 3}) {
            const Leaves in;
            const V y = f(in);
            const auto expected = gradients(y, in, V(Array<double>(y.shape(), each)), false);
            const V seed(Array<double>(Shape{}, each));
            for (const bool create_graph : {false, true}) {
                const auto got = gradients(sum(f(in)), in, seed, create_graph);
                for (std::size_t i = 0; i < got.size(); ++i) {
                    CAPTURE(i);
                    REQUIRE(got[i].defined() == expected[i].defined());
                    if (got[i].defined())
                        CHECK(difference(got[i].value(), expected[i].value(), 1e-15) == "");
                }
            }
        }
    }
}

TEST_CASE("backward: where somebody looks, one number is the array it stands for") {
    const Leaves in;
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

TEST_CASE("record: a share of rank 0 is one number only where the rule is marked so") {
    static const Op plain("one_number_plain", on({{2}}, [](const auto& in) { return in[0]; }));
    const V x(Array<double>{1, 2}, true);
    const auto number = [](const V& g) { return sum(g); };
    const V wrong = record(plain, Array<double>({2}, 0.0)).wrt(x, number);
    CHECK_THROWS_AS(sum(wrong).backward(), std::logic_error);
    const V marked = record(plain, Array<double>(Shape{}, 0.0)).wrt(x, one_number(number));
    marked.backward();
    CHECK(difference(x.grad(), Array<double>{1, 1}, 0) == "");
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
