// A program as data: nodes in order, each an input or an operation on earlier nodes.
#pragma once

#include <autograd/list.hpp>
#include <autograd/variable.hpp>

#include <cmath>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace xgrad::test {

/// What an operation takes beside Variables; each row of the table uses a few of them.
struct Params {
    std::ptrdiff_t axis = 0;
    Axes axes;
    Shape shape;
    std::size_t n = 0;
    std::size_t m = 0;
    bool flag = false;
    std::vector<std::int64_t> indices;
    std::vector<std::size_t> sizes;
    std::vector<std::pair<std::size_t, std::size_t>> widths;
    std::string spec;
};

struct Arguments {
    std::vector<std::size_t> nodes;
    Params params;
};

class Draw;

/// Finds operands among a program's nodes and draws parameters; false when nothing fits.
using Fit = std::function<bool(Draw&, Arguments&)>;

template <class T>
using Call = Variable<T> (*)(const VariableList<T>& in, const Params& p);

/// A row of the table: operands and parameters, the call, and the same call as text, in which the
/// operands are named a, b, c.
struct Operation {
    const char* name;
    Fit fit;
    Call<float> call_float;
    Call<double> call_double;
    const char* text;
    bool has_kink = false;  ///< the slope, or the slope of the slope, jumps somewhere
};

template <class T>
[[nodiscard]] Variable<T> call(const Operation& op, const VariableList<T>& in, const Params& p) {
    if constexpr (std::is_same_v<T, float>) {
        return op.call_float(in, p);
    } else {
        return op.call_double(in, p);
    }
}

/// How a node is computed.
enum class Mode {
    plain,
    no_grad,  ///< under NoGradGuard
    detach,   ///< recorded, then detached
};

struct Node {
    const Operation* op = nullptr;  ///< null: an input
    std::vector<std::size_t> args = {};
    Params params = {};
    Mode mode = Mode::plain;
    int block = 0;               ///< nodes of one number run in one checkpoint(); 0: in none
    Array<double> numbers = {};  ///< an input's, which float holds exactly
};

struct Program {
    std::vector<Node> nodes;
    std::vector<std::size_t> outputs;

    [[nodiscard]] std::vector<std::size_t> inputs() const;
    [[nodiscard]] std::size_t operations() const;
    [[nodiscard]] bool has_blocks() const;
    [[nodiscard]] bool has_kink() const;
    /// Of a checkpoint only the last node is seen from outside.
    [[nodiscard]] bool blocks_are_closed() const;
    /// Without the nodes that no output depends on.
    [[nodiscard]] Program compact() const;
};

/// The number nearest to x that float holds.
[[nodiscard]] inline double as_float(double x) { return static_cast<float>(x); }

/// Numbers without a pattern, the same each time: directions and weights. A failing program prints
/// this function, too.
template <class T>
[[nodiscard]] Array<T> wave(const Shape& shape, std::size_t phase) {
    Array<T> values(shape);
    for (std::size_t i = 0; i < values.size(); ++i) {
        const double x = std::sin(1.0 + 2.7 * static_cast<double>(i * i + 1) + 1.3 * double(phase));
        values.data()[i] = static_cast<T>(static_cast<float>(x));
    }
    return values;
}

}  // namespace xgrad::test
