#!/usr/bin/env python3
"""Writes nn_modules.json and layers.json: what PyTorch's modules compute, in double, and how they
train, for the zoo and the trajectories to compare with.

usage: make_modules.py [FOLDER]      (default: the folder it lives in)

For development only: needs `pip install torch==2.13.0`; nn_zoo and trajectories read the files. A row's name is the
zoo's. Weights and inputs are not stored: formulas of their place give them, here and in
tests/nn/zoo_values.hpp. In nn_modules.json for each row in training, and in evaluation where that differs: the output
y, the gradients of sum(y seed) with respect to the input x and each parameter, the buffers after.

In layers.json for each row 20 steps of plain SGD, rate "lr", on the mean of (y - seed)^2, of the
parameters and the input: the loss before each step, y of the last, x and the module's state after.
"""

import json
import sys
from pathlib import Path

import torch
import torch.nn as nn

from make_reference import write

torch.set_default_dtype(torch.float64)
STEPS, RATE = 20, 0.05


def spread(shape, step, start, period, scale):
    count = torch.Size(shape).numel()
    places = (torch.arange(count) * step + start) % period
    return ((places.double() - (period - 1) / 2) / scale).reshape(shape)


def values(module):
    """What zoo_checks.cpp gives the parameters and buffers, in the order of their names."""
    state = {name: value for name, value in module.state_dict().items() if not name.endswith("tracked")}
    for k, name in enumerate(sorted(state)):
        value = spread(state[name].shape, 37, 11 * k + 5, 64, 64)
        state[name].copy_(value.abs() + 0.5 if name.endswith("running_var") else value)


class Two(nn.Module):
    """Bilinear of a and b that stand beside each other."""

    def __init__(self, in1, in2, out):
        super().__init__()
        made = nn.Bilinear(in1, in2, out)
        self.in1, self.weight, self.bias = in1, made.weight, made.bias

    def forward(self, x):
        return nn.functional.bilinear(
            x[..., : self.in1].contiguous(), x[..., self.in1 :].contiguous(), self.weight, self.bias
        )


class Hardsigmoid(nn.Module):
    """nn.Hardsigmoid has its 1/6 in float, in backward."""

    def forward(self, x):
        return nn.functional.relu6(x + 3) / 6


class Sum(nn.Module):
    def __init__(self, body, shortcut):
        super().__init__()
        self.body, self.shortcut = body, shortcut

    def forward(self, x):
        return self.body(x) + self.shortcut(x)


class Beside(nn.Sequential):
    def forward(self, x):
        return torch.cat([part(x) for part in self], 1)


def weight_norm(module):
    return torch.nn.utils.weight_norm(module)


ELEMENTWISE = {
    "Relu": nn.ReLU(), "Relu6": nn.ReLU6(), "Selu": nn.SELU(), "Gelu": nn.GELU(), "Silu": nn.SiLU(),
    "Mish": nn.Mish(), "Softplus": nn.Softplus(threshold=1000), "Softsign": nn.Softsign(),
    "Sigmoid": nn.Sigmoid(), "LogSigmoid": nn.LogSigmoid(), "Tanh": nn.Tanh(),
    "Tanhshrink": nn.Tanhshrink(), "Hardsigmoid": Hardsigmoid(), "Hardswish": nn.Hardswish(),
    "LeakyRelu": nn.LeakyReLU(0.2), "Elu": nn.ELU(0.5), "Celu": nn.CELU(0.5),
    "Hardtanh": nn.Hardtanh(-0.75, 0.5), "Hardshrink": nn.Hardshrink(0.25),
    "Softshrink": nn.Softshrink(0.25), "Threshold": nn.Threshold(0.25, -1), "Glu": nn.GLU(),
    "Softmax": nn.Softmax(-1), "LogSoftmax": nn.LogSoftmax(1), "Identity": nn.Identity(),
}

ROWS = {
    "Dense": (nn.Linear(4, 3), (5, 4)),
    "Dense/no bias": (nn.Linear(4, 3, bias=False), (2, 5, 4)),
    "Bilinear": (Two(3, 2, 4), (5, 5)),
    "Embedding": (nn.Embedding(7, 3), (4, 3)),
    "Conv1d": (nn.Conv1d(2, 3, 3, padding=1), (2, 2, 6)),
    "Conv2d": (nn.Conv2d(4, 6, (3, 2), stride=(2, 1), padding=1, groups=2), (2, 4, 5, 4)),
    "ConvTranspose1d": (nn.ConvTranspose1d(2, 3, 3, stride=2, output_padding=1), (2, 2, 4)),
    "ConvTranspose2d": (nn.ConvTranspose2d(4, 2, 3, stride=2, padding=1, groups=2), (2, 4, 3, 2)),
    "MaxPool1d": (nn.MaxPool1d(2), (2, 3, 6)),
    "MaxPool2d": (nn.MaxPool2d(3, stride=2, padding=1), (2, 2, 5, 6)),
    "AvgPool1d": (nn.AvgPool1d(3, stride=2), (2, 3, 7)),
    "AvgPool2d": (nn.AvgPool2d((2, 3)), (2, 2, 4, 6)),
    "AdaptiveMaxPool1d": (nn.AdaptiveMaxPool1d(3), (2, 2, 7)),
    "AdaptiveMaxPool2d": (nn.AdaptiveMaxPool2d((2, 3)), (2, 2, 5, 4)),
    "AdaptiveAvgPool1d": (nn.AdaptiveAvgPool1d(3), (2, 2, 7)),
    "AdaptiveAvgPool2d": (nn.AdaptiveAvgPool2d(1), (2, 2, 5, 4)),
    **{name: (module, (3, 6)) for name, module in ELEMENTWISE.items()},
    "Prelu": (nn.PReLU(3), (2, 3, 4)),
    "Flatten": (nn.Flatten(), (2, 3, 4)),
    "BatchNorm1d": (nn.BatchNorm1d(3), (5, 3)),
    "BatchNorm1d/length": (nn.BatchNorm1d(3, momentum=0.3, affine=False), (2, 3, 4)),
    "BatchNorm2d": (nn.BatchNorm2d(2, eps=0.01), (3, 2, 3, 2)),
    "LayerNorm": (nn.LayerNorm((3, 4)), (2, 3, 4)),
    "GroupNorm": (nn.GroupNorm(2, 4), (2, 4, 3)),
    "InstanceNorm": (nn.InstanceNorm2d(2, affine=True), (2, 2, 3, 2)),
    "RMSNorm": (nn.RMSNorm(4, eps=1e-5), (3, 4)),
    "WeightNorm": (weight_norm(nn.Linear(4, 3)), (5, 4)),
    "WeightNorm/Conv2d": (weight_norm(nn.Conv2d(2, 3, 2)), (2, 2, 3, 3)),
    "LocalResponseNorm": (nn.LocalResponseNorm(3, 0.5, 0.75, 2), (2, 5, 3)),
    "Sequential": (
        nn.Sequential(nn.Linear(4, 5, bias=False), nn.BatchNorm1d(5), nn.Tanh(), nn.Linear(5, 2)), (6, 4)),
    "Residual": (Sum(nn.Linear(4, 3), nn.Linear(4, 3, bias=False)), (5, 4)),
    "Parallel": (Beside(nn.Linear(4, 3), nn.Tanh()), (5, 4)),
}


class Results(nn.Module):
    """The results of a recurrent layer, without its states."""

    def __init__(self, made):
        super().__init__()
        for name, value in list(made.named_parameters()):
            self.register_parameter(name, value)
        self.made = [made]  # hidden, so that names have no prefix

    def forward(self, x):
        y = self.made[0](x)
        return y[0] if isinstance(y, tuple) else y


class SelfAttention(nn.MultiheadAttention):
    def forward(self, x):
        return super().forward(x, x, x, need_weights=False)[0]


def recurrent(kind, *arguments, **options):
    return Results(kind(*arguments, batch_first=True, **options))


ROWS |= {
    "RNNCell": (nn.RNNCell(3, 4), (2, 3)),
    "LSTMCell": (Results(nn.LSTMCell(3, 4)), (2, 3)),
    "GRUCell": (nn.GRUCell(3, 4), (2, 3)),
    "RNN": (recurrent(nn.RNN, 3, 4), (2, 5, 3)),
    "RNN/relu": (recurrent(nn.RNN, 3, 4, bias=False, nonlinearity="relu"), (2, 5, 3)),
    "LSTM": (recurrent(nn.LSTM, 3, 4), (2, 5, 3)),
    "LSTM/deep": (recurrent(nn.LSTM, 3, 2, num_layers=2, bidirectional=True), (2, 4, 3)),
    "GRU": (recurrent(nn.GRU, 3, 4), (2, 5, 3)),
    "GRU/deep": (recurrent(nn.GRU, 3, 2, num_layers=2, bidirectional=True), (2, 4, 3)),
    "MultiHeadAttention": (SelfAttention(4, 2, batch_first=True), (2, 3, 4)),
    "TransformerEncoderLayer": (
        nn.TransformerEncoderLayer(4, 2, 6, dropout=0, batch_first=True), (2, 3, 4)),
    "TransformerEncoderLayer/norm first": (
        nn.TransformerEncoderLayer(
            4, 2, 6, dropout=0, activation="gelu", norm_first=True, batch_first=True),
        (2, 3, 4)),
}


def plain(tensor):
    tensor = tensor.detach()
    return {"shape": list(tensor.shape), "data": tensor.reshape(-1).tolist()}


def start(module, shape, training):
    """Gives the module its values; its input, which wants a gradient unless it is indices."""
    values(module)
    module.train(training)
    module.zero_grad()
    x = spread(shape, 29, 7, 64, 16)
    if isinstance(module, nn.Embedding):
        return (5 * torch.arange(x.numel()) % 7).reshape(shape)
    return x.requires_grad_()


def outcome(module, shape, training):
    x = start(module, shape, training)
    y = module(x)
    gradients = {}
    if y.requires_grad:
        (y * spread(y.shape, 13, 3, 32, 16)).sum().backward()
        gradients = {name: plain(p.grad) for name, p in module.named_parameters()}
        if x.requires_grad:
            gradients["x"] = plain(x.grad)
    buffers = {n: plain(b) for n, b in module.named_buffers() if not n.endswith("tracked")}
    return {"y": plain(y), "gradients": gradients, "buffers": buffers}


def trained(name, module, shape):
    x = start(module, shape, True)
    leaves = [*module.parameters(), *([x] if x.requires_grad else [])]
    sgd = torch.optim.SGD(leaves, lr=RATE)
    before = [leaf.detach().clone() for leaf in leaves]
    losses = []
    for _ in range(STEPS):
        y = module(x).clone()  # Identity's is x itself, which the step changes
        loss = ((y - spread(y.shape, 13, 3, 32, 16)) ** 2).mean()
        losses.append(loss.item())
        sgd.zero_grad()
        loss.backward()
        sgd.step()
    moved = any(not torch.equal(a, b) for a, b in zip(before, leaves))
    if not moved or not losses[-1] < losses[0]:
        raise SystemExit(f"{name} does not learn: {losses[0]} to {losses[-1]}")
    flat = lambda tensor: tensor.detach().reshape(-1).tolist()
    state = {n: flat(v) for n, v in module.state_dict().items() if not n.endswith("tracked")}
    run = {"name": name, "lr": RATE, "losses": losses, "y": flat(y), "state": state}
    return {**run, "x": flat(x)} if x.requires_grad else run


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) == 2 else Path(__file__).resolve().parent
    rows = []
    for name, (module, shape) in ROWS.items():
        row = {"train": outcome(module, shape, True)}
        evaluated = outcome(module, shape, False)
        if evaluated != row["train"]:
            row["eval"] = evaluated
        rows.append(f"{json.dumps(name)}:{json.dumps(row, separators=(',', ':'))}")
    (folder / "nn_modules.json").write_text("{\n" + ",\n".join(rows) + "\n}\n")
    write(folder / "layers.json", [trained(name, *row) for name, row in ROWS.items()])


if __name__ == "__main__":
    main()
