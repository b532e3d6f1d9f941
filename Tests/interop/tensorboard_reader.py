#!/usr/bin/env python3
"""Reads a run with TensorBoard's own reader and server, and compares it with the run's logs.

    python -m venv V && V/bin/pip install tensorboard 'setuptools<81' && V/bin/python Tests/interop/tensorboard_reader.py .build/release/luthier

Trains a tiny model, then checks that every scalar of metrics.jsonl is in the event file with the same value (in single
precision), that nothing else is there, that the sample texts and a histogram for each layer are there, and that
`tensorboard --logdir` tells a browser of the run and of one scalar. `make interop-tensorboard` runs it.
"""

import json
import os
import re
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

failures = []


def check(name, condition, detail=""):
    print(f"{'ok  ' if condition else 'FAIL'} {name}{'' if condition else ': ' + str(detail)[:500]}", flush=True)
    if not condition:
        failures.append(name)


def single(value):
    return struct.unpack("f", struct.pack("f", value))[0]


def train(program, folder):
    text = "\n\n".join(f"Day {n}: the wind comes from the west and it is {n % 30} degrees." for n in range(200))
    (folder / "text.txt").write_text(text)
    (folder / "tiny.json").write_text(json.dumps({
        "model": {"blockCount": 2, "headCount": 2, "modelWidth": 32, "contextLength": 64},
        "tokenizer": {"vocabularySize": 300}, "data": {"train": "text.txt"},
        "training": {"steps": 12, "batchSize": 4, "logEvery": 3, "threads": 1, "precision": "f32"},
        "evaluation": {"every": 6, "samples": ["Day 5:", "The *wind*"]}, "generation": {"maximumTokens": 8}}))
    subprocess.run([program, "train", "--config", "tiny.json", "--run", "tiny"], cwd=folder, check=True, capture_output=True)
    return folder / "checkpoints" / "tiny"


def reader(run):
    events = EventAccumulator(str(run), size_guidance={"scalars": 0, "tensors": 0, "histograms": 0})
    events.Reload()
    return events


def scalars(run, events):
    wanted = {}
    for line in (run / "metrics.jsonl").read_text().splitlines():
        row = json.loads(line)
        for key in ("loss", "learningRate", "gradientNorm", "validationLoss", "validationPerplexity"):
            if row.get(key) is not None:
                wanted.setdefault(key, []).append((row["step"], single(row[key])))
    check("the tags are those of metrics.jsonl", set(events.Tags()["scalars"]) == set(wanted), events.Tags()["scalars"])
    for tag, values in wanted.items():
        found = [(event.step, event.value) for event in events.Scalars(tag)] if tag in events.Tags()["scalars"] else []
        check(f"{tag}: {len(values)} values are equal", found == values, (found, values))


def texts(run, events):
    rows = [json.loads(line) for line in (run / "samples.jsonl").read_text().splitlines()]
    prompts = list(dict.fromkeys(row["prompt"] for row in rows))
    for index, prompt in enumerate(prompts, 1):
        tag = f"samples/{index}"
        found = events.Tensors(tag) if tag in events.Tags()["tensors"] else []
        wanted = [(row["step"], row["text"]) for row in rows if row["prompt"] == prompt]
        check(f"{tag}: {len(wanted)} texts", [event.step for event in found] == [step for step, _ in wanted], found)
        for event, (_, text) in zip(found, wanted):
            shown = event.tensor_proto.string_val[0].decode()
            lines = [line[4:] for line in shown.split("\n")]
            check(f"{tag} at {event.step}: prompt and answer", lines == ["prompt:", *prompt.split("\n"), "", "answer:", *text.split("\n")], shown)


def histograms(run, events):
    # TensorBoard's reader converts histograms to tensors.
    tags = [tag for tag in events.Tags()["tensors"] + events.Tags()["histograms"] if tag.startswith("gradientNorm/")]
    check("a histogram for each layer", {"gradientNorm/h.0", "gradientNorm/h.1", "gradientNorm/wte"} <= set(tags), tags)
    logged = {row["step"]: row["gradientNorm"] for row in map(json.loads, (run / "metrics.jsonl").read_text().splitlines()) if "gradientNorm" in row}
    steps = {}
    for tag in tags:
        kept = events.Tags()["histograms"]
        for event in events.Histograms(tag) if tag in kept else []:
            steps.setdefault(event.step, []).append(event.histogram_value)
    if steps:
        check("histograms at each logged step", list(steps) == list(logged), (list(steps), list(logged)))
        for step, values in steps.items():
            norm = sum(value.sum_squares for value in values) ** 0.5
            check(f"step {step}: the layers' norms make the norm of all", abs(norm - logged[step]) < 1e-5 * logged[step], (norm, logged[step]))
            check(f"step {step}: each value is in a bucket", all(sum(value.bucket) == value.num for value in values))


def server(run):
    command = [str(Path(sys.executable).parent / "tensorboard"), "--logdir", str(run.parent), "--port", "0", "--host", "127.0.0.1", "--load_fast", "false"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    try:
        address = None
        for line in process.stderr:
            found = re.search(r"http://127\.0\.0\.1:\d+", line)
            if found:
                address = found.group()
                break
        check("the server starts", address)

        def ask(path):
            with urllib.request.urlopen(address + path, timeout=60) as answer:
                return json.loads(answer.read())

        runs = []
        for _ in range(120):
            runs = ask("/data/runs")
            if "tiny" in runs:
                break
            time.sleep(0.5)
        check("it knows the run", "tiny" in runs, runs)
        rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
        wanted = [[row["step"], single(row["loss"])] for row in rows if row.get("loss") is not None]
        found = [[step, value] for _, step, value in ask("/data/plugin/scalars/scalars?run=tiny&tag=loss")]
        check("it has the loss", [[step, single(value)] for step, value in found] == wanted, (found, wanted))
        check("it has the texts", "samples/1" in ask("/data/plugin/text/tags").get("tiny", []))
        check("it has the histograms", "gradientNorm/h.0" in ask("/data/plugin/histograms/tags").get("tiny", {}))
    finally:
        process.terminate()
        process.wait()


def main():
    program = str(Path(sys.argv[1]).resolve())
    with tempfile.TemporaryDirectory() as name:
        run = train(program, Path(name))
        events = reader(run)
        scalars(run, events)
        texts(run, events)
        histograms(run, events)
        server(run)
    print(f"{len(failures)} failed" if failures else "all passed")
    sys.exit(1 if failures else 0)


main()
