#include <autograd/grad.hpp>
#include <autograd/record.hpp>
#include <ops/ops.hpp>
#include <tools/gradcheck.hpp>

#include <algorithm>

namespace xgrad {
namespace {

template <class To, class From>
Array<To> cast(const Array<From>& x) {
    Array<To> y = empty<To>(x.shape());
    std::transform(
        x.data(), x.data() + x.size(), y.data(), [](From v) { return static_cast<To>(v); });
    return y;
}

// Made when it is needed first: a program that judges no float function has no such op.
const Op& float_op() {
    static const Op op(
        "judged_in_double", on({{3, 4}}, [](const auto& in) { return tanh(in[0]); }));
    return op;
}

}  // namespace

GradcheckFunction judged_in_double(
    std::function<Variable<float>(const std::vector<Variable<float>>&)> in_float,
    std::function<Variable<double>(const std::vector<Variable<double>>&)> in_double) {
    const Op& op = float_op();
    return [&op, in_float, in_double](const Variables& inputs) -> Variable<double> {
        Array<double> value;
        {
            const NoGradGuard off;
            value = in_double(inputs).value();
        }
        if (!grad_enabled())
            return Variable<double>(std::move(value));
        std::vector<Variable<float>> copies;
        for (const Variable<double>& x : inputs)
            copies.emplace_back(cast<float>(x.value()), x.requires_grad());
        const Variable<float> y = in_float(copies);
        auto recording = record(op, std::move(value));
        for (std::size_t i = 0; i < inputs.size() && y.requires_grad(); ++i) {
            const auto rule = [y, x = copies[i]](const Array<double>& g) -> Array<double> {
                const Variable<float> seed(cast<float>(g));
                const auto dx =
                    grad(y, x, {.seeds = {seed}, .allow_unused = true, .retain_graph = true});
                return dx.defined() ? cast<double>(dx.value()) : Array<double>(x.shape(), 0.0);
            };
            static_cast<void>(std::move(recording).wrt(inputs[i], rule));
        }
        return Variable<double>(std::move(recording));
    };
}

GradcheckOptions float_options(GradcheckOptions options) {
    options.order = 1;
    options.in_float = true;
    options.tolerance = std::max(options.tolerance, 1e-4);
    options.norm_tolerance = std::max(options.norm_tolerance, 1e-5);
    return options;
}

}  // namespace xgrad
