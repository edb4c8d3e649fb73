// Op: the name of an op and the samples it is checked on. Constructing one enrolls it.
#pragma once

#include <autograd/variable.hpp>

#include <functional>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace xgrad {

template <class T>
using OpFunction = std::function<Variable<T>(const std::vector<Variable<T>>&)>;

/// One case on which an op is checked: shapes, domain, and the call. Build it with on().
struct Sample {
    std::vector<Shape> shapes;
    double low = -2, high = 2;                   ///< inputs are drawn from here
    std::vector<double> kinks;                   ///< inputs keep away from these values
    std::vector<double> params;                  ///< scalar parameters of a formula op
    std::map<std::size_t, Array<double>> fixed;  ///< inputs with a given value, not differentiated
    bool is_flat = false;                        ///< the derivative is zero everywhere
    bool is_linear = false;                      ///< the second derivative is zero everywhere
    bool distinct = false;                       ///< inputs differ pairwise by at least 0.1
    OpFunction<float> call_float;
    OpFunction<double> call_double;

    /// Draw the inputs from [low, high] instead of [-2, 2].
    Sample between(double new_low, double new_high) &&;
    /// Keep the inputs at least 0.05 from these values, where the slope jumps.
    Sample avoiding(std::vector<double> values) &&;
    Sample with(std::vector<double> parameters) &&;
    /// Input i is always this value and is not differentiated: a mask, targets.
    Sample fixing(std::size_t i, Array<double> value) &&;
    /// All elements of an input differ, so that no maximum is a tie.
    Sample without_ties() &&;
    Sample flat() &&;
    Sample linear() &&;
};

/// At least one sample: an op without samples does not compile.
class Samples {
public:
    template <std::same_as<Sample>... Rest>
    Samples(Sample first, Rest... rest) {
        list_.reserve(1 + sizeof...(rest));
        add(std::move(first));
        (add(std::move(rest)), ...);
    }
    explicit Samples(std::vector<Sample> list);

    /// Every sample is linear.
    Samples linear() &&;

    [[nodiscard]] const std::vector<Sample>& list() const noexcept { return list_; }

private:
    void add(Sample&& sample);

    std::vector<Sample> list_;
};

namespace detail {
/// Shapes as they stand in braces: {{3, 4}, {4}}.
using ShapeList = std::initializer_list<std::initializer_list<std::size_t>>;
[[nodiscard]] std::vector<Shape> listed(ShapeList shapes);
[[nodiscard]] Sample sample_of(
    std::vector<Shape> shapes, OpFunction<float> call_float, OpFunction<double> call_double);
}  // namespace detail

/// A sample of a formula op, or of an op whose call is attached elsewhere.
[[nodiscard]] Sample on(detail::ShapeList shapes);
[[nodiscard]] Sample on(std::vector<Shape> shapes);

/// A sample: `call` gets the inputs as a vector of Variable<T>, for T float and double.
template <class Call>
[[nodiscard]] Sample on(detail::ShapeList shapes, Call call) {
    return detail::sample_of(detail::listed(shapes), call, call);
}
template <class Call>
[[nodiscard]] Sample on(std::vector<Shape> shapes, Call call) {
    return detail::sample_of(std::move(shapes), call, call);
}

/// The standard cases of two broadcast operands: same shape, row, outer, scalar.
[[nodiscard]] Samples broadcast_pairs(double low = -2, double high = 2);

/// Of what a plug-in and a program have to agree on: Op, Sample, Variable, Node, Array. Raise it
/// with a change of their members. It is part of the name of Op's constructor, so that the system's
/// loader refuses a plug-in of another layout before it runs any of its code.
template <int number>
struct OpLayout {};
inline constexpr int op_layout = 1;

/// The token of an op; define one as a constant next to the op's function. The name is the
/// function's.
class Op {
public:
    /// Throws std::logic_error when the name is taken: from a static initialiser, that ends the
    /// program. In a library that load_ops() loads, load_ops() throws instead.
    [[gnu::noinline]] Op(
        std::string name,
        Samples samples,
        Where where = Where::current(),
        OpLayout<op_layout> = {});
    ~Op();
    Op(const Op&) = delete;
    Op& operator=(const Op&) = delete;

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] const std::vector<Sample>& samples() const noexcept { return samples_.list(); }
    /// The line that defines it.
    [[nodiscard]] const Where& where() const noexcept { return where_; }
    /// The program or shared library that its definition is part of, as a path; empty where the
    /// system cannot say.
    [[nodiscard]] std::string library() const;

private:
    std::string name_;
    Samples samples_;
    Where where_;
    const void* caller_;  // code of the program or library
};

/// Every op in the program, by name. Throws std::logic_error when there is none: then the
/// library's objects were dropped at link time, and it must be linked whole.
[[nodiscard]] std::vector<const Op*> all_ops();

/// The op of that name, or null.
[[nodiscard]] const Op* find_op(std::string_view name);

}  // namespace xgrad
