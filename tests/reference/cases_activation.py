"""Cases of the activations beside those of cases.py."""

import torch
import torch.nn.functional as F

from cases import INF, NAN, case, t

SHAPES = [(2, 3), (), (0, 3), (7,), (3, 1, 13), (19,), (1, 1)]
EDGES = t([0.0, -0.0, 1.0, -1.0, 40.0, -40.0, 1000.0, -1000.0])
ENDS = t([INF, -INF, NAN])


def everywhere(name, f, edges=EDGES, ends=ENDS, order=2, **more):
    for shape in SHAPES:
        yield case(name, f, (shape, -4.0, 4.0), order=order, **more)
    yield case(name, f, edges.clone(), order=1, **more)
    yield case(name, f, ends.clone(), order=0, **more)


def hard():
    for low, high in ((-1.0, 1.0), (-0.5, 2.0)):
        f = lambda x, a=low, b=high: F.hardtanh(x, a, b)
        yield from everywhere("hardtanh", f, p={"low": low, "high": high})
    six = t([0.0, -0.0, 3.0, 6.0, -3.0, 7.0, 1000.0, -1000.0])
    yield from everywhere("relu6", F.relu6, six)
    # Composed, because PyTorch has no second derivative of it.
    yield from everywhere("hardsigmoid", lambda x: F.relu6(x + 3) / 6, six)
    # -infinity times 0 is NaN in PyTorch.
    yield from everywhere("hardswish", F.hardswish, t([0.0, -3.0, 4.0, 1000.0, -1000.0]), t([INF, NAN]))
    for size in (0.5, 0.0, 1.25):
        p = {"lambda": size}
        edges = t([size, -size, 0.0, -0.0, 1000.0, -1000.0])
        yield from everywhere("hardshrink", lambda x, s=size: F.hardshrink(x, s), edges, p=p)
        yield from everywhere("softshrink", lambda x, s=size: F.softshrink(x, s), edges, p=p)
    for limit, value in ((0.5, -3.0), (0.0, 20.0)):
        f = lambda x, a=limit, b=value: F.threshold(x, a, b)
        edges = t([limit, 0.0, -0.0, 1000.0, -1000.0])
        yield from everywhere("threshold", f, edges, p={"limit": limit, "value": value})


def prelu():
    def along(axis):
        def f(x, slope):
            if slope.numel() > 1:
                slope = slope.reshape(-1, *[1] * (x.dim() - 1 - axis % x.dim()))
            return torch.where(x > 0, x, slope * x)
        return f

    for x, slope, axis in (
        ((2, 3), (3,), 1), ((2, 3), (2,), 0), ((2, 3), (), 1), ((2, 3), (1,), 1),
        ((2, 3, 4), (3,), 1), ((2, 3, 4), (4,), -1), ((2, 3, 4, 5), (3,), -3), ((), (), 1),
        ((7,), (1,), 1), ((0, 3), (3,), 1), ((2, 1), (1,), 1), ((5, 17), (17,), 1),
    ):
        yield case("prelu", along(axis), x, slope, p={"axis": axis})
    for x, slope in (((2, 3), (3,)), ((2, 3, 4), (3,)), ((7,), (1,))):
        yield case("prelu", F.prelu, x, slope, p={"axis": 1})
    edges = t([[0.0, -0.0], [1000.0, -1000.0]])
    yield case("prelu", F.prelu, edges, t([0.25]), p={"axis": 1}, order=1)
    yield case("prelu", F.prelu, t([[INF, -INF, NAN]]), t([0.25, 0.5, 1.0]), p={"axis": 1}, order=0)


def smooth():
    # The second derivative jumps at 0.
    sides = ((2, 3), -4.0, -0.25), ((19,), -2.0, -0.25), ((19,), 0.25, 4.0)
    yield from everywhere("selu", F.selu, order=1)
    for side in sides:
        yield case("selu", F.selu, side)
    for alpha in (1.0, 0.5):
        f = lambda x, a=alpha: F.celu(x, a)
        yield from everywhere("celu", f, p={"alpha": alpha}, order=1)
        for side in sides:
            yield case("celu", f, side, p={"alpha": alpha})
    yield from everywhere("mish", F.mish, ends=t([INF, NAN]))
    yield case("mish", F.mish, t([-1000.0, 0.0, 30.0, -30.0]))
    yield from everywhere("softsign", F.softsign)
    yield from everywhere("tanhshrink", F.tanhshrink)
    wide = t([1000.0, -1000.0, 90.0, -90.0, 0.0])
    yield case("tanhshrink", F.tanhshrink, wide)
    yield case("selu", F.selu, t([1000.0, -1000.0, 90.0, -90.0]))
    yield case("celu", lambda x: F.celu(x, 1.0), t([1000.0, -1000.0, 90.0, -90.0]), p={"alpha": 1.0})


def glu():
    for shape, axis in (
        ((4,), -1), ((2, 4), 1), ((2, 4), 0), ((2, 3, 2), 2), ((2, 4, 3), 1), ((2, 4, 3), -2),
        ((0, 4), 1), ((3, 0), 1), ((3, 34), 1),
    ):
        yield case("glu", lambda x, a=axis: F.glu(x, a), shape, p={"axis": axis})
    edge = t([2.0, 2.0, -3.0, 0.0, 1000.0, -1000.0, 1000.0, -0.0])
    yield case("glu", lambda x: F.glu(x, 0), edge, p={"axis": 0})
    ends = t([INF, 1.0, NAN, 2.0, -INF, NAN])
    yield case("glu", lambda x: F.glu(x, 0), ends, p={"axis": 0}, order=0)


def all_cases():
    for family in (hard, prelu, smooth, glu):
        yield from family()
