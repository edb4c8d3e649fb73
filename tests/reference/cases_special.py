"""Cases of the special functions, of the functions of several arrays and of rounding."""

import mpmath
import torch

from cases import INF, NAN, PAIRS, case, t

SHAPES = [(2, 3), (), (0, 3), (7,), (3, 1, 13), (19,), (1, 1)]
ORDERED = [False, True]  # the order of polygamma and the Bessel functions has no gradient


class Psi(torch.autograd.Function):
    """psi_n, by mpmath: PyTorch's trigamma has nine digits. psi_-1 is log |gamma|."""

    @staticmethod
    def forward(context, x, n):
        context.n = n
        context.save_for_backward(x)
        f = (lambda v: mpmath.log(abs(mpmath.gamma(v)))) if n < 0 else lambda v: mpmath.psi(n, v)
        values = [float(f(v)) for v in x.reshape(-1).tolist()]
        return torch.tensor(values, dtype=x.dtype).reshape(x.shape)

    @staticmethod
    def backward(context, g):
        (x,) = context.saved_tensors
        return g * Psi.apply(x, context.n + 1), None


def psi(n):
    return lambda x: Psi.apply(x, n)


def of_mpmath(f):
    return lambda a, b: t([float(f(p, q)) for p, q in zip(a.tolist(), b.tolist())])


def everywhere(name, f, low=-2.0, high=2.0, **more):
    for shape in SHAPES:
        yield case(name, f, (shape, low, high), **more)


def cbrt(x):
    return torch.sign(x) * torch.abs(x) ** (1 / 3)


def elementary():
    ends = t([0.0, -0.0, INF, -INF, NAN])
    yield from everywhere("cbrt", cbrt, 0.5, 3.0)
    yield case("cbrt", cbrt, ((9,), -3.0, -0.5))
    yield case("cbrt", cbrt, ends, order=0)
    yield case("cbrt", cbrt, t([8.0, -27.0, 1e30, -1e-30]), order=1, relative=True)
    yield from everywhere("exp2", torch.exp2)
    yield case("exp2", torch.exp2, ends, order=0)
    yield case("exp2", torch.exp2, t([10.0, -3.0, 120.0, -120.0, 1e-9]), order=1, relative=True)
    yield case("exp2", torch.exp2, t([1e5, -1e5]), order=0)
    yield from everywhere("asinh", torch.asinh, -6.0, 6.0)
    yield from everywhere("acosh", torch.acosh, 1.25, 6.0)
    yield from everywhere("atanh", torch.atanh, -0.8, 0.8)
    tiny = t([1e-30, 1e-18, -1e-18, 1e-9, -1e-9, 1e-4, -1e-4, 0.0, -0.0])
    for name in ("asinh", "atanh"):
        yield case(name, getattr(torch, name), tiny, order=1, relative=True)
    for name in ("asinh", "acosh", "atanh"):
        yield case(name, getattr(torch, name), ends, order=0)
        yield case(name, getattr(torch, name), t([1.0, -1.0, 1.5, -1.5, 1e18, -1e18]), order=0)


def error_functions():
    yield from everywhere("erfc", torch.erfc)
    yield case("erfc", torch.erfc, ((13,), -6.0, 6.0))
    yield case("erfc", torch.erfc, t([0.0, -0.0, INF, -INF, NAN]), order=0)
    yield case("erfc", torch.erfc, t([5.0, 8.0, -8.0, 1e-9]), order=1, relative=True)
    yield from everywhere("erfinv", torch.erfinv, -0.9, 0.9)
    yield case("erfinv", torch.erfinv, t([1.0, -1.0, 1.5, -1.5, NAN, INF]), order=0)
    yield case("erfinv", torch.erfinv, t([1e-30, 1e-9, -1e-4, 0.0, -0.0]), order=1, relative=True)
    near = t([1 - 2.0**-24, -1 + 2.0**-20, 1 - 2.0**-10])
    yield case("erfinv", torch.erfinv, near, order=1, relative=True)


def gamma_functions():
    ends = t([0.0, -0.0, INF, NAN, -1.0, -2.0])
    for n, name in ((-1, "lgamma"), (0, "digamma"), (1, "trigamma")):
        yield from everywhere(name, psi(n), 0.5, 6.0)
        yield case(name, psi(n), ((9,), 20.0, 60.0))
        yield case(name, psi(n), t([1.0, 2.0, 10.0, 100.0, 1e4, 1e6]))
        yield case(name, psi(n), t([-0.5, -1.25, -2.75, -7.5]), relative=True)
    for name in ("lgamma", "digamma"):
        yield case(name, getattr(torch, name), ends, order=0)
    yield case("lgamma", torch.lgamma, t([1e-30, 1e-6, 1e30, -INF]), order=0)
    # Infinite at its poles; PyTorch is finite at the negative ones.
    yield case("trigamma", lambda x: torch.full_like(x, INF), t([0.0, -0.0, -1.0]), order=0)
    for n in (0, 1, 2, 3, 5):
        f = lambda _, x, n=n: Psi.apply(x, n)
        for shape in ((2, 3), (), (0, 3), (9,)):
            yield case("polygamma", f, t(float(n)), (shape, 1.0, 6.0), wants=ORDERED)
        yield case("polygamma", f, t(float(n)), t([0.125, 12.0, 50.0, -1.25]), wants=ORDERED, relative=True)
    nothing = lambda n, x: torch.full_like(n * x, NAN)
    yield case("polygamma", nothing, t([0.5, -1.0, NAN, INF]), t([1.0]), order=0)
    f = lambda n, x: torch.stack([Psi.apply(x[:, 0], k) for k in (0, 1, 2)], 1)
    yield case("polygamma", f, t([0.0, 1.0, 2.0]), ((4, 1), 1.0, 4.0), wants=ORDERED)
    beta = lambda a, b: torch.exp(psi(-1)(a) + psi(-1)(b) - psi(-1)(a + b))
    torch_beta = lambda a, b: torch.exp(torch.lgamma(a) + torch.lgamma(b) - torch.lgamma(a + b))
    for a, b in PAIRS:
        yield case("beta", beta, (a, 0.5, 4.0), (b, 0.5, 4.0))
    yield case("beta", torch_beta, t([1.0, 0.0, INF, NAN]), t([1.0, 1.0, 1.0, 1.0]), order=0)
    yield case("beta", beta, t([100.0, 0.015625]), t([0.5, 0.015625]), order=1)


def bessel_functions():
    for name, f in (("i0", torch.special.i0), ("i1", torch.special.i1)):
        yield from everywhere(name, f, 0.25, 5.0)
        yield case(name, f, ((13,), -20.0, -0.25))
        yield case(name, f, t([0.0, -0.0]), order=1)
        # PyTorch has NaN at infinity.
        end = lambda x, odd=name == "i1": x if odd else torch.abs(x)
        yield case(name, end, t([INF, -INF, NAN]), order=0)
        yield case(name, f, t([1000.0, -1000.0]), order=0)
        yield case(name, f, t([40.0, -40.0, 80.0, 29.0, 31.0]), order=1, relative=True)
    i0, i1 = torch.special.i0, torch.special.i1
    i2 = lambda x: i0(x) - 2 * i1(x) / x
    i3 = lambda x: i1(x) - 4 * i2(x) / x
    for n, f in enumerate((i0, i1, i2, i3)):
        g = lambda _, x, f=f: f(x)
        for spec in (((2, 3), 1.0, 5.0), ((), 1.0, 5.0), ((0, 3), 1.0, 5.0), ((9,), -5.0, -1.0)):
            yield case("bessel_i", g, t(float(n)), spec, wants=ORDERED)
    nothing = lambda n, x: torch.full_like(n * x, NAN)
    at_zero = lambda n, x: (n == 0).double() + x
    yield case("bessel_i", at_zero, t([0.0, 1.0, 2.0, 50.0]), t([0.0]), order=0)
    yield case("bessel_i", nothing, t([0.5, -1.0, NAN, INF]), t([1.0]), order=0)

    j0 = lambda x: torch.sin(x) / x
    j1 = lambda x: (j0(x) - torch.cos(x)) / x
    j2 = lambda x: 3 * j1(x) / x - j0(x)
    j3 = lambda x: 5 * j2(x) / x - j1(x)
    for n, f in enumerate((j0, j1, j2, j3)):
        g = lambda _, x, f=f: f(x)
        for spec in (((2, 3), 1.0, 5.0), ((), 1.0, 5.0), ((0, 3), 1.0, 5.0), ((9,), -9.0, -1.0)):
            yield case("spherical_bessel_j", g, t(float(n)), spec, wants=ORDERED)
    yield case("spherical_bessel_j", at_zero, t([0.0, 1.0, 2.0, 50.0]), t([0.0]), order=0)
    yield case("spherical_bessel_j", nothing, t([0.5, -1.0, NAN, INF]), t([1.0]), order=0)
    f = lambda n, x: mpmath.sqrt(mpmath.pi / (2 * x)) * mpmath.besselj(n + mpmath.mpf(1) / 2, x)
    high = t([8.0, 8.0, 30.0, 80.0, 170.0, 170.0]), t([5.0, 8.5, 25.5, 60.0, 150.0, 171.5])
    yield case("spherical_bessel_j", of_mpmath(f), *high, order=0, relative=True)
    high = t([12.0, 12.0, 30.0, 80.0, 4.0]), t([30.0, -37.5, 50.0, 80.0, 20.5])
    yield case("bessel_i", of_mpmath(mpmath.besseli), *high, order=0, relative=True)
    far = lambda n, x: torch.where(torch.isnan(x), x, 0 * n)
    yield case("spherical_bessel_j", far, t([[0.0], [1.0]]), t([INF, -INF, NAN]), order=0)
    yield from everywhere("sinc", torch.sinc, 0.25, 3.0)
    yield case("sinc", torch.sinc, ((11,), -6.0, -0.25))
    yield case("sinc", torch.sinc, t([0.0, -0.0, 1.0, -2.0, 10.5]), order=1)
    # The second derivative at 0 is -pi^2/3; PyTorch says 0.
    second = lambda x: 1 - (torch.pi * x) ** 2 / 6 + (torch.pi * x) ** 4 / 120
    yield case("sinc", second, t([0.0, -0.0, 1e-5, -1e-5]))


def pairs():
    functions = {
        "hypot": (torch.hypot, -2.0), "atan2": (torch.atan2, -2.0),
        "logaddexp": (torch.logaddexp, -2.0), "xlogy": (torch.xlogy, 0.5),
        "xlog1py": (torch.special.xlog1py, -0.5), "fmod": (torch.fmod, 0.5),
        "remainder": (torch.remainder, 0.5),
    }
    for name, (f, low) in functions.items():
        for a, b in PAIRS:
            yield case(name, f, a, (b, low, 2.0))
    five = t([0.0, -0.0, 1.0, -2.5, INF, -INF, NAN])
    for name, (f, _) in functions.items():
        yield case(name, f, five.reshape(7, 1).clone(), five.clone(), order=0)
    yield case("hypot", torch.hypot, t([1e30, -3.0, 1e-30]), t([1e30, 4.0, 1e-30]), order=1)
    yield case("atan2", torch.atan2, t([1.0, -1.0, 0.5, 2.0]), t([0.0, 0.0, -1.0, -4.0]))
    large = t([1e4, -1e4, 1e4, 0.0, 50.0]), t([-1e4, -1e4, 1e4, 100.0, 50.5])
    yield case("logaddexp", torch.logaddexp, *large, order=1)
    yield case("logaddexp", torch.logaddexp, t([20.0, 0.0]), t([0.0, 30.0]))
    yield case("logaddexp", torch.logaddexp, t([-INF, 1.0]), t([2.0, -INF]), order=1)
    yield case("xlogy", torch.xlogy, t([0.0, 0.0, 2.0]), t([2.0, 0.5, 3.0]))
    yield case("xlog1py", torch.special.xlog1py, t([0.0, 0.0, 2.0]), t([2.0, -0.5, 1e-9]))
    # At the origin the slope is 0 here, and NaN in PyTorch.
    flat = lambda a, b: 0 * a + 0 * b
    yield case("hypot", flat, t([0.0]), t([-0.0]), order=1)
    yield case("xlogy", flat, t([0.0, 0.0]), t([0.0, -1.0]), order=1)
    yield case("xlog1py", flat, t([0.0, 0.0]), t([-1.0, -2.0]), order=1)
    signs = t([7.5, -7.5, 7.5, -7.5, 6.0, -6.0, 0.25]), t([2.0, 2.0, -2.0, -2.0, 2.0, 2.0, -1.0])
    for name in ("fmod", "remainder"):
        yield case(name, getattr(torch, name), *signs)
        yield case(name, getattr(torch, name), t([2.0**40, -(2.0**40)]), t([7.0, 3.0]), order=1)


def three():
    lerp = torch.lerp
    weights = ((2, 3), 0.0, 1.0), ((), 0.0, 1.0), ((3,), -1.0, 2.0), ((2, 1), 0.0, 1.0)
    for w in weights:
        yield case("lerp", lerp, (2, 3), (2, 3), w)
        yield case("lerp", lerp, (2, 3), (3,), w)
    yield case("lerp", lerp, (0, 3), (3,), ())
    yield case("lerp", lerp, (), (), ())
    yield case("lerp", lerp, t([1.0, 1.0, -3.0]), t([5.0, 5.0, 7.0]), t([0.0, 1.0, 0.5]))
    yield case("lerp", lerp, t([1e30, NAN, INF]), t([1.0, 1.0, 1.0]), t([1.0, 0.5, 0.25]), order=0)
    for factor in (1.0, -0.5):
        p = {"factor": factor}
        f = lambda x, a, b, c=factor: torch.addcmul(x, a, b, value=c)
        for x, a, b in (
            ((2, 3), (2, 3), (2, 3)), ((2, 3), (3,), ()), ((3,), (2, 1), (3,)), ((0, 3), (3,), ()),
            ((), (), ()), ((1,), (3, 17), (17,)),
        ):
            yield case("addcmul", f, x, a, b, p=p)
        edge = t([1.0, INF, 0.0, NAN]), t([INF, 1.0, -0.0, 1.0]), t([2.0, 3.0, 5.0, 0.0])
        yield case("addcmul", f, *edge, p=p, order=0)


def rounding():
    edges = t([0.0, -0.0, 0.5, -0.5, 1.5, -1.5, 2.5, 1e-30, -1e-30, 1.0, -3.0])
    large = t([2.0**23 - 0.5, -(2.0**23) + 0.5, 2.0**40, -(2.0**60)])
    for name in ("floor", "ceil", "trunc", "round"):
        f = getattr(torch, name)
        yield from everywhere(name, f, -6.0, 6.0)
        yield case(name, f, edges)
        yield case(name, f, large)
        yield case(name, f, t([INF, -INF, NAN]), order=0)
    step = lambda x: torch.where(torch.isnan(x), x, (x > 0).double())
    heaviside = lambda x, b: torch.where(x == 0, b, step(x) + 0 * b)
    for a, b in PAIRS:
        yield case("heaviside", heaviside, a, b)
    yield case("heaviside", heaviside, t([0.0, -0.0, 1.0, -1.0, INF, -INF]), t([0.5]))
    yield case("heaviside", heaviside, t([NAN, 0.0, 1.0]), t([0.5, INF, 2.0]), order=0)


def all_cases():
    for family in (
        elementary, error_functions, gamma_functions, bessel_functions, pairs, three, rounding
    ):
        yield from family()
