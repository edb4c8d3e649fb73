#!/usr/bin/env python3
"""Writes data.json: what scikit-learn and scipy make of the same rows, for tests of splits, comparisons of
distributions and normalisers to compare with.

usage: make_data.py [FOLDER]      (default: the folder it lives in)

For development only: needs `pip install scikit-learn==1.9.1 scipy==1.17.1`; the tests read the file. A line for each
call: its name "of", what goes in, what comes out. Ranges of rows are [first, end].
"""

import json
import sys
from pathlib import Path

import numpy as np
from scipy import special, stats
from sklearn.model_selection import GroupKFold, StratifiedKFold, TimeSeriesSplit
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler


def write(path, rows):
    lines = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
    path.write_text(f"[\n{lines}\n]\n")


def span(rows):
    rows = rows.tolist()
    assert rows == list(range(rows[0], rows[-1] + 1))
    return [rows[0], rows[-1] + 1]


def time_series():
    """Every size that scikit-learn takes, and those that it refuses, as null."""
    for rows in [2, 3, 5, 6, 7, 10, 23, 100]:
        for k in [2, 3, 5, 9]:
            for dev_size, gap, max_train in [(0, 0, 0), (0, 1, 0), (2, 0, 0), (3, 2, 4), (1, 4, 1), (0, 0, 7)]:
                splitter = TimeSeriesSplit(
                    k, test_size=dev_size or None, gap=gap, max_train_size=max_train or None
                )
                try:
                    folds = [[span(train), span(dev)] for train, dev in splitter.split(np.zeros((rows, 1)))]
                except ValueError:
                    folds = None
                yield {
                    "of": "time_series_split",
                    "rows": rows,
                    "k": k,
                    "dev_size": dev_size,
                    "gap": gap,
                    "max_train": max_train,
                    "folds": folds,
                }


def group_kfold(generator):
    """Sizes that all differ: among equal ones the order is each library's own."""
    for count, k in [(3, 2), (5, 5), (7, 3), (12, 4), (20, 6)]:
        sizes = generator.permutation(np.arange(1, 3 * count, 3)[:count])
        groups = generator.permutation(np.repeat(np.arange(count) * 7 - 20, sizes))
        folds = [dev.tolist() for _, dev in GroupKFold(k).split(groups, groups=groups)]
        yield {"of": "group_kfold", "groups": groups.tolist(), "k": k, "dev": folds}


def stratified_kfold(generator):
    """The smallest and the largest number of rows of each label in a dev part."""
    for rows, classes, k in [(20, 2, 2), (53, 3, 5), (200, 7, 10)]:
        labels = generator.integers(0, classes, rows)
        counts = np.array(
            [
                np.bincount(labels[dev], minlength=classes)
                for _, dev in StratifiedKFold(k, shuffle=True, random_state=1).split(labels, labels)
            ]
        )
        yield {
            "of": "stratified_kfold",
            "labels": labels.tolist(),
            "k": k,
            "least": counts.min(axis=0).tolist(),
            "most": counts.max(axis=0).tolist(),
        }


def normalizers(generator):
    """Columns: of different size and place, one constant, one of mostly zeros, one with an outlier, one of few values."""
    for rows in [1, 2, 7, 40]:
        x = np.round(generator.normal(size=(rows, 6)) * [1, 100, 1, 1, 1, 2] + [0, 1e4, 0, 0, 5, 0], 3)
        x[:, 2] = 0.1
        x[: max(rows - 3, 0), 3] = 0
        x[rows // 2, 4] = 1000
        x[:, 5] = np.round(x[:, 5])
        for name, scaler, options in [
            ("Normalizer", StandardScaler(), {}),
            ("MinMaxNormalizer", MinMaxScaler(), {"low": 0, "high": 1}),
            ("MinMaxNormalizer", MinMaxScaler((-3, 1.5)), {"low": -3, "high": 1.5}),
            ("RobustNormalizer", RobustScaler(), {"lower": 0.25, "upper": 0.75}),
            ("RobustNormalizer", RobustScaler(quantile_range=(10, 95)), {"lower": 0.1, "upper": 0.95}),
        ]:
            y = scaler.fit_transform(x)
            row = {"of": name, **options, "rows": rows, "x": x.ravel().tolist(), "y": y.ravel().tolist()}
            if name != "MinMaxNormalizer":
                row["shift"] = (scaler.mean_ if name == "Normalizer" else scaler.center_).tolist()
                row["scale"] = scaler.scale_.tolist()
            yield row
        # Each row by its own mean and deviation: the columns of the transposed matrix.
        for scale in [False, True]:
            y = StandardScaler(with_std=scale).fit_transform(x.T).T
            yield {
                "of": "PerImageMean",
                "with_scale": scale,
                "rows": rows,
                "x": x.ravel().tolist(),
                "y": y.ravel().tolist(),
            }


def comparisons(generator):
    for degrees in [1, 2, 3, 9, 10, 99, 1000]:
        x = [0.01, *(degrees * np.array([0.1, 0.5, 0.9, 1, 1.1, 1.5, 2, 5, 20])).tolist()]
        yield {"of": "chi2.sf", "degrees": degrees, "x": x, "p": stats.chi2.sf(x, degrees).tolist()}
    x = [0.05, 0.2, 0.4, 0.7, 0.99, 1, 1.01, 1.4, 2, 3, 6]
    yield {"of": "kolmogorov", "x": x, "p": special.kolmogorov(x).tolist()}
    for m, n, shift, digits in [(1, 1, 0, 9), (5, 8, 0, 9), (7, 7, 3, 9), (30, 45, 0.5, 9), (100, 90, 0.2, 1),
                                (200, 150, 1.5, 1), (300, 300, 0.3, 2), (12, 40, 0, 0)]:
        a = np.round(generator.normal(size=m), digits)
        b = np.round(generator.normal(size=n) + shift, digits)
        found = stats.ks_2samp(a, b, method="exact")
        yield {"of": "ks_2samp", "a": a.tolist(), "b": b.tolist(), "d": found.statistic, "p": found.pvalue}
    for m, n, shift in [(400, 300, 0.15), (600, 200, 0.1)]:
        a, b = np.round(generator.normal(size=m), 3), np.round(generator.normal(size=n) + shift, 3)
        d = stats.ks_2samp(a, b).statistic
        yield {
            "of": "ks_2samp",
            "a": a.tolist(),
            "b": b.tolist(),
            "d": d,
            "p": float(special.kolmogorov(d * np.sqrt(m * n / (m + n)))),
        }
    # Labels of two sets by their counts; those that are merged come first, and scipy sees them as one.
    for table, merged in [
        ([[30, 25], [10, 22]], 0),
        ([[50, 60, 70, 80], [500, 700, 650, 810]], 0),
        ([[4, 5, 60, 41], [6, 4, 55, 70]], 2),
        ([[2, 1, 9, 60, 41], [3, 6, 8, 55, 70]], 2),
        ([[1, 6, 60], [2, 4, 55]], 2),
    ]:
        seen = np.array(table)
        if merged:
            seen = np.column_stack([seen[:, :merged].sum(axis=1), seen[:, merged:]])
        found = stats.chi2_contingency(seen, correction=False)
        yield {
            "of": "chi2_contingency",
            "table": table,
            "merged": merged,
            "statistic": found.statistic,
            "degrees": found.dof,
            "p": found.pvalue,
            "v": stats.contingency.association(seen, "cramer"),
        }


def main():
    if len(sys.argv) > 2 or sys.argv[1:2] in (["-h"], ["--help"]):
        print(__doc__.strip())
        return 0 if len(sys.argv) == 2 else 2
    folder = Path(sys.argv[1]) if len(sys.argv) == 2 else Path(__file__).resolve().parent
    generator = np.random.default_rng(20261129)
    rows = [
        *time_series(),
        *group_kfold(generator),
        *stratified_kfold(generator),
        *normalizers(generator),
        *comparisons(generator),
    ]
    write(folder / "data.json", rows)
    print(f"data.json: {len(rows)} calls of {len({row['of'] for row in rows})} functions")
    return 0


if __name__ == "__main__":
    sys.exit(main())
