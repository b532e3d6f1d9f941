#!/usr/bin/env python3
"""Holds the program against that of another revision: a redesign must change no byte.

    python3 Tests/compare_revisions.py BASE             against a git revision; make compare-revisions BASE=… does this
    python3 Tests/compare_revisions.py --former FOLDER  against the program of a tree that is built

Both revisions are copied below .build: the former one to .build/former/<commit>, where its build serves again, the
present one, committed or not, to .build/present. Each copy gets one more program, Tests/redesign/Logits.swift. Then
both do the same work below .build/compared, each in a separate folder, so that all paths in files are the same.
Threads, OpenBLAS's kernel and every key of the configs in Tests/redesign are fixed; samples.py makes the data.

A case trains for 20 steps with checkpoints at 10 and 20, evaluates, generates, and exports. One run is stopped by a
signal and resumed. Then both programs continue with files of the former one: they evaluate its checkpoints and resume its
half-finished runs.

What is compared, by SHA-256: all that a run leaves but its times, results in JSON without their times, generated text,
logits bit by bit, and every exported file but its README, which is prose. Exit status: 0 all is equal, 1 something
differs, 2 the comparison could not begin.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(1, str(Path(__file__).resolve().parent / "redesign"))
import copies  # noqa: E402
import samples  # noqa: E402
from copies import Failure  # noqa: E402

LAST = "step-000020.h5"
#: Files of a folder that are not compared: with times in them, prose, and the checkpoint where a signal stopped a run.
IGNORED = re.compile(r"timings\..*|events\..*|run\.lock|README\.md|step-\d*[1-9]\.h5")
#: Keys of results that are times or depend on them.
TIMES = {"seconds", "tokensPerSecond", "peakMemoryBytes"}
#: Seconds after which a program is ended.
LIMIT = 300


@dataclass(frozen=True)
class Case:
    """A config of Tests/redesign, and what its model can be written as."""

    name: str
    is_gguf: bool = True
    has_adapters: bool = False
    chats: bool = False


CASES = [
    Case("gpt2"), Case("lora", has_adapters=True), Case("bf16"), Case("windows", is_gguf=False), Case("no-biases"),
    Case("untied", is_gguf=False), Case("conversations", chats=True),
]


def environment(**variables):
    """Without what would set kernels or threads otherwise."""
    prefixes = ("LUTHIER_", "OPENBLAS_", "OMP_", "DNNL_", "ONEDNN_")
    return {name: value for name, value in os.environ.items() if not name.startswith(prefixes)} | variables


def common_machine(former, present):
    """The kernel of OpenBLAS that both programs take, and whether the processor has bfloat16."""
    def doctor(programs, **variables):
        command = [programs.luthier, "doctor", "--threads", "2", "--json"]
        result = subprocess.run(command, env=environment(**variables), capture_output=True, text=True, timeout=LIMIT)
        if result.returncode:
            raise Failure(f"{programs.luthier} doctor fails:\n{result.stderr}")
        return json.loads(result.stdout.splitlines()[-1])

    kernel = doctor(former)["kernel"]
    for programs in (former, present):
        answer = doctor(programs, LUTHIER_BLAS_KERNEL=kernel)
        if answer["kernel"] != kernel:
            raise Failure(f"{programs.luthier} takes OpenBLAS's kernel {answer['kernel']}, not {kernel}")
    return kernel, answer["bf16FlopsPerSecond"] is not None


class Workplace:
    """A folder in which a program works. `hashes` holds what it made, by case and artefact; None for what failed."""

    def __init__(self, folder, programs, kernel):
        self.folder, self.programs, self.hashes = folder, programs, {}
        self.environment = environment(LUTHIER_BLAS_KERNEL=kernel, NO_COLOR="1")

    def call(self, program, *arguments):
        """A program's output."""
        result = subprocess.run(
            [program, *arguments], cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=LIMIT)
        if result.returncode:
            raise Failure(f"{' '.join(map(str, [program, *arguments]))}\n{result.stderr}")
        return result.stdout

    def luthier(self, *arguments):
        return self.call(self.programs.luthier, *arguments)

    def result(self, *arguments):
        """The JSON at the end of a command's output, without times; numbers stay as they are written."""
        def without_times(members):
            return {key: value for key, value in members if key not in TIMES}

        last = self.luthier(*arguments, "--threads", "2", "--json").splitlines()[-1]
        return json.dumps(json.loads(last, object_pairs_hook=without_times, parse_float=str)).encode()

    def attempt(self, case, artefact, work):
        """Does one piece of work, whose result is bytes or the path of a file or folder, and keeps its hashes."""
        try:
            result = work()
            pieces = {artefact: result} if isinstance(result, bytes) else self.files(artefact, result)
        except (Failure, OSError, ValueError, subprocess.TimeoutExpired) as error:
            print(f"{self.folder.name}, {case}, {artefact}: {error}", file=sys.stderr)
            pieces = {artefact: None}
        for name, content in pieces.items():
            self.hashes[case, name] = content if content is None else hashlib.sha256(content).hexdigest()

    def files(self, artefact, path):
        """The contents of a file, or of those in a folder that are compared."""
        place = self.folder / path
        if place.is_file():
            return {artefact: place.read_bytes()}
        names = sorted(name for name in os.listdir(place) if not IGNORED.fullmatch(name))
        return {f"{artefact}/{name}": (place / name).read_bytes() for name in names}

    def begin(self):
        """Makes the folder with configs and data."""
        self.folder.mkdir(parents=True)
        for case in CASES:
            shutil.copy(copies.HERE / f"{case.name}.json", self.folder)
        (self.folder / "text.txt").write_text(samples.text(), encoding="utf-8")
        (self.folder / "conversations.jsonl").write_text(samples.conversations(), encoding="utf-8")

    def work(self, cases):
        """Every case from its beginning to its end."""
        self.begin()
        for case in cases:
            self.train(case, case.name)
            self.evaluate(case)
            self.generate(case)
            self.compute_logits(case)
            self.export(case)
        self.attempt("stopped", "exit status", lambda: self.stop(cases[0], "stopped"))
        self.train(cases[0], "stopped", "--resume")

    def train(self, case, run, *options):
        """A run from its beginning, or with --resume to its end."""
        def work():
            self.luthier("train", "--config", f"{case.name}.json", "--run", run, *options)
            return f"checkpoints/{run}"

        self.attempt(run, "run", work)

    def stop(self, case, run):
        """Begins a run and stops it by a signal at about its middle. Returns its exit status as text."""
        command = [self.programs.luthier, "train", "--config", f"{case.name}.json", "--run", run]
        metrics, deadline = self.folder / "checkpoints" / run / "metrics.jsonl", time.monotonic() + LIMIT
        process = subprocess.Popen(
            command, cwd=self.folder, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            # Line by line: an evaluation at step 0, and steps 3, 6 and 9.
            while process.poll() is None and time.monotonic() < deadline:
                if metrics.exists() and metrics.read_bytes().count(b"\n") >= 4:
                    process.send_signal(signal.SIGINT)
                    break
                time.sleep(0.002)
            status = process.wait(LIMIT)
        finally:
            process.kill()
        if status != 130:
            raise Failure(f"no signal stopped the run: its exit status is {status}")
        return str(status).encode()

    def evaluate(self, case):
        answers = ["--generate", "--limit", "4"] if case.chats else []
        self.attempt(case.name, "eval", lambda: self.result(
            "eval", "--checkpoint", f"checkpoints/{case.name}/{LAST}", "--split", "validation", *answers))

    def generate(self, case):
        prompt = ["--prompt", "In the town of Dover"]
        if case.chats:
            prompt = ["--prompt", "How much is 17 + 5?", "--system", "Answer in numbers."]
        ways = {"greedy": ["--temperature", "0"], "drawn": ["--temperature", "1", "--seed", "3", "--n", "6"]}
        for precision in ["f32", "bf16", "int8"]:
            for way, options in ways.items():
                self.attempt(case.name, f"generate {precision} {way}", lambda: self.result(
                    "generate", "--checkpoint", f"checkpoints/{case.name}/{LAST}", *prompt, *options,
                    "--max-tokens", "40", "--precision", precision))

    def compute_logits(self, case):
        def work():
            self.call(self.programs.logits, f"checkpoints/{case.name}/{LAST}", f"{case.name}.logits")
            return f"{case.name}.logits"

        self.attempt(case.name, "logits", work)

    def export(self, case):
        """Every format that takes the model; folders for other programs are imported again."""
        formats = {"huggingface": ["huggingface"], "weights.h5": ["weights"]}
        if case.is_gguf:
            formats |= {f"{kind}.gguf": ["gguf", "--type", kind] for kind in ["f32", "f16", "bf16", "q8_0"]}
        if case.has_adapters:
            formats["peft"] = ["peft"]
        (self.folder / "exports" / case.name).mkdir(parents=True)
        for name, options in formats.items():
            path = f"exports/{case.name}/{name}"

            def write():
                self.luthier(
                    "export", "--checkpoint", f"checkpoints/{case.name}/{LAST}", "--threads", "2", "--output", path,
                    "--format", *options)
                return path

            def read():
                self.luthier("import", path, "--output", path + ".h5")
                return path + ".h5"

            self.attempt(case.name, name, write)
            if name in ("huggingface", "peft"):
                self.attempt(case.name, f"{name}, imported", read)

    def resume_from(self, other, cases):
        """Takes another workplace's files, evaluates its checkpoints, and resumes a half of each run, which is there
        as a kill between the two checkpoints leaves it."""
        shutil.copytree(other.folder, self.folder, ignore=shutil.ignore_patterns("exports"))
        halved = shutil.ignore_patterns(LAST, "best", "latest")
        for case in cases:
            self.evaluate(case)
            run = self.folder / "checkpoints" / case.name
            half = f"{case.name}-half"
            shutil.copytree(run, run.with_name(half), ignore=halved)
            self.train(case, half, "--resume")


def compare(former, present, title=""):
    """Prints what is equal and what differs. Returns how many of each."""
    counts = [0, 0]
    for key in list(former.hashes) + [key for key in present.hashes if key not in former.hashes]:
        hashes = [place.hashes.get(key) for place in (former, present)]
        is_equal = hashes[0] is not None and hashes[0] == hashes[1]
        counts[0 if is_equal else 1] += 1
        short = [text[:12] if text else "missing" for text in hashes]
        print(f"{title + key[0]:28} {key[1]:38} {short[0]:12} {'equal' if is_equal else 'DIFFERENT ' + short[1]}")
    return counts


def compare_all(former, present, kernel, cases):
    """Lets both programs do all the work. Returns how many artefacts are equal and how many differ."""
    folder = copies.BUILD / "compared"
    shutil.rmtree(folder, ignore_errors=True)
    names = ["former", "present", "former-goes-on", "present-goes-on"]
    places = [Workplace(folder / name, programs, kernel) for name, programs in zip(names, [former, present] * 2)]
    for place in places[:2]:
        place.work(cases)
    for place in places[2:]:
        place.resume_from(places[0], cases)
    counts = [compare(*places[:2]), compare(*places[2:], title="resumed: ")]
    return [sum(column) for column in zip(*counts)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("base", nargs="?", help="a git revision")
    parser.add_argument("--former", type=Path, metavar="FOLDER", help="a tree that is built, instead of a revision")
    arguments = parser.parse_args()
    if (arguments.base is None) == (arguments.former is None):
        parser.error("name either a git revision or --former FOLDER")
    try:
        former = copies.of_built_tree(arguments.former) if arguments.former else copies.of_revision(arguments.base)
        present = copies.of_present()
        kernel, has_bfloat16 = common_machine(former, present)
    except (Failure, OSError) as failure:
        print(f"error: {failure}", file=sys.stderr)
        return 2
    if not has_bfloat16:
        print("skipped: bf16, since this processor has no such products")
    start = time.monotonic()
    equal, different = compare_all(
        former, present, kernel, [case for case in CASES if has_bfloat16 or case.name != "bf16"])
    print(f"\nkernel {kernel}, 2 threads, {time.monotonic() - start:.0f} seconds\n{equal} equal, {different} different")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
