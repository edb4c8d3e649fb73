"""Cases of the contractions and of what comes with a matrix's factors."""

import torch

from cases import case, t


def contractions():
    for spec, *shapes in (
        ("ij,jk->ik", (3, 4), (4, 2)), ("ij,jk", (3, 4), (4, 2)), ("ba", (2, 3)), ("ij->ji", (2, 3)),
        ("ii", (3, 3)), ("ii->i", (3, 3)), ("iii->i", (2, 2, 2)), ("iijj->ij", (2, 2, 3, 3)),
        ("iji->j", (2, 3, 2)), ("ij->", (2, 3)), ("ij->j", (2, 3)), ("i,i", (4,), (4,)),
        ("i,j->ij", (3,), (4,)), ("i,j->ji", (3,), (4,)), ("bij,bjk->bik", (2, 3, 4), (2, 4, 2)),
        ("bij,bjk->kb", (2, 3, 4), (2, 4, 2)), ("ij,ij->ij", (2, 3), (2, 3)), ("ij,kj", (2, 3), (4, 3)),
        ("ab,bc,cd->ad", (2, 3), (3, 4), (4, 2)), ("i,ij,j", (3,), (3, 4), (4,)),
        ("bn,anm,bm->ba", (2, 3), (4, 3, 2), (2, 2)), ("ij,k->i", (2, 3), (4,)), ("ii,ij->j", (2, 2), (2, 3)),
        (",i->i", (), (3,)), ("Zb,bA", (2, 3), (3, 2)), ("ij,jk->ik", (0, 3), (3, 2)),
        ("ij,jk->ik", (2, 0), (0, 3)), ("ij->i", (2, 0)), ("ii->i", (0, 0)), ("i,j,k,ijk", (2,), (3,), (2,), (2, 3, 2)),
        ("bhqd,bhkd->bhqk", (2, 2, 3, 2), (2, 2, 1, 2)), (" i j , j -> i ", (2, 3), (3,)), ("ij,ij,ij->", (2, 3), (2, 3), (2, 3)),
    ):
        yield case("einsum", lambda *x, s=spec: torch.einsum(s, *x), *shapes, p={"spec": spec})
    for a, b, in_a, in_b in (
        ((2, 3, 4), (3, 4, 2), [1, 2], [0, 1]), ((2, 3, 4), (4, 3, 2), [1, 2], [1, 0]), ((2, 3), (3, 4), [1], [0]),
        ((2, 3), (3, 4), [-1], [-2]), ((2, 3), (2, 3), [0, 1], [0, 1]), ((2,), (3,), [], []), ((), (3,), [], []),
        ((0, 3), (3, 2), [1], [0]), ((2, 0), (0, 2), [1], [0]), ((1, 1), (1, 1), [0], [1]),
    ):
        f = lambda x, y, m=in_a, n=in_b: torch.tensordot(x, y, (m, n))
        yield case("tensordot", f, a, b, p={"axes_a": in_a, "axes_b": in_b})
    for a, b, n in (((2, 3, 4), (3, 4, 2), 2), ((2, 3), (3, 4), 1), ((2,), (3,), 0), ((2, 3), (2, 3), 2)):
        yield case("tensordot", lambda x, y, n=n: torch.tensordot(x, y, n), a, b, p={"axes": n})
    for a, b in (
        ((2, 3), (3, 2)), ((2,), (3,)), ((2, 3), (2,)), ((2,), (2, 3)), ((), (2, 3)), ((1, 1), (2, 2)),
        ((0, 2), (2, 3)), ((2, 1, 2), (1, 3, 2)), ((), ()),
    ):
        yield case("kron", torch.kron, a, b)
    yield from products()


def products():
    for batch, m, k, n in (
        (2, 3, 4, 2), (1, 1, 1, 1), (3, 2, 2, 2), (0, 2, 3, 2), (2, 0, 3, 2), (2, 3, 0, 2), (2, 3, 2, 0), (4, 1, 5, 1),
    ):
        yield case("bmm", torch.bmm, (batch, m, k), (batch, k, n))
        for beta, alpha in ((1.0, 1.0), (0.5, -2.0)):
            for c in ((batch, m, n), (n,), (1, m, 1)):
                f = lambda c, a, b, s=beta, r=alpha: s * c + r * (a @ b)
                yield case("baddbmm", f, c, (batch, m, k), (batch, k, n), p={"beta": beta, "alpha": alpha})
    for shape in ((3, 3), (1, 1), (3, 4), (4, 2), (2, 3, 3), (0, 0), (2, 0, 3), (0, 2, 2), (2, 2, 2, 3)):
        f = lambda x: x.diagonal(dim1=-2, dim2=-1).sum(-1)
        yield case("trace", f, shape)


SQUARE = [(3, 3), (1, 1), (2, 2), (4, 4), (2, 3, 3), (2, 1, 2, 2), (0, 0), (2, 0, 0), (0, 2, 2)]
LOOSE = {"float_tolerance": 2e-4}


def regular(x):
    """The matrix that a case is about: x and four times the identity."""
    return x + 4 * torch.eye(x.shape[-1], dtype=x.dtype)


def definite(x):
    return x @ x.mT + torch.eye(x.shape[-1], dtype=x.dtype)


def near(shape):
    return (shape, -1.0, 1.0)


def solves():
    for shape in SQUARE:
        yield case("inverse", lambda x: torch.linalg.inv(regular(x)), near(shape), **LOOSE)
        yield case("det", lambda x: torch.linalg.det(regular(x)), near(shape), **LOOSE)
        yield case("slogdet", lambda x: torch.linalg.slogdet(regular(x)).logabsdet, near(shape), **LOOSE)
        f = lambda x: torch.linalg.slogdet(-regular(x)).sign
        yield case("slogdet", f, near(shape), p={"sign": True}, order=0)
        yield case("cholesky", lambda x: torch.linalg.cholesky(definite(x)), near(shape), **LOOSE)
        for n in (-2, -1, 0, 1, 2, 3, 5):
            f = lambda x, n=n: torch.linalg.matrix_power(regular(x) / 4, n)
            yield case("matrix_power", f, near(shape), p={"n": n}, order=2 if n else 0, **LOOSE)
    yield case("det", torch.linalg.det, t([[0.0, 1.0], [1.0, 0.0]]), p={"plain": True})
    yield case("det", torch.linalg.det, t([[1.0, 2.0], [2.0, 4.0]]), p={"plain": True}, order=0)
    f = lambda x: torch.linalg.slogdet(-x).logabsdet
    yield case("slogdet", f, t([[-5.0, -2.0], [-2.0, -8.0]]), p={"negative": True}, order=0)
    for a, b in (
        ((3, 3), (3, 2)), ((3, 3), (3,)), ((1, 1), (1, 1)), ((1, 1), (1,)), ((2, 3, 3), (2, 3, 2)), ((2, 3, 3), (3, 2)),
        ((3, 3), (2, 3, 2)), ((2, 1, 2, 2), (3, 2, 1)), ((0, 0), (0, 2)), ((2, 2), (2, 0)), ((0, 2, 2), (0, 2, 1)),
        ((4, 4), (4, 5)),
    ):
        column = (lambda b: b.unsqueeze(-1)) if len(b) == 1 else (lambda b: b)
        back = (lambda x: x.squeeze(-1)) if len(b) == 1 else (lambda x: x)
        f = lambda a, b, c=column, k=back: k(torch.linalg.solve(regular(a), c(b)))
        yield case("solve", f, near(a), near(b), **LOOSE)
        for upper in (False, True):
            f = lambda a, b, c=column, k=back, u=upper: k(
                torch.linalg.solve_triangular(regular(a).triu() if u else regular(a).tril(), c(b), upper=u))
            yield case("triangular_solve", f, near(a), near(b), p={"upper": upper}, **LOOSE)
        f = lambda a, b, c=column, k=back: k(
            torch.linalg.solve(regular(a).tril() @ regular(a).tril().mT, c(b)))
        yield case("cholesky_solve", f, near(a), near(b), **LOOSE)


TALL_WIDE = [(3, 3), (3, 2), (4, 2), (2, 3), (1, 1), (1, 3), (3, 1), (2, 3, 2), (2, 2, 4), (0, 2, 2), (3, 0), (0, 3)]


def graded(x):
    """x with 2, 4, ... added along the diagonal: full rank, singular values apart."""
    steps = torch.zeros(x.shape[-2:], dtype=x.dtype)
    for i in range(min(steps.shape)):
        steps[i, i] = 2 * (i + 1)
    return x + steps


def eigh(x):
    values, vectors = torch.linalg.eigh(x)
    return torch.cat([vectors**2, values.unsqueeze(-2)], -2)


def svd(x):
    u, s, vt = torch.linalg.svd(x, full_matrices=False)
    return torch.cat([u**2, s.unsqueeze(-2), vt.mT**2], -2)


def decompositions():
    loose = {"float_tolerance": 1e-3}
    for shape in TALL_WIDE:
        g = lambda x: torch.linalg.qr(graded(x)).Q
        h = lambda x: torch.linalg.qr(graded(x)).R
        yield case("qr", g, near(shape), p={"part": "q"}, **loose)
        yield case("qr", h, near(shape), p={"part": "r"}, **loose)
        yield case("svd", lambda x: svd(graded(x)), (shape, -0.5, 0.5), **loose)
        f = lambda x: (lambda u, s, vt: (u * s.unsqueeze(-2)) @ vt)(*torch.linalg.svd(graded(x), False))
        yield case("svd", f, (shape, -0.5, 0.5), p={"part": "product"}, **loose)
        yield case("pinv", lambda x: torch.linalg.pinv(graded(x)), near(shape), **loose)
        for b in (shape[:-1] + (2,), (shape[-2],), (shape[-2], 1)):
            column = (lambda b: b.unsqueeze(-1)) if len(b) == 1 else (lambda b: b)
            back = (lambda x: x.squeeze(-1)) if len(b) == 1 else (lambda x: x)
            f = lambda a, b, c=column, k=back: k(torch.linalg.pinv(graded(a)) @ c(b))
            yield case("lstsq", f, near(shape), near(b), **loose)
    for x in ([[1.0, 2.0], [2.0, 4.0]], [[0.0, 0.0], [0.0, 0.0]], [[1.0, 1.0, 0.0], [1.0, 1.0, 0.0]]):
        yield case("pinv", torch.linalg.pinv, t(x), p={"plain": True}, order=0)
    for shape in SQUARE:
        yield case("eigh", lambda x: eigh(definite(graded(x))), near(shape), **loose)
        f = lambda x: torch.linalg.eigvalsh(definite(graded(x)))
        yield case("eigh", f, near(shape), p={"part": "values"}, **loose)
        yield case("matrix_exp", torch.matrix_exp, near(shape), **loose)
        yield case("matrix_exp", torch.matrix_exp, (shape, -4.0, 4.0), relative=True, order=0, **loose)
    yield case("matrix_exp", torch.matrix_exp, t([[0.0, 1.0], [0.0, 0.0]]), **loose)
    yield case("matrix_exp", torch.matrix_exp, t([[0.0, 20.0], [-20.0, 0.0]]), **loose)


def all_cases():
    for family in (contractions, solves, decompositions):
        yield from family()
