// L-BFGS beyond its trajectory: what it reaches, what it refuses.
#include <tests/nn/optim_problem.hpp>

using namespace xgrad;
using namespace xgrad::test;

TEST_CASE("LBFGS finds the minimum of the valley of Rosenbrock") {
    const Variable<double> x(Array<double>{-1.2}, true), y(Array<double>{1}, true);
    const auto loss = [&] { return sum(100 * square(y - square(x)) + square(1 - x)); };
    optim::LBFGS<double> lbfgs(
        {{"x", x}, {"y", y}},
        {.max_iterations = 60, .max_evaluations = 200, .tolerance_change = 1e-15});
    CHECK(lbfgs.step(loss) == doctest::Approx(24.2));  // the loss at the start
    check_close(x.value(), {1}, 1e-6);
    check_close(y.value(), {1}, 1e-6);
}

TEST_CASE("LBFGS solves a quadratic of n variables in about n iterations, in float too") {
    const Variable<float> x(Array<float>{3, -2, 1}, true);
    const Variable<float> scale(Array<float>{1, 10, 100});
    optim::LBFGS<float> lbfgs({{"x", x}}, {.max_iterations = 20});
    lbfgs.step([&] { return sum(scale * square(x - 1)); });
    check_close(x.value(), {1, 1, 1}, 1e-3);
}

TEST_CASE("LBFGS leaves what is frozen, and stops at once at a minimum") {
    Problem problem;
    problem.b.requires_grad(false);
    const Array<double> b = problem.b.value();
    optim::LBFGS lbfgs(problem.parameters());
    for (int i = 0; i < 5; ++i)
        lbfgs.step([&] { return problem.loss(); });
    check_same(problem.b.value(), b);
    int calls = 0;
    lbfgs.step([&] {
        ++calls;
        return problem.loss();
    });
    CHECK(calls == 1);
}

TEST_CASE("LBFGS steps back from where the loss is not finite") {
    const Variable<double> x(Array<double>{0.5}, true);
    optim::LBFGS<double> lbfgs({{"x", x}}, {.lr = 100});
    lbfgs.step([&] { return sum(x - log(x)); });  // NaN below 0; the minimum is at 1
    check_close(x.value(), {1}, 1e-5);
}

TEST_CASE("LBFGS refuses a gradient that is not finite, and leaves the weights") {
    // The norm has no slope at 0.
    for (const double other : {0.0, 3.0}) {
        const Variable<double> x(Array<double>{1}, true), y(Array<double>{0, other}, true);
        optim::LBFGS<double> lbfgs({{"x", x}, {"y", y}});
        CHECK(
            text_of_error<std::invalid_argument>(
                [&] { lbfgs.step([&] { return sum(square(x)) + sum(sqrt(square(y))); }); }) ==
            "LBFGS: the gradient of \"y\" at the start of the step is not finite; need a finite "
            "one");
        check_same(x.value(), {1});
        check_same(y.value(), {0, other});
    }
}

TEST_CASE("LBFGS: what it refuses") {
    const Problem problem;
    const auto text = [&](const optim::LBFGSOptions& options) {
        return text_of_error<std::invalid_argument>(
            [&] { optim::LBFGS<double> made(problem.parameters(), options); });
    };
    CHECK(text({.lr = -1}) == "LBFGS: lr is -1; need a finite lr >= 0");
    CHECK(text({.max_iterations = 0}) == "LBFGS: max_iterations is 0; need at least 1");
    CHECK(text({.max_evaluations = 0}) == "LBFGS: max_evaluations is 0; need at least 1");
    CHECK(text({.history = 0}) == "LBFGS: history is 0; need at least 1");
    CHECK(
        text({.tolerance_gradient = -1}) ==
        "LBFGS: tolerance_gradient is -1; need a finite tolerance_gradient >= 0");
    CHECK(
        text({.tolerance_change = -1}) ==
        "LBFGS: tolerance_change is -1; need a finite tolerance_change >= 0");
    CHECK(text_of_error<std::invalid_argument>([] {
              optim::LBFGS<double> made({}, {});
          }) == "LBFGS: there are no parameters; pass module.parameters()");
    optim::LBFGS lbfgs(problem.parameters());
    const Array<double> w = problem.w.value();
    CHECK(text_of_error<std::invalid_argument>([&] {
              lbfgs.step([&] { return problem.loss() / 0.0; });
          }) == "LBFGS: the loss at the start of the step is inf; need a finite one");
    CHECK(
        text_of_error<GraphError>([&] { lbfgs.step([&] { return sum(problem.w); }); }) ==
        "LBFGS: parameter \"b\" has no gradient; the loss must depend on it, or "
        "requires_grad(false) leave it out");
    check_same(problem.w.value(), w);
}
