#!/usr/bin/env python3
"""Finds words that the project does not use: the table under "Words" in CONTRIBUTING.md.

    python3 Tests/words.py                          check the repository
    python3 Tests/words.py --only Sources/Files …   check only these files and folders

The right column of the table has the words and phrases to avoid, separated by commas. They match case-insensitively, as
separate words, in comments, strings and identifiers (`standsInside` contains "stands"). A `*` at the end matches any
ending. Text in parentheses is a remark. `unless` is followed by phrases that are allowed although they contain the word.

Prints file:line, the word and what to write instead. Exit status: 0 none found, 1 some found, 2 the script could not run.
"""

import argparse
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GUIDE = ROOT / "CONTRIBUTING.md"
CHECKED = ["Sources", "Tests", "Examples", "Benchmarks", "configs", "docs", "checkpoints/README.md", "data/README.md",
           "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "Makefile", "Package.swift"]
KINDS = {".swift", ".py", ".md", ".h", ".sh", ".txt", ".json", ""}
#: Golden numbers, records of measurements, inputs of the fuzzers, and what runs have written.
SKIPPED = ["Tests/Fixtures", "Tests/fuzz/seeds", "Benchmarks/results"]
#: Beginnings of paths that still have words of the right column and are checked once they have been rewritten.
LATER = ["Sources/Tokenizer", "Sources/Conversations", "Sources/Jinja", "Sources/Interchange/GGUF",
         "Sources/Interchange/HuggingFace/FolderTokenizer", "Tests/TokenizerTests", "Tests/interop",
         "Tests/InterchangeTests/GGUF", "Tests/KernelsTests/RMSNorm", "Tests/KernelsTests/Rotary",
         "Tests/KernelsTests/Gated", "Tests/KernelsTests/SoftCap"]
#: Words that a file may use: fixed JSON keys, texts that are data, and this script's own examples.
ALLOWED = {
    "Sources/Preparation/PreparationReport+JSON.swift": ["mend*", "remed*"],
    "Tests/JinjaTests/RefusalTests.swift": ["is no"],
    "Tests/ModelsTests/ModelSourceTests.swift": ["is no"],
    "Tests/mutations.txt": ["holds back"],
    "Tests/page/mock_data.py": ["mend*", "remed*"],
    "Tests/redesign/samples.py": ["turned"],
    "Tests/words.py": ["mend*", "remed*", "stands", "turned", "holds back", "is no"],
}
#: What may separate the words of a phrase: spaces, a line break in a comment or in a concatenated string.
GAP = r'(?:[\s-]|///?|#|\\n|"\s*\n\s*\+\s*")+'


class Word:
    """One entry of the right column."""

    def __init__(self, text, instead, exceptions):
        self.text, self.instead = text, instead
        self.pattern = re.compile(self.expression(text), re.IGNORECASE)
        self.exceptions = [re.compile(self.expression(exception), re.IGNORECASE) for exception in exceptions]

    @staticmethod
    def expression(text):
        parts = [re.escape(part).replace(r"\*", r"\w*") for part in text.split()]
        return r"(?<![\w-])" + GAP.join(parts) + r"(?![\w])"

    def matches(self, text):
        """Offsets of the word where no exception covers it."""
        for match in self.pattern.finditer(text):
            start, end = max(0, match.start() - 40), match.end() + 40
            around = [(found.start() + start, found.end() + start) for exception in self.exceptions
                      for found in exception.finditer(text[start:end])]
            if not any(first <= match.start() and match.end() <= last for first, last in around):
                yield match.start()


def read_words():
    text = GUIDE.read_text(encoding="utf-8")
    if "\n## Words\n" not in text:
        sys.exit(f"error: {GUIDE.name} has no section Words")
    section = text.split("\n## Words\n", 1)[1].split("\n## ", 1)[0]
    words = []
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|") or len(cells) != 2 or set(cells[0]) <= {"-"} or cells[0] == "we write":
            continue
        avoided, _, exceptions = re.sub(r"\([^)]*\)", "", cells[1]).partition(" unless ")
        listed = [phrase.strip() for phrase in exceptions.split(",") if phrase.strip()]
        words += [Word(word.strip(), cells[0], listed) for word in avoided.split(",") if word.strip()]
    if len(words) < 40:
        sys.exit(f"error: the table in {GUIDE.name} has only {len(words)} words")
    return words


def files(paths):
    for path in paths:
        inner = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in inner:
            name = file.relative_to(ROOT).as_posix()
            is_hidden = any(part.startswith(".") for part in file.relative_to(ROOT).parts)
            if not file.is_file() or is_hidden or "__pycache__" in name or file.suffix not in KINDS:
                continue
            is_skipped = any(name == skipped or name.startswith(skipped + "/") for skipped in SKIPPED)
            if not is_skipped and not name.startswith(tuple(LATER)):
                yield file, name


def spread(text):
    """The text with spaces between the parts of identifiers, so that each is a word. Line numbers do not change."""
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", text)
    return text.replace("_", " ")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--only", nargs="+", metavar="PATH", help="files and folders to check")
    options = parser.parse_args()
    paths = [(ROOT / name).resolve() for name in options.only or CHECKED]
    missing = [path for path in paths if options.only and not path.exists()]
    if missing:
        print(f"error: {missing[0]} does not exist", file=sys.stderr)
        return 2
    words, count, used = read_words(), 0, set()
    checked = list(files(path for path in paths if path.exists()))
    for file, name in checked:
        text = file.read_text(encoding="utf-8", errors="replace")
        if file == GUIDE:
            table = re.search(r"(?<=\n## Words\n).*?(?=\n## )", text, re.DOTALL)
            text = text[:table.start()] + "\n" * table.group().count("\n") + text[table.end():]
        text = spread(text)
        found = []
        for word in words:
            places = list(word.matches(text))
            if places and word.text in ALLOWED.get(name, []):
                used.add((name, word.text))
                continue
            found += [(text.count("\n", 0, place) + 1, word) for place in places]
        for line, word in sorted(found, key=lambda item: item[0]):
            print(f"{name}:{line}: \"{word.text}\": write {word.instead}")
        count += len(found)
    for name, listed in ALLOWED.items():
        for text in listed if any(name == other for _, other in checked) else []:
            if (name, text) not in used:
                print(f"{name}: the allowed word \"{text}\" does not occur any more")
                count += 1
    if count:
        print(f"{count} words to replace")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
