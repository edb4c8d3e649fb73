#include <nn/attention.hpp>
#include <nn/layers.hpp>
#include <nn/recurrent.hpp>
#include <ops/shape.hpp>
#include <tests/nn/zoo.hpp>

namespace xgrad::test {

namespace {

using D = double;

// A row's constructor: what make(rng) returns, kept by a pointer.
template <class Make>
auto made(Make make) {
    return [make](Rng& rng) -> std::shared_ptr<nn::Module<D>> {
        auto module = make(rng);
        return std::make_shared<decltype(module)>(std::move(module));
    };
}

ZooRow alone(ZooRow row) {
    row.has_reference = false;
    return row;
}

ZooRow from_zeros(ZooRow row) {
    row.from_zeros = true;
    return row;
}

ZooRow of_indices(ZooRow row) {
    row.whole_numbers = true;
    return row;
}

ZooRow convolutional(std::string name, auto make, Shape input) {
    return {std::move(name), made(make), std::move(input)};
}

}  // namespace

std::vector<ZooRow> product_rows() {
    return {
        {"Dense", made([](Rng& r) { return nn::Dense<D>(4, 3, r); }), {5, 4}},
        {"Dense/no bias", made([](Rng& r) { return nn::Dense<D>(4, 3, r, false); }), {2, 5, 4}},
        {"Bilinear", made([](Rng& r) { return nn::Bilinear<D>(3, 2, 4, r); }), {5, 5}},
        alone({"Maxout", made([](Rng& r) { return nn::Maxout<D>(4, 3, 2, r); }), {5, 4}}),
        alone(
            {"Scale",
             made([](Rng&) {
                 return nn::Scale<D>({3, 4});
             }),
             {5, 3, 4}}),
        of_indices({"Embedding", made([](Rng& r) { return nn::Embedding<D>(7, 3, r); }), {4, 3}}),
        convolutional(
            "Conv1d", [](Rng& r) { return nn::Conv1d<D>(2, 3, 3, r, {.padding = 1}); }, {2, 2, 6}),
        convolutional(
            "Conv2d",
            [](Rng& r) {
                return nn::Conv2d<D>(
                    4, 6, {3, 2}, r, {.stride = {2, 1}, .padding = 1, .groups = 2});
            },
            {2, 4, 5, 4}),
        convolutional(
            "ConvTranspose1d",
            [](Rng& r) {
                return nn::ConvTranspose1d<D>(2, 3, 3, r, {.stride = 2, .output_padding = 1});
            },
            {2, 2, 4}),
        convolutional(
            "ConvTranspose2d",
            [](Rng& r) {
                return nn::ConvTranspose2d<D>(4, 2, 3, r, {.stride = 2, .padding = 1, .groups = 2});
            },
            {2, 4, 3, 2}),
        convolutional("MaxPool1d", [](Rng&) { return nn::MaxPool1d<D>(2); }, {2, 3, 6}),
        convolutional(
            "MaxPool2d",
            [](Rng&) { return nn::MaxPool2d<D>(3, {.stride = 2, .padding = 1}); },
            {2, 2, 5, 6}),
        convolutional(
            "AvgPool1d", [](Rng&) { return nn::AvgPool1d<D>(3, {.stride = 2}); }, {2, 3, 7}),
        convolutional(
            "AvgPool2d",
            [](Rng&) {
                return nn::AvgPool2d<D>({2, 3});
            },
            {2, 2, 4, 6}),
        convolutional(
            "AdaptiveMaxPool1d", [](Rng&) { return nn::AdaptiveMaxPool1d<D>(3); }, {2, 2, 7}),
        convolutional(
            "AdaptiveMaxPool2d",
            [](Rng&) {
                return nn::AdaptiveMaxPool2d<D>({2, 3});
            },
            {2, 2, 5, 4}),
        convolutional(
            "AdaptiveAvgPool1d", [](Rng&) { return nn::AdaptiveAvgPool1d<D>(3); }, {2, 2, 7}),
        convolutional(
            "AdaptiveAvgPool2d", [](Rng&) { return nn::AdaptiveAvgPool2d<D>(1); }, {2, 2, 5, 4}),
    };
}

std::vector<ZooRow> activation_rows() {
    std::vector<ZooRow> rows;
    const auto add = [&rows](std::string name, nn::Lambda<D> (*make)()) {
        rows.push_back({std::move(name), made([make](Rng&) { return make(); }), {3, 6}});
    };
    add("Relu", nn::Relu<D>);
    add("Relu6", nn::Relu6<D>);
    add("Selu", nn::Selu<D>);
    add("Gelu", nn::Gelu<D>);
    add("Silu", nn::Silu<D>);
    add("Mish", nn::Mish<D>);
    add("Softplus", nn::Softplus<D>);
    add("Softsign", nn::Softsign<D>);
    add("Sigmoid", nn::Sigmoid<D>);
    add("LogSigmoid", nn::LogSigmoid<D>);
    add("Tanh", nn::Tanh<D>);
    add("Tanhshrink", nn::Tanhshrink<D>);
    add("Hardsigmoid", nn::Hardsigmoid<D>);
    add("Hardswish", nn::Hardswish<D>);
    add("LeakyRelu", [] { return nn::LeakyRelu<D>(0.2); });
    add("Elu", [] { return nn::Elu<D>(0.5); });
    add("Celu", [] { return nn::Celu<D>(0.5); });
    add("Hardtanh", [] { return nn::Hardtanh<D>(-0.75, 0.5); });
    add("Hardshrink", [] { return nn::Hardshrink<D>(0.25); });
    add("Softshrink", [] { return nn::Softshrink<D>(0.25); });
    add("Threshold", [] { return nn::Threshold<D>(0.25, -1); });
    add("Glu", [] { return nn::Glu<D>(); });
    add("Softmax", [] { return nn::Softmax<D>(); });
    add("LogSoftmax", [] { return nn::LogSoftmax<D>(1); });
    add("Identity", nn::Identity<D>);
    rows.push_back({"Prelu", made([](Rng&) { return nn::Prelu<D>(3); }), {2, 3, 4}});
    rows.push_back({"Flatten", made([](Rng&) { return nn::Flatten<D>(); }), {2, 3, 4}});
    rows.push_back(alone({"Reshape", made([](Rng&) { return nn::Reshape<D>({3, 2}); }), {2, 6}}));
    rows.push_back(alone(
        {"Lambda",
         made([](Rng&) {
             return nn::Lambda<D>("Lambda", [](const auto& x) { return reshape(x, x.shape()); });
         }),
         {2, 6}}));
    return rows;
}

std::vector<ZooRow> sequence_rows() {
    const nn::RecurrentOptions deep{.layers = 2, .bidirectional = true};
    return {
        from_zeros({"RNNCell", made([](Rng& r) { return nn::RNNCell<D>(3, 4, r); }), {2, 3}}),
        from_zeros({"LSTMCell", made([](Rng& r) { return nn::LSTMCell<D>(3, 4, r); }), {2, 3}}),
        from_zeros({"GRUCell", made([](Rng& r) { return nn::GRUCell<D>(3, 4, r); }), {2, 3}}),
        {"RNN", made([](Rng& r) { return nn::RNN<D>(3, 4, r); }), {2, 5, 3}},
        {"RNN/relu",
         made([](Rng& r) { return nn::RNN<D>(3, 4, r, {.bias = false}, true); }),
         {2, 5, 3}},
        {"LSTM", made([](Rng& r) { return nn::LSTM<D>(3, 4, r); }), {2, 5, 3}},
        {"LSTM/deep", made([deep](Rng& r) { return nn::LSTM<D>(3, 2, r, deep); }), {2, 4, 3}},
        {"GRU", made([](Rng& r) { return nn::GRU<D>(3, 4, r); }), {2, 5, 3}},
        {"GRU/deep", made([deep](Rng& r) { return nn::GRU<D>(3, 2, r, deep); }), {2, 4, 3}},
        {"MultiHeadAttention",
         made([](Rng& r) { return nn::MultiHeadAttention<D>(4, 2, r); }),
         {2, 3, 4}},
        alone(
            {"MultiHeadAttention/dropout",
             made([](Rng& r) { return nn::MultiHeadAttention<D>(4, 2, r, {.keep_prob = 0.7}); }),
             {2, 3, 4}}),
        {"TransformerEncoderLayer",
         made([](Rng& r) {
             return nn::TransformerEncoderLayer<D>(4, 2, r, {.feedforward = 6, .keep_prob = 1});
         }),
         {2, 3, 4}},
        {"TransformerEncoderLayer/norm first",
         made([](Rng& r) {
             return nn::TransformerEncoderLayer<D>(
                 4, 2, r, {.feedforward = 6, .keep_prob = 1, .norm_first = true, .gelu = true});
         }),
         {2, 3, 4}},
        alone(
            {"TransformerEncoderLayer/dropout",
             made([](Rng& r) {
                 return nn::TransformerEncoderLayer<D>(
                     4, 2, r, {.feedforward = 6, .keep_prob = 0.8});
             }),
             {2, 3, 4}}),
        alone(
            {"PositionalEncoding",
             made([](Rng&) { return nn::PositionalEncoding<D>(5, 7); }),
             {2, 4, 5}}),
    };
}

std::vector<ZooRow> other_rows() {
    const auto noisy = [](std::string name, auto make, Shape input) {
        return alone({std::move(name), made(make), std::move(input)});
    };
    return {
        {"BatchNorm1d", made([](Rng&) { return nn::BatchNorm1d<D>(3); }), {5, 3}},
        {"BatchNorm1d/length",
         made([](Rng&) { return nn::BatchNorm1d<D>(3, {.momentum = 0.3, .affine = false}); }),
         {2, 3, 4}},
        {"BatchNorm2d",
         made([](Rng&) { return nn::BatchNorm2d<D>(2, {.epsilon = 0.01}); }),
         {3, 2, 3, 2}},
        {"LayerNorm",
         made([](Rng&) {
             return nn::LayerNorm<D>({3, 4});
         }),
         {2, 3, 4}},
        {"GroupNorm", made([](Rng&) { return nn::GroupNorm<D>(2, 4); }), {2, 4, 3}},
        {"InstanceNorm",
         made([](Rng&) { return nn::InstanceNorm<D>(2, {.affine = true}); }),
         {2, 2, 3, 2}},
        {"RMSNorm", made([](Rng&) { return nn::RMSNorm<D>({4}); }), {3, 4}},
        {"WeightNorm",
         made([](Rng& r) { return nn::WeightNorm<D>(nn::Dense<D>(4, 3, r)); }),
         {5, 4}},
        {"WeightNorm/Conv2d",
         made([](Rng& r) { return nn::WeightNorm<D>(nn::Conv2d<D>(2, 3, 2, r)); }),
         {2, 2, 3, 3}},
        {"LocalResponseNorm",
         made([](Rng&) { return nn::LocalResponseNorm<D>(3, 0.5, 0.75, 2); }),
         {2, 5, 3}},
        noisy("Dropout", [](Rng& r) { return nn::Dropout<D>(0.6, r); }, {4, 5}),
        noisy("Dropout2d", [](Rng& r) { return nn::Dropout2d<D>(0.6, r); }, {4, 5, 2, 2}),
        noisy("AlphaDropout", [](Rng& r) { return nn::AlphaDropout<D>(0.6, r); }, {4, 5}),
        noisy("GaussianNoise", [](Rng& r) { return nn::GaussianNoise<D>(0.5, r); }, {4, 5}),
        noisy(
            "DropConnect",
            [](Rng& r) { return nn::DropConnect<D>(nn::Dense<D>(4, 3, r), 0.6, r); },
            {5, 4}),
        {"Sequential",
         made([](Rng& r) {
             return nn::Sequential(
                 nn::Dense<D>(4, 5, r, false),
                 nn::BatchNorm1d<D>(5),
                 nn::Tanh<D>(),
                 nn::Dense<D>(5, 2, r));
         }),
         {6, 4}},
        {"Residual",
         made([](Rng& r) {
             return nn::Residual(nn::Dense<D>(4, 3, r), nn::Dense<D>(4, 3, r, false));
         }),
         {5, 4}},
        {"Parallel",
         made([](Rng& r) {
             nn::Parallel<D> both(1);
             both.add(nn::Dense<D>(4, 3, r)).add(nn::Tanh<D>());
             return both;
         }),
         {5, 4}},
    };
}

std::vector<ZooRow> all_rows() {
    std::vector<ZooRow> rows;
    for (auto& family : {product_rows(), activation_rows(), sequence_rows(), other_rows()})
        rows.insert(rows.end(), family.begin(), family.end());
    return rows;
}

}  // namespace xgrad::test
