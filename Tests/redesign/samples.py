"""Made-up data for Tests/compare_revisions.py: a text and conversations, the same in every call."""

import json
import random


def text():
    """Paragraphs that a model can learn something of, with letters of two and more bytes."""
    draw = random.Random(20)
    places = ["Aston", "Brno", "Cádiz", "Dover", "Łódź", "Mâcon", "Ōsaka", "Reykjavík", "東京"]
    sky, ground = ["clear", "grey", "low", "bright 🌤", "heavy with rain"], ["dry", "wet", "icy", "covered in snow"]
    paragraphs = []
    for number in range(200):
        place, other = draw.sample(places, 2)
        sentences = [
            f"In the town of {place} the sky is {draw.choice(sky)} and the road is {draw.choice(ground)}.",
            f"It's {draw.randrange(-20, 40)} degrees; {other} has {draw.randrange(-20, 40)}.",
            f"The wind turned {draw.choice(['north', 'east', 'south', 'west'])} at {draw.randrange(24)}:00.",
        ]
        # Some are longer than any context.
        paragraphs.append(" ".join(draw.sample(sentences, draw.randint(1, 3)) * (8 if number % 40 == 7 else 1)))
    return "\n\n".join(paragraphs) + "\n"


def conversations():
    """Sums as JSON lines, some with a system message or a second turn, some too long for the context, and some without
    an answer that must be learned."""
    draw = random.Random(21)
    rows = []
    for number in range(240):
        instruction = "Answer in numbers." * (40 if number % 30 == 0 else 1)
        messages = [{"role": "system", "content": instruction}] if number % 3 == 0 else []
        for turn in range(1 + number % 2):
            first, second = draw.randrange(50), draw.randrange(50)
            question = f"and {first} + {second}?" if turn else f"How much is {first} + {second}?"
            messages.append({"role": "user", "content": question})
            messages.append({"role": "assistant", "content": f"It is {first + second}."})
        if number % 8 in (1, 4):
            messages[-1]["weight"] = 0
        rows.append(json.dumps({"messages": messages}) + "\n")
    return "".join(rows)
