"""Tokenizers: hostile files are refused, every text survives, and time is linear."""

import json
import random
import time

from frame import TEXT, expect, tiny_place


def made(place, size=400, name="tok"):
    """A tokenizer that is trained on the text; returns its folder."""
    place.run("tokenizer", "train", "text.txt", "--vocabulary-size", size, "--output", name).must_be(0)
    return place / name


def encode(place, content, folder="tok", seconds=60):
    return place.run("tokenizer", "encode", "--tokenizer", folder, "--json", "-", input=content, seconds=seconds)


def ids(place, content, folder="tok"):
    return encode(place, content, folder).must_be(0).json()["ids"]


def decode(place, numbers, folder="tok"):
    """The bytes of these ids."""
    import subprocess
    from frame import PROGRAM
    done = subprocess.run([PROGRAM[0], "tokenizer", "decode", "--tokenizer", folder, "-"], cwd=place.path,
                          input=" ".join(map(str, numbers)).encode(), capture_output=True, env=place.environment(), timeout=60)
    expect(done.returncode == 0, done.stderr.decode()[-300:])
    return done.stdout


def D1():
    """Merges that name unknown tokens, occur twice or are in circles, and ids with holes: refused."""
    with tiny_place() as place:
        folder = made(place)
        files = sorted(path.name for path in folder.iterdir())
        expect("tokenizer.json" in files, f"{files}")
        original = json.loads((folder / "tokenizer.json").read_text())
        merges, vocabulary = original["model"]["merges"], original["model"]["vocab"]
        pair = (lambda a, b: [a, b]) if isinstance(merges[0], list) else (lambda a, b: f"{a} {b}")
        holes = {token: number + (number > 100) * 7 for token, number in vocabulary.items()}
        twice = {token: min(number, 200) for token, number in vocabulary.items()}
        for what, change in {"unknown": {"merges": [*merges, pair("never", "seen")]}, "twice": {"merges": [*merges, merges[0]]},
                             "before its parts": {"merges": merges[::-1]}, "three parts": {"merges": [*merges, "a b c"]},
                             "a number": {"merges": [1, 2]}, "holes": {"vocab": holes}, "an id twice": {"vocab": twice},
                             "huge ids": {"vocab": {**vocabulary, "zzz": 2**40}}, "negative": {"vocab": {**vocabulary, "a": -1}},
                             "no vocabulary": {"vocab": {}}}.items():
            model = {**original["model"], **change}
            (folder / "tokenizer.json").write_text(json.dumps({**original, "model": model}))
            outcome = place.run("tokenizer", "info", "--tokenizer", "tok")
            # An order of merges is a priority, so any order is a tokenizer.
            expect(outcome.code == 1 and "error: " in outcome.err or what == "before its parts" and outcome.code == 0,
                   f"{what}: {outcome}")


def D2():
    """A tokenizer with more tokens than the model has rows: refused."""
    with tiny_place() as place:
        place.train("run", "--steps", "3")
        place.run("export", "--checkpoint", "run", "--format", "huggingface", "--output", "hf").must_be(0)
        made(place, 500)
        for path in (place / "tok").iterdir():
            place.write(f"hf/{path.name}", path.read_bytes())
        place.run("import", "hf", "--output", "x.h5").is_clean_failure("tokens")


def D3():
    """512 KiB without a break of one letter, spaces, lines, emoji or marks: encoded in linear time."""
    with tiny_place() as place:
        made(place)
        for unit in ("a", " ", "\n", "é", "🙂‍👩‍👧", "e\u0301", "wind ", "0", "a\u200d", "^"):
            text = (unit * (1 << 19)).encode()[: 1 << 19].decode(errors="ignore").encode()
            begin = time.monotonic()
            numbers = ids(place, text)
            seconds = time.monotonic() - begin
            expect(seconds < 10, f"{unit!r}: {seconds:.1f} s")
            expect(len(numbers) > 0, "no ids")


def D4():
    """All bytes, pairs of bytes and characters come back from decoding, also what is not UTF-8."""
    with tiny_place() as place:
        made(place, 257)
        for content in (bytes(range(256)), bytes(byte for pair in range(65536) for byte in divmod(pair, 256)), b"\xff",
                        b"\xc3", b"\xed\xa0\x80", b"\0", b"a\xffb\r\n"):
            expect(decode(place, ids(place, content)) == content, f"{content[:20]!r} has changed")
        chance = random.Random(1)
        points = [*range(0, 0x3000), *(chance.randrange(0x3000, 0x110000) for _ in range(5000))]
        text = "".join(chr(point) for point in points if not 0xD800 <= point < 0xE000).encode()
        expect(decode(place, ids(place, text)) == text, "the text has changed")


def D5():
    """Special tokens in a text of the user are ordinary text."""
    with tiny_place() as place:
        made(place)
        for text in ("<|endoftext|>", "x<|endoftext|>y", "<|user|>", "<|end|>"):
            numbers = ids(place, text.encode())
            expect(len(numbers) > 1, f"{text} is one token: {numbers}")
            expect(decode(place, numbers) == text.encode(), "the text has changed")


def D6():
    """10,000 mixed texts: decoding gives them back, and a stricter reference in Python gives the same ids."""
    with tiny_place() as place:
        folder = made(place)
        model = json.loads((folder / "tokenizer.json").read_text())["model"]
        ranks = {tuple(merge if isinstance(merge, list) else merge.split(" ")): rank
                 for rank, merge in enumerate(model["merges"])}
        # GPT-2's letters for bytes.
        plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
        letters, extra = {}, 0
        for byte in range(256):
            letters[byte] = chr(byte) if byte in plain else chr(256 + extra)
            extra += byte not in plain
        chance = random.Random(2)
        words = [word for word in TEXT.split() if word.isalpha()]
        # One word with its space: no rule of division can differ.
        texts = [" " + "".join(chance.choice(words)[: chance.randrange(1, 9)] for _ in range(chance.randrange(1, 5)))
                 for _ in range(10_000)]
        expected = []
        for text in texts:
            parts = [letters[byte] for byte in text.encode()]
            while len(parts) > 1:
                pairs = [ranks.get(pair, 10**9) for pair in zip(parts, parts[1:])]
                best = min(pairs)
                if best == 10**9:
                    break
                # The first of the most frequent pairs, as the reference merges all of them in order.
                index = pairs.index(best)
                parts[index:index + 2] = [parts[index] + parts[index + 1]]
            expected += [model["vocab"][part] for part in parts]
        joined = "".join(texts).encode()
        found = ids(place, joined)
        expect(decode(place, found) == joined, "the text has changed")
        expect(found == expected, f"{sum(a != b for a, b in zip(found, expected))} of {len(expected)} ids differ")


def D7():
    """A tokenizer file of 50 MB, a deep one and one that is not JSON: refused quickly."""
    with tiny_place() as place:
        folder = made(place)
        for content in (b'{"model": {"vocab": {' + b'"' + b"a" * (50 << 20) + b'": 0}}}', b"[" * 100_000, b"nothing", b"",
                        b'{"model": null}', b"\xff\xfe{}"):
            (folder / "tokenizer.json").write_bytes(content)
            begin = time.monotonic()
            place.run("tokenizer", "info", "--tokenizer", "tok").is_clean_failure()
            expect(time.monotonic() - begin < 20, "too slow")


def D8():
    """Answers in pieces: a character of several bytes is never cut, at any limit of tokens."""
    with tiny_place() as place:
        place.write("text.txt", "🙂é漢字 " * 2000)
        # Bytes are tokens, so that every character but a space takes several.
        place.config(data__format="text", tokenizer__vocabularySize=257, training__steps=150, training__learningRate=0.01)
        place.train("run")
        for count in range(1, 16):
            outcome = place.shell(f'"$LUTHIER" generate --checkpoint run --prompt 🙂 --max-tokens {count} --temperature 0 '
                                  '> out').must_be(0)
            text = (place / "out").read_bytes().decode().rstrip()
            # Only the last character may lack its rest.
            expect("\ufffd" not in text[:-1], f"{count} tokens: {text!r}")
