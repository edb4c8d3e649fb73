#include <autograd/grad.hpp>
#include <ops/arithmetic.hpp>
#include <ops/checkpoint.hpp>
#include <ops/reduce.hpp>
#include <tests/random/run.hpp>

#include <algorithm>

namespace xgrad::test {

namespace {

template <class T>
Variable<T> compute(
    const Program& program,
    std::size_t at,
    const VariableList<T>& nodes,
    const RunOptions& options) {
    const Node& node = program.nodes[at];
    if (options.frozen && node.mode != Mode::plain)
        return Variable<T>(Array<T>(xt::cast<T>((*options.frozen)[at])), true);
    VariableList<T> in;
    for (const std::size_t arg : node.args)
        in.push_back(nodes[arg]);
    if (node.mode == Mode::no_grad) {
        const NoGradGuard guard;
        return call(*node.op, in, node.params);
    }
    Variable<T> result = call(*node.op, in, node.params);
    return node.mode == Mode::detach ? result.detach() : result;
}

// The nodes of the block that begins at node `first`, and what they read from outside.
struct Block {
    std::vector<std::size_t> members;
    std::vector<std::size_t> reads;
};

Block block_at(const Program& program, std::size_t first) {
    Block block;
    for (std::size_t i = first; i < program.nodes.size(); ++i) {
        const Node& node = program.nodes[i];
        if (node.block != program.nodes[first].block)
            continue;
        block.members.push_back(i);
        for (const std::size_t arg : node.args) {
            const bool inside = program.nodes[arg].block == node.block;
            if (!inside && std::ranges::find(block.reads, arg) == block.reads.end())
                block.reads.push_back(arg);
        }
    }
    return block;
}

// In checkpoint(): every second of the values it reads is an input, the others are captured.
template <class T>
Variable<T> compute_block(
    const Program& program,
    const Block& block,
    const VariableList<T>& nodes,
    const RunOptions& options) {
    VariableList<T> inputs;
    VariableList<T> captured(nodes.size());
    for (std::size_t i = 0; i < block.reads.size(); ++i) {
        const std::size_t read = block.reads[i];
        if (i % 2 == 0) {
            inputs.push_back(nodes[read]);
        } else {
            captured[read] = nodes[read];
        }
    }
    const auto body = [&program, block, captured, options](const VariableList<T>& in) {
        VariableList<T> values = captured;
        for (std::size_t i = 0; i < block.reads.size(); i += 2)
            values[block.reads[i]] = in[i / 2];
        for (const std::size_t member : block.members)
            values[member] = compute(program, member, values, options);
        return values[block.members.back()];
    };
    return checkpoint(body, inputs);
}

}  // namespace

template <class T>
VariableList<T> run(
    const Program& program, const VariableList<T>& inputs, const RunOptions& options) {
    VariableList<T> nodes(program.nodes.size());
    const std::vector<std::size_t> places = program.inputs();
    for (std::size_t i = 0; i < places.size(); ++i)
        nodes[places[i]] = inputs[i];
    int done = 0;  // the block that was last computed
    for (std::size_t i = 0; i < program.nodes.size(); ++i) {
        const Node& node = program.nodes[i];
        if (!node.op)
            continue;
        if (!options.checkpoints || node.block == 0) {
            nodes[i] = compute(program, i, nodes, options);
        } else if (node.block != done) {
            const Block block = block_at(program, i);
            nodes[block.members.back()] = compute_block(program, block, nodes, options);
            done = node.block;
        }
    }
    return nodes;
}

template <class T>
VariableList<T> leaves(const Program& program) {
    VariableList<T> result;
    for (const std::size_t input : program.inputs())
        result.emplace_back(Array<T>(xt::cast<T>(program.nodes[input].numbers)), true);
    return result;
}

VariableList<double> moved_leaves(const Program& program, double step) {
    VariableList<double> result;
    for (const std::size_t input : program.inputs()) {
        Array<double> numbers = program.nodes[input].numbers;
        const Array<double> direction = wave<double>(numbers.shape(), result.size());
        for (std::size_t i = 0; i < numbers.size(); ++i)
            numbers.data()[i] += step * direction.data()[i];
        result.emplace_back(std::move(numbers), true);
    }
    return result;
}

template <class T>
VariableList<T> directions(const Program& program) {
    VariableList<T> result;
    for (const std::size_t input : program.inputs())
        result.emplace_back(wave<T>(program.nodes[input].numbers.shape(), result.size()));
    return result;
}

template <class T>
Variable<T> loss(const Program& program, const VariableList<T>& nodes) {
    Variable<T> total(0);
    for (std::size_t i = 0; i < program.outputs.size(); ++i) {
        const Variable<T>& output = nodes[program.outputs[i]];
        total = add(total, sum(mul(output, Variable<T>(wave<T>(output.shape(), 1000 + i)))));
    }
    return total;
}

template VariableList<float> run(const Program&, const VariableList<float>&, const RunOptions&);
template VariableList<double> run(const Program&, const VariableList<double>&, const RunOptions&);
template VariableList<float> leaves(const Program&);
template VariableList<double> leaves(const Program&);
template VariableList<float> directions(const Program&);
template VariableList<double> directions(const Program&);
template Variable<float> loss(const Program&, const VariableList<float>&);
template Variable<double> loss(const Program&, const VariableList<double>&);

}  // namespace xgrad::test
