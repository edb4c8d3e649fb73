#!/usr/bin/env python3
"""Writes files/: what numpy, PyTorch and safetensors write, for the readers to read.

usage: make_files.py [FOLDER]        (default: files/, beside this script)

For development only: needs `pip install torch==2.13.0 numpy safetensors`; the tests read the files.
Element i of an array of numpy's is (i - 2) / 4 for floats, i - 2 for signed integers, i for
unsigned ones, i odd for bool: tests/nn/npy_test.cpp computes the same.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn


def values(dtype, shape=(2, 3), order="C"):
    i = np.arange(np.prod(shape, dtype=int))
    kind = np.dtype(dtype).kind
    x = {"f": (i - 2) / 4, "i": i - 2, "u": i, "b": i % 2}[kind]
    return x.astype(dtype).reshape(shape).copy(order=order)


def numpy_files(folder):
    codes = ["b1", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8"]
    arrays = {code: values(code) for code in codes}
    arrays |= {"big_" + code: values(">" + code) for code in ["i2", "u4", "i8", "f2", "f4", "f8"]}
    arrays["scalar"] = values("f8", ())
    arrays["none"] = values("f8", (0, 3))
    arrays["layer/columns"] = values("f4", (2, 3, 2), order="F")
    arrays["größe"] = values("f8", (1,))
    np.savez(folder / "numpy.npz", **arrays)
    np.savez_compressed(folder / "numpy_compressed.npz", zeros=np.zeros((100, 100)), x=values("f8"))
    np.savez(folder / "numpy_empty.npz")
    np.save(folder / "numpy.npy", values("f8"))
    np.save(folder / "numpy_columns.npy", values(">i4", (3, 2), order="F"))
    np.save(folder / "numpy_labels.npy", np.array([7, -1, 2**53 + 1]))
    for version in [(2, 0), (3, 0)]:
        with open(folder / f"numpy_version{version[0]}.npy", "wb") as file:
            np.lib.format.write_array(file, values("f4"), version=version)


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(3, 4), nn.Linear(4, 2)

    def forward(self, x):
        return self.fc2(torch.relu(self.fc1(x)))


class Vision(nn.Module):
    """Every layer whose weight has an order of axes or a buffer, one after another."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 4, 3, padding=1, groups=2)
        self.bn = nn.BatchNorm2d(4)
        self.act = nn.PReLU(4)
        self.up = nn.ConvTranspose2d(4, 2, 2, stride=2)
        self.gn = nn.GroupNorm(2, 2)
        self.head = nn.utils.parametrizations.weight_norm(nn.Conv1d(8, 3, 2))
        self.old = nn.utils.weight_norm(nn.Conv1d(3, 2, 1))
        self.bn1 = nn.BatchNorm1d(2)

    def forward(self, x):
        y = self.gn(self.up(self.act(self.bn(self.conv(x)))))
        return self.bn1(self.old(self.head(y.reshape(len(x), 8, -1))))


class Text(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(5, 4)
        self.norm = nn.LayerNorm(4)
        self.lstm = nn.LSTM(4, 3, num_layers=2, bidirectional=True, batch_first=True)
        self.gru = nn.GRU(6, 3, batch_first=True)
        self.rnn = nn.RNN(3, 4, batch_first=True)
        self.encoder = nn.TransformerEncoder(
            nn.TransformerEncoderLayer(4, 2, 5, batch_first=True), 2, enable_nested_tensor=False
        )
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)
        self.pair = nn.Bilinear(2, 2, 3)

    def forward(self, x):
        y = self.lstm(self.norm(self.table(x)))[0]
        y = self.encoder(self.rnn(self.gru(y)[0])[0])
        y = self.attention(y, y, y)[0]
        return self.pair(y[..., :2].contiguous(), y[..., 2:].contiguous())


def torch_files(folder, dtype, name):
    torch.manual_seed(1)
    torch.set_default_dtype(torch.float64)
    models = nn.ModuleDict({"mlp": Mlp(), "vision": Vision(), "text": Text()})
    inputs = {
        "mlp": torch.randn(5, 3),
        "vision": torch.randn(3, 2, 4, 3),
        "text": torch.randint(0, 5, (2, 6)),
    }
    with torch.no_grad():
        for parameter in models.parameters():  # no bias at 0, no scale at 1
            parameter.add_(0.1 * torch.randn_like(parameter))
        models["vision"](torch.randn(3, 2, 4, 3))  # moves the running moments
        models.to(dtype).eval()
        outside = {}
        for key, x in inputs.items():
            x = x.to(dtype) if x.is_floating_point() else x
            outside |= {key + ".x": x, key + ".y": models[key](x)}
    save_file(models.state_dict(), folder / f"torch_{name}.safetensors", {"format": "pt"})
    save_file(outside, folder / f"torch_{name}_outside.safetensors")


def mixed_file(folder):
    """Every dtype, the same numbers in each."""
    x = torch.tensor([0, 1, 2, 3, 100])
    kinds = "bool uint8 int8 uint16 int16 uint32 int32 uint64 int64 float16 bfloat16 float32 float64"
    state = {kind: x.to(getattr(torch, kind)) for kind in kinds.split()}
    special = [0.0, -0.0, 1 / 3, -65504.0, 6e-8, float("inf"), float("-inf"), float("nan")]
    state["special_half"] = torch.tensor(special, dtype=torch.float16)
    state["special_bfloat"] = torch.tensor(special, dtype=torch.bfloat16)
    save_file(state, folder / "torch_mixed.safetensors")


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "files"
    target.mkdir(exist_ok=True)
    numpy_files(target)
    torch_files(target, torch.float32, "float")
    torch_files(target, torch.float64, "double")
    mixed_file(target)
