#include <autograd/graph.hpp>
#include <autograd/record.hpp>
#include <ops/ops.hpp>
#include <tests/support.hpp>

#include <cctype>
#include <set>
#include <sstream>
#include <string>

using namespace xgrad;
using namespace xgrad::test;

namespace {

using V = Variable<double>;

// Without line numbers, which move.
std::string without_lines(const std::string& text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        result += text[i];
        if (text[i] == ':')
            while (i + 1 < text.size() && std::isdigit(static_cast<unsigned char>(text[i + 1])))
                ++i;
    }
    return result;
}

}  // namespace

TEST_CASE("graph_text lists ops with inputs, shapes and lines, latest first") {
    const V x(Array<double>{1, 2}, true), w(Array<double>{3, 4}, true);
    const V c(Array<double>{5, 6});
    const V product = x * w, scaled = exp(x) * c;
    const V y = sum(product + scaled);
    CHECK(
        without_lines(graph_text(y)) ==
        "%6 = sum(%5)  ()  graph_test.cpp:\n"
        "%5 = add(%2, %4)  (2,)  graph_test.cpp:\n"
        "%4 = mul(%3, _)  (2,)  graph_test.cpp:\n"
        "%3 = exp(%0)  (2,)  graph_test.cpp:\n"
        "%2 = mul(%0, %1)  (2,)  graph_test.cpp:\n"
        "%1 = leaf  (2,)\n"
        "%0 = leaf  (2,)\n");
    y.backward();
    CHECK(graph_text(y).find("released") != std::string::npos);
    CHECK(graph_text(c) == "constant  (2,)\n");
}

TEST_CASE("to_dot draws a box for an op, an ellipse for a leaf, an arrow for an edge") {
    V x(Array<double>{1, 2}, true);
    const V y = x * x;
    CHECK(
        without_lines(to_dot(y)) ==
        "digraph {\n"
        "    rankdir = TB;\n"
        "    node [fontname = \"sans-serif\"];\n"
        "    n0 [label = \"leaf\\n(2,)\"];\n"
        "    n1 [shape = box, label = \"mul\\n(2,)\\ngraph_test.cpp:\"];\n"
        "    n0 -> n1;\n"
        "    n0 -> n1;\n"
        "}\n");
    x.requires_grad(false);
    CHECK(to_dot(y).find("style = dashed") != std::string::npos);
    CHECK(to_dot(V(1.0)).find("n0 [label = \"constant\\n()\"];") != std::string::npos);
}

TEST_CASE("the pictures name constants, leaves that stopped asking, quotes and hard names") {
    const V c(array({1, 2}, {1, 2})), w(array({2, 1}, {3, 4}), true);
    const V y = matmul(c, w);
    CHECK(
        without_lines(graph_text(y)) ==
        "%1 = matmul(_, %0)  (1, 1)  graph_test.cpp:\n"
        "%0 = leaf  (2, 1)\n");
    const Op odd_op("a \"b\" \\", on({{2}}, [](const auto& in) { return in[0]; }));
    const V odd = record(odd_op, Array<double>(w.value())).wrt(w, [](const V& g) { return g; });
    CHECK(to_dot(odd).find("label = \"a \\\"b\\\" \\\\\\n(2, 1)") != std::string::npos);
}

TEST_CASE("to_dot: every arrow leads from and to a box or ellipse that is there") {
    V x(Array<double>{1, 2}, true);
    V y = x;
    for (int i = 0; i < 5; ++i)
        y = slice(concatenate(std::vector{tanh(y), y * x, sum(y, {0}, true)}, 0) * 2, 0, 0, 2);
    std::istringstream lines(to_dot(y));
    std::set<std::string> declared, used;
    std::size_t arrows = 0;
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string first, second, third;
        words >> first >> second >> third;
        if (second == "->") {
            ++arrows;
            used.insert(first);
            used.insert(third.substr(0, third.find(';')));
        } else if (first.starts_with("n") && second.starts_with("[")) {
            CHECK(declared.insert(first).second);
        }
    }
    declared.erase("node");
    CHECK(arrows > 20);
    CHECK(used == declared);
}

TEST_CASE("a graph of a hundred thousand ops is listed without recursion") {
    V y(Array<double>{1, 2}, true);
    for (int i = 0; i < 100000; ++i)
        y = y + 1;
    CHECK(graph_text(y).starts_with("%100000 = add(%99999, _)"));
}
