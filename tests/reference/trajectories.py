"""What PyTorch's optimisers and schedules do in 20 steps: optim.json and schedule.json.

Each run of optim.json has the optimiser's "name", our "options", and the weights after each step
of training on one problem; each of schedule.json the schedule's name and options, the rates, and
the weights of an SGD that follows them. PyTorch has no Lion: that one is the paper's algorithm in
plain numpy. Its weight_decay of all but AdamW is our l2.
"""

import math

import numpy
import torch

STEPS = 20
W = [[0.5, -1.25, 2.0], [1.5, 0.25, -0.75]]
B = [0.125, -0.5, 1.0]


def leaves():
    return [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in (W, B)]


def loss_of(w, b):
    """A matrix w that decays and a bias b that does not."""
    return ((w - 1) ** 4 / 4 + w * b).sum() + (torch.sin(3 * b) * b).sum()


def values(tensors):
    return {name: x.detach().reshape(-1).tolist() for name, x in zip("wb", tensors)}


def train(w, b, step):
    states = []
    for t in range(STEPS):
        w.grad = b.grad = None
        step(t)
        states.append(values((w, b)))
    return states


def trajectory(name, options, kind, decay=0.0, **arguments):
    w, b = leaves()
    groups = [{"params": [w], "weight_decay": decay}, {"params": [b], "weight_decay": 0.0}]
    optimizer = kind(groups, **arguments)

    def step(_):
        loss_of(w, b).backward()
        optimizer.step()

    return {"name": name, "options": options, "steps": train(w, b, step)}


def lbfgs(options, **arguments):
    w, b = leaves()
    optimizer = torch.optim.LBFGS([w, b], line_search_fn="strong_wolfe", **arguments)

    def closure():
        optimizer.zero_grad()
        loss = loss_of(w, b)
        loss.backward()
        return loss

    steps = train(w, b, lambda _: optimizer.step(closure))
    return {"name": "LBFGS", "options": options, "steps": steps}


def lion(lr, beta1=0.9, beta2=0.99, weight_decay=0.0):
    """Chen et al. 2023, algorithm 2: update by the sign of one mean, keep another."""
    w, b = leaves()
    means = [numpy.zeros(x.shape) for x in (w, b)]

    def step(_):
        loss_of(w, b).backward()
        for i, (x, decay) in enumerate(((w, weight_decay), (b, 0.0))):
            g = x.grad.numpy()
            update = numpy.sign(beta1 * means[i] + (1 - beta1) * g)
            means[i] = beta2 * means[i] + (1 - beta2) * g
            x.data = torch.from_numpy(x.detach().numpy() - lr * (update + decay * x.detach().numpy()))

    options = {"lr": lr, "beta1": beta1, "beta2": beta2, "weight_decay": weight_decay}
    return {"name": "Lion", "options": options, "steps": train(w, b, step)}


def adam_runs():
    t = torch.optim
    ours = {"beta1": 0.8, "beta2": 0.95, "epsilon": 1e-3}
    theirs = {"betas": (0.8, 0.95), "eps": 1e-3}
    for name in ("Adam", "NAdam", "RAdam", "Adamax"):
        kind = getattr(t, name)
        yield trajectory(name, {"lr": 0.05}, kind, lr=0.05)
        yield trajectory(name, {"lr": 0.05, **ours, "l2": 0.1}, kind, 0.1, lr=0.05, **theirs)
    yield trajectory("Adam", {"lr": 0.2, "amsgrad": True}, t.Adam, lr=0.2, amsgrad=True)
    yield trajectory("AdamW", {"lr": 0.05, "weight_decay": 0.1}, t.AdamW, 0.1, lr=0.05)
    yield trajectory(
        "AdamW",
        {"lr": 0.2, "weight_decay": 0.1, "amsgrad": True, **ours},
        t.AdamW,
        0.1,
        lr=0.2,
        amsgrad=True,
        **theirs,
    )
    yield trajectory(
        "NAdam",
        {"lr": 0.05, "momentum_decay": 0.1, "weight_decay": 0.1},
        t.NAdam,
        0.1,
        lr=0.05,
        momentum_decay=0.1,
        decoupled_weight_decay=True,
    )
    # rho_t passes 5 within 20 steps for a beta2 of 0.9 as for 0.999, with another limit.
    yield trajectory(
        "RAdam",
        {"lr": 0.05, "beta2": 0.9, "weight_decay": 0.1},
        t.RAdam,
        0.1,
        lr=0.05,
        betas=(0.9, 0.9),
        decoupled_weight_decay=True,
    )


def optimizer_runs():
    t = torch.optim
    yield trajectory("SGD", {"lr": 0.01}, t.SGD, lr=0.01)
    momentum = {"lr": 0.01, "momentum": 0.9}
    yield trajectory("SGD", momentum, t.SGD, **momentum)
    yield trajectory("SGD", {**momentum, "nesterov": True}, t.SGD, nesterov=True, **momentum)
    yield trajectory("SGD", {**momentum, "dampening": 0.3}, t.SGD, dampening=0.3, **momentum)
    yield trajectory("SGD", {**momentum, "l2": 0.1}, t.SGD, 0.1, **momentum)
    yield trajectory("Adagrad", {"lr": 0.1}, t.Adagrad, lr=0.1)
    yield trajectory(
        "Adagrad",
        {"lr": 0.1, "lr_decay": 0.05, "epsilon": 1e-3, "start": 0.5, "l2": 0.1},
        t.Adagrad,
        0.1,
        lr=0.1,
        lr_decay=0.05,
        eps=1e-3,
        initial_accumulator_value=0.5,
    )
    yield trajectory("Adadelta", {}, t.Adadelta)
    yield trajectory(
        "Adadelta",
        {"lr": 0.5, "rho": 0.8, "epsilon": 1e-3, "l2": 0.1},
        t.Adadelta,
        0.1,
        lr=0.5,
        rho=0.8,
        eps=1e-3,
    )
    yield trajectory("RMSprop", {"lr": 0.01}, t.RMSprop, lr=0.01)
    yield trajectory(
        "RMSprop",
        {"lr": 0.01, "alpha": 0.9, "epsilon": 1e-3, "centred": True, "l2": 0.1},
        t.RMSprop,
        0.1,
        lr=0.01,
        alpha=0.9,
        eps=1e-3,
        centered=True,
    )
    yield trajectory("RMSprop", momentum, t.RMSprop, **momentum)
    yield trajectory(
        "RMSprop", {**momentum, "centred": True}, t.RMSprop, centered=True, **momentum
    )
    yield from adam_runs()
    yield lion(0.01)
    yield lion(0.02, beta1=0.8, beta2=0.9, weight_decay=0.1)
    few = {"max_iterations": 1, "max_evaluations": 25}
    yield lbfgs({"lr": 1, **few}, lr=1, max_iter=1, max_eval=25)
    yield lbfgs({"lr": 0.01, **few, "history": 3}, lr=0.01, max_iter=1, max_eval=25, history_size=3)
    # Long trials, which the line search takes back. Of 2, 3, 4, 5, 8, 10 these are the two where a
    # start that differs by one rounding is not blown up above 1e-12 in PyTorch itself.
    yield lbfgs({"lr": 2, **few}, lr=2, max_iter=1, max_eval=25)
    yield lbfgs({"lr": 10, **few}, lr=10, max_iter=1, max_eval=25)
    # Iterations that go on within a step, and a bound on evaluations that ends them. Smaller rates
    # blow a rounding up above 1e-12.
    yield lbfgs({"lr": 1, "max_iterations": 4, "max_evaluations": 25}, lr=1, max_iter=4, max_eval=25)
    yield lbfgs(
        {"lr": 1, "max_iterations": 4, "max_evaluations": 6, "history": 3},
        lr=1,
        max_iter=4,
        max_eval=6,
        history_size=3,
    )


def schedule_run(name, options, make, metric=None):
    w, b = leaves()
    optimizer = torch.optim.SGD([w, b], lr=0.05)
    scheduler = make(optimizer)
    rates = []

    def step(t):
        rates.append(optimizer.param_groups[0]["lr"])
        loss_of(w, b).backward()
        optimizer.step()
        scheduler.step() if metric is None else scheduler.step(metric[t])

    steps = train(w, b, step)
    run = {"name": name, "options": options, "lr": rates, "steps": steps}
    return run if metric is None else {**run, "metric": metric}


def plateau(options, metric, **arguments):
    s = torch.optim.lr_scheduler
    return schedule_run("Plateau", options, lambda o: s.ReduceLROnPlateau(o, **arguments), metric)


def compound_runs():
    s = torch.optim.lr_scheduler

    def after_warm_up(o):
        return s.SequentialLR(o, [s.LinearLR(o, 0.1, 1, 5), s.CosineAnnealingLR(o, 12)], [5])

    def in_turn(o):
        parts = [s.ConstantLR(o, 0.5, 100), s.ExponentialLR(o, 0.8), s.ExponentialLR(o, 0.5)]
        return s.SequentialLR(o, parts, [4, 10])

    def together(o):
        return s.ChainedScheduler([s.ExponentialLR(o, 0.9), s.LinearLR(o, 0.2, 1, 8)])

    yield schedule_run("warm_up", {"steps": 5, "start": 0.1, "cosine": 12}, after_warm_up)
    yield schedule_run("sequential", {"milestones": [4, 10], "gammas": [0.8, 0.5]}, in_turn)
    yield schedule_run("chained", {"gamma": 0.9, "start": 0.2, "steps": 8}, together)
    metric = [3, 2, 2.1, 2.2, 2, 1.9999, 1.5, 1.6, 1.7, 1.8, 1.9, 2, 1, 1, 1, 1, 1, 1, 1, 1]
    yield plateau(
        {"factor": 0.5, "patience": 2, "cooldown": 1}, metric, factor=0.5, patience=2, cooldown=1
    )
    yield plateau(
        {"factor": 0.1, "patience": 1, "threshold": 0.2, "relative": False, "min_lr": 0.004},
        metric,
        factor=0.1,
        patience=1,
        threshold=0.2,
        threshold_mode="abs",
        min_lr=0.004,
    )
    up = [1 + math.sin(t / 3) for t in range(STEPS)]
    yield plateau({"maximize": True, "patience": 1}, up, mode="max", patience=1)


def schedule_runs():
    s = torch.optim.lr_scheduler
    yield schedule_run("lambda", {}, lambda o: s.LambdaLR(o, lambda t: 1 / (1 + t)))
    yield schedule_run("constant", {"steps": 6}, lambda o: s.ConstantLR(o, 1 / 3, 6))
    yield schedule_run("step", {"period": 6, "gamma": 0.5}, lambda o: s.StepLR(o, 6, 0.5))
    yield schedule_run(
        "multistep", {"milestones": [3, 8, 15]}, lambda o: s.MultiStepLR(o, [3, 8, 15])
    )
    yield schedule_run("exponential", {"gamma": 0.9}, lambda o: s.ExponentialLR(o, 0.9))
    yield schedule_run("linear", {"steps": 7}, lambda o: s.LinearLR(o, 1 / 3, 1, 7))
    yield schedule_run(
        "linear", {"steps": 9, "start": 1, "end": 0.1}, lambda o: s.LinearLR(o, 1, 0.1, 9)
    )
    yield schedule_run(
        "polynomial", {"steps": 15, "power": 2.5}, lambda o: s.PolynomialLR(o, 15, 2.5)
    )
    yield schedule_run("cosine", {"steps": 19}, lambda o: s.CosineAnnealingLR(o, 19))
    # Past its end, it rises again.
    yield schedule_run(
        "cosine", {"steps": 8, "end": 0.1}, lambda o: s.CosineAnnealingLR(o, 8, 0.1 * 0.05)
    )
    yield schedule_run(
        "cosine_restarts", {"first": 6}, lambda o: s.CosineAnnealingWarmRestarts(o, 6)
    )
    yield schedule_run(
        "cosine_restarts",
        {"first": 3, "multiple": 2, "end": 0.1},
        lambda o: s.CosineAnnealingWarmRestarts(o, 3, 2, 0.1 * 0.05),
    )
    yield schedule_run(
        "one_cycle",
        {"steps": 21},
        lambda o: s.OneCycleLR(o, 0.05, total_steps=21, final_div_factor=1e4, cycle_momentum=False),
    )
    yield schedule_run(
        "one_cycle",
        {"steps": 25, "rising": 0.4, "start": 0.1, "end": 0.01, "linear": True},
        lambda o: s.OneCycleLR(
            o,
            0.05,
            total_steps=25,
            pct_start=0.4,
            anneal_strategy="linear",
            div_factor=10,
            final_div_factor=10,
            cycle_momentum=False,
        ),
    )
    yield from compound_runs()


def all_runs():
    """Rows of each file, by its name. NAdam keeps a product in PyTorch's default type."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        return {"optim.json": list(optimizer_runs()), "schedule.json": list(schedule_runs())}
    finally:
        torch.set_default_dtype(before)
