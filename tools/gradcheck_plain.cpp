#include <autograd/fail.hpp>
#include <autograd/record.hpp>
#include <ops/ops.hpp>
#include <tools/gradcheck_blame.hpp>
#include <tools/gradcheck_plain.hpp>

#include <algorithm>

namespace xgrad {
namespace {

// Made when it is needed first: a program that checks no plain function has no such op.
const Op& plain_op() {
    static const Op op(
        detail::plain_op_name, on({{3, 4}}, [](const auto& in) { return tanh(in[0]); }));
    return op;
}

Array<double> part(const PlainArrays& gradients, std::size_t i, std::size_t inputs, double g) {
    if (gradients.size() != inputs) {
        fail<ShapeError>(
            "gradcheck: the gradient has {} arrays; need {}, one an input",
            gradients.size(),
            inputs);
    }
    Array<double> dx = empty<double>({gradients[i].size()});
    std::ranges::transform(gradients[i], dx.data(), [g](double value) { return g * value; });
    return dx;
}

}  // namespace

GradcheckReport gradcheck(
    const std::function<double(const PlainArrays&)>& f,
    const std::function<PlainArrays(const PlainArrays&)>& gradient,
    const PlainArrays& inputs,
    const GradcheckOptions& options) {
    NamedVariables leaves;
    for (const std::vector<double>& input : inputs) {
        Array<double> value = empty<double>({input.size()});
        std::ranges::copy(input, value.data());
        leaves.emplace_back(
            fmt::format("input {}", leaves.size()), Variable<double>(std::move(value), true));
    }
    const auto call = [&]() -> Variable<double> {
        PlainArrays x;
        for (const auto& [name, leaf] : leaves)
            x.emplace_back(leaf.value().data(), leaf.value().data() + leaf.size());
        auto recording = record(plain_op(), Array<double>(Shape{}, f(x)));
        for (std::size_t i = 0; i < leaves.size(); ++i) {
            const auto rule = [&gradient, x, i](const Array<double>& g) -> Array<double> {
                return part(gradient(x), i, x.size(), g.data()[0]);
            };
            static_cast<void>(std::move(recording).wrt(leaves[i].second, rule));
        }
        return Variable<double>(std::move(recording));
    };
    GradcheckOptions first = options;
    first.order = 1;
    GradcheckReport report = gradcheck(std::function<Variable<double>()>(call), leaves, first);
    // The op to blame would be the one in here.
    for (GradcheckFinding& finding : report.findings) {
        const std::size_t blame = finding.text.find("; the first wrong rule is that of ");
        finding.text.resize(std::min(blame, finding.text.size()));
    }
    return report;
}

}  // namespace xgrad
