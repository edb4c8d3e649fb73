#!/usr/bin/env python3
"""Writes metrics.json: what scikit-learn's metrics say of made scores, labels and targets.

usage: make_metrics.py [FOLDER]      (default: the folder it lives in)

For development only: needs `pip install scikit-learn==1.9.1`; metrics_test.cpp reads the file. Scores
come in steps of 1/8, so that there are ties.
"""

import json
import sys
from pathlib import Path

import numpy as np
from sklearn import metrics


def classification(rows, classes, seed):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, rows)
    scores = np.round(8 * rng.normal(size=(rows, classes))) / 8
    scores[np.arange(rows), labels] += 0.75
    predicted = scores.argmax(axis=1)
    names = list(range(classes))

    def averaged(average):
        figures = metrics.precision_recall_fscore_support(
            labels, predicted, labels=names, average=average, zero_division=0
        )
        return [np.asarray(f).tolist() for f in figures[:3]]

    # A later one of equal scores is not the better one here; scikit-learn takes it to be.
    places = scores - 1e-9 * np.arange(classes)
    row = {
        "labels": labels.tolist(),
        "scores": scores.tolist(),
        "matrix": metrics.confusion_matrix(labels, predicted, labels=names).tolist(),
        "accuracy": metrics.accuracy_score(labels, predicted),
        "per_class": averaged(None),
        "macro": averaged("macro"),
        "weighted": averaged("weighted"),
        "micro": averaged("micro"),
    }
    if classes > 2:
        row["top_k"] = [
            metrics.top_k_accuracy_score(labels, places, k=k, labels=names)
            for k in range(1, classes)
        ]
    else:
        row["auc"] = metrics.roc_auc_score(labels, scores[:, 1] - scores[:, 0])
    return row


def regression(rows, columns, seed):
    rng = np.random.default_rng(seed)
    targets = rng.normal(size=(rows, columns)) * 3 + 1
    outputs = targets + rng.normal(size=(rows, columns))
    if columns > 2:
        targets[:, 1] = 2.5
        targets[:, 2] = outputs[:, 2] = 1.5
    return {
        "targets": targets.tolist(),
        "outputs": outputs.tolist(),
        "mse": metrics.mean_squared_error(targets, outputs),
        "rmse": float(np.sqrt(metrics.mean_squared_error(targets, outputs))),
        "mae": metrics.mean_absolute_error(targets, outputs),
        "r2": metrics.r2_score(targets, outputs),
    }


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    content = {
        # The last one has classes without rows.
        "classification": [
            classification(40, 2, 1), classification(60, 5, 2), classification(5, 6, 3)
        ],
        "regression": [regression(30, 1, 4), regression(20, 4, 5)],
    }
    (folder / "metrics.json").write_text(json.dumps(content) + "\n")
