#!/usr/bin/env python3
"""Holds exported GGUF files against llama.cpp; `make interop-gguf` runs it.

    gguf.py LUTHIER MODEL TEXT FOLDER

MODEL is a trained checkpoint or run whose text is measured: TEXT, in pieces that fit the context. Luthier and llama.cpp
must give the same tokens, and the same perplexity within 0.5 % (F32, F16, BF16) and 1 % (Q8_0).
"""

import json
import math
import pathlib
import subprocess
import sys

import numpy
from llama_cpp import Llama

LIMITS = {"f32": 0.005, "f16": 0.005, "bf16": 0.005, "q8_0": 0.01}
PIECE, PIECES = 256, 16


def luthier(program, *arguments):
    result = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    if result.returncode:
        sys.exit(f"luthier {' '.join(arguments)}: {result.stderr}")
    return json.loads(result.stdout.splitlines()[-1])


def perplexity(path, texts, expected_tokens):
    model = Llama(path, n_ctx=PIECE, n_batch=PIECE, logits_all=True, verbose=False)
    loss, count = 0.0, 0
    for text, expected in zip(texts, expected_tokens):
        tokens = model.tokenize(text.encode(), add_bos=False, special=False)
        assert tokens == expected, "llama.cpp cuts this text otherwise: " + text[:60]
        model.reset()
        model.eval(tokens)
        logits = numpy.array(model.scores[: len(tokens) - 1], numpy.float64)
        peak = logits.max(1)
        log_sum = peak + numpy.log(numpy.exp(logits - peak[:, None]).sum(1))
        loss += float((log_sum - logits[numpy.arange(len(tokens) - 1), tokens[1:]]).sum())
        count += len(tokens) - 1
    return math.exp(loss / count), count


def main():
    program, model, text, folder = sys.argv[1:]
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    luthier(program, "export", "--checkpoint", model, "--format", "huggingface", "--output", str(folder / "hf"), "--json")
    # Pieces of few enough characters to fit a context of as many tokens.
    characters = pathlib.Path(text).read_text()[: (PIECE - 56) * PIECES]
    texts = [characters[start:start + PIECE - 56] for start in range(0, len(characters), PIECE - 56)]
    tokens, loss, count = [], 0.0, 0
    for index, piece in enumerate(texts):
        file = folder / f"piece-{index}.txt"
        file.write_text(piece)
        tokens.append(luthier(program, "tokenizer", "encode", "--tokenizer", str(folder / "hf"), str(file), "--json")["ids"])
        result = luthier(program, "eval", "--checkpoint", model, "--data", str(file), "--json")
        assert result["tokens"] == len(tokens[-1]) - 1, "eval measured another number of tokens"
        loss += result["loss"] * result["tokens"]
        count += result["tokens"]
    own = math.exp(loss / count)
    failures = 0
    for kind, limit in LIMITS.items():
        path = str(folder / f"model-{kind}.gguf")
        luthier(program, "export", "--checkpoint", model, "--format", "gguf", "--type", kind, "--output", path, "--json")
        other, others = perplexity(path, texts, tokens)
        assert others == count
        difference = abs(other / own - 1)
        failures += difference > limit
        print(f"{'FAILED' if difference > limit else 'passed'}: {kind}: perplexity {other:.5f} in llama.cpp, {own:.5f} "
              f"here over {count} tokens: {100 * difference:.3f} % apart, {100 * limit} % allowed")
    print(f"{len(LIMITS) - failures} passed, {failures} failed")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
