// How operations find operands of shapes that fit, and draw their parameters.
#pragma once

#include <tests/random/program.hpp>

#include <rapidcheck/Random.h>

#include <optional>

namespace xgrad::test {

/// A program under construction, for one operation that looks for operands.
class Draw {
public:
    Draw(rc::Random& random, Program& program, const std::vector<Shape>& shapes)
        : random_(random),
          program_(program),
          shapes_(shapes) {}

    /// Nodes that may be used, oldest first.
    std::vector<std::size_t> visible;

    [[nodiscard]] std::size_t below(std::size_t n) { return random_.next() % n; }
    [[nodiscard]] bool chance(std::size_t percent) { return below(100) < percent; }
    /// A number on a grid in [-2, 2] that float holds.
    [[nodiscard]] double number();
    [[nodiscard]] const Shape& shape(std::size_t node) const;

    using Accepts = std::function<bool(const Shape&)>;
    /// A visible node, one of the newest half of the time.
    [[nodiscard]] std::size_t any();
    [[nodiscard]] std::optional<std::size_t> any(const Accepts& accepts);
    /// One of that shape, or a new input.
    [[nodiscard]] std::size_t of_shape(const Shape& shape);
    /// New inputs, in the order of the nodes they become.
    [[nodiscard]] std::size_t fresh(const Shape& shape);
    std::vector<Node> added;

private:
    rc::Random& random_;
    Program& program_;
    const std::vector<Shape>& shapes_;
};

namespace fit {

// Elementwise: any operands that broadcast to at most max_size elements.
bool one(Draw& draw, Arguments& args);
bool two(Draw& draw, Arguments& args);
bool three(Draw& draw, Arguments& args);
/// Operands of one shape, not empty.
bool alike(Draw& draw, Arguments& args);
bool alike_three(Draw& draw, Arguments& args);

/// One operand with at least one axis of at least so many elements: p.axis, which may be negative,
/// p.flag.
Fit axis(std::size_t least);
/// An axis of an even extent, above 0.
bool even_axis(Draw& draw, Arguments& args);
/// An axis of extent 1.
bool unit_axis(Draw& draw, Arguments& args);
/// Two operands of one shape, and p.axis.
bool axis_of_two(Draw& draw, Arguments& args);
/// One operand; p.axes, some of its axes or all; p.flag. With least > 0 the axes hold that many
/// elements.
Fit axes(std::size_t least);
/// One operand that is not empty.
bool filled(Draw& draw, Arguments& args);

/// A rank of at least so much; two axes p.axes, p.axis an offset, p.n an axis of the new rank.
Fit rank(std::size_t least);
Fit rank_exactly(std::size_t rank);

bool reshape(Draw& draw, Arguments& args);      ///< p.shape of the same size
bool permute(Draw& draw, Arguments& args);      ///< p.axes
bool broadcast(Draw& draw, Arguments& args);    ///< p.shape
bool slice(Draw& draw, Arguments& args);        ///< p.axis, p.n to p.m
bool pad(Draw& draw, Arguments& args);          ///< p.widths
bool gather(Draw& draw, Arguments& args);       ///< p.axis, p.indices into it
bool scatter(Draw& draw, Arguments& args);      ///< p.axis, an index below p.n for each slice
bool index_add(Draw& draw, Arguments& args);    ///< b has a slice for each of p.indices
bool tile(Draw& draw, Arguments& args);         ///< p.sizes
bool concatenate(Draw& draw, Arguments& args);  ///< p.axis; extents may differ there
bool windows(Draw& draw, Arguments& args);      ///< p.axis, p.n the size, p.m the step
bool split(Draw& draw, Arguments& args);        ///< p.axis, p.sizes, p.n one of the pieces
bool labels(Draw& draw, Arguments& args);       ///< (N, C), p.indices N labels below C
bool mask(Draw& draw, Arguments& args);         ///< (..., N, 2), N p.indices below 2

bool matmul(Draw& draw, Arguments& args);
bool linear(Draw& draw, Arguments& args);
bool vectors(Draw& draw, Arguments& args);    ///< of any extents
bool dot(Draw& draw, Arguments& args);        ///< of one extent
bool stacks(Draw& draw, Arguments& args);     ///< (B, M, K), (B, K, N), (M, N) or (N,)
bool tensordot(Draw& draw, Arguments& args);  ///< p.n axes
bool einsum(Draw& draw, Arguments& args);     ///< p.spec
bool kron(Draw& draw, Arguments& args);
bool rows(Draw& draw, Arguments& args);         ///< (M, K) and (N, K), K > 0
bool square(Draw& draw, Arguments& args);       ///< (..., N, N), N from 1 to 4; p.n = N
bool system(Draw& draw, Arguments& args);       ///< square, and (N, K) or (N,)
bool tall(Draw& draw, Arguments& args);         ///< (M, N), M >= N > 0; p.n = N, p.m = M
bool tall_system(Draw& draw, Arguments& args);  ///< tall, and (M, K)

}  // namespace fit
}  // namespace xgrad::test
