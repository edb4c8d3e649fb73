#include <autograd/error.hpp>
#include <nn/attention.hpp>
#include <nn/layers.hpp>
#include <nn/recurrent.hpp>
#include <nn/rng.hpp>
#include <nn/serialize.hpp>
#include <nn/torch.hpp>
#include <ops/ops.hpp>
#include <tests/nn/stored_files.hpp>
#include <tests/support.hpp>

#include <memory>
#include <set>
#include <stdexcept>
#include <string>

using namespace xgrad;
using namespace xgrad::test;
using nn::from_torch;
using nn::Renames;

namespace {

template <class T>
std::string file_of(const std::string& end) {
    return std::string("torch_") + (sizeof(T) == 4 ? "float" : "double") + end + ".safetensors";
}

// The part of a file's state below a path.
template <class T>
nn::StateDict<T> part_of(const nn::StateDict<T>& state, const std::string& path) {
    nn::StateDict<T> part;
    for (const auto& [name, value] : state) {
        if (name.starts_with(path + "."))
            part.emplace(name.substr(path.size() + 1), value);
    }
    return part;
}

// What the model computes of the input that make_files.py stored, next to what it stored.
template <class T>
void check_output(nn::Module<T>& model, const std::string& name, const Renames& renames) {
    const auto state = nn::load<T>(python_file(file_of<T>("")));
    model.load_state_dict(from_torch(part_of(state, name), renames));
    model.eval();
    const auto outside = nn::load<T>(python_file(file_of<T>("_outside")));
    const Variable<T> x(outside.at(name + ".x"));
    check_close(model(x).value(), outside.at(name + ".y"), sizeof(T) == 4 ? 1e-6 : 1e-12);
}

nn::StateDict<double> named(const std::set<std::string>& names) {
    nn::StateDict<double> state;
    for (const std::string& name : names)
        state.emplace(name, Array<double>{static_cast<double>(state.size())});
    return state;
}

std::set<std::string> names_of(const nn::StateDict<double>& state) {
    std::set<std::string> names;
    for (const auto& entry : state)
        names.insert(entry.first);
    return names;
}

}  // namespace

TEST_CASE_TEMPLATE("PyTorch's dense layers load and compute the same", T, float, double) {
    Rng rng(1);
    nn::Sequential net(nn::Dense<T>(3, 4, rng), nn::Relu<T>(), nn::Dense<T>(4, 2, rng));
    check_output<T>(net, "mlp", {{"fc1", "0"}, {"fc2", "2"}});
}

TEST_CASE_TEMPLATE(
    "PyTorch's convolutions and normalizations load and compute the same", T, float, double) {
    Rng rng(1);
    nn::Sequential<T> net;
    net.add(nn::Conv2d<T>(2, 4, 3, rng, {.padding = 1, .groups = 2}))
        .add(nn::BatchNorm2d<T>(4))
        .add(nn::Prelu<T>(4))
        .add(nn::ConvTranspose2d<T>(4, 2, 2, rng, {.stride = 2}))
        .add(nn::GroupNorm<T>(2, 2))
        .add(nn::Lambda<T>(
            "rows",
            [](const auto& x) {
                return reshape(x, {x.shape()[0], 8, x.size() / x.shape()[0] / 8});
            }))
        .add(nn::WeightNorm<T>(nn::Conv1d<T>(8, 3, 2, rng)))
        .add(nn::WeightNorm<T>(nn::Conv1d<T>(3, 2, 1, rng)))
        .add(nn::BatchNorm1d<T>(2));
    check_output<T>(
        net,
        "vision",
        {{"conv", "0"},
         {"bn", "1"},
         {"act", "2"},
         {"up", "3"},
         {"gn", "4"},
         {"head", "6"},
         {"old", "7"},
         {"bn1", "8"}});
}

TEST_CASE_TEMPLATE(
    "PyTorch's embedding, recurrent layers and attention load and compute the same",
    T,
    float,
    double) {
    Rng rng(1);
    nn::Sequential<T> encoder;
    for (int layer = 0; layer < 2; ++layer) {
        encoder.add(nn::TransformerEncoderLayer<T>(4, 2, rng, {.feedforward = 5}));
    }
    nn::Sequential<T> net;
    net.add(nn::Embedding<T>(5, 4, rng))
        .add(nn::LayerNorm<T>({4}))
        .add(nn::LSTM<T>(4, 3, rng, {.layers = 2, .bidirectional = true}))
        .add(nn::GRU<T>(6, 3, rng))
        .add(nn::RNN<T>(3, 4, rng))
        .add(std::move(encoder))
        .add(nn::MultiHeadAttention<T>(4, 2, rng))
        .add(nn::Bilinear<T>(2, 2, 3, rng));
    check_output<T>(
        net,
        "text",
        {{"table", "0"},
         {"norm", "1"},
         {"lstm", "2"},
         {"gru", "3"},
         {"rnn", "4"},
         {"encoder.layers", "5"},
         {"attention", "6"},
         {"pair", "7"}});
}

TEST_CASE("from_torch leaves out counts of batches and what wrappers put into names") {
    CHECK(
        names_of(
            from_torch(named({"bn.weight", "bn.num_batches_tracked", "num_batches_tracked"}))) ==
        std::set<std::string>{"bn.weight"});
    CHECK(
        names_of(from_torch(named({"module.a.weight", "module.b"}))) ==
        std::set<std::string>{"a.weight", "b"});
    CHECK(names_of(from_torch(named({"module.a", "b"}))) == std::set<std::string>{"module.a", "b"});
    CHECK(
        names_of(from_torch(named({"_orig_mod.module.a", "_orig_mod.module.b._orig_mod.c"}))) ==
        std::set<std::string>{"a", "b.c"});
    CHECK(
        names_of(from_torch(named({"x_orig_mod.a", "x.num_batches_tracked.y"}))) ==
        std::set<std::string>{"x_orig_mod.a", "x.num_batches_tracked.y"});
    CHECK(
        names_of(from_torch(named(
            {"c.parametrizations.weight.original0", "c.parametrizations.weight.original1"}))) ==
        std::set<std::string>{"c.weight_g", "c.weight_v"});
    CHECK(from_torch(named({})).empty());
}

TEST_CASE("rename changes whole parts of paths, the longest that fits") {
    const auto state = named({"fc1.weight", "fc10.weight", "body.fc1.bias", "body.x", "scale"});
    CHECK(
        names_of(nn::rename(
            state, {{"fc1", "0"}, {"body", ""}, {"body.fc1", "deep.1"}, {"scale", "1.weight"}})) ==
        std::set<std::string>{"0.weight", "fc10.weight", "deep.1.bias", "x", "1.weight"});
    check_same(nn::rename(state, {{"fc1", "0"}}).at("0.weight"), state.at("fc1.weight"));
}

TEST_CASE("rename refuses paths that nothing has and names that meet") {
    const auto fault_of = [](const Renames& renames) {
        return text_of_error<std::invalid_argument>([&] {
            static_cast<void>(nn::rename(named({"a.w", "b.w"}), renames));
        });
    };
    CHECK(
        fault_of({{"a", "0"}, {"c", "1"}}) ==
        "rename: no array's name begins with \"c\"; need a path of the state");
    CHECK(
        fault_of({{"a", "b"}}) ==
        "rename: two arrays would be named \"b.w\"; need different names");
    CHECK(
        fault_of({{"a", "c"}, {"b", "c"}}) ==
        "rename: two arrays would be named \"c.w\"; need different names");
}
