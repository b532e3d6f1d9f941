"""Rows: a system message with an observation, and one to four turns on it."""

from . import slips, turns
from .observation import OPENINGS, Observation
from .questions import SPLIT_QUESTIONS, SPLIT_TOPICS

TURN_COUNTS = [1] * 3 + [2] * 5 + [3] * 6 + [4] * 6
WEIGHTS = {"current": 30, "temperature": 20, "condition": 12, "is it": 13, "tomorrow": 25, "wind": 40, "humidity": 20,
           "rain": 20, "clothing": 34, "topic": 12, "other place": 14}
PAIR_WEIGHTS = {"compare": 50, "is warmer": 50, "current": 18, "temperature": 12, "clothing": 10, "other place": 6}
PAIR_SHARE, OPENING_TALK_SHARE, CLOSING_TALK_SHARE, MIDDLE_TALK_SHARE = 0.28, 0.16, 0.18, 0.06
LEAST_DIFFERENCE = 2
HELD_OUT_WORDINGS_SHARE = 0.5


class Row:
    """One conversation about a place or two of `pool`, of which training names all or none. `uses_held_out` lets the
    questions come from the test split's own wordings half of the time."""

    def __init__(self, generator, pool, place_is_seen=True, uses_held_out=False):
        self.generator = generator
        self.pool = pool
        self.place_is_seen = place_is_seen
        self.uses_held_out = uses_held_out
        self.turns = []
        self.used_kinds = set()
        unit = generator.choice("FC")
        self.is_pair = generator.random() < PAIR_SHARE
        names = pool.draw(generator, 2 if self.is_pair else 1)
        self.reports = [Observation(generator, name, unit, is_short=self.is_pair) for name in names]
        while self.is_pair and self.difference() < LEAST_DIFFERENCE:
            self.reports[1] = Observation(generator, names[1], unit, is_short=True)
        opening = generator.choice(OPENINGS)
        self.system = " ".join(report.text(opening) for report in self.reports)
        self.converse(generator.choice(TURN_COUNTS))

    def difference(self):
        first, second = self.reports
        return abs(first.temperature["value"] - second.temperature["value"])

    def converse(self, count):
        generator = self.generator
        for place in range(count):
            is_last = place == count - 1
            if place == 0 and count > 1 and generator.random() < OPENING_TALK_SHARE:
                self.small_talk(generator.choice(["greeting", "greeting", "wellbeing", "identity"]))
            elif is_last and self.has_weather() and generator.random() < CLOSING_TALK_SHARE:
                self.small_talk(generator.choice(["thanks", "farewell"]))
            elif generator.random() < MIDDLE_TALK_SHARE and not self.used_kinds & {"identity", "wellbeing"}:
                self.small_talk(generator.choice(["identity", "wellbeing"]))
            else:
                self.weather()

    def has_weather(self):
        return any(turn["asks"] != "smalltalk" for turn in self.turns)

    def draw_kind(self):
        weights = PAIR_WEIGHTS if self.is_pair else WEIGHTS
        kinds = [kind for kind in weights if kind not in self.used_kinds]
        if self.is_pair and not self.used_kinds & {"compare", "is warmer"} and self.has_weather():
            kinds = ["compare", "is warmer"]
        return self.generator.choices(kinds, [weights[kind] for kind in kinds])[0]

    def draw(self, split):
        """An item and whether training may use it."""
        seen, held_out = split
        if self.uses_held_out and held_out and self.generator.random() < HELD_OUT_WORDINGS_SHARE:
            return self.generator.choice(held_out), False
        return self.generator.choice(seen), True

    def draw_wording(self, kind, forms):
        """A wording in one of the forms (each with a weight), skipping the forms that the kind does not have."""
        split = SPLIT_QUESTIONS[kind]
        possible = [form for form in forms if split[form][0]]
        form = self.generator.choices(possible, [forms[form] for form in possible])[0]
        wording, is_seen = self.draw(split[form])
        return wording, is_seen, form == "named"

    def forms(self):
        """Which forms fit here: a follow-up needs a question about the same place right before it."""
        if not self.has_weather():
            return {"named": 75, "bare": 25}
        if "other place" in self.used_kinds or self.turns[-1]["asks"] == "smalltalk":
            return {"named": 70, "bare": 30}
        return {"named": 40, "bare": 22, "after": 38}

    def add(self, wording, is_seen, answer, kind, **facts):
        self.used_kinds.add(kind)
        self.turns.append({
            "question": slips.typed(self.generator, wording, facts), "answer": answer.text, "slots": answer.slots,
            "asks": turns.asks(kind), "kind": kind, "wording": wording, "is_seen": is_seen,
        })

    def small_talk(self, kind):
        wording, is_seen, _ = self.draw_wording(kind, {"bare": 1, "after": 1})
        self.add(wording, is_seen, turns.small_talk(self.generator, kind), kind)

    def weather(self):
        kind = self.draw_kind()
        if kind == "topic":
            self.topic()
        elif kind == "other place":
            self.other_place()
        elif kind in ("compare", "is warmer"):
            self.compare(kind)
        else:
            self.observed(kind)

    def topic(self):
        wording, wording_is_seen, is_named = self.draw_wording("topic", self.forms())
        (thing, missing), topic_is_seen = self.draw(SPLIT_TOPICS)
        place = self.reports[0].place
        answer = turns.decline(self.generator, thing, missing, place if is_named else None)
        self.add(wording, wording_is_seen and topic_is_seen, answer, "topic", thing=thing, place=place)

    def other_place(self):
        names = [report.place for report in self.reports]
        other = self.generator.choice([name for name in self.pool.real if name not in names])
        follows = self.has_weather() and self.generator.random() < 0.6
        wording, is_seen, _ = self.draw_wording("there" if follows else "current", {"named": 1})
        self.add(wording, is_seen, turns.decline_place(self.generator, other, names), "other place", place=other)

    def compare(self, kind):
        first, second = self.generator.sample(self.reports, 2)
        degree = self.generator.choice(["warmer", "warmer", "colder"])
        forms = {"named": 1} if kind == "is warmer" else self.forms()
        wording, is_seen, _ = self.draw_wording(kind, forms)
        answer = turns.compare(self.generator, self.reports, degree, first if kind == "is warmer" else None)
        self.add(wording, is_seen, answer, kind, first=first.place, second=second.place, degree=degree)

    def observed(self, kind):
        report = self.generator.choice(self.reports)
        forms = {"named": 1} if self.is_pair else self.forms()
        asked_before = self.is_pair and self.turns and self.turns[-1]["asks"] == "current"
        if asked_before:
            report = next(r for r in self.reports if r.place != self.turns[-1]["slots"]["place"])
        wording, is_seen, is_named = self.draw_wording("there" if asked_before else kind, forms)
        kind = "current" if asked_before else kind
        if kind == "is it":
            guess, answer = turns.is_it(self.generator, report, is_named)
            self.add(wording, is_seen, answer, kind, place=report.place, guess=guess)
        else:
            answer = turns.weather(self.generator, kind, report, is_named or kind == "current")
            self.add(wording, is_seen, answer, kind, place=report.place)

    def messages(self):
        messages = [{"role": "system", "content": self.system}]
        for turn in self.turns:
            messages.append({"role": "user", "content": turn["question"]})
            messages.append({"role": "assistant", "content": turn["answer"]})
        return messages

    def expectations(self, number):
        """What each of the row's answers must contain; the row counts from 1."""
        observed = [report.place for report in self.reports]
        return [{
            "row": number, "turn": place + 1, "asks": turn["asks"], "declines": False, "observed": observed,
            **turn["slots"], "placeSeenInTraining": self.place_is_seen, "wordingSeenInTraining": turn["is_seen"],
        } for place, turn in enumerate(self.turns)]
