#include <ops/functional.hpp>
#include <ops/operators.hpp>
#include <ops/reduce.hpp>
#include <tests/random/compare.hpp>

#include <algorithm>
#include <bit>

namespace xgrad::test {

namespace {

double sum_of_sizes(const Array<double>& x) {
    double total = 0;
    for (const double value : x)
        total += std::abs(value);
    return total;
}

double largest(const Array<double>& x) {
    double result = 0;
    for (const double value : x)
        result = std::max(result, std::abs(value));
    return result;
}

bool same(double a, double b) {
    return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b) ||
           (std::isnan(a) && std::isnan(b));
}

// Nodes through which a gradient can pass.
std::vector<std::size_t> on_the_tape(const VariableList<double>& nodes) {
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        if (nodes[i].requires_grad())
            found.push_back(i);
    }
    return found;
}

// d(slope)/d(node) times the node's size, summed.
double sensitivity(const VariableList<double>& shares, const VariableList<double>& nodes) {
    double total = 0;
    for (std::size_t i = 0; i < nodes.size(); ++i)
        total += sum_of_sizes(shares[i].value()) * std::max(1.0, largest(nodes[i].value()));
    return total;
}

}  // namespace

template <class T>
double inner(const VariableList<T>& a, const VariableList<T>& b) {
    double total = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        for (std::size_t k = 0; k < a[i].size(); ++k)
            total += double(a[i].value().data()[k]) * double(b[i].value().data()[k]);
    }
    return total;
}

bool same_bits_of(const Variable<double>& a, const Variable<double>& b) {
    return a.shape() == b.shape() &&
           std::equal(a.value().begin(), a.value().end(), b.value().begin(), same);
}

double first_difference(const Variable<double>& a, const Variable<double>& b) {
    if (a.shape() != b.shape())
        return std::nan("");
    const auto [at, other] =
        std::mismatch(a.value().begin(), a.value().end(), b.value().begin(), same);
    return *at;
}

template <class T>
VariableList<T> gradient_of(
    const Variable<T>& y, const VariableList<T>& inputs, GradOptions<T> options) {
    options.allow_unused = true;
    VariableList<T> result;
    if (y.requires_grad())
        result = grad(VariableList<T>{y}, inputs, options);
    result.resize(inputs.size());
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        if (!result[i].defined())
            result[i] = Variable<T>(Array<T>(xt::zeros<T>(inputs[i].shape())));
    }
    return result;
}

Bounds error_bounds(const Program& program, const std::vector<Array<double>>& values) {
    const VariableList<double> in = leaves<double>(program);
    const VariableList<double> u = directions<double>(program);
    const VariableList<double> nodes = run(program, in, {.frozen = &values});
    VariableList<double> taped;
    for (const std::size_t i : on_the_tape(nodes))
        taped.push_back(nodes[i]);
    const VariableList<double> shares =
        gradient_of(loss(program, nodes), taped, {.create_graph = true});

    Bounds bounds;
    bounds.value = sensitivity(shares, taped);
    for (std::size_t i = 0; i < program.outputs.size(); ++i) {
        const Array<double>& output = values[program.outputs[i]];
        bounds.value_scale += sum_of_sizes(output);
    }
    bounds.value += bounds.value_scale;

    // The slope, recorded; the leaves come first among what is differentiated.
    Variable<double> slope(0);
    const VariableList<double> g = gradient_of(loss(program, nodes), in, {.create_graph = true});
    for (std::size_t i = 0; i < in.size(); ++i) {
        slope = slope + sum(g[i] * u[i]);
        for (std::size_t k = 0; k < u[i].size(); ++k)
            bounds.slope_scale += std::abs(g[i].value().data()[k] * u[i].value().data()[k]);
    }
    const VariableList<double> bends = gradient_of(slope, taped, {.retain_graph = true});
    bounds.slope = sensitivity(bends, taped) + bounds.slope_scale;
    const VariableList<double> bend = gradient_of(slope, in);
    bounds.bend = inner(bend, u);

    // Rounding of the gradients on the way back: each reaches the slope through the node's tangent.
    const auto all = [&](const VariableList<double>& at) {
        const VariableList<double> again = run(program, at, {.frozen = &values});
        VariableList<double> result;
        for (const std::size_t i : on_the_tape(nodes))
            result.push_back(again[i]);
        return result;
    };
    const VariableList<double> tangents = jvp(all, in, u).derivatives;
    double way_back = 0;
    for (std::size_t i = 0; i < taped.size(); ++i)
        way_back += sum_of_sizes(shares[i].value()) * std::max(1.0, largest(tangents[i].value()));
    bounds.slope += way_back;
    // What cancels within an operation, as the slope of the cosine of x and x, shows in neither.
    bounds.slope_scale += 0.01 * way_back + 1e-4 * bounds.value_scale + 1e-8;
    bounds.value_scale += 1e-8;
    bounds.bend_scale = sensitivity(bends, taped) + 1e-4 * bounds.slope_scale;
    return bounds;
}

template double inner(const VariableList<float>&, const VariableList<float>&);
template double inner(const VariableList<double>&, const VariableList<double>&);
template VariableList<float> gradient_of(
    const Variable<float>&, const VariableList<float>&, GradOptions<float>);
template VariableList<double> gradient_of(
    const Variable<double>&, const VariableList<double>&, GradOptions<double>);

}  // namespace xgrad::test
