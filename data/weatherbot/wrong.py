"""Right answers made wrong in one thing each, for the tests of the checker."""

import re

from . import places
from .answers import ANSWERS, RAIN_GEAR
from .observation import WET, temperature_text

EACH = 6
OPPOSITE = {
    "sunny": "rainy", "clear": "overcast", "partly cloudy": "cloudy", "cloudy": "partly cloudy", "overcast": "clear",
    "windy": "foggy", "hazy": "clear", "foggy": "windy", "drizzly": "sunny", "rainy": "sunny", "stormy": "sunny",
    "snowy": "sunny",
}
# A place whose name holds another's: each is mistaken for the other.
NESTED = [("York", "New York"), ("Orleans", "New Orleans"), ("Delhi", "New Delhi"), ("Quebec", "Quebec City"),
          ("Kansas", "Kansas City"), ("Mexico", "Mexico City")]


def swapped(text, old, new):
    """The first `old` of the text as a whole word or number replaced, or None where there is none."""
    result, count = re.subn(rf"(?<![\w-]){re.escape(old)}(?!\w)", lambda _: new, text, count=1)
    return result if count else None


def exchanged(text, first, second):
    return text.replace(first, "\0").replace(second, first).replace("\0", second)


def moved(temperature, by):
    return temperature_text({"value": temperature["value"] + by, "unit": temperature["unit"]})


def other_unit(temperature):
    return temperature_text({"value": temperature["value"], "unit": "C" if temperature["unit"] == "F" else "F"})


def of_temperature(text, slots, key, slot):
    temperature = slots[key]
    right = temperature_text(temperature)
    yield slot, "one degree more", swapped(text, right, moved(temperature, 1))
    yield slot, "one degree less", swapped(text, right, moved(temperature, -1))
    yield slot, "the other unit", swapped(text, right, other_unit(temperature))
    yield slot, "no unit", swapped(text, right, right[:-2])
    if temperature["value"]:
        opposite = dict(temperature, value=-temperature["value"])
        yield slot, "the other sign", swapped(text, right, temperature_text(opposite))


def of_tomorrow(text, turn, report):
    tomorrow = turn["slots"]["tomorrow"]
    yield from of_temperature(text, tomorrow, "temperature", "tomorrowTemperature")
    yield "tomorrowCondition", "the opposite", swapped(text, tomorrow["condition"], OPPOSITE[tomorrow["condition"]])
    if report.condition != tomorrow["condition"]:
        yield "tomorrowCondition", "today's", swapped(text, tomorrow["condition"], report.condition)
    if report.temperature != tomorrow["temperature"]:
        yield "tomorrowTemperature", "today's", swapped(
            text, temperature_text(tomorrow["temperature"]), temperature_text(report.temperature))


def of_numbers(text, slots):
    if "wind" in slots:
        wind = slots["wind"]
        value, unit, direction = wind["value"], wind["unit"], wind["direction"]
        right = f"{value} {unit}"
        yield "wind", "one more", swapped(text, right, f"{value + 1} {unit}")
        yield "wind", "the other unit", swapped(text, right, f"{value} {'mph' if unit == 'km/h' else 'km/h'}")
        another = {"west": "southwest", "east": "northeast"}.get(direction, "west" if "east" in direction else "east")
        yield "wind", "another direction", swapped(text, direction, another)
    if "humidity" in slots:
        yield "humidity", "one more", swapped(text, f"{slots['humidity']}%", f"{slots['humidity'] + 1}%")
        yield "humidity", "no percent sign", text.replace("%", "")
    if "rain" in slots:
        yield "rain", "five more", swapped(text, f"{slots['rain']}%", f"{slots['rain'] + 5}%")


def of_clothing(text, slots):
    degrees, condition = slots["temperature"], slots["condition"]
    if condition in WET:
        for gear in RAIN_GEAR:
            yield "clothing", "no rain gear in the rain", swapped(text, gear, "a book")
    else:
        yield "clothing", "an umbrella in dry weather", text + " Bring an umbrella too."
    is_cold = degrees["value"] < (42 if degrees["unit"] == "F" else 6)
    is_warm = degrees["value"] >= (75 if degrees["unit"] == "F" else 24)
    if is_cold:
        yield "clothing", "summer clothes in the cold", swapped(text, "a warm coat", "a T-shirt")
    if is_warm:
        yield "clothing", "winter clothes in the heat", swapped(text, "a T-shirt", "a warm coat")
    if condition != "snowy":
        yield "clothing", "boots without snow", text + " Boots are a must."


def of_compare(text, slots):
    if "agrees" in slots:
        return
    warmer, colder = slots["compare"]["warmer"], slots["compare"]["colder"]
    degree = slots["compare"]["degree"]
    temperatures = temperature_text(warmer["temperature"]), temperature_text(colder["temperature"])
    yield "warmer", "the opposite", text.replace(degree, "colder" if degree == "warmer" else "warmer")
    yield "temperatures", "exchanged", exchanged(text, *temperatures)
    yield "temperatures", "one degree more", swapped(text, temperatures[1], moved(colder["temperature"], 1))
    yield "temperatures", "the other unit", swapped(text, temperatures[0], other_unit(warmer["temperature"]))
    both = exchanged(exchanged(text, *temperatures), warmer["place"], colder["place"])
    yield "warmer", "the other place, with its temperature", both


def of_decline(text, turn):
    field = turn["kind"]
    invented = {"wind": "The wind is 12 mph from the west.", "humidity": "The humidity is 55%.",
                "rain": "The chance of rain is 30%.", "tomorrow": "Tomorrow will be sunny and 61°F."}
    if field in invented:
        yield "declines", "an invented answer", invented[field]
        yield "declines", "an invented number in a decline", text + " I think it's 40 or so."
        yield "missing", "another thing missing", "I don't have the air pressure."
    elif field == "other place":
        missing = turn["slots"]["missing"]
        yield "declines", "an invented answer", f"It's sunny and 61°F in {missing} right now."
    else:
        yield "missing", "another thing missing", "I don't have the price of bread."


def of_small_talk(turn):
    kind = turn["slots"]["smalltalk"]
    other = {"greeting": "farewell", "farewell": "identity", "thanks": "identity", "identity": "thanks",
             "wellbeing": "thanks"}[kind]
    yield "smalltalk", "the answer to something else", ANSWERS[other][0]


def variants(turn, report):
    """Pairs of a slot and an answer in which it is wrong, each with the name of the defect."""
    text, slots = turn["answer"], turn["slots"]
    if "smalltalk" in slots:
        yield from of_small_talk(turn)
        return
    if slots.get("declines"):
        yield from of_decline(text, turn)
        return
    yield "declines", "declined what the report holds", "I don't have that in my report."
    yield "invented", "a number that nobody asked for", text + " It felt like 7 earlier."
    if "place" in slots:
        other = next(place for place in places.REAL if place not in (slots["place"], report.place))
        yield "place", "another place", swapped(text, slots["place"], other)
    else:
        yield "invented", "a place that nobody asked for", text + " The same goes for Timbuktu."
    if "tomorrow" in slots:
        yield from of_tomorrow(text, turn, report)
    elif "compare" in slots:
        yield from of_compare(text, slots)
    else:
        if "temperature" in slots:
            yield from of_temperature(text, slots, "temperature", "temperature")
        if "condition" in slots:
            yield "condition", "the opposite", swapped(text, slots["condition"], OPPOSITE[slots["condition"]])
        yield from of_numbers(text, slots)
    if turn["kind"] == "clothing":
        yield from of_clothing(text, slots)
    if "agrees" in slots:
        yield "agreement", "yes for no", exchanged(text, "Yes,", "No,")


def renamed(slots, place):
    return {key: place if key == "place" else [place] if key == "observed" else value for key, value in slots.items()}


def nested_places(rows):
    """The same answers about a place whose name stands in another place's name."""
    named = [(row, turn) for row in rows for turn in range(len(row.turns)) if "place" in row.turns[turn]["slots"]]
    pairs = NESTED + [(long, short) for short, long in NESTED]
    for (right, wrong), (row, turn) in zip(pairs, named):
        place, text = row.turns[turn]["slots"]["place"], row.turns[turn]["answer"]
        expectation = renamed(row.expectations(1)[turn], right)
        yield {"expectation": expectation, "answer": swapped(text, place, wrong), "wrong": "place",
               "defect": f"{wrong} for {right}"}


def wrong_answers(rows):
    """At most `EACH` examples of each defect of each kind of question."""
    counts, result = {}, []
    for number, row in enumerate(rows, 1):
        for turn, expectation in zip(row.turns, row.expectations(number)):
            report = next((r for r in row.reports if r.place == turn["slots"].get("place")), row.reports[0])
            for slot, defect, answer in variants(turn, report):
                key = (turn["asks"], slot, defect)
                limit = 2 if slot in ("declines", "invented") else EACH
                if answer is None or answer == turn["answer"] or counts.get(key, 0) >= limit:
                    continue
                counts[key] = counts.get(key, 0) + 1
                result.append({"expectation": expectation, "answer": answer, "wrong": slot, "defect": defect})
    return result + list(nested_places(rows))
