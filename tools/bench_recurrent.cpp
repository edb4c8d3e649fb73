// W14: recurrent layers in float, 64 steps, forward and backward for the input and all weights.
#include <nn/recurrent.hpp>
#include <nn/rng.hpp>
#include <tools/bench_input.hpp>
#include <tools/bench_seeded.hpp>

#include <fmt/format.h>

#include <memory>

namespace xgrad::bench {

namespace {

using V = Variable<float>;
using Leaves = std::vector<V>;

// As wide as its input. It is made when its leaves are asked for.
template <class Layer>
SeededCase layer(const char* name, std::size_t batch, std::size_t width, double goal) {
    const auto made = std::make_shared<std::unique_ptr<Layer>>();
    return {
        fmt::format("{}_b{}_h{}", name, batch, width),
        fmt::format("{} of {}, batch {}", name, width, batch),
        goal,
        [made, batch, width] {
            Rng rng(1);
            *made = std::make_unique<Layer>(width, width, rng);
            Leaves leaves{filled_leaf<float>({batch, 64, width}, 1)};
            std::uint32_t seed = 2;
            for (const auto& parameter : (*made)->parameters()) {
                parameter.value.assign(filled<float>(parameter.value.shape(), seed++, -0.1, 0.1));
                leaves.push_back(parameter.value);
            }
            return leaves;
        },
        [made](const Leaves& in) { return (**made)(in[0]); }};
}

const std::vector<SeededCase>& cases() {
    static const std::vector<SeededCase> list{
        layer<nn::LSTM<float>>("lstm", 32, 128, 1),
        layer<nn::LSTM<float>>("lstm", 32, 256, 1),
        layer<nn::LSTM<float>>("lstm", 1, 128, 1),
        layer<nn::LSTM<float>>("lstm", 1, 256, 1),
        layer<nn::GRU<float>>("gru", 32, 128, 1),
        layer<nn::GRU<float>>("gru", 32, 256, 1),
        layer<nn::GRU<float>>("gru", 1, 128, 1),
        layer<nn::GRU<float>>("gru", 1, 256, 1)};
    return list;
}

}  // namespace

Workload recurrent_layers() {
    Workload workload{
        .name = "W14",
        .about = "LSTM and GRU over 64 steps",
        .cases = {},
        .run = [](const Run& run) { run_seeded(run, "W14", cases()); },
        .rows = {},
        .program = "w14_recurrent",
        .same = {"value", "grad"}};
    add_seeded(workload, cases());
    return workload;
}

}  // namespace xgrad::bench
