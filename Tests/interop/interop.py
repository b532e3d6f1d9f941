#!/usr/bin/env python3
"""Holds Luthier against Hugging Face Transformers and PEFT, both ways; `make interop` runs it.

    interop.py make FOLDER     makes models with Transformers, every parameter perturbed by N(0, 0.3), and writes each as
                               Transformers saves it, with its float64 logits, loss, gradients and greedy continuation;
                               adapters with PEFT (adapters.py)
    interop.py check FOLDER    opens what Luthier exported after ten steps of tuning, and compares the logits

Between the two, the Swift tests named Interop (LUTHIER_INTEROP=FOLDER) compare what Luthier computes, tune and export.
Arrays are written in the format of Tests/Fixtures/make_fixtures.py. Exit status 1 means that something differs.
"""

import json
import pathlib
import sys

import numpy
import torch
import transformers
from transformers.models.gpt_neo import modeling_gpt_neo

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "Fixtures"))
import adapters  # noqa: E402
import families  # noqa: E402
import make_fixtures as fixtures  # noqa: E402


class Float64Torch:
    """Transformers' GPT-Neo rounds queries and keys to float32; the reference must not."""

    float32 = torch.float64

    def __getattr__(self, name):
        return getattr(torch, name)


modeling_gpt_neo.torch = Float64Torch()

TEXT = b"Whatever is written here is read as bytes, once forwards and once backwards: 0123456789."
PROMPT, CONTINUATION = 8, 24
USUAL = dict(fixtures.USUAL, layers=2, heads=4, width=32, inner=128, vocabulary=257, context=112,
             activation="gelu_new", tied=True, biases=True)
NEO = dict(windows=[0, 5], scaled=False, input_bias=False)
MODELS = {
    "gpt2": dict(),
    "gpt2-untied-gelu": dict(tied=False, activation="gelu", inner=56, vocabulary=263, shards="40KB"),
    "gpt2-one-head": dict(heads=1, layers=3, bare=True),
    "gpt2-by-block": dict(layers=3, by_block=True, vocabulary=301),
    # Scores that are not scaled grow with the heads' width; in wide ones float32 itself errs by more than 1e-5.
    "gpt2-unscaled": dict(scaled=False, width=24, heads=3),
    "gpt-neo": dict(NEO, vocabulary=259),
    "gpt-neo-untied-gelu": dict(NEO, tied=False, activation="gelu", inner=40, heads=1, width=12, layers=3,
                                windows=[7, 0, 7], shards="20KB"),
}
SPECS = {name: USUAL | dict(seed=500 + index) | spec for index, (name, spec) in enumerate(MODELS.items())}


def family(spec):
    return fixtures.HuggingFaceNeo if spec["windows"] else fixtures.HuggingFace


def build(folder, name, spec):
    parameters = fixtures.make_parameters(spec, numpy.random.default_rng(spec["seed"]))
    model = family(spec)(spec, parameters)
    single = family(spec)(spec, parameters).model.float()
    saved = single.transformer if spec.get("bare") else single
    saved.save_pretrained(folder / name / "hf", **({"max_shard_size": spec["shards"]} if "shards" in spec else {}))

    write_reference(folder, name, model, spec | dict(peak=0.0))


def build_family(folder, name):
    model = families.Model(name)
    model.save(folder / name / "hf")
    write_reference(folder, name, model.in_float64(), None)


def write_reference(folder, name, model, spec):
    ids = numpy.frombuffer(TEXT, numpy.uint8).astype(numpy.int64)
    batch = dict(lengths=[len(ids) - 1], inputs=ids[:-1], targets=ids[1:],
                 weights=numpy.ones(len(ids) - 1, numpy.float32))
    logits, loss, weight_sum = fixtures.evaluate(model, batch)
    gradient = fixtures.gradients(model, loss)
    tokens = ids[:PROMPT].tolist()
    with torch.no_grad():
        for _ in range(CONTINUATION):
            tokens.append(int(model(torch.tensor(tokens))[-1].argmax()))
    arrays = {"inputs": batch["inputs"].astype(numpy.int32), "targets": batch["targets"].astype(numpy.int32),
              "greedy": numpy.array(tokens, numpy.int32), "logits": logits.detach().numpy(),
              "loss": numpy.array([loss.item()])}
    arrays |= {"gradient/" + name: value.numpy() for name, value in gradient.items()}
    for suffix, content in zip((".txt", ".bin"), fixtures.encode(spec, arrays)):
        (folder / name / ("reference" + suffix)).write_bytes(content)
    print(name, "loss", round(loss.item(), 6))


def check(folder, name):
    place = folder / name
    model = transformers.AutoModelForCausalLM.from_pretrained(place / "tuned", attn_implementation="eager").double()
    ids = numpy.frombuffer(TEXT, numpy.uint8).astype(numpy.int64)[:-1]
    with torch.no_grad():
        expected = model.eval()(torch.from_numpy(ids)[None]).logits[0].numpy()
    own = numpy.fromfile(place / "tuned.logits", "<f4").reshape(expected.shape).astype(numpy.float64)
    start = numpy.fromfile(place / "start.logits", "<f4").reshape(expected.shape)
    error = numpy.linalg.norm(own - expected) / numpy.linalg.norm(expected)
    moved = numpy.linalg.norm(own - start) / numpy.linalg.norm(start)
    tokenizer = transformers.AutoTokenizer.from_pretrained(place / "tuned")
    same_tokens = tokenizer(TEXT.decode())["input_ids"] == list(TEXT)
    settings = json.loads((place / "tuned" / "generation_config.json").read_text())
    passed = error < 1e-5 and moved > 1e-2 and same_tokens and "max_new_tokens" in settings
    print(f"{'passed' if passed else 'FAILED'}: {name} tuned, in Transformers: logits differ by {error:.1e} of their "
          f"norm, tuning moved them by {moved:.1e}, tokens {'equal' if same_tokens else 'DIFFER'}")
    return passed


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in ("make", "check"):
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[2])
    torch.set_num_threads(1)
    transformers.utils.logging.disable_progress_bar()
    if sys.argv[1] == "make":
        for name in [*SPECS, *families.MODELS]:
            (folder / name).mkdir(parents=True, exist_ok=True)
        for name, spec in SPECS.items():
            build(folder, name, spec)
        adapters.make(folder / "adapters")
        for name in families.MODELS:
            build_family(folder, name)
    else:
        results = [check(folder, name) for name in [*SPECS, *families.MODELS]]
        results += adapters.check(folder / "adapters")
        print(f"{results.count(True)} passed, {results.count(False)} failed")
        sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
