#!/usr/bin/env python3
"""Kills runs with SIGKILL at random moments and resumes them: no run may be lost, and no byte may be wrong.

    python3 Tests/faults/kill_campaign.py .build/release/luthier [--kills 300] [--seed 1]

Tiny runs with dropout, accumulation, several saves and epochs: documents, a packed stream of text, LoRA, and bf16 where
the processor has it. Each is compared with one that was not killed. Without --kills: at least 300 kills, at least 100 of them
while a temporary file exists, and at least one while no save was under way.
"""

import argparse
import os
import random
import sys
import time

from frame import (Failed, expect, has_temporary, is_intact, kill, last_step, must_be_equal, tiny_place, use, wait_until)


class Count:
    def __init__(self):
        self.kills = self.writing = self.checkpoint = self.between = self.starting = self.runs = self.epochs = 0


def newest_intact(place, run):
    """The step of the newest intact checkpoint; -1 where there is none."""
    steps = [int(path.name[5:-3]) for path in place.checkpoints(run) if is_intact(path)]
    return max(steps, default=-1)


def log_number(place, run):
    try:
        return os.stat(place.folder(run) / "metrics.jsonl").st_ino
    except OSError:
        return None


def kill_run(place, name, arguments, steps, kills, chance, count, kinds=("start", "step", "write", "write")):
    """One run, killed `kills` times and resumed until its end."""
    secured = -1
    for index in range(kills):
        before = log_number(place, name)
        step = index * steps // kills + chance.randrange(max(1, steps // kills))
        kind = chance.choice(kinds)
        process = place.start(*arguments, "--run", name, "--resume")
        begun = lambda: log_number(place, name) not in (None, before)
        if kind == "start":
            time.sleep(chance.random() * 0.15)
            hit = process.poll() is None
        elif kind == "step":
            hit = wait_until(process, lambda: begun() and last_step(place, name) >= step, pause=0.0002)
            time.sleep(chance.random() * 0.02)
        else:
            hit = wait_until(process, lambda: begun() and last_step(place, name) >= step and has_temporary(place, name),
                             pause=0.0001)
            time.sleep(chance.random() * 0.02)
        code = kill(process) if hit else process.wait(60)
        if code != -9:
            expect(code == 0, f"{name}: exit code {code} instead of a kill: {(place / 'errors').read_text()[-600:]}")
            break
        count.kills += 1
        is_writing, is_saving = has_temporary(place, name, ".tmp."), has_temporary(place, name)
        count.writing += is_writing
        count.checkpoint += is_saving
        if not begun():
            count.starting += 1
        elif not is_writing:
            count.between += 1
        newest = newest_intact(place, name)
        expect(newest >= secured, f"{name}: the newest intact checkpoint was of step {secured}, now of {newest}")
        for path in place.checkpoints(name):
            expect(is_intact(path), f"{name}: {path.name} is not intact after a kill")
        secured = newest
    place.run(*arguments, "--run", name, "--resume").must_be(0)
    count.runs += 1


def scenarios(place):
    """Names, arguments of `train`, and why one cannot be run here."""
    steps = 60
    yield "f32", ["train", "--config", place.config()], steps, None
    packed = place.config("packed.json", data__format="text")
    yield "packed", ["train", "--config", packed], steps, None
    place.train("base", "--steps", "20")
    lora = place.config("lora.json", model__base="checkpoints/base", data__train="rows.jsonl", data__format="auto",
                        training__steps=steps, method__type="lora", method__rank=4, method__dropout=0.1,
                        training__batchSize=4)
    for key in ("blockCount", "headCount", "modelWidth"):
        text = (place / lora).read_text()
        place.write(lora, "\n".join(line for line in text.split("\n") if f'"{key}"' not in line))
    yield "lora", ["train", "--config", lora], steps, None
    rounded = place.config("bf16.json", training__precision="bf16", training__threads=2)
    trial = place.run("train", "--config", rounded, "--steps", "1", "--run", "trial")
    yield "bf16", ["train", "--config", rounded], steps, None if trial.code == 0 else trial.err.strip().split("\n")[0]


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("program")
    options.add_argument("--kills", type=int, default=0, help="kills in all; 0: as many as the targets need")
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    use(given.program)
    chance, count, begin = random.Random(given.seed), Count(), time.monotonic()
    try:
        with tiny_place() as place:
            ready = []
            for name, arguments, steps, reason in scenarios(place):
                if reason:
                    print(f"skipped: {name}: {reason}")
                    continue
                place.run(*arguments, "--run", f"{name}-straight").must_be(0)
                epochs = float((place.folder(f"{name}-straight") / "metrics.jsonl").read_text().split('"epoch":')[-1]
                               .split(",")[0])
                expect(epochs > 1, f"{name}: {epochs} epochs: the end of one must be inside")
                ready.append((name, arguments, steps))
            number = 0
            wanted = given.kills or 300
            while count.kills < wanted or (not given.kills and count.checkpoint < 100):
                name, arguments, steps = ready[number % len(ready)]
                number += 1
                run = f"{name}-{number}"
                kill_run(place, run, arguments, steps, min(20, max(1, wanted - count.kills)), chance, count)
                must_be_equal(place, f"{name}-straight", run)
                place.shell(["rm", "-rf", str(place.folder(run))])
    except Failed as problem:
        print(f"FAILED after {count.kills} kills (seed {given.seed}): {problem}")
        return 1
    print(f"{count.kills} kills (seed {given.seed}) of {count.runs} runs ({', '.join(name for name, *_ in ready)}): "
          f"{count.writing} while a temporary file existed, {count.checkpoint} of them of a checkpoint; "
          f"{count.starting} while the process started, {count.between} between saves; 0 lost runs, 0 wrong bytes; "
          f"{time.monotonic() - begin:.0f} s")
    if not given.kills:
        expect(count.between > 0, "no kill was between saves")
    return 0


if __name__ == "__main__":
    sys.exit(main())
