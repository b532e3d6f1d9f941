#!/usr/bin/env python3
"""Holds exported GGUF files against llama.cpp; `make interop-gguf` runs it.

    exported_gguf.py LUTHIER MODEL TEXT MODELS FOLDER

MODEL is a trained checkpoint or run whose text is measured: TEXT, in pieces that fit the context. Luthier and llama.cpp
must give the same tokens, and the same perplexity within 0.5 % (F32, F16, BF16) and 1 % (Q8_0).

MODELS are the small models of `interop.py make`, tuned by the tests named Interop. Of each family that llama.cpp runs it
must compute in F32 the logits that Luthier computes, the same most probable token at each position, the same greedy
continuation, and the same perplexity within 0.1 %. Where the export says that llama.cpp computes something else, the
difference is printed. FOLDER takes all files.
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
#: The text of interop.py, read as bytes; a beginning of it is continued.
TEXT = b"Whatever is written here is read as bytes, once forwards and once backwards: 0123456789."[:-1]
PROMPT, CONTINUATION = "Whatever", 24
#: GGML_TYPE_F32: llama.cpp keeps keys and values in float16 unless told otherwise.
F32 = 0
#: Of the norm of the logits. llama.cpp looks its GELU up in a table of float16 numbers; SiLU is computed.
LOGITS_LIMITS, PERPLEXITY_LIMIT = {"gelu": 1e-3, "silu": 1e-5}, 1e-3


def luthier(program, *arguments):
    result = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, check=False)
    if result.returncode:
        sys.exit(f"luthier {' '.join(map(str, arguments))}: {result.stderr}")
    return json.loads(result.stdout.splitlines()[-1])


def losses(logits, targets):
    logits = logits.astype(numpy.float64)
    peak = logits.max(1)
    log_sum = peak + numpy.log(numpy.exp(logits - peak[:, None]).sum(1))
    return log_sum - logits[numpy.arange(len(targets)), targets]


def logits_of(model, tokens):
    model.reset()
    model.eval(tokens)
    return numpy.array(model.scores[: len(tokens)])


def perplexity(path, texts, expected_tokens):
    model = Llama(path, n_ctx=PIECE, n_batch=PIECE, logits_all=True, verbose=False)
    loss, count = 0.0, 0
    for text, expected in zip(texts, expected_tokens):
        tokens = model.tokenize(text.encode(), add_bos=False, special=False)
        assert tokens == expected, "llama.cpp cuts this text otherwise: " + text[:60]
        loss += float(losses(logits_of(model, tokens)[:-1], tokens[1:]).sum())
        count += len(tokens) - 1
    return math.exp(loss / count), count


def check_types(program, model, text, folder):
    luthier(program, "export", "--checkpoint", model, "--format", "huggingface", "--output", folder / "hf", "--json")
    # Pieces of few enough characters to fit a context of as many tokens.
    characters = pathlib.Path(text).read_text()[: (PIECE - 56) * PIECES]
    texts = [characters[start:start + PIECE - 56] for start in range(0, len(characters), PIECE - 56)]
    tokens, loss, count = [], 0.0, 0
    for index, piece in enumerate(texts):
        file = folder / f"piece-{index}.txt"
        file.write_text(piece)
        tokens.append(luthier(program, "tokenizer", "encode", "--tokenizer", folder / "hf", file, "--json")["ids"])
        result = luthier(program, "eval", "--checkpoint", model, "--data", file, "--json")
        assert result["tokens"] == len(tokens[-1]) - 1, "eval measured another number of tokens"
        loss += result["loss"] * result["tokens"]
        count += result["tokens"]
    own = math.exp(loss / count)
    for kind, limit in LIMITS.items():
        path = folder / f"model-{kind}.gguf"
        luthier(program, "export", "--checkpoint", model, "--format", "gguf", "--type", kind, "--output", path, "--json")
        other, others = perplexity(str(path), texts, tokens)
        assert others == count
        difference = abs(other / own - 1)
        print(f"{'FAILED' if difference > limit else 'passed'}: {kind}: perplexity {other:.5f} in llama.cpp, {own:.5f} "
              f"here over {count} tokens: {100 * difference:.3f} % apart, {100 * limit} % allowed", flush=True)
        yield difference <= limit


def check_family(program, folder, path):
    """Nothing where llama.cpp runs no such model."""
    name = folder.name
    answer = subprocess.run([program, "export", "--checkpoint", str(folder / "tuned"), "--format", "gguf", "--type", "f32",
                             "--output", str(path), "--json"], capture_output=True, text=True, check=False)
    if answer.returncode:
        reason = [line for line in answer.stderr.splitlines() if line.startswith("error:")]
        if "cannot become a GGUF file" not in answer.stderr:
            sys.exit(f"{name}: {answer.stderr}")
        print(f"skipped: {name}: {reason[0].split(': ', 2)[-1]}", flush=True)
        return
    note = [line for line in answer.stderr.splitlines() if line.startswith("note: llama.cpp computes")]
    model = Llama(str(path), n_ctx=256, n_batch=256, logits_all=True, verbose=False, type_k=F32, type_v=F32)
    tokens = model.tokenize(TEXT, add_bos=False, special=False)
    own = numpy.fromfile(folder / "tuned.logits", "<f4").reshape(len(TEXT), -1)
    other = logits_of(model, tokens)[:, : own.shape[1]]
    error = numpy.linalg.norm(own - other) / numpy.linalg.norm(own)
    perplexities = [math.exp(losses(logits[:-1], tokens[1:]).mean()) for logits in (own, other)]
    apart = abs(perplexities[1] / perplexities[0] - 1)
    same = (own.argmax(1) == other.argmax(1)).mean()
    greedy = model.tokenize(PROMPT.encode(), add_bos=False, special=False)
    for _ in range(CONTINUATION):
        greedy.append(int(logits_of(model, greedy)[-1, : own.shape[1]].argmax()))
    here = luthier(program, "generate", "--checkpoint", folder / "tuned", "--prompt", PROMPT, "--raw", "--temperature", 0,
                   "--max-tokens", CONTINUATION, "--json")["completions"][0]["text"]
    there = model.detokenize(greedy[len(PROMPT):]).decode(errors="replace")
    config = json.loads((folder / "tuned" / "config.json").read_text())
    limit = LOGITS_LIMITS["silu" if config.get("hidden_act") == "silu" else "gelu"]
    is_same = tokens == list(TEXT) and same == 1 and here == there
    passed = bool(note) or (is_same and error <= limit and apart <= PERPLEXITY_LIMIT)
    print(f"{'passed' if passed else 'FAILED'}: {name}: logits differ by {error:.1e} of their norm, perplexity "
          f"{perplexities[1]:.4f} in llama.cpp, {perplexities[0]:.4f} here, {100 * same:.0f} % of the most probable tokens "
          f"equal, greedy continuations {'equal' if here == there else 'DIFFER'}" + "".join("; " + line for line in note),
          flush=True)
    yield passed


def main():
    program, model, text, models, folder = sys.argv[1:]
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    results = list(check_types(program, model, text, folder))
    for place in sorted(path.parent for path in pathlib.Path(models).glob("*/tuned")):
        results += check_family(program, place, folder / f"{place.name}.gguf")
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    sys.exit(0 if all(results) and len(results) > len(LIMITS) else 1)


if __name__ == "__main__":
    main()
