// Modules copied, converted, frozen; where their errors come from; their table.
#include <autograd/grad.hpp>
#include <nn/layers.hpp>
#include <nn/summary.hpp>
#include <ops/checkpoint.hpp>
#include <ops/ops.hpp>
#include <tests/support.hpp>

#include <memory>

using namespace xgrad;
using namespace xgrad::test;

namespace {

using V = Variable<double>;

// A model of a user: its parts are made in its constructor.
template <class T>
class Net : public nn::Module<T> {
public:
    Net(std::size_t width, Rng& rng) {
        scale = this->register_parameter("scale", Array<T>{2}, false);
        steps = this->register_buffer("steps", Array<T>{0});
        encoder = this->register_module(
            "encoder",
            std::make_shared<nn::Sequential<T>>(
                nn::Dense<T>(3, width, rng),
                nn::Dropout<T>(0.5, rng),
                nn::Dense<T>(width, 2, rng)));
    }
    Variable<T> forward(const Variable<T>& x) override { return (*encoder)(x)*scale; }
    std::string describe() const override { return "Net"; }

    Variable<T> scale, steps;
    std::shared_ptr<nn::Sequential<T>> encoder;

protected:
    void remake(nn::Copier& copier) const override {
        copier.make<::Net>(scale.size() * 4, copier.rng());
    }
};

// It does not say how it is copied.
class Plain : public nn::Module<double> {
public:
    V forward(const V& x) override { return x; }
    std::string describe() const override { return "Plain"; }
};

// It makes another one.
class Wrong : public Plain {
public:
    Wrong() { register_buffer("a", Array<double>{1}); }

protected:
    void remake(nn::Copier& copier) const override {
        copier.build(
            []<class U>(std::type_identity<U>) { return std::make_shared<nn::Sequential<U>>(); });
    }
};

// A layer of the library with another forward.
template <class T>
class Doubled : public nn::Dense<T> {
public:
    using nn::Dense<T>::Dense;
    Variable<T> forward(const Variable<T>& x) override { return 2 * nn::Dense<T>::forward(x); }
    std::string describe() const override { return "Doubled"; }
};

// An error of a user's.
struct OwnError : std::invalid_argument {
    explicit OwnError(int number) : std::invalid_argument("own"), number(number) {}
    int number;
};

}  // namespace

TEST_CASE("clone: a user's model with its values, modes and masks, and nothing shared") {
    Rng rng(1);
    Net<double> net(4, rng);
    net.steps.assign(Array<double>{7});
    net.encoder->children()[1].second->train(false);
    net.encoder->children()[1].second->train(true);
    net.scale.requires_grad(false);
    const V x(random_array<double>({5, 3}, 1));
    static_cast<void>(net(x));  // a mask drawn
    const auto copy = net.clone();
    check_same((*copy)(x).value(), net(x).value());
    check_same(copy->buffers()[0].value.value(), {7});
    CHECK_FALSE(copy->parameters()[0].value.requires_grad());
    CHECK_FALSE(copy->parameters()[0].decays);
    CHECK(copy->parameters()[1].value.requires_grad());
    net.scale.assign(Array<double>{9});
    net.steps.assign(Array<double>{9});
    check_same(copy->state_dict().at("scale"), {2});
    check_same(copy->state_dict().at("steps"), {7});
    net.eval();
    CHECK(copy->is_training());
    CHECK_FALSE(net.clone()->is_training());
}

TEST_CASE("clone: what is shared inside is shared in the copy") {
    Rng rng(1);
    const auto shared = std::make_shared<nn::Dense<double>>(3, 3, rng);
    nn::Sequential<double> twice;
    twice.add(shared).add(nn::Tanh<double>()).add(shared);
    const auto copy = twice.clone();
    CHECK(copy->children()[0].second == copy->children()[2].second);
    CHECK(copy->children()[0].second != twice.children()[0].second);
    CHECK(copy->parameter_count() == 12);
}

TEST_CASE("to: float and back is the nearest float, in every part") {
    Rng rng(1);
    Net<double> net(4, rng);
    net.eval();
    const auto narrow = net.to<float>();
    const auto& weight = net.parameters()[1].value.value();
    check_same(narrow->parameters()[1].value.value(), Array<float>(xt::cast<float>(weight)));
    const V x(random_array<double>({5, 3}, 1));
    const Variable<float> y = (*narrow)(Variable<float>(Array<float>(xt::cast<float>(x.value()))));
    check_close(Array<double>(xt::cast<double>(y.value())), net(x).value(), 1e-5);
    CHECK(narrow->to<double>()->state_dict().size() == net.state_dict().size());
}

TEST_CASE("clone says which module does not say how it is copied, or makes another one") {
    const Plain plain;
    CHECK(text_of_error<std::invalid_argument>([&] {
              static_cast<void>(plain.clone());
          }) == "clone: Plain does not say how it is copied; it must override remake()");
    const Wrong wrong;
    CHECK(
        text_of_error<std::invalid_argument>([&] { static_cast<void>(wrong.clone()); }) ==
        "clone: what remake() made of Plain has other parameters, buffers or submodules; it must "
        "be built alike");
    const nn::Lambda<double> one("One", [](const V& x) { return x; });
    CHECK(one.clone()->describe() == "One");
    CHECK(text_of_error<std::invalid_argument>([&] {
              static_cast<void>(one.to<float>());
          }) == "clone: the function of One takes one scalar type; make it generic, or give both");
}

TEST_CASE("clone refuses a class that is copied as its base class") {
    Rng rng(1);
    const auto doubled = std::make_shared<Doubled<double>>(3, 2, rng);
    nn::Sequential<double> net;
    net.add(doubled);
    const std::string text =
        "clone: what remake() made of Doubled is of another class; its class must override "
        "remake() itself";
    const auto says = [](const auto& copies) {
        return text_of_error<std::invalid_argument>(copies);
    };
    CHECK(says([&] { static_cast<void>(doubled->clone()); }) == text);
    CHECK(says([&] { static_cast<void>(doubled->to<float>()); }) == text);
    CHECK(says([&] { static_cast<void>(net.clone()); }) == text);
    CHECK(says([&] { static_cast<void>(net.to<float>()); }) == text);
}

TEST_CASE("buffers: saved with the parameters, but not trained") {
    Rng rng(1);
    Net<double> net(4, rng);
    CHECK(net.state_dict().contains("steps"));
    REQUIRE(net.buffers().size() == 1);
    CHECK(net.buffers()[0].name == "steps");
    CHECK_FALSE(net.buffers()[0].value.requires_grad());
    auto state = net.state_dict();
    state["steps"] = Array<double>{3};
    net.load_state_dict(state);
    check_same(net.steps.value(), {3});
    state.erase("steps");
    CHECK(
        text_of_error<std::invalid_argument>([&] { net.load_state_dict(state); }) ==
        "load_state_dict: \"steps\" is missing; the state must come from a network of the same "
        "layers");
}

TEST_CASE("freeze: no gradient until unfrozen") {
    Rng rng(1);
    Net<double> net(4, rng);
    const V x(random_array<double>({5, 3}, 1), true);
    net.freeze();
    for (const auto& parameter : net.parameters())
        CHECK_FALSE(parameter.value.requires_grad());
    sum(net(x)).backward();
    CHECK(x.has_grad());
    CHECK_FALSE(net.scale.has_grad());
    net.unfreeze();
    sum(net(x)).backward();
    CHECK(net.scale.has_grad());
}

TEST_CASE("an error names the layer by its path from the module that was called") {
    Rng rng(1);
    Net<double> net(4, rng);
    const V wrong(random_array<double>({5, 7}, 1));
    CHECK(text_of_error<ShapeError>([&] {
              static_cast<void>(net(wrong));
          }) == "encoder.0.Dense(3, 4): x has shape (5, 7); need (..., 3)");
    CHECK(text_of_error<ShapeError>([&] {
              static_cast<void>((*net.encoder)(wrong));
          }) == "0.Dense(3, 4): x has shape (5, 7); need (..., 3)");
    nn::Sequential deep(nn::Residual(nn::Sequential(nn::MaxPool2d<double>(9))));
    CHECK(text_of_error<ShapeError>([&] {
              static_cast<void>(deep(V(random_array<double>({1, 1, 4, 4}, 1))));
          }).starts_with("0.body.0.MaxPool2d(9): max_pool2d: "));
    // Other kinds of errors keep their type.
    nn::Sequential words(nn::Embedding<double>(3, 2, rng));
    CHECK(text_of_error<IndexError>([&] {
              static_cast<void>(words(V(Array<double>{0, 0.5})));
          }) == "0.Embedding(3, 2): the index 0.5 at (1,) is no whole number; need 0 to 2");
    nn::Sequential norm(nn::BatchNorm1d<double>(2));
    CHECK(text_of_error<std::invalid_argument>([&] {
              static_cast<void>(norm(V(random_array<double>({1, 2}, 1))));
          }).starts_with("0.BatchNorm1d(2): batch_norm: "));
}

TEST_CASE("an error of a user's own class comes through the layers as it is") {
    nn::Sequential net(
        nn::Sequential(nn::Lambda<double>("Picky", [](const V&) -> V { throw OwnError(7); })));
    try {
        static_cast<void>(net(V(Array<double>{1})));
        FAIL("nothing was thrown");
    } catch (const OwnError& error) {
        CHECK(error.number == 7);
        CHECK(error.what() == std::string("own"));
    }
}

TEST_CASE("summary of an input: results, and multiply-adds that a person can count") {
    Rng rng(1);
    nn::Sequential net(
        nn::Conv2d<double>(1, 4, 3, rng, {.padding = 1}),
        nn::BatchNorm2d<double>(4),
        nn::Relu<double>(),
        nn::MaxPool2d<double>(2),
        nn::Flatten<double>(),
        nn::Dense<double>(64, 10, rng));
    const auto before = net.state_dict();
    // 4 filters of 9 at 64 places of 2 images; 2 times 64 times 10.
    CHECK(
        nn::summary(net, {2, 1, 8, 8}) ==
        R"(path     layer                       parameters                     result        count  multiply-adds
(model)  Sequential of 6                                            (2, 10)
0        Conv2d(1, 4, 3, padding 1)  weight (4, 1, 3, 3) bias (4,)  (2, 4, 8, 8)     40           4608
1        BatchNorm2d(4)              weight (4,) bias (4,)          (2, 4, 8, 8)      8
2        Relu                                                       (2, 4, 8, 8)
3        MaxPool2d(2)                                               (2, 4, 4, 4)
4        Flatten                                                    (2, 64)
5        Dense(64, 10)               weight (10, 64) bias (10,)     (2, 10)         650           1280
total                                                                               698           5888
)");
    for (const auto& [name, value] : net.state_dict())
        check_same(value, before.at(name));
    CHECK(net.is_training());
}

TEST_CASE("BatchNorm: a recomputed forward does not move the running moments twice") {
    nn::BatchNorm1d<double> once(3), again(3);
    const V x(random_array<double>({6, 3}, 1), true);
    sum(square(once(x))).backward();
    sum(square(checkpoint([&](const V& in) { return again(in); }, x))).backward();
    check_same(again.running_mean.value(), once.running_mean.value());
    check_same(again.running_var.value(), once.running_var.value());
}
