// W2: fused-looking elementwise expressions, forward + backward, float32.
#include "bench.h"
static torch::Tensor gelu_by_hand(const torch::Tensor& x) {
    return 0.5 * x * (1 + torch::tanh(0.7978845608028654 * (x + 0.044715 * (x * x * x))));
}
int main() {
    bench::init();
    for (long n : {10000L, 1000000L, 10000000L}) {
        auto x = bench::filled({n}, 1, -2, 2).requires_grad_();
        auto a = bench::filled({n}, 2, -2, 2).requires_grad_();
        auto b = bench::filled({n}, 3, -2, 2).requires_grad_();
        auto run = [&](const std::string& name, auto f) {
            if (!bench::wanted(name))
                return;
            auto s = bench::sample(
                [&] {
                    bench::no_grad_left({x, a, b});
                    f().backward();
                },
                3,
                n > 1000000 ? 9 : 21);
            bench::report(
                "W2",
                name,
                "ms",
                1e6,
                s,
                bench::kv("cpu_ns_per_element", s.cpu_med / double(n)) +
                    bench::kv("grad", bench::magnitude(x.grad())));
        };
        const std::string suf = "_n" + std::to_string(n);
        run("expr" + suf, [&] {
            return (torch::tanh(a * x + b) * torch::sigmoid(x) + torch::exp(-x * x)).sum();
        });
        run("gelu_by_hand" + suf, [&] { return gelu_by_hand(x).sum(); });
        run("gelu_builtin" + suf, [&] { return torch::gelu(x).sum(); });
        // forward alone, recording nothing: what the arithmetic costs
        if (bench::wanted("expr_nograd" + suf)) {
            torch::NoGradGuard ng;
            auto s = bench::sample(
                [&] {
                    auto y =
                        (torch::tanh(a * x + b) * torch::sigmoid(x) + torch::exp(-x * x)).sum();
                },
                3,
                9);
            bench::report(
                "W2",
                "expr_nograd" + suf,
                "ms",
                1e6,
                s,
                bench::kv("cpu_ns_per_element", s.cpu_med / double(n)));
        }
    }
}
