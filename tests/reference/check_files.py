#!/usr/bin/env python3
"""Opens what the library writes with numpy, Python's csv module, PyTorch and safetensors.

usage: check_files.py WRITE_FILES    (the program build/tests/write_files)

Prints a line for each package. Exits 1 when a file does not open or holds other numbers. Needs
numpy; without torch and safetensors their part is left out.
"""

import csv
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

SHAPES = {"x": (2, 3), "layer/größe": (1,), "scalar": (), "none": (0, 3)}


def values(shape, dtype="f8"):
    return ((np.arange(np.prod(shape, dtype=int)) - 2) / 4).astype(dtype).reshape(shape)


def check(name, got, expected):
    same = got.dtype == expected.dtype and got.shape == expected.shape and (got == expected).all()
    if not same:
        sys.exit(f"{name}: is {got!r}; need {expected!r}")


def check_numpy(folder):
    check("double.npy", np.load(folder / "double.npy"), values((2, 3)))
    check("float.npy", np.load(folder / "float.npy"), values((2, 3, 4), "f4"))
    check("labels.npy", np.load(folder / "labels.npy"), np.array([7, -1, 2**53 + 1]))
    for name in ["stored.npz", "deflated.npz"]:
        archive = np.load(folder / name)
        if set(archive.files) != set(SHAPES):
            sys.exit(f"{name}: has {archive.files}; need {list(SHAPES)}")
        for key, shape in SHAPES.items():
            check(f"{name}: {key}", archive[key], values(shape))
    if np.load(folder / "empty.npz").files:
        sys.exit("empty.npz: has members; need none")
    print(f"numpy {np.__version__}: 6 files")


def check_csv(folder):
    with open(folder / "table.csv", newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file, strict=True)
    texts = ["größe", "a,b", 'say "hi"', "two\r\nlines", " blanks "]
    expected = list(zip([0.1, -0.0, 5e-324, "", 1e22], texts))
    got = [(float(number) if number else "", text) for number, text in rows]
    if header != ["a number", 'text, "quoted"'] or repr(got) != repr(expected):
        sys.exit(f"table.csv: is {header}, {got!r}; need {expected!r}")
    print("csv: 1 file")


def check_torch(folder):
    import safetensors
    import torch
    from safetensors.torch import load_file
    from torch import nn

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.bn = nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)
            self.lstm = nn.LSTM(4, 4, batch_first=True)
            self.attention = nn.MultiheadAttention(4, 2, batch_first=True)
            self.fc = nn.Linear(4, 3)

        def forward(self, x):
            y = self.lstm(self.bn(self.conv(x)).reshape(len(x), 2, 4))[0]
            return self.fc(self.attention(y, y, y)[0])

    with safetensors.safe_open(folder / "arrays.safetensors", "np") as file:
        if file.metadata() != {"epoch": "7"}:
            sys.exit(f"arrays.safetensors: its metadata is {file.metadata()}; need epoch 7")
        for key in ["x", "scalar", "none"]:
            check(f"arrays.safetensors: {key}", file.get_tensor(key), values(SHAPES[key]))
    model = Model().double()
    model.load_state_dict(load_file(folder / "model.safetensors"))  # strict
    outside = np.load(folder / "model_outside.npz")
    y = model.eval()(torch.from_numpy(outside["x"])).detach().numpy()
    error = abs(y - outside["y"]).max()
    if not error < 1e-12:
        sys.exit(f"model.safetensors: PyTorch's output differs by {error}; need less than 1e-12")
    print(f"torch {torch.__version__}, safetensors {safetensors.__version__}: 2 files")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        subprocess.run([sys.argv[1], name], check=True)
        check_numpy(Path(name))
        check_csv(Path(name))
        try:
            check_torch(Path(name))
        except ImportError as error:
            print(f"skipped: {error}")
