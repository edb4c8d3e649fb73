"""Cases of the normalizations."""

import math

import torch
import torch.nn.functional as F

from cases import INF, NAN, case, t

EPSILON = 1e-5


def by_hand(view, axes, affine, centered=True):
    """The normalization of x.reshape(view) over axes; PyTorch's lack second derivatives."""
    def f(x, w, b, epsilon):
        y = x.reshape(view)
        if centered:
            y = y - y.mean(axes, keepdim=True)
        y = y * torch.rsqrt((y * y).mean(axes, keepdim=True) + epsilon)
        if w is not None:
            y = y * w.reshape(affine)
        return (y if b is None else y + b.reshape(affine)).reshape(x.shape)
    return f


def with_parameters(op, call, plain, x, parameters, which, **p):
    """call(x, weight, bias, epsilon) on the inputs that `which` names, w for weight, b for bias."""
    def on_given(g, epsilon):
        def f(x, *given):
            given = dict(zip(which, given))
            return g(x, given.get("w"), given.get("b"), epsilon)
        return f

    inputs = [x] + [parameters] * len(which)
    first = {"given": which, "epsilon": EPSILON, **p}
    yield case(op, on_given(call, EPSILON), *inputs, p=first, order=1)
    yield case(op, on_given(plain, 0.25), *inputs, p={**first, "epsilon": 0.25})


def rows():
    for shape, trailing in (
        ((3, 4), (4,)), ((2, 3, 4), (4,)), ((2, 3, 4), (3, 4)), ((7,), (7,)), ((3, 1), (1,)),
        ((2, 33), (33,)), ((0, 3), (3,)), ((3, 0), (0,)), ((2, 3, 2, 2), (3, 2, 2)), ((1, 1, 5), (1, 5)),
    ):
        for which in ("", "w", "b", "wb"):
            call = lambda x, w, b, e, s=trailing: F.layer_norm(x, s, w, b, e)
            more = {"shape": list(trailing)}
            n = math.prod(trailing)
            view = (math.prod(shape[: len(shape) - len(trailing)]), n)
            plain = by_hand(view, (1,), (n,))
            yield from with_parameters("layer_norm", call, plain, shape, trailing, which, **more)
            if "b" in which:
                continue
            call = lambda x, w, b, e, s=trailing: F.rms_norm(x, s, w, e)
            plain = by_hand(view, (1,), (n,), False)
            yield from with_parameters("rms_norm", call, plain, shape, trailing, which, **more)


def row_edges():
    p = {"given": "wb", "epsilon": EPSILON, "shape": [3]}
    w, b = t([1.0, 2.0, -0.5]), t([0.5, 0.25, 1.0])
    f = lambda x, w, b: F.layer_norm(x, (3,), w, b)
    g = lambda x, w: F.rms_norm(x, (3,), w, EPSILON)
    equal = t([[1.0, 1.0, 1.0], [0.0, 0.0, 0.0], [-2.0, -2.0, -2.0]])
    yield case("layer_norm", f, equal, w, b, p=p, order=1, float_tolerance=1e-3)
    yield case("rms_norm", g, equal, w, p={**p, "given": "w"}, order=1, float_tolerance=1e-3)
    ends = t([[1.0, NAN, 2.0], [1.0, INF, 2.0], [1.0, 2.0, 3.0]])
    yield case("layer_norm", f, ends, w, b, p=p, order=0)
    yield case("rms_norm", g, ends, w, p={**p, "given": "w"}, order=0)
    # Squares of these would cancel: the mean is 4096 times the deviation.
    yield case("layer_norm", f, t([[4096.0, 4097.0, 4098.0]]), w, b, p=p, float_tolerance=1e-3)
    large = t([[1e15, -2e15, 3e15], [1e-15, 2e-15, -1e-15]])
    yield case("layer_norm", f, large, w, b, p=p, order=0)
    yield case("rms_norm", g, large, w, p={**p, "given": "w"}, order=0)


def group_view(shape, n):
    per_group = shape[1] // n
    length = math.prod(shape[2:])
    return (shape[0], n, per_group, length), (2, 3), (n, per_group, 1)


def batch_plain(shape):
    return by_hand((shape[0], shape[1], math.prod(shape[2:])), (0, 2), (shape[1], 1))


def groups():
    for shape, counts in (
        ((2, 4, 3), (1, 2, 4)), ((2, 6), (1, 2, 3)), ((1, 2, 2, 2), (1, 2)), ((0, 2, 3), (2,)),
        ((3, 4, 17), (2,)), ((2, 2, 0), (1,)), ((2, 4, 3, 2, 2), (2,)),
    ):
        for n in counts:
            for which in ("", "w", "b", "wb"):
                if which == "b" or 0 in shape:  # PyTorch fails, or gives NaN for the weight
                    call = by_hand(*group_view(shape, n))
                else:
                    call = lambda x, w, b, e, n=n: F.group_norm(x, n, w, b, e)
                plain = by_hand(*group_view(shape, n))
                yield from with_parameters(
                    "group_norm", call, plain, shape, (shape[1],), which, groups=n)
    # One element to a group: the bias alone.
    call = lambda x, w, b, e: F.group_norm(x, 3, w, b, e)
    yield from with_parameters("group_norm", call, by_hand(*group_view((2, 3), 3)), (2, 3), (3,), "wb", groups=3)
    p = {"given": "", "epsilon": EPSILON, "groups": 2}
    equal = t([[[1.0, 1.0], [3.0, 5.0]]])
    yield case("group_norm", lambda x: F.group_norm(x, 2), equal, p=p, order=1, float_tolerance=1e-3)


def channels():
    for shape in (
        (2, 3, 4), (1, 3, 4), (2, 1, 9), (2, 3, 2, 2), (3, 2, 17), (2, 2, 2, 3, 2), (2, 1, 3),
        (2, 2, 3, 3),
    ):
        for which in ("", "w", "b", "wb"):
            plain = by_hand(*group_view(shape, shape[1]))
            call = lambda x, w, b, e: F.instance_norm(x, weight=w, bias=b, eps=e)
            yield from with_parameters("instance_norm", call, plain, shape, (shape[1],), which)
            plain = batch_plain(shape)
            call = lambda x, w, b, e: F.batch_norm(x, None, None, w, b, True, 0.1, e)
            yield from with_parameters("batch_norm", call, plain, shape, (shape[1],), which)
    for shape in ((4, 3), (2, 1), (7, 5)):
        plain = batch_plain(shape)
        for which in ("", "wb"):
            yield from with_parameters("batch_norm", call, plain, shape, (shape[1],), which)
    equal = t([[[1.0] * 9, [2.0] * 9], [[1.0] * 9, [4.0] * 9]])
    p = {"given": "", "epsilon": EPSILON}
    f = lambda x: F.batch_norm(x, None, None, training=True)
    yield case("batch_norm", f, equal, p=p, order=1, float_tolerance=1e-3)
    yield case("batch_norm", f, equal[:, :, :2], p=p, order=1, float_tolerance=1e-3)
    f = lambda x: F.instance_norm(x)
    yield case("instance_norm", f, equal, p=p, order=1, float_tolerance=1e-3)
    ends = t([[[1.0, NAN], [1.0, 2.0]], [[1.0, INF], [3.0, 5.0]]])
    yield case("batch_norm", lambda x: F.batch_norm(x, None, None, training=True), ends, p=p, order=0)
    yield case("instance_norm", f, ends, p=p, order=0)
    # Nothing in, nothing out.
    f = lambda x, w, b: x * w.reshape(2, 1) + b.reshape(2, 1)
    p = {"given": "wb", "epsilon": EPSILON}
    for op in ("batch_norm", "instance_norm"):
        yield case(op, f, (0, 2, 3), (2,), (2,), p=p)
        yield case(op, f, (2, 2, 0), (2,), (2,), p=p)


def running():
    for shape in ((2, 3, 4), (4, 3), (1, 3), (2, 3, 2, 2), (0, 3, 2)):
        for which in ("", "w", "b", "wb"):
            epsilon = EPSILON if len(which) % 2 else 0.25

            def f(x, m, v, *given, which=which, e=epsilon):
                given = dict(zip(which, given))
                return F.batch_norm(x, m, v, given.get("w"), given.get("b"), False, 0.1, e)

            moments = [(3,), ((3,), 0.25, 2.0)]
            inputs = [shape, *moments] + [(3,)] * len(which)
            wants = [True, False, False] + [True] * len(which)
            p = {"given": which, "epsilon": epsilon}
            order = 2 if "w" in which else 1
            yield case("batch_norm_eval", f, *inputs, p=p, wants=wants, order=order)
    p = {"given": "", "epsilon": EPSILON}

    def f(x, m, v):
        return (x - m.reshape(-1, 1)) * torch.rsqrt(v.reshape(-1, 1) + EPSILON)

    yield case("batch_norm_eval", f, (2, 3, 4), (3,), ((3,), 0.25, 2.0), p=p)
    for momentum in (0.1, 0.5, 1.0, 0.0):
        for shape in ((2, 3, 9), (4, 3), (2, 3, 2, 2)):
            def moved(x, m, v, momentum=momentum):
                m, v = m.clone(), v.clone()
                F.batch_norm(x, m, v, training=True, momentum=momentum)
                return torch.cat([m, v])

            p = {"momentum": momentum}
            yield case("update_running", moved, shape, (3,), ((3,), 0.25, 2.0), p=p, order=0)


def all_cases():
    for family in (rows, row_edges, groups, channels, running):
        yield from family()
