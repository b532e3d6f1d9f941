#!/usr/bin/env python3
"""Two processes of one thread against one of two threads on the same machine, and against PyTorch: `make ranks`.

    python3 Benchmarks/ranks.py .build/release/benchmarks [--rounds 3] [--torch PYTHON] [--shapes gpt2,smollm2-135m]
                                [--tokens 4096,1024] [--launcher mpirun.openmpi]

Both compute the same steps of random tokens. The runs alternate; a ratio is the median over the rounds of one's tokens per
second divided by the other's in the same round. Prints a table and one line of JSON.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "peers"))
from compare import SHAPES  # noqa: E402

LAUNCHERS = {
    "mpirun.openmpi": ["--allow-run-as-root", "--oversubscribe", "--bind-to", "none"],
    "mpirun.mpich": [],
}


def measure(command):
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if result.returncode != 0:
        sys.exit(f"error: {' '.join(command)} ended with {result.returncode}")
    return json.loads([line for line in result.stdout.splitlines() if line.startswith("{")][-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("benchmarks")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--shapes", default="gpt2,smollm2-135m")
    parser.add_argument("--tokens", default="4096,1024")
    parser.add_argument("--launcher", default=next((one for one in LAUNCHERS if shutil.which(one)), None))
    parser.add_argument("--torch", metavar="PYTHON", help="a Python with torch and transformers")
    options = parser.parse_args()
    if not options.launcher:
        sys.exit("error: no mpirun is installed (apt-get install openmpi-bin)")
    two = [options.launcher, *LAUNCHERS.get(options.launcher, []), "-n", "2"]
    context, micro = 256, 4
    rows, folder = [], tempfile.TemporaryDirectory()
    for shape in options.shapes.split(","):
        model = Path(folder.name) / shape
        model.mkdir()
        (model / "config.json").write_text(json.dumps({"model_type": "gpt2"} | SHAPES[shape]))
        for tokens in map(int, options.tokens.split(",")):
            # One process has micro-batches of 1,024 tokens; two share them, and each has at least one.
            work = [options.benchmarks, "train", "--shape", shape, "--context", str(context), "--steps", str(options.steps), "--json",
                    "--batch", str(micro), "--accumulation", str(tokens // context // micro)]
            kinds = {"one": [*work, "--threads", "2"], "two": [*two, *work, "--threads", "1"],
                     "divided": [*two, *work, "--threads", "1", "--shard"]}
            if options.torch:
                kinds["PyTorch"] = [options.torch, str(Path(__file__).resolve().parent / "peers/torch_ddp.py"), "--model", str(model),
                                    "--tokens", str(tokens), "--steps", str(options.steps)]
            seen = {kind: [] for kind in kinds}
            for _ in range(options.rounds):
                for kind, command in kinds.items():
                    seen[kind].append(measure(command))
            rate = {kind: [tokens / one["secondsPerStep"] for one in all] for kind, all in seen.items()}

            def ratio(one, other):
                return statistics.median(a / b for a, b in zip(rate[one], rate[other]))

            row = {"shape": shape, "tokens": tokens, "rates": {kind: statistics.median(all) for kind, all in rate.items()},
                   "two/one": ratio("two", "one"), "divided/one": ratio("divided", "one")}
            for kind in ("two", "divided"):
                row[f"hidden {kind}"] = statistics.median(share for one in seen[kind] for share in one["hiddenShares"])
                row[f"MiB {kind}"] = statistics.median(one["peakMemoryBytes"] for one in seen[kind]) / 2**20
            row["MiB one"] = statistics.median(one["peakMemoryBytes"] for one in seen["one"]) / 2**20
            if options.torch:
                row["two/PyTorch"] = ratio("two", "PyTorch")
            rows.append(row)
            print("  ".join(f"{key} {value:.2f}" if isinstance(value, float) else f"{key} {value}" for key, value in row.items()
                            if key != "rates"), {kind: round(value) for kind, value in row["rates"].items()}, flush=True)
    print(json.dumps({"ranks": rows, "launcher": options.launcher}))


if __name__ == "__main__":
    main()
