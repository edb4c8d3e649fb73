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
    auto leaves = layer->parameters();
    leaves.push_back(x);
    const auto f = [&] { return std::get<0>(layer->forward(x)); };
    double value = 0;
    Tensor g;
    {
        torch::NoGradGuard ng;
        auto y = f();
        value = bench::magnitude(y);
        g = bench::filled(y.sizes(), 9);
    }
    auto s = bench::sample(
        [&] {
            for (auto& t : leaves)
                t.mutable_grad() = Tensor();
            f().backward(g);
        },
        3,
        15);
    bench::report(
        "W14",
        name,
        "ms",
        1e6,
        s,
        bench::kv("value", value) + bench::kv("grad", bench::magnitude(x.grad())));
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
