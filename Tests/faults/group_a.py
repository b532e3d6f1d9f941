"""Exact resume: a run that was stopped, killed or resumed ends with the bytes of one that was left alone."""

import json
import re
import signal

from frame import (TEXT, Preloaded, expect, kill, last_step, must_be_equal, ranks, tiny_place, wait_until)

TRAIN = ["train", "--config", "tiny.json", "--run", "run"]


def stop(place, step, number=signal.SIGTERM, arguments=TRAIN, **environment):
    """Trains or resumes until a step, then sends a signal."""
    process = place.start(*arguments, "--resume", **environment)
    expect(wait_until(process, lambda: last_step(place, "run") >= step), f"the run ended before step {step}")
    return kill(process, number)


def stopped_and_resumed(place, *steps, number=signal.SIGTERM):
    """A straight run, and one that is stopped after each of the steps; both must be equal."""
    place.train("straight")
    for step in steps:
        stop(place, step, number)
    place.train("run", "--resume")
    must_be_equal(place, "straight", "run")


def weights(place, run):
    """The bytes of a run's newest weights in another format, which has no config."""
    place.run("export", "--checkpoint", place.checkpoints(run)[-1], "--format", "huggingface", "--output",
              place / f"{run}-weights").must_be(0)
    return (place / f"{run}-weights" / "model.safetensors").read_bytes()


def losses(place, run):
    lines = [json.loads(line) for line in (place.folder(run) / "metrics.jsonl").read_text().splitlines()]
    return {line["step"]: (line["loss"], line["gradientNorm"]) for line in lines if "loss" in line}


def A1():
    """Stopped in the middle and resumed: identical."""
    with tiny_place() as place:
        stopped_and_resumed(place, 30)


def A2():
    """Resumed twice and more, after signals and kills: identical."""
    with tiny_place() as place:
        stopped_and_resumed(place, 5, 17, 33, 50)
    with tiny_place() as place:
        stopped_and_resumed(place, 9, 23, 41, number=signal.SIGKILL)


def A3():
    """Saved in the middle of an epoch: identical."""
    with tiny_place() as place:
        place.train("straight")
        stop(place, 11)
        line = (place.folder("run") / "metrics.jsonl").read_text().strip().split("\n")[-1]
        epoch = float(re.search(r'"epoch":([0-9.]+)', line).group(1))
        expect(epoch % 1 > 0.01, f"stopped at epoch {epoch}")
        place.train("run", "--resume")
        must_be_equal(place, "straight", "run")


def A4():
    """Saved exactly at the end of an epoch, then killed: identical."""
    with tiny_place() as place:
        steps = int(re.search(r"(\d+) per epoch", place.train("trial").err).group(1))
        expect(steps < 50, f"{steps} steps per epoch")
        place.config(training__saveEvery=steps, evaluation__every=60)
        place.train("straight")
        process = place.start(*TRAIN)
        expect(wait_until(process, lambda: any(f"step-{steps:06}.h5" == name for name in place.names("run"))), "no save")
        kill(process)
        place.train("run", "--resume")
        must_be_equal(place, "straight", "run")


def A5():
    """Resuming a finished run changes nothing; exit code 0."""
    with tiny_place() as place:
        place.train("run")
        names = [name for name in place.names("run") if name != "run.lock" and not name.startswith("events")]
        before = {name: (place.folder("run") / name).read_bytes() for name in names}
        place.train("run", "--resume")
        for name, content in before.items():
            if name != "origins.json":
                expect((place.folder("run") / name).read_bytes() == content, f"{name} has changed")


def A6():
    """Stopped inside gradient accumulation: saved at the step's boundary, identical."""
    with tiny_place() as place:
        place.config(training__accumulation=12, training__batchSize=2, training__steps=30)
        stopped_and_resumed(place, 4, 13)


def A7():
    """Dropout of embeddings, attention, residuals and adapters: identical."""
    with tiny_place() as place:
        place.config(model__embeddingDropout=0.3, model__attentionDropout=0.3, model__residualDropout=0.3)
        place.train("base", "--steps", "10")
        stopped_and_resumed(place, 13, 29)
    with tiny_place() as place:
        place.train("base", "--steps", "10")
        place.write("tiny.json", json.dumps({
            "model": {"base": "checkpoints/base"}, "data": {"train": "rows.jsonl"},
            "method": {"type": "lora", "dropout": 0.3}, "training": {"steps": 40, "batchSize": 4, "saveEvery": 7,
                                                                     "logEvery": 1, "threads": 1, "precision": "f32"}}))
        stopped_and_resumed(place, 13, 29)


def A8():
    """A stream of text that is cut into windows: identical."""
    with tiny_place() as place:
        place.config(data__format="text")
        stopped_and_resumed(place, 13, 29)


def A9():
    """Resumed with other intervals of saves, log lines and evaluations: identical weights and losses."""
    with tiny_place() as place:
        place.train("straight")
        stop(place, 20)
        place.train("run", "--resume", "--set", "training.saveEvery=11", "--set", "training.logEvery=3", "--set",
                    "evaluation.every=13")
        expect(weights(place, "straight") == weights(place, "run"), "the weights differ")


def A10():
    """Evaluations and samples between steps do not change the weights."""
    with tiny_place() as place:
        place.train("often", "--set", "evaluation.every=3", "--set", 'evaluation.samples=["In Dover", "On Corby"]')
        place.train("rarely", "--set", "evaluation.every=60", "--set", "evaluation.samples=[]")
        expect(weights(place, "often") == weights(place, "rarely"), "the weights differ")
        expect(losses(place, "often") == losses(place, "rarely"), "losses differ")


def A11():
    """Resumed with another learning rate, batch or width: refused by name. Other lengths are said."""
    with tiny_place() as place:
        place.train("run", "--steps", "20")
        before = place.names("run")
        for key, value in [("training.learningRate", "0.5"), ("training.batchSize", "7"), ("model.modelWidth", "64"),
                           ("training.seed", "9"), ("training.accumulation", "3"), ("model.residualDropout", "0.5")]:
            place.run(*TRAIN, "--resume", "--steps", "20", "--set", f"{key}={value}").is_clean_failure(key)
        expect(place.names("run") == before, "files have changed")
        longer = place.train("run", "--resume", "--steps", "25")
        expect("steps: 20 before, 25 now" in longer.err and "learning rate" in longer.err, longer.err)


def A12():
    """One byte of the data changed: refused, with both hashes."""
    with tiny_place() as place:
        stop(place, 20)
        place.write("text.txt", TEXT.replace("Day 77", "Day 78"))
        outcome = place.run(*TRAIN, "--resume").is_clean_failure("data")
        expect(len(re.findall(r"[0-9a-f]{8,64}", outcome.err)) >= 2, f"no hashes in {outcome.err}")


def A13():
    """Rows appended to the data: refused."""
    with tiny_place() as place:
        stop(place, 20)
        place.write("text.txt", TEXT + "\n\nOne more day.\n")
        place.run(*TRAIN, "--resume").is_clean_failure("data")


def A14():
    """The tokenizer changed: refused, or the checkpoint's own is used and nothing differs."""
    with tiny_place() as place:
        place.run("tokenizer", "train", "text.txt", "--vocabulary-size", "300", "--output", "tok").must_be(0)
        place.config(tokenizer__path="tok")
        place.train("straight")
        stop(place, 20)
        other = place.run("tokenizer", "train", "rows.jsonl", "--vocabulary-size", "300", "--output", "other").must_be(0)
        place.run(*TRAIN, "--resume", "--set", "tokenizer.path=other").is_clean_failure("tokenizer.path")
        for file in (place / "other").iterdir():
            place.write(f"tok/{file.name}", file.read_bytes())
        outcome = place.run(*TRAIN, "--resume")
        expect(outcome.code in (0, 1), str(outcome))
        if outcome.code == 0:
            must_be_equal(place, "straight", "run")
        else:
            outcome.is_clean_failure("tokenizer")


def A15():
    """Another number of threads: a warning, the same samples, losses within 1e-3."""
    with tiny_place() as place:
        place.train("straight")
        stop(place, 20)
        outcome = place.train("run", "--resume", "--threads", "2")
        expect("1 threads" in outcome.err and "continues with 2" in outcome.err, f"no warning: {outcome.err[:600]}")
        one, other = losses(place, "straight"), losses(place, "run")
        expect(one.keys() == other.keys(), "other steps")
        for step in one:
            expect(abs(one[step][0] - other[step][0]) <= 1e-3 * one[step][0], f"step {step}: {one[step]}, {other[step]}")


def A16():
    """Stopped with two processes and resumed with one, and the other way round: the losses of one that was left alone, to 1e-6."""
    two = ranks(2)
    with tiny_place() as place:
        # A launcher takes its time to pass a signal on.
        place.config(training__steps=600)
        place.train("straight")
        for run, before, after in (("fewer", two, []), ("more", [], two)):
            process = place.start("train", "--config", "tiny.json", "--run", run, before=before)
            expect(wait_until(process, lambda: last_step(place, run) >= 20), f"{run} ended before step 20")
            kill(process, signal.SIGTERM)
            expect(last_step(place, run) < 600, f"{run} was not stopped")
            place.train(run, "--resume", before=after)
            straight, seen = losses(place, "straight"), losses(place, run)
            expect(seen.keys() == straight.keys(), f"{run} has logged other steps")
            difference = max(abs(a - b) / a for step in seen for a, b in [(straight[step][0], seen[step][0])])
            expect(difference < 1e-6, f"the losses of {run} differ by {difference:.1e}")


def A17():
    """Another kernel set in the environment: the run keeps its own, identical, or warns."""
    with tiny_place() as place:
        place.train("straight")
        stop(place, 20)
        outcome = place.train("run", "--resume", OPENBLAS_CORETYPE="Sandybridge", LUTHIER_BLAS_KERNEL="Sandybridge")
        if "last bits" not in outcome.err:
            must_be_equal(place, "straight", "run")


def A18():
    """A checkpoint of a newer format version: refused, with both versions; version 0 is damage."""
    with tiny_place() as place:
        place.train("run", "--steps", "5")
        content = place.checkpoints("run")[-1].read_bytes()
        for version, text in [(2, "newer"), (2**32 - 1, "newer"), (0, "")]:
            path = place.write("changed.h5", content[:8] + version.to_bytes(4, "little") + content[12:])
            for command in (["inspect", path], ["generate", "--checkpoint", path, "--prompt", "x"]):
                place.run(*command).is_clean_failure(text)


def A19():
    """The clock moved back or ahead between stop and resume, and another time zone: identical."""
    with Preloaded("clock") as library, tiny_place() as place:
        place.train("straight")
        stop(place, 15)
        for step, seconds, zone in [(30, -864000, "Asia/Tokyo"), (45, 86400 * 365, "America/New_York")]:
            stop(place, step, LD_PRELOAD=library, FAULT_SECONDS=str(seconds), TZ=zone)
        place.train("run", "--resume", LD_PRELOAD=library, FAULT_SECONDS=str(-10**9))
        expect(any(name.startswith("events.out.tfevents.7") for name in place.names("run")), "the clock was not moved")
        must_be_equal(place, "straight", "run")


def A20():
    """The same seed twice, in another folder, locale and time zone: identical files."""
    with tiny_place() as place, tiny_place() as other:
        place.train("straight")
        other.train("other", LANG="de_DE.UTF-8", LC_ALL="de_DE.UTF-8", TZ="Asia/Kolkata", LUTHIER_CACHE="/nonexistent")
        (place / "checkpoints" / "other").symlink_to(other.folder("other"))
        must_be_equal(place, "straight", "other")
        # Another seed gives another run.
        place.train("seed", "--seed", "2")
        expect(weights(place, "seed") != weights(place, "straight"), "the seed has no effect")
