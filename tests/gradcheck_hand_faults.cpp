#include <autograd/record.hpp>
#include <ops/ops.hpp>
#include <tests/gradcheck_hand_faults.hpp>
#include <tools/gradcheck_op.hpp>

#include <cmath>
#include <cstdio>
#include <string>

namespace xgrad {
namespace {

using V = Variable<double>;
using A = Array<double>;

const Op& token() {
    static const Op op("made_by_hand", on({{2}}, [](const auto& in) { return 2 * in[0]; }));
    return op;
}

// The value of y with `rule` as its share for x.
template <class Rule>
V with_rule(const V& y, const V& x, Rule rule) {
    return record(token(), A(y.value())).wrt(x, rule);
}

// An array of the right gradient times something that depends on x.
template <class Factor>
V scaled_by(const V& y, const V& x, V slope, Factor factor) {
    A f = x.value();
    for (double& v : f)
        v = factor(v);
    return with_rule(
        y.detach(), x, [slope, f = V(std::move(f))](const V& g) { return g * slope * f; });
}

struct HandFault {
    const char* name;
    GradcheckFunction f;
    Variables inputs;
    const char* says;  // a part of the story
    GradcheckOptions options = {};
};

V leaf(A value) { return {std::move(value), true}; }

A mask(const Shape& shape, std::size_t at, double inside, double outside) {
    A m(shape, outside);
    m.data()[at] = inside;
    return m;
}

std::vector<HandFault> faults_in_values() {
    const V x = leaf({{0.5, -1.25, 2}, {-0.75, 1.5, -0.25}});
    const V square_matrix = leaf({{0.5, -1, 2}, {1.5, 0.25, -0.75}, {1, -0.5, 0.125}});
    return {
        {"only at negative inputs",
         [](const Variables& in) {
             return scaled_by(
                 square(in[0]), in[0], 2 * in[0].detach(), [](double v) { return v < 0 ? -1 : 1; });
         },
         {x},
         "3 of 6 elements are off"},
        {"only beyond 1.4",
         [](const Variables& in) {
             return scaled_by(exp(in[0]), in[0], exp(in[0].detach()), [](double v) {
                 return v > 1.4 ? 1.01 : 1;
             });
         },
         {x},
         "2 of 6 elements are off"},
        {"1e-5 relative",
         [](const Variables& in) {
             return scaled_by(
                 sin(in[0]), in[0], cos(in[0].detach()), [](double) { return 1 + 1e-5; });
         },
         {x},
         "off by the factor 1 + 1e-05"},
        {"2e-6 relative",
         [](const Variables& in) {
             return scaled_by(
                 sin(in[0]), in[0], cos(in[0].detach()), [](double) { return 1 + 2e-6; });
         },
         {x},
         "norm ratio 1e-06"},
        {"only off the diagonal",
         [](const Variables& in) {
             A m(Shape{3, 3}, 2.0);
             for (std::size_t i = 0; i < 3; ++i)
                 m(i, i) = 1;
             return with_rule(in[0].detach() * 1, in[0], [m = V(m)](const V& g) { return g * m; });
         },
         {square_matrix},
         "6 of 9 elements are off"},
        {"only on the diagonal",
         [](const Variables& in) {
             A m(Shape{3, 3}, 1.0);
             for (std::size_t i = 0; i < 3; ++i)
                 m(i, i) = 0;
             return with_rule(in[0].detach() * 1, in[0], [m = V(m)](const V& g) { return g * m; });
         },
         {square_matrix},
         "3 of 9 elements are off"},
        {"transposed product",
         [](const Variables& in) {
             const V a = in[0].detach();
             return with_rule(
                 matmul(a, a), in[0], [a](const V& g) { return matmul(g, a) + matmul(a, g); });
         },
         {square_matrix},
         "9 of 9 elements are off"},
        {"transposed",
         [](const Variables& in) {
             return with_rule(
                 in[0].detach() * 2, in[0], [](const V& g) { return 2 * transpose(g); });
         },
         {square_matrix},
         "looks transposed"},
        {"one element of many, by 1e-4",
         [](const Variables& in) {
             const V m(mask({2, 3}, 4, 1 + 1e-4, 1));
             return with_rule(in[0].detach() * 1, in[0], [m](const V& g) { return g * m; });
         },
         {x},
         "worst input 0 at (1, 1)"},
        {"last element forgotten",
         [](const Variables& in) {
             const V m(mask({2, 3}, 5, 0, 1));
             return with_rule(in[0].detach() * 3, in[0], [m](const V& g) { return 3 * g * m; });
         },
         {x},
         "worst input 0 at (1, 2)"},
        {"a tiny element wrong among large ones",
         [](const Variables& in) {
             const V size(A{1, 1e-5, 1});
             const V m(A{1, 2, 1});
             return with_rule(
                 in[0].detach() * size, in[0], [=](const V& g) { return g * size * m; });
         },
         {leaf({1, 2, 3})},
         "1 of 3 elements are off"}};
}

std::vector<HandFault> faults_in_shapes() {
    const V x = leaf({{0.5, -1.25, 2}, {-0.75, 1.5, -0.25}});
    const V row = leaf({1, -2, 0.5});
    const V b = leaf({0.25, -0.5});
    return {
        {"broadcast sum of a bias missing",
         [](const Variables& in) {
             const V y = in[0] + in[1].detach();
             return y + with_rule(V(A(Shape{2, 3}, 0.0)), in[1], [](const V& g) {
                        return squeeze(slice(g, 0, 0, 1), {0});
                    });
         },
         {x, row},
         "the sum over the broadcast axis is missing"},
        {"mean for a sum over the batch",
         [](const Variables& in) {
             const V y = in[0] + in[1].detach();
             return y + with_rule(
                            V(A(Shape{2, 3}, 0.0)), in[1], [](const V& g) { return mean(g, {0}); });
         },
         {x, row},
         "off by the factor 0.5"},
        {"wrong only where it is broadcast",
         [](const Variables& in) {
             return in[0] * in[1].detach() +
                    with_rule(V(A(Shape{2, 3}, 0.0)), in[1], [a = in[0].detach()](const V& g) {
                        return sum(g, {0}) * mean(a, {0});
                    });
         },
         {x, row},
         "of input 1"},
        {"mean's count left out",
         [](const Variables& in) {
             return with_rule(mean(in[0].detach()), in[0], [](const V& g) {
                 return broadcast_to(g, {2, 3});
             });
         },
         {x},
         "off by the factor 6"},
        {"variance without its mean's share",
         [](const Variables& in) {
             const V d = in[0] - mean(in[0].detach());
             return sum(d * d * d);
         },
         {x},
         "gradient of input 0"},
        {"shifted by one",
         [](const Variables& in) {
             return with_rule(
                 in[0].detach() * 2, in[0], [](const V& g) { return 2 * roll(g, 1, 0); });
         },
         {row},
         "looks shifted by one along axis 0"},
        {"a window's last position left out",
         [](const Variables& in) {
             const V y = in[0].detach();
             return with_rule(cumsum(y), in[0], [](const V& g) {
                 return cumsum(g, 0, true) - V(mask({3}, 0, 1, 0)) * g;
             });
         },
         {row},
         "worst input 0 at (0,)"},
        {"exclusive for inclusive",
         [](const Variables& in) {
             return with_rule(
                 cumsum(in[0].detach()), in[0], [](const V& g) { return cumsum(g, 0, true) - g; });
         },
         {row},
         "3 of 3 elements"},
        {"an input used twice counted once",
         [](const Variables& in) { return in[0] * in[0].detach(); },
         {row},
         "off by the factor 0.5"},
        {"detached on one path",
         [](const Variables& in) { return exp(in[0]) + sin(in[1].detach()); },
         {row, row},
         "no gradient arrives"},
        {"softmax's Jacobian taken as diagonal",
         [](const Variables& in) {
             const V p = softmax(in[0].detach());
             return with_rule(p, in[0], [p](const V& g) { return g * p * (1 - p); });
         },
         {row},
         "3 of 3 elements"},
        {"cross-entropy's gradient without the target",
         [](const Variables& in) {
             const V z = in[0].detach();
             return with_rule(logsumexp(z) - sum(slice(z, 0, 1, 2)), in[0], [z](const V& g) {
                 return g * softmax(z);
             });
         },
         {row},
         "worst input 0 at (1,)"},
        {"bias correction in the wrong place",
         [](const Variables& in) {
             return with_rule(
                 in[0].detach() / (1 - 0.9), in[0], [](const V& g) { return g / 0.9; });
         },
         {b},
         "off by the factor 0.111111"}};
}

std::vector<HandFault> faults_in_the_tape() {
    const V row = leaf({1, -2, 0.5});
    const V zero = leaf({0, 1, -1});
    return {
        {"second order only",
         [](const Variables& in) {
             return with_rule(
                 in[0].detach() * in[0].detach() * in[0].detach(), in[0], [x = in[0]](const V& g) {
                     return 3 * x.detach() * x * g;
                 });
         },
         {row},
         "second gradient of input 0",
         {.order = 2}},
        {"second order in the seed only",
         [](const Variables& in) {
             return with_rule(exp(in[0].detach()), in[0], [x = in[0]](const V& g) {
                 return exp(x) * g.detach();
             });
         },
         {row},
         "second gradient of seed 0",
         {.order = 2}},
        {"gradient of the branch not taken",
         [](const Variables& in) {
             return scaled_by(
                 relu(in[0]), in[0], V(A(Shape{3}, 1.0)), [](double v) { return v > 0 ? 0 : 1; });
         },
         {row},
         "3 of 3 elements"},
        {"a kink's slope outside both sides",
         [](const Variables& in) {
             const V y = in[0] * 0 + relu(in[0]);
             return y + with_rule(V(A(Shape{3}, 0.0)), in[0], [](const V& g) {
                        return g * V(mask({3}, 0, 1.5, 0));
                    });
         },
         {zero},
         "on the kink of relu"},
        {"not linear in g",
         [](const Variables& in) {
             return with_rule(in[0].detach() * 1, in[0], [](const V& g) { return g * abs(g); });
         },
         {row},
         "gradient of input 0"},
        {"a constant for g",
         [](const Variables& in) {
             return with_rule(
                 in[0].detach() * 1, in[0], [](const V& g) { return V(A(g.shape(), 1.0)); });
         },
         {row},
         "the gradient of"},
        {"stale value",
         [](const Variables& in) {
             const V old(A{0.9, -1.8, 0.4});
             return with_rule(
                 square(in[0].detach()), in[0], [old](const V& g) { return 2 * g * old; });
         },
         {row},
         "3 of 3 elements"},
        {"NaN for a masked element",
         [](const Variables& in) { return where(greater(in[0], 0.0), sqrt(in[0]), 0.0) + in[0]; },
         {row},
         "NaN or infinity"}};
}

std::string story(const HandFault& fault) {
    const GradcheckReport report = gradcheck(fault.f, fault.inputs, fault.options);
    return report.verdict() == GradcheckVerdict::fail ? report.to_string() : "";
}

}  // namespace

bool check_by_hand(bool stories) {
    std::size_t made = 0, caught = 0, explained = 0;
    for (const auto& list : {faults_in_values(), faults_in_shapes(), faults_in_the_tape()}) {
        for (const HandFault& fault : list) {
            ++made;
            const std::string text = story(fault);
            if (stories)
                std::printf("--- %s\n%s\n", fault.name, text.c_str());
            caught += !text.empty();
            const bool as_expected = text.find(fault.says) != text.npos;
            explained += as_expected;
            if (!as_expected)
                std::printf(
                    "by hand: %s: expected \"%s\":\n%s", fault.name, fault.says, text.c_str());
        }
    }
    std::printf("%zu wrong rules by hand; caught %zu, as expected %zu\n", made, caught, explained);
    return caught == made && explained == made;
}

}  // namespace xgrad
