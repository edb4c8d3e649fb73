// W15: ops that move, order, scan and compare elements, forward + backward for all leaves, float,
// from a dense cotangent.
#include "bench.h"
using torch::Tensor;
template <class F>
static void run(const std::string& name, std::vector<Tensor> leaves, F fn) {
    bench::seeded("W15", name, std::move(leaves), fn);
}
int main() {
    bench::init();
    auto x = bench::filled({1000, 1000}, 1, 0.9, 1.1).requires_grad_();
    run("transpose", {x}, [&] { return x.t().contiguous(); });
    auto h = bench::filled({32, 128, 8, 64}, 1).requires_grad_();
    run("heads", {h}, [&] { return h.transpose(1, 2).contiguous(); });
    auto a = bench::filled({1000, 500}, 1).requires_grad_(),
         b = bench::filled({1000, 500}, 2).requires_grad_();
    run("concatenate", {a, b}, [&] { return torch::cat({a, b}, 1); });
    run("slice", {x}, [&] { return x.slice(1, 100, 900).contiguous(); });
    run("flip", {x}, [&] { return torch::flip(x, {1}); });
    run("roll", {x}, [&] { return torch::roll(x, 17, 1); });
    run("tril", {x}, [&] { return torch::tril(x); });
    auto picks = (torch::arange(500000, torch::kLong) * 7919).remainder(1000).reshape({1000, 500});
    run("take_along", {x}, [&] { return torch::gather(x, 1, picks); });
    run("sort", {x}, [&] { return std::get<0>(torch::sort(x, 1)); });
    run("topk", {x}, [&] { return std::get<0>(torch::topk(x, 10, 1)); });
    run("cumsum", {x}, [&] { return torch::cumsum(x, 1); });
    run("cumprod", {x}, [&] { return torch::cumprod(x, 1); });
    run("prod", {x}, [&] { return torch::prod(x, 1); });
    auto p = bench::filled({400, 64}, 1).requires_grad_(),
         q = bench::filled({400, 64}, 2).requires_grad_();
    run("cdist", {p, q}, [&] { return torch::cdist(p, q); });
}
