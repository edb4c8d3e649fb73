// W1: per-op cost of a 1000-op chain of alternating mul and add.
//   const: only the chain's start needs a gradient
//   leaf:  the multiplier and the addend need one too
#include "bench.h"
int main() {
    bench::init();
    const int ops = 1000;
    for (bool leaf : {false, true})
        for (int n : {1, 16, 256, 4096}) {
            std::string name = std::string(leaf ? "leaf" : "const") + "_n" + std::to_string(n);
            if (!bench::wanted(name))
                continue;
            auto x = torch::rand({n}).requires_grad_();
            auto a = torch::full({n}, 0.999f).set_requires_grad(leaf);
            auto b = torch::full({n}, 0.001f).set_requires_grad(leaf);
            auto g = torch::ones({n});
            std::vector<bench::lap> f, r, d;
            auto start = bench::clk::now();
            for (int it = 0;
                 it < 20 || (bench::ns_since(start) < bench::budget() * 1e9 && it < 2000);
                 ++it) {
                bench::no_grad_left({x, a, b});
                bench::watch tf;
                torch::Tensor h = x;
                for (int i = 0; i < ops / 2; ++i) {
                    h = h * a;
                    h = h + b;
                }
                auto lf = tf.stop();
                bench::watch tr;
                h.backward(g);
                auto lr = tr.stop();
                bench::watch td;
                h.reset();
                auto ld = td.stop();
                if (it < 5)
                    continue;
                f.push_back(lf), r.push_back(lr), d.push_back(ld);
            }
            auto sf = bench::summarise(f, ops), sr = bench::summarise(r, ops),
                 sd = bench::summarise(d, ops);
            bench::report("W1", name + "_fwd", "ns/op", 1, sf);
            bench::report("W1", name + "_bwd", "ns/op", 1, sr);
            bench::report("W1", name + "_free", "ns/op", 1, sd);
        }
}
