#!/usr/bin/env python3
"""Reads event files that the library wrote with TensorBoard's own reader.

usage: check_tensorboard.py WRITE_EVENTS    (the program build/tests/write_events)

Exits 1 when TensorBoard reads other numbers, 77 (skipped) where python has no tensorboard.
"""

import io
import math
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    from tensorboard.backend.event_processing.plugin_event_accumulator import EventAccumulator
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
    from tensorboard.util import tensor_util
except ImportError:
    print("skipped: this python has no tensorboard")
    sys.exit(77)


def check(name, got, expected):
    if got != expected:
        sys.exit(f"{name}: is {got!r}; need {expected!r}")


def check_scalars(events):
    loss = [(e.step, tensor_util.make_ndarray(e.tensor_proto).item()) for e in events.Tensors("loss")]
    check("steps of loss", [step for step, _ in loss], list(range(1, 301)))
    for step, value in loss:
        if abs(value - 1 / step) > 1e-7:
            sys.exit(f"loss at step {step}: is {value}; need {1 / step}")
    odd = [tensor_util.make_ndarray(e.tensor_proto).item() for e in events.Tensors("größe/nan")]
    check("NaN and infinity", [math.isnan(odd[0]), odd[1]], [True, math.inf])
    check("large step", events.Tensors("late")[0].step, 2**40)


def check_histograms(events):
    values = tensor_util.make_ndarray(events.Tensors("weights")[0].tensor_proto)
    check("shape of the histogram", values.shape, (30, 3))
    check("its lowest end", values[0, 0], -1.0)
    check("its highest end", values[-1, 1], 1.0)
    check("its count", values[:, 2].sum(), 1001.0)
    check("intervals that touch", (values[1:, 0] == values[:-1, 1]).all(), True)
    flat = tensor_util.make_ndarray(events.Tensors("flat")[0].tensor_proto)
    check("equal values", flat.tolist(), [[0.5, 0.5, 4.0]])


def check_image(events):
    width, height, png = tensor_util.make_ndarray(events.Tensors("picture")[0].tensor_proto)
    check("size of the image", (width, height), (b"2", b"3"))
    check("signature of the image", png[:8], b"\x89PNG\r\n\x1a\n")
    try:
        from PIL import Image
    except ImportError:
        return
    pixels = list(Image.open(io.BytesIO(png)).tobytes())
    check("pixels", pixels, [0, 50, 100, 150, 200, 255])


def main():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.argv[1], folder], check=True)
        files = sorted(Path(folder).iterdir())
        check("number of files", len(files), 2)
        # Checksums are verified; a wrong one ends the loading with an error.
        count = sum(len(list(EventFileLoader(str(file)).Load())) for file in files)
        events = EventAccumulator(folder, size_guidance={"tensors": 0})
        events.Reload()
        check(
            "tags", set(events.Tags()["tensors"]),
            {"loss", "größe/nan", "late", "weights", "flat", "picture", "again",
             "step/loss", "step/lr", "train/cost", "train/error", "dev/cost", "dev/error",
             "gradient/0.weight", "gradient/0.bias", "weight/0.weight", "weight/0.bias"})
        check_scalars(events)
        check_histograms(events)
        check_image(events)
        print(f"tensorboard read {count} events")


if __name__ == "__main__":
    main()
