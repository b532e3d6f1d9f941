#!/usr/bin/env python3
"""Makes classification.json: rows with right labels and probabilities, and what scikit-learn says about them.

    pip install scikit-learn
    python3 Tests/Fixtures/make_classification.py          # writes the file
    python3 Tests/Fixtures/make_classification.py --check  # compares it with what is there
"""
import json
import pathlib
import random
import sys

from sklearn import metrics

PATH = pathlib.Path(__file__).with_name("classification.json")


def rows(count, classes, seed):
    """Labels and probabilities with two digits, so that ties occur; they add up to one."""
    source = random.Random(seed)
    made = []
    for _ in range(count):
        right = min(classes - 1, int(source.random() ** 2 * classes))
        shares = [source.random() + (0.7 if label == right else 0) for label in range(classes)]
        parts = [round(share / sum(shares), 2) for share in shares[:-1]]
        made.append((right, parts + [round(1 - sum(parts), 2)]))
    return made


def case(name, count, classes, seed):
    made = rows(count, classes, seed)
    labels = list(range(classes))
    right = [row[0] for row in made]
    given = [max(labels, key=lambda label: (row[1][label], -label)) for row in made]
    precision, recall, f1, support = metrics.precision_recall_fscore_support(right, given, labels=labels, zero_division=0)
    f2 = metrics.fbeta_score(right, given, beta=2, labels=labels, average=None, zero_division=0)
    result = {
        "name": name, "labels": classes,
        "rows": [{"right": r, "probabilities": p} for r, p in made],
        "accuracy": metrics.accuracy_score(right, given),
        "precision": precision.tolist(), "recall": recall.tolist(), "f1": f1.tolist(), "f2": f2.tolist(),
        "support": support.tolist(),
        "macroF1": metrics.f1_score(right, given, average="macro", zero_division=0),
        "weightedF1": metrics.f1_score(right, given, average="weighted", zero_division=0),
        "weightedF2": metrics.fbeta_score(right, given, beta=2, average="weighted", zero_division=0),
        "confusion": metrics.confusion_matrix(right, given, labels=labels).tolist(),
    }
    if classes == 2:
        scores = [row[1][1] for row in made]
        result["auroc"] = metrics.roc_auc_score(right, scores)
        result["auprc"] = metrics.average_precision_score(right, scores)
        curve = metrics.precision_recall_curve(right, scores)
        # Ascending thresholds; the last point of precision and recall has none.
        result["curve"] = [list(map(float, point)) for point in zip(curve[2], curve[0], curve[1])]
    return result


text = json.dumps([case("two", 60, 2, 1), case("five", 90, 5, 2), case("rare", 25, 6, 3)], indent=1) + "\n"
if "--check" in sys.argv:
    sys.exit(0 if PATH.read_text() == text else "classification.json differs from what scikit-learn gives now")
PATH.write_text(text)
