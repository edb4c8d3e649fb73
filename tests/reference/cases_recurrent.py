"""Cases of the recurrent layers: x, h, of an LSTM c, the weights, the biases where there are any."""

import torch

from cases import case

GATES = {"lstm": 4, "gru": 3}


def layer(op, reverse, which):
    """All results as one array: h of each step and, of an LSTM, the last c."""
    def f(x, h, *rest):
        state = (h.unsqueeze(0), rest[0].unsqueeze(0)) if op == "lstm" else h.unsqueeze(0)
        weights = list(rest[1:] if op == "lstm" else rest)
        wide = weights[0].shape[0]
        if which == "ih":  # PyTorch takes both biases or none
            weights.append(torch.zeros(wide, dtype=torch.float64))
        call = torch._VF.lstm if op == "lstm" else torch._VF.gru
        steps = x.flip(0) if reverse else x
        y, *last = call(steps, state, weights, len(weights) == 4, 1, 0.0, False, False, False)
        y = y.flip(0) if reverse else y
        return torch.cat([y, last[1]]) if op == "lstm" else y
    return f


def cases(op):
    for steps, n, inputs, hidden in ((1, 1, 1, 1), (2, 1, 3, 2), (3, 2, 1, 2), (2, 2, 2, 9), (3, 0, 2, 2)):
        wide = GATES[op] * hidden
        state = [(n, hidden)] * (2 if op == "lstm" else 1)
        small = hidden < 9  # others are long: once is enough
        for reverse in (False, True):
            for which, biases in (("", 0), ("ih", 1), ("both", 2)) if small else (("both", 2),):
                shapes = [*state, (wide, inputs), (wide, hidden), *[(wide,)] * biases]
                yield case(
                    op, layer(op, reverse, which), (steps, n, inputs), *shapes,
                    p={"reverse": reverse}, order=2 if small else 1)


def saturated():
    """Gates that are 0 or 1 as far as the numbers go."""
    for op in GATES:
        shapes = [(2, 2)] * (2 if op == "lstm" else 1) + [(GATES[op] * 2, 2)] * 2
        inputs = [(shape, -2.0, 2.0) for shape in shapes]
        for size in (40.0, 800.0):
            x = ((3, 2, 2), -size, size)
            yield case(op, layer(op, False, ""), x, *inputs, p={"reverse": False}, order=1)


def all_cases():
    yield from cases("lstm")
    yield from cases("gru")
    yield from saturated()
