"""What the fault tests share: folders, the built program as a child process, small runs, and the list of cases."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

#: The built program; `use` sets it.
PROGRAM = [""]


class Failed(Exception):
    """A case has found something that should not be."""


class Skipped(Exception):
    """This machine cannot run a case."""


def use(path):
    """Takes the program at `path` for all cases. Its numerics are pinned, so that two runs can be compared."""
    if not os.access(path, os.X_OK):
        raise SystemExit(f"error: {path} is not a program; build it first: swift build -c release --product luthier")
    PROGRAM[0] = str(Path(path).resolve())


def expect(condition, text):
    if not condition:
        raise Failed(text)


class Outcome:
    """The result of a finished process. `code` is negative for a signal, as in subprocess."""

    def __init__(self, code, out, err, seconds=0.0):
        self.code, self.out, self.err, self.seconds = code, out, err, seconds

    def __str__(self):
        return f"code {self.code}; {self.err.strip()[-600:]}"

    def json(self):
        return json.loads(self.out.strip().split("\n")[-1])

    def must_be(self, code, *texts):
        """Expects an exit code, and that stderr has all of these texts."""
        expect(self.code == code, f"exit code {self.code}, not {code}: {self.err.strip()[-600:]}")
        for text in texts:
            expect(text.lower() in (self.err + self.out).lower(), f"no {text!r} in: {self.err.strip()[-600:]}")
        return self

    def is_clean_failure(self, *texts):
        """Expects exit code 1 and an error message; not a crash."""
        return self.must_be(1, "error: ", *texts)


class Place:
    """A temporary folder, removed at the end of the case."""

    def __init__(self, parent=None):
        self.path = Path(tempfile.mkdtemp(prefix="luthier faults ", dir=parent))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["chmod", "-R", "u+rwX", str(self.path)], stderr=subprocess.DEVNULL)
        shutil.rmtree(self.path, ignore_errors=True)

    def __truediv__(self, name):
        return self.path / name

    def write(self, name, content):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def config(self, name="tiny.json", **changes):
        """Writes the config of a tiny run; `training__steps=3` changes one key."""
        config = json.loads(json.dumps(TINY))
        for key, value in changes.items():
            section, key = key.split("__")
            config.setdefault(section, {})[key] = value
        self.write(name, json.dumps(config, indent=1))
        return name

    def environment(self, **changes):
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.path), "LUTHIER_CACHE": str(self.path / "cache"),
                       "LUTHIER_BLAS_KERNEL": "Haswell"}
        environment.update({key: value for key, value in changes.items() if value is not None})
        return environment

    def start(self, *arguments, cwd=None, before=(), **changes):
        """Starts the program; stderr goes to the file `errors`."""
        with open(self.path / "errors", "ab") as errors:
            return subprocess.Popen(
                [*before, PROGRAM[0], *map(str, arguments)], cwd=cwd or self.path, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=errors, env=self.environment(**changes))

    def run(self, *arguments, cwd=None, before=(), input=b"", seconds=60, **changes):
        """Runs the program until its end."""
        return self.shell([*before, PROGRAM[0], *map(str, arguments)], cwd, input, seconds, **changes)

    def shell(self, command, cwd=None, input=b"", seconds=60, **changes):
        """Runs any command until its end; a text is a line of shell with the program's path in $LUTHIER."""
        begin = time.monotonic()
        try:
            done = subprocess.run(
                command, shell=isinstance(command, str), cwd=cwd or self.path, input=input, capture_output=True,
                timeout=seconds, env=self.environment(LUTHIER=PROGRAM[0], **changes))
        except subprocess.TimeoutExpired:
            raise Failed(f"no end after {seconds} s: {command}") from None
        return Outcome(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"),
                       time.monotonic() - begin)

    def train(self, run, *arguments, config="tiny.json", **options):
        """`luthier train`, which must succeed."""
        outcome = self.run("train", "--config", config, "--run", run, *arguments, **options)
        return outcome.must_be(0)

    def folder(self, run):
        return self.path / "checkpoints" / run

    def names(self, run):
        folder = self.folder(run)
        return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []

    def checkpoints(self, run):
        return [self.folder(run) / name for name in self.names(run) if name.startswith("step-") and name.endswith(".h5")]


#: Dropout, accumulation, several saves, evaluations and the end of an epoch, in half a second.
TINY = {
    "model": {"blockCount": 2, "headCount": 2, "modelWidth": 32, "contextLength": 64, "embeddingDropout": 0.1,
              "attentionDropout": 0.1, "residualDropout": 0.1},
    "tokenizer": {"vocabularySize": 257},
    "data": {"train": "text.txt", "format": "documents"},
    "training": {"steps": 60, "batchSize": 3, "accumulation": 2, "saveEvery": 7, "logEvery": 1, "threads": 1,
                 "precision": "f32"},
    "evaluation": {"every": 10, "samples": ["In Dover"]},
}

PLACES, SKIES = ["Aston", "Birkdale", "Corby", "Dover", "Elgin"], ["clear", "cloudy", "rainy", "foggy"]
#: 120 short, different paragraphs.
TEXT = "\n\n".join(
    f"In {PLACES[i % 5]} the sky is {SKIES[i % 4]} and it is {i % 30} degrees. Day {i} brings wind from the west."
    for i in range(120)) + "\n"
#: 60 questions with answers.
ROWS = "".join(json.dumps({"prompt": f"How warm is it in {PLACES[i % 5]} on day {i}?", "completion": f" {i % 30} degrees."})
               + "\n" for i in range(60))


def tiny_place():
    """A folder with the text and the config of tiny runs."""
    place = Place()
    place.write("text.txt", TEXT)
    place.write("rows.jsonl", ROWS)
    place.config()
    return place


def is_intact(path):
    """Whether a checkpoint's user block, length and hash are right: read without the program."""
    content = Path(path).read_bytes()
    if content[:8] != b"LUTHIER\0" or len(content) < 520:
        return False
    length, digest = int.from_bytes(content[16:24], "little"), content[24:56]
    return length == len(content) - 512 and hashlib.sha256(content[512:]).digest() == digest


#: Files of a run that are the same bytes in equal runs.
REPRODUCIBLE = ["metrics.jsonl", "samples.jsonl", "ledger.json", "best", "latest"]


def first_difference(one, other):
    """The first line of two logs that differs."""
    if one.suffix not in (".jsonl", ".json"):
        return ""
    left, right = (path.read_text(errors="replace").splitlines() + ["(end)"] for path in (one, other))
    for number, (mine, its) in enumerate(zip(left, right), 1):
        if mine != its:
            return f", line {number}:\n          {mine[:200]}\n          {its[:200]}"
    return ""


def must_be_equal(place, first, second, files=REPRODUCIBLE):
    """Expects that two runs have the same newest checkpoint and logs, byte for byte."""
    left, right = place.checkpoints(first), place.checkpoints(second)
    expect(left and right, f"no checkpoint in {first} or {second}")
    expect(left[-1].name == right[-1].name, f"{first} ends with {left[-1].name}, {second} with {right[-1].name}")
    common = {path.name for path in left} & {path.name for path in right}
    for name in [*files, *sorted(common)]:
        one, other = place.folder(first) / name, place.folder(second) / name
        if one.exists() or other.exists():
            expect(one.exists() and other.exists(), f"{name} is missing in {first} or {second}")
            expect(one.read_bytes() == other.read_bytes(),
                   f"{name} differs between {first} and {second}{first_difference(one, other)}")


def wait_until(process, condition, seconds=60, pause=0.0005):
    """Waits for a condition; False where the process ends first."""
    end = time.monotonic() + seconds
    while process.poll() is None:
        if condition():
            return True
        expect(time.monotonic() < end, "what was waited for did not come")
        time.sleep(pause)
    return bool(condition())


def last_step(place, run):
    """The last step in a run's log; 0 before the first."""
    try:
        lines = (place.folder(run) / "metrics.jsonl").read_bytes().split(b"\n")
    except OSError:
        return 0
    for line in reversed(lines[:-1]):
        try:
            return json.loads(line)["step"]
        except (ValueError, KeyError):
            continue
    return 0


def has_temporary(place, run, part=".h5.tmp."):
    try:
        return any(part in entry.name for entry in os.scandir(place.folder(run)))
    except OSError:
        return False


def kill(process, number=signal.SIGKILL):
    """Sends a signal and waits for the end."""
    process.send_signal(number)
    return process.wait(60)


#: What starts several processes that train together, by preference.
LAUNCHERS = [["mpirun.openmpi", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none"], ["mpirun.mpich"]]


def ranks(count):
    """The beginning of a command that starts so many processes; skips the case where there is no launcher."""
    for line in LAUNCHERS:
        if shutil.which(line[0]):
            return [*line, "-n", str(count)]
    raise Skipped("there is no mpirun")


def descendants(process):
    """The ids of the program's processes below a process."""
    parents, found = {}, []
    for entry in os.scandir("/proc"):
        try:
            parents[int(entry.name)] = int(Path(entry.path, "stat").read_text().rsplit(")", 1)[1].split()[1])
        except (OSError, ValueError):
            continue
    for number in parents:
        above = number
        while above in parents and above != process.pid:
            above = parents[above]
        try:
            if above == process.pid and os.readlink(f"/proc/{number}/exe") == PROGRAM[0]:
                found.append(number)
        except OSError:
            pass
    return sorted(found)


class Preloaded:
    """A C file of this folder, compiled as a library for LD_PRELOAD; skips the case where there is no compiler."""

    def __init__(self, name):
        if not shutil.which("cc"):
            raise Skipped("there is no cc")
        # LD_PRELOAD divides paths at spaces.
        self.folder = tempfile.mkdtemp(prefix="luthier-faults-")
        self.path = f"{self.folder}/{name}.so"
        source = Path(__file__).with_name(f"{name}.c")
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-Wall", "-o", self.path, source, "-ldl", "-lpthread"], check=True)

    def __enter__(self):
        return self.path

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)
