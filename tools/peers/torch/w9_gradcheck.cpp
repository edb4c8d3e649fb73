// W9: central differences against backward for the softmax cross entropy of a
// 32-48-10 tanh MLP (2074 parameters), batch 16, double precision.
#include "bench.h"
int main() {
    bench::init();
    const auto o = torch::kDouble;
    auto x = bench::filled({16, 32}, 1, -1, 1, o);
    auto y = bench::labels(16);
    std::vector<torch::Tensor> p{
        bench::filled({32, 48}, 10, -.2, .2, o),
        bench::filled({48}, 11, -.2, .2, o),
        bench::filled({48, 10}, 12, -.2, .2, o),
        bench::filled({10}, 13, -.2, .2, o)};
    for (auto& t : p)
        t.requires_grad_();
    auto f = [&] {
        auto h = torch::tanh(torch::addmm(p[1], x, p[0]));
        return torch::nll_loss(torch::log_softmax(torch::addmm(p[3], h, p[2]), 1), y);
    };
    double worst = 0;
    auto s = bench::sample(
        [&] {
            for (auto& t : p)
                t.mutable_grad() = torch::Tensor();
            f().backward();
            torch::NoGradGuard ng;
            worst = 0;
            for (auto& t : p) {
                auto* v = t.data_ptr<double>();
                auto* g = t.grad().data_ptr<double>();
                for (long i = 0; i < t.numel(); ++i) {
                    const double old = v[i], eps = 1e-6;
                    v[i] = old + eps;
                    double up = f().item<double>();
                    v[i] = old - eps;
                    double dn = f().item<double>();
                    v[i] = old;
                    worst = std::max(worst, std::abs((up - dn) / (2 * eps) - g[i]));
                }
            }
        },
        1,
        5);
    bench::report("W9", "cpp_central_2074", "ms", 1e6, s, bench::kv("worst_abs_error", worst));
    auto one = bench::sample([&] {
        torch::NoGradGuard ng;
        auto l = f();
    });
    bench::report("W9", "cpp_one_forward", "us", 1e3, one, bench::kv("loss", f().item<double>()));
}
