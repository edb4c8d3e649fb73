"""Cases of the losses of probabilities and of smoothed distances."""

import torch
import torch.nn.functional as F

from cases import case, t
from cases_error import refused
from cases_statistic import REDUCTIONS, reduced


def with_slope(x, y):
    """F.binary_cross_entropy, which has its 1e-12 in float, with the slope in double."""
    slope = ((x - y) / (x * (1 - x)).clamp(min=1e-12)).detach()
    value = F.binary_cross_entropy(x, y, reduction="none").detach()
    return value + slope * (x - x.detach())


def entropies():
    for r in REDUCTIONS:
        p = {"reduction": r}
        f = lambda x, y, r=r: F.binary_cross_entropy(x, y, reduction=r)
        for shape in ((2, 3), (), (3, 1, 2)):
            yield case("binary_cross_entropy", f, (shape, 0.1, 0.9), (shape, 0.0, 1.0), p=p)
        small = t([0.0, 1.0, 1.0, 0.0])
        yield case("binary_cross_entropy", f, ((4,), 0.1, 0.9), small, p=p, wants=[True, False])
        # Logarithms end at -100, the slope at 1e12.
        sure = t([0.0, 1.0, 0.0, 1.0, 0.0]), t([1.0, 0.0, 0.0, 1.0, 0.25])
        yield case("binary_cross_entropy", f, *sure, p=p, order=0)
        g = lambda x, y, r=r: reduced(with_slope(x, y), r)
        yield case("binary_cross_entropy", g, *sure, p=p, wants=[True, False], order=1)
        if r != "mean":
            empty = ((0, 3), 0.1, 0.9)
            yield case("binary_cross_entropy", f, empty, empty, p=p)


def distances():
    for beta in (0.0, 0.25, 1.0, 3.0):
        for r in REDUCTIONS:
            p = {"beta": beta, "reduction": r}
            f = lambda x, y, b=beta, r=r: F.smooth_l1_loss(x, y, beta=b, reduction=r)
            yield case("smooth_l1_loss", f, (2, 3), (2, 3), p=p)
            yield case("smooth_l1_loss", f, (), (), p=p)
            if r != "mean":
                yield case("smooth_l1_loss", f, (0, 3), (0, 3), p=p)
        large = t([1000.0, -1000.0, 0.5]), t([1.0, 0.0, 0.5])
        p = {"beta": beta, "reduction": "none"}
        f = lambda x, y, b=beta: F.smooth_l1_loss(x, y, beta=b, reduction="none")
        yield case("smooth_l1_loss", f, *large, p=p, order=1)


def refusals():
    mean = {"reduction": "mean"}
    pairs = {"binary_cross_entropy": (F.binary_cross_entropy, {}), "smooth_l1_loss": (F.smooth_l1_loss, {"beta": 1.0})}
    for name, (f, more) in pairs.items():
        p = {**mean, **more}
        yield refused(name, f, ((2, 3), 0.1, 0.9), ((2, 4), 0.1, 0.9), p=p)
        yield refused(name, None, (0, 3), (0, 3), p=p)  # the mean of nothing: NaN in PyTorch
    number = {"kind": "invalid_argument"}
    for outside in (1.5, -0.5):
        xs = t([0.5, outside]), t([1.0, 0.0])
        yield refused("binary_cross_entropy", F.binary_cross_entropy, *xs, p=mean, **number)
    f = lambda x, y: F.smooth_l1_loss(x, y, beta=-1.0)
    yield refused("smooth_l1_loss", f, (2,), (2,), p={"beta": -1.0, **mean}, **number)


def all_cases():
    for family in (entropies, distances, refusals):
        yield from family()
