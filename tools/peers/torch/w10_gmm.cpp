// W10: ADBench's Gaussian mixture with a Wishart prior, value and gradient, double precision.
// The files lie in DATA.
#include "bench.h"

#include <cmath>
#include <fstream>
using torch::Tensor;
using torch::indexing::Slice;
struct mixture {
    long d, k, n, m;
    double gamma;
    Tensor alphas, means, icf, points, places;
    explicit mixture(const std::string& path) {
        std::ifstream f(path);
        f >> d >> k >> n;
        auto read = [&](at::IntArrayRef shape) {
            auto t = torch::empty(shape, torch::kDouble);
            for (long i = 0; i < t.numel(); ++i)
                f >> t.data_ptr<double>()[i];
            return t;
        };
        alphas = read({k}), means = read({k, d}), icf = read({k, d * (d + 1) / 2});
        points = read({n, d}).t().contiguous();
        f >> gamma >> m;
        if (!f)
            std::fprintf(stderr, "cannot read %s\n", path.c_str()), std::exit(1);
        for (auto* t : {&alphas, &means, &icf})
            t->requires_grad_();
        places = torch::full({d * d}, d * (d + 1) / 2, torch::kLong);
        for (long c = 0, at = d; c < d; at += d - 1 - c, ++c)
            for (long r = c; r < d; ++r)
                places.data_ptr<long>()[r * d + c] = r == c ? r : at + r - c - 1;
    }
    double constant() const {
        const double p = double(d), dof = p + double(m) + 1;
        double lg = 0.25 * p * (p - 1) * std::log(M_PI);
        for (long j = 1; j <= d; ++j)
            lg += std::lgamma(0.5 * dof + 0.5 * (1 - double(j)));
        return -0.5 * double(n) * p * std::log(2 * M_PI) -
               double(k) * (dof * p * (std::log(gamma) - 0.5 * M_LN2) - lg);
    }
    Tensor posterior() const {
        auto logd = icf.index({Slice(), Slice(0, d)}), log_det = logd.sum(1);
        auto entries = torch::cat({logd.exp(), icf.index({Slice(), Slice(d)})}, 1);
        auto q = torch::cat({entries, torch::zeros({k, 1}, torch::kDouble)}, 1)
                     .index_select(1, places)
                     .view({k, d, d});
        auto y = torch::mm(q.reshape({k * d, d}), points).view({k, d, n}) -
                 torch::bmm(q, means.unsqueeze(2));
        auto terms = (alphas + log_det).unsqueeze(1) - 0.5 * y.square().sum(1);
        auto prior = 0.5 * gamma * gamma * entries.square().sum() - double(m) * log_det.sum();
        return torch::logsumexp(terms, 0).sum() - double(n) * torch::logsumexp(alphas, 0) + prior +
               constant();
    }
};
int main() {
    bench::init();
    const char* data = std::getenv("DATA");
    for (std::string name :
         {"10k_gmm_d2_K5", "1k_gmm_d10_K25", "1k_gmm_d20_K50", "1k_gmm_d64_K10"}) {
        if (!bench::wanted(name))
            continue;
        mixture g(std::string(data ? data : "../adbench") + "/" + name + ".txt");
        double value = 0;
        auto s = bench::sample(
            [&] {
                bench::no_grad_left({g.alphas, g.means, g.icf});
                auto y = g.posterior();
                y.backward();
                value = y.item<double>();
            },
            2);
        bench::report(
            "W10",
            name + "_gradient",
            "ms",
            1e6,
            s,
            bench::kv("value", value) +
                bench::kv("grad_alphas", bench::magnitude(g.alphas.grad())) +
                bench::kv("grad_means", bench::magnitude(g.means.grad())) +
                bench::kv("grad_icf", bench::magnitude(g.icf.grad())));
    }
}
