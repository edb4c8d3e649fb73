// W14: recurrent layers, forward + backward for the input and all weights, float, from a dense
// cotangent of the results of all steps; the batch comes first.
#include "bench.h"
using torch::Tensor;
template <class Layer>
static void run(const std::string& name, Layer layer, int64_t n, int64_t steps, int64_t width) {
    if (!bench::wanted(name))
        return;
    auto x = bench::filled({n, steps, width}, 1).requires_grad_();
    unsigned seed = 2;
    for (auto& p : layer->parameters()) {
        torch::NoGradGuard ng;
        p.copy_(bench::filled(p.sizes(), seed++, -0.1, 0.1));
    }
    std::vector<Tensor> leaves = layer->parameters();
    leaves.insert(leaves.begin(), x);
    bench::seeded("W14", name, leaves, [&] { return std::get<0>(layer->forward(x)); });
}
int main() {
    bench::init();
    for (int64_t n : {32, 1})
        for (int64_t width : {128, 256}) {
            const std::string end = "_b" + std::to_string(n) + "_h" + std::to_string(width);
            run("lstm" + end,
                torch::nn::LSTM(torch::nn::LSTMOptions(width, width).batch_first(true)),
                n,
                64,
                width);
            run("gru" + end,
                torch::nn::GRU(torch::nn::GRUOptions(width, width).batch_first(true)),
                n,
                64,
                width);
        }
}
