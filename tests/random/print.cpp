#include <tests/random/print.hpp>
#include <tests/random/print_text.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <string_view>

namespace xgrad::test {

namespace {

template <class Range>
std::string braces(const Range& range) {
    return fmt::format("{{{}}}", fmt::join(range, ", "));
}

// A parameter as an expression.
std::string text_of(const Params& p, std::string_view member) {
    if (member == "axis")
        return fmt::format("{}", p.axis);
    if (member == "axes")
        return "Axes" + braces(p.axes);
    if (member == "shape")
        return "Shape" + braces(p.shape);
    if (member == "n")
        return fmt::format("{}u", p.n);
    if (member == "m")
        return fmt::format("{}u", p.m);
    if (member == "flag")
        return p.flag ? "true" : "false";
    if (member == "indices")
        return "std::vector<std::int64_t>" + braces(p.indices);
    if (member == "sizes")
        return "std::vector<std::size_t>" + braces(p.sizes);
    if (member == "spec")
        return '"' + p.spec + '"';
    std::vector<std::string> pairs;
    for (const auto& [before, after] : p.widths)
        pairs.push_back(fmt::format("{{{}, {}}}", before, after));
    return "std::vector<std::pair<std::size_t, std::size_t>>" + braces(pairs);
}

std::string variable(std::size_t node) { return fmt::format("v{}", node); }

bool in_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

std::string_view word_at(std::string_view text, std::size_t at) {
    std::size_t end = at;
    while (end < text.size() && in_word(text[end]))
        ++end;
    return text.substr(at, end - at);
}

// A row's text with the operands' and parameters' names replaced.
std::string expression(const Node& node) {
    const std::string_view text = node.op->text;
    std::string result;
    for (std::size_t i = 0; i < text.size();) {
        if (text[i] == '"') {
            const std::size_t end = text.find('"', i + 1);
            result += text.substr(i, end + 1 - i);
            i = end + 1;
            continue;
        }
        const std::string_view word = word_at(text, i);
        if (word.empty()) {
            result += text[i++];
            continue;
        }
        i += word.size();
        if (word == "p" && i < text.size() && text[i] == '.') {
            const std::string_view member = word_at(text, i + 1);
            result += text_of(node.params, member);
            i += 1 + member.size();
        } else if (word.size() == 1 && word[0] >= 'a' && word[0] <= 'c') {
            const auto operand = static_cast<std::size_t>(word[0] - 'a');
            result += variable(node.args[operand < node.args.size() ? operand : 0]);
        } else {
            result += word;
        }
    }
    return result;
}

std::string array_text(const Array<double>& numbers) {
    std::vector<std::string> texts;
    for (const double x : numbers)
        texts.push_back(fmt::format("{:.9g}", x));
    return fmt::format("array<T>({}, {})", "Shape" + braces(numbers.shape()), braces(texts));
}

// A node as a statement.
std::string statement(const Program& program, std::size_t at) {
    const Node& node = program.nodes[at];
    std::string value = expression(node);
    if (node.mode == Mode::no_grad) {
        value = fmt::format("unrecorded([&] {{ return {}; }})", value);
    } else if (node.mode == Mode::detach) {
        value = fmt::format("({}).detach()", value);
    }
    if (node.mode != Mode::plain)
        value = fmt::format("held<T>(o, {}, [&] {{ return {}; }})", at, value);
    return fmt::format("const Variable<T> {} = {};\n", variable(at), value);
}

// The members of a block as a function of what it reads, every second one captured.
std::string block_text(const Program& program, std::size_t first) {
    const int block = program.nodes[first].block;
    std::vector<std::size_t> reads;
    std::string body;
    std::size_t last = first;
    for (std::size_t i = first; i < program.nodes.size(); ++i) {
        if (program.nodes[i].block != block)
            continue;
        for (const std::size_t arg : program.nodes[i].args) {
            if (program.nodes[arg].block != block && std::ranges::find(reads, arg) == reads.end())
                reads.push_back(arg);
        }
        body += "        " + statement(program, i);
        last = i;
    }
    std::string inputs;
    std::vector<std::string> names;
    for (std::size_t i = 0; i < reads.size(); i += 2) {
        inputs +=
            fmt::format("        const Variable<T> {} = in[{}];\n", variable(reads[i]), i / 2);
        names.push_back(variable(reads[i]));
    }
    return fmt::format(
        "    const auto block{0} = [=](const List<T>& in) {{\n{1}{2}        return v{3};\n    }};\n"
        "    const Variable<T> v{3} = o.checkpoints ? checkpoint(block{0}, List<T>{4}) : "
        "block{0}(List<T>{4});\n",
        block,
        inputs,
        body,
        last,
        braces(names));
}

std::string program_text(const Program& program) {
    std::string inputs;
    std::string body;
    std::size_t input = 0;
    std::set<int> printed;
    for (std::size_t i = 0; i < program.nodes.size(); ++i) {
        const Node& node = program.nodes[i];
        if (!node.op) {
            inputs += fmt::format("        {},\n", array_text(node.numbers));
            body += fmt::format("    const Variable<T> {} = x[{}];\n", variable(i), input++);
        } else if (node.block == 0) {
            body += "    " + statement(program, i);
        } else if (printed.insert(node.block).second) {
            body += block_text(program, i);
        }
    }
    std::vector<std::string> outputs;
    for (const std::size_t output : program.outputs)
        outputs.push_back(variable(output));
    return fmt::format(
        R"(// The inputs, moved along the directions.
template <class T>
List<T> inputs(double step = 0) {{
    std::vector<Array<T>> arrays = {{
{}    }};
    List<T> x;
    for (Array<T>& numbers : arrays) {{
        const Array<T> direction = wave<T>(numbers.shape(), x.size());
        for (std::size_t i = 0; i < numbers.size(); ++i)
            numbers.data()[i] += static_cast<T>(step * direction.data()[i]);
        x.emplace_back(std::move(numbers), true);
    }}
    return x;
}}

template <class T>
List<T> program(const List<T>& x, [[maybe_unused]] Options o) {{
{}    return {};
}}
)",
        inputs,
        body,
        braces(outputs));
}

// The two numbers that differ, as the body of main().
std::string comparison(const Failure& failure) {
    const auto two = [](std::string_view got, std::string_view expected) {
        return fmt::format(
            "    const double got = {};\n    const double expected = {};\n", got, expected);
    };
    const std::string f = R"(    const auto f = [](const List<double>& in) { return loss(in); };
)";
    const std::string hold = R"(    std::map<int, Array<double>> values;
    const Options o{.checkpoints = false, .held = &values};
    static_cast<void>(program(x, o));
)";
    switch (failure.fault) {
        case Fault::throws:
            return "    double got = 0;\n    const double expected = 0;\n    try {\n        "
                   "static_cast<void>(gradient(x, {}, true));\n    } catch (const std::exception& "
                   "error) {\n        std::puts(error.what());\n        got = 1;\n    }\n";
        case Fault::shared_memory:
            return "    double got = 0;\n    for (const auto& y : program(x, {.checkpoints = "
                   "false}))\n"
                   "        for (const auto& input : x)\n            got += y.value().data() == "
                   "input.value().data();\n    const double expected = 0;\n";
        case Fault::guard:
            return "    double got = 0;\n    for (const auto& y : unrecorded([&] { return "
                   "program(x, "
                   "{}); }))\n        got += y.requires_grad();\n    const double expected = 0;\n";
        case Fault::unrecorded:
            return two(
                "differing(program(x, {}), unrecorded([&] { return program(x, {}); }))", "0");
        case Fault::checkpoint_value:
            return two("differing(program(x, {}), program(x, {.checkpoints = false}))", "0");
        case Fault::checkpoint_gradient:
            return two("inner(gradient(x))", "inner(gradient(x, {.checkpoints = false}))");
        case Fault::inputs:
            return "    static_cast<void>(gradient(x));\n" +
                   two("differing(x, inputs<double>())", "0");
        case Fault::stored_gradient:
            return "    static_cast<void>(gradient(x));\n    double got = 0;\n"
                   "    for (const auto& input : x)\n        got += input.has_grad();\n"
                   "    const double expected = 0;\n";
        case Fault::backward:
            return "    loss(x, {.checkpoints = false}).backward();\n    List<double> stored;\n"
                   "    for (const auto& input : x)\n        stored.emplace_back(input.has_grad() "
                   "? "
                   "input.grad() : 0 * input.value());\n" +
                   two("differing(stored, gradient(x, {.checkpoints = false}))", "0");
        case Fault::repeated: return two("differing(gradient(x), gradient(x))", "0");
        case Fault::gradient:
            return hold + fmt::format(
                              "    const auto f = [&](double h) {{ return "
                              "loss(inputs<double>(h), o).item(); }};\n"
                              "    const double got = inner(gradient(x));\n"
                              "    const double expected = difference(f, {});\n",
                              failure.step);
        case Fault::jvp:
            return f + two("jvp(f, x, directions(x)).derivatives[0].item()", "inner(gradient(x))");
        case Fault::hvp:
            return f +
                   "    const List<double> g = gradient(x, {.checkpoints = false}, true);\n"
                   "    Variable<double> slope(0);\n"
                   "    for (std::size_t k = 0; k < x.size(); ++k)\n"
                   "        slope = slope + sum(g[k] * directions(x)[k]);\n" +
                   two("inner(hvp(f, x, directions(x)).derivatives)",
                       "[&] { double total = 0; if (slope.requires_grad()) { const auto h = "
                       "grad(List<double>{slope}, x, {.allow_unused = true}); for (std::size_t k = "
                       "0; k < x.size(); ++k) if (h[k].defined()) total += sum(h[k] * "
                       "directions(x)[k]).item(); } return total; }()");
        case Fault::hessian:
            return f + hold +
                   fmt::format(
                       "    const auto slope = [&](double h) {{ return "
                       "inner(gradient(inputs<double>(h), o)); }};\n"
                       "    const double got = inner(hvp(f, x, directions(x)).derivatives);"
                       "\n    const double expected = difference(slope, {});\n",
                       failure.step);
        case Fault::forward_over_reverse:
            return f +
                   "    const auto g = [](const List<double>& in) { return gradient(in, {}, true); "
                   "};\n" +
                   two("inner(jvp(g, x, directions(x)).derivatives)",
                       "inner(hvp(f, x, directions(x)).derivatives)");
        case Fault::float_value:
            return hold + two("loss(inputs<float>(), o).item()", "loss(x, o).item()");
        case Fault::float_gradient:
            return hold + two("inner(gradient(inputs<float>(), o))", "inner(gradient(x, o))");
        case Fault::memory:
            return "    static_cast<void>(gradient(x, {}, true));\n"
                   "    const double expected = static_cast<double>(memory_stats().live_bytes);\n"
                   "    static_cast<void>(gradient(x, {}, true));\n"
                   "    static_cast<void>(gradient(inputs<float>()));\n"
                   "    const double got = static_cast<double>(memory_stats().live_bytes);\n";
    }
    return "";
}

bool is_planted(const Program& program) {
    return std::ranges::any_of(program.nodes, [](const Node& node) {
        return node.op && std::string_view(node.op->text).starts_with("planted::");
    });
}

}  // namespace

std::string cpp_source(const Program& program, const Failure& failure, const std::string& note) {
    std::string source = fmt::format("// {}\n// {}", note, name(failure.fault));
    if (!failure.text.empty())
        source += ": " + failure.text;
    for (const char* header :
         {"autograd/grad.hpp",
          "autograd/pool.hpp",
          "ops/checkpoint.hpp",
          "ops/functional.hpp",
          "ops/ops.hpp"})
        source += fmt::format("\n#include <{}>", header);
    if (is_planted(program))
        source += "\n#include <tests/random/planted.hpp>";
    source += "\n\n#include <cmath>\n#include <cstdio>\n#include <limits>\n#include <map>\n";
    source += std::string(head) + program_text(program) + std::string(tail);
    source += "int main() {\n    const List<double> x = inputs<double>();\n";
    source += comparison(failure);
    source += fmt::format(
        "    std::printf(\"{}: got %.17g, expected %.17g\\n\", got, expected);\n"
        "    return std::abs(got - expected) <= {:.3g} ? 0 : 1;\n}}\n",
        name(failure.fault),
        failure.tolerance);
    return source;
}

}  // namespace xgrad::test
