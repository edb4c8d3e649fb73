// An op of your own, through each of three doors, and what gradcheck says of it.
#include <autograd/record.hpp>
#include <ops/fused.hpp>
#include <ops/ops.hpp>
#include <tools/gradcheck.hpp>

#include <cstdio>
#include <utility>

using xgrad::Array, xgrad::Variable, xgrad::Variables;

namespace {

// Door 1: a scalar formula. Its derivative is derived, forward and backward are one pass each.
const auto swish = xgrad::elementwise([](auto x, auto slope) { return x * sigmoid(slope * x); });

// Door 2: a value, and a rule in public ops, which can itself be differentiated.
// The products of all pairs of rows. (N,K) -> (N,N), y = x x^T.  dx = (g + g^T) x.
template <class T>
Variable<T> gram(const Variable<T>& x);

// The op's name, and what it is checked on.
const xgrad::Op gram_op("gram", xgrad::on({{3, 4}}, [](const auto& in) { return gram(in[0]); }));

template <class T>
Variable<T> gram(const Variable<T>& x) {
    const Variable<T> value = x.detach();  // the same array, off the tape
    return record(gram_op, matmul(value, transpose(value)).value())
        .wrt(
            x, [x = xgrad::keep(x)](const Variable<T>& g) { return matmul(g + transpose(g), *x); });
}

// Door 3: a value and a rule on plain arrays; one derivative, but any code you like.
// The running total. (N,) -> (N,), y_i = x_0 + ... + x_i.  dx_i = g_i + ... + g_(N-1).
template <class T>
Variable<T> running_total(const Variable<T>& x);

const xgrad::Op running_total_op("running_total", xgrad::on({{5}}, [](const auto& in) {
                                     return running_total(in[0]);
                                 }));

template <class T>
Variable<T> running_total(const Variable<T>& x) {
    Array<T> y = x.value();
    for (std::size_t i = 1; i < y.size(); ++i)
        y(i) += y(i - 1);
    return record(running_total_op, std::move(y)).wrt(x, [](const Array<T>& g) -> Array<T> {
        Array<T> dx = g;
        for (std::size_t i = dx.size(); i > 1; --i)
            dx(i - 2) += dx(i - 1);
        return dx;
    });
}

// gram with a rule that looks right: it is, as long as g is symmetric.
Variable<double> wrong_gram(const Variable<double>& x) {
    return record(gram_op, gram(x).value()).wrt(x, [x = xgrad::keep(x)](const Variable<double>& g) {
        return 2 * matmul(g, *x);
    });
}

bool passes(
    const char* name,
    const xgrad::GradcheckFunction& f,
    const Variables& inputs,
    const xgrad::GradcheckOptions& options) {
    const auto report = gradcheck(f, inputs, options);
    std::printf(
        "%s: %s, gradients up to order %d\n", name, report.ok() ? "right" : "WRONG", options.order);
    return report.ok();
}

}  // namespace

int main() {
    const Variable<double> x(Array<double>{{1, -2, 0.5}, {0.25, 3, -1}}, true);
    const Variable<double> slope(Array<double>{1, 2, 0.5}, true);
    const Variable<double> row(Array<double>{1, 2, 3, 4}, true);

    bool good = true;
    good &= passes(
        "swish", [](const auto& in) { return swish(in[0], in[1]); }, {x, slope}, {.order = 2});
    good &= passes("gram", [](const auto& in) { return gram(in[0]); }, {x}, {.order = 2});
    good &= passes(
        "running_total", [](const auto& in) { return running_total(in[0]); }, {row}, {.order = 1});

    // The check proves that rule and value agree, not that the value is right.
    good &= gram(x).value() == Array<double>{{5.25, -6.25}, {-6.25, 10.0625}};
    good &= running_total(row).value() == Array<double>{1, 3, 6, 10};

    // A rule on arrays has no derivative of its own, and says so.
    try {
        static_cast<void>(grad(sum(running_total(row)), row, {.create_graph = true}));
        good = false;
    } catch (const xgrad::GraphError& error) {
        std::printf("\n%s\n", error.what());
    }

    const auto report = gradcheck([](const auto& in) { return wrong_gram(in[0]); }, Variables{x});
    std::printf("\nwrong_gram: %s", report.to_string().c_str());
    good &= !report.ok();
    return good ? 0 : 1;
}
