"""One question and its answer from an observation, together with what a right answer must contain."""

from . import answers, observation
from .answers import ANSWERS, fill
from .observation import CONDITIONS, temperature_text

SMALL_TALK = ["greeting", "wellbeing", "identity", "thanks", "farewell"]
ASKS = {"is it": "condition", "is warmer": "compare", "there": "current", "topic": "unanswerable",
        "other place": "unanswerable"}


def asks(kind):
    return "smalltalk" if kind in SMALL_TALK else ASKS.get(kind, kind)


class Answer:
    """The answer to one question: its text and the slots that make it right."""

    def __init__(self, text, **slots):
        self.text = text
        self.slots = slots


def small_talk(generator, kind):
    return Answer(generator.choice(ANSWERS[kind]), smalltalk=kind)


def decline(generator, thing, missing, place):
    """`place` is the one that the question names, or None; a right answer need not repeat it."""
    text = fill(generator.choice(ANSWERS["decline"]), place, thing=thing)
    return Answer(text, declines=True, missing=missing)


def decline_place(generator, other, observed):
    text = generator.choice(ANSWERS["other place"]).format(other=other, observed=" and ".join(observed))
    return Answer(text, declines=True, missing=other)


def weather(generator, kind, report, named):
    """The answer about the one place of `report`; `named` says whether the answer names the place."""
    place = report.place if named else None
    slots = {"place": place} if named else {}
    now = {"condition": report.condition, "temperature": report.temperature}
    shown = {"condition": report.condition, "temperature": temperature_text(report.temperature)}
    wording = generator.choice(ANSWERS[kind]) if kind in ANSWERS else None
    if kind == "current":
        return Answer(fill(wording, place, **shown), **slots, **now)
    if kind == "clothing":
        feel, items = answers.clothing(generator, report.condition, report.temperature, observation.WET)
        return Answer(fill(wording, place, feel=feel, items=items, **shown), **slots, **now)
    if kind in ("temperature", "condition"):
        return Answer(fill(wording, place, **shown), **slots, **{kind: now[kind]})
    value = getattr(report, kind)
    if value is None:
        return decline(generator, *answers.MISSING_FIELDS[kind], place)
    if kind == "tomorrow":
        text = fill(wording, place, condition=value["condition"], temperature=temperature_text(value["temperature"]))
    elif kind == "wind":
        text = fill(wording, place, wind=report.wind_text())
    else:
        text = fill(wording, place, **{kind: f"{value}%"})
    return Answer(text, **slots, **{kind: value})


def is_it(generator, report, named):
    """A yes-or-no question on the condition: the guess and the answer."""
    is_right = generator.random() < 0.5
    guess = report.condition if is_right else generator.choice([c for c in CONDITIONS if c != report.condition])
    place = report.place if named else None
    text = fill(generator.choice(ANSWERS["yes" if is_right else "no"]), place, condition=report.condition)
    slots = {"place": place} if named else {}
    return guess, Answer(text, **slots, condition=report.condition, agrees=is_right)


def compare(generator, reports, degree, claimed=None):
    """Which of two places is warmer or colder; `claimed` is the one that a yes-or-no question claims it to be."""
    first, second = reports
    if claimed is second:
        first, second = second, first
    is_warmer = first.temperature["value"] > second.temperature["value"]
    words = ("warmer", "colder") if is_warmer else ("colder", "warmer")
    facts = {"a": first.place, "b": second.place, "ta": temperature_text(first.temperature),
             "tb": temperature_text(second.temperature), "than": "more" if is_warmer else "less",
             "is_a": words[0], "is_b": words[1]}
    side = [{"place": report.place, "temperature": report.temperature} for report in (first, second)]
    warmer, colder = side if is_warmer else side[::-1]
    slots = {"compare": {"degree": degree, "warmer": warmer, "colder": colder}}
    if claimed is None:
        return Answer(generator.choice(ANSWERS["compare"]).format(**facts), **slots)
    slots["agrees"] = words[0] == degree
    verdict = generator.choice(ANSWERS["claim is right" if slots["agrees"] else "claim is wrong"])
    return Answer(generator.choice(ANSWERS["claim"]).format(verdict=verdict, **facts), **slots)
