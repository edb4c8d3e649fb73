"""Cases at the edges of the elementwise ops and the reductions: infinities, NaN, signed zeros,
denormals, huge values, rank 0, 5 and 6, length-1 and empty axes."""

import torch
import torch.nn.functional as F

from cases import INF, NAN, case, t
from cases_special import psi

RANKS = [(), (1, 1, 1), (2, 1, 3, 1, 2), (1, 2, 1, 3, 1, 2), (2, 0, 3)]
DENORMAL, LARGE = 2.0**-140, 2.0**100  # exact in float, where the first is denormal
FINITE = [0.0, -0.0, 1.0, -1.0, 0.5, DENORMAL, -DENORMAL, LARGE, -LARGE]
ENDS = [INF, -INF, NAN]
DOUBLE = [5e-324, -(2.0**-1060), 1e300, -1e300]  # float would make them 0 and infinite
WAVES = {"sin", "cos", "tan", "sinc"}  # no digits are left of a large argument in float


def unary():
    """Name: PyTorch's function, the parameters of ours, the domain of random values."""
    every = (-3.0, 3.0)
    positive, unit = (0.5, 3.0), (-0.8, 0.8)
    same = {
        every: "neg abs square exp expm1 exp2 sin cos atan sinh cosh tanh erf erfc sigmoid relu asinh"
        " floor ceil trunc round",
        (-1.25, 1.25): "tan", (-0.75, 3.0): "log1p", (1.25, 6.0): "acosh",
        positive: "sqrt rsqrt reciprocal log log2 log10",
        unit: "asin acos atanh erfinv",
    }
    for domain, names in same.items():
        for name in names.split():
            yield name, getattr(torch, name), {}, domain
    for name in "gelu silu selu mish softsign tanhshrink relu6 hardswish".split():
        yield name, getattr(F, name), {}, (0.25, 2.75) if name == "selu" else every
    yield "log_sigmoid", F.logsigmoid, {}, every
    yield "softplus", lambda x: -F.logsigmoid(-x), {}, every
    yield "hardsigmoid", lambda x: F.relu6(x + 3) / 6, {}, every
    yield "cbrt", lambda x: torch.copysign(torch.abs(x) ** (1 / 3), x), {}, positive
    yield "sign", lambda x: torch.where(torch.isnan(x), x, torch.sign(x)), {}, every
    yield "sinc", lambda x: torch.where(torch.isinf(x), 0 * x.sign(), torch.sinc(x)), {}, (0.25, 3.0)
    for n, name in ((-1, "lgamma"), (0, "digamma"), (1, "trigamma")):
        yield name, psi(n), {}, positive
    yield "i0", torch.special.i0, {}, positive
    yield "i1", torch.special.i1, {}, positive
    yield "leaky_relu", lambda x: F.leaky_relu(x, 0.2), {"slope": 0.2}, every
    yield "elu", lambda x: F.elu(x, 0.5), {"alpha": 0.5}, (0.25, 3.0)
    yield "celu", lambda x: F.celu(x, 0.5), {"alpha": 0.5}, (0.25, 3.0)
    yield "clamp", lambda x: torch.clamp(x, -1.0, 0.75), {"low": -1.0, "high": 0.75}, every
    yield "hardtanh", lambda x: F.hardtanh(x, -1.0, 0.75), {"low": -1.0, "high": 0.75}, every
    yield "hardshrink", lambda x: F.hardshrink(x, 0.5), {"lambda": 0.5}, every
    yield "softshrink", lambda x: F.softshrink(x, 0.5), {"lambda": 0.5}, every
    yield "threshold", lambda x: F.threshold(x, 0.5, 20.0), {"limit": 0.5, "value": 20.0}, every
    yield "pow_scalar", lambda x: x**3, {"exponent": 3.0}, every
    yield "pow_scalar", lambda x: x**-2.5, {"exponent": -2.5}, positive


# What ours do otherwise at these, as their docs say; what else is known of them is in cases_special.
SPECIAL = {"lgamma", "digamma", "trigamma", "i0", "i1"}
# Theirs keep the sign of -0, or are made of others here.
UNSIGNED = {"relu", "hardswish", "softplus"}


def unary_cases():
    for name, f, p, domain in unary():
        for shape in RANKS:
            yield case(name, f, (shape, *domain), p=p)
        if name in SPECIAL:
            continue
        signs = {} if name in UNSIGNED else {"signs": True}
        large = 4 if name in WAVES else len(FINITE)
        yield case(name, f, t(FINITE[:large]), p=p, order=0, **signs)
        ends = ENDS[:1] + ENDS[2:] if name == "hardswish" else ENDS
        yield case(name, f, t(ends), p=p, order=0)
        doubles = 2 if name in WAVES else 4
        yield case(name, f, t(DOUBLE[:doubles]), p=p, order=0, double_only=True)


def binary():
    every, positive = (-2.0, 2.0), (0.5, 2.0)
    for name in "add sub mul maximum minimum hypot atan2 logaddexp".split():
        yield name, getattr(torch, name), every, every
    for name in "div fmod remainder".split():
        yield name, getattr(torch, name), every, positive
    yield "pow", torch.pow, positive, every
    yield "xlogy", torch.xlogy, every, positive
    yield "xlog1py", torch.special.xlog1py, every, positive


def comparisons():
    for name, f in {
        "greater": torch.gt, "greater_equal": torch.ge, "less": torch.lt, "less_equal": torch.le,
        "equal": torch.eq, "not_equal": torch.ne,
    }.items():
        yield name, lambda a, b, f=f: f(a, b).double()


PAIRS = [
    ((1, 1), (1,)), ((2, 1, 3, 1, 2), (2, 1, 3, 1)), ((2, 1, 2, 1, 2, 1), (1, 2, 1, 2, 1, 2)),
    ((2, 0, 3), (1, 3)), ((), (1, 1, 1, 1, 1, 1)),
]


def binary_cases():
    column = lambda values: t(values).reshape(-1, 1)
    all_pairs = FINITE + ENDS
    for name, f, a, b in binary():
        for m, n in PAIRS:
            yield case(name, f, (m, *a), (n, *b))
        yield case(name, f, ((60, 1), *a), ((1, 50), *b), order=1)  # far larger than its operands
        yield case(name, f, column(all_pairs), t(all_pairs), order=0, signs=True)
        yield case(name, f, column(DOUBLE), t(DOUBLE), order=0, double_only=True)
    for name, f in comparisons():
        for m, n in PAIRS:
            yield case(name, f, m, n, order=0)
        yield case(name, f, column(all_pairs), t(all_pairs), order=0)
        yield case(name, f, column(DOUBLE), t(DOUBLE), order=0, double_only=True)
    where = lambda c, a, b: torch.where(c != 0, a, b)
    wants = [False, True, True]
    yield case("where", where, t([0.0, -0.0, NAN, INF, DENORMAL]), (5,), (5,), wants=wants)
    yield case("where", where, t([1.0, 0.0]), t([-0.0, NAN]), t([NAN, -0.0]), order=0, signs=True)
    yield case("where", where, t([1.0, 0.0]).reshape(2, 1, 1, 1, 1, 1), PAIRS[2][0], PAIRS[2][1], wants=wants)
    yield case("where", where, t(0.0), (), (), wants=wants)
    yield case("where", where, (2, 0, 1), (1, 3), (3,), wants=wants)


def prod(x, axes, keep):
    for axis in sorted((a % x.dim() for a in axes), reverse=True):
        x = torch.prod(x, axis, keepdim=keep)
    return x


def spread(f, ddof):
    return lambda x, axes, keep: f(x, dim=axes, correction=ddof, keepdim=keep)


def reductions():
    over = lambda f: lambda x, axes, keep: f(x, dim=axes, keepdim=keep)
    for name, f in {
        "sum": torch.sum, "mean": torch.mean, "max": torch.amax, "min": torch.amin,
        "logsumexp": torch.logsumexp,
    }.items():
        yield name, over(f), {}
    yield "prod", prod, {}
    yield "variance", spread(torch.var, 0), {"ddof": 0}
    yield "stddev", spread(torch.std, 0), {"ddof": 0}
    for p in (1.0, 2.0, INF):
        f = lambda x, axes, keep, p=p: torch.linalg.vector_norm(x, p, axes, keep)
        yield "norm", f, {"p": "inf" if p == INF else p}


ROWS = [
    [1.0, INF, 2.0, 0.5], [1.0, -INF, 2.0, 0.5], [INF, -INF, 1.0, 0.5], [NAN, 1.0, 2.0, 0.5],
    [1.0, 2.0, 0.5, NAN], [-0.0, -0.0, -0.0, -0.0], [0.0, -0.0, 0.0, -0.0],
    [DENORMAL, DENORMAL, -DENORMAL, DENORMAL],
]


def reduction_cases():
    for name, f, more in reductions():
        for shape, axes in (
            ((2, 1, 3, 1, 2), [1, 3]), ((2, 1, 3, 1, 2), [-1, 0, 2]), ((1, 2, 1, 3, 1, 2), [5, 3]),
            ((1, 2, 1, 3, 1, 2), [0, -2, 1]), ((1, 1, 1), [0, 1, 2]), ((2, 0, 3), [0]), ((2, 0, 3), [-1]),
        ):
            # Of one element the spread is 0, whatever it is, and its square root has no slope.
            if name in ("max", "min", "variance", "stddev", "norm") and shape[axes[0]] == 0:
                continue  # errors, or in empty_reductions
            only = all(shape[axis] == 1 for axis in axes) and name == "stddev"
            for keep in (False, True):
                p = {"axes": axes, "keep_dims": keep, **more}
                g = lambda x, f=f, a=tuple(axes), k=keep: f(x, a, k)
                yield case(name, g, (shape, 0.25, 2.0), p=p, order=0 if only else 2)
        last = {"axes": [1], "keep_dims": False, **more}
        yield case(name, lambda x, f=f: f(x, (1,), False), t(ROWS), p=last, order=0)
        if name == "norm":  # PyTorch's overflows
            continue
        doubles = t([DOUBLE[:2] + [1.0], DOUBLE[:3]])
        yield case(name, lambda x, f=f: f(x, (1,), False), doubles, p=last, order=0, double_only=True)


def empty_reductions():
    """What is left of nothing: 0, 1, -infinity; the mean and the spread are NaN."""
    for name, value in {
        "sum": 0.0, "mean": NAN, "prod": 1.0, "logsumexp": -INF, "norm": 0.0,
    }.items():
        for shape, axes, result in (((0,), [0], ()), ((2, 0, 3), [1], (2, 3)), ((0, 0), [0, 1], ())):
            p = {"axes": axes, "keep_dims": False, "p": 2.0}
            f = lambda x, v=value, r=result: torch.full(r, v, dtype=torch.float64)
            yield case(name, f, shape, p=p, order=0)


def loss_cases():
    pairs = {
        "mse_loss": lambda x, y, r: F.mse_loss(x, y, reduction=r),
        "l1_loss": lambda x, y, r: F.l1_loss(x, y, reduction=r),
        "huber_loss": lambda x, y, r: F.huber_loss(x, y, reduction=r, delta=0.75),
        "binary_cross_entropy_with_logits":
            lambda x, y, r: F.binary_cross_entropy_with_logits(x, y, reduction=r),
    }
    for name, f in pairs.items():
        for shape in ((), (1, 1), (2, 1, 3, 1, 2), (1, 2, 1, 3, 1, 2)):
            for reduction in ("none", "mean", "sum"):
                g = lambda x, y, f=f, r=reduction: f(x, y, r)
                yield case(name, g, shape, (shape, 0.0, 1.0), p={"reduction": reduction})
        g = lambda x, y, f=f: f(x, y, "none")
        yield case(name, g, t(FINITE), t([0.0, 0.5, 1.0] * 3), p={"reduction": "none"}, order=0)
        yield case(name, g, t([NAN, 1.0]), t([1.0, NAN]), p={"reduction": "none"}, order=0)
    for labels, shape in (([0], (1, 1)), ([1], (1, 3)), ([2, 2, 2], (3, 3))):
        for reduction in ("none", "mean", "sum"):
            p = {"labels": labels, "reduction": reduction}
            f = lambda x, i=torch.tensor(labels), r=reduction: F.nll_loss(x, i, reduction=r)
            yield case("nll_loss", f, shape, p=p)
    f = lambda x: F.nll_loss(x, torch.tensor([1, 0]), reduction="none")
    yield case("nll_loss", f, t([[1.0, -INF], [NAN, 0.0]]), p={"labels": [1, 0], "reduction": "none"}, order=0)
    p = {"labels": [], "reduction": "sum"}
    yield case("nll_loss", lambda x: x.sum() * 0, (0, 3), p=p)


def all_cases():
    for family in (unary_cases, binary_cases, reduction_cases, empty_reductions, loss_cases):
        yield from family()
