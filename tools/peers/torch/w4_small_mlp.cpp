// W4: the classroom net 2-20-3-1 (relu, relu, sigmoid + binary cross entropy),
// batch 211, double precision, full-batch gradient descent with L2.
//   modules:    nn::Linear and optim::SGD(weight_decay)
//   l2_in_loss: plain tensors, the L2 term differentiated, update by hand
#include "bench.h"
namespace nn = torch::nn;
int main() {
    bench::init();
    torch::set_default_dtype(caffe2::TypeMeta::Make<double>());
    auto x = bench::filled({211, 2}, 1, -2, 2, torch::kDouble);
    auto y = (x.pow(2).sum(1, true) < 1.2).to(torch::kDouble);
    const double lr = 0.3, l2 = 0.7 / 211;
    if (bench::wanted("modules")) {
        nn::Sequential net(
            nn::Linear(2, 20),
            nn::ReLU(),
            nn::Linear(20, 3),
            nn::ReLU(),
            nn::Linear(3, 1),
            nn::Sigmoid());
        torch::optim::SGD opt(net->parameters(), torch::optim::SGDOptions(lr).weight_decay(l2));
        {
            torch::NoGradGuard ng;
            unsigned seed = 10;
            for (auto& p : net->parameters())
                p.copy_(bench::filled(p.sizes(), seed++, -0.5, 0.5, torch::kDouble));
        }
        double loss_now = 0;
        auto step = [&] {
            opt.zero_grad();
            auto loss = torch::binary_cross_entropy(net->forward(x), y);
            loss.backward();
            opt.step();
            loss_now = loss.item<double>();
        };
        for (int i = 0; i < 20; ++i)
            step();
        const double loss_20 = loss_now;
        auto s = bench::sample(step, 30);
        bench::report("W4", "modules", "us/step", 1e3, s, bench::kv("loss_20", loss_20));
    }
    if (bench::wanted("l2_in_loss")) {
        const auto d = torch::kDouble;
        std::vector<torch::Tensor> w{
            bench::filled({2, 20}, 10, -.5, .5, d),
            bench::filled({20, 3}, 11, -.5, .5, d),
            bench::filled({3, 1}, 12, -.5, .5, d)};
        std::vector<torch::Tensor> b{torch::zeros({20}), torch::zeros({3}), torch::zeros({1})};
        for (auto& t : w)
            t.requires_grad_();
        for (auto& t : b)
            t.requires_grad_();
        double loss_now = 0;
        auto step = [&] {
            auto h = torch::relu(torch::matmul(x, w[0]) + b[0]);
            h = torch::relu(torch::matmul(h, w[1]) + b[1]);
            h = torch::sigmoid(torch::matmul(h, w[2]) + b[2]);
            auto loss = -(y * torch::log(h + 1e-12) + (1 - y) * torch::log(1 - h + 1e-12)).mean();
            for (auto& t : w)
                loss = loss + 0.5 * l2 * (t * t).sum();
            loss.backward();
            torch::NoGradGuard ng;
            for (auto* v : {&w, &b})
                for (auto& t : *v) {
                    t.sub_(t.grad(), lr);
                    t.mutable_grad() = torch::Tensor();
                }
            loss_now = loss.item<double>();
        };
        for (int i = 0; i < 20; ++i)
            step();
        const double loss_20 = loss_now;
        auto s = bench::sample(step, 30);
        bench::report("W4", "l2_in_loss", "us/step", 1e3, s, bench::kv("loss_20", loss_20));
    }
}
