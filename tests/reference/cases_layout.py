"""Further cases of the ops that move, cut, join, pick and multiply: rank 0, 5 and 6, negative axes,
length-1 and empty axes. What moves elements meets the same arrays in each."""

import torch
import torch.nn.functional as F

from cases import INF, NAN, case, t
from cases_linalg import definite, near, regular
from cases_structure import joined

FIVE, SIX = (2, 1, 3, 1, 2), (1, 2, 1, 3, 1, 2)
EVERYTHING = t([[0.0, -0.0, INF], [-INF, NAN, 2.0**-140]])  # moved unchanged


def moved(op, f, p):
    """One more case: values that must arrive as they are."""
    return case(op, f, EVERYTHING.clone(), p=p, order=0, signs=True)


def reshapes():
    for shape, to in (
        ((6,), (2, 3)), ((2, 3), (6,)), (FIVE, (12,)), (SIX, (3, 4)), ((12,), SIX), ((), (1, 1, 1)),
        ((1,), ()), ((0, 4), (2, 0, 7)), ((3, 4), (3, 4)),
    ):
        yield case("reshape", lambda x, s=to: x.reshape(s), shape, p={"shape": list(to)})
    yield moved("reshape", lambda x: x.reshape(3, 2), {"shape": [3, 2]})
    for shape, first, last in (
        ((2, 3), 0, -1), ((2, 3), 0, 0), ((2, 3), -1, -1), (FIVE, 1, 3), (FIVE, -5, -4), (SIX, 0, -1),
        (SIX, -2, 5), ((2, 0, 3), 0, 1), ((1, 1, 1), 0, 2),
    ):
        f = lambda x, a=first, b=last: x.flatten(a, b)
        yield case("flatten", f, shape, p={"first": first, "last": last})
    yield moved("flatten", lambda x: x.flatten(), {"first": 0, "last": -1})
    for shape, axes in (
        ((1,), [0]), ((1, 1), [0, 1]), ((1, 1), [-1]), ((2, 1), [1]), ((1, 3), [-2]), (FIVE, [1, 3]),
        (SIX, [-2, 0]), ((1, 0), [0]), ((2, 3), []), ((), []),
    ):
        def f(x, a=tuple(axis % max(len(shape), 1) for axis in axes)):
            return x.reshape([n for i, n in enumerate(x.shape) if i not in a])
        yield case("squeeze", f, shape, p={"axes": axes})
    for shape, axis in (
        ((), 0), ((), -1), ((3,), 1), ((3,), -2), (FIVE, 5), (FIVE, -6), (FIVE, 2), ((0, 3), 1), ((1, 1), 0),
    ):
        yield case("unsqueeze", lambda x, a=axis: x.unsqueeze(a), shape, p={"axis": axis})


def broadcasts():
    for shape, to in (
        ((1,), (4,)), ((), ()), ((2, 3), (2, 3)), (FIVE, (2, 4, 3, 2, 2)), (SIX, (2, 2, 2, 3, 2, 2)),
        ((), SIX), ((1, 0), (3, 0)), ((3, 1), (3, 0)), ((1, 1, 1), (1, 1, 1, 1)), ((1, 1), (40, 30)),
    ):
        for op in ("broadcast_to", "expand"):
            yield case(op, lambda x, s=to: x.broadcast_to(s), shape, p={"shape": list(to)})
        yield case("sum_to", lambda x, s=shape: x.sum_to_size(s), to, p={"shape": list(shape)})
    f = lambda x: x.broadcast_to(2, 2, 3)
    for op in ("broadcast_to", "expand"):
        yield moved(op, f, {"shape": [2, 2, 3]})
    f = lambda x: x.sum_to_size((1, 3))
    yield case("sum_to", f, EVERYTHING.clone(), p={"shape": [1, 3]}, order=0)


def axes():
    for shape, order in (
        ((3,), [0]), ((2, 3), [0, 1]), ((2, 3), [-1, -2]), (FIVE, [4, 3, 2, 1, 0]), (FIVE, [-3, 0, 4, -4, 3]),
        (SIX, [1, 3, 5, 0, 2, 4]), ((2, 0, 3), [2, 0, 1]), ((), []), ((1, 1, 1), [2, 1, 0]),
    ):
        yield case("permute", lambda x, o=order: x.permute(o), shape, p={"order": order})
    yield moved("permute", lambda x: x.T, {"order": [1, 0]})
    for shape, a, b in (
        ((2, 3), 0, 1), ((2, 3), -1, -2), ((2, 3), 1, 1), (FIVE, 0, 4), (FIVE, -3, 0), (SIX, 1, -1), (SIX, -6, 3),
        ((0, 3), 1, 0), ((1, 1), 0, -1), ((33, 17), 0, 1),
    ):
        for op in ("transpose", "swapaxes"):
            yield case(op, lambda x, a=a, b=b: x.transpose(a, b), shape, p={"a": a, "b": b})
    for op in ("transpose", "swapaxes"):
        yield moved(op, lambda x: x.T, {"a": 0, "b": 1})
    for shape, along in ((FIVE, [0, 2, -1]), (SIX, [-3, 1]), ((1, 1, 1), [0, 1, 2]), ((2, 0, 3), [1, -1])):
        yield case("flip", lambda x, a=along: torch.flip(x, a), shape, p={"axes": along})
    yield moved("flip", lambda x: torch.flip(x, [1]), {"axes": [1]})


def cuts():
    for shape, axis, begin, end, step in (
        ((5,), 0, 0, 5, 1), ((5,), 0, 4, 5, 9), ((5,), -1, 0, 0, 1), (FIVE, 2, 1, 3, 1), (FIVE, -1, 0, 2, 2),
        (SIX, -3, 0, 3, 2), (SIX, 0, 0, 1, 1), ((0, 3), 1, 0, 2, 1), ((1, 1), 1, 0, 1, 3),
    ):
        def take(x, a=axis, i=torch.arange(begin, end, step)):
            return x.index_select(a, i)
        p = {"axis": axis, "begin": begin, "end": end, "step": step}
        yield case("slice", take, shape, p=p)
    yield moved("slice", lambda x: x[:, ::2], {"axis": 1, "begin": 0, "end": 3, "step": 2})
    for shape, widths in (
        ((3,), [[1, 2]]), ((3,), [[0, 0]]), ((), []), ((2, 3), [[0, 0], [3, 0]]), ((0, 2), [[1, 1], [0, 1]]),
        ((1, 1), [[2, 2], [2, 2]]), (FIVE, [[0, 1], [1, 0], [0, 0], [1, 1], [0, 0]]),
        (SIX, [[0, 0], [0, 1], [1, 0], [0, 0], [0, 0], [1, 1]]),
    ):
        flat = [w for pair in reversed(widths) for w in pair]
        f = lambda x, w=flat: F.pad(x, w, value=0.5) if w else x * 1
        yield case("pad", f, shape, p={"widths": widths, "value": 0.5})
    yield moved("pad", lambda x: F.pad(x, [1, 1], value=-3.0), {"widths": [[0, 0], [1, 1]], "value": -3.0})
    for shape, extents, axis in ((FIVE, [1, 0, 2], 2), (SIX, [1, 1], -5), ((1, 1), [1], -1)):
        f = lambda x, e=extents, a=axis: joined(torch.split(x, e, a))
        yield case("split", f, shape, p={"extents": extents, "axis": axis})
    f = lambda x: joined(torch.split(x, [2, 1], 1))
    yield moved("split", f, {"extents": [2, 1], "axis": 1})
    for shape, pieces, axis in ((FIVE, 2, 2), (SIX, 2, -1), ((1, 1), 3, 0)):
        yield case("chunk", lambda x, n=pieces, a=axis: joined(torch.chunk(x, n, a)), shape, p={"pieces": pieces, "axis": axis})
    for shape, axis, size, step in ((FIVE, 2, 2, 1), (SIX, -3, 2, 3), ((1, 1), -1, 1, 1)):
        f = lambda x, a=axis, n=size, s=step: x.unfold(a, n, s)
        yield case("unfold", f, shape, p={"axis": axis, "size": size, "step": step})


def joins():
    for shapes, axis in (
        ([(3,)], 0), ([(3,), (0,), (1,)], 0), ([(3,), (2,)], -1), ([FIVE, FIVE], 3), ([FIVE, (2, 1, 3, 1, 4)], -1),
        ([SIX, SIX, SIX], 0), ([SIX, (1, 2, 1, 1, 1, 2)], -3), ([(2, 0), (2, 3)], 1), ([(1, 1)] * 4, -2),
    ):
        f = lambda *x, a=axis: torch.cat(x, a)
        yield case("concatenate", f, *shapes, p={"axis": axis})
    yield case("concatenate", lambda x: x * 1, EVERYTHING.clone(), p={"axis": 1}, order=0, signs=True)
    for shapes, axis in (
        ([()] * 3, 0), ([()], -1), ([(3,)], 1), ([FIVE] * 2, 5), ([FIVE] * 2, -6), ([FIVE] * 3, 2), ([(0, 3)] * 2, 1),
        ([(1, 1)] * 2, -1),
    ):
        f = lambda *x, a=axis: torch.stack(x, a)
        yield case("stack", f, *shapes, p={"axis": axis})
    yield moved("stack", lambda x: x.unsqueeze(1), {"axis": 1})
    for shapes in ([(2,), (1,), (2,), (1,), (2,)], [(1,)] * 6):
        yield case("meshgrid", lambda *x: joined(torch.meshgrid(*x, indexing="ij")), *shapes)
    f = lambda *x: joined(torch.meshgrid(*x, indexing="ij"))
    yield case("meshgrid", f, t([NAN, -0.0]), t([INF]), order=0, signs=True)


def extended(shape, axis, extent):
    return [extent if i == axis % len(shape) else n for i, n in enumerate(shape)]


def picks():
    for shape, axis, indices in (
        ((5,), 0, [4, 4, 0]), ((5,), -1, []), (FIVE, 2, [2, 0]), (FIVE, -4, [0, 0, 0]), (SIX, 3, [1]),
        (SIX, -1, [1, 0, 1]), ((3, 0), 0, [2, 2]), ((1, 1), 1, [0, 0]), ((3, 40), 1, list(range(39, -1, -3))),
    ):
        index = torch.tensor(indices, dtype=torch.long)
        f = lambda x, a=axis, i=index: x.index_select(a, i)
        yield case("gather", f, shape, p={"axis": axis, "indices": indices})
        source = extended(shape, axis, len(indices))
        def scatter(x, a=axis, i=index, s=extended(shape, axis, 41)):
            return torch.zeros(s, dtype=torch.float64).index_add(a, i, x)
        yield case("scatter_add", scatter, tuple(source), p={"axis": axis, "indices": indices, "extent": 41})
        f = lambda x, s, a=axis, i=index: x.index_add(a, i, s)
        yield case("index_add", f, shape, tuple(source), p={"axis": axis, "indices": indices})
    yield moved("gather", lambda x: x[:, [2, 0]], {"axis": 1, "indices": [2, 0]})
    f = lambda x: torch.zeros(2, 3, dtype=torch.float64).index_add(1, torch.tensor([2, 0, 1]), x)
    yield case("scatter_add", f, EVERYTHING.clone(), p={"axis": 1, "indices": [2, 0, 1], "extent": 3}, order=0)
    for shape, axis, count in (
        ((5,), 0, 3), ((5,), -1, 1), ((3, 4), 1, 6), ((3, 4), -2, 2), (FIVE, 2, 4), (FIVE, -1, 1), (SIX, 3, 2), ((1, 1), 0, 3),
        ((2, 40), 1, 7),
    ):
        indices = torch.arange(torch.Size(extended(shape, axis, count)).numel()) * 7 % shape[axis]
        indices = indices.reshape(extended(shape, axis, count))
        p = {"axis": axis, "indices": indices.tolist()}
        f = lambda x, a=axis, i=indices: torch.gather(x, a, i)
        yield case("take_along", f, shape, p=p)
        def put(x, a=axis, i=indices, s=shape):
            return torch.zeros(s, dtype=torch.float64).scatter_add(a, i, x)
        yield case("put_along", put, tuple(indices.shape), p={**p, "extent": shape[axis]})
    indices = torch.tensor([[2, 0], [1, 1]])
    f = lambda x: torch.gather(x, 1, indices)
    yield moved("take_along", f, {"axis": 1, "indices": indices.tolist()})
    for labels, classes in (([3, 3, 0, 1, 2], 4), ([0], 1), ([9], 10)):
        y = F.one_hot(torch.tensor(labels), classes).double()
        yield case("one_hot", lambda y=y: y, p={"labels": labels, "classes": classes}, order=0)
    for shape, axis in ((FIVE, 2), (SIX, -3), ((1, 1), 0), ((7,), -1)):
        yield case("argmin", lambda x, a=axis: torch.argmin(x, a).double(), shape, p={"axis": axis}, order=0)


def products():
    for n in (1, 2, 3, 5, 16, 17, 31, 0, 100):
        yield case("dot", torch.dot, (n,), (n,), order=2 if n else 0)
    yield case("dot", torch.dot, t([INF, 1.0]), t([0.0, 2.0]), order=0)
    for m, n in ((1, 1), (1, 5), (5, 1), (2, 3), (17, 3), (0, 3), (3, 0), (16, 16), (4, 2)):
        yield case("outer", torch.outer, (m,), (n,))
    yield case("outer", torch.outer, t([INF, 0.0]), t([0.0, NAN]), order=0)
    for x, w, b in (
        ((1, 1), (1, 1), (1,)), ((33, 17), (19, 17), (19,)), (FIVE[:-1] + (3,), (2, 3), (2,)), ((2, 0), (3, 0), (3,)),
    ):
        yield case("linear", F.linear, x, w, b)
    for shape in ((2, 17, 5, 3), (3, 1, 9, 1)):
        batch, m, k, n = shape
        yield case("bmm", torch.bmm, (batch, m, k), (batch, k, n))
    for a, b in ((FIVE, (2,)), ((2, 1, 2), SIX), ((1, 1, 1), (1, 1))):
        yield case("kron", torch.kron, a, b)
    for shape in (FIVE, SIX, (1, 3)):
        yield case("trace", lambda x: x.diagonal(dim1=-2, dim2=-1).sum(-1), shape)
    loose = {"float_tolerance": 2e-4}
    for shape in ((1, 2, 1, 2, 2), (5, 5), (1, 1, 1, 1, 1, 1)):
        yield case("inverse", lambda x: torch.linalg.inv(regular(x)), near(shape), **loose)
        yield case("cholesky", lambda x: torch.linalg.cholesky(definite(x)), near(shape), **loose)


def all_cases():
    for family in (reshapes, broadcasts, axes, cuts, joins, picks, products):
        yield from family()
