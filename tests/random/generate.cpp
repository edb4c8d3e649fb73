#include <autograd/grad.hpp>
#include <tests/random/fit.hpp>
#include <tests/random/generate.hpp>
#include <tests/random/operations.hpp>

// clang-format off
#include <rapidcheck/shrinkable/Create.h>
// clang-format on

#include <algorithm>
#include <cmath>
#include <string_view>

namespace xgrad::test {

namespace {

constexpr std::size_t max_size = 60;
constexpr double max_value = 5;  // beyond, a value is brought down before it is used again

const std::vector<Shape>& input_shapes() {
    static const std::vector<Shape> shapes = {
        {},
        {1},
        {3},
        {4},
        {2, 3},
        {3, 2},
        {3, 3},
        {1, 3},
        {3, 1},
        {2, 2},
        {1, 1},
        {4, 2},
        {0},
        {0, 3},
        {2, 3, 3},
        {2, 1, 3},
        {2, 2, 1, 2},
        {2, 2, 2},
    };
    return shapes;
}

// Builds a program node by node, computing each one's value as it goes.
class Builder {
public:
    Builder(const rc::Random& random, const Operation* planted)
        : random_(random),
          planted_(planted) {}

    Program build() {
        const NoGradGuard guard;
        const std::size_t wanted = 5 + below(56);
        for (std::size_t i = 1 + below(3); i > 0; --i)
            add_input();
        for (std::size_t tries = 0; tries < 8 * wanted && alive_; ++tries) {
            if (program_.operations() >= wanted && block_left_ == 0)
                break;
            step();
        }
        close_block();
        for (const std::size_t node : visible_) {
            if (program_.nodes[node].op && uses_[node] == 0)
                program_.outputs.push_back(node);
        }
        return program_.compact();
    }

private:
    std::size_t below(std::size_t n) { return random_.next() % n; }

    void add_input() {
        Program none;
        Draw draw(random_, none, shapes_);
        static_cast<void>(draw.fresh(input_shapes()[below(input_shapes().size())]));
        adopt(draw.added);
    }

    void adopt(std::vector<Node>& inputs) {
        for (Node& node : inputs) {
            Variable<double> value(node.numbers);
            append(std::move(node), std::move(value));
        }
    }

    void append(Node node, Variable<double> value) {
        for (const std::size_t arg : node.args)
            ++uses_[arg];
        program_.nodes.push_back(std::move(node));
        shapes_.push_back(value.shape());
        values_.push_back(std::move(value));
        uses_.push_back(0);
        visible_.push_back(program_.nodes.size() - 1);
    }

    void step() {
        if (block_left_ == 0 && below(100) < 6) {
            block_left_ = 2 + below(5);
            block_ = ++blocks_;
        }
        if (no_grad_left_ == 0 && below(100) < 3)
            no_grad_left_ = 1 + below(3);
        if (!add_operation())
            return;
        no_grad_left_ -= no_grad_left_ > 0;
        if (block_left_ > 0 && --block_left_ == 0)
            close_block();
    }

    // Of the nodes made in a block only the last stays visible; new inputs do, too.
    void close_block() {
        if (block_ == 0)
            return;
        const std::size_t last = visible_.back();
        std::erase_if(visible_, [&](std::size_t node) {
            return program_.nodes[node].block == block_ && node != last;
        });
        block_ = 0;
        block_left_ = 0;
    }

    const Operation& draw_operation() {
        if (planted_ && below(20) == 0)
            return *planted_;
        return operations()[below(operations().size())];
    }

    bool add_operation() {
        const Operation& op = draw_operation();
        Draw draw(random_, program_, shapes_);
        draw.visible = visible_;
        Arguments args;
        if (!op.fit(draw, args))
            return false;
        VariableList<double> in;
        for (const std::size_t node : args.nodes) {
            in.push_back(
                node < values_.size()
                    ? values_[node]
                    : Variable<double>(draw.added[node - values_.size()].numbers));
        }
        Node node{.op = &op, .args = args.nodes, .params = args.params, .block = block_};
        if (no_grad_left_ > 0) {
            node.mode = Mode::no_grad;
        } else if (below(100) < 2) {
            node.mode = Mode::detach;
        }
        return compute(std::move(node), in, draw.added);
    }

    // False for a value too large or not finite. An operation whose operands fit must not throw: it
    // is the last one then, so that running the program shows the error.
    bool compute(Node node, const VariableList<double>& in, std::vector<Node>& inputs) {
        Variable<double> value;
        try {
            value = call(*node.op, in, node.params);
        } catch (const std::exception&) {
            alive_ = false;
            value = Variable<double>(0);
        }
        double largest = 0;
        for (const double x : value.value())
            largest = std::isfinite(x) ? std::max(largest, std::abs(x)) : HUGE_VAL;
        if (value.size() > max_size || largest > 1e4)
            return false;
        adopt(inputs);
        append(std::move(node), std::move(value));
        if (largest > max_value)
            bring_down();
        return true;
    }

    void bring_down() {
        static const std::size_t rows[] = {find("tanh"), find("asinh"), find("sin")};
        const Operation& op = operations()[rows[below(3)]];
        const std::size_t large = program_.nodes.size() - 1;
        Node node{.op = &op, .args = {large}, .mode = program_.nodes[large].mode, .block = block_};
        if (node.mode == Mode::detach)
            node.mode = Mode::plain;
        append(std::move(node), call(op, VariableList<double>{values_[large]}, {}));
        std::erase(visible_, large);
    }

    static std::size_t find(std::string_view name) {
        const auto& rows = operations();
        const auto row = std::ranges::find(
            rows, name, [](const Operation& op) { return std::string_view(op.name); });
        return static_cast<std::size_t>(row - rows.begin());
    }

    rc::Random random_;
    const Operation* planted_;
    Program program_;
    std::vector<Shape> shapes_;
    VariableList<double> values_;
    std::vector<std::size_t> uses_;
    std::vector<std::size_t> visible_;
    bool alive_ = true;
    int blocks_ = 0;
    int block_ = 0;
    std::size_t block_left_ = 0;
    std::size_t no_grad_left_ = 0;
};

}  // namespace

const std::vector<Operation>& operations() {
    static const std::vector<Operation> all = [] {
        std::vector<Operation> rows;
        for (const auto& family :
             {elementwise_operations,
              special_operations,
              bent_operations,
              shape_operations,
              reduce_operations,
              product_operations,
              matrix_operations}) {
            for (Operation& row : family())
                rows.push_back(std::move(row));
        }
        return rows;
    }();
    return all;
}

rc::Gen<Program> programs(const Operation* planted) {
    return [planted](const rc::Random& random, int) {
        // As a lambda: clang 14 cannot bind a function's name there.
        return rc::shrinkable::shrinkRecur(
            Builder(random, planted).build(),
            [](const Program& program) { return smaller(program); });
    };
}

}  // namespace xgrad::test
