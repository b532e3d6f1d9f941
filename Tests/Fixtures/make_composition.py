#!/usr/bin/env python3
"""Writes Sources/Tokenizer/Encoding/CompositionData.swift from Python's tables of Unicode.

    make_composition.py [FILE]

Characters that came after Unicode 9 are left out: the tokenizers that Luthier follows do not know them. What a character
decomposes into never changes in a later version of Unicode, so any Python from 3.6 on writes the same file.
"""

import pathlib
import sys
import textwrap
import unicodedata

LATER = {0x11938}  # has a decomposition, came with Unicode 13
LAST = 0x2FFFF     # the characters of Unicode 16 with decompositions are none of Python's before 3.14
LATER |= {0x105C9, 0x105E4, 0x11383, 0x11385, 0x1138E, 0x11391, 0x113C5, 0x113C7, 0x113C8, 0x113CF, 0x16121, 0x16122,
          0x16123, 0x16124, 0x16125, 0x16126, 0x16127, 0x16128, 0x16D68, 0x16D69, 0x16D6A}


def decompositions():
    for value in range(LAST + 1):
        parts = unicodedata.decomposition(chr(value)).split()
        if parts and not parts[0].startswith("<") and value not in LATER:
            yield value, [int(part, 16) for part in parts]


def literal(name, comment, items):
    lines = textwrap.wrap(" ".join(items), 112)
    return [f"    /// {comment}", f'    static let {name} = """'] + ["        " + line for line in lines] + ['        """']


def main():
    pairs, others, singles = {}, [], []
    for value, parts in decompositions():
        if len(parts) == 1:
            singles.append(f"{value:X}={parts[0]:X}")
        elif unicodedata.normalize("NFC", chr(value)) == chr(value):
            pairs.setdefault(parts[1], []).append(f"{parts[0]:X}={value:X}")
        else:
            others.append(f"{value:X}={parts[0]:X}+{parts[1]:X}")
    composed = [item for mark, bases in sorted(pairs.items()) for item in [f"{mark:X}:"] + bases]
    lines = ["// What characters decompose into and compose to in Unicode 9. Written by Tests/Fixtures/make_composition.py.",
             "", "enum CompositionData {"]
    lines += literal("composed", "A second character, then each first one with what the two compose to.", composed)
    lines += [""] + literal("decomposed", "Characters that decompose into two, which do not compose to them.", others)
    lines += [""] + literal("replaced", "Characters that are always replaced by another one.", singles) + ["}", ""]
    target = pathlib.Path(__file__).parents[2] / "Sources/Tokenizer/Encoding/CompositionData.swift"
    pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else target).write_text("\n".join(lines))
    print(sum(map(len, pairs.values())), "pairs,", len(others), "decompositions,", len(singles), "replacements")


if __name__ == "__main__":
    main()
