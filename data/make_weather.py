#!/usr/bin/env python3
"""Writes weather/: conversations with a bot that answers from the observation that it is given, for the demo.

    python3 data/make_weather.py              # writes data/weather/, the same bytes every time
    python3 data/make_weather.py --check      # exits 1 if a stored file, or a table of README.md, is another one
    python3 data/make_weather.py --summary    # prints what is in the data, and writes nothing

Each row draws an observation whose parts fit together, then one to four questions and their answers. Beside the test
and validation rows stands what each answer must contain. Standard library only; Python 3.8 or later.
"""

import argparse
import collections
import json
import pathlib
import random
import re
import sys

sys.dont_write_bytecode = True

from weatherbot import places, wrong  # noqa: E402
from weatherbot.conversation import Row  # noqa: E402
from weatherbot.questions import QUESTIONS, SPLIT_QUESTIONS, SPLIT_TOPICS  # noqa: E402
from weatherbot.turns import asks  # noqa: E402

SEED = 20260201
TRAIN_ROWS, VALIDATION_ROWS, TEST_ROWS = 10000, 200, 1000
LARGEST_TRAINING_FILE = 6_000_000
FOLDER = pathlib.Path(__file__).resolve().parent / "weather"


def json_line(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def normalized(row):
    """The row's words without capitals and runs of space: what counts as the same row."""
    return "\n".join(" ".join(message["content"].lower().split()) for message in row.messages())


def draw_rows(name, count, taken, make):
    """`count` rows of which no two, and none of `taken`, are the same."""
    generator = random.Random(f"{SEED} {name}")
    rows = []
    while len(rows) < count:
        row = make(generator, len(rows))
        key = normalized(row)
        if key not in taken:
            taken.add(key)
            rows.append(row)
    return rows


def make_splits():
    """The rows of each split; every second row of the test split is about places that training never names."""
    taken = set()
    training, seen, unseen = places.training_pool(), places.seen_pool(), places.unseen_pool()

    def make_test(generator, number):
        is_seen = number % 2 == 0
        return Row(generator, seen if is_seen else unseen, place_is_seen=is_seen, uses_held_out=True)

    return {
        "train": draw_rows("train", TRAIN_ROWS, taken, lambda generator, _: Row(generator, training)),
        "validation": draw_rows("validation", VALIDATION_ROWS, taken, lambda generator, _: Row(generator, seen)),
        "test": draw_rows("test", TEST_ROWS, taken, make_test),
    }


def make_files(splits):
    """The bytes of each file by its name."""
    files = {}
    for name, rows in splits.items():
        files[f"{name}.jsonl"] = [json_line({"messages": row.messages()}) for row in rows]
        if name != "train":
            files[f"{name}.slots.jsonl"] = [
                json_line(slots) for number, row in enumerate(rows, 1) for slots in row.expectations(number)]
    files["wrong-answers.jsonl"] = [json_line(answer) for answer in wrong.wrong_answers(splits["test"])]
    return {name: ("\n".join(lines) + "\n").encode("utf-8") for name, lines in files.items()}


def require(is_true, message):
    if not is_true:
        sys.exit("make_weather.py: " + message)


# Longer names first: "New York" is no mention of York.
ANY_PLACE = re.compile(r"(?<!\w)(?:" + "|".join(sorted(
    map(re.escape, places.REAL + places.invented), key=len, reverse=True)) + r")(?!\w)")


def named_places(rows):
    """The places that the reports and the answers name: both are spelt with care, as a typed question is not."""
    texts = [text for row in rows for text in [row.system] + [turn["answer"] for turn in row.turns]]
    return {name for text in texts for name in ANY_PLACE.findall(text)}


def check_rows(splits, files):
    """What the data promises."""
    require(len(files["train.jsonl"]) < LARGEST_TRAINING_FILE, "train.jsonl has grown too large")
    training = {normalized(row) for row in splits["train"]}
    for name in ("validation", "test"):
        require(not any(normalized(row) in training for row in splits[name]), f"a row of {name} is in training")
    for name, rows in splits.items():
        for row in rows:
            reported = set(re.findall(r"-?\d+", row.system))
            for turn in row.turns:
                require(set(re.findall(r"-?\d+", turn["answer"])) <= reported, "a number is not in the observation")
    in_training, in_test = (named_places(splits[name]) for name in ("train", "test"))
    require(not in_training & set(places.UNSEEN + places.INVENTED_UNSEEN), "training names a place of the test split")
    require(named_places(splits["validation"]) <= in_training, "validation names a place that training does not")
    require(5 * len(in_test - in_training) >= len(in_test | in_training), "too few places are kept for the test split")


def check_wordings():
    """Every kind of question has wordings enough, and training uses none of those that the test split keeps."""
    used = {w.lower() for forms in SPLIT_QUESTIONS.values() for seen, _ in forms.values() for w in seen}
    for kind, forms in SPLIT_QUESTIONS.items():
        for _, held_out in forms.values():
            require(not used & {wording.lower() for wording in held_out}, f"a wording of {kind} is on both sides")
    for kind, (seen, held_out) in wordings_by_kind().items():
        require(seen + held_out >= 12, f"{kind} has fewer than 12 wordings")
        require(5 * held_out >= seen + held_out, f"{kind} keeps fewer than a fifth of its wordings for the test split")


def wordings_by_kind():
    """For each kind of question: wordings used in training, and wordings of the test split only."""
    counts = collections.OrderedDict()
    for kind in QUESTIONS:
        seen, held_out = counts.get(asks(kind), (0, 0))
        for form in SPLIT_QUESTIONS[kind].values():
            seen, held_out = seen + len(form[0]), held_out + len(form[1])
        counts[asks(kind)] = (seen, held_out)
    return counts


def summary(splits, files):
    in_training, in_test = (named_places(splits[name]) for name in ("train", "test"))
    real = set(places.REAL)
    lines = ["places: " + ", ".join(
        f"{len(names & real)} real and {len(names - real)} invented ones {where}"
        for names, where in [(in_training, "in training"), (in_test - in_training, "in the test split only")]),
        f"topics that no report covers: {len(SPLIT_TOPICS[0])} and {len(SPLIT_TOPICS[1])}", ""]
    lines += ["| split | rows | turns | bytes | words a row | declined |", "|---|---|---|---|---|---|"]
    for name, rows in splits.items():
        turns = [turn for row in rows for turn in row.turns]
        words = sum(len(message["content"].split()) for row in rows for message in row.messages())
        declined = sum(1 for turn in turns if turn["slots"].get("declines"))
        lines.append(f"| {name} | {len(rows)} | {len(turns)} | {len(files[name + '.jsonl'])} | "
                     f"{words / len(rows):.0f} | {declined} |")
    kinds = {name: collections.Counter(turn["asks"] for row in rows for turn in row.turns)
             for name, rows in splits.items()}
    lines += ["", "| asks | wordings in training | in test only | train | validation | test |",
              "|---|---|---|---|---|---|"]
    for kind, (seen, held_out) in wordings_by_kind().items():
        counts = " | ".join(str(kinds[name][kind]) for name in splits)
        lines.append(f"| {kind} | {seen} | {held_out} | {counts} |")
    expected = [json.loads(line) for line in files["test.slots.jsonl"].decode("utf-8").splitlines()]
    marks = collections.Counter((e["placeSeenInTraining"], e["wordingSeenInTraining"]) for e in expected)
    lines += ["", "test turns: " + ", ".join(
        f"{marks[place, wording]} with {'seen' if place else 'unseen'} place and "
        f"{'seen' if wording else 'unseen'} wording"
        for place in (True, False) for wording in (True, False))]
    lines += [f"wrong answers: {len(files['wrong-answers.jsonl'].splitlines())}"]
    return "\n".join(lines)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--check", action="store_true", help="compare with the stored files instead of writing them")
    options.add_argument("--summary", action="store_true", help="print what is in the data")
    arguments = options.parse_args()
    check_wordings()
    splits = make_splits()
    files = make_files(splits)
    check_rows(splits, files)
    if arguments.summary:
        print(summary(splits, files))
        return
    if arguments.check:
        for name, content in files.items():
            path = FOLDER / name
            require(path.exists() and path.read_bytes() == content, f"{path} is not what this script makes")
        described = (FOLDER.parent / "README.md").read_text(encoding="utf-8").splitlines()
        for line in summary(splits, files).splitlines():
            require(not line.startswith("|") or line in described, f"data/README.md lacks the line {line}")
        return
    FOLDER.mkdir(exist_ok=True)
    for name, content in files.items():
        (FOLDER / name).write_bytes(content)
        print(f"weather/{name}: {len(content)} bytes, {content.count(10)} lines")


if __name__ == "__main__":
    main()
