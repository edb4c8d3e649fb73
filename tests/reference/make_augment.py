#!/usr/bin/env python3
"""Writes augment.json: images turned, zoomed and moved by scipy, and the Beta distribution, for
tests/nn/augment_test.cpp to compare with.

usage: make_augment.py [FOLDER]      (default: the folder it lives in)

For development only: needs `pip install numpy scipy`; the tests read the file. Pixel i of an image is
((37 i + 5) mod 64) / 64. It is turned counterclockwise by "degrees" around its centre, then enlarged
by "zoom" around it, then moved to the right and down, and interpolated once, linearly; around it
is "border".
"""

import json
import sys
from pathlib import Path

import numpy as np
from scipy import ndimage, stats

CASES = [
    {"height": 5, "width": 5, "degrees": 90, "zoom": 1, "right": 0, "down": 0, "border": 0},
    {"height": 6, "width": 8, "degrees": 17, "zoom": 1, "right": 0, "down": 0, "border": 0},
    {"height": 6, "width": 8, "degrees": -140, "zoom": 1, "right": 0, "down": 0, "border": -2},
    {"height": 7, "width": 4, "degrees": 0, "zoom": 1.3, "right": 0, "down": 0, "border": 0.5},
    {"height": 7, "width": 4, "degrees": 0, "zoom": 0.6, "right": 0, "down": 0, "border": 0.5},
    {"height": 4, "width": 9, "degrees": 0, "zoom": 1, "right": 1.75, "down": -0.5, "border": 3},
    {"height": 4, "width": 9, "degrees": 0, "zoom": 1, "right": -12, "down": 0, "border": 3},
    {"height": 8, "width": 8, "degrees": 25, "zoom": 0.8, "right": -1.25, "down": 2.5, "border": 1},
    {"height": 1, "width": 6, "degrees": 30, "zoom": 2, "right": 0.5, "down": 0.25, "border": 0},
]


def image(height, width):
    return ((np.arange(height * width) * 37 + 5) % 64 / 64).reshape(height, width)


def moved(case):
    """The map of places (row, column, 1), old to new, is inverted: scipy asks for the old place."""
    height, width = case["height"], case["width"]
    center = np.array([[1, 0, (height - 1) / 2], [0, 1, (width - 1) / 2], [0, 0, 1]])
    angle = np.deg2rad(case["degrees"])
    # Rows grow downwards: the pixel right of the centre goes up, to smaller rows.
    turn = np.array(
        [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    zoom = np.diag([case["zoom"], case["zoom"], 1])
    shift = np.array([[1, 0, case["down"]], [0, 1, case["right"]], [0, 0, 1]])
    there = center @ shift @ zoom @ turn @ np.linalg.inv(center)
    back = np.linalg.inv(there)
    return ndimage.affine_transform(
        image(height, width), back, order=1, mode="grid-constant", cval=case["border"])


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    np.testing.assert_allclose(moved(CASES[0]), np.rot90(image(5, 5)), atol=1e-12)
    images = [case | {"pixels": moved(case).ravel().tolist()} for case in CASES]
    at = [i / 20 for i in range(1, 20)]
    betas = [
        {"alpha": a, "at": at, "below": stats.beta(a, a).cdf(at).tolist()} for a in [0.1, 0.4, 1, 3]]
    parts = {"images": images, "betas": betas}
    lines = {name: ",\n".join(map(json.dumps, rows)) for name, rows in parts.items()}
    text = ",\n".join(f'"{name}": [\n{rows}\n]' for name, rows in lines.items())
    (folder / "augment.json").write_text("{\n" + text + "\n}\n")


if __name__ == "__main__":
    main()
