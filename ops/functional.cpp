#include <autograd/backward.hpp>
#include <autograd/fail.hpp>
#include <ops/functional.hpp>
#include <ops/shape.hpp>

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>

namespace xgrad::detail {
namespace {

template <class T>
Variable<T> zeros_like(const Variable<T>& x) {
    return Variable<T>(Array<T>(x.shape(), T(0)));
}

// What f is called on: the inputs themselves where the results are to be differentiated, else
// leaves of the same values.
template <class T>
VariableList<T> leaves_of(
    const VariableList<T>& inputs, FunctionalOptions options, const char* caller) {
    if (inputs.empty())
        fail<std::invalid_argument>("{}: there are no inputs; need at least one", caller);
    VariableList<T> leaves;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        if (options.create_graph && !inputs[i].requires_grad()) {
            fail<GraphError>(
                "{}: input {}, shape {}, does not require a gradient; create_graph needs one that "
                "does",
                caller,
                i,
                inputs[i].shape());
        }
        leaves.push_back(options.create_graph ? inputs[i] : inputs[i].detach().requires_grad(true));
    }
    return leaves;
}

template <class T>
void check_like(
    const char* caller,
    const char* what,
    const char* like,
    const VariableList<T>& given,
    const VariableList<T>& expected) {
    if (given.size() != expected.size()) {
        fail<std::invalid_argument>(
            "{}: there are {} {}s and {} {}s; need one {} for each {}",
            caller,
            given.size(),
            what,
            expected.size(),
            like,
            what,
            like);
    }
    for (std::size_t i = 0; i < given.size(); ++i) {
        if (given[i].shape() != expected[i].shape()) {
            fail<ShapeError>(
                "{}: {} {} has shape {}, {} {} has {}; need one shape",
                caller,
                what,
                i,
                given[i].shape(),
                like,
                i,
                expected[i].shape());
        }
    }
}

// grad() of the outputs that depend on anything, zeros for what nothing reaches.
template <class T>
VariableList<T> gradients(
    const VariableList<T>& outputs,
    const VariableList<T>& inputs,
    const VariableList<T>& seeds,
    bool create_graph,
    bool retain_graph) {
    GradOptions<T> options;
    options.create_graph = create_graph;
    options.retain_graph = retain_graph;
    options.allow_unused = true;
    VariableList<T> live;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        if (outputs[i].requires_grad()) {
            live.push_back(outputs[i]);
            options.seeds.push_back(seeds[i]);
        }
    }
    VariableList<T> result(inputs.size());
    if (!live.empty())
        result = grad(live, inputs, options);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        if (!result[i].defined())
            result[i] = zeros_like(inputs[i]);
    }
    return result;
}

// Results without a history unless create_graph.
template <class T>
VariableList<T> settled(VariableList<T> values, FunctionalOptions options) {
    if (!options.create_graph) {
        for (Variable<T>& value : values)
            value = value.detach();
    }
    return values;
}

template <class T>
void check_scalar(const char* caller, const VariableList<T>& values) {
    if (values.size() != 1 || values[0].size() != 1) {
        fail<ShapeError>(
            "{}: f returned {} outputs, the first of shape {}; need one scalar",
            caller,
            values.size(),
            values.empty() ? Shape{} : values[0].shape());
    }
}

template <class T>
Variable<T> unit(const Shape& shape, std::size_t at) {
    Array<T> e(shape, T(0));
    e.data()[at] = 1;
    return Variable<T>(std::move(e));
}

Shape joined(const Shape& a, const Shape& b) {
    Shape shape = a;
    for (const std::size_t extent : b)
        shape.push_back(extent);
    return shape;
}

// The block [i][j] of a matrix of derivatives from its rows, each of input j's shape, or from its
// columns, each of output i's.
template <class T>
Variable<T> block(
    const VariableList<T>& parts,
    std::ptrdiff_t axis,
    const Variable<T>& output,
    const Variable<T>& input) {
    const Shape shape = joined(output.shape(), input.shape());
    if (parts.empty())
        return Variable<T>(Array<T>(shape, T(0)));
    return reshape(stack(parts, axis), shape);
}

template <class T>
using Blocks = std::vector<VariableList<T>>;

// Elements of the largest value on the way to y.
template <class T>
std::size_t largest_value(const Variable<T>& y) {
    std::map<std::uint64_t, Node<T>*, std::greater<>> open;
    open.emplace(y.state().node->sequence, y.state().node.get());
    std::size_t largest = 1;
    while (!open.empty()) {
        Node<T>* node = open.begin()->second;
        open.erase(open.begin());
        largest = std::max(largest, count(node->shape));
        for (std::size_t i = 0; i < node->edges(); ++i) {
            if (Node<T>* next = node->edge(i))
                open.emplace(next->sequence, next);
        }
    }
    return largest;
}

// The gradients of every element of an output, many elements a pass: for each input the rows, a
// pass's share of them at a time, to `store(input, first row, rows)`.
template <class T, class Store>
void each_stack(const Variable<T>& output, const VariableList<T>& inputs, Store store) {
    if (!output.requires_grad())
        return;
    // Some 16 MB for a float stack; more rows would gain nothing.
    constexpr std::size_t elements = std::size_t{1} << 22, most = 256;
    const std::size_t rows = std::clamp<std::size_t>(elements / largest_value(output), 1, most);
    for (std::size_t first = 0; first < output.size(); first += rows) {
        const std::size_t n = std::min(rows, output.size() - first);
        Array<T> seeds(joined({n}, output.shape()), T(0));
        for (std::size_t r = 0; r < n; ++r)
            seeds.data()[r * output.size() + first + r] = 1;
        const auto stacks = stacked_gradients(output, Variable<T>(std::move(seeds)), inputs);
        for (std::size_t j = 0; j < inputs.size(); ++j) {
            if (stacks[j].defined())
                store(j, first, stacks[j].value());
        }
    }
}

// All rows at once as far as memory allows: the gradient of each element of each output.
template <class T>
Blocks<T> by_stacks(const VariableList<T>& outputs, const VariableList<T>& inputs) {
    Blocks<T> blocks;
    for (const Variable<T>& output : outputs) {
        std::vector<Array<T>> line;
        for (const Variable<T>& input : inputs)
            line.emplace_back(joined(output.shape(), input.shape()), T(0));
        each_stack(output, inputs, [&](std::size_t j, std::size_t first, const Array<T>& rows) {
            std::copy_n(rows.data(), rows.size(), line[j].data() + first * inputs[j].size());
        });
        blocks.emplace_back(
            std::make_move_iterator(line.begin()), std::make_move_iterator(line.end()));
    }
    return blocks;
}

// The gradient of each element of each output.
template <class T>
Blocks<T> by_rows(
    const VariableList<T>& outputs, const VariableList<T>& inputs, FunctionalOptions options) {
    if (!options.create_graph)
        return by_stacks(outputs, inputs);
    Blocks<T> blocks;
    for (const Variable<T>& output : outputs) {
        std::vector<VariableList<T>> rows(inputs.size());
        for (std::size_t r = 0; r < output.size(); ++r) {
            auto row = gradients<T>({output}, inputs, {unit<T>(output.shape(), r)}, true, true);
            for (std::size_t j = 0; j < inputs.size(); ++j)
                rows[j].push_back(std::move(row[j]));
        }
        VariableList<T>& line = blocks.emplace_back();
        for (std::size_t j = 0; j < inputs.size(); ++j)
            line.push_back(block(rows[j], 0, output, inputs[j]));
    }
    return blocks;
}

// v^T J as a function of v: leaves v, and the gradients that are recorded on them.
template <class T>
struct Pullback {
    Pullback(const VariableList<T>& outputs, const VariableList<T>& inputs) {
        for (const Variable<T>& output : outputs)
            v.push_back(zeros_like(output).requires_grad(true));
        gradient = gradients(outputs, inputs, v, true, true);
    }
    VariableList<T> v, gradient;
};

// Blocks [j][i] of the transposed Jacobian, input j's shape in front, as blocks [i][j].
template <class T>
Blocks<T> transposed(
    const Blocks<T>& columns, const VariableList<T>& outputs, const VariableList<T>& inputs) {
    Blocks<T> blocks;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        VariableList<T>& line = blocks.emplace_back();
        for (std::size_t j = 0; j < inputs.size(); ++j) {
            const Variable<T> flat = reshape(columns[j][i], {inputs[j].size(), outputs[i].size()});
            line.push_back(reshape(transpose(flat), joined(outputs[i].shape(), inputs[j].shape())));
        }
    }
    return blocks;
}

// Column by column: the derivative of v^T J with respect to v, for each element of each input.
template <class T>
Blocks<T> by_columns(
    const VariableList<T>& outputs, const VariableList<T>& inputs, FunctionalOptions options) {
    const Pullback<T> pullback(outputs, inputs);
    if (!options.create_graph)
        return transposed(by_stacks(pullback.gradient, pullback.v), outputs, inputs);
    Blocks<T> blocks(outputs.size());
    for (std::size_t j = 0; j < inputs.size(); ++j) {
        std::vector<VariableList<T>> columns(outputs.size());
        for (std::size_t c = 0; c < inputs[j].size(); ++c) {
            auto column = gradients<T>(
                {pullback.gradient[j]}, pullback.v, {unit<T>(inputs[j].shape(), c)}, true, true);
            for (std::size_t i = 0; i < outputs.size(); ++i)
                columns[i].push_back(std::move(column[i]));
        }
        for (std::size_t i = 0; i < outputs.size(); ++i)
            blocks[i].push_back(block(columns[i], -1, outputs[i], inputs[j]));
    }
    return blocks;
}

template <class T>
std::size_t elements(const VariableList<T>& list) {
    std::size_t n = 0;
    for (const Variable<T>& x : list)
        n += x.size();
    return n;
}

template <class T>
struct RecordedGradient {
    RecordedGradient(
        const char* caller,
        const ListFunction<T>& f,
        const VariableList<T>& inputs,
        FunctionalOptions options)
        : leaves(leaves_of(inputs, options, caller)),
          values(f(leaves)) {
        check_scalar(caller, values);
        gradient = gradients(values, leaves, {unit<T>(values[0].shape(), 0)}, true, true);
    }
    VariableList<T> leaves, values, gradient;
};

}  // namespace

template <class T>
ValuesAnd<T> vjp_of(
    const ListFunction<T>& f,
    const VariableList<T>& inputs,
    const VariableList<T>& cotangents,
    FunctionalOptions options,
    const char* caller) {
    const GradModeGuard recording(true);
    const VariableList<T> leaves = leaves_of(inputs, options, caller);
    const VariableList<T> values = f(leaves);
    VariableList<T> seeds = cotangents;
    if (seeds.empty()) {
        check_scalar(caller, values);
        seeds.push_back(unit<T>(values[0].shape(), 0));
    }
    check_like(caller, "vector", "output", seeds, values);
    auto products = gradients(values, leaves, seeds, options.create_graph, false);
    return {settled(values, options), std::move(products)};
}

template <class T>
ValuesAnd<T> jvp_of(
    const ListFunction<T>& f,
    const VariableList<T>& inputs,
    const VariableList<T>& tangents,
    FunctionalOptions options) {
    const GradModeGuard recording(true);
    check_like("jvp", "tangent", "input", tangents, inputs);
    const VariableList<T> leaves = leaves_of(inputs, options, "jvp");
    const VariableList<T> values = f(leaves);
    const Pullback<T> pullback(values, leaves);
    auto products = gradients(pullback.gradient, pullback.v, tangents, options.create_graph, false);
    return {settled(values, options), std::move(products)};
}

template <class T>
std::vector<VariableList<T>> jacobian_of(
    const ListFunction<T>& f, const VariableList<T>& inputs, FunctionalOptions options) {
    const GradModeGuard recording(true);
    const VariableList<T> leaves = leaves_of(inputs, options, "jacobian");
    const VariableList<T> values = f(leaves);
    // A pass over the recorded gradient costs about two over the function.
    const bool tall = elements(values) > 2 * elements(leaves);
    return tall ? by_columns(values, leaves, options) : by_rows(values, leaves, options);
}

template <class T>
std::vector<VariableList<T>> hessian_of(
    const ListFunction<T>& f, const VariableList<T>& inputs, FunctionalOptions options) {
    const GradModeGuard recording(true);
    const RecordedGradient<T> at("hessian", f, inputs, options);
    return by_rows(at.gradient, at.leaves, options);
}

template <class T>
ValuesAnd<T> hvp_of(
    const ListFunction<T>& f,
    const VariableList<T>& inputs,
    const VariableList<T>& vectors,
    FunctionalOptions options) {
    const GradModeGuard recording(true);
    check_like("hvp", "vector", "input", vectors, inputs);
    const RecordedGradient<T> at("hvp", f, inputs, options);
    auto products = gradients(at.gradient, at.leaves, vectors, options.create_graph, false);
    return {settled(at.values, options), std::move(products)};
}

template ValuesAnd<float> vjp_of(
    const ListFunction<float>&,
    const VariableList<float>&,
    const VariableList<float>&,
    FunctionalOptions,
    const char*);
template ValuesAnd<float> jvp_of(
    const ListFunction<float>&,
    const VariableList<float>&,
    const VariableList<float>&,
    FunctionalOptions);
template std::vector<VariableList<float>> jacobian_of(
    const ListFunction<float>&, const VariableList<float>&, FunctionalOptions);
template std::vector<VariableList<float>> hessian_of(
    const ListFunction<float>&, const VariableList<float>&, FunctionalOptions);
template ValuesAnd<float> hvp_of(
    const ListFunction<float>&,
    const VariableList<float>&,
    const VariableList<float>&,
    FunctionalOptions);
template ValuesAnd<double> vjp_of(
    const ListFunction<double>&,
    const VariableList<double>&,
    const VariableList<double>&,
    FunctionalOptions,
    const char*);
template ValuesAnd<double> jvp_of(
    const ListFunction<double>&,
    const VariableList<double>&,
    const VariableList<double>&,
    FunctionalOptions);
template std::vector<VariableList<double>> jacobian_of(
    const ListFunction<double>&, const VariableList<double>&, FunctionalOptions);
template std::vector<VariableList<double>> hessian_of(
    const ListFunction<double>&, const VariableList<double>&, FunctionalOptions);
template ValuesAnd<double> hvp_of(
    const ListFunction<double>&,
    const VariableList<double>&,
    const VariableList<double>&,
    FunctionalOptions);

}  // namespace xgrad::detail
