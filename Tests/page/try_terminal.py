#!/usr/bin/env python3
"""Watches the display of a training run in real terminals of 40, 80 and 200 columns, resized in the middle, and in a pipe.

    python3 Tests/page/try_terminal.py PROGRAM [--keep FOLDER]

Needs tmux. A small run trains on a text that is made up here. While it runs, the screen is read again and again: at most
one display may be on it, no line of it may be cut or left over, also after the terminal has become narrower or wider. A
pipe gets plain lines without any control character. Prints one line for each check; exit status 1 if any failed.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CONFIG = {
    "model": {"blockCount": 2, "headCount": 2, "modelWidth": 64, "contextLength": 64},
    "tokenizer": {"vocabularySize": 257},
    "data": {"train": "text.txt", "validationFraction": 0.1},
    "training": {"steps": 240, "batchSize": 8, "learningRate": 1e-3, "logEvery": 10},
    "evaluation": {"every": 60, "maximumTokens": 4000},
}
# What the three lines of the display begin with.
STEP, LOSS, SPEED = re.compile(r"step +\d+/\d+"), re.compile(r"loss [\d.]+"), re.compile(r"\d+ tok/s")
failures = []


def check(name, condition, detail=""):
    print(f"{'ok  ' if condition else 'FAIL'} {name}{'' if condition else ': ' + str(detail)[:1500]}", flush=True)
    if not condition:
        failures.append(name)


class Terminal:
    """A separate tmux server, so that nobody's sessions are touched."""

    def __init__(self, folder, columns, command):
        self.socket = str(folder / "tmux")
        self.call("-f", "/dev/null", "new-session", "-d", "-s", "run", "-x", str(columns), "-y", "24", "-c", str(folder), command)
        self.call("set-option", "-t", "run", "status", "off")

    def call(self, *words):
        return subprocess.run(["tmux", "-S", self.socket, *words], capture_output=True, text=True)

    def resize(self, columns):
        self.call("resize-window", "-t", "run", "-x", str(columns), "-y", "24")

    def screen(self):
        """The lines that can be seen; None once the program has ended."""
        result = self.call("capture-pane", "-p", "-t", "run")
        return result.stdout.split("\n") if result.returncode == 0 else None

    def end(self):
        self.call("kill-server")


def faults(lines, columns):
    """What is wrong with a screen: a display that is there twice, a line that belongs to none, a line that is too long."""
    found = []
    # Messages of evaluations begin with `step N:`, and have no slash.
    steps = [index for index, line in enumerate(lines) if STEP.match(line)]
    for kind in (LOSS, SPEED):
        places = [index for index, line in enumerate(lines) if kind.match(line)]
        if len(places) > 1:
            found.append(f"{len(places)} lines match {kind.pattern}")
        if places and not steps:
            found.append(f"a line of {kind.pattern} without the display")
    if len(steps) > 1:
        found.append(f"{len(steps)} displays")
    if any(len(line) > columns for line in lines):
        found.append("a line is longer than the terminal")
    if len(steps) == 1:
        block = lines[steps[0] : steps[0] + 3]
        if not (len(block) == 3 and LOSS.match(block[1]) and SPEED.match(block[2])):
            found.append(f"the display's lines are not in their order: {block}")
        rest = [line for line in lines[steps[0] + 3 :] if line.strip()]
        if rest:
            found.append(f"left over below the display: {rest}")
    return found


def watch(program, columns, later, keep):
    """One run in a terminal, whose width becomes `later` in the middle."""
    name = f"{columns} columns" + (f", then {later}" if later != columns else "")
    with tempfile.TemporaryDirectory() as made:
        folder = prepare(Path(made))
        terminal = Terminal(folder, columns, f"{program} train --config small.json --run a; echo ended with $?; sleep 600")
        try:
            seen, wrong, displays, width, until = 0, [], 0, columns, time.monotonic() + 120
            shown = []
            while time.monotonic() < until:
                lines = terminal.screen()
                if lines is None or any("ended with" in line for line in lines):
                    break
                seen += 1
                at = next((int(match[1]) for line in lines if (match := re.match(r"step +(\d+)/", line))), 0)
                displays += at > 0
                if at > CONFIG["training"]["steps"] // 2 and width != later:
                    terminal.resize(later)
                    width = later
                    # The next drawing puts it right.
                    time.sleep(1)
                    continue
                # Half a second may pass until the program has drawn again: only a fault that stays is one.
                if found := faults(lines, width):
                    time.sleep(0.6)
                    again = terminal.screen() or []
                    if not any("ended with" in line for line in again) and (found := faults(again, width)):
                        wrong.append((found, again))
                shown = lines if at else shown
                time.sleep(0.05)
            last = terminal.screen() or []
            check(f"{name}: the display is seen", displays >= 10, f"{displays} of {seen} screens")
            check(f"{name}: was resized", width == later)
            check(f"{name}: no line is broken or left over", not wrong, wrong[:2])
            check(f"{name}: ended well", any("ended with 0" in line for line in last), last)
            if keep:
                keep.mkdir(parents=True, exist_ok=True)
                text = "\n".join(shown) + "\n" + "=" * width + "\n" + "\n".join(last)
                (keep / f"terminal-{columns}-{later}.txt").write_text(text)
        finally:
            terminal.end()


def piped(program):
    with tempfile.TemporaryDirectory() as made:
        folder = prepare(Path(made))
        result = subprocess.run([program, "train", "--config", "small.json", "--run", "a"], cwd=folder, capture_output=True, timeout=120)
        text = result.stdout + result.stderr
        check("piped: ended well", result.returncode == 0, text[-500:])
        check("piped: no control characters", not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", text), text[:500])
        steps = re.findall(rb"(?m)^step (\d+)/240 ", text)
        check("piped: a line for each log", len(steps) >= 5 and len(set(steps)) == len(steps), steps)


def prepare(folder):
    (folder / "small.json").write_text(json.dumps(CONFIG))
    words = ["the", "wind", "is", "from", "the", "north", "and", "rain", "falls", "on", "Oslo"]
    (folder / "text.txt").write_text("".join(f"{words[i * i % 11]} {words[i * 7 % 11]}{chr(10) if i % 9 == 0 else ' '}" for i in range(6000)))
    return folder


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=Path)
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="write a screen of each run there")
    options = parser.parse_args()
    if not shutil.which("tmux"):
        sys.exit("error: tmux is missing: apt-get install tmux")
    program = str(options.program.resolve())
    for columns, later in ((40, 40), (80, 80), (200, 200), (80, 40), (40, 200), (200, 80)):
        watch(program, columns, later, options.keep)
    piped(program)
    print(f"{len(failures)} failed" if failures else "all passed")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
