"""The cases of make_reference.py: each op's calls in PyTorch, ordinary and edge values."""

import torch
import torch.nn.functional as F

INF = float("inf")
NAN = float("nan")


def t(*values):
    return torch.tensor(values[0] if len(values) == 1 else values, dtype=torch.float64)


def case(op, f, *inputs, **more):
    return {"op": op, "f": f, "inputs": list(inputs), **more}


def unary_cases():
    unit, positive, wide = ((2, 3), -0.8, 0.8), ((2, 3), 0.5, 3.0), ((7,), -6.0, 6.0)
    plain = {
        "neg": torch.neg, "square": torch.square, "exp": torch.exp, "expm1": torch.expm1,
        "sin": torch.sin, "cos": torch.cos, "atan": torch.atan, "sinh": torch.sinh,
        "cosh": torch.cosh, "tanh": torch.tanh, "erf": torch.erf, "sigmoid": torch.sigmoid,
        "log_sigmoid": F.logsigmoid, "softplus": lambda x: -F.logsigmoid(-x), "gelu": F.gelu,
        "silu": F.silu, "abs": torch.abs, "sign": torch.sign, "relu": torch.relu,
    }
    for name, f in plain.items():
        yield case(name, f, (2, 3))
        yield case(name, f, ())
        yield case(name, f, (0, 3))
        yield case(name, f, wide)
        yield case(name, f, (3, 1, 13))
    domains = {
        "sqrt": (torch.sqrt, positive), "rsqrt": (torch.rsqrt, positive),
        "reciprocal": (torch.reciprocal, positive), "log": (torch.log, positive),
        "log2": (torch.log2, positive), "log10": (torch.log10, positive),
        "log1p": (torch.log1p, ((2, 3), -0.75, 3.0)), "tan": (torch.tan, ((2, 3), -1.25, 1.25)),
        "asin": (torch.asin, unit), "acos": (torch.acos, unit),
    }
    for name, (f, domain) in domains.items():
        shape, low, high = domain
        yield case(name, f, domain)
        yield case(name, f, ((), low, high))
        yield case(name, f, ((0,), low, high))
        yield case(name, f, ((19,), low, high))

    tiny = t([1e-30, 1e-18, -1e-18, 1e-9, -1e-9, 1e-4, -1e-4, 0.0, -0.0])
    for name in ("log1p", "expm1", "tanh", "sin", "asin", "atan", "sinh", "erf"):
        yield case(name, getattr(torch, name), tiny, order=1, relative=True)
    # Ends of the domain and beyond.
    yield case("sqrt", torch.sqrt, t([0.0, -0.0, 1e-30, 4.0, INF]), order=1)
    yield case("sqrt", torch.sqrt, t([-1.0, NAN]), order=0)
    yield case("rsqrt", torch.rsqrt, t([0.0, 1e-10, INF, -1.0]), order=0)
    yield case("reciprocal", torch.reciprocal, t([0.0, -0.0, INF, -INF]), order=0)
    yield case("log", torch.log, t([0.0, -1.0, INF, NAN, 1.0]), order=0)
    yield case("log2", torch.log2, t([0.0, -1.0, INF, 8.0, 0.125]), order=0)
    yield case("log10", torch.log10, t([0.0, -1.0, INF, 1000.0, 0.01]), order=0)
    yield case("log1p", torch.log1p, t([-1.0, -2.0, INF, NAN]), order=0)
    yield case("exp", torch.exp, t([-1e4, 1e4, INF, -INF, NAN, 0.0, 80.0, -80.0]), order=0)
    yield case("expm1", torch.expm1, t([-1e4, 1e4, INF, -INF, NAN, 0.0]), order=0)
    yield case("sigmoid", torch.sigmoid, t([-1e4, 1e4, -1000.0, 1000.0, INF, -INF]))
    yield case("sigmoid", torch.sigmoid, t([NAN]), order=0)
    yield case("tanh", torch.tanh, t([-1e4, 1e4, 20.0, -20.0, INF, -INF]))
    yield case("erf", torch.erf, t([-30.0, 30.0, 5.5, -5.5, 3.0, -3.0]))
    yield case("erf", torch.erf, t([INF, -INF, NAN]), order=0)
    yield case("atan", torch.atan, t([INF, -INF, 1e10, -1e10]), order=0)
    yield case("asin", torch.asin, t([1.0, -1.0, 1.5, NAN]), order=0)
    yield case("acos", torch.acos, t([1.0, -1.0, 1.5, NAN]), order=0)
    yield case("sin", torch.sin, t([1e4, -1e5, 100.5, INF, NAN]), order=0, float_tolerance=1e-4)
    yield case("cos", torch.cos, t([1e4, -1e5, 100.5, INF, NAN]), order=0, float_tolerance=1e-4)
    yield case("log_sigmoid", F.logsigmoid, t([-1e4, -1000.0, 1000.0, 1e4, 0.0, -40.0]))
    yield case("softplus", plain["softplus"], t([-1e4, -1000.0, 1000.0, 1e4, 0.0, 40.0]))
    yield case("silu", F.silu, t([-1000.0, 1000.0, -80.0, 80.0, 0.0]))
    yield case("gelu", F.gelu, t([-30.0, 30.0, -5.0, 5.0, 0.0]))
    yield case("abs", torch.abs, t([0.0, -0.0, -3.0, 2.0, -INF]))
    yield case("sign", torch.sign, t([0.0, -0.0, -3.0, 2.0, INF, -INF]))
    yield case("sign", lambda x: x, t([NAN]), order=0)
    yield case("relu", torch.relu, t([0.0, -0.0, -3.0, 2.0, INF, -INF]), order=1)
    yield case("relu", torch.relu, t([NAN, 1.0]), order=0)

    for slope in (0.01, 0.2, 0.0):
        yield case("leaky_relu", lambda x, s=slope: F.leaky_relu(x, s), (2, 3), p={"slope": slope})
    yield case("leaky_relu", lambda x: F.leaky_relu(x, 0.1), t([0.0, -0.0]), p={"slope": 0.1})
    for alpha in (1.0, 0.7):
        yield case("elu", lambda x, a=alpha: F.elu(x, a), (2, 3), p={"alpha": alpha})
    yield case("elu", lambda x: F.elu(x), t([1000.0, -1000.0, -0.5, 89.0]), p={"alpha": 1.0})
    yield case("elu", lambda x: F.elu(x), t([0.0, -0.0]), p={"alpha": 1.0}, order=1)
    limits = {"low": -1.0, "high": 0.5}
    clamp = lambda x: torch.clamp(x, -1.0, 0.5)
    yield case("clamp", clamp, (3, 4), p=limits)
    yield case("clamp", clamp, t([-1.0, 0.5, -1.5, 1.0, INF, -INF]), p=limits)
    yield case("clamp", clamp, t([NAN]), p=limits, order=0)
    for exponent in (2.0, 3.0, 0.5, -1.0, 2.5, 0.0, 1.0):
        p = {"exponent": exponent}
        f = lambda x, e=exponent: torch.pow(x, e)
        yield case("pow_scalar", f, ((2, 3), 0.5, 2.0), p=p)
        yield case("pow_scalar", f, t([0.0, 1.0]), p=p, order=1 if exponent >= 1 else 0)
    yield case("pow_scalar", lambda x: x**3, t([-2.0, 0.0, 2.0]), p={"exponent": 3.0})
    yield case("pow_scalar", lambda x: x**2, t([-2.0, 0.0, 2.0]), p={"exponent": 2.0})
    yield case("pow_scalar", lambda x: x**0.5, t([-2.0]), p={"exponent": 0.5}, order=0)


PAIRS = [
    ((2, 3), (2, 3)), ((2, 3), (3,)), ((3,), (2, 3)), ((2, 1), (1, 3)), ((2, 3), ()), ((), (2, 3)),
    ((), ()), ((2, 1, 4), (3, 1)), ((1, 3, 1), (2, 1, 4)), ((0, 3), (3,)), ((2, 1), (1, 0)),
    ((3, 17), (17,)), ((3, 17), (3, 1)),
]


def binary_cases():
    arithmetic = {
        "add": torch.add, "sub": torch.sub, "mul": torch.mul, "maximum": torch.maximum,
        "minimum": torch.minimum,
    }
    for name, f in arithmetic.items():
        for a, b in PAIRS:
            yield case(name, f, a, b)
    for a, b in PAIRS:
        yield case("div", torch.div, a, (b, 0.5, 2.0))
        yield case("pow", torch.pow, (a, 0.5, 2.0), b)
    yield case("div", torch.div, t([1.0, -1.0, 0.0, INF]), t([0.0, 0.0, 0.0, INF]), order=0)
    yield case("div", torch.div, t([1.0, 3.0]), t([-0.0, INF]), order=0)
    for f, name in ((torch.maximum, "maximum"), (torch.minimum, "minimum")):
        yield case(name, f, t([1.0, 2.0, -0.5]), t([1.0, 1.0, -0.5]))
        yield case(name, f, t([NAN, 1.0, NAN, INF]), t([1.0, NAN, NAN, -INF]), order=0)
    yield case("pow", torch.pow, t([0.0, 0.0, 0.0, 2.0]), t([2.0, 0.0, 0.5, 0.0]), order=0)
    yield case("pow", torch.pow, t([0.0, 0.0, 0.0]), t([2.0, 1.0, 0.0]), order=1)
    yield case("pow", torch.pow, t([-2.0, -2.0, -8.0]), t([2.0, 3.0, 0.5]), order=0)
    comparisons = {
        "greater": torch.gt, "greater_equal": torch.ge, "less": torch.lt, "less_equal": torch.le,
        "equal": torch.eq, "not_equal": torch.ne,
    }
    special = t([1.0, 2.0, NAN, 0.0, INF]), t([2.0, 2.0, 1.0, -0.0, INF])
    for name, f in comparisons.items():
        g = lambda a, b, f=f: f(a, b).double()
        for a, b in PAIRS[:6]:
            yield case(name, g, a, b, order=0)
        yield case(name, g, *special, order=0)
    where = lambda c, a, b: torch.where(c != 0, a, b)
    wants = [False, True, True]
    mask = t([[1.0, 0.0, 2.0], [0.0, -1.0, 0.0]])
    yield case("where", where, mask, (2, 3), (2, 3), wants=wants)
    yield case("where", where, mask, (3,), (2, 1), wants=wants)
    yield case("where", where, t([1.0, 0.0, 1.0]), (2, 3), (), wants=wants)
    yield case("where", where, t(1.0), (2, 3), (1, 3), wants=wants)
    yield case("where", where, t([1.0, 0.0]), t([1.0, NAN]), t([INF, 2.0]), wants=wants)
    yield case("where", where, (0, 3), (3,), (1, 1), wants=wants)


def reductions():
    def over(f):
        return lambda x, axes, keep: f(x, dim=tuple(axes), keepdim=keep) if axes else x

    def prod(x, axes, keep):
        for axis in sorted((a % x.dim() for a in axes), reverse=True):
            x = torch.prod(x, axis, keepdim=keep)
        return x

    table = {
        "sum": over(torch.sum), "mean": over(torch.mean), "max": over(torch.amax),
        "min": over(torch.amin), "logsumexp": over(torch.logsumexp), "prod": prod,
    }
    choices = [
        ((2, 3), [0]), ((2, 3), [1]), ((2, 3), [-1]), ((2, 3), [0, 1]), ((2, 3, 4), [0, 2]),
        ((2, 3, 4), [1]), ((2, 3, 4), [-3, -2]), ((1, 5), [0]), ((5, 1), [1]), ((3, 33), [1]),
        ((33, 3), [0]), ((2, 1, 3), [1, 2]),
    ]
    for name, f in table.items():
        for shape, axes in choices:
            for keep in (False, True):
                p = {"axes": axes, "keep_dims": keep}
                g = lambda x, f=f, axes=axes, keep=keep: f(x, axes, keep)
                yield case(name, g, shape, p=p)
        p = {"axes": [1], "keep_dims": False}
        yield case(name, lambda x, f=f: f(x, [1], False), (0, 3), p=p)  # zero results
    for shape, axes in choices[:7]:
        for ddof in (0, 1):
            p = {"axes": axes, "keep_dims": ddof == 1, "ddof": ddof}
            k = {"dim": tuple(axes), "correction": ddof, "keepdim": ddof == 1}
            yield case("variance", lambda x, k=k: torch.var(x, **k), shape, p=p)
            yield case("stddev", lambda x, k=k: torch.std(x, **k), shape, p=p)
    # Two passes: the mean is far from 0.
    p = {"axes": [0], "keep_dims": False, "ddof": 0}
    offset = t([1e6, 1e6 + 1, 1e6 + 2, 1e6 + 3])
    yield case("variance", lambda x: torch.var(x, dim=0, correction=0), offset, p=p)

    nothing = {"axes": [0], "keep_dims": False}
    for name in ("sum", "mean", "prod"):
        yield case(name, lambda x, n=name: table[n](x, [0], False), (0, 3), p=nothing, order=0)
    yield case("sum", lambda x: table["sum"](x, [0], True), (0, 3), p={"axes": [0], "keep_dims": True})
    yield case(
        "logsumexp", lambda x: torch.full((3,), -INF, dtype=torch.float64), (0, 3), p=nothing, order=0
    )
    for name, f in table.items():
        rank0 = {"axes": [], "keep_dims": False}
        if name in ("sum", "mean", "max", "min"):
            yield case(name, lambda x: x * 1, (), p=rank0)
    last = {"axes": [1], "keep_dims": False}
    lse = lambda x: torch.logsumexp(x, 1)
    yield case("logsumexp", lse, t([[1e4, -1e4], [-1e4, -1e4], [1e4, 1e4]]), p=last)
    yield case("logsumexp", lse, t([[-INF, 1.0], [0.5, -INF]]), p=last, order=1)
    yield case("logsumexp", lse, t([[-INF, -INF], [0.5, 1.0]]), p=last, order=1)
    yield case("logsumexp", lse, t([[INF, 1.0], [NAN, 1.0]]), p=last, order=0)
    amax, amin = (lambda x: torch.amax(x, 1)), (lambda x: torch.amin(x, 1))
    ties = t([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0], [0.0, -0.0, -1.0]])
    yield case("max", amax, ties, p=last)
    yield case("min", amin, ties, p=last)
    not_a_number = t([[1.0, NAN, 3.0], [NAN, 2.0, 1.0], [1.0, 2.0, NAN], [-INF, INF, 0.0]])
    yield case("max", amax, not_a_number, p=last, order=0)
    yield case("min", amin, not_a_number, p=last, order=0)
    first = {"axes": [0], "keep_dims": False}
    yield case("max", lambda x: torch.amax(x, 0), not_a_number, p=first, order=0)
    for zeros in ([2.0, 0.0, 3.0], [0.0, 0.0, 3.0], [0.0, 0.0, 0.0], [1.5, 2.0, -1.0, 0.5, 0.0]):
        yield case("prod", lambda x: torch.prod(x, 0), t(zeros), p=first)


def shapes():
    yield case("reshape", lambda x: x.reshape(3, 4), (2, 6), p={"shape": [3, 4]})
    yield case("reshape", lambda x: x.reshape(()), (1, 1), p={"shape": []})
    yield case("reshape", lambda x: x.reshape(0, 5), (2, 0), p={"shape": [0, 5]})
    yield case("flatten", lambda x: x.flatten(1, 2), (2, 3, 4), p={"first": 1, "last": -1})
    yield case("flatten", lambda x: x.flatten(0, 1), (2, 3, 4), p={"first": -3, "last": 1})
    for order in ([1, 0, 2], [2, 0, 1], [0, 2, 1], [-1, 1, 0]):
        yield case("permute", lambda x, o=order: x.permute(o), (2, 3, 4), p={"order": order})
    yield case("permute", lambda x: x.permute(1, 0), (17, 19), p={"order": [1, 0]})
    yield case("transpose", lambda x: x.transpose(0, -1), (2, 3, 4), p={"a": 0, "b": -1})
    yield case("squeeze", lambda x: x.reshape(2, 3), (2, 1, 3, 1), p={"axes": [1, -1]})
    for axis in (0, 1, 2, -1, -3):
        yield case("unsqueeze", lambda x, a=axis: x.unsqueeze(a), (2, 3), p={"axis": axis})
    for name, f in (
        ("broadcast_to", lambda x: x.broadcast_to(2, 3, 4)),
    ):
        yield case(name, f, (3, 1), p={"shape": [2, 3, 4]})
        yield case(name, f, (), p={"shape": [2, 3, 4]})
        yield case(name, f, (2, 1, 4), p={"shape": [2, 3, 4]})
    yield case("broadcast_to", lambda x: x.broadcast_to(0, 3), (1, 3), p={"shape": [0, 3]})
    for shape in ((3, 1), (), (2, 1, 4), (1, 1, 1), (4,)):
        yield case("sum_to", lambda x, s=shape: x.sum_to_size(s), (2, 3, 4), p={"shape": list(shape)})
    for axis, begin, end, step in ((0, 1, 3, 1), (-1, 0, 4, 2), (1, 1, 4, 3), (0, 2, 2, 1), (1, 0, 4, 1)):
        p = {"axis": axis, "begin": begin, "end": end, "step": step}
        take = lambda x, a=axis, s=slice(begin, end, step): x[(slice(None),) * (a % 2) + (s,)]
        yield case("slice", take, (3, 4), p=p)
    for axis in (0, 1, -1):
        cat = lambda *x, a=axis: torch.cat(x, a)
        sizes = ((2, 3), (1, 3), (0, 3)) if axis == 0 else ((2, 3), (2, 1), (2, 2))
        yield case("concatenate", cat, *sizes, p={"axis": axis})
    for axis in (0, 1, 2, -1, -2):
        yield case("stack", lambda *x, a=axis: torch.stack(x, a), (2, 3), (2, 3), p={"axis": axis})
    index = torch.tensor([2, 0, 2, 1])
    for axis in (0, 1, -1):
        p = {"axis": axis, "indices": index.tolist()}
        yield case("gather", lambda x, a=axis: x.index_select(a, index), (3, 4), p=p)
    none = torch.tensor([], dtype=torch.long)
    yield case("gather", lambda x: x.index_select(0, none), (3, 2), p={"axis": 0, "indices": []})
    for axis, shape in ((0, (4, 2)), (-1, (2, 4))):
        def scatter(x, a=axis, s=shape):
            to = torch.zeros([5 if i == a % 2 else n for i, n in enumerate(s)], dtype=torch.float64)
            return to.index_add(a, index, x)
        yield case("scatter_add", scatter, shape, p={"axis": axis, "indices": index.tolist(), "extent": 5})
    along = torch.tensor([[0, 2], [1, 1], [2, 0]])
    for axis, shape in ((1, (3, 4)), (-2, (3, 2))):
        p = {"axis": axis, "indices": along.tolist()}
        yield case("take_along", lambda x, a=axis: torch.gather(x, a, along), shape, p=p)
    for axis in (1, 0):
        def put(x, a=axis):
            to = torch.zeros([4 if i == a else n for i, n in enumerate((3, 2))], dtype=torch.float64)
            return to.scatter_add(a, along, x)
        yield case("put_along", put, (3, 2), p={"axis": axis, "indices": along.tolist(), "extent": 4})
    for value in (0.0, -1.5):
        p = {"widths": [[1, 2], [0, 1]], "value": value}
        yield case("pad", lambda x, v=value: F.pad(x, (0, 1, 1, 2), value=v), (2, 3), p=p)


def products():
    for a, b in (
        ((2, 3), (3, 4)), ((1, 3), (3, 1)), ((2, 2, 3), (2, 3, 2)), ((2, 2, 3), (3, 2)),
        ((3, 1, 2, 3), (2, 3, 2)), ((3,), (3, 2)), ((2, 3), (3,)), ((2, 2, 3), (3,)),
        ((3,), (2, 3, 2)), ((3,), (3,)), ((2, 0), (0, 3)), ((0, 2), (2, 3)), ((9, 17), (17, 11)),
        ((2, 1, 2, 3), (1, 4, 3, 2)),
    ):
        yield case("matmul", torch.matmul, a, b)
    for x, w, b in (
        ((2, 3), (4, 3), (4,)), ((3,), (4, 3), (4,)), ((2, 2, 3), (4, 3), (4,)), ((0, 3), (4, 3), (4,)),
    ):
        yield case("linear", F.linear, x, w, b)
        yield case("linear", F.linear, x, w)
    yield case("dot", torch.dot, (5,), (5,))
    yield case("outer", torch.outer, (3,), (4,))


def softmaxes():
    for name, f in (("softmax", F.softmax), ("log_softmax", F.log_softmax)):
        for shape, axis in (
            ((2, 3), -1), ((2, 3), 0), ((2, 3, 4), 1), ((2, 3, 4), -3), ((5,), 0), ((4, 1), 1),
            ((0, 3), 1), ((3, 19), 1),
        ):
            yield case(name, lambda x, f=f, a=axis: f(x, a), shape, p={"axis": axis})
        g = lambda x, f=f: f(x, 1)
        p = {"axis": 1}
        yield case(name, g, t([[1e4, -1e4, 0.0], [-1e4, -1e4, -1e4], [1e4, 1e4, 1e4]]), p=p)
        yield case(name, g, t([[-INF, 1.0, 2.0], [0.5, -INF, -INF]]), p=p, order=1)
        yield case(name, g, t([[-INF, -INF], [1.0, 2.0]]), p=p, order=0)
        yield case(name, g, t([[NAN, 1.0], [1.0, 2.0]]), p=p, order=0)


def losses():
    pairs = {
        "mse_loss": lambda x, y, r: F.mse_loss(x, y, reduction=r),
        "l1_loss": lambda x, y, r: F.l1_loss(x, y, reduction=r),
        "huber_loss": lambda x, y, r: F.huber_loss(x, y, reduction=r, delta=0.75),
        "binary_cross_entropy_with_logits":
            lambda x, y, r: F.binary_cross_entropy_with_logits(x, y, reduction=r),
    }
    for name, f in pairs.items():
        target = ((2, 3), 0.0, 1.0) if "binary" in name else (2, 3)
        empty = ((0, 3), 0.0, 1.0)
        for reduction in ("none", "mean", "sum"):
            p = {"reduction": reduction}
            g = lambda x, y, f=f, r=reduction: f(x, y, r)
            yield case(name, g, (2, 3), target, p=p)
            if reduction != "mean":
                yield case(name, g, (0, 3), empty, p=p)
        none = {"reduction": "none"}
        g = lambda x, y, f=f: f(x, y, "none")
        yield case(name, g, t([1000.0, -1000.0, 0.0, 1000.0]), t([1.0, 0.0, 0.5, 0.0]), p=none)
    equal = t([1.0, 2.0]), t([1.0, 2.5])
    yield case("l1_loss", lambda x, y: F.l1_loss(x, y), *equal, p={"reduction": "mean"})
    labels = torch.tensor([2, 0, 1, 2])
    for reduction in ("none", "mean", "sum"):
        p = {"reduction": reduction, "labels": labels.tolist()}
        nll = lambda x, r=reduction: F.nll_loss(x, labels, reduction=r)
        ce = lambda x, r=reduction: F.cross_entropy(x, labels, reduction=r)
        yield case("nll_loss", nll, (4, 3), p=p)
        yield case("cross_entropy", ce, (4, 3), p=p)
        large = t([[1e4, -1e4, 0.0], [-1e4, 1e4, 0.0], [1e4, 1e4, 1e4], [0.0, 0.0, -1e4]])
        yield case("cross_entropy", ce, large, p=p)


def all_cases():
    for family in (unary_cases, binary_cases, reductions, shapes, products, softmaxes, losses):
        yield from family()
