#!/usr/bin/env python3
"""What `luthier train --dry-run` promises against what the run takes: time and peak memory, of six configs.

    estimates.py LUTHIER [--only NAMES] [--scale S]     from the project's folder; needs the model smollm2-135m

The configs are of two million to 135 million parameters: from scratch, all weights of a base, LoRA, and LoRA on a base in
eight bits. A run takes about one to three minutes on two cores; --scale makes all of them longer. Wall-clock time and the
peak that the system reports are compared with the promise; nothing else should run meanwhile. Exit status 1 if memory is
more than a tenth off, or time more than 15 %.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
#: Name, config, settings, steps.
CASES = [
    ("2 million, from scratch", "weather-from-nothing.json", {"data.train": "data/weather/train.jsonl"}, 250),
    ("11 million, from scratch", "shakespeare.json", {
        "data.train": "data/general.txt", "data.validationFraction": "0.1", "model.blockCount": "6", "model.headCount": "6",
        "model.modelWidth": "384", "model.contextLength": "256"}, 60),
    ("SmolLM2-135M, all weights", "weather.json", {
        "method.type": "full", "training.learningRate": "2e-5", "training.batchSize": "8"}, 24),
    ("SmolLM2-135M, LoRA", "weather.json", {"training.batchSize": "16"}, 20),
    ("SmolLM2-135M, LoRA, base in int8", "weather.json", {"training.batchSize": "16", "method.baseWeights": "int8"}, 20),
    ("SmolLM2-135M, LoRA, activations computed again", "weather.json", {
        "training.batchSize": "16", "training.recomputeActivations": "true"}, 20),
]


def run(command):
    """The last line of stdout as JSON, the seconds it took, and the peak memory of the process in bytes."""
    start = time.monotonic()
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen([str(part) for part in command], cwd=ROOT, stdout=output, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - start
        output.seek(0)
        errors.seek(0)
        if status != 0:
            sys.exit(f"error: {' '.join(map(str, command))} ended with {status}:\n{errors.read()[-2000:]}")
        return json.loads(output.read().strip().splitlines()[-1]), seconds, usage.ru_maxrss * 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("luthier", type=pathlib.Path)
    parser.add_argument("--only", default="", help="parts of names, separated by commas")
    parser.add_argument("--scale", type=float, default=1)
    options = parser.parse_args()
    luthier, worst = options.luthier.resolve(), [0.0, 0.0]
    print("| run | steps | time promised | time taken | off | memory promised | peak | off |\n|---|---|---|---|---|---|---|---|", flush=True)
    for number, (name, config, settings, steps) in enumerate(CASES):
        if not any(part in name for part in options.only.split(",")):
            continue
        steps = round(steps * options.scale)
        command = [luthier, "train", "--config", f"configs/{config}", "--steps", steps, "--json",
                   "--set", f"evaluation.every={steps}"]
        for key, value in settings.items():
            command += ["--set", f"{key}={value}"]
        promised, _, _ = run([*command, "--dry-run"])
        run_name = f"estimate-{os.getpid()}-{number}"
        _, seconds, peak = run([*command, "--run", run_name])
        shutil.rmtree(ROOT / "checkpoints" / run_name)
        time_off = seconds / promised["seconds"] - 1
        memory_off = peak / promised["estimatedMemoryBytes"] - 1
        worst = [max(worst[0], abs(time_off)), max(worst[1], abs(memory_off))]
        print(f"| {name} | {steps} | {promised['seconds']:.0f} s | {seconds:.0f} s | {100 * time_off:+.0f} % | "
              f"{promised['estimatedMemoryBytes'] >> 20} MiB | {peak >> 20} MiB | {100 * memory_off:+.0f} % |", flush=True)
    sys.exit(worst[0] > 0.15 or worst[1] > 0.10)


if __name__ == "__main__":
    main()
