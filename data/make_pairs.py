#!/usr/bin/env python3
"""Writes support/pairs.jsonl: each first answer of support/support.jsonl, preferred to a wordy one that says the same.

The system message has what the shop says on the topic, so that a small model can be right about topics that it has not seen.

    make_pairs.py            writes the file, the same bytes every time
    make_pairs.py --check    compares the stored file with what the script makes
"""

import json
import pathlib
import random
import sys

OPENINGS = [
    "Thank you so much for reaching out to us today.",
    "Thank you very much for your message, which we were happy to receive.",
    "Many thanks for getting in touch with our customer support team.",
    "We really appreciate that you have taken the time to write to us.",
    "It is always a pleasure to hear from our valued customers.",
    "Hello and a very warm welcome to the support of our shop.",
    "First of all, let me thank you for contacting us about this.",
    "Great that you are asking this, and thank you for your interest.",
]
CONCERNS = [
    "We completely understand how important this topic is to you.",
    "I fully understand that you would like to know more about this.",
    "Your satisfaction is, of course, our highest priority at all times.",
    "I will be more than happy to help you with this question.",
    "This is a question that many of our customers ask us every day.",
    "Please allow me to explain this to you in a little more detail.",
    "I have looked into this carefully, and here is what I can tell you.",
    "Let me share with you all the information that we have on this.",
]
LEADS = ["", "", "As you may know:", "To answer your question:", "In short:", "So, to get straight to the point:"]
CLOSINGS = [
    "I very much hope that this information is helpful to you.",
    "Please do not hesitate to contact us again if anything is unclear.",
    "We thank you for your patience and for your understanding.",
    "If you have any further questions at all, we are always here for you.",
    "We wish you a wonderful day and a lot of joy in your garden.",
    "Thank you once again for choosing our shop for your garden tools.",
    "It was a pleasure to assist you with your request today.",
    "Please let us know if there is anything else that we can do for you.",
]


def wordy(answer, generator):
    """The answer between phrases that say nothing."""
    before = [generator.choice(OPENINGS)] + generator.sample(CONCERNS, generator.randint(0, 2))
    after = generator.sample(CLOSINGS, generator.randint(1, 2))
    return " ".join(part for part in before + [generator.choice(LEADS), answer] + after if part)


def pairs():
    generator = random.Random(20)
    folder = pathlib.Path(__file__).resolve().parent / "support"
    rows = [json.loads(line)["messages"][:2]
            for line in (folder / "support.jsonl").read_text(encoding="utf-8").splitlines()]
    for question, answer in rows:
        system = {"role": "system", "content": "Answer from this note: " + answer["content"]}
        yield {"prompt": [system, question], "chosen": [answer],
               "rejected": [{"role": "assistant", "content": wordy(answer["content"], generator)}]}


def main():
    path = pathlib.Path(__file__).resolve().parent / "support" / "pairs.jsonl"
    text = "".join(json.dumps(row) + "\n" for row in pairs())
    if sys.argv[1:] == ["--check"]:
        sys.exit(0 if path.read_text(encoding="utf-8") == text else f"{path} is not what this script makes")
    if sys.argv[1:]:
        sys.exit(__doc__)
    path.write_text(text, encoding="utf-8")
    print(f"{path}: {text.count(chr(10))} pairs")


if __name__ == "__main__":
    main()
