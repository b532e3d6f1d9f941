#!/usr/bin/env python3
"""Checks the spelling (codespell) and the readability (textstat) of the documents; `make prose` installs both and runs it.

Prose is what is left without code, tables, pictures, links' addresses and headings. Flesch's reading ease must be above 55: an
ordinary newspaper has about 60, a contract 30.
"""

import pathlib
import re
import subprocess
import sys

import textstat

ROOT = pathlib.Path(__file__).resolve().parent.parent
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
LEAST = 55
#: Words of other languages, and names.
ACCEPTED = "mis,ba,fo,te,nd,ser,hist,strat"


def prose(text):
    text = re.sub(r"```.*?```", "", text, flags=re.S)
    lines = [line for line in text.splitlines() if not re.match(r"\s*(\||#|!\[|<)", line)]
    text = "\n".join(lines)
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    # A name of code is one short word for a reader.
    text = re.sub(r"`[^`]*`", "this", text)
    # An item of a list is a sentence.
    text = re.sub(r"\n\s*(?:[-*]|\d+\.)\s+", ". ", text)
    return re.sub(r"[*_]", "", re.sub(r"\n\n+", ". ", text)).replace("\n", " ").replace("..", ".").replace(":.", ".")


def main():
    failed = False
    for path in DOCUMENTS:
        text = prose(path.read_text(encoding="utf-8"))
        if len(text.split()) < 40:
            continue
        ease = textstat.flesch_reading_ease(text)
        failed |= ease < LEAST
        print(f"{'ok' if ease >= LEAST else 'HARD':5} {ease:5.1f} {path.relative_to(ROOT)}")
    spelling = subprocess.run([sys.executable, "-m", "codespell_lib", "--ignore-words-list", ACCEPTED, *map(str, DOCUMENTS)])
    return 1 if failed or spelling.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
