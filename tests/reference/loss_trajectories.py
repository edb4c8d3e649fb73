"""What 20 steps of plain SGD do to a linear model under each loss of PyTorch: losses.json.

Each run has the loss's "name", its parameters "p" as in ops.json, the "link" from the model's
result z = x w + b to the loss's first input, the "constants" that follow it, the rate, the loss
before each step, and the weights after the last. Reduction none ends in a sum with other factors
for all elements. x and the first weights are not stored: tests/nn/loss_trajectory_test.cpp has the
same formulas. PyTorch has no hinge_loss and no focal_loss: those are their formulas.
"""

import torch
import torch.nn.functional as F

from cases_statistic import REDUCTIONS, reduced

STEPS = 20
RATES = {"none": 0.05, "mean": 0.25, "sum": 0.05}
ROWS, FEATURES, CLASSES = 5, 3, 4
LABELS = [2, 0, 3, 1, 2]
WEIGHTS = [0.5, 2.0, 1.0, 0.75]
LINKS = {
    "identity": lambda z: z,
    "sigmoid": torch.sigmoid,
    "log_softmax": lambda z: torch.log_softmax(z, -1),
    "exp": torch.exp,
}


def spread(shape, step, start):
    count = torch.Size(shape).numel()
    places = (torch.arange(count) * step + start) % 64
    return ((places.double() - 31.5) / 64).reshape(shape)


def total(loss):
    return (loss * (spread(loss.shape, 13, 3) + 1)).sum()


def run(name, f, *constants, link="identity", **p):
    x = spread((ROWS, FEATURES), 29, 7)
    w = spread((FEATURES, CLASSES), 37, 5).requires_grad_()
    b = spread((CLASSES,), 37, 16).requires_grad_()
    rate = RATES[p["reduction"]]
    sgd = torch.optim.SGD([w, b], lr=rate)
    losses = []
    for _ in range(STEPS):
        loss = total(f(LINKS[link](x @ w + b), *constants))
        losses.append(loss.item())
        sgd.zero_grad()
        loss.backward()
        sgd.step()
    if not losses[-1] < losses[0]:
        raise SystemExit(f"{name} {p} does not learn: {losses[0]} to {losses[-1]}")
    flat = lambda tensor: tensor.detach().reshape(-1).tolist()
    stored = [{"shape": list(c.shape), "data": flat(c)} for c in constants]
    return {
        "name": name, "p": p, "link": link, "constants": stored, "lr": rate, "losses": losses,
        "w": flat(w), "b": flat(b),
    }


def distances(r):
    target = 2 * spread((ROWS, CLASSES), 13, 3)
    k = {"reduction": r}
    yield run("mse_loss", lambda z, y: F.mse_loss(z, y, **k), target, **k)
    yield run("l1_loss", lambda z, y: F.l1_loss(z, y, **k), target, **k)
    yield run("huber_loss", lambda z, y: F.huber_loss(z, y, delta=0.75, **k), target, **k)
    for beta in (0.0, 0.5, 1.0):
        f = lambda z, y, beta=beta: F.smooth_l1_loss(z, y, beta=beta, **k)
        yield run("smooth_l1_loss", f, target, beta=beta, **k)


def entropies(r):
    chances = spread((ROWS, CLASSES), 13, 3) + 0.5
    k = {"reduction": r}
    f = lambda z, y: F.binary_cross_entropy_with_logits(z, y, **k)
    yield run("binary_cross_entropy_with_logits", f, chances, **k)
    f = lambda p, y: F.binary_cross_entropy(p, y, **k)
    for target in (chances, chances.round()):
        yield run("binary_cross_entropy", f, target, link="sigmoid", **k)
    for alpha, gamma in ((0.25, 2.0), (0.5, 0.0), (0.75, 1.0)):
        def focal(z, y, alpha=alpha, gamma=gamma):
            q = torch.sigmoid(z) * (1 - y) + torch.sigmoid(-z) * y
            entropy = F.binary_cross_entropy_with_logits(z, y, reduction="none")
            return reduced((alpha * y + (1 - alpha) * (1 - y)) * q**gamma * entropy, r)

        yield run("focal_loss", focal, chances.round(), alpha=alpha, gamma=gamma, **k)
    soft = chances / chances.sum(1, keepdim=True)
    for log_target in (False, True):
        f = lambda x, y, l=log_target: reduced(F.kl_div(x, y, reduction="none", log_target=l), r)
        target = soft.log() if log_target else soft
        yield run("kl_div", f, target, link="log_softmax", log_target=log_target, **k)


def classes(r):
    k = {"reduction": r}
    for labels in (LABELS, [2, -100, 3, 1, -100]):
        for weights in ([], WEIGHTS):
            i, w = torch.tensor(labels), torch.tensor(weights) if weights else None
            f = lambda x, i=i, w=w: F.nll_loss(x, i, weight=w, **k)
            p = {"labels": labels, "weights": weights, **k}
            yield run("nll_loss", f, link="log_softmax", **p)
            for smoothing in (0.0, 0.2):
                f = lambda z, i=i, w=w, s=smoothing: F.cross_entropy(
                    z, i, weight=w, label_smoothing=s, **k)
                yield run("cross_entropy", f, **p, smoothing=smoothing)
    i = torch.tensor(LABELS)
    yield run("nll_loss", lambda x: F.nll_loss(x, i, **k), link="log_softmax", labels=LABELS, **k)
    yield run("cross_entropy", lambda z: F.cross_entropy(z, i, **k), labels=LABELS, **k)
    f = lambda z: F.cross_entropy(z, i, ignore_index=2, **k)
    yield run("cross_entropy", f, labels=LABELS, weights=[], smoothing=0.0, ignore=2, **k)
    soft = torch.softmax(4 * spread((ROWS, CLASSES), 13, 3), 1)
    for weights, smoothing in (([], 0.0), (WEIGHTS, 0.0), (WEIGHTS, 0.2)):
        w = torch.tensor(weights) if weights else None
        f = lambda z, y, w=w, s=smoothing: F.cross_entropy(z, y, weight=w, label_smoothing=s, **k)
        yield run("cross_entropy", f, soft, weights=weights, smoothing=smoothing, **k)


def margins(r):
    signs = torch.where(spread((ROWS, CLASSES), 13, 3) > 0, 1.0, -1.0)
    k = {"reduction": r}
    f = lambda z, y: reduced(torch.relu(1 - y * z), r)
    yield run("hinge_loss", f, signs, **k)
    for margin in (1.0, 0.5):
        f = lambda d, y, m=margin: F.hinge_embedding_loss(d, y, m, **k)
        yield run("hinge_embedding_loss", f, signs, margin=margin, **k)
    i = torch.tensor(LABELS)
    for power in (1, 2):
        for weights in ([], WEIGHTS):
            w = torch.tensor(weights) if weights else None
            f = lambda z, q=power, w=w: F.multi_margin_loss(z, i, p=q, weight=w, **k)
            p = {"labels": LABELS, "p": power, "margin": 1.0, "weights": weights, **k}
            yield run("multi_margin_loss", f, **p)
    near, far = 2 * spread((ROWS, CLASSES), 13, 3), 2 * spread((ROWS, CLASSES), 11, 9)
    for swap in (False, True):
        # PyTorch adds epsilon to each difference; ours is the norm itself.
        f = lambda a, b, c, s=swap: F.triplet_margin_loss(a, b, c, eps=0.0, swap=s, **k)
        yield run("triplet_margin_loss", f, near, far, margin=1.0, p=2.0, swap=swap, **k)
    for margin in (0.0, 0.5):
        # F.cosine_embedding_loss adds 1e-12 to the squares: 1e-10 of the weights after 20 steps.
        def embedding(a, b, y, m=margin):
            c = F.cosine_similarity(a, b)
            return reduced(torch.where(y > 0, 1 - c, torch.relu(c - m)), r)

        yield run("cosine_embedding_loss", embedding, near, signs[:, 0], margin=margin, **k)


def distributions(r):
    counts = (3 * spread((ROWS, CLASSES), 13, 3) + 2).round()
    k = {"reduction": r}
    yield run("poisson_nll_loss", lambda x, y: F.poisson_nll_loss(x, y, **k), counts, **k)
    for log_input, link in ((True, "identity"), (False, "exp")):
        o = {"log_input": log_input, "full": True}
        f = lambda x, y, o=o: F.poisson_nll_loss(x, y, **o, **k)
        yield run("poisson_nll_loss", f, counts, link=link, epsilon=1e-8, **o, **k)
    target, variance = spread((ROWS, CLASSES), 13, 3), spread((ROWS, CLASSES), 11, 9) + 1
    for full in (False, True):
        f = lambda x, y, v, full=full: F.gaussian_nll_loss(x, y, v, full=full, **k)
        yield run("gaussian_nll_loss", f, target, variance, full=full, **k)


def all_runs():
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        for r in REDUCTIONS:
            for family in (distances, entropies, classes, margins, distributions):
                yield from family(r)
    finally:
        torch.set_default_dtype(before)
