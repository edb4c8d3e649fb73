#include <autograd/fail.hpp>
#include <autograd/graph.hpp>
#include <autograd/op.hpp>
#include <autograd/record.hpp>

#include <functional>
#include <map>

namespace xgrad {
namespace {

// The nodes behind y by falling sequence, with short numbers in the order of recording.
template <class T>
struct Listing {
    explicit Listing(const Variable<T>& y) {
        std::map<std::uint64_t, detail::Node<T>*, std::greater<>> open;
        if (detail::Node<T>* root = y.state().node.get())
            open.emplace(root->sequence, root);
        while (!open.empty()) {
            detail::Node<T>* node = open.begin()->second;
            open.erase(open.begin());
            nodes.push_back(node);
            for (std::size_t i = 0; i < node->edges(); ++i) {
                if (detail::Node<T>* next = node->edge(i))
                    open.emplace(next->sequence, next);
            }
        }
        for (std::size_t i = 0; i < nodes.size(); ++i)
            number[nodes[i]] = nodes.size() - 1 - i;
    }
    std::vector<detail::Node<T>*> nodes;
    std::map<const detail::Node<T>*, std::size_t> number;
};

// Between quotes in DOT.
std::string escaped(std::string_view text) {
    std::string result;
    for (const char c : text) {
        if (c == '"' || c == '\\')
            result += '\\';
        result += c;
    }
    return result;
}

// "model.cpp:12"
std::string line_of(const Where& where) {
    const std::string_view path = where.file_name();
    return fmt::format("{}:{}", path.substr(path.rfind('/') + 1), where.line());
}

}  // namespace

template <class T>
std::string to_dot(const Variable<T>& y) {
    const Listing<T> listing(y);
    std::string dot = "digraph {\n    rankdir = TB;\n    node [fontname = \"sans-serif\"];\n";
    if (listing.nodes.empty())
        dot += fmt::format("    n0 [label = \"constant\\n{}\"];\n", y.shape());
    for (auto node = listing.nodes.rbegin(); node != listing.nodes.rend(); ++node) {
        const std::size_t id = listing.number.at(*node);
        if ((*node)->is_leaf()) {
            dot += fmt::format(
                "    n{} [label = \"leaf\\n{}\"{}];\n",
                id,
                (*node)->shape,
                (*node)->frozen ? ", style = dashed" : "");
            continue;
        }
        dot += fmt::format(
            "    n{} [shape = box, label = \"{}\\n{}\\n{}\"{}];\n",
            id,
            escaped((*node)->op->name()),
            (*node)->shape,
            escaped(line_of((*node)->where)),
            (*node)->released ? ", color = grey, fontcolor = grey" : "");
        for (std::size_t i = 0; i < (*node)->edges(); ++i) {
            if (const detail::Node<T>* input = (*node)->edge(i))
                dot += fmt::format("    n{} -> n{};\n", listing.number.at(input), id);
        }
    }
    return dot + "}\n";
}

template <class T>
std::string graph_text(const Variable<T>& y) {
    const Listing<T> listing(y);
    if (listing.nodes.empty())
        return fmt::format("constant  {}\n", y.shape());
    std::string text;
    for (const detail::Node<T>* node : listing.nodes) {
        text += fmt::format("%{} = ", listing.number.at(node));
        if (node->is_leaf()) {
            text += fmt::format("leaf  {}\n", node->shape);
            continue;
        }
        std::vector<std::string> names(node->inputs(), "_");
        for (std::size_t i = 0; i < node->edges(); ++i) {
            if (const detail::Node<T>* input = node->edge(i))
                names[node->input_of(i)] = fmt::format("%{}", listing.number.at(input));
        }
        text += fmt::format(
            "{}({})  {}  {}{}\n",
            node->op->name(),
            fmt::join(names, ", "),
            node->shape,
            line_of(node->where),
            node->released ? "  released" : "");
    }
    return text;
}

template std::string to_dot(const Variable<float>&);
template std::string to_dot(const Variable<double>&);
template std::string graph_text(const Variable<float>&);
template std::string graph_text(const Variable<double>&);

}  // namespace xgrad
