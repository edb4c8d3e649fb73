#include <autograd/record.hpp>
#include <ops/ops.hpp>
#include <tests/support.hpp>

#include <algorithm>
#include <string>

using namespace xgrad;
using namespace xgrad::test;

using V = Variable<double>;

namespace {

Sample a_sample() {
    return on({{2}}, [](const auto& in) { return in[0]; });
}

const Op cube_op("test_cube", on({{3, 4}}, [](const auto& in) { return in[0] * in[0] * in[0]; }));

// x^3 with a rule in public ops.
V cube(const V& x) {
    return record(cube_op, Array<double>(x.value() * x.value() * x.value()))
        .wrt(x, [x = keep(x)](const V& g) { return 3 * g * square(*x); });
}

// e^x with a rule in the output.
V own_exp(const V& x) {
    return record(cube_op, Array<double>(xt::exp(x.value()))).wrt(x, [](const V& g, const V& y) {
        return g * y;
    });
}

// x^3 with a rule on arrays.
V array_cube(const V& x) {
    return record(cube_op, Array<double>(x.value() * x.value() * x.value()))
        .wrt(x, [x = keep(x)](const Array<double>& g) -> Array<double> {
            const Array<double>& value = (*x).value();
            return 3.0 * g * value * value;
        });
}

}  // namespace

TEST_CASE("record: a rule in public ops can be differentiated") {
    const V x(Array<double>{2, -1}, true);
    const V y = sum(cube(x));
    CHECK(y.item() == 7);
    const V g = grad(y, x, {.create_graph = true});
    check_close(g.value(), {12, 3});
    check_close(grad(sum(g), x).value(), {12, -6});
}

TEST_CASE("record: a rule with the output can be differentiated") {
    const V x(Array<double>{0.5, -1}, true);
    V d = sum(own_exp(x));
    for (int order = 0; order < 3; ++order) {
        d = grad(d, x, {.create_graph = true});
        check_close(d.value(), Array<double>(xt::exp(x.value())));
        d = sum(d);
    }
}

TEST_CASE("record: a rule on arrays works once") {
    const V x(Array<double>{2, -1}, true);
    sum(array_cube(x)).backward();
    check_close(x.grad(), {12, 3});
}

TEST_CASE("record: a rule on arrays under create_graph says what is needed") {
    const V x(Array<double>{2, -1}, true);
    const int line = __LINE__ + 1;
    const V y = sum(array_cube(x));
    static_cast<void>(line);
    const std::string text =
        text_of_error<GraphError>([&] { static_cast<void>(grad(y, x, {.create_graph = true})); });
    CHECK(text.starts_with("backward: the rule of test_cube (record_test.cpp:"));
    CHECK(text.ends_with(
        ") is written on arrays and has no derivative of its own; create_graph needs a rule in "
        "public ops"));
}

TEST_CASE("record: nothing is kept for a constant, or under NoGradGuard") {
    const V constant(Array<double>{1, 2});
    CHECK_FALSE(cube(constant).requires_grad());
    const V x(Array<double>{1, 2}, true);
    const NoGradGuard guard;
    CHECK_FALSE(cube(x).requires_grad());
}

TEST_CASE("record: a share of a wrong shape is the rule's fault and says so") {
    const V x(Array<double>{1, 2, 3}, true);
    const V y = record(cube_op, Array<double>(x.value())).wrt(x, [](const V&) {
        return V(Array<double>{1, 2});
    });
    const std::string text = text_of_error<std::logic_error>([&] { sum(y).backward(); });
    CHECK(text.starts_with("backward: the rule of test_cube (record_test.cpp:"));
    CHECK(text.ends_with(") for input 0 returned shape (2,); the input has (3,), the output (3,)"));
}

TEST_CASE("record: a share of the broadcast shape is summed to the input's") {
    const V x(2.0);
    V leaf = x;
    leaf.requires_grad(true);
    const V y =
        record(cube_op, Array<double>(Shape{3}, 2.0)).wrt(leaf, [](const V& g) { return g * 10; });
    sum(y).backward();
    CHECK(leaf.grad()() == 30);
}

TEST_CASE("record: a rule that returns its kept value leaves that value alone") {
    const V a(Array<double>{1, 2}, true);
    const auto own = [](const V& x) -> V {
        return record(cube_op, Array<double>(x.value() * x.value() * 0.5))
            .wrt(x, [x = keep(x)](const V&) { return (*x).detach(); });
    };
    sum(own(a) + own(a)).backward();
    check_close(a.grad(), {2, 4});
    check_close(a.value(), {1, 2});
    const V g = grad(sum(own(a)), a);
    g.assign(Array<double>{9, 9});
    check_close(a.value(), {1, 2});
}

TEST_CASE("keep: an overwritten value stops backward and names the op") {
    const V x(Array<double>{1, 2}, true);
    const V y = sum(cube(x));
    x.assign(Array<double>{3, 4});
    x.assign(Array<double>{5, 6});
    const std::string text = text_of_error<GraphError>([&] { y.backward(); });
    CHECK(text.starts_with("backward: test_cube (record_test.cpp:"));
    CHECK(text.ends_with(
        ") needs a value of shape (2,) that was overwritten after it was recorded (version 0, "
        "now 2); run backward before the update, or compute on a copy"));
}

TEST_CASE("keep: copies, self-assignment and moves; a value moved from says so") {
    const V x(Array<double>{1, 2}, true);
    Kept<double> first = keep(x);
    Kept<double> second = first;
    auto& same = first;
    first = same;
    first = std::move(same);
    check_close((*first).value(), {1, 2});
    CHECK((*first).value().data() == x.value().data());
    const Kept<double> third = std::move(first);
    check_close((*third).value(), {1, 2});
    check_close((*second).value(), {1, 2});
    CHECK(text_of_error<GraphError>([&] {
              static_cast<void>(*first);
          }) == "Kept: the value was moved from; read it where it was moved to");
    first = second;
    check_close((*first).value(), {1, 2});
    // An empty handle has nothing to keep.
    CHECK_THROWS_AS(static_cast<void>(keep(V())), GraphError);
}

TEST_CASE("keep: the version that counts is the one at the time of keeping") {
    const V x(Array<double>{1, 2}, true);
    x.assign(Array<double>{3, 4});
    const Kept<double> kept = keep(x);
    check_close((*kept).value(), {3, 4});
    const Kept<double> copy = kept;
    x.update([](std::span<double> value) { value[0] = 9; });
    const std::string text = text_of_error<GraphError>([&] { static_cast<void>(*copy); });
    CHECK(
        text ==
        "backward: a rule needs a value of shape (2,) that was overwritten after it was recorded "
        "(version 1, now 2); run backward before the update, or compute on a copy");
}

TEST_CASE("record: an exception of a rule reaches the caller, gradients as before") {
    const V x(Array<double>{1, 2}, true);
    sum(x * 5).backward();
    const V y = record(cube_op, Array<double>(x.value())).wrt(x, [](const V& g) -> V {
        if (g.size() > 0)
            throw std::runtime_error("from the rule");
        return g;
    });
    const V both = sum(y + x);
    CHECK(text_of_error<std::runtime_error>([&] { both.backward(); }) == "from the rule");
    check_close(x.grad(), {5, 5});
    CHECK(grad_enabled());
    sum(x).backward();
    check_close(x.grad(), {6, 6});
}

TEST_CASE("record: an op inside a rule may run a backward of its own") {
    const V x(Array<double>{1, 2}, true);
    const V y = record(cube_op, Array<double>(x.value())).wrt(x, [x = keep(x)](const V& g) -> V {
        const GradModeGuard recording(true);
        const V inner((*x).value(), true);
        return g * grad(sum(square(inner)), inner);
    });
    sum(y).backward();
    check_close(x.grad(), {2, 4});
}

TEST_CASE("Op: registered under its name while it lives") {
    CHECK(find_op("test_cube") == &cube_op);
    CHECK(find_op("no such op") == nullptr);
    {
        const Op passing("test_passing", a_sample());
        CHECK(find_op("test_passing") == &passing);
        CHECK(find_op("test_passing")->samples().size() == 1);
    }
    CHECK(find_op("test_passing") == nullptr);
}

TEST_CASE("Op: a name taken is refused") {
    const int line = __LINE__ + 2;
    const std::string text =
        text_of_error<std::logic_error>([] { const Op again("test_cube", a_sample()); });
    const std::string place = " of " + cube_op.library();
    CHECK(
        text == "Op: \"test_cube\" is defined twice, at record_test.cpp:" +
                    std::to_string(cube_op.where().line()) + place + " and at record_test.cpp:" +
                    std::to_string(line) + place + "; names are unique");
    CHECK(find_op("test_cube") == &cube_op);
    CHECK_THROWS_AS(Op("mul", a_sample()), std::logic_error);
    CHECK(find_op("mul") != nullptr);
}

TEST_CASE("all_ops: every op, sorted by name") {
    const auto ops = all_ops();
    CHECK(ops.size() > 70);
    CHECK(std::ranges::is_sorted(ops, {}, [](const Op* op) { return op->name(); }));
    CHECK(std::ranges::find(ops, &cube_op) != ops.end());
}

TEST_CASE("Samples: an empty list is refused") {
    CHECK(text_of_error<std::logic_error>([] {
              const Samples none(std::vector<Sample>{});
          }) == "Samples: the list is empty; an op needs a sample");
}

TEST_CASE("Sample: what its adjectives set") {
    const Sample sample =
        on({{2}}).between(0.5, 1).avoiding({0.7}).with({3, 4}).without_ties().flat().linear();
    CHECK(sample.low == 0.5);
    CHECK(sample.high == 1);
    CHECK(sample.kinks == std::vector<double>{0.7});
    CHECK(sample.params == std::vector<double>{3, 4});
    CHECK(sample.distinct);
    CHECK(sample.is_flat);
    CHECK(sample.is_linear);
    const Sample masked = on({{2}, {2}}).fixing(1, Array<double>{0, 1});
    check_close(masked.fixed.at(1), {0, 1});
    CHECK(broadcast_pairs(1, 2).list().size() == 4);
}
