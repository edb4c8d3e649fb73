// W7: a chain of 1,000,000 adds on a scalar tensor: build, backward, destroy.
#include "bench.h"
int main(int argc, char** argv) {
    bench::init();
    const long ops = argc > 1 ? std::atol(argv[1]) : 1000000;
    for (bool leaf : {false, true}) {
        std::string name = std::string(leaf ? "leaf" : "const") + "_" + std::to_string(ops);
        if (!bench::wanted(name))
            continue;
        std::vector<bench::lap> f, r, d;
        double rss = 0, grad = 0;
        for (int it = 0; it < 5; ++it) {
            auto x = torch::zeros({}).requires_grad_();
            auto c = torch::full({}, 1e-6f).set_requires_grad(leaf);
            bench::watch tf;
            torch::Tensor h = x;
            for (long i = 0; i < ops; ++i)
                h = h + c;
            f.push_back(tf.stop());
            bench::watch tr;
            h.backward();
            r.push_back(tr.stop());
            rss = bench::peak_rss_kib() / 1024.0;
            bench::watch td;
            h.reset();
            d.push_back(td.stop());
            grad = leaf ? c.grad().item<float>() : x.grad().item<float>();
        }
        auto sf = bench::summarise(f), sr = bench::summarise(r), sd = bench::summarise(d);
        bench::report(
            "W7",
            name + "_build",
            "ms",
            1e6,
            sf,
            bench::kv("peak_rss_mib", rss) + bench::kv("grad", grad));
        bench::report("W7", name + "_backward", "ms", 1e6, sr);
        bench::report("W7", name + "_destroy", "ms", 1e6, sd);
    }
}
