"""Atomic and durable files: after any failure the old checkpoint is intact, and nothing half-written has a final name."""

import contextlib
import errno
import os
import random
import shutil
import signal
import subprocess
from pathlib import Path

import failing_calls
import kill_campaign
from frame import (PROGRAM, Place, Preloaded, Skipped, expect, is_intact, kill, last_step, must_be_equal, tiny_place,
                   wait_until)
from machine import small_disk, unprivileged

TRAIN = ["train", "--config", "tiny.json", "--run", "run"]


def is_clean(place):
    """Every checkpoint is intact and nothing temporary is left."""
    for path in place.checkpoints("run"):
        expect(is_intact(path), f"{path.name} is not intact")
    left = [name for name in place.names("run") if ".tmp." in name]
    expect(not left, f"{left} is left")


def resumed_is_equal(place):
    place.train("run", "--resume")
    must_be_equal(place, "straight", "run")


def stopped(place, step=30):
    process = place.start(*TRAIN)
    expect(wait_until(process, lambda: last_step(place, "run") >= step), "the run ended too early")
    kill(process, signal.SIGTERM)


def faulty(place, library, name, kind, number, code):
    """Trains or resumes with a failing call."""
    return place.run(*TRAIN, "--resume", LD_PRELOAD=library, FAULT_NAME=name, FAULT_KIND=kind, FAULT_NUMBER=str(number),
                     FAULT_ERROR=str(code))


def B1(quick):
    """Killed at 200 random moments of saves: resumes from the newest intact checkpoint, the bytes are right."""
    chance, count = random.Random(7), kill_campaign.Count()
    with tiny_place() as place:
        place.train("straight")
        number = 0
        while count.checkpoint < (10 if quick else 200):
            number += 1
            kill_campaign.kill_run(place, f"run-{number}", ["train", "--config", "tiny.json"], 60, 20, chance, count,
                                   kinds=["write"])
            must_be_equal(place, "straight", f"run-{number}")
            shutil.rmtree(place.folder(f"run-{number}"))


def B2(quick):
    """Every write, fsync, rename and close of a save fails in turn: the old checkpoint is intact, resuming is right."""
    with Preloaded("failing_calls") as library, tiny_place() as place:
        counts = failing_calls.prepare(place, library)
        for kind, codes in failing_calls.ERRORS.items():
            for number in range(1, counts[kind] + 1, 40 if quick else 8 if counts[kind] > 50 else 1):
                failing_calls.one(place, library, kind, number, codes[0])


def B3():
    """The disk is full at a save, or before the run begins: a named error, the old one intact, nothing temporary left."""
    with tiny_place() as place:
        place.train("straight")
        shutil.move(place.folder("straight"), place / "aside")
        with small_disk(place, 3000) as disk:
            stopped(place)
            before = {path.name: path.read_bytes() for path in place.checkpoints("run")}
            for free in (400, 0):
                left = shutil.disk_usage(disk).free
                (disk / "filler").write_bytes(bytes(max(0, left - free * 1024)))
                outcome = place.run(*TRAIN, "--resume").is_clean_failure("space")
                expect("hint: " in outcome.err, f"no hint: {outcome.err}")
                (disk / "filler").unlink()
                is_clean(place)
                for name, content in before.items():
                    path = place.folder("run") / name
                    expect(not path.exists() or path.read_bytes() == content, f"{name} has changed")
                expect(place.checkpoints("run"), "no checkpoint is left")
            place.train("run", "--resume")
            shutil.copytree(place.folder("run"), place / "run")
        for name in ("straight", "run"):
            shutil.copytree(place / ("aside" if name == "straight" else "run"), place.folder(name))
        must_be_equal(place, "straight", "run")


def B4():
    """A quota, or the limit of file sizes (ulimit -f): a named error, the old one intact."""
    with Preloaded("failing_calls") as library, tiny_place() as place:
        place.train("straight")
        stopped(place, 12)
        faulty(place, library, "step-000021.h5", "write", 5, errno.EDQUOT).is_clean_failure("quota")
        is_clean(place)
        place.shell("ulimit -f 300; exec $LUTHIER train --config tiny.json --run run --resume").is_clean_failure(
            "file too large", "ulimit -f")
        is_clean(place)
        resumed_is_equal(place)


def B5():
    """An error while flushing to the disk is a failed save, not a warning."""
    with Preloaded("failing_calls") as library, tiny_place() as place:
        place.train("straight")
        stopped(place, 12)
        faulty(place, library, "step-000021.h5", "fsync", 1, errno.EIO).is_clean_failure("flush", "step-000021.h5")
        is_clean(place)
        expect("step-000021.h5" not in place.names("run"), "a checkpoint that was not flushed has its final name")
        resumed_is_equal(place)


def B6():
    """The folder becomes read-only in the middle of a run: a named error at the next save; nothing is lost."""
    before = unprivileged()
    with tiny_place() as place:
        program = place / "luthier"
        shutil.copy(PROGRAM[0], program)
        place.train("straight")
        place.config("long.json", training__steps=4000, evaluation__every=4000)
        os.chmod(place.path, 0o777)
        subprocess.run(["chmod", "-R", "a+rwX", place.path], check=True)
        with open(place / "errors", "ab") as errors:
            process = subprocess.Popen(
                [*before, str(program), "train", "--config", "long.json", "--run", "run"], cwd=place.path, stderr=errors,
                stdout=subprocess.DEVNULL, env=place.environment())
        expect(wait_until(process, lambda: len(place.checkpoints("run")) >= 2), (place / "errors").read_text()[-300:])
        os.chmod(place.folder("run"), 0o555)
        expect(process.wait(60) == 1, f"exit code {process.returncode}")
        text = (place / "errors").read_text()
        expect("error: cannot" in text and "denied" in text.lower() and "permissions" in text, text[-400:])
        # A file that was being written cannot be removed from such a folder.
        for path in place.checkpoints("run"):
            expect(is_intact(path), f"{path.name} is not intact")
        os.chmod(place.folder("run"), 0o777)
        expect(place.shell([*before, str(program), "train", "--config", "long.json", "--run", "run", "--resume", "--steps",
                            str(last_step(place, "run") + 5)]).code == 0, "the run cannot be resumed")


def B7():
    """Temporary files of killed processes are ignored, and removed by the next run in the folder."""
    with tiny_place() as place:
        place.train("straight")
        stopped(place)
        for name in ("step-000099.h5.tmp.4711", "latest.tmp.1", "config.json.tmp.12.3"):
            place.write(f"checkpoints/run/{name}", b"half")
        place.run("generate", "--checkpoint", "run", "--prompt", "In", "--max-tokens", "2").must_be(0)
        resumed_is_equal(place)
        is_clean(place)


def B8():
    """`latest` and `best` missing, dangling, a folder or nonsense: the folder is searched."""
    with tiny_place() as place:
        place.train("straight")
        stopped(place)
        for content in (None, "step-999999.h5\n", "../../text.txt\n", "", "\0\xff nonsense\n" * 100):
            for name in ("latest", "best"):
                path = place.folder("run") / name
                path.unlink(missing_ok=True)
                if content is not None:
                    path.write_text(content)
            place.run("generate", "--checkpoint", "run", "--prompt", "In", "--max-tokens", "2").must_be(0)
        resumed_is_equal(place)


def B9():
    """The newest checkpoint cut by a byte, cut in half, empty or zeroed: the one before is used, with a warning."""
    with tiny_place() as place:
        place.train("straight")
        for change in (lambda data: data[:-1], lambda data: data[:len(data) // 2], lambda data: b"",
                       lambda data: bytes(len(data)), lambda data: data + b"\0"):
            place.train("run")
            newest = place.checkpoints("run")[-1]
            newest.write_bytes(change(newest.read_bytes()))
            outcome = place.train("run", "--resume")
            expect("; skipped" in outcome.err and "resuming from step 5" in outcome.err, f"no warning: {outcome.err[:400]}")
            must_be_equal(place, "straight", "run")
            shutil.rmtree(place.folder("run"))


def B10(quick):
    """One wrong bit anywhere in a checkpoint is detected."""
    chance = random.Random(3)
    with tiny_place() as place:
        place.train("run", "--steps", "5")
        content = place.checkpoints("run")[-1].read_bytes()
        places = chance.sample(range(512 * 8), 20) + chance.sample(range(len(content) * 8), 30 if quick else 400)
        for bit in places:
            damaged = bytearray(content)
            damaged[bit // 8] ^= 1 << bit % 8
            place.run("inspect", place.write("damaged.h5", bytes(damaged))).is_clean_failure()
        damaged = place.write("damaged.h5", bytes(damaged))
        place.run("generate", "--checkpoint", damaged, "--prompt", "x").is_clean_failure()
        place.run("eval", "--checkpoint", damaged, "--data", "text.txt").is_clean_failure()


def B11():
    """Old checkpoints go only after a new one is there: two intact ones at every moment, and the resumed one stays."""
    with tiny_place() as place:
        place.config(training__keepLast=1, training__steps=120, evaluation__every=120)

        def snapshot():
            """The checkpoints of one moment, opened: the folder is the same before and after. Reading takes longer than a save."""
            while True:
                with contextlib.ExitStack() as stack:
                    before = place.checkpoints("run")
                    try:
                        found = [(path, stack.enter_context(open(path, "rb"))) for path in before]
                    except FileNotFoundError:
                        continue
                    if place.checkpoints("run") == before:
                        stack.pop_all()
                        return found

        def watch(process, source=None):
            most = 0
            while process.poll() is None:
                intact = []
                for path, file in snapshot():
                    with file:
                        intact.append(is_intact(Path(f"/proc/self/fd/{file.fileno()}")) and path.name)
                most = max(most, len(intact))
                expect(all(intact), "a checkpoint is not intact")
                expect(most < 2 or len(intact) >= 2, f"only {intact} is left")
                if source and last_step(place, "run") < 115:
                    expect(source in intact, f"{source}, which the run was resumed from, is gone")

        watch(place.start(*TRAIN, "--steps", "50"))
        source = place.checkpoints("run")[-1].name
        watch(place.start(*TRAIN, "--resume", "--steps", "120"), source)
        expect(last_step(place, "run") == 120, "the run did not end")


def B12():
    """A checkpoint written over the one that was loaded: the same weights, or refused."""
    with tiny_place() as place:
        place.train("run", "--steps", "10")
        path = place.checkpoints("run")[-1]
        export = ["export", "--checkpoint", path, "--format", "huggingface", "--output"]
        place.run(*export, "before").must_be(0)
        outcome = place.run("export", "--checkpoint", path, "--format", "weights", "--output", path)
        expect(outcome.code in (0, 1), str(outcome))
        expect(is_intact(path), "the checkpoint is damaged")
        place.run(*export, "after").must_be(0)
        expect((place / "before/model.safetensors").read_bytes() == (place / "after/model.safetensors").read_bytes(),
               "the weights differ")
        outcome = place.run("import", "before", "--output", "before/model.safetensors")
        expect(outcome.code in (1, 2), str(outcome))
        place.run("import", "before", "--output", "again.h5").must_be(0)


def B13():
    """The folder of runs is a link to another file system: no rename crosses it."""
    if not os.path.isdir("/dev/shm"):
        raise Skipped("there is no /dev/shm")
    with tiny_place() as place, Place("/dev/shm") as other:
        expect(os.stat(place.path).st_dev != os.stat(other.path).st_dev, "the same file system")
        (place / "checkpoints").symlink_to(other.path)
        place.train("straight")
        stopped(place)
        resumed_is_equal(place)


def B14():
    """Spaces, other alphabets, names of 255 bytes and paths of more than 4096: they work, or a clean error."""
    with tiny_place() as place:
        for name in ("with space", "Übung 模型 🙂", "-x" * 100, "n" * 200):
            place.run("train", "--config", "tiny.json", "--steps", "3", f"--run={name}").must_be(0)
            expect(place.checkpoints(name), f"no checkpoint in {name}")
        source = place.checkpoints("with space")[-1]
        for name in ("w" * 252 + ".h5", "w" * 300 + ".h5", "/".join(["deep" * 50] * 25) + "/x.h5"):
            outcome = place.run("export", "--checkpoint", source, "--format", "weights", "--output", name)
            expect(outcome.code == 0 or outcome.code == 1 and "\nerror: " in outcome.err, str(outcome))
            place.run("inspect", "z" * 300 + ".h5").is_clean_failure()
            place.run("train", "--config", "c" * 5000, "--run", "x").is_clean_failure()


def B15():
    """The disk is full at a line of the log: an error with the file's name; resuming ends with the right bytes."""
    with Preloaded("failing_calls") as library, tiny_place() as place:
        place.train("straight")
        for name in ("metrics.jsonl", "timings.jsonl", "samples.jsonl"):
            outcome = faulty(place, library, f"run/{name}", "write", 2, errno.ENOSPC)
            expect(outcome.code in (0, 1), str(outcome))
            if outcome.code == 1:
                expect("error: " in outcome.err and "space" in outcome.err.lower() and name in outcome.err,
                       f"{name} is not named: {outcome.err[-300:]}")
            is_clean(place)
        resumed_is_equal(place)
        # A warning ends no run, also where it cannot be written down.
        place.config("hot.json", training__learningRate=3, training__warmupSteps=0)
        outcome = place.run("train", "--config", "hot.json", "--run", "hot", LD_PRELOAD=library, FAULT_NAME="hot/warnings.jsonl",
                            FAULT_KIND="write", FAULT_NUMBER="1", FAULT_ERROR=str(errno.ENOSPC)).must_be(0)
        expect("warning: the validation loss is above" in outcome.err, f"no warning: {outcome.err[-300:]}")


def B16():
    """A torn last line of a log, or garbage after it: cut back on resume, the same bytes."""
    with tiny_place() as place:
        place.train("straight")
        for cut, rest in ((7, b""), (1, b""), (0, b'{"step":9999,"lo'), (0, b"\0\0\0\xff\xfe garbage"), (0, b"{}\n[]\n")):
            process = place.start(*TRAIN)
            expect(wait_until(process, lambda: last_step(place, "run") >= 25), "the run ended too early")
            kill(process)
            for name in ("metrics.jsonl", "samples.jsonl", "timings.jsonl"):
                path = place.folder("run") / name
                content = path.read_bytes()
                # The last sample is older than the checkpoint, so that a kill cannot have torn it.
                path.write_bytes(content[:len(content) - (0 if name == "samples.jsonl" else cut)] + rest)
            resumed_is_equal(place)
            shutil.rmtree(place.folder("run"))
