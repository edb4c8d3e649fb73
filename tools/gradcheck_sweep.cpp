#include <tools/gradcheck_case.hpp>

#include <map>
#include <optional>
#include <set>

namespace xgrad::detail {
namespace {

using Shapes = std::vector<Shape>;
using Extents = std::vector<std::size_t>;

// Around the widths of vectors and of unrolled loops.
constexpr std::size_t extents[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33, 65};

std::size_t elements(const Shapes& shapes) {
    std::size_t all = 0;
    for (const Shape& shape : shapes)
        all += count(shape);
    return all;
}

// So many that a check is quick, and that distinct values find room wherever they start.
std::size_t most_elements(const Sample& sample) {
    constexpr std::size_t quick = 300;
    if (!sample.distinct)
        return quick;
    const double room = (sample.high - sample.low) / 0.11 - 3;
    const double taken = static_cast<double>(sample.kinks.size());
    return room > taken ? static_cast<std::size_t>(room - taken) : 0;
}

bool chance(Random& random, std::size_t percent) { return random.below(100) < percent; }

void prepend(Shape& shape, std::size_t extent) {
    Shape longer(shape.size() + 1, extent);
    std::ranges::copy(shape, longer.begin() + 1);
    shape = std::move(longer);
}

void drop_first(Shape& shape) {
    if (!shape.empty())
        shape.erase(shape.begin());
}

// Extents that are equal are taken for one size, and get another together.
void resize(Shapes& shapes, Random& random) {
    std::map<std::size_t, std::size_t> sizes;
    for (Shape& shape : shapes) {
        for (std::size_t& extent : shape) {
            const auto [at, is_new] = sizes.emplace(extent, extent);
            if (is_new && chance(random, extent == 1 ? 20 : 70))
                at->second = extents[random.below(std::size(extents))];
            extent = at->second;
        }
    }
}

// Other sizes, axes of extent 1, more axes or fewer.
Shapes vary(Shapes shapes, Random& random) {
    resize(shapes, random);
    Shape& any = shapes[random.below(shapes.size())];
    if (!any.empty() && chance(random, 30))
        any[random.below(any.size())] = 1;
    if (chance(random, 25)) {
        for (Shape& shape : shapes)
            prepend(shape, 2);
    } else if (chance(random, 15)) {
        prepend(any, 2);
    } else if (chance(random, 20)) {
        drop_first(any);
    }
    return shapes;
}

// What is smaller by one step, the biggest step first.
std::vector<Shapes> smaller(const Shapes& shapes) {
    std::vector<Shapes> all;
    const auto add = [&](auto change) {
        Shapes next = shapes;
        for (Shape& shape : next)
            change(shape);
        if (next != shapes)
            all.push_back(std::move(next));
    };
    add(drop_first);
    std::set<std::size_t, std::greater<>> sizes;
    for (const Shape& shape : shapes)
        sizes.insert(shape.begin(), shape.end());
    for (const std::size_t size : sizes) {
        for (const std::size_t to : {std::size_t{1}, std::size_t{2}, size / 2, size - 1}) {
            if (to >= 1 && to < size)
                add([&](Shape& shape) { std::ranges::replace(shape, size, to); });
        }
    }
    for (std::size_t i = 0; i < shapes.size(); ++i) {
        Shapes next = shapes;
        drop_first(next[i]);
        if (next != shapes)
            all.push_back(std::move(next));
        for (std::size_t axis = 0; axis < shapes[i].size(); ++axis) {
            if (shapes[i][axis] == 1)
                continue;
            all.push_back(shapes);
            all.back()[i][axis] = 1;
        }
    }
    return all;
}

// The case with inputs of other shapes.
class Variant {
public:
    Variant(const Case& one, Shapes shapes) : sample_(one.sample), options_(one.options) {
        sample_.shapes = std::move(shapes);
        options_.sweep = 0;
        options_.allow_zero = true;  // a softmax over one element has no effect
        case_.emplace(Case{one.op, sample_, one.number, options_, {}});
    }
    [[nodiscard]] bool accepted() const { return accepts(*case_, sample_.shapes); }
    /// The first failure of that name, or of any where it is empty.
    [[nodiscard]] std::optional<OpCheck> failure(const std::string& name) const {
        for (OpCheck& check : check_once(*case_).checks) {
            if (check.verdict == OpCheck::Verdict::failed && (name.empty() || check.name == name))
                return std::move(check);
        }
        return std::nullopt;
    }

private:
    Sample sample_;
    GradcheckOptions options_;
    std::optional<Case> case_;
};

// Shapes and what fails on them.
struct Failure {
    Shapes shapes;
    OpCheck check;
};

// The smallest shapes on which the same check fails, by steps that each make it smaller.
Failure shrink(const Case& one, Failure failure) {
    for (bool smaller_fails = true; smaller_fails;) {
        smaller_fails = false;
        for (Shapes& next : smaller(failure.shapes)) {
            const Variant variant(one, next);
            if (!variant.accepted())
                continue;
            if (auto found = variant.failure(failure.check.name)) {
                failure = {std::move(next), std::move(*found)};
                smaller_fails = true;
                break;
            }
        }
    }
    return failure;
}

}  // namespace

Outcome check_other_shapes(const Case& one) {
    Random random = one.random(5);
    std::set<Shapes> seen = {one.sample.shapes};
    std::size_t accepted = 0, rejected = 0;
    for (std::size_t tries = 0; accepted < one.options.sweep && tries < 8 * one.options.sweep;
         ++tries) {
        Shapes shapes = vary(one.sample.shapes, random);
        if (elements(shapes) > most_elements(one.sample) || !seen.insert(shapes).second)
            continue;
        const Variant variant(one, shapes);
        if (!variant.accepted()) {
            ++rejected;
            continue;
        }
        ++accepted;
        if (auto found = variant.failure("")) {
            const Failure smallest = shrink(one, {shapes, std::move(*found)});
            return failed(fmt::format(
                "input shapes {}, shrunk from {}: {}: {}",
                list_shapes(smallest.shapes),
                list_shapes(shapes),
                smallest.check.name,
                smallest.check.text));
        }
    }
    if (accepted == 0)
        return skipped(fmt::format("{} other shapes were tried, and all rejected", rejected));
    return {
        OpCheck::Verdict::passed,
        fmt::format("{} other shapes are right, {} rejected", accepted, rejected)};
}

}  // namespace xgrad::detail
