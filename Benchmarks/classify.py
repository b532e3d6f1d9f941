#!/usr/bin/env python3
"""Trains a classifier from scratch with three seeds, evaluates each on the test rows, and compares with a bag of words.

    python3 Benchmarks/classify.py configs/snips.json data/snips
    python3 Benchmarks/classify.py configs/spam.json data/spam --positive spam

The best checkpoint on the validation rows is evaluated once on the test rows. Prints the report of `luthier eval` for the
first seed, then one line per seed, their mean, and the baseline.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import bag_of_words

PROGRAM = ".build/release/luthier"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--positive", help="which of two labels is the positive class")
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    lines, accuracies, scores = [], [], []
    for seed in range(1, arguments.seeds + 1):
        trained = luthier("train", "--config", str(arguments.config), "--seed", str(seed), "--json")
        run = json.loads(trained.splitlines()[-1])["run"]
        positive = ["--positive-class", arguments.positive] if arguments.positive else []
        text = luthier("eval", "--checkpoint", run, "--split", "test", "--json", *positive)
        report, _, last = text.rstrip("\n").rpartition("\n")
        if seed == 1:
            print(report)
        result = json.loads(last)["classification"]
        accuracies.append(result["accuracy"])
        f1 = {entry["label"].strip(): entry["f1"] for entry in result["classes"]}
        scores.append(f1[arguments.positive] if arguments.positive else result["macroF1"])
        lines.append(f"seed {seed}: accuracy {accuracies[-1]:.4f}, {measure(arguments.positive)} {scores[-1]:.4f}")
    print("\n".join(lines))
    print(f"mean of {len(scores)} seeds: accuracy {mean(accuracies):.4f}, "
          f"{measure(arguments.positive)} {mean(scores):.4f}, on test rows that were not used for any choice")
    sys.stdout.flush()
    print(bag_of_words.sentence(arguments.data, arguments.positive))


def luthier(*words):
    """Runs the program and returns its stdout."""
    return subprocess.run([PROGRAM, *words], check=True, stdout=subprocess.PIPE, text=True).stdout


def measure(positive):
    return f"F1 of {positive}" if positive else "macro F1"


def mean(values):
    return sum(values) / len(values)


if __name__ == "__main__":
    main()
