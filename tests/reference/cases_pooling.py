"""Cases of pooling, interpolation and embedding."""

import math

import torch
import torch.nn.functional as F

from cases import INF, NAN, case, t

# Windows: rows of values that tell the first of equals, NaN and infinities apart.
TIES = [[1.0, 1.0, 0.0, 1.0, 1.0, 1.0], [0.0, -0.0, 0.0, -1.0, -0.0, 0.0], [2.0, 1.0, 2.0, 2.0, 1.0, 2.0]]
SPECIAL = [
    [1.0, NAN, 3.0, NAN, NAN, 0.5], [-INF, -INF, -INF, -INF, 2.0, -INF], [INF, 1.0, INF, NAN, -INF, INF],
    [NAN, 1.0, 2.0, 5.0, 4.0, NAN],
]


def over_last(f, axes):
    """f, which wants (N, C) before the last axes, for any axes before them."""

    def call(x):
        batch = x.shape[: x.ndim - axes]
        y = f(x.reshape(math.prod(batch), 1, *x.shape[x.ndim - axes :]))
        return y.reshape(*batch, *y.shape[2:])

    return call


def pooled(name, pool, axes, x, kernel, order=2, **more):
    """`more`: stride, padding, dilation, ceil_mode, count_include_pad as PyTorch names them."""
    f = over_last(lambda x: pool(x, kernel, **more), axes)
    return case(name, f, x, p={"kernel": kernel, **more}, order=order)


def max_pools():
    for x, kernel, more in (
        ((2, 3, 7), 2, {}), ((7,), 3, {"stride": 1}), ((2, 9), 3, {"stride": 2, "padding": 1}),
        ((2, 9), 3, {"stride": 1, "dilation": 2}), ((2, 9), 2, {"padding": 1, "dilation": 3}),
        ((2, 8), 3, {"ceil_mode": True}), ((2, 8), 3, {"stride": 4, "padding": 1, "ceil_mode": True}),
        ((3, 4), 4, {}), ((3, 4), 1, {}), ((3, 4), 1, {"stride": 3}), ((0, 3, 6), 2, {}),
        ((2, 0, 6), 3, {"stride": 1, "padding": 1}), ((2, 1, 2, 6), 2, {"stride": 1}),
        ((2, 37), 3, {"stride": 1, "padding": 1}), ((2, 37), 3, {"stride": 2}), ((2, 37), 4, {"stride": 3}),
        ((2, 3), 5, {"stride": 3, "padding": 1, "ceil_mode": True}), ((1, 2), 2, {"stride": 5, "ceil_mode": True}),
        # The last window would begin behind x, and is left out.
        ((2, 4), 2, {"stride": 3, "padding": 1, "ceil_mode": True}), ((2, 2), 1, {"stride": 3, "ceil_mode": True}),
    ):
        yield pooled("max_pool1d", F.max_pool1d, 1, x, kernel, **more)
    for x in (t(TIES), t(SPECIAL)):
        for more in ({}, {"stride": 1}, {"stride": 1, "padding": 1}, {"stride": 1, "dilation": 2}):
            yield pooled("max_pool1d", F.max_pool1d, 1, x, 3, order=1, **more)
    for x, kernel, more in (
        ((2, 3, 4, 6), [2, 2], {}), ((5, 7), [2, 3], {"stride": [1, 1]}),
        ((2, 5, 6), [3, 3], {"stride": [2, 2], "padding": [1, 1]}),
        ((2, 5, 6), [3, 2], {"stride": [1, 2], "padding": [1, 0], "dilation": [1, 3]}),
        ((2, 7, 6), [2, 2], {"stride": [1, 1], "dilation": [3, 2]}),
        ((2, 5, 7), [2, 3], {"ceil_mode": True}),
        ((2, 5, 7), [3, 3], {"stride": [2, 3], "padding": [1, 1], "ceil_mode": True}),
        ((0, 3, 4, 4), [2, 2], {}), ((2, 0, 4, 4), [3, 3], {"stride": [1, 1], "padding": [1, 1]}),
        ((2, 2, 1, 3, 4), [2, 2], {"stride": [1, 1]}), ((4, 4), [4, 4], {}), ((3, 5), [1, 1], {"stride": [2, 2]}),
        ((1, 4, 34), [2, 2], {}), ((1, 3, 19), [3, 3], {"stride": [1, 1], "padding": [1, 1]}),
        ((1, 1, 8), [1, 2], {}), ((1, 8, 1), [2, 1], {}),
    ):
        yield pooled("max_pool2d", F.max_pool2d, 2, x, kernel, **more)
    for x in (t(TIES), t(SPECIAL), t(TIES).T.contiguous(), torch.zeros(6, 18, dtype=torch.float64)):
        for more in ({}, {"stride": [1, 1]}, {"stride": [1, 1], "padding": [1, 1]}):
            yield pooled("max_pool2d", F.max_pool2d, 2, x, [2, 2], order=1, **more)
    for rows in (SPECIAL, [[NAN] * 6] * 4, [[-INF] * 6] * 4):
        wide = t(rows).repeat(1, 4)
        yield pooled("max_pool2d", F.max_pool2d, 2, wide, [2, 2], order=1)
        yield pooled("max_pool2d", F.max_pool2d, 2, wide, [3, 2], order=1, stride=[1, 1])


def avg_pools():
    for x, kernel, more in (
        ((2, 3, 7), 2, {}), ((7,), 3, {"stride": 1}), ((2, 9), 3, {"stride": 2, "padding": 1}),
        ((2, 9), 4, {"stride": 3, "padding": 2, "count_include_pad": False}), ((2, 8), 3, {"ceil_mode": True}),
        ((2, 8), 3, {"stride": 4, "padding": 1, "ceil_mode": True}),
        ((2, 8), 3, {"stride": 4, "padding": 1, "ceil_mode": True, "count_include_pad": False}),
        ((3, 4), 4, {}), ((3, 4), 1, {}), ((0, 3, 6), 2, {}), ((2, 1, 2, 6), 2, {"stride": 1}),
        ((2, 3), 5, {"stride": 3, "padding": 2, "ceil_mode": True}), ((1, 2), 2, {"stride": 5, "ceil_mode": True}),
        ((2, 4), 2, {"stride": 3, "padding": 1, "ceil_mode": True}), ((2, 2), 1, {"stride": 3, "ceil_mode": True}),
    ):
        yield pooled("avg_pool1d", F.avg_pool1d, 1, x, kernel, **more)
    for x, kernel, more in (
        ((2, 3, 4, 6), [2, 2], {}), ((5, 7), [2, 3], {"stride": [1, 1]}),
        ((2, 5, 6), [3, 3], {"stride": [2, 2], "padding": [1, 1]}),
        ((2, 5, 6), [3, 2], {"stride": [1, 2], "padding": [1, 0], "count_include_pad": False}),
        ((2, 5, 7), [2, 3], {"ceil_mode": True}),
        ((2, 5, 7), [3, 3], {"stride": [2, 3], "padding": [1, 1], "ceil_mode": True}),
        ((2, 5, 7), [3, 3], {"stride": [2, 3], "padding": [1, 1], "ceil_mode": True, "count_include_pad": False}),
        ((0, 3, 4, 4), [2, 2], {}), ((2, 2, 1, 3, 4), [2, 2], {"stride": [1, 1]}), ((4, 4), [4, 4], {}),
        ((3, 5), [1, 1], {"stride": [2, 2]}), ((1, 4, 34), [2, 2], {}), ((1, 6, 1), [2, 1], {}),
    ):
        yield pooled("avg_pool2d", F.avg_pool2d, 2, x, kernel, **more)
    yield pooled("avg_pool1d", F.avg_pool1d, 1, t(SPECIAL), 2, order=0)
    yield pooled("avg_pool2d", F.avg_pool2d, 2, t(SPECIAL), [2, 2], order=0)


def adaptive_pools():
    for name, pool in (
        ("adaptive_avg_pool1d", F.adaptive_avg_pool1d), ("adaptive_max_pool1d", F.adaptive_max_pool1d),
    ):
        for x in ((2, 3, 7), (6,), (2, 1, 2, 5)):
            for size in (1, 2, 3, 5, 8):
                yield case(name, over_last(lambda x, f=pool, s=size: f(x, s), 1), x, p={"size": size})
        yield case(name, over_last(lambda x, f=pool: f(x, 2), 1), (0, 4), p={"size": 2})
    for name, pool in (
        ("adaptive_avg_pool2d", F.adaptive_avg_pool2d), ("adaptive_max_pool2d", F.adaptive_max_pool2d),
    ):
        for x in ((2, 3, 5, 7), (4, 6)):
            for size in ([1, 1], [2, 3], [4, 2], [7, 9], [5, 6]):
                yield case(name, over_last(lambda x, f=pool, s=size: f(x, s), 2), x, p={"size": size})
        for x in ((0, 2, 4, 4), (3, 0, 4, 4), (1, 2, 2, 3, 3)):
            yield case(name, over_last(lambda x, f=pool: f(x, [2, 2]), 2), x, p={"size": [2, 2]})
    for x in (t(TIES), t(SPECIAL)):
        for size in (2, 4, 9):
            f = over_last(lambda x, s=size: F.adaptive_max_pool1d(x, s), 1)
            yield case("adaptive_max_pool1d", f, x, p={"size": size}, order=1)
            f = over_last(lambda x, s=size: F.adaptive_max_pool2d(x, (2, s)), 2)
            yield case("adaptive_max_pool2d", f, x, p={"size": [2, size]}, order=1)


def interpolated(x, mode="nearest", align_corners=False, size=None, scale=None):
    numbers = size or scale
    # The mode's name for one axis or two, as PyTorch and we have it.
    mode = mode if mode == "nearest" else ["linear", "bilinear"][len(numbers) - 1]
    corners = None if mode == "nearest" else align_corners
    f = over_last(
        lambda x: F.interpolate(
            x, size=size, scale_factor=scale, mode=mode, align_corners=corners
        ),
        len(numbers),
    )
    p = {"mode": mode, "align_corners": align_corners}
    p.update({"size": size} if size else {"scale": scale})
    return case("interpolate", f, x, p=p)


def interpolations():
    for x in ((2, 3, 5), (4,), (3, 1), (0, 5)):
        for size in (1, 2, 4, 5, 7, 10):
            yield interpolated(x, size=[size])
            for corners in (False, True):
                yield interpolated(x, "linear", corners, size=[size])
    for scale in (0.5, 0.6, 1.0, 1.3, 2.0, 2.7, 3.0):
        yield interpolated((2, 5), scale=[scale])
        for corners in (False, True):
            yield interpolated((2, 5), "linear", corners, scale=[scale])
    yield interpolated((2, 3), "linear", scale=[1.2])  # the size stays
    for x in ((2, 3, 4, 5), (3, 4), (0, 2, 3, 3), (2, 0, 3, 3), (1, 1, 4)):
        for size in ([2, 3], [6, 7], [3, 9], [8, 2], [1, 1], [4, 5]):
            yield interpolated(x, size=size)
            for corners in (False, True):
                yield interpolated(x, "bilinear", corners, size=size)
    for scale in ([2.0, 2.0], [0.5, 1.7], [1.5, 0.4], [3.0, 1.0]):
        yield interpolated((2, 5, 6), scale=scale)
        for corners in (False, True):
            yield interpolated((2, 5, 6), "bilinear", corners, scale=scale)
    # Elements of weight 0: PyTorch multiplies them, so that infinity becomes NaN.
    p = {"mode": "linear", "align_corners": True, "size": [5]}
    f = lambda x: t([1.0, INF, INF, INF, 3.0])
    yield case("interpolate", f, t([1.0, INF, 3.0]), p=p, order=0)
    f = lambda x: t([1.0, NAN, NAN, NAN, 3.0])
    yield case("interpolate", f, t([1.0, NAN, 3.0]), p=p, order=0)


def embeddings():
    for rows, width, indices in (
        (5, 3, [0, 4, 2]), (5, 3, [[1, 1], [4, 1], [0, 3]]), (5, 3, 2), (1, 4, [0, 0, 0]), (3, 1, [2, 1]),
        (4, 2, [[[0, 1], [2, 3]], [[3, 3], [3, 0]]]), (4, 0, [1, 2]), (3, 2, []), (6, 2, [[5], [0]]),
    ):
        index = torch.tensor(indices, dtype=torch.long)
        p = {"indices": index.reshape(-1).tolist(), "shape": list(index.shape)}
        yield case("embedding", lambda w, i=index: F.embedding(i, w), (rows, width), p=p)
        for padding in (0, rows - 1):
            f = lambda w, i=index, at=padding: F.embedding(i, w, padding_idx=at)
            yield case("embedding", f, (rows, width), p={**p, "padding_idx": padding})
    yield case("embedding", lambda w: w.reshape(0, 2), (0, 2), p={"indices": [], "shape": [0]})


def all_cases():
    for family in (max_pools, avg_pools, adaptive_pools, interpolations, embeddings):
        yield from family()
