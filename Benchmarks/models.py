#!/usr/bin/env python3
"""What tuning each model takes on this machine: memory, and the time of 1,000 rows of 150 tokens, as a Markdown table.

    python3 Benchmarks/models.py [--only smollm2-135m,…]

Shapes are the published ones, weights and tokens random, B 4 × T 256 (T 256 alone from half a billion parameters on), and the
precision is the faster one. Each model takes up to a minute.
"""

import argparse
import json
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODELS = [("SmolLM2-135M", "smollm2-135m"), ("GPT-2 124M", "gpt2"), ("Pythia-160M", "pythia-160m"), ("Gemma 3 270M", "gemma3-270m"),
          ("SmolLM2-360M", "smollm2-360m"), ("Qwen2.5-0.5B", "qwen2.5-0.5b"), ("Qwen3-0.6B", "qwen3-0.6b"),
          ("Llama 3.2 1B", "llama-3.2-1b")]
#: All weights, gradients and moments of this one take 20 GiB.
LORA_ONLY = {"llama-3.2-1b"}
LARGE = {"qwen2.5-0.5b", "qwen3-0.6b", "llama-3.2-1b"}
ROWS, TOKENS = 1000, 150


def measure(shape, method):
    """Bytes, and seconds for the rows; None where it was not measured."""
    if method == "full" and shape in LORA_ONLY:
        return None
    command = [ROOT / ".build" / "release" / "benchmarks", "train", "--json", "--shape", shape, "--method", method, "--steps", 2,
               "--batch", 1 if shape in LARGE else 4, "--context", 256, "--precision", "auto"]
    result = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, text=True)
    if result.returncode != 0:
        return None
    found = json.loads(result.stdout.strip().splitlines()[-1])
    return found["peakMemoryBytes"], ROWS * TOKENS / found["tokensPerSecond"]


def cells(found):
    if found is None:
        return "not measured | "
    return f"{found[0] / 2**30:.1f} GiB | {found[1] / 60:.0f} min"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only")
    options = parser.parse_args()
    print("| model | LoRA: memory | 1,000 rows | full: memory | 1,000 rows |\n|---|---|---|---|---|", flush=True)
    for name, shape in MODELS:
        if not options.only or shape in options.only.split(","):
            print(f"| {name} | {cells(measure(shape, 'lora'))} | {cells(measure(shape, 'full'))} |", flush=True)


if __name__ == "__main__":
    main()
