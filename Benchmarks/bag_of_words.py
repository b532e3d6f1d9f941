#!/usr/bin/env python3
"""The baseline of the classification runs: logistic regression on the set of words of a prompt.

    python3 Benchmarks/bag_of_words.py data/snips
    python3 Benchmarks/bag_of_words.py data/spam --positive spam

Reads the train.jsonl, validation.jsonl and test.jsonl that `luthier prepare` wrote: the same rows as the model.
A prompt is the set of its words (runs of letters and digits, in lowercase). AdaGrad learns the weights from the training
rows, the validation rows choose the strength of the L2 regularisation, and the test rows are evaluated once. Needs only
the standard library.
"""

import argparse
import json
import math
import random
import re
from pathlib import Path

EPOCHS = 40
RATE = 0.5
STRENGTHS = [0.0, 1e-5, 3e-5, 1e-4, 3e-4, 1e-3]


def read(path):
    """Rows as (set of words, label)."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [(sorted(set(re.findall(r"\w+", row["prompt"].lower()))), row["completion"].strip()) for row in rows]


def probabilities(weights, words, labels):
    scores = [weights[label].get("", 0.0) + sum(weights[label].get(word, 0.0) for word in words) for label in labels]
    top = max(scores)
    powers = [math.exp(score - top) for score in scores]
    total = sum(powers)
    return [power / total for power in powers]


def train(rows, labels, strength):
    """The weights of all words for each label."""
    weights = {label: {} for label in labels}
    squares = {label: {} for label in labels}
    order = random.Random(1)
    rows = list(rows)
    for _ in range(EPOCHS):
        order.shuffle(rows)
        for words, right in rows:
            given = probabilities(weights, words, labels)
            for label, share in zip(labels, given):
                error = share - (label == right)
                own, square = weights[label], squares[label]
                for word in [""] + words:
                    slope = error + strength * own.get(word, 0.0) * (word != "")
                    square[word] = square.get(word, 1e-8) + slope * slope
                    own[word] = own.get(word, 0.0) - RATE * slope / math.sqrt(square[word])
    return weights


def loss(weights, rows, labels):
    return -sum(
        math.log(max(1e-12, probabilities(weights, words, labels)[labels.index(right)])) for words, right in rows
    ) / len(rows)


def metrics(pairs, labels):
    """Accuracy and the F1 of each label, from pairs (correct, predicted)."""
    result = {}
    for label in labels:
        both = sum(right == given == label for right, given in pairs)
        either = sum(right == label for right, _ in pairs) + sum(given == label for _, given in pairs)
        result[label] = 2 * both / either if either else 0.0
    return sum(right == given for right, given in pairs) / len(pairs), result


def sentence(folder, positive=None):
    """The result of the baseline on the data in `folder`."""
    parts = {name: read(folder / f"{name}.jsonl") for name in ["train", "validation", "test"]}
    labels = sorted({label for _, label in parts["train"]})
    tried = {strength: train(parts["train"], labels, strength) for strength in STRENGTHS}
    best = min(STRENGTHS, key=lambda strength: loss(tried[strength], parts["validation"], labels))
    pairs = []
    for words, right in parts["test"]:
        given = probabilities(tried[best], words, labels)
        pairs.append((right, labels[given.index(max(given))]))
    accuracy, f1 = metrics(pairs, labels)
    score = f"F1 of {positive} {f1[positive]:.4f}" if positive else f"macro F1 {sum(f1.values()) / len(f1):.4f}"
    return f"bag of words: accuracy {accuracy:.4f}, {score} over {len(pairs)} test rows"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--positive", help="the label whose F1 is reported")
    arguments = parser.parse_args()
    print(sentence(arguments.folder, arguments.positive))


if __name__ == "__main__":
    main()
