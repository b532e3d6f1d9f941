#!/usr/bin/env python3
"""Runs the commands that the README and docs/ show, and compares what they print: `make docs`.

    doc_commands.py FOLDER_OF_PROGRAMS [--long] [--only PAGE,…] [--list]

Each page runs in its own empty folder, which has the repository's `configs/` and `data/`, with the built `luthier` on the
path. Every fenced block names what it is:

    ```sh                  commands of a shell; a block ends at the first one that fails, and the page with it
    ```sh fails            the same, and the last command must fail
    ```sh serve            starts a service at port 8080 that runs until the end of the page
    ```sh long             run with --long only: takes minutes
    ```sh elsewhere        not run: needs a network, another program, another machine, or changes this one
    ```text                what the block of commands above prints
    ```jsonl file=NAME     a file that the page's commands use; ```json, ```jsonl: must be valid
    ```python              must compile
    ```javascript          run by Node, if it is here

Printed lines must occur in the shown order. Numbers are not compared, nor what `…` stands for. A page whose commands need the
fetched models are skipped where they are not there.
"""

import argparse
import ast
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
# Fetched models, and what in a block of commands needs them.
MODELS = {"smollm2-135m": ["smollm2-135m"], "all-minilm-l6-v2": ["all-minilm-l6-v2", "luthier index", "--index"]}
NUMBER = re.compile(r"(?:\d+[hms] ?)*\d+[hms]\b|\d+(?:[.,:]\d+)*(?:e[-+]?\d+)?")


class Block:
    def __init__(self, page, line, info, text):
        self.page, self.line, self.text = page, line, text
        self.kind, *self.words = info.split() or [""]

    @property
    def place(self):
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page):
    """The fenced blocks of a page, in order."""
    found, opened, body = [], None, []
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        mark = re.match(r"\s*```(.*)$", line)
        if mark and opened is None:
            opened, body = (number, mark.group(1)), []
        elif mark:
            found.append(Block(page, opened[0], opened[1], "\n".join(body) + "\n"))
            opened = None
        elif opened is not None:
            body.append(line)
    if opened is not None:
        found.append(Block(page, opened[0], "unclosed", ""))
    return found


def same(shown, printed):
    """Whether a printed line is the shown one: numbers and `…` stand for anything of their kind, spaces for spaces."""
    parts = [re.escape(NUMBER.sub("0", " ".join(part.split()))) for part in shown.split("…")]
    return re.fullmatch(".*".join(parts), NUMBER.sub("0", " ".join(printed.split()))) is not None


def missing(shown, printed):
    """The first shown line that is not printed after those before it; None where all are."""
    lines = iter(re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", printed).replace("\r", "\n").splitlines())
    for line in shown.splitlines():
        if line.strip() and line.strip() != "…" and not any(same(line.strip(), one.strip()) for one in lines):
            return line
    return None


class Page:
    """Runs one page."""

    def __init__(self, path, programs, long, models):
        self.path, self.long, self.models = path, long, models
        self.environment = dict(os.environ, PATH=f"{programs}:{os.environ['PATH']}", NO_COLOR="1", COLUMNS="120")
        self.counts = {"run": 0, "elsewhere": 0, "long": 0, "compared": 0, "model": 0}
        self.failures = []
        self.service = None

    def fail(self, block, text):
        self.failures.append(f"{block.place}: {text}")

    def run(self):
        with tempfile.TemporaryDirectory(prefix="luthier-docs-") as name:
            folder = pathlib.Path(name)
            for part in ("configs", "data"):
                shutil.copytree(ROOT / part, folder / part)
            printed = None
            try:
                for block in blocks(self.path):
                    printed = self.one(block, folder, printed)
                    if self.failures:
                        break
            finally:
                if self.service:
                    self.service.terminate()
                    self.service.wait()

    def one(self, block, folder, printed):
        """Handles a block; what it printed is for the next one."""
        if block.kind == "sh":
            return self.commands(block, folder)
        if block.kind == "text":
            if printed is not None:
                line = missing(block.text, printed)
                self.counts["compared"] += 1
                if line is not None:
                    self.fail(block, f"not printed: {line.strip()}\nprinted was:\n{printed[-1500:]}")
        elif block.kind in ("json", "jsonl"):
            self.data(block, folder)
        elif block.kind == "python":
            try:
                ast.parse(block.text)
            except SyntaxError as error:
                self.fail(block, f"no Python: {error}")
        elif block.kind == "javascript":
            if shutil.which("node") and self.service:
                return self.execute(["node", "--input-type=module", "-e", block.text], block, folder)
        elif block.kind not in ("html", "swift", "math", "tree", "http"):
            self.fail(block, f"a block of an unknown kind: '{block.kind}'")
        return None

    def commands(self, block, folder):
        if "elsewhere" in block.words:
            self.counts["elsewhere"] += 1
            return None
        if "long" in block.words and not self.long:
            self.counts["long"] += 1
            return None
        if any(word in block.text for model, words in MODELS.items() if model not in self.models for word in words):
            self.counts["model"] += 1
            return None
        if "serve" in block.words:
            self.serve(block, folder)
            return None
        return self.execute(["bash", "-e", "-c", block.text], block, folder)

    def serve(self, block, folder):
        self.counts["run"] += 1
        self.service = subprocess.Popen(["bash", "-c", "exec " + block.text.strip().split("#")[0]], cwd=folder, env=self.environment,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(300):
            time.sleep(0.1)
            try:
                urllib.request.urlopen("http://127.0.0.1:8080/health").read()
                return
            except OSError:
                continue
        self.fail(block, "no service answers")

    def execute(self, command, block, folder):
        result = subprocess.run(command, cwd=folder, env=self.environment, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=3600)
        self.counts["run"] += 1
        if (result.returncode != 0) != ("fails" in block.words):
            self.fail(block, f"ended with {result.returncode}:\n{block.text}{result.stdout[-1500:]}")
        return result.stdout

    def data(self, block, folder):
        try:
            for line in block.text.splitlines() if block.kind == "jsonl" else [block.text]:
                json.loads(line)
        except ValueError as error:
            self.fail(block, f"no JSON: {error}")
        for word in block.words:
            if word.startswith("file="):
                (folder / word[5:]).write_text(block.text, encoding="utf-8")


def fetched():
    """The models that are here."""
    cache = pathlib.Path(os.environ.get("LUTHIER_CACHE", pathlib.Path.home() / ".cache" / "luthier"))
    return {model for model in MODELS if [*(cache / model).glob("*.gguf"), *(cache / model).glob("*.safetensors")]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("programs", type=pathlib.Path, help="the folder with the built programs")
    parser.add_argument("--long", action="store_true", help="also run blocks that take minutes")
    parser.add_argument("--only", help="names of pages, without .md")
    parser.add_argument("--list", action="store_true", help="print every command, and do not run it")
    options = parser.parse_args()
    names = options.only.split(",") if options.only else None
    pages = [page for page in PAGES if names is None or page.stem in names]
    if options.list:
        for page in pages:
            for block in blocks(page):
                if block.kind == "sh":
                    print(f"{block.place}: {' '.join(block.words) or 'run'}\n{block.text}")
        return 0
    failures, totals, models = [], {}, fetched()
    for path in pages:
        began, page = time.monotonic(), Page(path, options.programs.resolve(), options.long, models)
        page.run()
        said = ", ".join(f"{count} {word}" for word, count in page.counts.items() if count)
        print(f"{'FAILED' if page.failures else 'ok':6} {path.relative_to(ROOT)}: {said or 'no commands'}; "
              f"{time.monotonic() - began:.0f} s", flush=True)
        for failure in page.failures:
            print(failure, flush=True)
        failures += page.failures
        for word, count in page.counts.items():
            totals[word] = totals.get(word, 0) + count
    if totals.get("model"):
        print(f"skipped: {totals['model']} blocks need a model that is not fetched here")
    print(f"{totals.get('run', 0)} blocks of commands run, {totals.get('compared', 0)} outputs compared, {totals.get('long', 0)} long "
          f"ones and {totals.get('elsewhere', 0)} for elsewhere skipped: {len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
