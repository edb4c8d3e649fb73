// A user's program, built against the installed copy alone: every public header, an op of the
// library, a fused one, a network, a file, and the checker.

#include <autograd/parallel.hpp>
#include <autograd/record.hpp>
#include <nn/idx.hpp>
#include <nn/nn.hpp>
#include <nn/serialize.hpp>
#include <ops/fused.hpp>
#include <ops/ops.hpp>
#include <tools/gradcheck.hpp>
#include <tools/gradcheck_html.hpp>
#include <tools/gradcheck_json.hpp>
#include <tools/gradcheck_op.hpp>

#include <cstdio>

int main() {
    using xgrad::Array, xgrad::Variable;

    const Variable<double> x(Array<double>{{1, 2}, {3, 4}}, true);
    sum(x * x).backward();
    if (x.grad() != Array<double>{{2, 4}, {6, 8}}) {
        std::puts("the gradient of sum(x * x) is not 2x");
        return 1;
    }

    const auto gate = xgrad::elementwise([](auto a, auto b) { return tanh(a) * b; });
    xgrad::Rng rng(1);
    xgrad::nn::Dense<double> dense(2, 3, rng);
    const auto report = gradcheck(
        [&](const auto& in) { return sum(dense(gate(in[0], in[1]))); }, xgrad::Variables{x, x});
    if (!report.ok()) {
        std::puts(report.to_string().c_str());
        return 1;
    }
    if (!to_json(report).starts_with("{") || !to_html(report).starts_with("<!doctype html>")) {
        std::puts("the checker's report is no JSON or no page");
        return 1;
    }

    xgrad::nn::save("weights.safetensors", dense.state_dict());
    dense.load_state_dict(xgrad::nn::load<double>("weights.safetensors"));
    std::puts("OK");
    return 0;
}
