// W4: the classroom network 2-20-3-1 (relu, relu, sigmoid and binary cross entropy), batch 211, in
// double, full-batch gradient descent with an L2 term.
//   modules     layers and optim::SGD with l2
//   l2_in_loss  plain Variables, the L2 term differentiated, the update by hand
#include <nn/nn.hpp>
#include <tools/bench.hpp>
#include <tools/bench_input.hpp>

namespace xgrad::bench {

namespace {

using V = Variable<double>;

constexpr double rate = 0.3;
constexpr double l2 = 0.7 / 211;

struct Data {
    V x{filled<double>({211, 2}, 1, -2, 2)};
    V y;

    Data() {
        Array<double> inside = empty<double>({211, 1});
        for (std::size_t i = 0; i < 211; ++i) {
            const double a = x.value()(i, 0), b = x.value()(i, 1);
            inside.data()[i] = a * a + b * b < 1.2 ? 1 : 0;
        }
        y = V(std::move(inside));
    }
};

// 20 steps, whose last loss both sides agree on, then the time of one.
template <class Step>
void measure(const Run& run, const char* name, Step step) {
    if (!run.wants(name))
        return;
    double loss = 0;
    for (int i = 0; i < 20; ++i)
        loss = step();
    const Stats stats = time_of({.budget = run.budget, .warmup = 30}, 1e3, step);
    run.report(
        {.workload = "W4",
         .name = name,
         .unit = "us/step",
         .stats = stats,
         .extra = {{"loss_20", loss}}});
}

void run_modules(const Run& run, const Data& data) {
    Rng rng(1);
    nn::Sequential<double> net(
        nn::Dense<double>(2, 20, rng),
        nn::Relu<double>(),
        nn::Dense<double>(20, 3, rng),
        nn::Relu<double>(),
        nn::Dense<double>(3, 1, rng));
    auto parameters = net.parameters();
    std::uint32_t seed = 10;
    for (auto& parameter : parameters) {
        parameter.value.assign(filled<double>(parameter.value.shape(), seed++, -0.5, 0.5));
        parameter.decays = true;  // the peer's decay, too, takes the biases along
    }
    optim::SGD<double> optimizer(parameters, {.lr = rate, .l2 = l2});
    measure(run, "modules", [&] {
        optimizer.zero_grad();
        const V loss = binary_cross_entropy_with_logits(net(data.x), data.y);
        loss.backward();
        optimizer.step();
        return loss.item();
    });
}

void run_plain(const Run& run, const Data& data) {
    std::vector<V> w, b;
    const Shape shapes[] = {{2, 20}, {20, 3}, {3, 1}};
    for (std::uint32_t k = 0; k < 3; ++k) {
        w.push_back(filled_leaf<double>(shapes[k], 10 + k, -0.5, 0.5));
        b.emplace_back(Array<double>(Shape{shapes[k][1]}, 0.0), true);
    }
    measure(run, "l2_in_loss", [&] {
        V h = relu(matmul(data.x, w[0]) + b[0]);
        h = relu(matmul(h, w[1]) + b[1]);
        h = sigmoid(matmul(h, w[2]) + b[2]);
        V loss = -mean(data.y * log(h + 1e-12) + (1 - data.y) * log(1 - h + 1e-12));
        for (const V& weight : w)
            loss = loss + 0.5 * l2 * sum(square(weight));
        loss.backward();
        for (const auto* list : {&w, &b}) {
            for (const V& parameter : *list) {
                const Array<double>& g = parameter.grad();
                parameter.update([&](std::span<double> values) {
                    for (std::size_t i = 0; i < values.size(); ++i)
                        values[i] -= rate * g.data()[i];
                });
                parameter.zero_grad();
            }
        }
        return loss.item();
    });
}

void run_all(const Run& run) {
    const Data data;
    run_modules(run, data);
    run_plain(run, data);
}

}  // namespace

Workload small_network() {
    return {
        .name = "W4",
        .about = "training step of 2-20-3-1, batch 211, double",
        .cases = {"modules", "l2_in_loss"},
        .run = run_all,
        .rows =
            {{.label = "modules, SGD", .parts = {"modules"}, .kind = Row::Goal::ratio, .goal = 0.2},
             {.label = "L2 in the loss, update by hand",
              .parts = {"l2_in_loss"},
              .kind = Row::Goal::ratio,
              .goal = 0.2}},
        .program = "w4_small_mlp",
        .same = {"loss_20"}};
}

}  // namespace xgrad::bench
