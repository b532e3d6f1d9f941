#!/usr/bin/env python3
"""Preference tuning on data/support/pairs.jsonl: terse answers instead of wordy ones, over several seeds.

    preference.py LUTHIER FOLDER [--seeds 1,2,3] [--objective dpo] [--write FILE]

For each seed: SmolLM2-135M-Instruct with LoRA learns the answers, one in four terse and the others wordy (the supervised model);
then a preference run starts from it. The rows of eight of the forty topics are held out: pairs in order by
`luthier eval`, and both models' own answers, greedy. An answer is right if it has every number and address of the terse
one, and half of its longer words. Of two answers the right one wins; of two that are right, the one with fewer words.
"""

import argparse
import json
import math
import pathlib
import re
import subprocess
import sys

HELD = [row for row in range(200) if row % 40 >= 32]
ROWS = pathlib.Path(__file__).resolve().parent.parent / "data" / "support" / "pairs.jsonl"


def facts(text):
    return set(re.findall(r"\S+@\S+\w|\d+(?:\.\d+)?", text))


def words(text):
    return re.findall(r"[\w@.]+", text.lower())


def is_right(answer, expected):
    longer = {word.strip(".") for word in words(expected) if len(word.strip(".")) > 4}
    found = {word.strip(".") for word in words(answer)}
    return facts(expected) <= facts(answer) and len(longer & found) >= 0.5 * len(longer)


def outcome(tuned, supervised, expected):
    """1 where the tuned answer wins, 0 where it loses, 0.5 for neither."""
    right = is_right(tuned, expected), is_right(supervised, expected)
    if right[0] != right[1]:
        return float(right[0])
    if not right[0] or len(words(tuned)) == len(words(supervised)):
        return 0.5
    return float(len(words(tuned)) < len(words(supervised)))


def interval(share, count):
    """Wilson's, 95 %."""
    z = 1.96
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count)) / (1 + z * z / count)
    return middle - half, middle + half


def shown(name, share, count):
    low, high = interval(share, count)
    return f"{name} {100 * share:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def run(luthier, folder, *arguments):
    result = subprocess.run([luthier, *arguments], cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if result.returncode:
        sys.exit(f"luthier {' '.join(arguments)}\n{result.stdout}{result.stderr}")
    return result.stdout


def train(luthier, folder, name, config):
    path = folder / f"{name}.json"
    path.write_text(json.dumps(config))
    return json.loads(run(luthier, folder, "train", "--config", str(path), "--run", name, "--json").splitlines()[-1])


def answers(luthier, folder, name):
    path = folder / f"{name}-answers.jsonl"
    run(luthier, folder, "eval", "--checkpoint", name, "--data", str(folder / "held.jsonl"), "--generate", "--answers", str(path))
    return [json.loads(line) for line in path.read_text().splitlines()]


def one_seed(luthier, folder, seed, given, rows):
    learned = [row for index, row in enumerate(rows) if index not in HELD]
    held = [row for index, row in enumerate(rows) if index in HELD]
    conversation = lambda row, kind: {"messages": row["prompt"] + row[kind]}
    mixed = [conversation(row, "rejected" if (index + seed) % 4 else "chosen") for index, row in enumerate(learned)]
    write(folder / "held.jsonl", [conversation(row, "chosen") for row in held])
    lora = {"type": "lora", "rank": 8, "alpha": 16, "targets": ["all"]}
    usual = {"batchSize": 8, "seed": seed, "precision": "f32", "logEvery": 1}
    generation = {"maximumTokens": 160, "temperature": 0}
    data = {"validation": [], "validationFraction": 0}
    supervised = f"supervised-{seed}"
    train(luthier, folder, supervised, {
        "model": {"base": "smollm2-135m"}, "method": lora, "generation": generation,
        "data": data | {"train": [write(folder / f"mixed-{seed}.jsonl", mixed)]},
        "training": usual | {"epochs": 3, "learningRate": 5e-4}})
    name = f"{given.objective}-{seed}"
    report = train(luthier, folder, name, {
        "model": {"base": f"checkpoints/{supervised}"}, "generation": generation,
        "method": lora | {"objective": given.objective, "beta": given.beta},
        "data": {"train": [write(folder / "pairs.jsonl", learned)],
                 "validation": [write(folder / "held-pairs.jsonl", held)]},
        "training": usual | {"epochs": given.epochs, "learningRate": given.rate}})
    judged = json.loads(run(luthier, folder, "eval", "--checkpoint", name, "--json").splitlines()[-1])
    expected = [row["chosen"][0]["content"] for row in held]
    texts = {model: [row["answer"] for row in answers(luthier, folder, model)] for model in (supervised, name)}
    wins = [outcome(a, b, e) for a, b, e in zip(texts[name], texts[supervised], expected)]
    result = {
        "seed": seed, "accuracy": judged["rewardAccuracy"], "margin": judged["rewardMargin"], "wins": wins,
        "right": [is_right(a, e) for a, e in zip(texts[name], expected)],
        "supervisedRight": [is_right(a, e) for a, e in zip(texts[supervised], expected)],
        "words": sum(len(words(a)) for a in texts[name]) / len(expected),
        "supervisedWords": sum(len(words(a)) for a in texts[supervised]) / len(expected), "seconds": report["seconds"]}
    count = len(held)
    print(f"seed {seed}: {shown('pairs in order', result['accuracy'], count)}; {shown('wins', sum(wins) / count, count)}; "
          f"right {sum(result['right'])} of {count}, supervised {sum(result['supervisedRight'])}; words "
          f"{result['words']:.0f}, supervised {result['supervisedWords']:.0f}; {result['seconds']:.0f} s", flush=True)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("luthier", type=lambda path: str(pathlib.Path(path).resolve()))
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--objective", default="dpo")
    parser.add_argument("--beta", type=float, default=0.1)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--rate", type=float, default=1e-4)
    parser.add_argument("--write", type=pathlib.Path, help="keep all answers and numbers in this file")
    given = parser.parse_args()
    folder = given.folder.resolve()
    folder.mkdir(parents=True)
    rows = [json.loads(line) for line in ROWS.read_text().splitlines()]
    results = [one_seed(given.luthier, folder, int(seed), given, rows) for seed in given.seeds.split(",")]
    count = len(HELD) * len(results)
    total = lambda key: sum(sum(result[key]) for result in results)
    accuracy = sum(result["accuracy"] for result in results) / len(results)
    print(f"{given.objective}, {len(results)} seeds: {shown('pairs in order', accuracy, count)}; "
          f"{shown('wins', total('wins') / count, count)}; {shown('right', total('right') / count, count)}; "
          f"{shown('supervised right', total('supervisedRight') / count, count)}")
    if given.write:
        given.write.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
