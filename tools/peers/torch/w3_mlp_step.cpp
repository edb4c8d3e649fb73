// W3: one training step of 784-512-512-10 (ReLU, dropout 0.5, softmax cross
// entropy, weight decay 1e-4) with Adam or SGD, float32.
#include "bench.h"
namespace nn = torch::nn;
template <class Opt>
static void run(const char* opt_name, int batch, Opt make, bool dropout = true) {
    std::string name =
        std::string(opt_name) + "_b" + std::to_string(batch) + (dropout ? "" : "_nodropout");
    if (!bench::wanted(name))
        return;
    nn::Sequential net(nn::Linear(784, 512), nn::ReLU());
    if (dropout)
        net->push_back(nn::Dropout(0.5));
    net->push_back(nn::Linear(512, 512));
    net->push_back(nn::ReLU());
    if (dropout)
        net->push_back(nn::Dropout(0.5));
    net->push_back(nn::Linear(512, 10));
    net->train();
    auto opt = make(net->parameters());
    auto x = torch::rand({batch, 784});
    auto y = torch::randint(0, 10, {batch}, torch::kLong);
    std::vector<bench::lap> all, fw, bw, st;
    auto start = bench::clk::now();
    const double s0 = bench::sys_ns(), c0 = bench::cpu_ns();
    for (int it = 0; it < 25 || bench::ns_since(start) < 3 * bench::budget() * 1e9; ++it) {
        bench::watch t;
        opt->zero_grad();
        auto loss = nn::functional::cross_entropy(net->forward(x), y);
        auto a = t.stop();
        loss.backward();
        auto b = t.stop();
        opt->step();
        auto c = t.stop();
        if (it < 10)
            continue;
        all.push_back(c), fw.push_back(a);
        bw.push_back({b.wall - a.wall, b.cpu - a.cpu}),
            st.push_back({c.wall - b.wall, c.cpu - b.cpu});
    }
    auto s = bench::summarise(all);
    s.sys_share = (bench::sys_ns() - s0) / (bench::cpu_ns() - c0);
    bench::report(
        "W3",
        name,
        "ms",
        1e6,
        s,
        bench::kv("fwd_cpu_ms", bench::summarise(fw).cpu_med / 1e6) +
            bench::kv("bwd_cpu_ms", bench::summarise(bw).cpu_med / 1e6) +
            bench::kv("opt_cpu_ms", bench::summarise(st).cpu_med / 1e6) +
            bench::kv("peak_rss_mib", bench::peak_rss_kib() / 1024.0));
}
int main() {
    bench::init();
    auto adam = [](auto p) {
        return std::make_unique<torch::optim::Adam>(
            p, torch::optim::AdamOptions(1e-3).weight_decay(1e-4));
    };
    auto sgd = [](auto p) {
        return std::make_unique<torch::optim::SGD>(
            p, torch::optim::SGDOptions(1e-2).weight_decay(1e-4));
    };
    for (int batch : {32, 128, 1024}) {
        run("adam", batch, adam);
        run("sgd", batch, sgd);
    }
    run("sgd", 128, sgd, false);
}
