#!/usr/bin/env python3
"""The cost of a token by model size and context length, as a Markdown table.

    python3 Benchmarks/curve.py            # the full table, some minutes
    python3 Benchmarks/curve.py --write    # also into Benchmarks/results/
"""

import argparse
import datetime
import json
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Blocks, width, heads, vocabulary; from 124M the published shapes.
SHAPES = [("5M", "4x192x6x16384"), ("16M", "6x320x5x32768"), ("51M", "8x512x8x50257"), ("124M", "12x768x12x50257"),
          ("355M", "24x1024x16x50257"), ("774M", "36x1280x20x50257")]
CONTEXTS = [64, 128, 256, 512, 1024]
TOKENS = 1024


def measure(shape, context, precision, steps=2):
    command = [ROOT / ".build" / "release" / "benchmarks", "train", "--json", "--shape", shape, "--context", context,
               "--batch", max(1, TOKENS // context), "--precision", precision, "--steps", steps]
    output = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, text=True, check=True).stdout
    return json.loads(output.strip().splitlines()[-1])


def row(name, result):
    return (f"| {name} | {1000 / result['tokensPerSecond']:.3g} | {result['tokensPerSecond']:.4g} | "
            f"{100 * result['mfu']:.0f} % | {result['peakMemoryBytes'] / 2**30:.2f} GiB |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    head = ["| ms per token | tokens/s | MFU | peak memory |", "|---|---|---|---|---|"]
    lines = [f"{TOKENS} tokens per step, full training, two precisions; MFU relative to the peak of float."]
    for precision in ("f32", "bf16"):
        lines += ["", f"By size, T 256, {precision}:", "", "| model " + head[0], head[1]]
        for name, shape in SHAPES:
            if precision == "bf16" and name in ("355M", "774M"):
                continue
            lines.append(row(f"{name} ({shape})", measure(shape, 256, precision)))
            print(lines[-1], flush=True)
    lines += ["", "By context, 124M, f32:", "", "| context " + head[0], head[1]]
    for context in CONTEXTS:
        lines.append(row(context, measure("gpt2", context, "f32")))
        print(lines[-1], flush=True)
    machine = next(line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name"))
    revision = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, stdout=subprocess.PIPE, text=True).stdout
    lines += ["", f"{machine}; revision {revision.strip()}; {datetime.date.today()}; `python3 Benchmarks/curve.py`"]
    if options.write:
        path = ROOT / "Benchmarks" / "results" / f"{datetime.date.today()}-{revision.strip()}-curve.md"
        path.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
