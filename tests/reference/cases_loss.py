"""Cases of what the losses may do beside: weights, swaps, targets in other forms."""

import torch
import torch.nn.functional as F

from cases import INF, case, t
from cases_statistic import REDUCTIONS, reduced


def negative_log_likelihoods():
    for labels in ([2, 0, 1, 2], [2, -100, 0, -100], [0, 0, 0, 0]):
        for w in ([], [0.5, 2.0, 1.0]):
            for r in REDUCTIONS:
                p = {"labels": labels, "weights": w, "reduction": r}
                k = {"weight": t(w) if w else None, "reduction": r}
                f = lambda x, i=torch.tensor(labels), k=k: F.nll_loss(x, i, **k)
                yield case("nll_loss", f, (4, 3), p=p)
    p = {"labels": [1, 1], "weights": [], "reduction": "mean", "ignore": 1}
    f = lambda x: F.nll_loss(x, torch.tensor([1, 1]), ignore_index=1)
    yield case("nll_loss", f, (2, 3), p=p, order=0)  # nothing counts: NaN
    p = {"labels": [2, 1], "weights": [], "reduction": "sum", "ignore": 1}
    f = lambda x: F.nll_loss(x, torch.tensor([2, 1]), ignore_index=1, reduction="sum")
    yield case("nll_loss", f, t([[-INF, 0.0, -1.0], [0.0, -INF, 0.0]]), p=p, order=0)
    p = {"labels": [], "weights": [1.0, 2.0, 3.0], "reduction": "sum"}
    yield case("nll_loss", lambda x: x.sum() * 0, (0, 3), p=p)


def margins():
    signs = t([[1.0, -1.0, 1.0], [-1.0, -1.0, 1.0]])
    for r in REDUCTIONS:
        for margin in (1.0, 0.25, 3.0):
            f = lambda x, y, m=margin, r=r: F.hinge_embedding_loss(x, y, m, reduction=r)
            p = {"margin": margin, "reduction": r}
            yield case("hinge_embedding_loss", f, (2, 3), signs, p=p, wants=[True, False])
        p = {"margin": 1.0, "reduction": r}
        f = lambda x, y, r=r: F.hinge_embedding_loss(x, y, reduction=r)
        yield case("hinge_embedding_loss", f, (), t(-1.0), p=p, wants=[True, False])
        if r != "mean":
            empty = torch.zeros(0, 3, dtype=torch.float64)
            yield case("hinge_embedding_loss", f, (0, 3), empty, p=p, wants=[True, False])
        met = t([1.0, 2.0, -INF, INF, 1000.0]), t([-1.0, 1.0, -1.0, -1.0, -1.0])
        yield case("hinge_embedding_loss", f, *met, p=p, order=0)
        weights = [0.5, 2.0, 1.0]
        for labels in ([2, 0, 1, 2], [0, 0, 0, 0]):
            for power in (1, 2):
                p = {"labels": labels, "p": power, "margin": 1.0, "reduction": r, "weights": weights}
                k = {"p": power, "weight": t(weights), "reduction": r}
                f = lambda x, i=torch.tensor(labels), k=k: F.multi_margin_loss(x, i, **k)
                yield case("multi_margin_loss", f, (4, 3), p=p, order=1)

                def g(x, i=torch.tensor(labels), q=power, r=r):
                    gaps = torch.relu(1 - x.gather(1, i[:, None]) + x)
                    others = gaps * (1 - F.one_hot(i, 3).double())
                    return reduced((others**q).sum(1) / 3 * t(weights)[i], r)

                yield case("multi_margin_loss", g, (4, 3), p=p)
    for r in REDUCTIONS:
        for power in (1.0, 2.0, 3.0):
            p = {"margin": 1.0, "p": power, "reduction": r, "swap": True}

            def f(a, b, c, q=power, r=r):
                near = torch.linalg.vector_norm(a - b, q, -1)
                far = torch.linalg.vector_norm(a - c, q, -1)
                other = torch.linalg.vector_norm(b - c, q, -1)
                return reduced(torch.relu(near - torch.minimum(far, other) + 1.0), r)

            yield case("triplet_margin_loss", f, (4, 3), (4, 3), (4, 3), p=p)
            yield case("triplet_margin_loss", f, (4, 3), (3,), (1, 3), p=p)
            h = lambda a, b, c, k=(1.0, power, 0.0, True): F.triplet_margin_loss(
                a, b, c, *k, reduction="none")
            if r == "none":
                yield case("triplet_margin_loss", h, (4, 3), (4, 3), (4, 3), p=p, order=1)


def likelihoods():
    for r in REDUCTIONS:
        p = {"reduction": r, "log_target": True}
        f = lambda x, y, r=r: reduced(F.kl_div(x, y, reduction="none", log_target=True), r)
        for shape in ((2, 3), (), (3, 1, 2)):
            yield case("kl_div", f, shape, shape, p=p)
        for log_input in (True, False):
            for full in (True, False):
                k = {"log_input": log_input, "full": full, "reduction": r}
                f = lambda x, y, k=k: F.poisson_nll_loss(x, y, **k)
                p = {**k, "epsilon": 1e-8}
                low = -2.0 if log_input else 0.25
                yield case("poisson_nll_loss", f, ((2, 3), low, 2.0), ((2, 3), 1.25, 5.0), p=p)
                small = t([0.0, 1.0, 0.5, 2.0])
                yield case(
                    "poisson_nll_loss", f, ((4,), low, 2.0), small, p=p, wants=[True, False])
                if r != "mean":
                    empty = ((0, 3), 1.0, 2.0)
                    yield case("poisson_nll_loss", f, empty, empty, p=p)
        p = {"log_input": False, "full": False, "reduction": r, "epsilon": 0.25}
        f = lambda x, y, r=r: F.poisson_nll_loss(x, y, log_input=False, eps=0.25, reduction=r)
        zeros = t([0.0, 0.0, 1.0])
        yield case("poisson_nll_loss", f, zeros, t([0.0, 2.0, 3.0]), p=p, wants=[True, False])
        for variance in ((2, 3), (2, 1), (3,), ()):
            half = 0.5 * torch.log(t(2 * torch.pi))
            f = lambda x, y, v, r=r, c=half: reduced(
                0.5 * (torch.log(v) + (x - y) ** 2 / v) + c, r)
            p = {"reduction": r, "full": True}
            yield case("gaussian_nll_loss", f, (2, 3), (2, 3), (variance, 0.5, 2.0), p=p)
        f = lambda x, y, v, r=r: F.gaussian_nll_loss(x, y, v, full=True, reduction=r)
        yield case("gaussian_nll_loss", f, (2, 3), (2, 3), ((2, 3), 0.5, 2.0), p=p)
    impossible = t([-1.0, -2.0]), t([-INF, 0.0])
    p = {"reduction": "none", "log_target": True}
    yield case("kl_div", lambda x, y: t([0.0, 2.0]), *impossible, p=p, order=0)


def powers():
    # Signs of negative bases, 0 to the 0, and the slope at 0.
    bases = t([-2.0, -0.5, 0.0, 0.5, 2.0])
    for exponent in (0.0, 1.0, 2.0, 3.0, 4.0, 5.0):
        f = lambda x, e=exponent: torch.pow(x, e)
        yield case("pow_scalar", f, bases, p={"exponent": exponent})
    for exponent in (-1.0, -2.0, -3.0):
        f = lambda x, e=exponent: torch.pow(x, e)
        yield case("pow_scalar", f, t([-2.0, -0.5, 0.5, 2.0]), p={"exponent": exponent})
        yield case("pow_scalar", f, t([0.0, -0.0]), p={"exponent": exponent}, order=1)
    yield case("pow_scalar", lambda x: torch.pow(x, 0.5), t([0.0, 4.0]), p={"exponent": 0.5}, order=1)


def all_cases():
    for family in (negative_log_likelihoods, margins, likelihoods, powers):
        yield from family()
