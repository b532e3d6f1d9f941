#!/usr/bin/env python3
"""Holds Luthier's tokenizers against Hugging Face's and SentencePiece; `make interop` runs it.

    tokenizer_ids.py FOLDER [DATA]  DATA holds corpus-nltk, corpus-stress and gpt2-tokenizer; without it, only random
                                    texts and the small tokenizers of Tests/Fixtures are used

Writes to FOLDER the texts (texts.bin) and for each tokenizer a folder with tokenizer.json or gguf.json, ids.bin (special
tokens read as text) and, except for SentencePiece, special.bin (those texts whose ids differ when special tokens are
found). The Swift tests TokenizerInteropTests read them (LUTHIER_INTEROP=FOLDER/..). A file is a list of records, each a
little-endian 32-bit count and as many items: bytes of texts, 32-bit ids; in special.bin the number of the text stands first.

COMPLETE=1 takes 100,000 random texts instead of 4000 and complete documents, which takes minutes.
SMOLLM2=FILE.gguf adds SmolLM2's own tokenizer, read from a GGUF file with the package gguf.
"""

import array
import json
import os
import pathlib
import random
import struct
import sys

# gguf.py next to this file is not the package gguf.
sys.path = [path for path in sys.path if pathlib.Path(path or ".").resolve() != pathlib.Path(__file__).resolve().parent]
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "Fixtures"))
import make_tokenizers as fixtures  # noqa: E402
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers  # noqa: E402

COMPLETE = os.environ.get("COMPLETE") == "1"
RANDOM = 100_000 if COMPLETE else 4000
# Characters of each document.
LONGEST = None if COMPLETE else 2500


def corpus(data):
    """Documents of the 387 languages, then naughty strings and emoji, as files and line by line."""
    documents = []
    for path in sorted((data / "corpus-nltk/udhr2").glob("*.txt")):
        documents.append(path.read_bytes().decode("utf-8", "replace"))
    lines = []
    for name in ["blns.txt", "blns.json", "emoji-test.txt"]:
        text = (data / "corpus-stress" / name).read_bytes().decode("utf-8", "replace")
        lines += [text] + text.split("\n")
    return documents, lines + json.loads((data / "corpus-stress/blns.json").read_text())


def random_texts(count):
    generator = random.Random(11)
    planes = [(0x20, 0x7F), (0xA0, 0x250), (0x250, 0x1000), (0x1000, 0x3400), (0x3400, 0xD800), (0xF900, 0x10000),
              (0x10000, 0x12000), (0x12000, 0x1F000), (0x1F000, 0x20000), (0x2F800, 0x2FA20), (0x20000, 0x110000)]
    for number in range(count):
        if number % 3 == 0:
            yield fixtures.random_text(generator)
        elif number % 3 == 1:
            yield "".join(chr(generator.randrange(*generator.choice(planes))) for _ in range(generator.randint(1, 24)))
        else:
            mixed = [fixtures.random_text(generator), generator.choice(fixtures.HAND_WRITTEN),
                     generator.choice(fixtures.SENTENCES)[: generator.randint(0, 30)]]
            generator.shuffle(mixed)
            yield "".join(mixed)


def smollm2(path):
    """SmolLM2's tokenizer from its GGUF file, and the metadata that Luthier reads."""
    import gguf

    fields = gguf.GGUFReader(path).fields
    value = lambda key: fields["tokenizer.ggml." + key].contents()
    tokens, types, merges = value("tokens"), value("token_type"), value("merges")
    tokenizer = Tokenizer(models.BPE(vocab={t: i for i, t in enumerate(tokens)},
                                     merges=[tuple(merge.split(" ")) for merge in merges]))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(t, special=True, normalized=False) for t, k in zip(tokens, types) if k == 3])
    return tokenizer, {"model": value("model"), "pre": value("pre"), "tokens": tokens, "types": types, "merges": merges}


def record(items, code):
    return struct.pack("<I", len(items)) + array.array(code, items).tobytes()


def write_ids(folder, plain, special=None):
    with open(folder / "ids.bin", "wb") as file:
        for ids in plain:
            file.write(record(ids, "i"))
    if special is None:
        return
    with open(folder / "special.bin", "wb") as file:
        for number, (ids, found) in enumerate(zip(plain, special)):
            if ids != found:
                file.write(struct.pack("<I", number) + record(found, "i"))


def main():
    root = pathlib.Path(sys.argv[1])
    root.mkdir(parents=True, exist_ok=True)
    data = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 and pathlib.Path(sys.argv[2]).is_dir() else None
    texts = fixtures.HAND_WRITTEN + list(random_texts(RANDOM))
    kinds = list(fixtures.kinds())
    if data:
        documents, lines = corpus(data)
        texts += [document[:LONGEST] for document in documents] + lines
        # Larger vocabularies of the same kinds, learned from every twelfth line of all languages.
        fixtures.SENTENCES = [line for text in documents for line in text.split("\n")][::12]
        fixtures.MERGES, fixtures.CHARACTERS = 6000, 1500
        kinds += [(name + "-large", tokenizer) for name, tokenizer in fixtures.kinds()]
        for name in ["gpt2-tokenizer", "weights-tiny-random-gpt2"]:
            kinds.append((name, Tokenizer.from_file(str(data / name / "tokenizer.json"))))
    metadata = {}
    if "SMOLLM2" in os.environ:
        tokenizer, metadata["smollm2"] = smollm2(os.environ["SMOLLM2"])
        kinds.append(("smollm2", tokenizer))
    with open(root / "texts.bin", "wb") as file:
        for text in texts:
            file.write(record(text.encode(), "B"))
    for name, tokenizer in kinds:
        folder = root / name
        folder.mkdir(exist_ok=True)
        (folder / "tokenizer.json").write_text(tokenizer.to_str())
        if name in metadata:
            (folder / "gguf.json").write_text(json.dumps(metadata[name]))
        tokenizer = Tokenizer.from_str(tokenizer.to_str())
        results = []
        for reads_special in [True, False]:
            tokenizer.encode_special_tokens = reads_special
            results.append([e.ids for e in tokenizer.encode_batch_fast(texts, add_special_tokens=False)])
        write_ids(folder, *results)
        print(name, tokenizer.get_vocab_size(), "tokens", sum(map(len, results[0])), "ids", flush=True)
    folder = root / "scored"
    folder.mkdir(exist_ok=True)
    result = fixtures.scored(texts, 9000 if data else 760)
    ids = dict(zip(result["asked"], result["ids"]))
    (folder / "gguf.json").write_text(json.dumps({"model": "llama"} | {k: result[k] for k in ["tokens", "types", "scores"]}))
    # A text that was not asked is marked by an id that no token has.
    write_ids(folder, [ids.get(number, [] if not text else [-1]) for number, text in enumerate(texts)])
    print("scored", sum(map(len, ids.values())), "ids")


if __name__ == "__main__":
    main()
