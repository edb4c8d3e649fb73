#include <autograd/graph.hpp>
#include <ops/ops.hpp>
#include <tests/support.hpp>

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

TEST_CASE("a graph of a hundred thousand ops is listed without recursion") {
    V y(Array<double>{1, 2}, true);
    for (int i = 0; i < 100000; ++i)
        y = y + 1;
    CHECK(graph_text(y).starts_with("%100000 = add(%99999, _)"));
}
