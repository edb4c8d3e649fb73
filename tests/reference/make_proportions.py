#!/usr/bin/env python3
"""Writes proportions.json: confidence intervals of shares, by scipy and statsmodels.

usage: make_proportions.py [FOLDER]      (default: the folder it lives in)

For development only: needs `pip install scipy==1.17.1 statsmodels==0.15.0`; the tests read the file
it wrote. "wilson": errors, rows, confidence, and the interval of scipy's binomtest. "difference":
two of errors and rows, the confidence, and the interval of statsmodels' confint_proportions_2indep
with method "newcomb", Newcombe's method 10. The pairs begin with cases of his table II.
"""

import itertools
import json
import sys
from pathlib import Path

from scipy.stats import binomtest
from statsmodels.stats.proportion import confint_proportions_2indep

SHARES = [(0, 1), (0, 100), (1, 100), (3, 100), (50, 100), (100, 100), (16, 10000), (1234, 60000)]
PAIRS = [((56, 70), (48, 80)), ((9, 10), (3, 10)), ((6, 7), (2, 7)), ((5, 56), (0, 29))]
PAIRS += itertools.product([(1, 100), (300, 10000)], [(3, 100), (11, 100), (250, 1000), (0, 50)])
CONFIDENCES = [0.8, 0.95, 0.999]


def wilson(errors, rows, confidence):
    interval = binomtest(errors, rows).proportion_ci(confidence, method="wilson")
    return {"errors": errors, "rows": rows, "confidence": confidence, "interval": list(interval)}


def difference(a, b, confidence):
    interval = confint_proportions_2indep(
        *a, *b, compare="diff", method="newcomb", alpha=1 - confidence
    )
    return {"a": a, "b": b, "confidence": confidence, "interval": [float(end) for end in interval]}


def main():
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)
    content = {
        "wilson": [wilson(*share, c) for share in SHARES for c in CONFIDENCES],
        "difference": [difference(*pair, c) for pair in PAIRS for c in CONFIDENCES],
    }
    lines = [
        f'"{name}":[\n' + ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows) + "\n]"
        for name, rows in content.items()
    ]
    (folder / "proportions.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
