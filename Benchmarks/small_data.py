#!/usr/bin/env python3
"""Few rows: what tuning a base gives against training from scratch for the same time, and how long is right.

    python3 Benchmarks/small_data.py                # both tables and the plot, about half an hour
    python3 Benchmarks/small_data.py --only faq     # one of the data sets
    python3 Benchmarks/small_data.py --write        # also into Benchmarks/results/

The first table: `luthier tune DATA`, then a model of two million parameters on the same rows for as many seconds. Bits per
byte are of the answers held out; intervals are 95 % of a paired bootstrap over rows. The second table: learning rates and
numbers of epochs on the 60 rows of data/faq, where early stopping would have ended, and what `luthier tune` does.
"""

import argparse
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
LUTHIER = ROOT / ".build" / "release" / "luthier"
SHARED = pathlib.Path(os.environ.get("LUTHIER_TEST_DATA", ROOT.parent / "shared" / "data"))
SETS = [("faq", ROOT / "data/faq/faq.jsonl"), ("support", ROOT / "data/support/support.jsonl"),
        ("instructions", SHARED / "finetune-instructions/instruction-data.json"),
        ("sgd-weather", SHARED / "finetune-sgd-weather/derived_chat_weather_spans_train.jsonl")]
FROM_SCRATCH = {
    "model": {"blockCount": 4, "headCount": 6, "modelWidth": 192, "contextLength": 512},
    "tokenizer": {"vocabularySize": 640},
    "training": {"epochs": 100000, "batchSize": 8, "learningRate": 1e-3, "schedule": "constant", "precision": "f32",
                 "earlyStoppingPatience": None},
    "data": {"promptLossWeight": 0.1},
}
RATES = ["1e-4", "3e-4", "1e-3", "3e-3"]
EPOCHS = [1, 3, 10, 30]


def luthier(folder, *arguments, fails=False):
    """The JSON at the end of a command's output."""
    command = [str(LUTHIER), *[str(part) for part in arguments], "--json"]
    result = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if result.returncode and not fails:
        sys.exit(f"{' '.join(command)}: {result.stderr[-2000:]}")
    return json.loads(result.stdout.strip().splitlines()[-1]) if result.stdout.strip() else None


def rows_of(folder, run, name):
    """(nats, tokens) of each row held out, and the bits per byte of all."""
    path = pathlib.Path(folder) / f"{name}.lines.jsonl"
    result = luthier(folder, "eval", "--checkpoint", run, "--lines", path)
    lines = sorted((json.loads(line) for line in path.read_text().splitlines()), key=lambda line: line["line"])
    return [line["loss"] * line["tokens"] for line in lines], result


def interval(left, right, draws=2000):
    """The ratio of two sums over the same rows, with a bootstrap's 2.5 and 97.5 %."""
    generator = random.Random(1)
    ratios = []
    for _ in range(draws):
        chosen = [generator.randrange(len(left)) for _ in left]
        ratios.append(sum(left[i] for i in chosen) / sum(right[i] for i in chosen))
    ratios.sort()
    return sum(left) / sum(right), ratios[int(0.025 * draws)], ratios[int(0.975 * draws)]


def from_scratch(folder, data, seconds):
    """Trains until the time is over; an interrupt saves, and the best checkpoint counts."""
    config = json.loads(json.dumps(FROM_SCRATCH))
    config["data"].update(train=str(data / "train.jsonl"), validation=str(data / "validation.jsonl"))
    # About ten evaluations; the best one is kept.
    config["training"].pop("earlyStoppingPatience")
    (folder / "nothing.json").write_text(json.dumps(config))
    luthier(folder, "train", "--config", "nothing.json", "--run", "nothing", "--steps", "1")
    start = time.monotonic()
    process = subprocess.Popen([str(LUTHIER), "train", "--config", "nothing.json", "--run", "nothing-long"], cwd=folder,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(max(1, seconds))
    process.send_signal(signal.SIGINT)
    process.wait()
    return time.monotonic() - start


def compare(name, path):
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        start = time.monotonic()
        tuned = luthier(folder, "tune", path, "--run", "tuned", "--yes")
        seconds = time.monotonic() - start
        taken = from_scratch(folder, folder / "checkpoints/tuned-data", tuned["seconds"])
        left, result = rows_of(folder, "tuned", "tuned")
        right, other = rows_of(folder, "nothing-long", "nothing")
        if len(left) != len(right):
            sys.exit(f"{name}: {len(left)} rows against {len(right)}")
        ratio, low, high = interval(left, right)
        config = json.loads((folder / "checkpoints/tuned/config.json").read_text())
        return (f"| {name} | {len(left)} | {tuned['seconds']:.0f} s of {seconds:.0f} s | {result['bitsPerByte']:.3f} | "
                f"{other['bitsPerByte']:.3f} ({taken:.0f} s) | **{ratio:.2f}** ({low:.2f} to {high:.2f}) | "
                f"{100 * result['tokenAccuracy']:.1f} % | {100 * other['tokenAccuracy']:.1f} % |"), config


def sweep(path):
    """For each rate and number of epochs the loss held out at the end, the best on the way, and the answers' tokens."""
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        luthier(folder, "tune", path, "--run", "tuned", "--yes", "--set", "training.steps=1")
        config = json.loads((folder / "checkpoints/tuned/config.json").read_text())
        table = {}
        for rate in RATES:
            for epochs in EPOCHS:
                run = f"r{rate}-e{epochs}"
                config["training"].update(learningRate=float(rate), epochs=epochs, steps=None, schedule="cosine")
                for key in ("warmupSteps", "minimumLearningRate", "earlyStoppingPatience"):
                    config["training"].pop(key, None)
                (folder / "sweep.json").write_text(json.dumps(config))
                luthier(folder, "train", "--config", "sweep.json", "--run", run)
                lines = [json.loads(line) for line in
                         (folder / "checkpoints" / run / "metrics.jsonl").read_text().splitlines()]
                losses = [line["validationBitsPerByte"] for line in lines if "validationBitsPerByte" in line]
                accuracies = [line["validationTokenAccuracy"] for line in lines if "validationTokenAccuracy" in line]
                table[rate, epochs] = losses, accuracies
        return table


def stopped(losses, patience=3):
    """The number of the evaluation at which patience would have ended the run."""
    best = 0
    for place, loss in enumerate(losses):
        if loss < losses[best]:
            best = place
        if place - best >= patience:
            return place
    return len(losses) - 1


def plot(table):
    """Bits per byte held out by epoch, one line a learning rate, as SVG."""
    width, height, left, bottom = 760, 420, 60, 40
    longest = {rate: table[rate, EPOCHS[-1]][0] for rate in RATES}
    top = min(4.0, max(max(losses) for losses in longest.values()))
    def x(epoch): return left + epoch / EPOCHS[-1] * (width - left - 130)
    def y(bits): return height - bottom - min(bits, top) / top * (height - bottom - 30)
    colors = ["#2b6cb0", "#2f855a", "#c05621", "#9b2c2c"]
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" '
             'font-size="12"><rect width="100%" height="100%" fill="white"/>']
    for tick in range(0, EPOCHS[-1] + 1, 5):
        parts.append(f'<text x="{x(tick):.0f}" y="{height - bottom + 18}" text-anchor="middle">{tick}</text>')
    for tick in range(int(top / 0.5) + 1):
        parts.append(f'<line x1="{left}" x2="{x(EPOCHS[-1]):.0f}" y1="{y(tick / 2):.1f}" y2="{y(tick / 2):.1f}" '
                     f'stroke="#ddd"/><text x="{left - 8}" y="{y(tick / 2) + 4:.1f}" text-anchor="end">{tick / 2}</text>')
    for rate, color in zip(RATES, colors):
        losses = longest[rate]
        points = " ".join(f"{x(epoch):.1f},{y(loss):.1f}" for epoch, loss in enumerate(losses))
        end, best = stopped(losses), losses.index(min(losses))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="2"/>')
        parts.append(f'<circle cx="{x(best):.1f}" cy="{y(losses[best]):.1f}" r="5" fill="{color}"/>')
        parts.append(f'<path d="M{x(end):.1f} {y(losses[end]) - 7:.1f}v14" stroke="{color}" stroke-width="3"/>')
        parts.append(f'<text x="{x(EPOCHS[-1]) + 8:.0f}" y="{y(losses[-1]) + 4:.1f}" fill="{color}">{rate}</text>')
    parts.append(f'<text x="{left}" y="18">bits per byte held out, by epoch: 49 rows of data/faq, cosine over 30 epochs; '
                 'dot: best, bar: early stopping after 3</text>')
    return "\n".join(parts) + "</svg>\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", help="one of " + ", ".join(name for name, _ in SETS))
    parser.add_argument("--skip-sweep", action="store_true")
    parser.add_argument("--write", action="store_true", help="into Benchmarks/results/")
    options = parser.parse_args()
    lines = ["| data | rows held out | time: training, all | bits per byte, tuned | from scratch | ratio (95 %) | "
             "tokens right, tuned | from scratch |", "|---|---|---|---|---|---|---|---|"]
    for name, path in SETS:
        if options.only in (None, name):
            if not path.exists():
                print(f"skipped: {name}, because {path} is not there", file=sys.stderr)
                continue
            lines.append(compare(name, path)[0])
            print(lines[-1], file=sys.stderr)
    if not options.skip_sweep and options.only in (None, "faq"):
        table = sweep(SETS[0][1])
        lines += ["", "| learning rate | " + " | ".join(f"{epochs} epochs: end (best)" for epochs in EPOCHS)
                  + " | early stopping in the longest |", "|---|" + "---|" * (len(EPOCHS) + 1)]
        for rate in RATES:
            cells = []
            for epochs in EPOCHS:
                losses, accuracies = table[rate, epochs]
                cells.append(f"{losses[-1]:.3f} ({min(losses):.3f}), {100 * accuracies[-1]:.0f} % of tokens")
            losses, accuracies = table[rate, EPOCHS[-1]]
            end = stopped(losses)
            lines.append(f"| {rate} | " + " | ".join(cells)
                         + f" | epoch {end}: {min(losses[:end + 1]):.3f}, {100 * accuracies[end]:.0f} % |")
        if options.write:
            (ROOT / "Benchmarks/results/small-data.svg").write_text(plot(table))
    print("\n".join(lines))
    if options.write:
        (ROOT / "Benchmarks/results/small-data.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
