#!/usr/bin/env python3
"""Times Luthier and its peers on the same work, alternating, and prints a table: `make compare`.

    python3 Benchmarks/peers/compare.py                   everything
    python3 Benchmarks/peers/compare.py --only f32,small  some rows; --list names them
    python3 Benchmarks/peers/compare.py --write           also writes Benchmarks/results/

Each row runs in alternating pairs and gives the median of the pairs' ratios. For training rows both sides must get the same
losses from the same weights and the same data. The peers are installed from the Python package index into a virtual
environment. The models have the shapes of published ones and random weights. The data are random tokens or, for the row with uneven lengths,
real instructions if the test data are available.
"""

import argparse
import datetime
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys

import serving_rows

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
DATA = pathlib.Path(os.environ.get("LUTHIER_TEST_DATA", ROOT.parent / "shared" / "data"))
PACKAGES = ["transformers", "peft", "tiktoken", "tokenizers", "llama-cpp-python"]
LOSS_TOLERANCE = {"f32": 1e-3, "bf16": 1e-2}
#: Members of config.json.
SHAPES = {
    "gpt2": dict(n_layer=12, n_embd=768, n_head=12, vocab_size=50257, n_positions=1024),
    "small": dict(n_layer=4, n_embd=256, n_head=4, vocab_size=8192, n_positions=128),
    "smollm2-135m": dict(
        model_type="llama", vocab_size=49152, hidden_size=576, intermediate_size=1536, num_hidden_layers=30,
        num_attention_heads=9, num_key_value_heads=3, rms_norm_eps=1e-5, rope_theta=100000,
        max_position_embeddings=8192, tie_word_embeddings=True),
    "qwen3-0.6b": dict(
        model_type="qwen3", vocab_size=151936, hidden_size=1024, intermediate_size=3072, num_hidden_layers=28,
        num_attention_heads=16, num_key_value_heads=8, head_dim=128, rms_norm_eps=1e-6, rope_theta=1000000,
        max_position_embeddings=40960, tie_word_embeddings=True),
    "gemma3-270m": dict(
        model_type="gemma3_text", vocab_size=262144, hidden_size=640, intermediate_size=2048, num_hidden_layers=18,
        num_attention_heads=4, num_key_value_heads=1, head_dim=256, query_pre_attn_scalar=256, sliding_window=512,
        rms_norm_eps=1e-6, rope_theta=1000000, rope_local_base_freq=10000, max_position_embeddings=32768,
        tie_word_embeddings=True),
}


def run(command, **keywords):
    result = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, text=True, cwd=ROOT, **keywords)
    if result.returncode != 0:
        sys.exit(f"error: {' '.join(map(str, command))} ended with {result.returncode}")
    return result.stdout


def last_json(text):
    return json.loads(text.strip().splitlines()[-1])


class Bench:
    """Shared state of all rows: programs, models and rows of tokens, created once."""

    def __init__(self, folder, pairs, python):
        self.folder, self.pairs = folder, pairs
        folder.mkdir(parents=True, exist_ok=True)
        self.python = python or self.environment()
        self.benchmarks = ROOT / ".build" / "release" / "benchmarks"
        self.luthier = ROOT / ".build" / "release" / "luthier"

    def environment(self):
        python = self.folder / "venv" / "bin" / "python"
        if not python.exists():
            run([sys.executable, "-m", "venv", self.folder / "venv"])
            pip = [python, "-m", "pip", "install", "-q"]
            if subprocess.run([str(part) for part in pip + ["torch==2.13.0+cpu"]]).returncode != 0:
                run(pip + ["torch"])
            run(pip + PACKAGES)
        return python

    def model(self, name, shape):
        folder = self.folder / name
        if not (folder / "model.safetensors").exists():
            config = {"model_type": "gpt2", "resid_pdrop": 0, "embd_pdrop": 0, "attn_pdrop": 0} | shape
            kind = config.pop("model_type")
            run([self.python, "-c", f"""
import torch; from transformers import AutoConfig, AutoModelForCausalLM; torch.manual_seed(0)
AutoModelForCausalLM.from_config(AutoConfig.for_model({kind!r}, **{config!r})).save_pretrained({str(folder)!r})
"""])
            self.add_tokenizer(folder, shape["vocab_size"])
        return folder

    def add_tokenizer(self, folder, size):
        """A byte-level vocabulary, so that the folder is complete; the rows consist of token ids."""
        alphabet = [chr(byte if 33 <= byte <= 126 or 161 <= byte <= 172 or 174 <= byte <= 255 else 0)
                    for byte in range(256)]
        extra = iter(range(256, 512))
        alphabet = [letter if letter != "\0" else chr(next(extra)) for letter in alphabet]
        vocabulary = {letter: index for index, letter in enumerate(alphabet)}
        vocabulary["<|endoftext|>"] = 256
        (folder / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False), encoding="utf-8")
        (folder / "merges.txt").write_text("#version: 0.2\n", encoding="utf-8")

    def rows(self, name, lengths, vocabulary, prompt_share=0.0):
        path = self.folder / f"{name}.jsonl"
        if not path.exists():
            generator = random.Random(1)
            with open(path, "w", encoding="utf-8") as file:
                for length in lengths:
                    tokens = [generator.randrange(vocabulary) for _ in range(length + 1)]
                    prompt = round(prompt_share * (length + 1))
                    weights = [0] * prompt + [1] * (length + 1 - prompt)
                    file.write(json.dumps({"tokens": tokens, "weights": weights}) + "\n")
        return path

    def instructions(self):
        """Real instructions if they are available, otherwise rows of similar lengths."""
        path, source = self.folder / "instructions.jsonl", DATA / "finetune-instructions" / "instruction-data.json"
        vocabulary = DATA / "gpt2-tokenizer"
        if not source.exists():
            lengths = [max(12, round(random.Random(i).gauss(48, 18))) for i in range(400)]
            return self.rows("uneven", lengths, 50257, prompt_share=0.58)
        if not path.exists():
            run([self.python, "-c", f"""
import json, random, pathlib
from tokenizers import ByteLevelBPETokenizer
folder = pathlib.Path({str(vocabulary)!r})
names = [next(str(f) for f in folder.iterdir() if any(w in f.name for w in words))
         for words in (("encoder", "vocab.json"), ("vocab.bpe", "merges"))]
tokenizer = ByteLevelBPETokenizer(*names)
data = json.load(open({str(source)!r})); random.Random(0).shuffle(data)
with open({str(path)!r}, "w") as file:
    for row in data:
        given = "\\nInput: " + row["input"] if row["input"] else ""
        prompt = tokenizer.encode("Instruction: " + row["instruction"] + given + "\\nAnswer:").ids
        answer = tokenizer.encode(" " + row["output"]).ids + [50256]
        tokens, weights = (prompt + answer)[:512], ([0] * len(prompt) + [1] * len(answer))[:512]
        file.write(json.dumps({{"tokens": tokens, "weights": weights}}) + "\\n")
"""])
        return path


class Peer:
    """PyTorch in its own process, which waits between the rounds."""

    def __init__(self, bench, model, rows, batch, mode, lora):
        self.precision = "bf16" if "bf16" in mode else "f32"
        self.process = subprocess.Popen(
            [str(part) for part in [bench.python, HERE / "torch_training.py", "--model", model, "--rows", rows,
                                    "--batch", batch, "--mode", mode, "--lora", lora]],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT)
        self.losses = json.loads(self.process.stdout.readline())["losses"]

    def steps(self, count):
        self.process.stdin.write(f"{count}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def training(bench, model, rows, batch, modes, steps, unit="tokensPerSecond", lora=0, precision=None):
    """The median ratio of speeds, and the speed and peak memory of both sides. Of several modes of PyTorch the fastest
    one of each pair counts."""
    peers = [Peer(bench, model, rows, batch, mode, lora) for mode in modes.split(",")]
    precision = precision or peers[0].precision
    method = ["--method", "lora", "--rank", lora] if lora else []
    pairs, memory, both = [], [0, 0], []
    for _ in range(bench.pairs):
        here = last_json(run([bench.benchmarks, "train", "--json", "--model", model, "--rows", rows, "--batch", batch,
                              "--precision", precision, "--steps", steps] + method))
        speeds = []
        for peer in peers:
            tolerance = max(LOSS_TOLERANCE[here["precision"]], LOSS_TOLERANCE[peer.precision])
            for mine, other in zip(here["losses"], peer.losses):
                if abs(mine - other) > tolerance * other:
                    sys.exit(f"error: different losses, so not the same work: {here['losses'][:2]} here, "
                             f"{peer.losses} in PyTorch")
            answer = peer.steps(steps)
            work = here[unit] * here["secondsPerStep"] if unit == "tokensPerSecond" else batch
            seconds = answer["seconds"] if unit == "tokensPerSecond" else answer["total"] / steps
            speeds.append(work / seconds)
            memory = [max(memory[0], here["peakMemoryBytes"]), max(memory[1], answer["peakMemoryBytes"])]
        both.append((here[unit], max(speeds)))
        pairs.append(here[unit] / max(speeds))
    for peer in peers:
        peer.end()
    return statistics.median(pairs), *map(statistics.median, zip(*both)), memory


def generation(bench, precision, type_name, prompt=32, count=128, key="tokensPerSecond", name="gpt2"):
    model = bench.model(name, SHAPES[name])
    gguf = bench.folder / f"{name}-{type_name}.gguf"
    if not gguf.exists():
        run([bench.luthier, "export", "--checkpoint", model, "--format", "gguf", "--type", type_name, "--output", gguf])
    both = []
    for _ in range(bench.pairs):
        here = last_json(run([bench.benchmarks, "generate", "--json", "--shape", name, "--precision", precision,
                              "--prompt-tokens", prompt, "--tokens", count]))
        theirs = last_json(run([bench.python, HERE / "llama_generation.py", gguf, prompt, count],
                               stderr=subprocess.DEVNULL))
        both.append((here[key], theirs[key]))
    return statistics.median(a / b for a, b in both), *map(statistics.median, zip(*both)), None


def text_of(bench, megabytes):
    """English prose of this size: texts of the test data, otherwise the repository's own, repeated."""
    path = bench.folder / f"prose-{megabytes}.txt"
    if not path.exists():
        sources = sorted((DATA / "corpus-nltk").rglob("*.txt")) if DATA.exists() else []
        parts = []
        for source in sources:
            try:
                parts.append(source.read_text(encoding="utf-8"))
            except UnicodeDecodeError:
                continue
        text = "\n".join(parts) or (ROOT / "data" / "forecasts.txt").read_text(encoding="utf-8")
        while len(text.encode()) < megabytes * 1_000_000:
            text += "\n" + text
        path.write_bytes(text.encode()[:megabytes * 1_000_000].decode("utf-8", "ignore").encode())
    return path


def encoding(bench):
    folder = DATA / "gpt2-tokenizer"
    if not folder.exists():
        return None
    names = {kind: next(f for f in folder.iterdir() if any(w in f.name for w in words))
             for kind, words in (("vocabulary", ("encoder", "vocab.json")), ("merges", ("vocab.bpe", "merges")))}
    text, both = text_of(bench, 15), []
    for _ in range(bench.pairs):
        here = last_json(run([bench.benchmarks, "tokenizer", text, "--tokenizer", folder, "--threads", 1, "--json"]))
        theirs = last_json(run([bench.python, HERE / "tokenizer_peers.py", "encode", text, names["vocabulary"],
                                names["merges"]]))
        both.append((here["megabytesPerSecond"], theirs["megabytesPerSecond"]))
    return statistics.median(a / b for a, b in both), *map(statistics.median, zip(*both)), None


def vocabulary_training(bench):
    text, both = text_of(bench, 15), []
    for _ in range(bench.pairs):
        here = last_json(run([bench.benchmarks, "tokenizer", text, "--train", "--json"]))
        theirs = last_json(run([bench.python, HERE / "tokenizer_peers.py", "train", text]))
        both.append((1 / here["trainingSeconds"], 1 / theirs["seconds"]))
    return statistics.median(a / b for a, b in both), *map(statistics.median, zip(*both)), None


def even(bench, batch, context, mode, steps=3, name="gpt2", lora=0, precision=None):
    shape = SHAPES[name]
    rows = bench.rows(f"{name}-{context}", [context] * (64 * batch), shape["vocab_size"])
    return training(bench, bench.model(name, shape), rows, batch, mode, steps, lora=lora, precision=precision)


ROWS = {
    "f32": ("full fine-tuning, GPT-2 124M, B 4 × T 256, f32", "PyTorch eager", "tok/s", 1.30,
            lambda b: even(b, 4, 256, "eager")),
    "f32-compiled": ("full fine-tuning, GPT-2 124M, B 4 × T 256, f32", "PyTorch compiled", "tok/s", 1.30,
                     lambda b: even(b, 4, 256, "compile")),
    "bf16": ("full fine-tuning, GPT-2 124M, B 4 × T 256, bf16", "PyTorch compiled, bf16 autocast", "tok/s", 1.25,
             lambda b: even(b, 4, 256, "compile-bf16")),
    "lora": ("LoRA r 8 on all linear layers, GPT-2 124M, B 4 × T 256, f32", "PEFT", "tok/s", 1.9,
             lambda b: even(b, 4, 256, "eager", lora=8)),
    "long": ("full fine-tuning, GPT-2 124M, B 1 × T 1024, f32", "PyTorch eager", "tok/s", 1.35,
             lambda b: even(b, 1, 1024, "eager")),
    "smollm2": ("full fine-tuning, SmolLM2-135M, B 4 × T 256, f32", "PyTorch eager", "tok/s", 2.0,
                lambda b: even(b, 4, 256, "eager", name="smollm2-135m")),
    "smollm2-compiled": ("full fine-tuning, SmolLM2-135M, B 4 × T 256, f32", "PyTorch compiled", "tok/s", 1.3,
                         lambda b: even(b, 4, 256, "compile", name="smollm2-135m")),
    "smollm2-bf16": ("full fine-tuning, SmolLM2-135M, B 4 × T 256, bf16", "PyTorch compiled, bf16 autocast", "tok/s", 1.3,
                     lambda b: even(b, 4, 256, "compile-bf16", name="smollm2-135m")),
    "smollm2-auto": ("full fine-tuning, SmolLM2-135M, B 4 × T 256, precision auto",
                     "the fastest of PyTorch eager and compiled, f32 and bf16", "tok/s", 1.3,
                     lambda b: even(b, 4, 256, "eager,bf16,compile,compile-bf16", name="smollm2-135m", precision="auto")),
    "smollm2-lora": ("LoRA r 8 on all linear layers, SmolLM2-135M, B 4 × T 256, f32", "PEFT", "tok/s", 2.0,
                     lambda b: even(b, 4, 256, "eager", name="smollm2-135m", lora=8)),
    "qwen3-lora": ("LoRA r 8 on all linear layers, Qwen3-0.6B, B 1 × T 256, f32", "PEFT", "tok/s", 1.5,
                   lambda b: even(b, 1, 256, "eager", 2, name="qwen3-0.6b", lora=8)),
    "qwen3-generate": ("generate, batch 1, Qwen3-0.6B, f32", "llama.cpp F32", "tok/s", 0.98,
                       lambda b: generation(b, "f32", "f32", count=32, name="qwen3-0.6b")),
    "gemma3": ("full fine-tuning, Gemma-3-270M, B 1 × T 256, f32", "PyTorch eager", "tok/s", 1.35,
               lambda b: even(b, 1, 256, "eager", 2, name="gemma3-270m")),
    "gemma3-lora": ("LoRA r 8 on all linear layers, Gemma-3-270M, B 1 × T 256, f32", "PEFT", "tok/s", 1.5,
                    lambda b: even(b, 1, 256, "eager", 2, name="gemma3-270m", lora=8)),
    "gemma3-generate": ("generate, batch 1, Gemma-3-270M, f32", "llama.cpp F32", "tok/s", 0.98,
                        lambda b: generation(b, "f32", "f32", count=32, name="gemma3-270m")),
    "small": ("full training, 4 blocks, width 256, vocabulary 8192, B 16 × T 128, f32", "PyTorch eager", "tok/s", 1.45,
              lambda b: even(b, 16, 128, "eager", 20, "small")),
    "uneven": ("instructions of uneven length, 8 per step, f32", "PyTorch eager", "examples/s", 1.8,
               lambda b: training(b, b.model("gpt2", SHAPES["gpt2"]), b.instructions(), 8, "eager", 4, "examplesPerSecond")),
    "uneven-bf16": ("instructions of uneven length, 8 per step, bf16", "PyTorch compiled, bf16 autocast", "examples/s",
                    1.8,
                    lambda b: training(b, b.model("gpt2", SHAPES["gpt2"]), b.instructions(), 8, "compile-bf16", 4,
                                       "examplesPerSecond")),
    "generate-f32": ("generate, batch 1, GPT-2 124M, f32", "llama.cpp F32", "tok/s", 0.98,
                     lambda b: generation(b, "f32", "f32")),
    "generate-bf16": ("generate, batch 1, GPT-2 124M, bf16 weights", "llama.cpp BF16", "tok/s", 0.98,
                      lambda b: generation(b, "bf16", "bf16")),
    "generate-int8": ("generate, batch 1, GPT-2 124M, int8 weights", "llama.cpp Q8_0", "tok/s", 1.05,
                      lambda b: generation(b, "int8", "q8_0")),
    "prompt": ("reading a prompt of 512 tokens, GPT-2 124M, f32", "llama.cpp F32", "tok/s", 1.2,
               lambda b: generation(b, "f32", "f32", 512, 32, "promptTokensPerSecond")),
    "smollm2-generate-f32": ("generate, batch 1, SmolLM2-135M, f32", "llama.cpp F32", "tok/s", 0.98,
                             lambda b: generation(b, "f32", "f32", name="smollm2-135m")),
    "smollm2-generate-bf16": ("generate, batch 1, SmolLM2-135M, bf16 weights", "llama.cpp BF16", "tok/s", 0.98,
                              lambda b: generation(b, "bf16", "bf16", name="smollm2-135m")),
    "smollm2-generate-int8": ("generate, batch 1, SmolLM2-135M, int8 weights", "llama.cpp Q8_0", "tok/s", 1.0,
                              lambda b: generation(b, "int8", "q8_0", name="smollm2-135m")),
    "smollm2-generate-q4": ("generate, batch 1, SmolLM2-135M, q4 weights", "llama.cpp Q4_0", "tok/s", 1.0,
                            lambda b: generation(b, "q4", "q4_0", name="smollm2-135m")),
    "smollm2-prompt": ("reading a prompt of 512 tokens, SmolLM2-135M, f32", "llama.cpp F32", "tok/s", 1.2,
                       lambda b: generation(b, "f32", "f32", 512, 32, "promptTokensPerSecond", "smollm2-135m")),
    "encode": ("GPT-2 BPE encoding, one thread, English prose", "tiktoken", "MB/s", 3.0, encoding),
    "vocabulary": ("BPE training, vocabulary 8192, 15 MB", "Hugging Face tokenizers, 2 threads", "runs/s", 2.0,
                   vocabulary_training),
    "serve-f32": ("8 requests at once, SmolLM2-135M, f32", "the same in turn", "tok/s", 3.0,
                  lambda b: serving_rows.at_once(b, "f32")),
    "serve-int8": ("8 requests at once, SmolLM2-135M, int8", "the same in turn", "tok/s", 2.0,
                   lambda b: serving_rows.at_once(b, "int8")),
    "server-f32": ("8 requests at once over HTTP, SmolLM2-135M, f32", "llama.cpp's server, F32", "tok/s", 1.0,
                   lambda b: serving_rows.against_server(b, "f32")),
    "server-int8": ("8 requests at once over HTTP, SmolLM2-135M, int8", "llama.cpp's server, Q8_0", "tok/s", 1.0,
                    lambda b: serving_rows.against_server(b, "int8")),
    "job-idle": ("a job of the service, nobody else served, SmolLM2-135M, LoRA", "luthier train", "tok/s", 0.98,
                 lambda b: serving_rows.job(b, "idle", "whileIdle")),
    "job-streaming": ("the same while a stream is served", "luthier train", "tok/s", 0.45,
                      lambda b: serving_rows.job(b, "streaming", "whileStreaming")),
}
#: Rows that also tell how much later the first token comes than without an engine.
FIRST_TOKEN = {"serve-f32": "f32", "serve-int8": "int8"}
#: The rows of LoRA whose peak memory has a target. A model of 0.6 billion weights is mostly its weights on both sides.
MEMORY_LIMITED = {"lora", "smollm2-lora"}


def machine():
    names = [line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    revision = run(["git", "rev-parse", "--short", "HEAD"]).strip()
    return f"{names[0]}, {os.cpu_count()} cores; revision {revision}; {datetime.date.today()}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--only", help="rows to run, separated by commas")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--folder", type=pathlib.Path, default=ROOT / ".build" / "compare")
    parser.add_argument("--python", type=pathlib.Path, help="a Python with the peers installed")
    parser.add_argument("--write", action="store_true", help="write the table to Benchmarks/results/")
    options = parser.parse_args()
    if options.list:
        print("\n".join(f"{key:22} {row[0]}" for key, row in ROWS.items()))
        return 0
    chosen = options.only.split(",") if options.only else list(ROWS)
    unknown = set(chosen) - set(ROWS)
    if unknown:
        sys.exit(f"error: no row is called {min(unknown)}; --list names them")
    bench = Bench(options.folder.resolve(), options.pairs, options.python)
    lines = ["| work | here | peer | | ratio | at least |", "|---|---|---|---|---|---|"]
    print("\n".join(lines), flush=True)
    is_met = True
    for key in chosen:
        name, peer, unit, target, measure = ROWS[key]
        result = measure(bench)
        if result is None:
            print(f"skipped: {name}: what it needs is not available", file=sys.stderr)
            continue
        ratio, here, theirs, memory = result
        is_met &= ratio >= target
        lines.append(f"| {name} | {here:.4g} {unit} | {peer} | {theirs:.4g} {unit} | **{ratio:.2f}×** | {target:.2f}× |")
        print(lines[-1], flush=True)
        if memory and key.endswith("lora"):
            share = memory[0] / memory[1]
            is_met &= key not in MEMORY_LIMITED or share <= 0.6
            lines.append(f"| its peak memory | {memory[0] / 2**30:.2f} GiB | {peer} | {memory[1] / 2**30:.2f} GiB | "
                         f"**{share:.2f}×** | {'at most 0.60×' if key in MEMORY_LIMITED else ''} |")
            print(lines[-1], flush=True)
        if key in FIRST_TOKEN:
            delay = serving_rows.delay(bench, FIRST_TOKEN[key])
            is_met &= delay <= 2
            lines.append(f"| its first token, later than without an engine | {delay:.1f} ms | | | | at most 2 ms |")
            print(lines[-1], flush=True)
        if key == "f32":
            saving = last_json(run([bench.benchmarks, "checkpoint", "--json", "--pairs", bench.pairs,
                                    "--folder", bench.folder]))
            here, share = saving["peakMemoryBytes"], saving["peakMemoryBytes"] / memory[1]
            cost, held = saving["shareOfFiftySteps"], saving["longestHoldSeconds"]
            is_met &= share <= 0.65 and cost <= 0.05 and held <= 0.25
            lines.append(f"| peak memory of full fine-tuning while saving checkpoints | {here / 2**30:.2f} GiB | PyTorch eager, without | "
                         f"{memory[1] / 2**30:.2f} GiB | **{share:.2f}×** | at most 0.65× |")
            lines.append(f"| time lost by a checkpoint every 50 steps | {100 * cost:.1f} % | | | | at most 5 % |")
            lines.append(f"| longest pause caused by a save | {held:.2f} s | | | | at most 0.25 s |")
            print("\n".join(lines[-3:]), flush=True)
    where = machine()
    print(f"\n{where}; medians of {options.pairs} alternating pairs")
    if options.write:
        path = ROOT / "Benchmarks" / "results" / f"{datetime.date.today()}-{where.split(';')[1].split()[-1]}.md"
        path.write_text("\n".join(lines) + f"\n\n{where}\nmedians of {options.pairs} alternating pairs: `make compare`\n")
        print(f"written to {path.relative_to(ROOT)}")
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
