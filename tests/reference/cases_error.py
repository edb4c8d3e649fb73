"""Cases that must be refused: shapes, axes and indices that do not fit, parameters out of range.
Each is refused by PyTorch, too, unless f is None: then it has no such call, or goes on."""

import torch
import torch.nn.functional as F

from cases import INF, NAN, case, t
from cases_recurrent import layer

KEPT = {"keep_dims": False}


def refused(op, f, *inputs, kind="ShapeError", **more):
    return case(op, f, *inputs, error=kind, **more)


def elementwise():
    same = "add sub mul div maximum minimum pow hypot atan2 logaddexp xlogy fmod remainder"
    functions = {name: getattr(torch, name) for name in same.split()}
    functions.update({
        "xlog1py": torch.special.xlog1py, "greater": torch.gt, "greater_equal": torch.ge, "less": torch.lt,
        "less_equal": torch.le, "equal": torch.eq, "not_equal": torch.ne, "heaviside": torch.heaviside,
        "beta": lambda a, b: torch.lgamma(a) - torch.lgamma(b), "polygamma": lambda n, x: n + x,
        "bessel_i": lambda n, x: n + x, "spherical_bessel_j": lambda n, x: n + x,
    })
    for name, f in functions.items():
        for a, b in (((2, 3), (4,)), ((2, 3), (2,)), ((2, 1, 3), (0, 3, 2)), ((2, 1, 2, 1, 2, 1), (3, 1, 1, 3, 1))):
            yield refused(name, f, a, b)
    where = lambda c, a, b: torch.where(c != 0, a, b)
    for name, f in {"where": where, "lerp": torch.lerp}.items():
        yield refused(name, f, (2, 3), (2, 3), (4,))
        yield refused(name, f, (2,), (2, 3), (2, 3))
    yield refused("addcmul", torch.addcmul, (2, 3), (2, 3), (4,), p={"factor": 1.0})
    for x, slope, axis in (((2, 3), (2,), 1), ((2, 3), (3, 1), 1)):
        yield refused("prelu", F.prelu, x, slope, p={"axis": axis})
    yield refused("prelu", None, (2, 3), (3,), p={"axis": 2})
    yield refused("glu", lambda x: F.glu(x, 2), (2, 4), p={"axis": 2})
    yield refused("glu", lambda x: F.glu(x, 1), (2, 3), p={"axis": 1})
    number = {"kind": "invalid_argument"}
    for low, high in ((1.0, 0.0), (NAN, 0.0)):
        # PyTorch takes the upper limit.
        yield refused("clamp", None, (2,), p={"low": low, "high": high} if low == low else {"low": 2, "high": 1}, **number)
    yield refused("hardtanh", lambda x: F.hardtanh(x, 1.0, 0.0), (2,), p={"low": 1.0, "high": 0.0}, **number)
    yield refused("softshrink", lambda x: F.softshrink(x, -1.0), (2,), p={"lambda": -1.0}, **number)
    yield refused("hardshrink", None, (2,), p={"lambda": -1.0}, **number)
    yield refused("celu", lambda x: F.celu(x, 0.0), (2,), p={"alpha": 0.0}, **number)


def reductions():
    many = {"sum": torch.sum, "mean": torch.mean, "max": torch.amax, "min": torch.amin, "logsumexp": torch.logsumexp}
    for name, f in many.items():
        for axes in ([2], [-3], [0, -2]):
            yield refused(name, lambda x, f=f, a=axes: f(x, dim=a), (2, 3), p={"axes": axes, **KEPT})
    for axes in ([2], [-3]):
        p = {"axes": axes, **KEPT}
        yield refused("prod", lambda x, a=axes[0]: torch.prod(x, a), (2, 3), p=p)
        yield refused("norm", lambda x, a=axes: torch.linalg.vector_norm(x, 2, a), (2, 3), p={**p, "p": 2.0})
        for name, f in {"variance": torch.var, "stddev": torch.std, "var_mean": torch.var_mean}.items():
            yield refused(name, lambda x, f=f, a=axes: f(x, dim=a), (2, 3), p={**p, "ddof": 0})
    for name in ("max", "min"):
        yield refused(name, lambda x, f=many[name]: f(x, dim=0), (0, 3), p={"axes": [0], **KEPT})
    for name in ("variance", "stddev", "var_mean"):  # PyTorch warns and goes on with NaN
        p = {"axes": [0], **KEPT, "ddof": 2}
        yield refused(name, None, (2, 3), p=p, kind="invalid_argument")
    f = lambda x: torch.linalg.vector_norm(x, INF, 0)
    yield refused("norm", f, (0, 3), p={"p": "inf", "axes": [0], **KEPT})
    for power in (0.0, -1.5):
        yield refused("norm", None, (2, 3), p={"p": power, "axes": [0], **KEPT}, kind="invalid_argument")
    for axis in (2, -3):
        p = {"axis": axis}
        for name, f in {"softmax": torch.softmax, "log_softmax": torch.log_softmax}.items():
            yield refused(name, lambda x, f=f, a=axis: f(x, a), (2, 3), p=p)
        f = lambda x, a=axis: F.normalize(x, 2.0, a)
        yield refused("normalize", f, (2, 3), p={**p, "p": 2.0, "epsilon": 1e-12})
        yield refused("cosine_similarity", lambda a, b, at=axis: F.cosine_similarity(a, b, at), (2, 3), (2, 3), p=p)
    yield refused("cosine_similarity", lambda a, b: F.cosine_similarity(a, b), (2, 3), (2, 4), p={"axis": 1})
    p = {"p": 2.0, "axis": 1, "epsilon": 0.0}
    yield refused("normalize", None, (2, 3), p=p, kind="invalid_argument")
    yield refused("pairwise_distance", F.pairwise_distance, (2, 3), (2, 4), p={"p": 2.0})
    for a, b in (((2, 3), (4, 2)), ((2, 2, 3), (3, 4, 3)), ((2, 3), (3,))):
        yield refused("cdist", torch.cdist, a, b, p={"p": 2.0})
    yield refused("covariance", torch.cov, (2, 3, 4), p={"ddof": 1})
    yield refused("covariance", None, (2, 3), p={"ddof": 3}, kind="invalid_argument")
    yield refused("corrcoef", torch.corrcoef, (2, 3, 4))


def shapes():
    for shape, to in (((2, 3), (4,)), ((2, 3), ()), ((0, 3), (1,))):
        yield refused("reshape", lambda x, s=to: x.reshape(s), shape, p={"shape": list(to)})
    yield refused("flatten", lambda x: x.flatten(1, 0), (2, 3), p={"first": 1, "last": 0})
    yield refused("flatten", lambda x: x.flatten(0, 2), (2, 3), p={"first": 0, "last": 2})
    for order in ([0], [0, 0], [0, 2]):
        yield refused("permute", lambda x, o=order: x.permute(o), (2, 3), p={"order": order})
    for a, b in ((0, 2), (-3, 0)):
        for op in ("transpose", "swapaxes"):
            yield refused(op, lambda x, a=a, b=b: x.transpose(a, b), (2, 3), p={"a": a, "b": b})
        yield refused("moveaxis", lambda x, a=a, b=b: x.moveaxis(a, b), (2, 3), p={"from": a, "to": b})
    yield refused("squeeze", lambda x: x.squeeze(2), (2, 1), p={"axes": [2]})
    yield refused("squeeze", None, (2, 1), p={"axes": [0]})
    for axis in (3, -4):
        yield refused("unsqueeze", lambda x, a=axis: x.unsqueeze(a), (2, 3), p={"axis": axis})
        f = lambda *x, a=axis: torch.stack(x, a)
        yield refused("stack", f, (2, 3), (2, 3), p={"axis": axis})
        f = lambda *x, a=axis: torch.cat(x, a)
        yield refused("concatenate", f, (2, 3), (2, 3), p={"axis": axis})
    for shape, to in (((2, 3), (2, 4)), ((2, 3), (3,)), ((3,), (3, 2)), ((2,), (0,))):
        for op in ("broadcast_to", "expand"):
            f = lambda x, s=to: x.broadcast_to(s)
            yield refused(op, f, shape, p={"shape": list(to)}, by="broadcast_to")
    for shape, to in (((2, 3), (2,)), ((3,), (2, 3))):
        yield refused("sum_to", lambda x, s=to: x.sum_to_size(s), shape, p={"shape": list(to)})
    for axis, begin, end, step in ((2, 0, 1, 1), (1, 2, 1, 1), (1, 0, 4, 1), (1, 0, 3, 0)):
        yield refused("slice", None, (2, 3), p={"axis": axis, "begin": begin, "end": end, "step": step})
    yield refused("pad", lambda x: F.pad(x, [1] * 6), (2, 3), p={"widths": [[1, 1]] * 3, "value": 0.0})
    yield refused("concatenate", lambda *x: torch.cat(x, 0), (2, 3), (3, 2), p={"axis": 0})
    yield refused("stack", lambda *x: torch.stack(x, 0), (2, 3), (3, 2), p={"axis": 0})
    yield refused("flip", lambda x: x.flip(2), (2, 3), p={"axes": [2]})
    yield refused("flip", lambda x: x.flip(0, -2), (2, 3), p={"axes": [0, -2]})
    yield refused("roll", lambda x: torch.roll(x, 1, 2), (2, 3), p={"shift": 1, "axis": 2})
    f = lambda x: torch.repeat_interleave(x, torch.tensor([1, 2]), 1)
    yield refused("repeat_interleave", f, (2, 3), p={"repeats": [1, 2], "axis": 1})
    f = lambda x: torch.repeat_interleave(x, torch.tensor([1, -2]), 0)
    yield refused("repeat_interleave", f, (2, 3), p={"repeats": [1, -2], "axis": 0}, kind="IndexError")
    yield refused("split", lambda x: x.split([1, 1], 1), (2, 3), p={"extents": [1, 1], "axis": 1})
    yield refused("split", lambda x: x.split([1, 1], 2), (2, 3), p={"extents": [1, 1], "axis": 2})
    yield refused("chunk", lambda x: x.chunk(2, 2), (2, 3), p={"pieces": 2, "axis": 2})
    yield refused("chunk", lambda x: x.chunk(0, 1), (2, 3), p={"pieces": 0, "axis": 1}, kind="invalid_argument")
    f = lambda *x: torch.meshgrid(*x, indexing="ij")
    yield refused("meshgrid", f, (2,), (2, 3))
    for axis, size, step in ((2, 1, 1), (1, 4, 1), (1, 2, 0)):
        f = lambda x, a=axis, n=size, s=step: x.unfold(a, n, s)
        yield refused("unfold", f, (2, 3), p={"axis": axis, "size": size, "step": step})


def along():
    axis = {"axis": 2}
    for name, f in {
        "cumprod": torch.cumprod, "cummax": torch.cummax, "cummin": torch.cummin, "logcumsumexp": torch.logcumsumexp,
        "argmin": torch.argmin,
    }.items():
        yield refused(name, lambda x, f=f: f(x, 2), (2, 3), p=axis)
    yield refused("argmin", lambda x: torch.argmin(x, 0), (0, 3), p={"axis": 0})
    yield refused("cumsum", lambda x: x.cumsum(2), (2, 3), p={**axis, "reverse": False})
    yield refused("linear_recurrence", None, (2, 3), (2, 3), p={**axis, "reverse": False})
    yield refused("linear_recurrence", None, (2, 3), (3,), p={"axis": 0, "reverse": False})
    yield refused("diff", lambda x: torch.diff(x, 1, 2), (2, 3), p={**axis, "n": 1})
    yield refused("trapezoid", lambda x: torch.trapezoid(x, dim=2), (2, 3), p={**axis, "spacing": 1.0})
    yield refused("trapezoid", lambda y, x: torch.trapezoid(y, x), (2, 3), (2,), p={"axis": 1})
    for name, f in {"sort": torch.sort, "argsort": torch.argsort}.items():
        yield refused(name, lambda x, f=f: f(x, dim=2), (2, 3), p={**axis, "descending": False})
    for at, k in ((2, 1), (1, 4)):
        f = lambda x, a=at, k=k: torch.topk(x, k, a)
        yield refused("topk", f, (2, 3), p={"axis": at, "k": k, "largest": True})
    yield refused("quantile", lambda x: torch.quantile(x, 0.5, 2), (2, 3), p={**axis, **KEPT, "q": 0.5})
    yield refused("quantile", lambda x: torch.quantile(x, 0.5, 0), (0, 3), p={"axis": 0, **KEPT, "q": 0.5})
    for q in (1.5, -0.5):
        f = lambda x, q=q: torch.quantile(x, q, 0)
        yield refused("quantile", f, (2, 3), p={"axis": 0, **KEPT, "q": q}, kind="invalid_argument")
    yield refused("median", lambda x: torch.median(x, 2), (2, 3), p={**axis, **KEPT})
    yield refused("median", lambda x: torch.median(x, 0), (0, 3), p={"axis": 0, **KEPT})


def picks():
    for index in (3, -1):
        p = {"axis": 1, "indices": [0, index]}
        wrong = torch.tensor([0, index])
        f = lambda x, i=wrong: x.index_select(1, i)
        yield refused("gather", f, (2, 3), p=p, kind="IndexError")
        to = torch.zeros(2, 3, dtype=torch.float64)
        f = lambda x, i=wrong: to.index_add(1, i, x)
        yield refused("scatter_add", f, (2, 2), p={**p, "extent": 3}, kind="IndexError")
        f = lambda x, s, i=wrong: x.index_add(1, i, s)
        yield refused("index_add", f, (2, 3), (2, 2), p=p, kind="IndexError")
        rows = torch.tensor([[0, 1], [2, index]])
        p = {"axis": 1, "indices": rows.tolist()}
        yield refused("take_along", lambda x, i=rows: torch.gather(x, 1, i), (2, 3), p=p, kind="IndexError")
        f = lambda x, i=rows: to.scatter_add(1, i, x)
        yield refused("put_along", f, (2, 2), p={**p, "extent": 3}, kind="IndexError")
        f = lambda i=index: F.one_hot(torch.tensor([0, i]), 3)
        yield refused("one_hot", f, p={"labels": [0, index], "classes": 3}, kind="IndexError")
    yield refused("gather", lambda x: x.index_select(2, torch.tensor([0])), (2, 3), p={"axis": 2, "indices": [0]})
    yield refused("scatter_add", None, (2, 3), p={"axis": 0, "indices": [0], "extent": 4})
    f = lambda x, s: x.index_add(0, torch.tensor([0]), s)
    yield refused("index_add", f, (2, 3), (2, 3), p={"axis": 0, "indices": [0]})
    yield refused("take_along", None, (2, 3), p={"axis": 1, "indices": [0, 1]})
    yield refused("put_along", None, (2, 3), p={"axis": 1, "indices": [[0, 1], [2, 3]], "extent": 5})
    for first, second in ((0, 2), (1, -1)):
        f = lambda x, a=first, b=second: x.diagonal(0, a, b)
        yield refused("diagonal", f, (2, 3), p={"offset": 0, "axis1": first, "axis2": second})
    for shape in ((2, 3, 4), ()):
        yield refused("diag", torch.diag, shape, p={"offset": 0})
    for name, f in {"tril": torch.tril, "triu": torch.triu}.items():
        yield refused(name, f, (3,), p={"offset": 0})
    for mask in ((2, 2, 3), (2,)):
        f = lambda x, m: torch.masked_fill(x, m != 0, 0.0)
        yield refused("masked_fill", None if len(mask) > 2 else f, (2, 3), mask, p={"value": 0.0})
    yield refused("masked_select", lambda x, m: torch.masked_select(x, m != 0), (2, 3), (2,))


def products():
    for a, b in (((3, 4), (5, 2)), ((2, 3, 4), (2, 5, 2)), ((), (2,)), ((2, 3, 4), (3, 4, 2)), ((3,), (4,))):
        yield refused("matmul", torch.matmul, a, b)
    for a, b in (((2, 2), (2,)), ((3,), (2,))):
        yield refused("dot", torch.dot, a, b)
    yield refused("outer", torch.outer, (2,), ())
    yield refused("linear", F.linear, (2, 3), (4, 5))
    yield refused("linear", F.linear, (2, 3), (4, 3), (3,))
    for spec, *shapes in (("ij,jkl", (2, 3), (3, 4)), ("ij,kj", (2, 3), (3, 4)), ("ii,jk", (2, 3), (3, 4))):
        yield refused("einsum", lambda *x, s=spec: torch.einsum(s, *x), *shapes, p={"spec": spec})
    for spec in ("i1,jk", "ij,jk->i->k", "ij,jk->il", "ij,jk->ii", "ij"):
        f = lambda *x, s=spec: torch.einsum(s, *x)
        yield refused("einsum", f, (2, 3), (3, 4), p={"spec": spec}, kind="invalid_argument")
    for in_a, in_b in (([0, 1], [0]), ([0], [1]), ([2], [0]), ([0, 0], [0, 1])):
        f = lambda a, b, m=in_a, n=in_b: torch.tensordot(a, b, (m, n))
        yield refused("tensordot", f, (2, 3), (2, 3), p={"axes_a": in_a, "axes_b": in_b})
    yield refused("bmm", torch.bmm, (2, 2, 3), (2, 2, 3))
    yield refused("bmm", torch.bmm, (2, 3), (3, 2))
    p = {"beta": 1.0, "alpha": 1.0}
    yield refused("baddbmm", torch.baddbmm, (3, 2, 2), (2, 2, 3), (2, 3, 2), p=p)
    yield refused("trace", torch.trace, (3,))


def matrices():
    plain = {"plain": True}
    square = {
        "inverse": torch.linalg.inv, "det": torch.linalg.det, "slogdet": torch.linalg.slogdet,
        "cholesky": torch.linalg.cholesky, "eigh": torch.linalg.eigh, "matrix_exp": torch.matrix_exp,
        "matrix_power": lambda x: torch.linalg.matrix_power(x, 2),
    }
    more = {"eigh": {"part": "values"}, "matrix_power": {"n": 2}}
    for name, f in square.items():
        for shape in ((2, 3), (3,)):
            yield refused(name, f, shape, p={**plain, **more.get(name, {})})
    for name, f in {"qr": torch.linalg.qr, "svd": torch.linalg.svd, "pinv": torch.linalg.pinv}.items():
        yield refused(name, f, (3,), p={**plain, "part": "q"})
    singular = t([[1.0, 2.0], [2.0, 4.0]])
    domain = {"kind": "domain_error"}
    yield refused("inverse", torch.linalg.inv, singular, p=plain, **domain)
    yield refused("cholesky", torch.linalg.cholesky, t([[1.0, 2.0], [2.0, 1.0]]), p=plain, **domain)
    yield refused("solve", torch.linalg.solve, singular, (2, 1), p=plain, **domain)
    for name, f in {
        "solve": torch.linalg.solve, "cholesky_solve": lambda a, b: torch.cholesky_solve(b, a),
        "triangular_solve": lambda a, b: torch.linalg.solve_triangular(a, b, upper=False),
    }.items():
        for a, b in (((3, 3), (2, 3)), ((2, 3), (2, 1)), ((2, 3, 3), (4, 3, 1))):
            yield refused(name, f, a, b, p={**plain, "upper": False})
    # The least-squares driver that PyTorch picks does not batch.
    yield refused("lstsq", torch.linalg.lstsq, (3, 2), (4, 1), p=plain)
    yield refused("lstsq", None, (2, 3), (3,), p=plain)


def losses():
    pairs = {
        "mse_loss": F.mse_loss, "l1_loss": F.l1_loss, "huber_loss": F.huber_loss,
        "binary_cross_entropy_with_logits": F.binary_cross_entropy_with_logits,
        "kl_div": F.kl_div, "poisson_nll_loss": F.poisson_nll_loss, "hinge_loss": lambda x, y: x * y,
        "focal_loss": F.binary_cross_entropy_with_logits,
    }
    more = {"focal_loss": {"alpha": 0.25, "gamma": 2.0}}
    for name, f in pairs.items():
        p = {"reduction": "mean", **more.get(name, {})}
        yield refused(name, f, (2, 3), (2, 4), p=p)
        yield refused(name, None, (2, 3), (3,), p=p)  # PyTorch broadcasts, and warns
        yield refused(name, None, (0, 3), (0, 3), p=p)  # the mean of nothing: NaN in PyTorch
    p = {"reduction": "mean"}
    q = {"margin": 1.0, **p}
    yield refused("hinge_embedding_loss", F.hinge_embedding_loss, (2, 3), (2, 4), p=q)
    for label in (3, -1):
        labels = torch.tensor([0, label])
        for name, f, q in (
            ("nll_loss", F.nll_loss, {}), ("cross_entropy", F.cross_entropy, {}),
            ("multi_margin_loss", F.multi_margin_loss, {"p": 1, "margin": 1.0}),
        ):
            g = lambda x, f=f, i=labels: f(x, i)
            yield refused(name, g, (2, 3), p={**p, **q, "labels": labels.tolist()}, kind="IndexError")
    one = torch.tensor([0])
    for name, f, q in (
        ("nll_loss", F.nll_loss, {}), ("cross_entropy", F.cross_entropy, {}),
        ("multi_margin_loss", F.multi_margin_loss, {"p": 1, "margin": 1.0}),
    ):
        yield refused(name, lambda x, f=f: f(x, one), (2, 3), p={**p, **q, "labels": [0]})
    p = {"labels": [0, 1], "p": 3, "margin": 1.0, "reduction": "mean"}
    f = lambda x: F.multi_margin_loss(x, torch.tensor([0, 1]), p=3)
    yield refused("multi_margin_loss", f, (2, 3), p=p, kind="invalid_argument")
    p = {"margin": 1.0, "p": 2.0, "reduction": "mean"}
    yield refused("triplet_margin_loss", F.triplet_margin_loss, (4, 3), (4, 2), (4, 3), p=p)
    yield refused("cosine_embedding_loss", F.cosine_embedding_loss, (4, 3), (4, 2), (4,), p=p)
    yield refused("cosine_embedding_loss", F.cosine_embedding_loss, (4, 3), (4, 3), (3,), p=p)
    p = {"reduction": "mean"}
    yield refused("gaussian_nll_loss", F.gaussian_nll_loss, (2, 3), (2, 3), ((4,), 0.5, 1.0), p=p)
    f = F.gaussian_nll_loss
    yield refused("gaussian_nll_loss", f, (2,), (2,), t([1.0, -1.0]), p=p, kind="invalid_argument")


def windows():
    for name, f, shape, weight in (
        ("conv1d", F.conv1d, (1, 2, 5), (3, 3, 2)), ("conv2d", F.conv2d, (1, 2, 5, 5), (3, 3, 2, 2)),
        ("conv_transpose1d", F.conv_transpose1d, (1, 2, 5), (3, 2, 2)),
        ("conv_transpose2d", F.conv_transpose2d, (1, 2, 5, 5), (3, 2, 2, 2)),
    ):
        yield refused(name, f, shape, weight)
    yield refused("conv1d_weight_grad", None, (1, 2, 5), (1, 3, 9), p={"kernel": [2]})
    yield refused("conv2d_weight_grad", None, (1, 2, 5, 5), (1, 3, 9, 9), p={"kernel": [2, 2]})
    for name, f in {"max_pool1d": F.max_pool1d, "avg_pool1d": F.avg_pool1d}.items():
        yield refused(name, lambda x, f=f: f(x, 4), (1, 2, 3), p={"kernel": 4})
    for name, f in {"max_pool2d": F.max_pool2d, "avg_pool2d": F.avg_pool2d}.items():
        yield refused(name, lambda x, f=f: f(x, (2, 4)), (1, 1, 3, 3), p={"kernel": [2, 4]})
    for name, f in {"adaptive_avg_pool1d": F.adaptive_avg_pool1d, "adaptive_max_pool1d": F.adaptive_max_pool1d}.items():
        yield refused(name, lambda x, f=f: f(x, 2), (), p={"size": 2})
    for name, f in {"adaptive_avg_pool2d": F.adaptive_avg_pool2d, "adaptive_max_pool2d": F.adaptive_max_pool2d}.items():
        yield refused(name, lambda x, f=f: f(x, (2, 2)), (3,), p={"size": [2, 2]})
    p = {"mode": "bilinear", "align_corners": False, "size": [2, 2]}
    yield refused("interpolate", lambda x: F.interpolate(x, (2, 2), mode="bilinear"), (3,), p=p)
    for index in (3, -4):
        p = {"shape": [2], "indices": [0, index]}
        f = lambda w, i=index: F.embedding(torch.tensor([0, i]), w)
        yield refused("embedding", f, (3, 2), p=p, kind="IndexError")


def normalizations():
    p = {"given": "", "epsilon": 1e-5}
    for name, f in {"layer_norm": F.layer_norm, "rms_norm": F.rms_norm}.items():
        yield refused(name, lambda x, f=f: f(x, (4,)), (2, 3), p={**p, "shape": [4]})
    number = {"kind": "invalid_argument"}
    yield refused("group_norm", lambda x: F.group_norm(x, 4), (2, 6, 2), p={**p, "groups": 4}, **number)
    yield refused("instance_norm", F.instance_norm, (2, 3, 1), p=p, **number)
    yield refused("batch_norm", lambda x: F.batch_norm(x, None, None, training=True), (1, 3), p=p, **number)
    f = lambda x, mean, variance: F.batch_norm(x, mean.detach(), variance.detach())
    yield refused("batch_norm_eval", f, (2, 3), (4,), ((4,), 0.5, 1.0), p=p)
    yield refused("update_running", None, (2, 3), (3,), (3,), p={"momentum": 2.0}, **number)


def recurrent():
    p = {"reverse": False}
    for op, gates in (("lstm", 4), ("gru", 3)):
        c = [(2, 3)] if op == "lstm" else []
        good = [(4, 2, 5), (2, 3), *c, (gates * 3, 5), (gates * 3, 3)]
        first = len(c) + 2  # the weights
        for place, shape in ((0, (4, 2)), (0, (0, 2, 5)), (1, (3, 3)), (first, (gates * 3, 4)), (first + 1, (9, 9))):
            inputs = [shape if i == place else kept for i, kept in enumerate(good)]
            yield refused(op, layer(op, False, ""), *inputs, p=p)
        yield refused(op, layer(op, False, "both"), *good, (gates * 3,), (gates * 3 + 1,), p=p)


def all_cases():
    families = (
        elementwise, reductions, shapes, along, picks, products, matrices, losses, windows, normalizations,
        recurrent)
    for family in families:
        yield from family()
