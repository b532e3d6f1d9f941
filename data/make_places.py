#!/usr/bin/env python3
"""Writes a weather bot's documents and questions into a folder: observations of 5,000 places, and what people ask about them.

    python3 data/make_places.py FOLDER        # the same bytes every time

    places.jsonl       an observation of each place, a passage each
    train.jsonl        questions about half of the places, with their answers; `luthier prepare --ground` adds the passages
    test.jsonl         questions about the other half, and about places that have no observation
    test.slots.jsonl   what each of those answers must contain, for `weather-check`

No question has a system message. Standard library only; Python 3.8 or later.
"""

import argparse
import json
import pathlib
import random
import sys

sys.dont_write_bytecode = True

from weatherbot import places, slips, turns  # noqa: E402
from weatherbot.observation import OPENINGS, Observation  # noqa: E402
from weatherbot.questions import SPLIT_QUESTIONS  # noqa: E402

PLACES, LEARNED, UNLISTED = 5000, 2500, 600
TRAINING_ROWS, TEST_ROWS, UNLISTED_ROWS = 4000, 400, 200
KINDS = {"current": 30, "temperature": 20, "condition": 12, "is it": 13, "tomorrow": 25, "wind": 25, "humidity": 20, "rain": 20,
         "compare": 25, "is warmer": 25}


def observe(generator, name):
    """An observation in which nothing is missing."""
    report = Observation(generator, name, generator.choice("FC"))
    while None in (report.wind, report.humidity, report.rain, report.tomorrow):
        report = Observation(generator, name, report.temperature["unit"])
    return report


def pick(generator, kind, uses_held_out):
    """A wording that names the place, and whether training has it."""
    seen, held_out = SPLIT_QUESTIONS[kind]["named"]
    if uses_held_out and held_out and generator.random() < 0.5:
        return generator.choice(held_out), False
    return generator.choice(seen), True


def ask(generator, reports, uses_held_out):
    """A question about one or two of the places, its answer, and what a right answer contains."""
    kind = generator.choices(list(KINDS), list(KINDS.values()))[0]
    wording, is_seen = pick(generator, kind, uses_held_out)
    report = generator.choice(reports)
    facts = {"place": report.place}
    if kind in ("compare", "is warmer"):
        same = [one for one in reports if one.temperature["unit"] == report.temperature["unit"]
                and abs(one.temperature["value"] - report.temperature["value"]) > 1]
        other = generator.choice(same)
        pair = generator.sample([report, other], 2)
        degree = generator.choice(["warmer", "warmer", "colder"])
        answer = turns.compare(generator, pair, degree, pair[0] if kind == "is warmer" else None)
        facts = {"first": pair[0].place, "second": pair[1].place, "degree": degree}
        names = [one.place for one in pair]
    else:
        names = [report.place]
        if kind == "is it":
            facts["guess"], answer = turns.is_it(generator, report, True)
        else:
            answer = turns.weather(generator, kind, report, True)
    slots = {"asks": turns.asks(kind), "declines": False, "observed": names, **answer.slots, "wordingSeenInTraining": is_seen}
    return slips.typed(generator, wording, facts), answer.text, slots


def ask_unlisted(generator, names):
    wording, is_seen = pick(generator, generator.choice(["current", "temperature", "tomorrow", "wind"]), True)
    name = generator.choice(names)
    slots = {"asks": "unanswerable", "declines": True, "missing": name, "observed": [], "wordingSeenInTraining": is_seen}
    return slips.typed(generator, wording, {"place": name}), slots


def write(path, rows):
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    print(f"{path}: {len(rows)} lines")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    generator = random.Random("observations of many places")
    names = places.REAL + places.invent_all(PLACES + UNLISTED - len(places.REAL))
    generator.shuffle(names)
    listed, unlisted = names[:PLACES], names[PLACES:]
    reports = [observe(generator, name) for name in listed]
    write(folder / "places.jsonl", [{"text": report.text(generator.choice(OPENINGS))} for report in reports])
    training = [ask(generator, reports[:LEARNED], False) for _ in range(TRAINING_ROWS)]
    write(folder / "train.jsonl", [{"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]}
                                   for question, answer, _ in training])
    asked = [ask(generator, reports[LEARNED:], True) for _ in range(TEST_ROWS)]
    declined = [ask_unlisted(generator, unlisted) for _ in range(UNLISTED_ROWS)]
    tests = [(question, slots) for question, _, slots in asked] + declined
    write(folder / "test.jsonl", [{"prompt": question} for question, _ in tests])
    write(folder / "test.slots.jsonl", [{"row": number, "turn": 1, **slots, "placeSeenInTraining": False}
                                        for number, (_, slots) in enumerate(tests, 1)])


if __name__ == "__main__":
    main()
