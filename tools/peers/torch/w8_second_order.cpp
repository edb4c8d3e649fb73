// W8: gradient of a gradient-norm penalty (double backward) through the
// 784-512-512-10 tanh MLP at batch 64, float32.
#include "bench.h"
namespace nn = torch::nn;
int main() {
    bench::init();
    nn::Sequential net(
        nn::Linear(784, 512), nn::Tanh(), nn::Linear(512, 512), nn::Tanh(), nn::Linear(512, 10));
    {
        torch::NoGradGuard ng;
        unsigned seed = 10;
        for (auto& p : net->parameters())
            p.copy_(bench::filled(p.sizes(), seed++, -0.04, 0.04));
    }
    auto x = bench::filled({64, 784}, 1).requires_grad_();
    auto params = net->parameters();
    auto step = [&](bool second) {
        for (auto& p : params)
            p.mutable_grad() = torch::Tensor();
        auto out = net->forward(x).sum();
        auto gx = torch::autograd::grad({out}, {x}, {}, second, second)[0];
        if (second)
            (gx.norm(2, 1) - 1).pow(2).mean().backward();
    };
    if (bench::wanted("first_order_b64"))
        bench::report("W8", "first_order_b64", "ms", 1e6, bench::sample([&] { step(false); }));
    if (bench::wanted("penalty_b64")) {
        auto s = bench::sample([&] { step(true); });
        bench::report(
            "W8",
            "penalty_b64",
            "ms",
            1e6,
            s,
            bench::kv("grad", bench::magnitude(params[0].grad())));
    }
}
