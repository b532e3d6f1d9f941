#!/usr/bin/env python3
"""Trains with several processes through Open MPI and MPICH, and holds the runs against those of one process.

    apt-get install openmpi-bin mpich
    python3 Tests/interop/ranks.py .build/release/luthier [--only NAME,…] [--kills 20] [--seed 1]

Prints one line for each check; exit status 1 if any failed.
"""

import argparse
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LAUNCHERS = {
    "Open MPI": ["mpirun.openmpi", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none"],
    "MPICH": ["mpirun.mpich"],
}
CONFIG = {
    "model": {"blockCount": 2, "headCount": 4, "modelWidth": 64, "contextLength": 64},
    "tokenizer": {"vocabularySize": 400},
    "training": {"batchSize": 4, "accumulation": 4, "steps": 50, "learningRate": 1e-3, "precision": "f32", "logEvery": 1,
                 "saveEvery": 10, "epsilon": 1e-6},
    "evaluation": {"every": 25},
}


class Trial:
    def __init__(self, program, folder, seed):
        self.program, self.folder = str(Path(program).resolve()), Path(folder)
        self.random = random.Random(seed)
        self.checks, self.failed = 0, []
        self.launchers = {name: line for name, line in LAUNCHERS.items() if shutil.which(line[0])}

    def check(self, name, holds, detail=""):
        self.checks += 1
        print(f"{'ok  ' if holds else 'FAIL'} {name}{'' if holds and len(str(detail)) > 60 else ': ' + str(detail) if detail != '' else ''}", flush=True)
        if not holds:
            self.failed.append(name)

    def command(self, ranks, launcher, *arguments):
        line = [self.program, "train", *arguments]
        return line if ranks == 0 else [*self.launchers[launcher], "-n", str(ranks), *line]

    def train(self, ranks, launcher, *arguments, expect=0):
        result = subprocess.run(
            self.command(ranks, launcher, *arguments, *([] if "training.threads=3" in arguments else ["--threads", "1"])), cwd=self.folder, capture_output=True, text=True,
            timeout=600)
        if expect is not None and result.returncode != expect:
            print(result.stdout[-2000:], result.stderr[-4000:], sep="\n")
            raise AssertionError(f"exit status {result.returncode} instead of {expect}")
        return result

    def lines(self, run):
        text = (self.folder / "checkpoints" / run / "metrics.jsonl").read_text()
        return [json.loads(line) for line in text.splitlines()]

    def weights(self, run, form):
        """The bytes of what was trained, exported."""
        target = self.folder / f"export-{run}"
        shutil.rmtree(target, ignore_errors=True)
        subprocess.run(
            [self.program, "export", "--checkpoint", f"checkpoints/{run}", "--format", form, "--output", str(target)],
            cwd=self.folder, check=True, capture_output=True)
        name = "adapter_model.safetensors" if form == "peft" else "model.safetensors"
        return (target / name).read_bytes()


def texts(folder):
    """Lines whose lengths differ, so that micro-batches do as well."""
    source = random.Random(3)
    words = "rain sun wind fog snow at on over the hill sea river town now then later soon cold warm mild".split()
    lines = [" ".join(source.choice(words) for _ in range(source.randint(3, 40))) for _ in range(600)]
    (folder / "data.txt").write_text("\n".join(lines) + "\n")
    for name, changes in KINDS.items():
        config = json.loads(json.dumps(CONFIG))
        for path, value in changes.items():
            section, key = path.split(".")
            config.setdefault(section, {})[key] = value
        (folder / f"{name}.json").write_text(json.dumps(config))


COMMON = {"data.train": ["data.txt"], "data.format": "lines", "data.validationFraction": 0.1}
KINDS = {
    "full": COMMON,
    "packed": {**COMMON, "data.format": "text"},
    "dropout": {**COMMON, "model.residualDropout": 0.1, "model.tiedHead": False},
    "divided": {**COMMON, "training.shardOptimizer": True},
    "lora": {**COMMON, "model.base": "checkpoints/base", "method.type": "lora", "method.rank": 4, "training.learningRate": 1e-2},
}


def losses(trial, run):
    return [(line["step"], line.get("loss"), line.get("validationLoss"), line.get("gradientNorm")) for line in trial.lines(run)]


def largest(one, other):
    """The largest relative difference of losses at the same steps."""
    pairs = [(a[i], b[i]) for a, b in zip(one, other) for i in (1, 2) if a[i] is not None]
    return max(abs(a - b) / abs(a) for a, b in pairs)


def parity(trial):
    trial.train(0, None, "--config", "full.json", "--run", "base", "--steps", "20")
    for kind in KINDS:
        form = "peft" if kind == "lora" else "huggingface"
        trial.train(0, None, "--config", f"{kind}.json", "--run", f"{kind}-0")
        alone = losses(trial, f"{kind}-0")
        for launcher in trial.launchers:
            for ranks in (1, 2, 4):
                run = f"{kind}-{ranks}-{launcher.replace(' ', '')}"
                trial.train(ranks, launcher, "--config", f"{kind}.json", "--run", run)
                seen = losses(trial, run)
                name = f"{launcher}, {kind}, {ranks} rank{'s' if ranks > 1 else ''}"
                if kind == "lora" or ranks == 1:  # H11: one rank has the bits of a run without MPI
                    trial.check(f"{name}: the log of one process", seen == alone, largest(alone, seen))
                    trial.check(f"{name}: its bytes", trial.weights(run, form) == trial.weights(f"{kind}-0", form))
                else:
                    difference = largest(alone, seen)
                    trial.check(f"{name}: its losses to 1e-6", len(seen) == len(alone) and difference < 1e-6, f"{difference:.1e}")
                    trial.train(ranks, launcher, "--config", f"{kind}.json", "--run", run + "-again")
                    same = trial.weights(run, form) == trial.weights(run + "-again", form) and seen == losses(trial, run + "-again")
                    trial.check(f"{name}: twice the same bytes", same)


def threads(trial):
    """At other thread counts losses stay close."""
    trial.train(0, None, "--config", "full.json", "--run", "one-thread")
    alone = losses(trial, "one-thread")
    for launcher in trial.launchers:
        run = f"threads-{launcher.replace(' ', '')}"
        trial.train(2, launcher, "--config", "full.json", "--run", run, "--set", "training.threads=3")
        difference = largest(alone, losses(trial, run))
        trial.check(f"{launcher}: 2 ranks of 3 threads, losses to 1e-4", difference < 1e-4, f"{difference:.1e}")


def llama(trial):
    """A model of Llama's family, packed text and accumulation."""
    launcher = next(iter(trial.launchers))
    if subprocess.run([trial.program, "fetch", "smollm2-135m"], capture_output=True).returncode != 0:
        print("skipped: smollm2-135m cannot be had")
        return
    shared = {**COMMON, "model.base": "smollm2-135m", "model.contextLength": 16, "data.format": "text", "data.validationFraction": 0,
              "training.batchSize": 1, "training.learningRate": 1e-5, "training.saveEvery": 1000}
    for kind, changes in (("llama-lora", {"method.type": "lora", "training.learningRate": 1e-3}), ("llama-full", {})):
        config = {section: dict(members) for section, members in CONFIG.items() if section in ("training", "evaluation")}
        for path, value in {**shared, **changes}.items():
            section, key = path.split(".")
            config.setdefault(section, {})[key] = value
        (trial.folder / f"{kind}.json").write_text(json.dumps(config))
        trial.train(0, None, "--config", f"{kind}.json", "--run", f"{kind}-0")
        alone, form = losses(trial, f"{kind}-0"), "peft" if kind == "llama-lora" else "huggingface"
        for ranks in (2, 4):
            trial.train(ranks, launcher, "--config", f"{kind}.json", "--run", f"{kind}-{ranks}")
            seen = losses(trial, f"{kind}-{ranks}")
            if form == "peft":
                same = seen == alone and trial.weights(f"{kind}-{ranks}", form) == trial.weights(f"{kind}-0", form)
                trial.check(f"{launcher}, {kind}, {ranks} ranks: the log and the bytes of one process", same, largest(alone, seen))
            else:
                difference = largest(alone, seen)
                trial.check(f"{launcher}, {kind}, {ranks} ranks: its losses to 1e-6", len(seen) == len(alone) and difference < 1e-6, f"{difference:.1e}")


def resume(trial):
    for launcher in trial.launchers:
        for kind in ("full", "divided", "lora"):
            if kind == "lora" and not (trial.folder / "checkpoints/base").exists():
                trial.train(0, None, "--config", "full.json", "--run", "base", "--steps", "20")
            whole = f"resume-{kind}-{launcher.replace(' ', '')}"
            trial.train(2, launcher, "--config", f"{kind}.json", "--run", whole)
            for before, after in ((2, 4), (4, 0), (0, 2), (2, 2)):
                run = f"{whole}-{before}-{after}"
                trial.train(before, launcher, "--config", f"{kind}.json", "--run", run, "--steps", "20", "--set", "training.schedule=constant")
                result = trial.train(after, launcher, "--run", run, "--resume", "--steps", "30")
                seen = losses(trial, run)
                name = f"A16, {launcher}, {kind}: {before or 'no'} ranks, then {after or 'none'}"
                said = f"started with {before or 1} process" in result.stderr
                trial.check(f"{name}: goes on", seen[-1][0] == 30 and said == ((before or 1) != (after or 1)), seen[-1])


def differences(trial):
    other = trial.folder / "elsewhere"
    other.mkdir(exist_ok=True)
    text = (trial.folder / "data.txt").read_text()
    (other / "data.txt").write_text(text.replace("rain", "hail", 1))
    (other / "full.json").write_text((trial.folder / "full.json").read_text())
    shutil.copy(trial.program, other / "luthier")
    with open(other / "luthier", "ab") as file:
        file.write(b"\0")
    for launcher, line in trial.launchers.items():
        rest = ["train", "--config", "full.json", "--run", "differs", "--threads", "1"]
        cases = {
            "data": [trial.program, *rest, "--set", f"data.train=[\"{other}/data.txt\"]"],
            "config": [trial.program, *rest, "--learning-rate", "0.5"],
            "program": [str(other / "luthier"), *rest],
            "cannot start": [trial.program, *rest, "--set", "data.train=[\"nothing.txt\"]"],
        }
        for what, second in cases.items():
            begun = time.monotonic()
            result = subprocess.run(
                [*line, "-n", "1", trial.program, *rest, ":", "-n", "1", *second], cwd=trial.folder, capture_output=True,
                text=True, timeout=120)
            said = [one for one in result.stderr.splitlines() if one.startswith("error:")]
            right = result.returncode != 0 and len(said) == 1 and "rank 1 on " in said[0] and what in said[0]
            trial.check(f"H11, {launcher}: a rank with another {what}", right and not (trial.folder / "checkpoints/differs").exists(), said)
            trial.check(f"{launcher}: another {what} is found in 20 s", time.monotonic() - begun < 20)
        result = subprocess.run(
            [*line, "-n", "2", trial.program, "train", "--config", "nothing.json"], cwd=trial.folder, capture_output=True, text=True, timeout=60)
        trial.check(f"{launcher}: no config", result.returncode != 0 and "nothing.json" in result.stderr)


def children(process):
    """The trainers below a launcher, by rank."""
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            command = (path / "cmdline").read_bytes().split(b"\0")
            environment = dict(part.split(b"=", 1) for part in (path / "environ").read_bytes().split(b"\0") if b"=" in part)
        except (OSError, ValueError):
            continue
        if not command or not command[0].endswith(b"luthier") or environment.get(b"LUTHIER_TRIAL") != str(process).encode():
            continue
        rank = environment.get(b"OMPI_COMM_WORLD_RANK") or environment.get(b"PMI_RANK")
        found[int(rank)] = int(path.name)
    return found


def start(trial, ranks, launcher, tag, *arguments):
    environment = {**os.environ, "LUTHIER_TRIAL": tag}
    return subprocess.Popen(
        trial.command(ranks, launcher, *arguments, "--threads", "1"), cwd=trial.folder, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def wait_for_step(trial, run, step, process):
    path = trial.folder / "checkpoints" / run / "metrics.jsonl"
    end = time.monotonic() + 120
    while time.monotonic() < end and process.poll() is None:
        try:
            if any(json.loads(line)["step"] >= step for line in path.read_text().splitlines()[-2:]):
                return
        except (OSError, ValueError, KeyError):
            pass
        time.sleep(0.01)
    raise AssertionError(f"{run} did not reach step {step}")


def kills(trial):
    """A random rank killed at a random moment, then resumed on another number of ranks: the end is that of a run that was never
    stopped, for adapters to the byte."""
    trial.train(0, None, "--config", "full.json", "--run", "base", "--steps", "20")
    reference = {}
    for kind in ("lora", "full"):
        trial.train(0, None, "--config", f"{kind}.json", "--run", f"straight-{kind}")
        form = "peft" if kind == "lora" else "huggingface"
        reference[kind] = (losses(trial, f"straight-{kind}"), trial.weights(f"straight-{kind}", form))
    slowest, number, done = 0, 0, 0
    while done < trial.kills:
        number += 1
        kind = ("lora", "full")[number % 2]
        launcher = trial.random.choice(list(trial.launchers))
        ranks, after = trial.random.choice([(2, 4), (4, 2), (2, 1), (4, 1)])
        run, tag = f"killed-{number}", f"{os.getpid()}-{number}"
        process = start(trial, ranks, launcher, tag, "--config", f"{kind}.json", "--run", run)
        wait_for_step(trial, run, 11, process)
        time.sleep(trial.random.random() * 0.6)
        ids = children(tag)
        victim = trial.random.choice(sorted(ids)) if ids else None
        # Some runs end before.
        if victim is not None and process.poll() is None:
            done += 1
            begun = time.monotonic()
            os.kill(ids[victim], signal.SIGKILL)
            output, errors = process.communicate(timeout=90)
            slowest = max(slowest, time.monotonic() - begun)
            # MPICH's launcher names a process, whose rank the head of the run has, or one of those that it has ended itself.
            said = output + errors
            named = (re.search(rf"process rank {victim} ", said) if launcher == "Open MPI"
                     else any(f"PID {one} RUNNING" in said for one in ids.values()))
            trial.check(f"H11, kill {done}, {launcher}: the job of {ranks} ends with an error that names {'rank ' + str(victim) if launcher == 'Open MPI' else 'a process'}",
                        process.returncode != 0 and named and f"rank {victim} on " in errors, errors[-500:])
            time.sleep(0.2)
            trial.check(f"kill {done}: no process is left", not children(tag))
        else:
            process.communicate()
        trial.train(0 if after == 1 else after, launcher, "--run", run, "--resume")
        seen = losses(trial, run)
        if kind == "lora":
            same = seen == reference[kind][0] and trial.weights(run, "peft") == reference[kind][1]
            trial.check(f"run {number}: resumed on {after}, the bytes of a run that was never stopped", same)
        else:
            difference = largest(reference[kind][0], seen)
            trial.check(f"run {number}: resumed on {after}, the losses of a run that was never stopped", len(seen) == len(reference[kind][0]) and difference < 1e-5, f"{difference:.1e}")
    trial.check("the slowest end after a kill", slowest < 60, f"{slowest:.1f} s")


def silence(trial):
    """A rank that neither answers nor ends, as one whose machine has gone."""
    launcher = next(iter(trial.launchers))
    process = start(trial, 2, launcher, f"{os.getpid()}-silent", "--config", "full.json", "--run", "silent", "--steps", "100000")
    wait_for_step(trial, "silent", 11, process)
    victim = children(f"{os.getpid()}-silent")[1]
    begun = time.monotonic()
    os.kill(victim, signal.SIGSTOP)
    try:
        _, errors = process.communicate(timeout=90)
    finally:
        try:
            os.kill(victim, signal.SIGKILL)
        except ProcessLookupError:
            pass
    took = time.monotonic() - begun
    trial.check("a silent rank ends the job", process.returncode != 0 and took < 60, f"{took:.0f} s")
    trial.check("a silent rank is named", f"rank 1 on " in errors and f"(process {victim}) has not been heard of" in errors, errors[-500:])


def signals(trial):
    for launcher in trial.launchers:
        for number, target in ((signal.SIGTERM, 0), (signal.SIGINT, 1), (signal.SIGTERM, 1), (signal.SIGTERM, "mpirun"), (signal.SIGINT, "mpirun")):
            run = f"signal-{launcher.replace(' ', '')}-{number}-{target}"
            tag = f"{os.getpid()}-{run}".replace(" ", "")
            process = start(trial, 2, launcher, tag, "--config", "full.json", "--run", run, "--steps", "100000")
            wait_for_step(trial, run, 11, process)
            begun = time.monotonic()
            os.kill(process.pid if target == "mpirun" else children(tag)[target], number)
            _, errors = process.communicate(timeout=60)
            steps = [line["step"] for line in trial.lines(run)]
            saved = sorted((trial.folder / "checkpoints" / run).glob("step-*.h5"))
            right = bool(saved) and int(saved[-1].stem[5:]) == steps[-1]
            place = target if target == "mpirun" else f"rank {target}"
            trial.check(f"{launcher}: {signal.Signals(number).name} at {place} ends in one save", right, f"{time.monotonic() - begun:.1f} s; step {steps[-1]}")
        run = f"asked-{launcher.replace(' ', '')}"
        tag = f"{os.getpid()}-{run}"
        process = start(trial, 2, launcher, tag, "--config", "full.json", "--run", run, "--steps", "100000", "--set", "training.saveEvery=99999")
        wait_for_step(trial, run, 11, process)
        os.kill(children(tag)[0], signal.SIGUSR1)
        time.sleep(2)
        saved = list((trial.folder / "checkpoints" / run).glob("step-*.h5"))
        # Others are saved where an evaluation was the best.
        asked = [one for one in saved if int(one.stem[5:]) % 25]
        trial.check(f"{launcher}: SIGUSR1 saves and goes on", bool(asked) and process.poll() is None, [one.name for one in saved])
        os.kill(children(tag)[0], signal.SIGTERM)
        process.communicate(timeout=60)


ALL = [parity, threads, llama, resume, differences, signals, silence, kills]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--only", metavar="NAMES")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    names = options.only.split(",") if options.only else [one.__name__ for one in ALL]
    with tempfile.TemporaryDirectory() as folder:
        trial = Trial(options.program, folder, options.seed)
        trial.kills = options.kills
        if not trial.launchers:
            print("skipped: no mpirun is installed (apt-get install openmpi-bin mpich)")
            return 0
        texts(trial.folder)
        for step in ALL:
            if step.__name__ not in names:
                continue
            begun = time.monotonic()
            try:
                step(trial)
            except Exception as error:  # the other steps still run
                trial.check(f"{step.__name__} runs to its end", False, repr(error))
            print(f"     {step.__name__}: {time.monotonic() - begun:.0f} s", flush=True)
    print(json.dumps({"checks": trial.checks, "failed": trial.failed}))
    return 1 if trial.failed else 0


if __name__ == "__main__":
    sys.exit(main())
