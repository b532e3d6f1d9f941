"""Numerics: what is not finite is never saved, and one answer does not depend on how it was computed."""

import json
import math
import random
import re

from frame import (PLACES, REPRODUCIBLE, SKIES, TEXT, expect, is_intact, kill, last_step, must_be_equal, tiny_place,
                   wait_until)

#: A line of letters that no other line has.
POISON = "ЖЩЪЫЭЮЯ ЖЮЩЯЪЫЭ ЩЖЪЭЫЯЮ"


def lines(place, run):
    return [json.loads(line) for line in (place.folder(run) / "metrics.jsonl").read_text().splitlines()]


def ruin(place, *arguments):
    """Continues from the run `run` with what ruins it."""
    return place.run("train", "--base", "checkpoints/run", "--train", "text.txt", "--run", "ruined", "--set",
                     "data.format=documents", "--set", "training.warmupSteps=0", "--set", "training.schedule=constant",
                     "--set", "training.logEvery=1", "--set", "training.saveEvery=2", *arguments)


def nothing_is_lost(place, run):
    """Every checkpoint is intact and can be read, and what the run began with still gives a finite loss."""
    for path in place.checkpoints(run):
        expect(is_intact(path), f"{path.name} is not intact")
        place.run("inspect", path).must_be(0)
    loss = place.run("eval", "--checkpoint", "run", "--data", "text.txt", "--json").must_be(0).json()["loss"]
    expect(math.isfinite(loss), f"the base has a loss of {loss}")


def G1():
    """A gradient that is not finite: the step is skipped and counted, and after several in a row the run stops."""
    with tiny_place() as place:
        place.train("run", "--steps", "10")
        outcome = ruin(place, "--steps", "30", "--learning-rate", "1e18", "--set", "training.gradientClip=0")
        expect(outcome.code in (1, 2), str(outcome))
        if outcome.code == 2:
            outcome = ruin(place, "--steps", "30", "--learning-rate", "1e18")
        outcome.is_clean_failure()
        expect("finite" in outcome.err or "diverged" in outcome.err, str(outcome))
        nothing_is_lost(place, "ruined")
        # Of the steps in a row that were skipped, none is saved: copies of ruined weights would push out good ones.
        last = re.search(r"not finite in 5 steps in a row, the last being step (\d+) with text.txt:\d+", outcome.err)
        expect(last, f"the steps and their inputs are not named: {outcome.err[-300:]}")
        saved = [int(path.name[5:-3]) for path in place.checkpoints("ruined")]
        expect(all(step <= int(last.group(1)) - 5 for step in saved), f"saved at {saved}, skipped until {last.group(1)}")
        incidents = (place.folder("ruined") / "incidents.jsonl").read_text().splitlines()
        expect(len(incidents) >= 5 and all("text.txt:" in line for line in incidents), f"incidents: {incidents[:2]}")


def G2():
    """Sudden high losses: said with their lines, skipped where asked for, and without effect on what is saved otherwise."""
    with tiny_place() as place:
        noise = random.Random(1)
        odd = "\n\n".join("".join(chr(noise.randrange(0x4E00, 0x9FFF)) for _ in range(20)) for _ in range(6))
        place.write("text.txt", TEXT + "\n\n" + odd + "\n")
        place.train("run")
        found = [line for line in lines(place, "run") if "loss" in line]
        expect(len(found) == 60 and all(math.isfinite(line["loss"]) for line in found), "a loss is missing")
        expect(all(line["skippedSteps"] == 0 for line in found), "a step was skipped")
        expect(found[-1]["loss"] < found[0]["loss"], "nothing was learned")
    with tiny_place() as place:
        calm = [f"{PLACES[i % 5]}: {SKIES[i % 4]}, {i % 30} degrees, wind from the west." for i in range(200)]
        # Letters that nothing else has, in the middle of an epoch.
        place.write("lines.txt", "\n".join(calm[:150] + [POISON] + calm[150:]) + "\n")
        config = dict(data__format="lines", data__shuffle=False, data__validationFraction=0, training__steps=200,
                      training__batchSize=1, training__accumulation=1, training__saveEvery=50, training__schedule="constant",
                      training__learningRate=3e-3, evaluation__samples=[])
        runs = {}
        for policy in ("ignore", "warn", "skip"):
            place.config("lines.json", data__train="lines.txt", training__lossSpikes=policy, **config)
            runs[policy] = place.train(policy, config="lines.json")
            written = place.folder(policy) / "incidents.jsonl"
            incidents = [json.loads(line) for line in written.read_text().splitlines()] if written.exists() else []
            expect(len(incidents) == (policy != "ignore"), f"{policy}: {incidents}")
            for incident in incidents:
                expect(incident["incident"] == "loss spike" and incident["skipped"] == (policy == "skip"), str(incident))
                expect(incident["inputs"] == ["lines.txt:151"], str(incident))
                expect("lines.txt:151" in runs[policy].err and "deviations above" in runs[policy].err, "nothing was said")
        expect(lines(place, "skip")[-1]["skippedSteps"] == 1, "the skipped step is not counted")
        states = {run: place.run("inspect", place.checkpoints(run)[-1]).must_be(0).out for run in runs}
        found = {run: "recentLosses" in state for run, state in states.items()}
        expect(found == {"ignore": False, "warn": False, "skip": True}, f"losses in the state: {found}")
        # A warning changes nothing that is learned.
        weights = {}
        for run in runs:
            place.run("export", "--checkpoint", run, "--format", "huggingface", "--output", f"{run}-hf").must_be(0)
            weights[run] = (place / f"{run}-hf" / "model.safetensors").read_bytes()
        expect(weights["ignore"] == weights["warn"] != weights["skip"], "the weights are not those of the policy")
        # Killed before the spike and resumed: the same bytes, because the losses are in the checkpoint.
        process = place.start("train", "--config", "lines.json", "--run", "killed")
        expect(wait_until(process, lambda: last_step(place, "killed") >= 120), "the run ended too early")
        kill(process)
        place.train("killed", "--resume", config="lines.json")
        must_be_equal(place, "skip", "killed", files=[*REPRODUCIBLE, "incidents.jsonl"])


def G3():
    """A learning rate that ruins the model: the run stops and says so; its checkpoints are intact, the base is kept."""
    with tiny_place() as place:
        place.train("run", "--steps", "10")
        for rate in ("1e3", "1e30"):
            outcome = ruin(place, "--steps", "40", "--learning-rate", rate)
            expect(outcome.code in (0, 1), str(outcome))
            if outcome.code == 1:
                expect("diverged" in outcome.err or "finite" in outcome.err, str(outcome))
            nothing_is_lost(place, "ruined")
            place.shell(["rm", "-rf", str(place.folder("ruined"))])
        expect(outcome.code == 1, "a rate of 1e30 did no harm")


def G4():
    """No token has a weight in the loss: refused, never 0 / 0."""
    with tiny_place() as place:
        place.config("rows.json", data__format="auto", model__contextLength=96)
        place.write("data.jsonl", "".join(json.dumps({"prompt": f"a{number}", "completion": ""}) + "\n"
                                          for number in range(20)))
        place.run("train", "--config", "rows.json", "--train", "data.jsonl", "--run", "run").is_clean_failure()
        place.write("text.txt", "")
        place.run("train", "--config", "tiny.json", "--run", "run").is_clean_failure()


def G5():
    """Contexts of one token, one head, one block, one row: every extreme of the shape gives finite losses."""
    with tiny_place() as place:
        for number, changes in enumerate([{"model.contextLength": 1}, {"model.modelWidth": 1, "model.headCount": 1},
                                          {"model.blockCount": 1, "training.batchSize": 1, "training.accumulation": 1},
                                          {"model.contextLength": 2, "training.batchSize": 64}]):
            arguments = [part for key, value in changes.items() for part in ("--set", f"{key}={value}")]
            outcome = place.run("train", "--config", "tiny.json", "--steps", "8", "--run", f"run-{number}", *arguments)
            expect(outcome.code in (0, 1), f"{changes}: {outcome}")
            if outcome.code == 1:
                outcome.is_clean_failure()
            else:
                expect(all(math.isfinite(line["loss"]) for line in lines(place, f"run-{number}") if "loss" in line), "loss")


def G6():
    """The self-test against stored losses of a reference passes in every precision that there is."""
    with tiny_place() as place:
        for threads in (1, 2):
            expect(place.run("doctor", "--threads", threads, "--json").must_be(0).json()["selfTest"] is True, "self-test")


def G7():
    """Losses are the same bits with one thread, two and four: no thread rounds in another way."""
    with tiny_place() as place:
        found = []
        for threads in (1, 2, 4):
            place.train(f"run-{threads}", "--threads", threads)
            found.append([line["loss"] for line in lines(place, f"run-{threads}") if "loss" in line])
        for other in found[1:]:
            worst = max(abs(one - two) / one for one, two in zip(found[0], other))
            expect(worst < 1e-4, f"losses differ by {worst}")


def G8():
    """The loss of a text is the same to 1e-6 at every batch size and number of threads; perplexity is its exponential."""
    with tiny_place() as place:
        place.train("run")
        losses = []
        for size in (1, 3, 8, 64):
            for threads in (1, 2):
                place.config("eval.json", evaluation__batchSize=size)
                result = place.run("eval", "--checkpoint", "run", "--config", "eval.json", "--data", "text.txt", "--threads",
                                   threads, "--json").must_be(0).json()
                losses.append(result["loss"])
                expect(abs(result["perplexity"] / math.exp(result["loss"]) - 1) < 1e-9, "perplexity")
        expect(max(losses) - min(losses) < 1e-6, f"losses from {min(losses)} to {max(losses)}")


def G9():
    """Adam's bias correction: the first update is the learning rate, and a resumed run continues with its count."""
    with tiny_place() as place:
        place.config(training__warmupSteps=0, training__schedule="constant", training__weightDecay=0)
        place.train("none", "--steps", "1", "--learning-rate", "1e-12")
        place.train("one", "--steps", "1", "--learning-rate", "1e-2")
        weights = []
        for run in ("none", "one"):
            place.run("export", "--checkpoint", place.checkpoints(run)[-1], "--format", "huggingface", "--output", run
                      ).must_be(0)
            content = (place / run / "model.safetensors").read_bytes()
            length = int.from_bytes(content[:8], "little")
            header = json.loads(content[8:8 + length])
            name = next(name for name in header if name.endswith("h.0.mlp.c_fc.weight"))
            begin, end = header[name]["data_offsets"]
            import array
            values = array.array("f")
            values.frombytes(content[8 + length + begin:8 + length + end])
            weights.append(values)
        moves = sorted(abs(one - two) for one, two in zip(*weights))
        expect(abs(moves[len(moves) // 2] - 1e-2) < 1e-4, f"the median update is {moves[len(moves) // 2]}, not 0.01")
        place.train("straight", "--steps", "30")
        place.train("run", "--steps", "12")
        place.train("run", "--resume", "--steps", "30")
        one, two = ([line["loss"] for line in lines(place, run) if "loss" in line] for run in ("straight", "run"))
        expect(one == two, "losses differ after resuming")
