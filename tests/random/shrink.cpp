// Smaller programs: fewer outputs, nodes turned into inputs, smaller shapes, simpler numbers.
#include <autograd/grad.hpp>
#include <tests/random/generate.hpp>

#include <rapidcheck/seq/Create.h>
#include <rapidcheck/seq/Transform.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <set>

namespace xgrad::test {

namespace {

using Values = std::vector<std::optional<Array<double>>>;

// The value of each node, as far as the program runs.
Values values_of(const Program& program) {
    const NoGradGuard guard;
    Values values(program.nodes.size());
    try {
        for (std::size_t i = 0; i < program.nodes.size(); ++i) {
            const Node& node = program.nodes[i];
            if (!node.op) {
                values[i] = node.numbers;
                continue;
            }
            VariableList<double> in;
            for (const std::size_t arg : node.args)
                in.emplace_back(*values[arg]);
            values[i] = call(*node.op, in, node.params).value();
        }
    } catch (const std::exception&) {
        // The rest stays empty.
    }
    return values;
}

// Where the shrinks of one program come from.
struct Source {
    Program program;
    Values values;
};
using Shared = std::shared_ptr<const Source>;
using Candidate = rc::Maybe<Program>;
using Move = std::function<Candidate(const Source&)>;

bool cut(const Source& from, Program& program, std::size_t at) {
    if (!program.nodes[at].op || !from.values[at])
        return false;
    Array<double> numbers = *from.values[at];
    for (double& x : numbers)
        x = as_float(x);
    program.nodes[at] = {.numbers = std::move(numbers)};
    return true;
}

Move only_output(std::size_t at) {
    return [=](const Source& from) -> Candidate {
        Program program = from.program;
        program.outputs = {at};
        return program;
    };
}

Move without_output(std::size_t index) {
    return [=](const Source& from) -> Candidate {
        Program program = from.program;
        program.outputs.erase(program.outputs.begin() + static_cast<std::ptrdiff_t>(index));
        return program;
    };
}

// All nodes before `end` become inputs.
Move cut_before(std::size_t end) {
    return [=](const Source& from) -> Candidate {
        Program program = from.program;
        bool changed = false;
        for (std::size_t i = 0; i < end; ++i)
            changed = cut(from, program, i) || changed;
        return changed ? Candidate(program) : Candidate();
    };
}

Move cut_one(std::size_t at) {
    return [=](const Source& from) -> Candidate {
        Program program = from.program;
        return cut(from, program, at) ? Candidate(program) : Candidate();
    };
}

// An operand of the same shape in place of the node.
Move bypass(std::size_t at, std::size_t operand) {
    return [=](const Source& from) -> Candidate {
        Program program = from.program;
        const std::size_t arg = program.nodes[at].args[operand];
        if (!from.values[at] || from.values[arg]->shape() != from.values[at]->shape())
            return {};
        for (Node& node : program.nodes)
            std::ranges::replace(node.args, at, arg);
        std::ranges::replace(program.outputs, at, arg);
        return program;
    };
}

Move plain_mode(std::size_t at) {
    return [=](const Source& from) -> Candidate {
        Program program = from.program;
        program.nodes[at].mode = Mode::plain;
        return program;
    };
}

Move without_block(int block) {
    return [=](const Source& from) -> Candidate {
        Program program = from.program;
        for (Node& node : program.nodes)
            node.block = node.block == block ? 0 : node.block;
        return program;
    };
}

// Every extent of that size, in all inputs or in one, made smaller.
Move with_extent(std::size_t extent, std::size_t smaller, std::optional<std::size_t> only) {
    return [=](const Source& from) -> Candidate {
        Program program = from.program;
        bool changed = false;
        for (std::size_t i = 0; i < program.nodes.size(); ++i) {
            Array<double>& numbers = program.nodes[i].numbers;
            if (program.nodes[i].op || (only && *only != i))
                continue;
            Shape shape = numbers.shape();
            std::ranges::replace(shape, extent, smaller);
            if (shape == numbers.shape())
                continue;
            Array<double> fewer(shape);
            std::copy_n(numbers.begin(), fewer.size(), fewer.begin());
            numbers = std::move(fewer);
            changed = true;
        }
        return changed ? Candidate(program) : Candidate();
    };
}

Move without_axis(std::size_t at) {
    return [=](const Source& from) -> Candidate {
        Program program = from.program;
        Array<double>& numbers = program.nodes[at].numbers;
        if (numbers.dimension() == 0)
            return {};
        Shape shape(numbers.shape().begin() + 1, numbers.shape().end());
        Array<double> fewer(shape);
        if (fewer.size() > numbers.size())
            return {};
        std::copy_n(numbers.begin(), fewer.size(), fewer.begin());
        numbers = std::move(fewer);
        return program;
    };
}

// Numbers rounded to multiples of `unit`.
Move rounded(std::size_t at, double unit) {
    return [=](const Source& from) -> Candidate {
        Program program = from.program;
        bool changed = false;
        for (double& x : program.nodes[at].numbers) {
            const double simple = std::round(x / unit) * unit;
            changed = changed || simple != x;
            x = simple;
        }
        return changed ? Candidate(program) : Candidate();
    };
}

void add_structure_moves(const Program& program, std::vector<Move>& moves) {
    const std::size_t n = program.nodes.size();
    for (std::size_t i = 0; i < n; ++i) {
        if (program.nodes[i].op && (program.outputs.size() > 1 || program.outputs[0] != i))
            moves.push_back(only_output(i));
    }
    for (std::size_t end = n; end-- > 1;)
        moves.push_back(cut_before(end));
    std::set<int> blocks;
    for (const Node& node : program.nodes)
        blocks.insert(node.block);
    blocks.erase(0);
    for (const int block : blocks)
        moves.push_back(without_block(block));
    for (std::size_t i = 0; program.outputs.size() > 1 && i < program.outputs.size(); ++i)
        moves.push_back(without_output(i));
    for (std::size_t i = 0; i < n; ++i) {
        if (program.nodes[i].mode != Mode::plain)
            moves.push_back(plain_mode(i));
        moves.push_back(cut_one(i));
        for (std::size_t k = 0; k < program.nodes[i].args.size(); ++k)
            moves.push_back(bypass(i, k));
    }
}

void add_number_moves(const Program& program, std::vector<Move>& moves) {
    std::set<std::size_t> extents;
    const std::vector<std::size_t> inputs = program.inputs();
    for (const std::size_t input : inputs) {
        for (const std::size_t extent : program.nodes[input].numbers.shape())
            extents.insert(extent);
    }
    for (const std::size_t extent : extents) {
        for (std::size_t smaller = 1; smaller < extent; ++smaller) {
            moves.push_back(with_extent(extent, smaller, std::nullopt));
            for (const std::size_t input : inputs)
                moves.push_back(with_extent(extent, smaller, input));
        }
    }
    for (const std::size_t input : inputs)
        moves.push_back(without_axis(input));
    for (const double unit : {1.0, 0.5, 0.125}) {
        for (const std::size_t input : inputs)
            moves.push_back(rounded(input, unit));
    }
}

}  // namespace

rc::Seq<Program> smaller(const Program& program) {
    std::vector<Move> moves;
    add_structure_moves(program, moves);
    add_number_moves(program, moves);
    const Shared source = std::make_shared<const Source>(Source{program, values_of(program)});
    return rc::seq::mapMaybe(
        rc::seq::fromContainer(std::move(moves)), [source](const Move& move) -> Candidate {
            Candidate candidate = move(*source);
            if (candidate)
                *candidate = candidate->compact();
            return candidate && candidate->blocks_are_closed() ? candidate : Candidate();
        });
}

}  // namespace xgrad::test
