#include <tests/random/program.hpp>

#include <algorithm>
#include <map>

namespace xgrad::test {

std::vector<std::size_t> Program::inputs() const {
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        if (!nodes[i].op)
            found.push_back(i);
    }
    return found;
}

std::size_t Program::operations() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(nodes, [](const Node& node) { return node.op != nullptr; }));
}

bool Program::has_blocks() const {
    return std::ranges::any_of(nodes, [](const Node& node) { return node.block != 0; });
}

bool Program::has_kink() const {
    return std::ranges::any_of(
        nodes, [](const Node& node) { return node.op && node.op->has_kink; });
}

bool Program::blocks_are_closed() const {
    std::map<int, std::size_t> last;
    for (std::size_t i = 0; i < nodes.size(); ++i)
        last[nodes[i].block] = i;
    const auto hidden = [&](std::size_t node, int from) {
        const int block = nodes[node].block;
        return block != 0 && block != from && last[block] != node;
    };
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        for (const std::size_t arg : nodes[i].args) {
            if (hidden(arg, nodes[i].block))
                return false;
        }
    }
    return std::ranges::none_of(outputs, [&](std::size_t output) { return hidden(output, 0); });
}

Program Program::compact() const {
    std::vector<bool> used(nodes.size(), false);
    for (const std::size_t output : outputs)
        used[output] = true;
    for (std::size_t i = nodes.size(); i-- > 0;) {
        for (const std::size_t arg : nodes[i].args)
            used[arg] = used[arg] || used[i];
    }
    Program result;
    std::vector<std::size_t> place(nodes.size(), 0);
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        if (!used[i])
            continue;
        place[i] = result.nodes.size();
        result.nodes.push_back(nodes[i]);
        for (std::size_t& arg : result.nodes.back().args)
            arg = place[arg];
    }
    for (const std::size_t output : outputs)
        result.outputs.push_back(place[output]);
    return result;
}

}  // namespace xgrad::test
