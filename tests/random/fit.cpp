#include <autograd/broadcast.hpp>
#include <tests/random/fit.hpp>

#include <algorithm>
#include <numeric>

namespace xgrad::test {

double Draw::number() { return static_cast<double>(below(1u << 20)) / (1u << 18) - 2; }

const Shape& Draw::shape(std::size_t node) const {
    return node < shapes_.size() ? shapes_[node] : added[node - shapes_.size()].numbers.shape();
}

std::size_t Draw::any() {
    const std::size_t newest = std::min<std::size_t>(5, visible.size());
    return chance(50) ? visible[visible.size() - 1 - below(newest)]
                      : visible[below(visible.size())];
}

std::optional<std::size_t> Draw::any(const Accepts& accepts) {
    for (int attempt = 0; attempt < 4; ++attempt) {
        const std::size_t node = any();
        if (accepts(shape(node)))
            return node;
    }
    const std::size_t start = below(visible.size());
    for (std::size_t i = 0; i < visible.size(); ++i) {
        const std::size_t node = visible[(start + i) % visible.size()];
        if (accepts(shape(node)))
            return node;
    }
    return std::nullopt;
}

std::size_t Draw::of_shape(const Shape& shape) {
    const auto found = any([&](const Shape& s) { return s == shape; });
    return found && chance(80) ? *found : fresh(shape);
}

std::size_t Draw::fresh(const Shape& shape) {
    Array<double> numbers(shape);
    for (double& x : numbers)
        x = number();
    added.push_back({.numbers = std::move(numbers)});
    return shapes_.size() + added.size() - 1;
}

namespace fit {

namespace {

constexpr std::size_t max_size = 60;

bool is_filled(const Shape& s) { return count(s) > 0; }

std::ptrdiff_t signed_axis(Draw& draw, std::size_t axis, std::size_t rank) {
    const auto a = static_cast<std::ptrdiff_t>(axis);
    return draw.chance(50) ? a : a - static_cast<std::ptrdiff_t>(rank);
}

std::size_t plain_axis(std::ptrdiff_t axis, std::size_t rank) {
    return static_cast<std::size_t>(axis < 0 ? axis + static_cast<std::ptrdiff_t>(rank) : axis);
}

// An operand with an axis that `accepts` takes, and that axis.
bool axis_where(Draw& draw, Arguments& args, const std::function<bool(std::size_t)>& accepts) {
    const auto node = draw.any([&](const Shape& s) { return std::ranges::any_of(s, accepts); });
    if (!node)
        return false;
    const Shape& shape = draw.shape(*node);
    std::size_t axis = draw.below(shape.size());
    while (!accepts(shape[axis]))
        axis = (axis + 1) % shape.size();
    args.nodes = {*node};
    args.params.axis = signed_axis(draw, axis, shape.size());
    args.params.flag = draw.chance(50);
    return true;
}

// p.axis of the only operand so far.
std::size_t chosen_axis(const Draw& draw, const Arguments& args) {
    return plain_axis(args.params.axis, draw.shape(args.nodes[0]).size());
}

bool broadcasts(const Shape& a, const Shape& b) {
    for (std::size_t i = 1; i <= std::min(a.size(), b.size()); ++i) {
        const std::size_t m = a[a.size() - i];
        const std::size_t n = b[b.size() - i];
        if (m != n && m != 1 && n != 1)
            return false;
    }
    return true;
}

// One more operand that broadcasts with the result so far.
void add_broadcast(Draw& draw, Arguments& args, Shape& result) {
    const auto node = draw.any([&](const Shape& s) {
        return broadcasts(result, s) && count(broadcast_shape("", result, s)) <= max_size;
    });
    args.nodes.push_back(node ? *node : args.nodes[0]);
    result = broadcast_shape("", result, draw.shape(args.nodes.back()));
}

bool elementwise(Draw& draw, Arguments& args, std::size_t operands) {
    args.nodes = {draw.any()};
    Shape result = draw.shape(args.nodes[0]);
    while (args.nodes.size() < operands)
        add_broadcast(draw, args, result);
    return true;
}

bool same_shapes(Draw& draw, Arguments& args, std::size_t operands) {
    if (!filled(draw, args))
        return false;
    const Shape shape = draw.shape(args.nodes[0]);
    while (args.nodes.size() < operands)
        args.nodes.push_back(draw.of_shape(shape));
    return true;
}

Shape with_extent(Shape shape, std::size_t axis, std::size_t extent) {
    shape[axis] = extent;
    return shape;
}

}  // namespace

bool one(Draw& draw, Arguments& args) { return elementwise(draw, args, 1); }
bool two(Draw& draw, Arguments& args) { return elementwise(draw, args, 2); }
bool three(Draw& draw, Arguments& args) { return elementwise(draw, args, 3); }
bool alike(Draw& draw, Arguments& args) { return same_shapes(draw, args, 2); }
bool alike_three(Draw& draw, Arguments& args) { return same_shapes(draw, args, 3); }

bool filled(Draw& draw, Arguments& args) {
    const auto node = draw.any(is_filled);
    if (node)
        args.nodes = {*node};
    return node.has_value();
}

Fit axis(std::size_t least) {
    return [least](Draw& draw, Arguments& args) {
        return axis_where(draw, args, [&](std::size_t n) { return n >= least; });
    };
}

bool even_axis(Draw& draw, Arguments& args) {
    return axis_where(draw, args, [](std::size_t n) { return n > 0 && n % 2 == 0; });
}

bool unit_axis(Draw& draw, Arguments& args) {
    return axis_where(draw, args, [](std::size_t n) { return n == 1; });
}

bool axis_of_two(Draw& draw, Arguments& args) {
    if (!axis(1)(draw, args))
        return false;
    args.nodes.push_back(draw.of_shape(draw.shape(args.nodes[0])));
    return true;
}

Fit axes(std::size_t least) {
    return [least](Draw& draw, Arguments& args) {
        const auto node =
            draw.any([&](const Shape& s) { return s.size() > 0 && count(s) >= least; });
        if (!node)
            return false;
        const Shape& shape = draw.shape(*node);
        Axes chosen;
        std::size_t elements = 1;
        for (std::size_t i = 0; i < shape.size(); ++i) {
            if (draw.chance(50)) {
                chosen.push_back(signed_axis(draw, i, shape.size()));
                elements *= shape[i];
            }
        }
        args.nodes = {*node};
        args.params.axes = std::move(chosen);
        args.params.flag = draw.chance(50);
        return elements >= least;
    };
}

Fit rank(std::size_t least) {
    return [least](Draw& draw, Arguments& args) {
        const auto node =
            draw.any([&](const Shape& s) { return s.size() >= least && s.size() < 5; });
        if (!node)
            return false;
        const std::size_t rank = draw.shape(*node).size();
        args.nodes = {*node};
        args.params.axis = static_cast<std::ptrdiff_t>(draw.below(3)) - 1;
        args.params.n = draw.below(rank + 1);
        if (rank >= 2) {
            const std::size_t first = draw.below(rank);
            const std::size_t second = (first + 1 + draw.below(rank - 1)) % rank;
            args.params.axes = {
                signed_axis(draw, first, rank), static_cast<std::ptrdiff_t>(second)};
        }
        return true;
    };
}

Fit rank_exactly(std::size_t rank) {
    return [rank](Draw& draw, Arguments& args) {
        const auto node = draw.any([&](const Shape& s) { return s.size() == rank; });
        if (node)
            args.nodes = {*node};
        args.params.axis = static_cast<std::ptrdiff_t>(draw.below(3)) - 1;
        return node.has_value();
    };
}

bool reshape(Draw& draw, Arguments& args) {
    one(draw, args);
    std::size_t rest = count(draw.shape(args.nodes[0]));
    Shape& shape = args.params.shape;
    while (rest > 1 && shape.size() < 3) {
        std::size_t factor = 1 + draw.below(std::min<std::size_t>(rest, 4));
        while (rest % factor != 0)
            --factor;
        shape.push_back(factor);
        rest /= factor;
    }
    if (rest != 1 || draw.chance(30))
        shape.push_back(rest);
    return true;
}

bool permute(Draw& draw, Arguments& args) {
    one(draw, args);
    Axes& axes = args.params.axes;
    axes.resize(draw.shape(args.nodes[0]).size());
    std::iota(axes.begin(), axes.end(), 0);
    for (std::size_t i = axes.size(); i > 1; --i)
        std::swap(axes[i - 1], axes[draw.below(i)]);
    return true;
}

bool broadcast(Draw& draw, Arguments& args) {
    one(draw, args);
    Shape shape = draw.shape(args.nodes[0]);
    for (std::size_t& n : shape)
        n = n == 1 ? 1 + draw.below(3) : n;
    if (shape.size() < 4 && draw.chance(50))
        shape.insert(shape.begin(), 1 + draw.below(3));
    args.params.shape = shape;
    return count(shape) <= max_size;
}

bool slice(Draw& draw, Arguments& args) {
    if (!axis(1)(draw, args))
        return false;
    const std::size_t extent = draw.shape(args.nodes[0])[chosen_axis(draw, args)];
    args.params.n = draw.below(extent);
    args.params.m = args.params.n + draw.below(extent - args.params.n + 1);
    if (args.params.m == args.params.n && draw.chance(90))
        ++args.params.m;
    return true;
}

bool pad(Draw& draw, Arguments& args) {
    one(draw, args);
    std::size_t size = 1;
    for (const std::size_t n : draw.shape(args.nodes[0])) {
        args.params.widths.emplace_back(draw.below(2), draw.below(2));
        size *= n + args.params.widths.back().first + args.params.widths.back().second;
    }
    return size <= max_size;
}

bool gather(Draw& draw, Arguments& args) {
    if (!axis(1)(draw, args))
        return false;
    const Shape& shape = draw.shape(args.nodes[0]);
    const std::size_t extent = shape[chosen_axis(draw, args)];
    for (std::size_t i = 1 + draw.below(4); i > 0; --i)
        args.params.indices.push_back(static_cast<std::int64_t>(draw.below(extent)));
    return true;
}

bool scatter(Draw& draw, Arguments& args) {
    if (!axis(0)(draw, args))
        return false;
    args.params.n = 1 + draw.below(4);
    for (std::size_t i = draw.shape(args.nodes[0])[chosen_axis(draw, args)]; i > 0; --i)
        args.params.indices.push_back(static_cast<std::int64_t>(draw.below(args.params.n)));
    return true;
}

bool index_add(Draw& draw, Arguments& args) {
    if (!gather(draw, args))
        return false;
    const Shape& shape = draw.shape(args.nodes[0]);
    const Shape source = with_extent(shape, chosen_axis(draw, args), args.params.indices.size());
    args.nodes.push_back(draw.of_shape(source));
    return true;
}

bool tile(Draw& draw, Arguments& args) {
    one(draw, args);
    std::size_t size = count(draw.shape(args.nodes[0]));
    for (std::size_t i = draw.below(4); i > 0; --i) {
        args.params.sizes.push_back(1 + draw.below(2));
        size *= args.params.sizes.back();
    }
    return size <= max_size;
}

bool concatenate(Draw& draw, Arguments& args) {
    if (!axis(0)(draw, args))
        return false;
    const Shape& shape = draw.shape(args.nodes[0]);
    const std::size_t axis = chosen_axis(draw, args);
    const auto other = draw.any([&](const Shape& s) {
        return s.size() == shape.size() && with_extent(s, axis, shape[axis]) == shape;
    });
    args.nodes.push_back(*other);
    return true;
}

bool windows(Draw& draw, Arguments& args) {
    if (!axis(1)(draw, args))
        return false;
    const Shape& shape = draw.shape(args.nodes[0]);
    args.params.n = 1 + draw.below(shape[chosen_axis(draw, args)]);
    args.params.m = 1 + draw.below(2);
    return shape.size() < 5;
}

bool split(Draw& draw, Arguments& args) {
    if (!axis(1)(draw, args))
        return false;
    const std::size_t extent = draw.shape(args.nodes[0])[chosen_axis(draw, args)];
    const std::size_t first = draw.below(extent + 1);
    args.params.sizes = {first, extent - first};
    args.params.n = draw.below(2);
    return true;
}

bool labels(Draw& draw, Arguments& args) {
    const auto node = draw.any([](const Shape& s) { return s.size() == 2 && is_filled(s); });
    if (!node)
        return false;
    args.nodes = {*node};
    const Shape& shape = draw.shape(*node);
    for (std::size_t i = 0; i < shape[0]; ++i)
        args.params.indices.push_back(static_cast<std::int64_t>(draw.below(shape[1])));
    return true;
}

// Rows of two, as the mask is made by one_hot(indices, 2).
bool mask(Draw& draw, Arguments& args) {
    const auto node = draw.any([](const Shape& s) { return s.size() >= 2 && s.back() == 2; });
    if (!node)
        return false;
    args.nodes = {*node};
    const Shape& shape = draw.shape(*node);
    for (std::size_t i = 0; i < shape[shape.size() - 2]; ++i)
        args.params.indices.push_back(static_cast<std::int64_t>(draw.below(2)));
    return true;
}

}  // namespace fit
}  // namespace xgrad::test
