"""Cases of norms, distances, moments and the losses made of them."""

import torch
import torch.nn.functional as F

from cases import INF, NAN, case, t


def norms():
    powers = {1: 1.0, 2: 2.0, 3: 3.0, 0.5: 0.5, 1.5: 1.5, INF: "inf", -INF: "-inf"}
    choices = [
        ((2, 3), [0]), ((2, 3), [1]), ((2, 3), [-1]), ((2, 3), [0, 1]), ((2, 3, 4), [0, 2]),
        ((2, 3, 4), [-2]), ((3, 33), [1]), ((0, 3), [1]),
    ]
    for p, name in powers.items():
        for shape, axes in choices:
            for keep in (False, True):
                f = lambda x, p=p, a=tuple(axes), k=keep: torch.linalg.vector_norm(x, p, a, k)
                away = (shape, 0.25, 2.0) if p in (0.5, 1.5) else shape
                yield case("norm", f, away, p={"p": name, "axes": axes, "keep_dims": keep})
        f = lambda x, p=p: torch.linalg.vector_norm(x, p)
        for shape in ((2, 3), (4,)):
            yield case("norm", f, (shape, 0.25, 2.0), p={"p": name})
    for p in (1.0, 2.0, 1.5, 3.0):
        # Zero vectors: norm 0, and gradient 0 by our choice, as PyTorch's in the first order.
        zero = torch.zeros(2, 3, dtype=torch.float64)
        f = lambda x, p=p: torch.linalg.vector_norm(x, p, 1)
        yield case("norm", f, zero, p={"p": p, "axes": [1], "keep_dims": False}, order=1)
        mixed = t([[0.0, 3.0, 4.0], [0.0, 0.0, -2.0]])
        yield case("norm", f, mixed, p={"p": p, "axes": [1], "keep_dims": False}, order=1)
        yield case("norm", lambda x: x.sum(0), (0, 3), p={"p": p, "axes": [0], "keep_dims": False})
    large = t([[3e25, 4e25], [3e-30, 4e-30]])  # squares leave float's range
    p = {"p": 2.0, "axes": [1], "keep_dims": False}
    f = lambda x: torch.linalg.vector_norm(x, 2.0, 1)
    yield case("norm", f, large, p=p, order=1, relative=True)
    yield case("norm", f, t([[INF, 1.0], [NAN, 1.0], [-INF, INF]]), p=p, order=0)
    ties = t([[1.0, -1.0, 0.5], [2.0, 2.0, -2.0]])
    for power, name in ((INF, "inf"), (-INF, "-inf")):
        f = lambda x, q=power: torch.linalg.vector_norm(x, q, 1)
        yield case("norm", f, ties, p={"p": name, "axes": [1], "keep_dims": False}, order=1)


def directions():
    for shape, axis in (((2, 3), 1), ((2, 3), 0), ((2, 3), -1), ((2, 3, 4), 1), ((4,), 0), ((0, 3), 1)):
        for p in (1.0, 2.0, 3.0):
            f = lambda x, p=p, a=axis: F.normalize(x, p, a)
            yield case("normalize", f, shape, p={"p": p, "axis": axis, "epsilon": 1e-12})
    p = {"p": 2.0, "axis": 1, "epsilon": 1e-12}
    zero = t([[0.0, 0.0], [3.0, 4.0]])
    yield case("normalize", lambda x: F.normalize(x, 2.0, 1, 0.5), zero, p={**p, "epsilon": 0.5}, order=1)
    for a, b, axis in (
        ((2, 3), (2, 3), 1), ((2, 3), (2, 3), 0), ((2, 3), (3,), -1), ((3, 1), (1, 4), 1),
        ((2, 3, 4), (2, 1, 4), -1), ((4,), (4,), 0), ((0, 3), (0, 3), 1), ((2, 3), (2, 3), -2),
    ):
        def f(a, b, axis=axis):
            a, b = torch.broadcast_tensors(a, b)
            return (F.normalize(a, 2.0, axis, 1e-8) * F.normalize(b, 2.0, axis, 1e-8)).sum(axis)
        yield case("cosine_similarity", f, a, b, p={"axis": axis})
        f = lambda a, b, axis=axis: F.cosine_similarity(*torch.broadcast_tensors(a, b), axis)
        yield case("cosine_similarity", f, a, b, p={"axis": axis}, order=1)
    pair = t([[3.0, 4.0], [1.0, 0.0]]), t([[3.0, 4.0], [0.0, 2.0]])
    yield case("cosine_similarity", lambda a, b: F.cosine_similarity(a, b, 1), *pair, p={"axis": 1}, order=0)


def distances():
    names = {1.0: 1.0, 2.0: 2.0, 3.0: 3.0, INF: "inf"}
    for p, name in names.items():
        for a, b in (
            ((2, 3), (2, 3)), ((2, 3), (3,)), ((3,), (3,)), ((2, 3, 4), (3, 4)), ((2, 1, 4), (3, 4)),
            ((0, 3), (0, 3)),
        ):
            f = lambda a, b, p=p: torch.linalg.vector_norm(a - b, p, -1)
            yield case("pairwise_distance", f, a, b, p={"p": name})
        for a, b in (
            ((2, 3), (4, 3)), ((1, 2), (3, 2)), ((2, 3, 2), (2, 4, 2)), ((2, 3, 2), (4, 2)),
            ((0, 3), (2, 3)), ((2, 3), (0, 3)), ((3, 1, 2, 2), (2, 3, 2)),
        ):
            f = lambda a, b, p=p: torch.linalg.vector_norm(a.unsqueeze(-2) - b.unsqueeze(-3), p, -1)
            yield case("cdist", f, a, b, p={"p": name})
    same = t([[1.0, 2.0], [0.0, 0.0]])
    other = t([[1.0, 2.0], [3.0, 4.0]])
    yield case("pairwise_distance", lambda a, b: torch.linalg.vector_norm(a - b, 2, -1), same, other,
               p={"p": 2.0}, order=1)
    yield case("cdist", lambda a, b: torch.cdist(a, b), same, other, p={"p": 2.0}, order=1)
    yield case("cdist", lambda a, b: torch.cdist(a, b), same, same, p={"p": 2.0}, order=1)


def moments():
    def joined(pair):
        return torch.cat([piece.reshape(-1) for piece in reversed(pair)])

    for shape, axes in (
        ((2, 3), [0]), ((2, 3), [1]), ((2, 3), [-1]), ((2, 3), [0, 1]), ((2, 3, 4), [0, 2]),
        ((2, 3, 4), [-3, 1]), ((4,), [0]),
    ):
        for ddof in (0, 1):
            p = {"axes": axes, "keep_dims": ddof == 1, "ddof": ddof}
            f = lambda x, a=tuple(axes), d=ddof: joined(torch.var_mean(x, a, correction=d))
            yield case("var_mean", f, shape, p=p)
    p = {"axes": [1], "keep_dims": False, "ddof": 1}
    yield case("var_mean", lambda x: joined([x.sum(1), x.sum(1)]), (0, 3), p=p)
    offset = t([1e6, 1e6 + 1, 1e6 + 2, 1e6 + 3])
    f = lambda x: joined(torch.var_mean(x, 0, correction=0))
    yield case("var_mean", f, offset, p={"axes": [0], "keep_dims": False, "ddof": 0})
    for shape in ((3, 4), (2, 5), (1, 3), (4,), (3, 2), (0, 3)):
        for ddof in (0, 1):
            def f(x, d=ddof):
                rows = x if x.dim() == 2 else x.unsqueeze(0)
                rows = rows - rows.mean(1, keepdim=True)
                y = rows @ rows.T / (x.shape[-1] - d)
                return y if x.dim() == 2 else y.reshape(())
            yield case("covariance", f, shape, p={"ddof": ddof})
        if 0 not in shape and shape[0] != 1:  # PyTorch's of one row is a scalar
            g = lambda x, d=1: torch.cov(x, correction=d)
            yield case("covariance", g, shape, p={"ddof": 1}, order=1)
    # torch.corrcoef clips at +-1, which hides the gradient of the diagonal: of exact ones 0.
    for shape in ((3, 4), (2, 5), (4, 6), (2, 3)):
        def f(x):
            rows = x - x.mean(1, keepdim=True)
            return F.normalize(rows, 2.0, 1) @ F.normalize(rows, 2.0, 1).T
        yield case("corrcoef", f, shape)
        yield case("corrcoef", torch.corrcoef, shape, order=0)
    yield case("corrcoef", lambda x: x.sum() * 0 + 1, (4,), order=0)
    yield case("corrcoef", torch.corrcoef, t([[1.0, 1.0, 1.0], [1.0, 2.0, 3.0]]), order=0)


def reduced(losses, reduction):
    return {"none": losses, "mean": losses.mean(), "sum": losses.sum()}[reduction]


REDUCTIONS = ("none", "mean", "sum")


def margins():
    signs = t([[1.0, -1.0, 1.0], [-1.0, -1.0, 1.0]])
    one = {"wants": [True, False]}
    for r in REDUCTIONS:
        f = lambda x, y, r=r: reduced(torch.relu(1 - y * x), r)
        yield case("hinge_loss", f, (2, 3), signs, p={"reduction": r}, **one)
        yield case("hinge_loss", f, (4,), t([1.0, 1.0, -1.0, -1.0]), p={"reduction": r}, **one)
        yield case("hinge_loss", f, (3,), (3,), p={"reduction": r})
        if r != "mean":
            yield case("hinge_loss", f, (0, 3), (0, 3), p={"reduction": r})
    f = lambda x, y: torch.relu(1 - y * x)
    met = t([1.0, -1.0, 1000.0, -1000.0]), t([1.0, -1.0, 1.0, 1.0])  # 0 at the margin itself
    yield case("hinge_loss", f, *met, p={"reduction": "none"}, order=1)
    for labels, shape in (([2, 0, 1, 2], (4, 3)), ([0], (1, 2)), ([0, 0], (2, 1))):
        for power in (1, 2):
            for margin in (1.0, 0.25):
                r = REDUCTIONS[len(labels) % 3]
                p = {"labels": labels, "p": power, "margin": margin, "reduction": r}
                k = {"p": power, "margin": margin, "reduction": r}

                def f(x, index=torch.tensor(labels), q=power, m=margin, r=r):
                    gaps = torch.relu(m - x.gather(1, index[:, None]) + x)
                    others = gaps * (1 - F.one_hot(index, x.shape[1]).double())
                    return reduced((others**q).sum(1) / x.shape[1], r)

                yield case("multi_margin_loss", f, shape, p=p)
                g = lambda x, index=torch.tensor(labels), k=k: F.multi_margin_loss(x, index, **k)
                yield case("multi_margin_loss", g, shape, p=p, order=1)
    p = {"labels": [], "p": 1, "margin": 1.0, "reduction": "sum"}
    yield case("multi_margin_loss", lambda x: x.sum() * 0, (0, 3), p=p)


def pairs():
    for r in REDUCTIONS:
        for power in (1.0, 2.0, 3.0):
            def f(a, b, c, q=power, r=r):
                near = torch.linalg.vector_norm(a - b, q, -1)
                far = torch.linalg.vector_norm(a - c, q, -1)
                return reduced(torch.relu(near - far + 1.0), r)
            p = {"margin": 1.0, "p": power, "reduction": r}
            yield case("triplet_margin_loss", f, (4, 3), (4, 3), (4, 3), p=p)
            yield case("triplet_margin_loss", f, (4, 3), (3,), (1, 3), p=p)
        target = t([1.0, -1.0, -1.0, 1.0])
        wants = {"wants": [True, True, False]}
        for margin in (0.0, -1.0, 0.5):
            p = {"margin": margin, "reduction": r}
            f = lambda a, b, y, m=margin, r=r: F.cosine_embedding_loss(a, b, y, m, reduction=r)
            yield case("cosine_embedding_loss", f, (4, 3), (4, 3), target, p=p, **wants)
    same = t([[1.0, 2.0]])
    f = lambda a, b, c: F.triplet_margin_loss(a, b, c, eps=0.0, reduction="sum")
    p = {"margin": 1.0, "p": 2.0, "reduction": "sum"}
    yield case("triplet_margin_loss", f, same, same, t([[1.5, 2.0]]), p=p, order=1)
    p = {"margin": 0.0, "reduction": "none"}
    f = lambda a, b, y: F.cosine_embedding_loss(a, b, y, reduction="none")
    yield case("cosine_embedding_loss", f, (3,), (3,), t(-1.0), p=p, wants=[True, True, False])


def likelihoods():
    for r in REDUCTIONS:
        p = {"reduction": r}
        kl = lambda x, y, r=r: reduced(F.kl_div(x, y, reduction="none"), r)
        yield case("kl_div", kl, (2, 3), ((2, 3), 0.25, 1.0), p=p)
        yield case("kl_div", kl, (2, 3), t([[0.0, 1.0, 0.5], [0.0, 0.0, 1.0]]), p=p, wants=[True, False])
        yield case("kl_div", kl, (), ((), 0.25, 1.0), p=p)
        poisson = lambda x, y, r=r: F.poisson_nll_loss(x, y, reduction=r)
        yield case("poisson_nll_loss", poisson, (2, 3), ((2, 3), 0.0, 5.0), p=p)
        yield case("poisson_nll_loss", poisson, (4,), t([0.0, 1.0, 2.0, 7.0]), p=p, wants=[True, False])
        yield case("poisson_nll_loss", poisson, (), ((), 0.0, 5.0), p=p)
        for variance in ((2, 3), (2, 1), (3,), ()):
            f = lambda x, y, v, r=r: reduced(0.5 * (torch.log(v) + (x - y) ** 2 / v), r)
            yield case("gaussian_nll_loss", f, (2, 3), (2, 3), (variance, 0.5, 2.0), p=p)
        f = lambda x, y, v, r=r: F.gaussian_nll_loss(x, y, v, reduction=r)
        yield case("gaussian_nll_loss", f, (2, 3), (2, 3), ((2, 3), 0.5, 2.0), p=p)
        if r != "mean":
            yield case("kl_div", kl, (0, 3), ((0, 3), 0.25, 1.0), p=p)
            yield case("poisson_nll_loss", poisson, (0, 3), ((0, 3), 0.25, 1.0), p=p)
            yield case("gaussian_nll_loss", f, (0, 3), (0, 3), ((0, 3), 0.5, 2.0), p=p)
    zero = t([1.0, 2.0]), t([1.0, 2.5]), t([0.0, 1.0])
    wants = [True, True, False]
    yield case("gaussian_nll_loss", f, *zero, p={"reduction": "sum"}, wants=wants, float_tolerance=1e-4)
    impossible = t([-INF, -1.0]), t([0.0, 1.0])
    value = lambda x, y: t([0.0, 1.0])
    yield case("kl_div", value, *impossible, p={"reduction": "none"}, order=0)
    for alpha, gamma in ((0.25, 2.0), (0.5, 0.0), (0.75, 1.0), (0.25, 3.0)):
        for r in REDUCTIONS:
            p = {"alpha": alpha, "gamma": gamma, "reduction": r}

            def f(x, y, a=alpha, g=gamma, r=r):
                q = torch.sigmoid(x) * (1 - y) + torch.sigmoid(-x) * y
                entropy = F.binary_cross_entropy_with_logits(x, y, reduction="none")
                return reduced((a * y + (1 - a) * (1 - y)) * q**g * entropy, r)

            yield case("focal_loss", f, (2, 3), ((2, 3), 0.0, 1.0), p=p)
            yield case("focal_loss", f, (3,), t([1.0, 0.0, 1.0]), p=p, wants=[True, False])
        large = t([1000.0, -1000.0, 1000.0, -1000.0]), t([1.0, 0.0, 0.0, 1.0])
        p = {"alpha": alpha, "gamma": gamma, "reduction": "none"}
        g = lambda x, y, f=f: f(x, y, r="none")
        yield case("focal_loss", g, *large, p=p, wants=[True, False], order=1)


def cross_entropies():
    weights = [0.5, 2.0, 1.0]
    for labels in ([2, 0, 1, 2], [2, -100, 0, -100]):
        for w in ([], weights):
            for smoothing in (0.0, 0.2, 1.0):
                for r in REDUCTIONS:
                    p = {"labels": labels, "weights": w, "smoothing": smoothing, "reduction": r}
                    k = {
                        "weight": t(w) if w else None, "label_smoothing": smoothing, "reduction": r,
                    }
                    f = lambda x, i=torch.tensor(labels), k=k: F.cross_entropy(x, i, **k)
                    yield case("cross_entropy", f, (4, 3), p=p)
    p = {"labels": [1, 1], "weights": [], "smoothing": 0.0, "reduction": "mean", "ignore": 1}
    f = lambda x: F.cross_entropy(x, torch.tensor([1, 1]), ignore_index=1)
    yield case("cross_entropy", f, (2, 3), p=p, order=0)
    soft = t([[0.25, 0.75, 0.0], [1.0, 0.0, 0.0], [0.5, 0.25, 0.25]])
    for w in ([], weights):
        for smoothing in (0.0, 0.2):
            for r in REDUCTIONS:
                p = {"weights": w, "smoothing": smoothing, "reduction": r}
                k = {"weight": t(w) if w else None, "label_smoothing": smoothing, "reduction": r}
                f = lambda x, y, k=k: F.cross_entropy(x, y, **k)
                yield case("cross_entropy", f, (3, 3), soft, p=p)
    p = {"weights": [], "smoothing": 0.0, "reduction": "none"}
    impossible = t([[-INF, 0.0, 0.0]]), t([[0.0, 0.5, 0.5]])
    yield case("cross_entropy", lambda x, y: torch.log(t([2.0])), *impossible, p=p, order=0)


def all_cases():
    for family in (norms, directions, distances, moments, margins, pairs, likelihoods, cross_entropies):
        yield from family()
