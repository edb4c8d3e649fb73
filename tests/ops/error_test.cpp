// What the ops refuse, in full: shapes, axes, indices, labels, parameters.
#include <tests/ops/errors.hpp>

#include <cmath>
#include <cstdint>
#include <vector>

using namespace xgrad;
using namespace xgrad::test;

using V = Variable<double>;

TEST_CASE("binary ops name both shapes and the axis that does not broadcast") {
    const std::string rest =
        ": shapes (2, 3) and (4,) do not broadcast: axis 1 has 3 and 4; extents must be equal or "
        "1, counted from the last axis";
    const V a = of({2, 3}), b = of({4});
    CHECK_SHAPE_ERROR(a + b, "add" + rest);
    CHECK_SHAPE_ERROR(a - b, "sub" + rest);
    CHECK_SHAPE_ERROR(a * b, "mul" + rest);
    CHECK_SHAPE_ERROR(a / b, "div" + rest);
    CHECK_SHAPE_ERROR(pow(a, b), "pow" + rest);
    CHECK_SHAPE_ERROR(maximum(a, b), "maximum" + rest);
    CHECK_SHAPE_ERROR(a > b, "greater" + rest);
    CHECK_SHAPE_ERROR(where(a, a, b), "where" + rest);
}

TEST_CASE("matrix products name both shapes") {
    CHECK_SHAPE_ERROR(
        matmul(of({3, 4}), of({5, 2})),
        "matmul: inner sizes differ: a is (3, 4), b is (5, 2); a's last axis must equal b's first");
    CHECK_SHAPE_ERROR(
        matmul(of({2, 3, 4}), of({2, 5, 2})),
        "matmul: inner sizes differ: a is (2, 3, 4), b is (2, 5, 2); a's last axis must equal b's "
        "last but one");
    CHECK_SHAPE_ERROR(
        matmul(of({}), of({2})),
        "matmul: a is (), b is (2,); both need at least one axis, use mul for a scalar");
    CHECK_SHAPE_ERROR(
        matmul(of({2, 3, 4}), of({3, 4, 2})),
        "matmul: shapes (2,) and (3,) do not broadcast: axis 0 has 2 and 3; extents must be equal "
        "or 1, counted from the last axis");
    CHECK_SHAPE_ERROR(dot(of({2, 2}), of({2})), "dot: a is (2, 2), b is (2,); need two vectors");
    CHECK_SHAPE_ERROR(
        dot(of({3}), of({2})), "dot: a is (3,), b is (2,); need vectors of one length");
    CHECK_SHAPE_ERROR(outer(of({2}), of({})), "outer: a is (2,), b is (); need two vectors");
    CHECK_SHAPE_ERROR(
        linear(of({2, 3}), of({4, 5})),
        "linear: x is (2, 3), weight is (4, 5); need x (..., in) and weight (out, in)");
    CHECK_SHAPE_ERROR(
        linear(of({2, 3}), of({4, 3}), of({3})),
        "linear: bias is (3,), weight is (4, 3); need bias (4,)");
}

TEST_CASE("reductions refuse axes that do not exist or come twice") {
    const V x = of({2, 3});
    const auto out = [](const std::string& op) {
        return op + ": axis 2 is out of range for rank 2; need -2 <= axis < 2";
    };
    CHECK_SHAPE_ERROR(sum(x, {2}), out("sum"));
    CHECK_SHAPE_ERROR(mean(x, {2}), out("mean"));
    CHECK_SHAPE_ERROR(variance(x, {2}), out("variance"));
    CHECK_SHAPE_ERROR(max(x, {2}), out("max"));
    CHECK_SHAPE_ERROR(min(x, {2}), out("min"));
    CHECK_SHAPE_ERROR(prod(x, {2}), out("prod"));
    CHECK_SHAPE_ERROR(logsumexp(x, {2}), out("logsumexp"));
    CHECK_SHAPE_ERROR(argmax(x, 2), out("argmax"));
    CHECK_SHAPE_ERROR(softmax(x, 2), out("softmax"));
    CHECK_SHAPE_ERROR(log_softmax(x, 2), out("log_softmax"));
    CHECK_SHAPE_ERROR(sum(x, {0, -2}), "sum: axis 0 is given twice; name each axis once");
}

TEST_CASE("an extreme of nothing is refused") {
    const V none = of({0, 3});
    CHECK_SHAPE_ERROR(
        max(none, {0}),
        "max: x has shape (0, 3), with nothing to choose from; need at least one element");
    CHECK_SHAPE_ERROR(
        min(none),
        "min: x has shape (0, 3), with nothing to choose from; need at least one element");
    CHECK_SHAPE_ERROR(
        argmax(none, 0), "argmax: axis 0 of shape (0, 3) is empty; need at least one element");
    CHECK(max(none, {1}).shape() == Shape{0});
}

TEST_CASE("shape ops say what does not fit") {
    const V x = of({2, 3});
    CHECK_SHAPE_ERROR(
        reshape(x, {4}),
        "reshape: x has shape (2, 3), 6 elements; (4,) has 4, the sizes must agree");
    CHECK_SHAPE_ERROR(flatten(x, 1, 0), "flatten: first axis is 1, last is 0; need first <= last");
    CHECK_SHAPE_ERROR(
        permute(x, {0}),
        "permute: x has shape (2, 3), the order names 1 axes; name each axis once");
    CHECK_SHAPE_ERROR(permute(x, {0, 0}), "permute: axis 0 is given twice; name each axis once");
    CHECK_SHAPE_ERROR(
        transpose(x, 0, 2), "transpose: axis 2 is out of range for rank 2; need -2 <= axis < 2");
    CHECK_SHAPE_ERROR(
        squeeze(x, {1}),
        "squeeze: axis 1 of shape (2, 3) has extent 3; only extent 1 can be dropped");
    CHECK_SHAPE_ERROR(
        unsqueeze(x, 3), "unsqueeze: axis 3 is out of range for rank 3; need -3 <= axis < 3");
    CHECK_SHAPE_ERROR(
        slice(x, 1, 2, 4),
        "slice: begin is 2, end 4, step 1 along axis 1 of shape (2, 3); need begin <= end <= 3 and "
        "step >= 1");
    CHECK_SHAPE_ERROR(
        slice(x, 1, 0, 3, 0),
        "slice: begin is 0, end 3, step 0 along axis 1 of shape (2, 3); need begin <= end <= 3 and "
        "step >= 1");
    CHECK_SHAPE_ERROR(
        pad(x, {{1, 1}}),
        "pad: x has shape (2, 3), there are 1 widths; give one pair for each axis");
    CHECK_SHAPE_ERROR(
        concatenate<double>({x, of({3, 2})}, 0),
        "concatenate: part 0 has shape (2, 3), part 1 has (3, 2); only axis 0 may differ");
    CHECK_SHAPE_ERROR(
        concatenate(std::vector<V>{}, 0), "concatenate: there are no parts; need at least one");
    CHECK_SHAPE_ERROR(stack(std::vector<V>{}, 0), "stack: there are no parts; need at least one");
    CHECK_SHAPE_ERROR(
        stack<double>({x, of({3, 2})}, 0),
        "stack: part 0 has shape (2, 3), part 1 has (3, 2); all need one shape");
}

TEST_CASE("indices outside their axis are refused, by position") {
    const V x = of({2, 3});
    CHECK_INDEX_ERROR(
        gather(x, 1, Labels{0, 3}),
        "gather: index 3 at position 1 is out of range for axis 1 of extent 3; need 0 <= index < "
        "3");
    CHECK_INDEX_ERROR(
        gather(x, 0, Labels{-1}),
        "gather: index -1 at position 0 is out of range for axis 0 of extent 2; need 0 <= index < "
        "2");
    CHECK_INDEX_ERROR(
        scatter_add(x, 0, Labels{0, 5}, 4),
        "scatter_add: index 5 at position 1 is out of range for axis 0 of extent 4; need 0 <= "
        "index "
        "< 4");
    CHECK_SHAPE_ERROR(
        scatter_add(x, 0, Labels{0}, 4),
        "scatter_add: there are 1 indices for axis 0 of shape (2, 3); need 2");
    CHECK_INDEX_ERROR(
        take_along(x, IndexArray{{0, 1}, {2, 3}}, 1),
        "take_along: index 3 at position 3 is out of range for axis 1 of extent 3; need 0 <= index "
        "< 3");
    CHECK_SHAPE_ERROR(
        take_along(x, IndexArray{0, 1}, 1),
        "take_along: x has shape (2, 3), the indices (2,); only axis 1 may differ");
    CHECK_SHAPE_ERROR(
        put_along(x, IndexArray{{0, 1}, {2, 3}}, 1, 5),
        "put_along: x has shape (2, 3), the indices (2, 2); need one shape");
}

TEST_CASE("losses refuse other shapes, labels out of range and the mean of nothing") {
    const V x = of({2, 3}), t = of({3});
    const auto differ = [](const std::string& loss) {
        return loss + ": x has shape (2, 3), the target (3,); need one shape";
    };
    CHECK_SHAPE_ERROR(mse_loss(x, t), differ("mse_loss"));
    CHECK_SHAPE_ERROR(l1_loss(x, t), differ("l1_loss"));
    CHECK_SHAPE_ERROR(huber_loss(x, t), differ("huber_loss"));
    CHECK_SHAPE_ERROR(
        binary_cross_entropy_with_logits(x, t), differ("binary_cross_entropy_with_logits"));
    CHECK_ARGUMENT_ERROR(huber_loss(x, x, 0), "huber_loss: delta is 0; need delta > 0");
    CHECK_SHAPE_ERROR(smooth_l1_loss(x, t), differ("smooth_l1_loss"));
    CHECK_ARGUMENT_ERROR(smooth_l1_loss(x, x, -1), "smooth_l1_loss: beta is -1; need beta >= 0");
    CHECK_SHAPE_ERROR(binary_cross_entropy(x, t), differ("binary_cross_entropy"));
    const double outside[] = {1.5, -0.25, std::nan("")};
    const std::string printed[] = {"1.5", "-0.25", "nan"};
    for (std::size_t i = 0; i < 3; ++i) {
        const V p(Array<double>{{0.5, 1.0}, {0.0, outside[i]}});
        CHECK_ARGUMENT_ERROR(
            binary_cross_entropy(p, p),
            "binary_cross_entropy: the probability at (1, 1) is " + printed[i] +
                "; need 0 <= p <= 1");
    }
    CHECK_INDEX_ERROR(
        cross_entropy(x, Labels{0, 3}),
        "cross_entropy: label 3 at row 1 is out of range; need 0 <= label < 3");
    CHECK_INDEX_ERROR(
        nll_loss(x, Labels{-1, 0}),
        "nll_loss: label -1 at row 0 is out of range; need 0 <= label < 3");
    CHECK_SHAPE_ERROR(
        cross_entropy(x, Labels{0}),
        "cross_entropy: logits have shape (2, 3), there are 1 labels; need (N, classes) and N "
        "labels");
    CHECK_SHAPE_ERROR(
        nll_loss(of({3}), Labels{0, 1, 2}),
        "nll_loss: log_prob has shape (3,), there are 3 labels; need (N, classes) and N labels");
    const V none = of({0, 3});
    CHECK_SHAPE_ERROR(
        mse_loss(none, none),
        "mse_loss: the batch is empty, shape (0, 3); a mean needs at least one element");
    CHECK_SHAPE_ERROR(
        cross_entropy(none, Labels{}),
        "cross_entropy: the batch is empty, shape (0,); a mean needs at least one element");
    CHECK(cross_entropy(none, Labels{}, Reduction::sum).item() == 0);
}

TEST_CASE("functions of two and three arrays name both shapes") {
    const std::string rest =
        ": shapes (2, 3) and (4,) do not broadcast: axis 1 has 3 and 4; extents must be equal or "
        "1, counted from the last axis";
    const V a = of({2, 3}), b = of({4});
    CHECK_SHAPE_ERROR(hypot(a, b), "hypot" + rest);
    CHECK_SHAPE_ERROR(atan2(a, b), "atan2" + rest);
    CHECK_SHAPE_ERROR(logaddexp(a, b), "logaddexp" + rest);
    CHECK_SHAPE_ERROR(xlogy(a, b), "xlogy" + rest);
    CHECK_SHAPE_ERROR(xlog1py(a, b), "xlog1py" + rest);
    CHECK_SHAPE_ERROR(lerp(a, b, 0.5), "lerp" + rest);
    CHECK_SHAPE_ERROR(addcmul(a, a, b), "addcmul" + rest);
    CHECK_SHAPE_ERROR(fmod(a, b), "fmod" + rest);
    CHECK_SHAPE_ERROR(remainder(a, b), "remainder" + rest);
    CHECK_SHAPE_ERROR(heaviside(a, b), "heaviside" + rest);
    CHECK_SHAPE_ERROR(polygamma(a, b), "polygamma" + rest);
    CHECK_SHAPE_ERROR(bessel_i(a, b), "bessel_i" + rest);
    CHECK_SHAPE_ERROR(spherical_bessel_j(a, b), "spherical_bessel_j" + rest);
    CHECK_SHAPE_ERROR(beta(a, b), "beta" + rest);
}

TEST_CASE("prelu refuses slopes that fit no axis, glu an extent it cannot halve") {
    const V x = of({2, 3});
    const auto out = [](const std::string& op) {
        return op + ": axis 2 is out of range for rank 2; need -2 <= axis < 2";
    };
    CHECK_SHAPE_ERROR(
        prelu(x, of({2})),
        "prelu: slope is (2,), x has shape (2, 3); need one slope, or 3 for axis 1");
    CHECK_SHAPE_ERROR(
        prelu(x, of({1, 3})),
        "prelu: slope is (1, 3), x has shape (2, 3); need one slope, or 3 for axis 1");
    CHECK_SHAPE_ERROR(prelu(x, of({3}), 2), out("prelu"));
    CHECK_SHAPE_ERROR(glu(x, 2), out("glu"));
    CHECK_SHAPE_ERROR(
        glu(x), "glu: axis 1 of shape (2, 3) has extent 3; need an even one to halve");
}

TEST_CASE("parameters of activations outside their range are refused") {
    const V x = of({2});
    CHECK_ARGUMENT_ERROR(
        hardtanh(x, 1, 0), "hardtanh: low is 1, high is 0; need low <= high, neither NaN");
    CHECK_ARGUMENT_ERROR(
        hardtanh(x, std::nan(""), 0),
        "hardtanh: low is nan, high is 0; need low <= high, neither NaN");
    CHECK_ARGUMENT_ERROR(hardshrink(x, -1), "hardshrink: lambda is -1; need lambda >= 0");
    CHECK_ARGUMENT_ERROR(softshrink(x, -1), "softshrink: lambda is -1; need lambda >= 0");
    CHECK_ARGUMENT_ERROR(celu(x, 0), "celu: alpha is 0; need alpha > 0");
}

TEST_CASE("parameters outside their range are refused") {
    const V x = of({2});
    CHECK_ARGUMENT_ERROR(
        variance(x, {0}, false, 2),
        "variance: ddof is 2, x has shape (2,), 2 elements to each result; need ddof < that");
    CHECK_ARGUMENT_ERROR(
        stddev(x, {0}, false, 3),
        "stddev: ddof is 3, x has shape (2,), 2 elements to each result; need ddof < that");
    CHECK_ARGUMENT_ERROR(
        clamp(x, 1, 0), "clamp: low is 1, high is 0; need low <= high, neither NaN");
    CHECK_ARGUMENT_ERROR(
        clamp(x, std::nan(""), 0), "clamp: low is nan, high is 0; need low <= high, neither NaN");
    CHECK_ARGUMENT_ERROR(dropout(x, 0, {}), "dropout: keep_prob is 0; need 0 < keep_prob <= 1");
    CHECK_ARGUMENT_ERROR(dropout(x, 1.5, {}), "dropout: keep_prob is 1.5; need 0 < keep_prob <= 1");
    CHECK_ARGUMENT_ERROR(
        dropout(x, std::nan(""), {}), "dropout: keep_prob is nan; need 0 < keep_prob <= 1");
}
