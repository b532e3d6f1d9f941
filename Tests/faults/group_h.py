"""Processes: signals, locks, limits, closed streams, missing libraries, clocks, and time."""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import time

from frame import (PROGRAM, Preloaded, Skipped, descendants, expect, is_intact, kill, last_step, must_be_equal, ranks, tiny_place,
                   wait_until)

TRAIN = ["train", "--config", "tiny.json", "--run", "run"]
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}


def H1(quick):
    """SIGINT, SIGTERM and SIGHUP at any moment: saved, with the signal's exit code; the bytes are right after resuming."""
    chance = random.Random(4)
    with tiny_place() as place:
        place.config(evaluation__every=3)
        place.train("straight")
        count = 0
        for number in range(8 if quick else 60):
            which = chance.choice(list(CODES))
            process = place.start(*TRAIN, "--resume")
            time.sleep(chance.random() * 0.4)
            code = kill(process, which)
            # Before the handlers are there, the signal ends the process itself.
            expect(code in (CODES[which], -which, 0), f"exit code {code} after signal {which}")
            count += code == CODES[which]
            if code == 0:
                must_be_equal(place, "straight", "run")
                shutil.rmtree(place.folder("run"))
        expect(count > 0, "no signal was in time")
        place.train("run", "--resume")
        must_be_equal(place, "straight", "run")


def H2():
    """A second SIGINT ends the program at once."""
    with tiny_place() as place:
        place.config(model__modelWidth=512, model__blockCount=8, training__accumulation=200, evaluation__samples=[],
                     data__validationFraction=0.02)
        process = place.start(*TRAIN)
        expect(wait_until(process, lambda: (place.folder("run") / "metrics.jsonl").exists()), "the run ended")
        time.sleep(2)
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        expect(process.poll() is None, "the step was too short to be interrupted")
        begin = time.monotonic()
        expect(kill(process, signal.SIGINT) == 130, f"exit code {process.returncode}")
        expect(time.monotonic() - begin < 2, "it took too long")


def H3():
    """SIGUSR1 saves and continues: identical weights and logs."""
    with tiny_place() as place:
        place.config(training__steps=150)
        place.train("straight")
        process = place.start(*TRAIN)
        for step in (20, 55, 90):
            expect(wait_until(process, lambda: last_step(place, "run") >= step), "the run ended too early")
            process.send_signal(signal.SIGUSR1)
        expect(process.wait(60) == 0, f"exit code {process.returncode}")
        saves = (place / "errors").read_text().count("saved ")
        expect(saves > 150 // 7 + 1, f"only {saves} saves")
        must_be_equal(place, "straight", "run")


def H4():
    """SIGSTOP and SIGCONT: identical."""
    with tiny_place() as place:
        place.train("straight")
        process = place.start(*TRAIN)
        for step in (5, 20, 40):
            wait_until(process, lambda: last_step(place, "run") >= step)
            process.send_signal(signal.SIGSTOP)
            time.sleep(0.2)
            process.send_signal(signal.SIGCONT)
        expect(process.wait(60) == 0, f"exit code {process.returncode}")
        must_be_equal(place, "straight", "run")


def H5():
    """A second trainer in a folder is refused by the first one's number; after kill -9 the folder is free."""
    with tiny_place() as place:
        place.config(training__steps=5000, evaluation__every=5000)
        process = place.start(*TRAIN)
        expect(wait_until(process, lambda: last_step(place, "run") >= 5), "the run ended")
        place.run(*TRAIN, "--resume").is_clean_failure("in use by", str(process.pid))
        place.run("runs", "delete", "run", "--yes")
        expect(place.folder("run").exists(), "a run that is being trained was deleted")
        kill(process)
        place.run(*TRAIN, "--resume", "--steps", str(last_step(place, "run") + 3)).must_be(0)


def H6():
    """Too little address space (ulimit -v) or too large a model: refused at once, with numbers."""
    with tiny_place() as place:
        for kibibytes in (300_000, 500_000, 800_000):
            for command in ("train --config tiny.json --run run", "doctor", "generate --checkpoint x --prompt y"):
                outcome = place.shell(f'ulimit -v {kibibytes}; exec timeout -s KILL 20 "$LUTHIER" {command}')
                outcome.is_clean_failure("MiB", "ulimit")
        place.run("train", "--config", "tiny.json", "--set", "model.modelWidth=8192", "--set", "model.blockCount=64"
                  ).is_clean_failure("MiB of memory")
        expect(not (place / "checkpoints").exists() or not place.names("run"), "a run was begun")
        place.shell('ulimit -v 4000000; exec timeout -s KILL 60 "$LUTHIER" train --config tiny.json --run run').must_be(0)


def H7():
    """32 open files, or few processes: the run ends well or with a clean error."""
    with tiny_place() as place:
        place.train("straight")
        for number in (32, 16, 12, 9):
            outcome = place.shell(f'ulimit -n {number}; exec "$LUTHIER" train --config tiny.json --run run --resume')
            expect(outcome.code in (0, 1, 127), f"{number} files: {outcome}")
        place.run(*TRAIN, "--resume").must_be(0)
        must_be_equal(place, "straight", "run")


def H8():
    """stdout closed, full, or a pipe that nobody reads: no crash, and the exit code tells."""
    with tiny_place() as place:
        place.train("run", "--steps", "5")
        for command in ("--help", "inspect checkpoints/run/step-000005.h5", "runs --json", "train --help"):
            full = place.shell(f'"$LUTHIER" {command} > /dev/full')
            full.is_clean_failure("could not be written to stdout")
            closed = place.shell(f'"$LUTHIER" {command} >&-')
            closed.is_clean_failure("could not be written to stdout")
            broken = place.shell(f'{{ "$LUTHIER" {command}; echo $? > code; }} | true; cat code')
            expect(broken.out.strip() in ("0", "1"), f"exit code {broken.out.strip()}")
        silent = place.shell('"$LUTHIER" train --config tiny.json --run silent <&- >&- 2>&-')
        expect(silent.code == 0, str(silent))
        place.train("straight")
        must_be_equal(place, "straight", "silent")


def H9():
    """OpenBLAS missing: the loader names it. A kernel set that does not exist: another one is used."""
    with tiny_place() as place:
        place.train("run", "--steps", "3", LUTHIER_BLAS_KERNEL="Nonsense", OPENBLAS_CORETYPE="Nonsense")
        found = subprocess.run(["ldd", PROGRAM[0]], capture_output=True, text=True).stdout
        library = re.search(r"libopenblas\S* => (\S+)", found)
        if not library or not shutil.which("unshare") or os.geteuid() != 0:
            raise Skipped("a library can be hidden by root only, with unshare")
        path = os.path.realpath(library.group(1))
        outcome = place.shell(f'unshare -m sh -c \'mount --bind /dev/null {path} && exec "$LUTHIER" --version\'')
        expect(outcome.code in (1, 127) and "openblas" in outcome.err, str(outcome))


def H10():
    """On one processor: no deadlock, and two threads give the bytes that they give on two."""
    if not shutil.which("taskset"):
        raise Skipped("there is no taskset")
    with tiny_place() as place:
        place.config(training__threads=2)
        place.train("straight")
        place.run(*TRAIN, before=["taskset", "-c", "0"], seconds=120).must_be(0)
        must_be_equal(place, "straight", "run")
        place.config(training__threads=0)
        found = place.run("train", "--config", "tiny.json", "--run", "one", before=["taskset", "-c", "0"]).must_be(0)
        expect("on 1 threads" in found.err, found.err[:600])


def H11():
    """Processes that train together: a killed one ends the others within a minute, and the last checkpoint is good; one with
    other data is named, and no run begins; one alone has the bytes of a run without a launcher."""
    with tiny_place() as place:
        place.train("straight")
        place.train("one", before=ranks(1))
        must_be_equal(place, "straight", "one")
        place.write("other.txt", "rain\n\n" + (place / "text.txt").read_text())
        differing = [*TRAIN, "--set", 'data.train=["other.txt"]']
        outcome = place.run(*TRAIN, ":", "-n", "1", PROGRAM[0], *differing, before=ranks(1))
        expect(outcome.code != 0 and re.search(r"error: rank 1 on .*data", outcome.err), str(outcome))
        expect(not place.folder("run").exists(), "a run has begun")
        for victim in (0, 1):
            process = place.start(*TRAIN, "--resume", "--steps", "100000", before=ranks(2))
            reached = last_step(place, "run") + 20
            expect(wait_until(process, lambda: last_step(place, "run") >= reached), f"the run ended before step {reached}")
            os.kill(descendants(process)[victim], signal.SIGKILL)
            expect(process.wait(60) != 0, "a run that lost a process has succeeded")
            expect(is_intact(place.checkpoints("run")[-1]), "the last checkpoint is damaged")
        place.train("run", "--resume", "--steps", str(last_step(place, "run") + 5))


def H12():
    """The clock jumps a year back or ahead during a run: the same bytes, and no time that is negative or endless."""
    with Preloaded("clock") as library, tiny_place() as place:
        place.train("straight")
        for number, seconds in enumerate((-31536000, 31536000)):
            outcome = place.train(f"run-{number}", LD_PRELOAD=library, FAULT_SECONDS=str(seconds), FAULT_AFTER="40")
            must_be_equal(place, "straight", f"run-{number}")
            for line in (place.folder(f"run-{number}") / "timings.jsonl").read_text().splitlines():
                values = json.loads(line)
                expect(0 <= values["seconds"] < 60 and values["tokensPerSecond"] > 0, line)
            last = re.search(r"finished after step 60, ([^,]*),", outcome.err)
            expect(last and "-" not in last.group(1) and "h" not in last.group(1), outcome.err[-300:])
            left = re.findall(r"(\S+(?: \S+)?) left\n", outcome.err)
            expect(left and not any("-" in text for text in left), f"{left[-3:]}")


def H13(quick):
    """A long run: neither memory nor the number of open files grows."""
    with tiny_place() as place:
        place.config(training__steps=1_000_000, evaluation__every=50, training__saveEvery=25)
        process = place.start(*TRAIN)
        samples, begin = [], time.monotonic()
        while time.monotonic() - begin < (12 if quick else 120):
            time.sleep(0.5)
            expect(process.poll() is None, f"the run ended: {(place / 'errors').read_text()[-300:]}")
            status = open(f"/proc/{process.pid}/status").read()
            samples.append((int(re.search(r"VmRSS:\s+(\d+)", status).group(1)), len(os.listdir(f"/proc/{process.pid}/fd"))))
        kill(process, signal.SIGTERM)
        third = len(samples) // 3
        early, late = samples[third:2 * third], samples[2 * third:]
        growth = sum(size for size, _ in late) / len(late) - sum(size for size, _ in early) / len(early)
        expect(growth < 4096, f"resident memory has grown by {growth:.0f} KiB")
        expect(max(files for _, files in late) <= max(files for _, files in early) + 2, "open files have grown")
