// W6: row-wise and reduction kernels, forward + backward, float32. Each output
// is seeded with a dense random cotangent of its own shape.
#include "bench.h"
template <class F>
static void run(const std::string& name, std::vector<torch::Tensor> leaves, F f) {
    if (!bench::wanted(name))
        return;
    torch::Tensor g;
    {
        torch::NoGradGuard ng;
        g = bench::filled(f().sizes(), 9);
    }
    auto fwd = bench::sample(
        [&] {
            torch::NoGradGuard ng;
            auto y = f();
        },
        3,
        15);
    auto s = bench::sample(
        [&] {
            for (auto& t : leaves)
                t.mutable_grad() = torch::Tensor();
            f().backward(g);
        },
        3,
        15);
    bench::report(
        "W6",
        name,
        "ms",
        1e6,
        s,
        bench::kv("fwd_nograd_cpu_ms", fwd.cpu_med / 1e6) +
            bench::kv("value", bench::magnitude(f())) +
            bench::kv("grad", bench::magnitude(leaves[0].grad())));
}
int main() {
    bench::init();
    {
        auto x = bench::filled({4096, 1000}, 1, -3, 3).requires_grad_();
        run("log_softmax_4096x1000", {x}, [&] { return torch::log_softmax(x, 1); });
        run("softmax_4096x1000", {x}, [&] { return torch::softmax(x, 1); });
        run("log_softmax_by_hand_4096x1000", {x}, [&] {
            auto z = x - std::get<0>(x.detach().max(1, true));
            return z - torch::log(torch::exp(z).sum(1, true));
        });
    }
    {
        auto x = bench::filled({4096, 4096}, 1, 0, 1).requires_grad_();
        run("sum_axis0_4096x4096", {x}, [&] { return x.sum(0); });
        run("sum_axis1_4096x4096", {x}, [&] { return x.sum(1); });
        run("sum_all_4096x4096", {x}, [&] { return x.sum(); });
    }
    {
        auto x = bench::filled({4096, 1024}, 1, -3, 3).requires_grad_(),
             w = bench::filled({1024}, 2, 0.5, 1.5).requires_grad_(),
             b = bench::filled({1024}, 3).requires_grad_();
        run("layernorm_4096x1024", {x, w, b}, [&] { return torch::layer_norm(x, {1024}, w, b); });
        run("layernorm_by_hand_4096x1024", {x, w, b}, [&] {
            auto c = x - x.mean(1, true);
            return c * torch::rsqrt((c * c).mean(1, true) + 1e-5) * w + b;
        });
        run("bcast_add_4096x1024", {x, b}, [&] { return x + b; });
        run("bcast_mul_4096x1024", {x, w}, [&] { return x * w; });
    }
}
