"""Questions as people type them: a slip of the finger, no capitals, no question mark. Answers are never touched."""

import re

SLIP_SHARE, LOWERCASE_SHARE, BARE_END_SHARE, NO_APOSTROPHE_SHARE = 0.12, 0.10, 0.08, 0.05


def misspell(generator, word):
    place = generator.randrange(1, len(word) - 1)
    slip = generator.randrange(3)
    if slip == 0:
        return word[:place] + word[place + 1] + word[place] + word[place + 2:]
    return word[:place] + word[place + 1:] if slip == 1 else word[:place] + word[place] + word[place:]


def with_slip(generator, wording):
    """One word of four letters or more misspelt; what stands in braces is a fact and stays as it is."""
    parts = re.split(r"(\{\w+\}|[A-Za-z]{4,})", wording)
    words = [place for place, part in enumerate(parts) if place % 2 == 1 and not part.startswith("{")]
    if words:
        place = generator.choice(words)
        parts[place] = misspell(generator, parts[place])
    return "".join(parts)


def typed(generator, wording, facts):
    """The question with its facts, as somebody in a hurry types it at times."""
    if generator.random() < SLIP_SHARE:
        wording = with_slip(generator, wording)
    text = wording.format(**facts)
    text = text[0].upper() + text[1:]
    if generator.random() < NO_APOSTROPHE_SHARE:
        text = text.replace("'", "")
    if generator.random() < BARE_END_SHARE:
        text = text.rstrip("?.!")
    return text.lower() if generator.random() < LOWERCASE_SHARE else text
