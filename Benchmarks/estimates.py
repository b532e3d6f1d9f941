#!/usr/bin/env python3
"""Holds what `train --dry-run` promises against what the runs then need, on six configs: `make estimates`.

    python3 Benchmarks/estimates.py [PROGRAM] [--rounds 3] [--only tiny,full] [--write]

Each round rehearses a config and then trains it. Memory is the estimate before anything is allocated against the peak that
the run reached; time is what the rehearsal expects for the run, evaluations and checkpoints included, against what it took.
The medians of the rounds count: memory should be within 10 %, time within 15 %.
"""

import argparse
import datetime
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
WEATHER = {"train": str(ROOT / "data/weather/train.jsonl"), "validation": str(ROOT / "data/weather/validation.jsonl")}
FEW = {"maximumTokens": 4000}
SMOLLM2 = {"base": "smollm2-135m"}
LORA = {"type": "lora", "rank": 16, "alpha": 32, "targets": ["all"]}


def scratch(blocks, heads, width, context, vocabulary, steps, batch):
    return {
        "model": {"blockCount": blocks, "headCount": heads, "modelWidth": width, "contextLength": context},
        "tokenizer": {"vocabularySize": vocabulary}, "data": WEATHER,
        "training": {"steps": steps, "batchSize": batch, "learningRate": 1e-3}, "evaluation": {"every": steps // 3},
    }


def tuned(method, steps, batch, **training):
    return {
        "model": SMOLLM2, "method": method, "data": WEATHER, "evaluation": FEW | {"every": steps // 2},
        "training": {"steps": steps, "batchSize": batch, "learningRate": 1e-4} | training,
    }


CONFIGS = {
    "tiny": ("0.4M parameters from scratch", scratch(2, 4, 96, 320, 1024, 300, 16)),
    "small": ("12M parameters from scratch", scratch(6, 6, 384, 320, 4096, 45, 16)),
    "lora": ("SmolLM2-135M, LoRA", tuned(LORA, 16, 8)),
    "int8": ("SmolLM2-135M, LoRA on an int8 base", tuned(LORA | {"baseWeights": "int8"}, 16, 8)),
    "recompute": ("SmolLM2-135M, LoRA on a q4 base, activations computed again",
                  tuned(LORA | {"baseWeights": "q4"}, 12, 8, recomputeActivations=True)),
    "full": ("SmolLM2-135M, all weights", tuned({"type": "full"}, 12, 8)),
}


def luthier(program, folder, *arguments):
    command = [program, "train", "--config", "config.json", *arguments, "--json"]
    found = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if found.returncode != 0:
        sys.exit(f"error: {' '.join(command)} ended with {found.returncode}: {found.stderr[-2000:]}")
    return json.loads(found.stdout.strip().splitlines()[-1])


def measure(program, config):
    """Estimated and real bytes, and expected and real seconds, with the spread that was named."""
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "config.json").write_text(json.dumps(config))
        expected = luthier(program, folder, "--dry-run")
        real = luthier(program, folder, "--run", "real")
    return (expected["estimatedMemoryBytes"], real["peakMemoryBytes"], expected["seconds"], real["seconds"],
            expected.get("spread"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", nargs="?", default=ROOT / ".build/release/luthier")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default=",".join(CONFIGS))
    parser.add_argument("--write", action="store_true", help="also write Benchmarks/results/estimates.md")
    options = parser.parse_args()
    lines = ["| run | memory, estimate / peak MiB | ratio | time, estimate / real s | ratio |", "|---|---|---|---|---|"]
    print("\n".join(lines), flush=True)
    missed = 0
    for name in options.only.split(","):
        title, config = CONFIGS[name]
        rounds = [measure(str(pathlib.Path(options.program).resolve()), config) for _ in range(options.rounds)]
        memory = statistics.median(found[0] / found[1] for found in rounds)
        time = statistics.median(found[2] / found[3] for found in rounds)
        missed += abs(memory - 1) > 0.10 or abs(time - 1) > 0.15
        last = rounds[-1]
        lines.append(f"| {title} | {last[0] >> 20} / {last[1] >> 20} | {memory:.3f} | {last[2]:.1f} / {last[3]:.1f} | "
                     f"{time:.3f} |")
        print(lines[-1], flush=True)
    if options.write:
        processor = next(line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name"))
        head = f"{datetime.date.today()}, {processor}, medians of {options.rounds} rounds: `make estimates`\n\n"
        (ROOT / "Benchmarks/results/estimates.md").write_text(head + "\n".join(lines) + "\n")
    print(f"{len(options.only.split(',')) - missed} within the bounds, {missed} outside")
    return missed > 0


if __name__ == "__main__":
    sys.exit(main())
