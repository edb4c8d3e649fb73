// What the scans, orders, arrangements, picks and statistics refuse, in full; and what they return
// beside a differentiable value.
#include <tests/ops/errors.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

using namespace xgrad;
using namespace xgrad::test;

using V = Variable<double>;

TEST_CASE("ops along an axis refuse one that does not exist, in their own name") {
    const V x = of({2, 3});
    const auto out = [](const std::string& op) {
        return op + ": axis 2 is out of range for rank 2; need -2 <= axis < 2";
    };
    CHECK_SHAPE_ERROR(cumsum(x, 2), out("cumsum"));
    CHECK_SHAPE_ERROR(linear_recurrence(x, x, 2), out("linear_recurrence"));
    CHECK_SHAPE_ERROR(cumprod(x, 2), out("cumprod"));
    CHECK_SHAPE_ERROR(cummax(x, 2), out("cummax"));
    CHECK_SHAPE_ERROR(cummin(x, 2), out("cummin"));
    CHECK_SHAPE_ERROR(logcumsumexp(x, 2), out("logcumsumexp"));
    CHECK_SHAPE_ERROR(diff(x, 1, 2), out("diff"));
    CHECK_SHAPE_ERROR(trapezoid(x, 1.0, 2), out("trapezoid"));
    CHECK_SHAPE_ERROR(argmin(x, 2), out("argmin"));
    CHECK_SHAPE_ERROR(argsort(x, 2), out("argsort"));
    CHECK_SHAPE_ERROR(sort(x, 2), out("sort"));
    CHECK_SHAPE_ERROR(topk(x, 1, 2), out("topk"));
    CHECK_SHAPE_ERROR(quantile(x, 0.5, 2), out("quantile"));
    CHECK_SHAPE_ERROR(median(x, 2), out("median"));
    CHECK_SHAPE_ERROR(roll(x, 1, 2), out("roll"));
    CHECK_SHAPE_ERROR(flip(x, {2}), out("flip"));
    CHECK_SHAPE_ERROR(repeat_interleave(x, 2, 2), out("repeat_interleave"));
    CHECK_SHAPE_ERROR(swapaxes(x, 0, 2), out("swapaxes"));
    CHECK_SHAPE_ERROR(moveaxis(x, 0, 2), out("moveaxis"));
    CHECK_SHAPE_ERROR(split(x, {1, 1}, 2), out("split"));
    CHECK_SHAPE_ERROR(chunk(x, 2, 2), out("chunk"));
    CHECK_SHAPE_ERROR(unfold(x, 2, 1), out("unfold"));
    CHECK_SHAPE_ERROR(diagonal(x, 0, 0, 2), out("diagonal"));
    CHECK_SHAPE_ERROR(index_add(x, 2, Labels{0}, x), out("index_add"));
    CHECK_SHAPE_ERROR(norm(x, 2, {2}), out("norm"));
    CHECK_SHAPE_ERROR(normalize(x, 2, 2), out("normalize"));
    CHECK_SHAPE_ERROR(cosine_similarity(x, x, 2), out("cosine_similarity"));
    CHECK_SHAPE_ERROR(var_mean(x, {2}), out("var_mean"));
}

TEST_CASE("an array of rank 0 has no axis") {
    const V x = of({});
    const std::string rest = ": axis -1 is out of range for rank 0; need 0 <= axis < 0";
    CHECK_SHAPE_ERROR(cumsum(x), "cumsum" + rest);
    CHECK_SHAPE_ERROR(sort(x), "sort" + rest);
    CHECK_SHAPE_ERROR(normalize(x), "normalize" + rest);
    CHECK_SHAPE_ERROR(chunk(x, 2), "chunk: axis 0 is out of range for rank 0; need 0 <= axis < 0");
    CHECK(flip(x, {}).shape() == Shape{});
    CHECK(median(x).item() == 1);
    CHECK(norm(x).item() == 1);
    CHECK(masked_select(x, V(1)).shape() == Shape{1});
}

TEST_CASE("scans name the shapes that do not fit") {
    CHECK_SHAPE_ERROR(
        linear_recurrence(of({2, 3}), of({3})),
        "linear_recurrence: a has shape (2, 3), b (3,); need one shape");
    CHECK_SHAPE_ERROR(
        trapezoid(of({2, 3}), of({2})),
        "trapezoid: y has shape (2, 3), x (2,); need x of y's shape or (3,) along axis 1");
}

TEST_CASE("orders refuse empty axes and parts outside [0, 1]") {
    const V x = of({2, 3}), none = of({0, 3});
    CHECK_SHAPE_ERROR(
        topk(x, 4), "topk: k is 4, axis 1 of shape (2, 3) has extent 3; need k <= extent");
    const std::string empty = ": axis 0 of shape (0, 3) is empty; need at least one element";
    CHECK_SHAPE_ERROR(argmin(none, 0), "argmin" + empty);
    CHECK_SHAPE_ERROR(quantile(none, 0.5, 0), "quantile" + empty);
    CHECK_SHAPE_ERROR(median(none, 0), "median" + empty);
    CHECK_ARGUMENT_ERROR(quantile(x, 1.5, 0), "quantile: q is 1.5; need 0 <= q <= 1");
    CHECK_ARGUMENT_ERROR(quantile(x, std::nan("")), "quantile: q is nan; need 0 <= q <= 1");
}

TEST_CASE("sort and topk return where the values came from, of equals the first") {
    const V x(Array<double>{{2, 1, 2, 1}});
    CHECK(sort(x).indices == IndexArray{{1, 3, 0, 2}});
    CHECK(sort(x, 1, true).indices == IndexArray{{0, 2, 1, 3}});
    CHECK(topk(x, 3).indices == IndexArray{{0, 2, 1}});
    CHECK(topk(x, 3, 1, false).indices == IndexArray{{1, 3, 0}});
}

TEST_CASE("arrangements say what does not fit") {
    const V x = of({2, 3});
    CHECK_SHAPE_ERROR(flip(x, {0, -2}), "flip: axis 0 is given twice; name each axis once");
    CHECK_SHAPE_ERROR(
        repeat_interleave(x, Labels{1, 2}, 1),
        "repeat_interleave: there are 2 counts for axis 1 of shape (2, 3); need 3");
    CHECK_INDEX_ERROR(
        repeat_interleave(x, Labels{1, -2}, 0),
        "repeat_interleave: count -2 at position 1 is negative; need counts >= 0");
    CHECK_SHAPE_ERROR(
        split(x, {1, 1}, 1),
        "split: the pieces' extents add up to 2, axis 1 of shape (2, 3) has 3; need the same");
    CHECK_ARGUMENT_ERROR(chunk(x, 0), "chunk: pieces is 0; need pieces >= 1");
    CHECK_SHAPE_ERROR(
        meshgrid(std::vector<V>{of({2}), x}), "meshgrid: input 1 has shape (2, 3); need vectors");
    CHECK(meshgrid(std::vector<V>{}).empty());
    CHECK_SHAPE_ERROR(
        unfold(x, 1, 4),
        "unfold: size is 4, step 1 along axis 1 of shape (2, 3); need 1 <= size <= 3 and step >= "
        "1");
    CHECK_SHAPE_ERROR(
        unfold(x, 1, 2, 0),
        "unfold: size is 2, step 0 along axis 1 of shape (2, 3); need 1 <= size <= 3 and step >= "
        "1");
}

TEST_CASE("a chunk may be fewer pieces than asked for") {
    CHECK(chunk(of({5}), 4).size() == 3);
    CHECK(chunk(of({5}), 4).back().shape() == Shape{1});
    CHECK(chunk(of({0, 3}), 2).size() == 2);
}

TEST_CASE("picks say what does not fit") {
    const V x = of({2, 3});
    CHECK_SHAPE_ERROR(
        diagonal(x, 0, 1, -1), "diagonal: axis 1 is given twice; name each axis once");
    CHECK_SHAPE_ERROR(
        diag(of({2, 3, 4})), "diag: x has shape (2, 3, 4); need a vector or a matrix");
    CHECK_SHAPE_ERROR(tril(of({3})), "tril: x has shape (3,); need at least two axes");
    CHECK_SHAPE_ERROR(triu(of({})), "triu: x has shape (); need at least two axes");
    CHECK_INDEX_ERROR(
        one_hot<double>(Labels{0, 3}, 3),
        "one_hot: label 3 at row 1 is out of range; need 0 <= label < 3");
    CHECK_INDEX_ERROR(
        index_add(x, 0, Labels{0, 2}, x),
        "index_add: index 2 at position 1 is out of range for axis 0 of extent 2; need 0 <= index "
        "< 2");
    CHECK_SHAPE_ERROR(
        index_add(x, 0, Labels{0}, x),
        "index_add: x has shape (2, 3), the source (2, 3), there are 1 indices for axis 0; need a "
        "source of shape (1, 3)");
    CHECK_SHAPE_ERROR(
        masked_fill(x, of({2, 2, 3}), 0),
        "masked_fill: x has shape (2, 3), the mask (2, 2, 3); the mask must broadcast to x's "
        "shape");
    CHECK_SHAPE_ERROR(
        masked_select(x, of({2})),
        "masked_select: shapes (2, 3) and (2,) do not broadcast: axis 1 has 3 and 2; extents must "
        "be equal or 1, counted from the last axis");
}

TEST_CASE("norms and distances say what does not fit") {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    const V x = of({2, 3});
    CHECK_ARGUMENT_ERROR(norm(x, 0), "norm: p is 0; need p > 0, or p = -infinity");
    CHECK_ARGUMENT_ERROR(norm(x, -1.5), "norm: p is -1.5; need p > 0, or p = -infinity");
    CHECK_ARGUMENT_ERROR(normalize(x, 0), "normalize: p is 0; need p > 0, or p = -infinity");
    CHECK_ARGUMENT_ERROR(normalize(x, 2, 1, 0), "normalize: epsilon is 0; need epsilon > 0");
    CHECK_ARGUMENT_ERROR(
        cosine_similarity(x, x, 1, -1), "cosine_similarity: epsilon is -1; need epsilon > 0");
    CHECK_SHAPE_ERROR(
        norm(of({0, 3}), infinity, {0}),
        "norm: x has shape (0, 3), with nothing to choose from; need at least one element");
    CHECK(norm(of({0, 3}), infinity, {1}).shape() == Shape{0});
    const std::string rest =
        ": shapes (2, 3) and (2,) do not broadcast: axis 1 has 3 and 2; extents must be equal or "
        "1, counted from the last axis";
    CHECK_SHAPE_ERROR(cosine_similarity(x, of({2})), "cosine_similarity" + rest);
    CHECK_SHAPE_ERROR(pairwise_distance(x, of({2})), "pairwise_distance" + rest);
    CHECK_SHAPE_ERROR(
        cdist(x, of({2, 2})),
        "cdist: a is (2, 3), b is (2, 2); need a (..., M, K) and b (..., N, K)");
    CHECK_SHAPE_ERROR(
        cdist(x, of({3})), "cdist: a is (2, 3), b is (3,); need a (..., M, K) and b (..., N, K)");
}

TEST_CASE("moments need enough observations") {
    const V x = of({2, 3});
    CHECK_ARGUMENT_ERROR(
        var_mean(x, {0}, false, 2),
        "var_mean: ddof is 2, x has shape (2, 3), 2 elements to each result; need ddof < that");
    CHECK_ARGUMENT_ERROR(
        covariance(x, 3),
        "covariance: ddof is 3, x has shape (2, 3), 3 observations; need ddof < that");
    CHECK_SHAPE_ERROR(
        covariance(of({2, 3, 4})),
        "covariance: x has shape (2, 3, 4); need (variables, observations), or one variable's "
        "vector");
    CHECK_SHAPE_ERROR(
        corrcoef(of({})),
        "corrcoef: x has shape (); need (variables, observations), or one variable's vector");
    CHECK_ARGUMENT_ERROR(
        corrcoef(of({2, 0})),
        "corrcoef: ddof is 0, x has shape (2, 0), 0 observations; need ddof < that");
}

TEST_CASE("losses name the class weights that do not fit, and a rate's epsilon") {
    const V x = of({2, 3});
    const std::string rest =
        ": shape (2, 3) has 3 classes, there are 1 class weights; need one for each";
    CHECK_SHAPE_ERROR(
        nll_loss(x, Labels{0, 1}, NllOptions{.class_weights = {1}}), "nll_loss" + rest);
    CHECK_SHAPE_ERROR(
        multi_margin_loss(x, Labels{0, 1}, 1, 1, Reduction::mean, {1}), "multi_margin_loss" + rest);
    CHECK_INDEX_ERROR(
        nll_loss(x, Labels{0, -1}, NllOptions()),
        "nll_loss: label -1 at row 1 is out of range; need 0 <= label < 3");
    CHECK_SHAPE_ERROR(
        nll_loss(x, Labels{0}, NllOptions()),
        "nll_loss: log_prob has shape (2, 3), there are 1 labels; need (N, classes) and N labels");
    CHECK_SHAPE_ERROR(
        hinge_embedding_loss(x, of({3})),
        "hinge_embedding_loss: x has shape (2, 3), the target (3,); need one shape");
    CHECK_SHAPE_ERROR(
        poisson_nll_loss(x, of({3}), PoissonNllOptions()),
        "poisson_nll_loss: x has shape (2, 3), the target (3,); need one shape");
    CHECK_ARGUMENT_ERROR(
        poisson_nll_loss(x, x, {.log_input = false, .epsilon = 0}),
        "poisson_nll_loss: epsilon is 0; need epsilon > 0");
}

TEST_CASE("margin losses say what does not fit") {
    const V x = of({2, 3}), t = of({3}), none = of({0, 3});
    const auto differ = [](const std::string& loss) {
        return loss + ": x has shape (2, 3), the target (3,); need one shape";
    };
    CHECK_SHAPE_ERROR(hinge_loss(x, t), differ("hinge_loss"));
    CHECK_SHAPE_ERROR(kl_div(x, t), differ("kl_div"));
    CHECK_SHAPE_ERROR(poisson_nll_loss(x, t), differ("poisson_nll_loss"));
    CHECK_SHAPE_ERROR(gaussian_nll_loss(x, t, x), differ("gaussian_nll_loss"));
    CHECK_SHAPE_ERROR(focal_loss(x, t), differ("focal_loss"));
    CHECK_SHAPE_ERROR(
        hinge_loss(none, none),
        "hinge_loss: the batch is empty, shape (0, 3); a mean needs at least one element");
    CHECK_SHAPE_ERROR(
        multi_margin_loss(x, Labels{0}),
        "multi_margin_loss: scores have shape (2, 3), there are 1 labels; need (N, classes) and N "
        "labels");
    CHECK_INDEX_ERROR(
        multi_margin_loss(x, Labels{0, 3}),
        "multi_margin_loss: label 3 at row 1 is out of range; need 0 <= label < 3");
    CHECK_ARGUMENT_ERROR(
        multi_margin_loss(x, Labels{0, 1}, 3), "multi_margin_loss: p is 3; need 1 or 2");
    CHECK_SHAPE_ERROR(
        triplet_margin_loss(x, of({2}), x),
        "triplet_margin_loss: shapes (2, 3) and (2,) do not broadcast: axis 1 has 3 and 2; extents "
        "must be equal or 1, counted from the last axis");
    CHECK_SHAPE_ERROR(
        cosine_embedding_loss(x, x, t),
        "cosine_embedding_loss: a is (2, 3), b is (2, 3), the target (3,); need a and b of one "
        "shape (..., K) and a target (...)");
    CHECK_SHAPE_ERROR(
        gaussian_nll_loss(x, x, of({2, 2, 3})),
        "gaussian_nll_loss: x has shape (2, 3), the variance (2, 2, 3); it must broadcast to x's "
        "shape");
    CHECK_ARGUMENT_ERROR(
        gaussian_nll_loss(x, x, V(Array<double>{1, 0, -0.5})),
        "gaussian_nll_loss: the variance at (2,) is -0.5; need variances >= 0");
    CHECK_ARGUMENT_ERROR(
        gaussian_nll_loss(x, x, x, 0), "gaussian_nll_loss: epsilon is 0; need epsilon > 0");
    CHECK_ARGUMENT_ERROR(focal_loss(x, x, 2), "focal_loss: alpha is 2; need 0 <= alpha <= 1");
    CHECK_ARGUMENT_ERROR(
        focal_loss(x, x, 0.5, 0.5), "focal_loss: gamma is 0.5; need 0, or gamma >= 1");
}

TEST_CASE("cross_entropy with options says what does not fit") {
    const V x = of({2, 3});
    const CrossEntropyOptions none;
    CHECK_SHAPE_ERROR(
        cross_entropy(x, Labels{0}, none),
        "cross_entropy: logits have shape (2, 3), there are 1 labels; need (N, classes) and N "
        "labels");
    CHECK_SHAPE_ERROR(
        cross_entropy(x, of({2, 2})),
        "cross_entropy: logits have shape (2, 3), the target (2, 2); need one shape (N, classes)");
    CHECK_INDEX_ERROR(
        cross_entropy(x, Labels{0, -1}, none),
        "cross_entropy: label -1 at row 1 is out of range; need 0 <= label < 3");
    CHECK_SHAPE_ERROR(
        cross_entropy(x, Labels{0, 1}, {.class_weights = {1, 2}}),
        "cross_entropy: shape (2, 3) has 3 classes, there are 2 class weights; need one for each");
    CHECK_ARGUMENT_ERROR(
        cross_entropy(x, Labels{0, 1}, {.label_smoothing = 1.5}),
        "cross_entropy: label_smoothing is 1.5; need 0 <= label_smoothing <= 1");
    const V empty = of({0, 3});
    CHECK_SHAPE_ERROR(
        cross_entropy(empty, Labels{}, none),
        "cross_entropy: the batch is empty, shape (0,); a mean needs at least one element");
    CHECK(cross_entropy(empty, Labels{}, {.reduction = Reduction::sum}).item() == 0);
}
