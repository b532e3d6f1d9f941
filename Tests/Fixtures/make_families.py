#!/usr/bin/env python3
"""Makes the folders of `families`: small models of today's families as Transformers saves them, with its float64 answers.

    pip install torch transformers peft numpy
    python Tests/Fixtures/make_families.py            # writes families/<name>/config.json, model.safetensors, reference.*
    python Tests/Fixtures/make_families.py --check    # computes again and compares the references, writes nothing
    python Tests/Fixtures/make_families.py NAME...    # only these

The models are those of Tests/interop/families.py with a smaller vocabulary; every parameter is perturbed by N(0, 0.3).
Arrays have the format of make_fixtures.py: inputs, targets, logits, loss, gradient/<name>, and greedy, a prompt with the
tokens that follow it.
"""

import argparse
import pathlib
import sys

import numpy
import torch
import transformers

FOLDER = pathlib.Path(__file__).resolve().parent / "families"
sys.path.insert(0, str(FOLDER.parent.parent / "interop"))
import families  # noqa: E402
import make_fixtures as fixtures  # noqa: E402

VOCABULARY, LENGTH, PROMPT, CONTINUATION = 59, 24, 6, 12


def arrays(model, seed):
    generator = numpy.random.default_rng(seed)
    ids = generator.integers(0, VOCABULARY, LENGTH + 1)
    batch = dict(lengths=[LENGTH], inputs=ids[:-1], targets=ids[1:], weights=numpy.ones(LENGTH, numpy.float32))
    logits, loss, _ = fixtures.evaluate(model, batch)
    gradient = fixtures.gradients(model, loss)
    tokens = ids[:PROMPT].tolist()
    with torch.no_grad():
        for _ in range(CONTINUATION):
            tokens.append(int(model(torch.tensor(tokens))[-1].argmax()))
    result = {"inputs": batch["inputs"].astype(numpy.int32), "targets": batch["targets"].astype(numpy.int32),
              "greedy": numpy.array(tokens, numpy.int32), "logits": logits.detach().numpy(),
              "loss": numpy.array([loss.item()])}
    return result | {"gradient/" + name: value.numpy() for name, value in gradient.items()}


def check(folder, result):
    stored = (folder / "reference.bin").read_bytes()
    header, body = fixtures.encode(None, result)
    assert (folder / "reference.txt").read_bytes() == header and len(stored) == len(body), f"{folder.name} has another layout"
    offset = 0
    for name, array in result.items():
        old = numpy.frombuffer(stored, array.dtype, array.size, offset).reshape(array.shape)
        assert numpy.allclose(old, array, rtol=1e-9, atol=1e-12), f"{folder.name}: {name} differs"
        offset += array.nbytes + -array.nbytes % 8
    print(f"{folder.name}: as stored")


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--check", action="store_true", help="compare with the stored answers instead of writing them")
    options.add_argument("names", nargs="*", metavar="name", help="only these models")
    arguments = options.parse_args()
    torch.set_num_threads(1)
    transformers.utils.logging.disable_progress_bar()
    stored = [name for name in families.MODELS if not name.startswith("llama") and not name.endswith("-plain")]
    for name in arguments.names or stored:
        folder = FOLDER / name
        model = families.Model(name, vocab_size=VOCABULARY, max_position_embeddings=40)
        if not arguments.check:
            model.save(folder)
            (folder / "generation_config.json").unlink(missing_ok=True)
        result = arrays(model.in_float64(), families.MODELS[name][0])
        if arguments.check:
            check(folder, result)
            continue
        for suffix, content in zip((".txt", ".bin"), fixtures.encode(None, result)):
            (folder / ("reference" + suffix)).write_bytes(content)
        print(name, "loss", round(float(result["loss"][0]), 6))


if __name__ == "__main__":
    main()
