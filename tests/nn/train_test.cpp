#include <autograd/error.hpp>
#include <nn/nn.hpp>
#include <tests/support.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>

using namespace xgrad;
using namespace xgrad::train;
using xgrad::test::text_of_error;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

// Logits are the two features, twice: the label of the larger one is right.
template <class T>
class Copy : public nn::Module<T> {
public:
    Variable<T> forward(const Variable<T>& x) override {
        recorded = recorded || (x * scale).requires_grad();
        trained = trained || this->is_training();
        return x * scale;
    }
    std::string describe() const override { return "Copy"; }

    Variable<T> scale = this->register_parameter("scale", Array<T>(Shape{}, T(2)));
    bool recorded = false;
    bool trained = false;
};

// Three rows of which the last is wrong.
template <class T>
data::Dataset<T> three_rows() {
    return {test::array<T>({3, 2}, {0, 1, 3, 1, 0, 2}), {1, 0, 0}, 2};
}

nn::Dense<double> one_weight(double value) {
    Rng rng(0);
    return {1, 1, rng, false, [value](const Shape& shape, Rng&) {
                return init::constant<double>(shape, value);
            }};
}

double weight_of(const nn::Dense<double>& dense) { return dense.weight.value().data()[0]; }

}  // namespace

TEST_CASE_TEMPLATE(
    "evaluate gives the mean cost and the 0-1 error over all batches", T, float, double) {
    Copy<T> model;
    // With logits 2x the cost of a row is log(1 + exp(wrong - right)): the differences are -2, -4
    // and 4.
    const double cost =
        (std::log1p(std::exp(-2.)) + std::log1p(std::exp(-4.)) + std::log1p(std::exp(4.))) / 3;
    for (const std::size_t batch : {1, 2, 3, 100}) {
        const Evaluation score = evaluate(model, three_rows<T>(), batch);
        CHECK(score.cost == doctest::Approx(cost).epsilon(1e-6));
        CHECK(score.error == doctest::Approx(1. / 3));
    }
}

TEST_CASE("evaluate neither records nor trains, and restores the mode of every module") {
    Copy<double> model;
    const auto kept = std::make_shared<Copy<double>>();
    nn::Sequential<double> net;
    net.add(std::make_shared<Copy<double>>()).add(kept);
    kept->eval();
    static_cast<void>(evaluate(net, three_rows<double>()));
    CHECK(net.is_training());
    CHECK(net.children()[0].second->is_training());
    CHECK_FALSE(kept->is_training());
    CHECK_FALSE(kept->recorded);
    CHECK_FALSE(kept->trained);

    SUBCASE("also when the model throws") {
        const data::Dataset<double> odd(test::array({1, 1}, {1}), {0}, 2);
        Rng rng(0);
        nn::Sequential<double> dense(nn::Dense<double>(2, 2, rng));
        CHECK_THROWS_AS(static_cast<void>(evaluate(dense, odd)), ShapeError);
        CHECK(dense.is_training());
        CHECK(dense.children()[0].second->is_training());
    }
}

TEST_CASE("evaluate refuses a batch size of 0") {
    Copy<double> model;
    CHECK(text_of_error<std::invalid_argument>([&] {
              static_cast<void>(evaluate(model, three_rows<double>(), 0));
          }) == "DataLoader: batch_size is 0; need at least 1");
}

TEST_CASE("predict gives the outputs in the order of the rows, whatever the batches") {
    Copy<double> model;
    const Array<double> expected = test::array({3, 2}, {0, 2, 6, 2, 0, 4});
    for (const std::size_t batch : {1, 2, 3, 100})
        test::check_same(predict(model, three_rows<double>(), batch), expected);
    CHECK(model.is_training());
}

TEST_CASE("predict refuses a model that does not map rows to rows") {
    class Total : public nn::Module<double> {
    public:
        Variable<double> forward(const Variable<double>& x) override { return sum(x); }
        std::string describe() const override { return "Total"; }
    } model;
    CHECK(text_of_error<ShapeError>([&] {
              static_cast<void>(predict(model, three_rows<double>(), 2));
          }) == "predict: the model maps 2 rows to shape (); need (2, ...)");
}

TEST_CASE("predict refuses a model whose rows grow from one batch to the next") {
    class Growing : public nn::Module<double> {
    public:
        Variable<double> forward(const Variable<double>& x) override {
            return ++calls_ == 1 ? x : concatenate<double>({x, x}, 1);
        }
        std::string describe() const override { return "Growing"; }

    private:
        int calls_ = 0;
    } model;
    CHECK(
        text_of_error<ShapeError>(
            [&] { static_cast<void>(predict(model, three_rows<double>(), 2)); }) ==
        "predict: the model gave shape (1, 4) to a batch after rows of 2 elements; need rows of "
        "one shape");
}

TEST_CASE("count_errors takes the first of equal scores, and NaN for an error") {
    CHECK(count_errors(test::array({2, 2}, {1, 1, 1, 1}), {0, 1}) == 1);
    CHECK(
        count_errors(test::array({3, 2}, {1, not_a_number, not_a_number, 1, 2, 1}), {0, 1, 0}) ==
        2);
    CHECK(
        text_of_error<ShapeError>([] {
            static_cast<void>(count_errors(test::array({1, 2}, {1, 2}), {0, 1}));
        }) == "count_errors: scores has shape (1, 2), there are 2 labels; need (labels, classes)");
}

TEST_CASE("EarlyStopping stops after `patience` epochs without a better error") {
    EarlyStopping<double> stopping({.patience = 2});
    CHECK(stopping.best_epoch() == 0);
    auto model = one_weight(1);
    CHECK_FALSE(stopping.update(0.5, model));
    model.weight.assign(test::array({1, 1}, {2}));
    CHECK_FALSE(stopping.update(0.3, model));
    model.weight.assign(test::array({1, 1}, {3}));
    CHECK_FALSE(stopping.update(0.4, model));
    model.weight.assign(test::array({1, 1}, {4}));
    CHECK(stopping.update(0.3, model));  // equal is not better
    CHECK(stopping.epoch() == 4);
    CHECK(stopping.best_epoch() == 2);
    CHECK(stopping.best_error() == 0.3);
    stopping.restore(model);
    CHECK(weight_of(model) == 2);
}

TEST_CASE("EarlyStopping: an error must fall by more than min_delta") {
    EarlyStopping<double> stopping({.patience = 3, .min_delta = 0.1});
    auto model = one_weight(1);
    CHECK_FALSE(stopping.update(0.5, model));
    model.weight.assign(test::array({1, 1}, {2}));
    CHECK_FALSE(stopping.update(0.45, model));
    CHECK(stopping.best_epoch() == 1);
    // Against the best, not against the epoch before.
    CHECK_FALSE(stopping.update(0.375, model));
    CHECK(stopping.best_epoch() == 3);
}

TEST_CASE("EarlyStopping refuses what makes no sense, and then nothing has changed") {
    CHECK(text_of_error<std::invalid_argument>([] {
              EarlyStopping<double> s({.patience = 0});
          }) == "EarlyStopping: patience is 0; need at least 1 epoch");
    CHECK(text_of_error<std::invalid_argument>([] {
              EarlyStopping<double> s({.min_delta = -1});
          }) == "EarlyStopping: min_delta is -1; need a finite one, not negative");
    EarlyStopping<double> stopping;
    auto model = one_weight(1);
    CHECK(text_of_error<std::logic_error>([&] {
              stopping.restore(model);
          }) == "EarlyStopping::restore: no epoch was seen; need an update() before");
    CHECK_FALSE(stopping.update(0.5, model));
    CHECK(
        text_of_error<std::invalid_argument>(
            [&] { static_cast<void>(stopping.update(not_a_number, model)); }) ==
        "EarlyStopping::update: the error of epoch 2 is nan; need a number (did the training "
        "diverge?)");
    CHECK(stopping.epoch() == 1);
}

TEST_CASE("EarlyStopping continues from its state, and refuses one that makes no sense") {
    EarlyStopping<double> stopping({.patience = 2}), other({.patience = 2});
    other.load_state_dict(stopping.state_dict());  // nothing seen yet, an infinite error
    CHECK(other.best_epoch() == 0);
    auto model = one_weight(1);
    CHECK_FALSE(stopping.update(0.5, model));
    model.weight.assign(test::array({1, 1}, {2}));
    CHECK_FALSE(stopping.update(0.75, model));
    const xgrad::optim::State<double> state = stopping.state_dict();
    other.load_state_dict(state);
    CHECK(other.epoch() == 2);
    CHECK(other.best_error() == 0.5);
    CHECK(other.update(0.5, model));
    other.restore(model);
    CHECK(weight_of(model) == 1);
    const auto refusal = [&](const xgrad::optim::State<double>& bad) {
        return text_of_error<std::invalid_argument>([&] { other.load_state_dict(bad); });
    };
    auto bad = state;
    bad.numbers.at("best_epoch") = 3;
    CHECK(
        refusal(bad) ==
        "EarlyStopping::load_state_dict: the best epoch is 3 of 2; need one of those seen");
    bad.numbers = {{"epoch", 0.5}, {"best_error", not_a_number}};
    CHECK(
        refusal(bad) ==
        "EarlyStopping::load_state_dict: \"best_epoch\" is missing; \"best_error\" is nan; "
        "\"epoch\" is 0.5, not a count; the state must come from one of the same options and "
        "parameters");
    bad.kind = "Adam";
    CHECK(
        refusal(bad) ==
        "EarlyStopping::load_state_dict: the state is of \"Adam\"; need one of \"EarlyStopping\"");
    CHECK(other.epoch() == 3);
}
