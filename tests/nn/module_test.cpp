#include <nn/layers.hpp>
#include <nn/module.hpp>
#include <nn/summary.hpp>
#include <ops/ops.hpp>
#include <ops/reduce.hpp>
#include <tests/support.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

using namespace xgrad;
using namespace xgrad::test;

namespace {

// Two parameters of its own and two layers below.
class Model : public nn::Module<double> {
public:
    explicit Model(Rng& rng) {
        scale = register_parameter("scale", Array<double>{2});
        shift = register_parameter("shift", Array<double>{0}, false);
        inner = register_module(
            "inner",
            std::make_shared<nn::Sequential<double>>(
                nn::Dense<double>(3, 2, rng), nn::Dropout<double>(0.5, rng)));
    }
    Variable<double> forward(const Variable<double>& x) override { return (*inner)(x); }
    std::string describe() const override { return "Model"; }

    using nn::Module<double>::register_module;
    using nn::Module<double>::register_parameter;

    Variable<double> scale, shift;
    std::shared_ptr<nn::Sequential<double>> inner;
};

std::vector<std::string> names_of(const nn::Module<double>& module) {
    std::vector<std::string> names;
    for (const auto& parameter : module.parameters())
        names.push_back(parameter.name);
    return names;
}

}  // namespace

TEST_CASE("Module: parameters come by path, its own first") {
    Rng rng(1);
    const Model model(rng);
    CHECK(
        names_of(model) ==
        std::vector<std::string>{"scale", "shift", "inner.0.weight", "inner.0.bias"});
    CHECK(model.parameter_count() == 1 + 1 + 6 + 2);
    CHECK(model.parameters()[0].decays);
    CHECK_FALSE(model.parameters()[1].decays);
    CHECK(model.parameters()[2].decays);
    CHECK_FALSE(model.parameters()[3].decays);
    for (const auto& parameter : model.parameters())
        CHECK(parameter.value.requires_grad());
}

TEST_CASE("Module: the paths of apply begin with the module itself") {
    Rng rng(1);
    Model model(rng);
    std::vector<std::string> paths;
    model.apply([&](const std::string& path, nn::Module<double>&) { paths.push_back(path); });
    CHECK(paths == std::vector<std::string>{"", "inner", "inner.0", "inner.1"});
}

TEST_CASE("Module: names are unique, not empty, and without dots") {
    Rng rng(1);
    Model model(rng);
    const auto text = [&](const std::string& name) {
        return text_of_error<std::invalid_argument>(
            [&] { model.register_parameter(name, Array<double>{1}); });
    };
    const std::string rest = "; a name is unique in its module, not empty, and without dots";
    CHECK(text("scale") == "Module: the name \"scale\" is taken" + rest);
    CHECK(text("inner") == "Module: the name \"inner\" is taken" + rest);
    CHECK(text("") == "Module: the name \"\" is not valid" + rest);
    CHECK(text("a.b") == "Module: the name \"a.b\" is not valid" + rest);
    CHECK(text_of_error<std::invalid_argument>([&] {
              model.register_module("none", std::shared_ptr<nn::Dense<double>>());
          }) == "Module: submodule \"none\" is null; need a module");
    CHECK(names_of(model).size() == 4);
}

TEST_CASE("Module: state_dict is a copy that loads back") {
    Rng rng(1), other(2);
    Model model(rng), copy(other);
    const nn::StateDict<double> state = model.state_dict();
    CHECK(state.size() == 4);
    const Array<double> weight = model.parameters()[2].value.value();
    copy.load_state_dict(state);
    check_same(copy.parameters()[2].value.value(), weight);
    model.scale.assign(Array<double>{9});
    check_same(state.at("scale"), {2});
    check_same(copy.scale.value(), {2});
}

TEST_CASE("Module: load_state_dict lists every fault and changes nothing") {
    Rng rng(1);
    Model model(rng);
    const auto before = model.state_dict();
    auto state = before;
    state.erase("shift");
    state["scale"] = Array<double>{7, 7};
    state["inner.0.bias"] = Array<double>{5, 5};
    state["extra"] = Array<double>{1};
    CHECK(
        text_of_error<std::invalid_argument>([&] { model.load_state_dict(state); }) ==
        "load_state_dict: \"scale\" has shape (2,), the module's has (1,); \"shift\" is missing; "
        "\"extra\" is not in the module; the state must come from a network of the same layers");
    for (const auto& parameter : model.parameters())
        check_same(parameter.value.value(), before.at(parameter.name));
}

TEST_CASE("Module: train, eval and freeze_noise reach every submodule") {
    Rng rng(1);
    Model model(rng);
    CHECK(model.is_training());
    model.eval();
    model.apply([](const std::string&, auto& module) { CHECK_FALSE(module.is_training()); });
    model.train();
    model.apply([](const std::string&, auto& module) { CHECK(module.is_training()); });
    model.freeze_noise();
    model.apply([](const std::string&, auto& module) { CHECK(module.noise_is_frozen()); });
    model.freeze_noise(false);
    CHECK_FALSE(model.inner->noise_is_frozen());
}

TEST_CASE("Module: zero_grad forgets every gradient") {
    Rng rng(1);
    Model model(rng);
    sum(model(Variable<double>(random_array<double>({4, 3}, 1)))).backward();
    const auto weight = model.parameters()[2].value;
    CHECK(weight.has_grad());
    model.zero_grad();
    CHECK_FALSE(weight.has_grad());
}

TEST_CASE("Module: the summary lists paths, layers, shapes and counts") {
    Rng rng(1);
    Model model(rng);
    const std::string text = nn::summary(model);
    for (const std::string part :
         {"path",
          "(model)",
          "Model",
          "scale (1,) shift (1,)",
          "inner.0",
          "Dense(3, 2)",
          "weight (2, 3) bias (2,)",
          "inner.1",
          "Dropout(keep_prob 0.5)",
          "total"}) {
        CHECK_MESSAGE(text.find(part) != std::string::npos, (part + " is not in\n" + text));
    }
    CHECK(text.ends_with(" 10\n"));
    CHECK(std::count(text.begin(), text.end(), '\n') == 6);
}

TEST_CASE("Module: a shared submodule's parameters count once, and are saved under each name") {
    Rng rng(1);
    const auto shared = std::make_shared<nn::Dense<double>>(3, 3, rng);
    nn::Sequential<double> twice;
    twice.add(shared).add(std::make_shared<nn::Dense<double>>(3, 2, rng)).add(shared);
    const auto parameters = twice.parameters();
    REQUIRE(parameters.size() == 4);
    CHECK(parameters[0].name == "0.weight");
    CHECK(parameters[2].name == "1.weight");
    CHECK(twice.parameter_count() == 12 + 8);
    const auto state = twice.state_dict();
    CHECK(state.size() == 6);
    CHECK(state.contains("2.weight"));
    twice.load_state_dict(state);
}

TEST_CASE("Module hooks: forward hooks see and replace the result, in order") {
    Rng rng(1);
    nn::Sequential<double> net(nn::Dense<double>(3, 2, rng), nn::Tanh<double>());
    const Variable<double> x(random_array<double>({4, 3}, 1));
    const Array<double> plain = net(x).value();
    std::vector<int> order;
    auto watch =
        net.children()[0].second->register_forward_hook([&](const auto& in, const auto& out) {
            order.push_back(1);
            CHECK(in.shape() == Shape{4, 3});
            CHECK(out.shape() == Shape{4, 2});
            return Variable<double>();
        });
    auto zero = net.register_forward_hook([&](const auto&, const auto& out) {
        order.push_back(2);
        return out * 0;
    });
    check_close(net(x).value(), Array<double>(Shape{4, 2}, 0));
    CHECK(order == std::vector{1, 2});
    zero.remove();
    watch.remove();
    CHECK(net(x).value() == plain);
    CHECK(order.size() == 2);
}

TEST_CASE("Module hooks: backward hooks see both gradients and replace the input's") {
    Rng rng(1);
    nn::Dense<double> dense(3, 2, rng);
    const Variable<double> x(random_array<double>({4, 3}, 1), true);
    const Array<double> plain = grad(sum(dense(x)), x).value();
    int calls = 0;
    auto handle = dense.register_backward_hook([&](const auto& dx, const auto& dy) {
        ++calls;
        check_close(dx.value(), plain);
        check_close(dy.value(), Array<double>(Shape{4, 2}, 1));
        return dx * 2;
    });
    // x is used elsewhere too: only what comes through the module is doubled.
    const Array<double> both = grad(sum(dense(x)) + sum(x), x).value();
    check_close(both, Array<double>(2 * plain + 1));
    CHECK(calls == 1);
    handle.remove();
    CHECK(grad(sum(dense(x)), x).value() == plain);

    // Without a gradient of the input, and on a layer that passes its input on.
    const Variable<double> constant(x.value());
    auto first = dense.register_backward_hook([&](const auto& dx, const auto& dy) {
        ++calls;
        CHECK_FALSE(dx.defined());
        return dy;  // not used
    });
    sum(dense(constant)).backward();
    CHECK(calls == 2);
    first.remove();
    nn::Dropout<double> off(0.5, rng);
    off.eval();
    off.register_backward_hook([&](const auto& dx, const auto&) { return dx * 3; });
    check_close(grad(sum(off(x)) + sum(x), x).value(), Array<double>(Shape{4, 3}, 4));
}

TEST_CASE("Module hooks outlive the module that is gone before backward") {
    Rng rng(1);
    const Variable<double> x(random_array<double>({4, 3}, 1), true);
    int calls = 0;
    Variable<double> y;
    {
        nn::Dense<double> dense(3, 2, rng);
        dense.register_backward_hook([&](const auto& dx, const auto&) {
            ++calls;
            return dx;
        });
        y = sum(dense(x));
    }
    y.backward();
    CHECK(calls == 1);
}
