#!/usr/bin/env python3
"""Draws the modules of CONTRIBUTING.md's floors as docs/pictures/modules.svg; `--check` compares."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs/pictures/modules.svg"
WIDTH, FLOOR, BOX, GAP = 860, 58, 34, 10


def floors():
    """The floors, highest first: names of modules, and what they are for."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    known = {folder.name for folder in (ROOT / "Sources").iterdir()} | {"benchmarks"}
    for line in re.search(r"```\w*\n(LuthierProgram  .*?)```", text, re.S).group(1).strip().split("\n"):
        words = re.split(r"\s{2,}", line.strip())
        yield [word for word in words if word in known], "; ".join(word.rstrip(";") for word in words if word not in known)


def picture():
    rows = list(floors())
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {FLOOR * len(rows) + 8}" role="img" '
             'font-family="system-ui, sans-serif">', "<title>The modules of Luthier: each imports only modules below it</title>",
             "<style>rect{fill:#eef3fb;stroke:#5b7db1}text{fill:#1c2733;font-size:13px}.for{fill:#55616e;font-size:11px}"
             "@media(prefers-color-scheme:dark){rect{fill:#1f2c3d;stroke:#7f9fce}text{fill:#e8edf3}.for{fill:#a9b5c2}}</style>"]
    for index, (names, purpose) in enumerate(rows):
        left, top = 4, index * FLOOR + 4
        size = 13 if sum(8.2 * len(name) + 14 + GAP for name in names) < WIDTH else 11
        for name in names:
            width = round((8.2 if size == 13 else 6.9) * len(name) + 14)
            lines.append(f'<rect x="{left}" y="{top}" width="{width}" height="{BOX}" rx="5"/>'
                         f'<text x="{left + width / 2}" y="{top + 22}" text-anchor="middle" style="font-size:{size}px">{name}</text>')
            left += width + GAP
        if purpose:
            lines.append(f'<text class="for" x="4" y="{top + BOX + 14}">{purpose}</text>')
    return "\n".join(lines + ["</svg>"]) + "\n"


if __name__ == "__main__":
    if "--check" not in sys.argv:
        PICTURE.write_text(picture(), encoding="utf-8")
    elif not PICTURE.exists() or PICTURE.read_text(encoding="utf-8") != picture():
        sys.exit("docs/pictures/modules.svg is not what Tests/draw_modules.py draws: run it")
