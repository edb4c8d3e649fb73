// Operands of products and of matrix operations.
#include <tests/random/fit.hpp>

#include <algorithm>
#include <array>

namespace xgrad::test::fit {

namespace {

// 1 to 3, now and then 0.
std::size_t extent(Draw& draw) { return draw.chance(4) ? 0 : 1 + draw.below(3); }

bool is_filled(const Shape& s) { return count(s) > 0; }

// The shape with its last two axes replaced.
Shape with_matrix(Shape shape, std::size_t rows, std::size_t columns) {
    shape[shape.size() - 2] = rows;
    shape[shape.size() - 1] = columns;
    return shape;
}

// A visible node that `accepts` takes, or a new input.
std::size_t any_or(Draw& draw, const Draw::Accepts& accepts, const Shape& shape) {
    const auto node = draw.any(accepts);
    return node ? *node : draw.fresh(shape);
}

}  // namespace

bool matmul(Draw& draw, Arguments& args) {
    const auto node = draw.any([](const Shape& s) { return s.size() >= 1; });
    if (!node)
        return false;
    const Shape a = draw.shape(*node);
    const std::size_t inner = a.back();
    Shape b;
    switch (draw.below(3)) {
        case 0: b = {inner}; break;
        case 1: b = {inner, extent(draw)}; break;
        default:
            b = a.size() < 2 ? Shape{2, inner, 2} : with_matrix(a, inner, extent(draw));
            if (b.size() > 2 && draw.chance(50))
                b[0] = 1;
    }
    args.nodes = {*node, draw.of_shape(b)};
    return true;
}

bool linear(Draw& draw, Arguments& args) {
    const auto node = draw.any([](const Shape& s) { return s.size() >= 1; });
    if (!node)
        return false;
    const std::size_t out = extent(draw);
    const std::size_t in = draw.shape(*node).back();
    args.nodes = {*node, draw.of_shape({out, in}), draw.of_shape({out})};
    return true;
}

bool vectors(Draw& draw, Arguments& args) {
    const auto is_vector = [](const Shape& s) { return s.size() == 1; };
    const std::size_t a = any_or(draw, is_vector, {extent(draw)});
    const std::size_t b = any_or(draw, is_vector, {extent(draw)});
    args.nodes = {a, b};
    return true;
}

bool dot(Draw& draw, Arguments& args) {
    vectors(draw, args);
    args.nodes[1] = draw.of_shape(draw.shape(args.nodes[0]));
    return true;
}

bool stacks(Draw& draw, Arguments& args) {
    const std::size_t a = any_or(
        draw,
        [](const Shape& s) { return s.size() == 3; },
        {extent(draw), extent(draw), extent(draw)});
    const Shape shape = draw.shape(a);
    const std::size_t n = extent(draw);
    const std::size_t b = draw.of_shape({shape[0], shape[2], n});
    args.nodes = {a, b, draw.of_shape(draw.chance(50) ? Shape{n} : Shape{shape[1], n})};
    return true;
}

bool tensordot(Draw& draw, Arguments& args) {
    const std::size_t a = draw.any();
    const Shape shape = draw.shape(a);
    if (shape.size() > 3)
        return false;
    args.params.n = draw.below(std::min<std::size_t>(shape.size(), 2) + 1);
    Shape other(shape.end() - static_cast<std::ptrdiff_t>(args.params.n), shape.end());
    if (draw.chance(60))
        other.push_back(extent(draw));
    args.nodes = {a, draw.of_shape(other)};
    return true;
}

bool einsum(Draw& draw, Arguments& args) {
    static constexpr std::array specs = {
        "ij,jk->ik", "ij,kj->ki", "ij,jk", "ij,jk->j", "ij,jk->", "ij,jk->kji", "ji,jk->i"};
    const std::size_t a =
        any_or(draw, [](const Shape& s) { return s.size() == 2; }, {extent(draw), extent(draw)});
    const Shape shape = draw.shape(a);
    const std::size_t k = extent(draw);
    args.params.spec = specs[draw.below(specs.size())];
    Shape b = {shape[1], k};
    if (args.params.spec[3] == 'k')
        b = {k, shape[1]};
    if (args.params.spec[0] == 'j')
        b = {shape[0], k};
    args.nodes = {a, draw.of_shape(b)};
    return true;
}

bool kron(Draw& draw, Arguments& args) {
    const auto is_small = [](const Shape& s) { return s.size() < 4 && count(s) <= 8; };
    const std::size_t a = any_or(draw, is_small, {2, 2});
    args.nodes = {a, any_or(draw, is_small, {1, 2})};
    return true;
}

bool rows(Draw& draw, Arguments& args) {
    const std::size_t a = any_or(
        draw, [](const Shape& s) { return s.size() == 2 && is_filled(s); }, {2, 1 + draw.below(3)});
    const std::size_t columns = draw.shape(a)[1];
    args.nodes = {a, draw.of_shape({1 + draw.below(3), columns})};
    return true;
}

bool square(Draw& draw, Arguments& args) {
    const auto accepts = [](const Shape& s) {
        const std::size_t rank = s.size();
        return rank >= 2 && s[rank - 1] == s[rank - 2] && s[rank - 1] > 0 && s[rank - 1] <= 4;
    };
    const std::size_t n = 1 + draw.below(3);
    args.nodes = {any_or(draw, accepts, draw.chance(70) ? Shape{n, n} : Shape{2, n, n})};
    args.params.n = draw.shape(args.nodes[0]).back();
    return true;
}

bool system(Draw& draw, Arguments& args) {
    square(draw, args);
    const std::size_t n = args.params.n;
    args.nodes.push_back(draw.of_shape(draw.chance(40) ? Shape{n} : Shape{n, extent(draw)}));
    return true;
}

bool tall(Draw& draw, Arguments& args) {
    const auto accepts = [](const Shape& s) {
        return s.size() == 2 && s[0] >= s[1] && s[1] > 0 && s[0] <= 6;
    };
    args.nodes = {any_or(draw, accepts, {3, 2})};
    args.params.m = draw.shape(args.nodes[0])[0];
    args.params.n = draw.shape(args.nodes[0])[1];
    return true;
}

bool tall_system(Draw& draw, Arguments& args) {
    tall(draw, args);
    args.nodes.push_back(draw.of_shape({args.params.m, 1 + draw.below(2)}));
    return true;
}

}  // namespace xgrad::test::fit
