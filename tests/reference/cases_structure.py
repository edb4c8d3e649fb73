"""Cases of the ops along an axis: scans, orders, arrangements, picks."""

import torch

from cases import INF, NAN, case, t

ALONG = [((3, 4), 1), ((3, 4), 0), ((3, 4), -1), ((2, 3, 2), 1), ((2, 3, 2), -3), ((5,), 0)]
EMPTY = [((0, 3), 1), ((0, 3), 0), ((3, 0), -1)]
SPECIAL = [[1.0, NAN, 3.0, 0.5], [-INF, INF, 0.0, NAN], [2.0, 2.0, -1.0, 2.0], [INF, INF, -INF, 0.0]]


def joined(pieces):
    return torch.cat([piece.reshape(-1) for piece in reversed(pieces)])


def scans():
    for shape, axis in ALONG + EMPTY + [((2, 70), 1), ((3, 2, 37), 1)]:
        for reverse in (False, True):
            p = {"axis": axis, "reverse": reverse}
            yield case("cumsum", lambda x, a=axis, r=reverse: cumsum(x, a, r), shape, p=p)
            if max(shape) < 70:
                f = lambda a, b, at=axis, r=reverse: recurrence(a, b, at, r)
                yield case("linear_recurrence", f, shape, shape, p=p)
    yield case("cumsum", lambda x: x.cumsum(1), t(SPECIAL), p={"axis": 1, "reverse": False}, order=0)
    unused = t([NAN, 0.0, 2.0]), t([1.0, 2.0, 3.0])  # the first coefficient has no say
    p = {"axis": 0, "reverse": False}
    yield case("linear_recurrence", lambda a, b: recurrence(a, b, 0, False), *unused, p=p)
    for name, f in {
        "cumprod": torch.cumprod, "logcumsumexp": torch.logcumsumexp,
        "cummax": lambda x, a: torch.cummax(x, a).values,
        "cummin": lambda x, a: torch.cummin(x, a).values,
    }.items():
        for shape, axis in ALONG + EMPTY[:1] + EMPTY[2:]:
            yield case(name, lambda x, f=f, a=axis: f(x, a), shape, p={"axis": axis})
        yield case(name, lambda x, f=f: f(x, 1), t(SPECIAL[:3]), p={"axis": 1}, order=0)
    first = {"axis": 0}
    for x in ([2.0, 0.0, 3.0], [0.0, 1.0, 0.0, 2.0], [0.0, 0.0, 0.0]):
        yield case("cumprod", product_of_each, t(x), p=first)
    # The product of the middle two is out of float's range, those of the beginnings are not.
    yield case("cumprod", product_of_each, t([1e-20, 1e20, 1e20, 1e-20]), p=first, order=0)
    ties = t([[1.0, 1.0, 0.0, 1.0], [2.0, -1.0, 2.0, -1.0]])
    for name, f in (("cummax", torch.cummax), ("cummin", torch.cummin)):
        yield case(name, lambda x, f=f: f(x, 1).values, ties, p={"axis": 1})
    lse = lambda x: torch.logcumsumexp(x, 0)
    for x in ([0.0, 1000.0, -1000.0, 1000.0], [-1e4, 1e4, 0.0], [1e4, -1e4, 1e4], [-1e4, -1e4]):
        # Gradients are made of e^(x - y), y rounded: at 1e4 to 1e-3 in float.
        yield case("logcumsumexp", lse, t(x), p=first, float_tolerance=1e-3)
    yield case("logcumsumexp", lse, t([-INF, -INF, 1.0, -INF, 2.0]), p=first, order=0)
    yield case("logcumsumexp", lse, t([-INF, -INF]), p=first, order=0)
    # PyTorch's gradient is NaN where all are -infinity, ours 0.
    each = lambda x: torch.stack([logsumexp_of_finite(x[: i + 1]) for i in range(len(x))])
    for x in ([-INF, -INF, 1.0, -INF, 2.0], [1.0, -INF], [-INF, -INF]):
        yield case("logcumsumexp", each, t(x), p=first, order=1)


def logsumexp_of_finite(x):
    finite = x[x > -INF]
    return torch.logsumexp(finite, 0) if len(finite) else finite.sum() - INF


def cumsum(x, axis, reverse):
    return x.flip(axis).cumsum(axis).flip(axis) if reverse else x.cumsum(axis)


def recurrence(a, b, axis, reverse):
    order = range(a.shape[axis])
    last, found = None, {}
    for i in reversed(order) if reverse else order:
        ai, bi = a.select(axis, i), b.select(axis, i)
        last = bi if last is None else ai * last + bi
        found[i] = last
    return torch.stack([found[i] for i in order], axis) if found else a * b


def product_of_each(x):
    return torch.stack([torch.prod(x[: i + 1]) for i in range(len(x))])


def differences():
    for shape, axis in ALONG + EMPTY:
        for n in (0, 1, 2):
            p = {"axis": axis, "n": n}
            if shape[axis] > 0:
                yield case("diff", lambda x, a=axis, n=n: torch.diff(x, n, a), shape, p=p)
    for n, length in ((1, 1), (3, 3), (5, 3), (1, 0)):
        p = {"axis": 0, "n": n}
        yield case("diff", lambda x: x[:0] * 1, (length, 2), p=p)
    for shape, axis in ALONG + [((1, 3), 0), ((2, 0), 0)]:
        for spacing in (1.0, 0.25):
            f = lambda y, a=axis, s=spacing: torch.trapezoid(y, dx=s, dim=a)
            yield case("trapezoid", f, shape, p={"axis": axis, "spacing": spacing})
        f = lambda y, x, a=axis: torch.trapezoid(y, x, dim=a)
        yield case("trapezoid", f, shape, shape, p={"axis": axis})
    for shape, axis in (((3, 4), 1), ((3, 4), -2), ((2, 3, 2), 1)):
        line = [1] * len(shape)
        line[axis] = shape[axis]
        f = lambda y, x, a=axis, to=tuple(line): torch.trapezoid(y, x.reshape(to).expand_as(y), dim=a)
        yield case("trapezoid", f, shape, (shape[axis],), p={"axis": axis})
    yield case("trapezoid", lambda y: y.sum(0) * 0, (0, 3), p={"axis": 0, "spacing": 1.0})


def orders():
    ties = t([[1.0, 2.0, 1.0, 2.0], [0.0, -0.0, 0.0, -1.0], [3.0, 3.0, 3.0, 3.0]])
    values = ALONG + EMPTY
    for descending in (False, True):
        more = {"stable": True, "descending": descending}
        for shape, axis in values:
            p = {"axis": axis, "descending": descending}
            f = lambda x, a=axis, m=more: torch.sort(x, dim=a, **m)
            yield case("sort", lambda x, f=f: f(x).values, shape, p=p)
            yield case("argsort", lambda x, f=f: f(x).indices.double(), shape, p=p, order=0)
        p = {"axis": 1, "descending": descending}
        f = lambda x, m=more: torch.sort(x, dim=1, **m)
        yield case("sort", lambda x, f=f: f(x).values, ties, p=p)
        for x in (ties, t(SPECIAL)):
            yield case("sort", lambda x, f=f: f(x).values, x, p=p, order=0)
            yield case("argsort", lambda x, f=f: f(x).indices.double(), x, p=p, order=0)
    for shape, axis in ALONG:
        f = lambda x, a=axis: torch.argmin(x, a).double()
        yield case("argmin", f, shape, p={"axis": axis}, order=0)
    first_least = t([0.0, 3.0, 0.0])
    yield case("argmin", lambda x: first_least, ties, p={"axis": 1}, order=0)
    nan = t([[NAN, 1.0, NAN], [1.0, 2.0, NAN], [-INF, NAN, INF]])
    yield case("argmin", lambda x: t([0.0, 2.0, 1.0]), nan, p={"axis": 1}, order=0)
    for shape, axis in ALONG:
        for largest in (True, False):
            for k in (0, 1, 2):
                p = {"axis": axis, "k": k, "largest": largest}
                f = lambda x, k=k, a=axis, l=largest: torch.topk(x, min(k, x.shape[a]), a, l).values
                yield case("topk", f, shape, p=p)
    for largest in (True, False):
        p = {"axis": 1, "k": 3, "largest": largest}
        f = lambda x, l=largest: torch.sort(x, dim=1, stable=True, descending=l).values[:, :3]
        yield case("topk", f, ties, p=p)
        yield case("topk", f, t(SPECIAL), p=p, order=0)
    yield from quantiles(ties)


def quantiles(ties):
    for shape, axis in ALONG + EMPTY[:1]:
        for q in (0.0, 0.3, 0.5, 1.0):
            for keep in (False, True):
                p = {"q": q, "axis": axis, "keep_dims": keep}
                f = lambda x, q=q, a=axis, k=keep: torch.quantile(x, q, a, k)
                if 0 in shape:
                    f = lambda x, a=axis, k=keep: x.sum(a, keepdim=k)
                yield case("quantile", f, shape, p=p)
                if q == 0.5:
                    yield case("median", f, shape, p={"axis": axis, "keep_dims": keep})
    for q in (0.0, 0.3, 0.5, 1.0):
        yield case("quantile", lambda x, q=q: torch.quantile(x, q), (2, 3), p={"q": q})
        yield case("quantile", lambda x, q=q: torch.quantile(x, q), (), p={"q": q})
    last = {"axis": 1, "keep_dims": False}
    f = lambda x: torch.quantile(x, 0.5, 1)
    yield case("median", f, ties, p=last, order=0)
    for shape in ((2, 3), (2, 2), (), (1, 1)):
        yield case("median", lambda x: torch.quantile(x, 0.5), shape, p={})
    nan = t([[1.0, NAN, 3.0, 4.0], [0.0, 2.0, 1.0, 5.0]])
    yield case("median", f, nan, p=last, order=0)
    yield case("quantile", f, nan, p={"q": 0.5, **last}, order=0)
    infinite = t([[INF, 1.0, INF, INF], [-INF, 0.0, 1.0, -INF]])
    yield case("median", lambda x: t([INF, -INF]), infinite, p=last, order=0)


def arrangements():
    for shape, axis in ALONG + EMPTY:
        for shift in (0, 1, -1, 2, -7, 11):
            f = lambda x, s=shift, a=axis: torch.roll(x, s, a)
            yield case("roll", f, shape, p={"shift": shift, "axis": axis})
    for shape, axes in (
        ((3, 4), [0]), ((3, 4), [-1]), ((3, 4), [0, 1]), ((2, 3, 2), [0, -1]), ((2, 3, 2), [1]),
        ((0, 3), [0]), ((0, 3), [1]), ((3, 4), []), ((), []),
    ):
        yield case("flip", lambda x, a=axes: torch.flip(x, a), shape, p={"axes": axes})
    for shape, axis in ALONG + EMPTY[:2]:
        for repeats in (0, 1, 3):
            f = lambda x, r=repeats, a=axis: torch.repeat_interleave(x, r, a)
            yield case("repeat_interleave", f, shape, p={"repeats": repeats, "axis": axis})
        each = torch.arange(shape[axis]) * 2 % 3
        f = lambda x, r=each, a=axis: torch.repeat_interleave(x, r, a)
        yield case("repeat_interleave", f, shape, p={"repeats": each.tolist(), "axis": axis})
    for shape, repeats in (
        ((2, 3), [2, 2]), ((2, 3), [3]), ((3,), [2, 2]), ((), [3]), ((), []), ((2, 3), []),
        ((2, 3), [0, 1]), ((0, 3), [2, 2]), ((2, 1, 3), [1, 4, 2]), ((2,), [3, 1, 2]),
    ):
        yield case("tile", lambda x, r=repeats: torch.tile(x, r), shape, p={"repeats": repeats})
    for shape, to in (
        ((3, 1), [2, 3, 4]), ((), [2, 2]), ((1,), [3]), ((2, 3), [2, 3]), ((1, 3), [0, 3]),
        ((1, 1), [2, 2]), ((2, 1, 2), [2, 3, 2]), ((), []),
    ):
        yield case("expand", lambda x, s=to: x.expand(s), shape, p={"shape": to})
    for a, b in ((0, 1), (0, -1), (-2, -1), (1, 1), (2, 0), (-3, 2)):
        yield case("swapaxes", lambda x, a=a, b=b: x.swapaxes(a, b), (2, 3, 4), p={"a": a, "b": b})
        f = lambda x, a=a, b=b: torch.moveaxis(x, a, b)
        yield case("moveaxis", f, (2, 3, 4), p={"from": a, "to": b})
        yield case("moveaxis", f, (2, 0, 3), p={"from": a, "to": b})
    yield case("swapaxes", lambda x: x.swapaxes(0, 1), (0, 3), p={"a": 0, "b": 1})
    yield case("swapaxes", lambda x: x, (3,), p={"a": 0, "b": -1})
    yield from pieces()


def pieces():
    for shape, extents, axis in (
        ((4, 2), [1, 3], 0), ((2, 5), [2, 2, 1], 1), ((2, 5), [5], -1), ((5,), [0, 5, 0], 0),
        ((2, 3, 2), [1, 1, 1], 1), ((2, 3, 2), [1, 1], -3), ((0, 3), [0, 0], 0), ((0, 3), [2, 1], 1),
    ):
        f = lambda x, e=extents, a=axis: joined(torch.split(x, e, a))
        yield case("split", f, shape, p={"extents": extents, "axis": axis})
    for shape, n, axis in (
        ((4, 2), 2, 0), ((2, 5), 2, 1), ((2, 5), 3, -1), ((5,), 4, 0), ((5,), 7, 0), ((2, 3), 1, 1),
        ((2, 3, 2), 3, -2), ((0, 3), 2, 0), ((0, 3), 2, 1),
    ):
        f = lambda x, n=n, a=axis: joined(torch.chunk(x, n, a))
        yield case("chunk", f, shape, p={"pieces": n, "axis": axis})
    for shapes in (
        [(2,), (3,)], [(3,)], [(2,), (3,), (2,)], [(1,), (4,)], [(4,), (1,)], [(0,), (3,)], [(3,), (0,)],
        [(2,), (2,)],
    ):
        f = lambda *x: joined(torch.meshgrid(*x, indexing="ij"))
        yield case("meshgrid", f, *shapes)
    for shape, axis, size, step in (
        ((5,), 0, 3, 1), ((5,), 0, 2, 2), ((5,), 0, 5, 1), ((2, 6), 1, 3, 2), ((2, 6), -1, 1, 4),
        ((6, 2), 0, 3, 3), ((2, 5, 2), 1, 2, 1), ((2, 5, 2), -2, 4, 7), ((0, 4), 1, 2, 1),
    ):
        f = lambda x, a=axis, n=size, s=step: x.unfold(a, n, s)
        yield case("unfold", f, shape, p={"axis": axis, "size": size, "step": step})


def picks():
    for shape, first, second in (
        ((3, 4), 0, 1), ((3, 4), 1, 0), ((3, 4), -1, -2), ((2, 3, 4), 0, 2), ((2, 3, 4), -1, 1),
        ((0, 3), 0, 1), ((2, 0, 3), 1, 2),
    ):
        for offset in (0, 1, -1, 2, -2):
            p = {"offset": offset, "axis1": first, "axis2": second}
            # PyTorch refuses an offset far outside; numpy, and we, return nothing.
            f = lambda x, o=offset, a=first, b=second: torch.diagonal(x, o, a, b)
            yield case("diagonal", f, shape, p=p)
    p = {"offset": 9, "axis1": 0, "axis2": 1}
    yield case("diagonal", lambda x: x.reshape(-1)[:0], (3, 4), p=p)
    for offset in (0, 1, -2):
        for shape in ((3,), (3, 4), (4, 3), (0,), (1,), (1, 1)):
            if len(shape) == 1 or -shape[0] <= offset <= shape[1]:
                f = lambda x, o=offset: torch.diag(x, o)
                yield case("diag", f, shape, p={"offset": offset})
    for name, f in (("tril", torch.tril), ("triu", torch.triu)):
        for shape in ((3, 3), (3, 4), (4, 2), (2, 3, 3), (0, 3), (1, 1), (2, 0, 2)):
            for offset in (0, 1, -1, 5, -5):
                yield case(name, lambda x, f=f, o=offset: f(x, o), shape, p={"offset": offset})
        yield case(name, f, t([[INF, NAN, 1.0], [NAN, -INF, 2.0]]), p={"offset": 0}, order=0)
    for labels, classes in (
        ([0, 2, 1], 3), ([1], 2), ([], 3), ([0, 0, 0], 1), ([4, 4], 5), ([2], 3), ([1, 0], 2), ([], 0),
    ):
        y = torch.zeros(len(labels), classes, dtype=torch.float64)
        for i, label in enumerate(labels):
            y[i, label] = 1.0
        yield case("one_hot", lambda y=y: y, p={"labels": labels, "classes": classes}, order=0)
    for shape, axis, indices in (
        ((4, 3), 0, [3, 0, 3]), ((3, 4), 1, [1]), ((3, 4), -1, [0, 1, 2, 3, 0]), ((5,), 0, [2, 2]),
        ((2, 3, 2), 1, [2, 0]), ((2, 3, 2), -3, [1, 1, 1]), ((4, 3), 0, []), ((4, 0), 0, [1, 2]),
        ((3, 2), 0, [0, 1, 2]),
    ):
        source = list(shape)
        source[axis] = len(indices)
        index = torch.tensor(indices, dtype=torch.long)
        f = lambda x, s, a=axis, i=index: x.index_add(a, i, s)
        yield case("index_add", f, shape, tuple(source), p={"axis": axis, "indices": indices})
    yield from masks()


def masks():
    wants = [True, False]
    some, none = t([[0.0, 1.0, 0.0], [2.0, 0.0, -1.0]]), torch.zeros(2, 3, dtype=torch.float64)
    for shape, mask in (
        ((2, 3), some), ((2, 3), none), ((2, 3), none + 1), ((2, 3), t([1.0, 0.0, 1.0])),
        ((2, 3), t([[1.0], [0.0]])), ((2, 3), t(1.0)), ((2, 2, 3), some), ((0, 3), t([1.0, 0.0, 1.0])),
        ((), t(1.0)), ((), t(0.0)),
    ):
        for value in (0.0, -1.5):
            f = lambda x, m, v=value: torch.masked_fill(x, m != 0, v)
            yield case("masked_fill", f, shape, mask, wants=wants, p={"value": value})
        f = lambda x, m: torch.masked_select(x, (m != 0).expand_as(x))
        yield case("masked_select", f, shape, mask, wants=wants)
    bad = t([[NAN, 1.0, INF], [1.0, NAN, 2.0]])
    f = lambda x, m: torch.masked_fill(x, m != 0, 0.0)
    yield case("masked_fill", f, bad, t([[1.0, 0.0, 1.0], [0.0, NAN, 0.0]]), wants=wants, p={"value": 0.0})


def all_cases():
    for family in (scans, differences, orders, arrangements, picks):
        yield from family()
