// W13: what derivatives cost, in units of what they are made of, each pair measured in turn.
//   hvp         a Hessian-vector product against the gradient it starts from
//   jacobian    of a network of 256 inputs and outputs, against 256 runs forward and backward
//   checkpoint  a chain of 200 layers in pieces of 14, against the whole on the tape
#include <nn/layers.hpp>
#include <ops/checkpoint.hpp>
#include <ops/functional.hpp>
#include <ops/ops.hpp>
#include <tools/bench.hpp>

#include <algorithm>

namespace xgrad::bench {

namespace {

using V = Variable<float>;

// The unit under phase 0, the work under phase 1; their ratio is the figure.
template <class Unit, class Work>
void run_pair(const Run& run, const char* name, Unit unit, Work work) {
    if (!run.wants(name))
        return;
    Phases phases(2, {.budget = run.budget});
    while (phases.next()) {
        phases.start();
        unit();
        phases.end(0);
        work();
        phases.end(1);
    }
    const Stats base = phases.stats(0, 1, 1e6), stats = phases.stats(1, 2, 1e6);
    run.report(
        {.workload = "W13",
         .name = name,
         .unit = "ms",
         .stats = stats,
         .extra = {
             {"unit_ms", base.median},
             {"ratio", stats.median / base.median},
             {"cpu_ratio", stats.cpu_median / base.cpu_median}}});
}

V normal(const Shape& shape, Rng& rng, double scale) {
    Array<float> values = empty<float>(shape);
    for (float& value : values)
        value = static_cast<float>(scale * rng.normal());
    return V(std::move(values));
}

void run_hvp(const Run& run) {
    Rng rng(1);
    const V x = normal({128, 256}, rng, 1), t = normal({128, 10}, rng, 1);
    const VariableList<float> weights{
        normal({256, 256}, rng, 0.06),
        normal({256}, rng, 0.1),
        normal({256, 256}, rng, 0.06),
        normal({256}, rng, 0.1),
        normal({10, 256}, rng, 0.06),
        normal({10}, rng, 0.1)};
    VariableList<float> v;
    for (const V& w : weights)
        v.push_back(normal(w.shape(), rng, 1));
    const auto loss = [&](const VariableList<float>& w) {
        const V h = tanh(linear(tanh(linear(x, w[0], w[1])), w[2], w[3]));
        return mean(square(linear(h, w[4], w[5]) - t));
    };
    run_pair(
        run,
        "hvp",
        [&] { static_cast<void>(value_and_grad(loss, weights)); },
        [&] { static_cast<void>(hvp(loss, weights, v)); });
}

void run_jacobian(const Run& run) {
    Rng rng(2);
    nn::Sequential net(
        nn::Dense(256, 256, rng),
        nn::Tanh(),
        nn::Dense(256, 256, rng),
        nn::Tanh(),
        nn::Dense(256, 256, rng));
    const V x = normal({256}, rng, 1);
    const auto f = [&](const V& in) { return net(in); };
    run_pair(
        run,
        "jacobian",
        [&] {
            for (std::size_t i = 0; i < 256; ++i) {
                const V leaf = x.detach().requires_grad(true);
                Array<float> seed(Shape{256}, 0);
                seed(i) = 1;
                f(leaf).backward(V(std::move(seed)));
            }
        },
        [&] { static_cast<void>(jacobian(f, x)); });
}

void run_checkpoint(const Run& run) {
    Rng rng(3);
    const V x = normal({64, 64}, rng, 1).requires_grad(true);
    const V w = normal({64, 64}, rng, 0.12).requires_grad(true);
    const auto layers = [&](V v, std::size_t n) {
        for (std::size_t i = 0; i < n; ++i)
            v = tanh(matmul(v, w));
        return v;
    };
    run_pair(
        run,
        "checkpoint",
        [&] {
            static_cast<void>(grad<float>({sum(layers(x, 200))}, {x, w}));
        },
        [&] {
            V v = x;
            for (std::size_t done = 0; done < 200; done += 14) {
                const std::size_t n = std::min<std::size_t>(14, 200 - done);
                v = checkpoint([&layers, n](const V& in) { return layers(in, n); }, v);
            }
            static_cast<void>(grad<float>({sum(v)}, {x, w}));
        });
}

void run_all(const Run& run) {
    run_hvp(run);
    run_jacobian(run);
    run_checkpoint(run);
}

}  // namespace

Workload derivatives() {
    return {
        .name = "W13",
        .about = "Hessian-vector product, Jacobian and checkpoints in units of plain gradients",
        .cases = {"hvp", "jacobian", "checkpoint"},
        .run = run_all,
        .rows = {},
        .program = {}};
}

}  // namespace xgrad::bench
