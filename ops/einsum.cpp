#include <autograd/fail.hpp>
#include <autograd/op.hpp>
#include <ops/arithmetic.hpp>
#include <ops/contraction.hpp>
#include <ops/linalg.hpp>
#include <ops/pick.hpp>
#include <ops/reduce.hpp>

#include <algorithm>
#include <cctype>
#include <map>
#include <string>

namespace xgrad {
namespace {

bool has(const std::string& axes, char axis) { return axes.find(axis) != std::string::npos; }

struct Spec {
    std::vector<std::string> operands;
    std::string result;
};

void check_letters(std::string_view spec, const std::string& axes) {
    for (const char axis : axes) {
        if (!std::isalpha(static_cast<unsigned char>(axis))) {
            fail<std::invalid_argument>(
                "einsum: '{}' in \"{}\"; need letters, ',' and one '->'", axis, spec);
        }
    }
}

// The letters that occur once, in order.
std::string implicit_result(const std::string& all) {
    std::string result;
    for (const char axis : all) {
        if (std::ranges::count(all, axis) == 1)
            result.push_back(axis);
    }
    std::ranges::sort(result);
    return result;
}

Spec read(std::string_view spec) {
    std::string text(spec);
    std::erase(text, ' ');
    Spec found;
    const std::size_t arrow = text.find("->");
    std::string rest = text.substr(0, arrow), all;
    for (std::size_t comma = 0; comma != std::string::npos;) {
        comma = rest.find(',');
        found.operands.push_back(rest.substr(0, comma));
        check_letters(spec, found.operands.back());
        all += found.operands.back();
        rest = comma == std::string::npos ? "" : rest.substr(comma + 1);
    }
    if (arrow == std::string::npos) {
        found.result = implicit_result(all);
        return found;
    }
    found.result = text.substr(arrow + 2);
    check_letters(spec, found.result);
    for (const char axis : found.result) {
        if (!has(all, axis)) {
            fail<std::invalid_argument>(
                "einsum: the result's axis '{}' in \"{}\" is in no operand; need one that is",
                axis,
                spec);
        }
        if (std::ranges::count(found.result, axis) > 1) {
            fail<std::invalid_argument>(
                "einsum: the result's axis '{}' in \"{}\" is given twice; name each axis once",
                axis,
                spec);
        }
    }
    return found;
}

// An operand, or a product of some, and the names of its axes.
template <class T>
struct Term {
    Variable<T> x;
    std::string axes;
};

template <class T>
std::vector<Term<T>> terms_of(
    std::string_view text, const Spec& spec, const std::vector<Variable<T>>& operands) {
    if (spec.operands.size() != operands.size()) {
        fail<std::invalid_argument>(
            "einsum: \"{}\" names {} operands, there are {}; need as many",
            text,
            spec.operands.size(),
            operands.size());
    }
    std::vector<Term<T>> terms;
    std::map<char, std::size_t> extents;
    for (std::size_t i = 0; i < operands.size(); ++i) {
        const std::string& axes = spec.operands[i];
        const Shape& shape = operands[i].shape();
        if (axes.size() != shape.size()) {
            fail<ShapeError>(
                "einsum: operand {} has shape {}, \"{}\" names {} axes of it; need a letter for "
                "each",
                i,
                shape,
                text,
                axes.size());
        }
        for (std::size_t axis = 0; axis < axes.size(); ++axis) {
            const std::size_t known = extents.emplace(axes[axis], shape[axis]).first->second;
            if (known != shape[axis]) {
                fail<ShapeError>(
                    "einsum: axis '{}' of \"{}\" is {} in operand {} and {} before; need one "
                    "extent",
                    axes[axis],
                    text,
                    shape[axis],
                    i,
                    known);
            }
        }
        terms.push_back({operands[i], axes});
    }
    return terms;
}

template <class T>
void take_diagonals(Term<T>& term, Where where) {
    for (std::size_t i = 0; i < term.axes.size();) {
        const char axis = term.axes[i];
        const std::size_t j = term.axes.find(axis, i + 1);
        if (j == std::string::npos) {
            ++i;
            continue;
        }
        const auto first = static_cast<std::ptrdiff_t>(i), second = static_cast<std::ptrdiff_t>(j);
        term.x = diagonal(term.x, 0, first, second, where);
        term.axes.erase(j, 1);
        term.axes.erase(i, 1);
        term.axes.push_back(axis);
    }
}

// Sums over the axes that are not needed.
template <class T>
void sum_others(Term<T>& term, const std::string& needed, Where where) {
    Axes gone;
    std::string left;
    for (std::size_t i = 0; i < term.axes.size(); ++i) {
        if (has(needed, term.axes[i])) {
            left.push_back(term.axes[i]);
        } else {
            gone.push_back(static_cast<std::ptrdiff_t>(i));
        }
    }
    if (gone.empty())
        return;
    term.x = sum(term.x, gone, false, where);
    term.axes = left;
}

// Which axes of a pair run together and stay, are its own, or are summed over.
struct Roles {
    Roles(const std::string& a, const std::string& b, const std::string& needed) {
        for (const char axis : a)
            (!has(b, axis) ? left : has(needed, axis) ? both : summed) += axis;
        for (const char axis : b) {
            if (!has(a, axis))
                right += axis;
        }
    }
    std::string both, left, right, summed;
};

template <class T>
std::size_t extent_of(const Term<T>& term, char axis) {
    return term.x.shape()[term.axes.find(axis)];
}

template <class T>
std::size_t size_of(const Term<T>& term, const std::string& axes) {
    std::size_t size = 1;
    for (const char axis : axes)
        size *= extent_of(term, axis);
    return size;
}

template <class T>
Variable<T> arranged(const Term<T>& term, const std::string& axes, const Shape& to, Where where) {
    Variable<T> x = term.x;
    if (axes != term.axes) {
        Axes order;
        for (const char axis : axes)
            order.push_back(static_cast<std::ptrdiff_t>(term.axes.find(axis)));
        x = permute(x, order, where);
    }
    return x.shape() == to ? x : reshape(x, to, where);
}

template <class T>
Term<T> contract(const Term<T>& a, const Term<T>& b, const std::string& needed, Where where) {
    const Roles roles(a.axes, b.axes, needed);
    const std::size_t batch = size_of(a, roles.both), m = size_of(a, roles.left),
                      n = size_of(b, roles.right), k = size_of(a, roles.summed);
    const Variable<T> rows =
        arranged(a, roles.both + roles.left + roles.summed, {batch, m, k}, where);
    const Variable<T> columns =
        arranged(b, roles.both + roles.summed + roles.right, {batch, k, n}, where);
    const Variable<T> c =
        roles.summed.empty() ? mul(rows, columns, where) : matmul(rows, columns, where);
    Shape shape;
    for (const char axis : roles.both + roles.left)
        shape.push_back(extent_of(a, axis));
    for (const char axis : roles.right)
        shape.push_back(extent_of(b, axis));
    return {reshape(c, shape, where), roles.both + roles.left + roles.right};
}

// The axes that the result or another term than i and j needs.
template <class T>
std::string needed_beside(
    const std::vector<Term<T>>& terms, std::size_t i, std::size_t j, const std::string& result) {
    std::string needed = result;
    for (std::size_t k = 0; k < terms.size(); ++k) {
        if (k != i && k != j)
            needed += terms[k].axes;
    }
    return needed;
}

// Greedy: the pair with the fewest multiply-adds.
template <class T>
std::pair<std::size_t, std::size_t> cheapest(const std::vector<Term<T>>& terms) {
    std::pair<std::size_t, std::size_t> best(0, 1);
    double least = -1;
    for (std::size_t i = 0; i < terms.size(); ++i) {
        for (std::size_t j = i + 1; j < terms.size(); ++j) {
            const Roles roles(terms[i].axes, terms[j].axes, "");
            const double cost = static_cast<double>(terms[i].x.size()) *
                                static_cast<double>(size_of(terms[j], roles.right));
            if (least < 0 || cost < least) {
                least = cost;
                best = {i, j};
            }
        }
    }
    return best;
}

}  // namespace

static const Op einsum_op(
    "einsum",
    {on({{2, 3}, {3, 2}}, [](const auto& in) { return einsum("ij,jk->ik", in); }),
     on({{2, 2, 3}, {2, 3, 2}}, [](const auto& in) { return einsum("bij,bjk->kbi", in); }),
     on({{3, 3, 2}}, [](const auto& in) { return einsum("iij->j", in); }).linear(),
     on({{3}, {2}, {3, 2}}, [](const auto& in) { return einsum("i,j,ij", in); }),
     on({{2, 3}, {2, 3}}, [](const auto& in) { return einsum("ij,ij->ij", in); }),
     on({{2, 3}, {3}}, [](const auto& in) { return einsum("ij,k->ik", in); })});
template <class T>
Variable<T> einsum(std::string_view spec, const std::vector<Variable<T>>& operands, Where where) {
    const Spec names = read(spec);
    std::vector<Term<T>> terms = terms_of(spec, names, operands);
    for (std::size_t i = 0; i < terms.size(); ++i) {
        take_diagonals(terms[i], where);
        sum_others(terms[i], needed_beside(terms, i, i, names.result), where);
    }
    while (terms.size() > 1) {
        const auto [i, j] = cheapest(terms);
        terms[i] = contract(terms[i], terms[j], needed_beside(terms, i, j, names.result), where);
        terms.erase(terms.begin() + static_cast<std::ptrdiff_t>(j));
    }
    Shape shape;
    for (const char axis : names.result)
        shape.push_back(extent_of(terms[0], axis));
    const Variable<T> y = arranged(terms[0], names.result, shape, where);
    return &y.value() == &operands[0].value() ? reshape(y, shape, where) : y;  // never x itself
}
template Variable<float> einsum(std::string_view, const std::vector<Variable<float>>&, Where);
template Variable<double> einsum(std::string_view, const std::vector<Variable<double>>&, Where);

}  // namespace xgrad
