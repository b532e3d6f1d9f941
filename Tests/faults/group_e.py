"""Data and configs: whatever a file holds, the message names the file, the line and the reason; nothing is read wrongly."""

import gzip
import json
import resource
import time

from frame import ROWS, TEXT, expect, last_step, tiny_place, wait_until


def dry(place, content, name="data.jsonl", *arguments, seconds=60):
    """`train --dry-run` on a file."""
    place.write(name, content)
    return place.run("train", "--config", "rows.json", "--train", name, "--dry-run", *arguments, seconds=seconds)


def rows_place():
    place = tiny_place()
    place.config("rows.json", data__format="auto", model__contextLength=96, evaluation__samples=[],
                 data__validationFraction=0.2)
    return place


def row(prompt="How are you?", completion=" Fine."):
    return json.dumps({"prompt": prompt, "completion": completion}) + "\n"


def E1():
    """A row that is nested 512 or 100,000 deep: refused with its line."""
    with rows_place() as place:
        for depth in (512, 100_000):
            content = ROWS + '{"prompt": ' + "[" * depth + "]" * depth + "}\n"
            dry(place, content).is_clean_failure("line 61")
            place.run("train", "--config", place.write("deep.json", '{"a":' * depth + "1" + "}" * depth)
                      ).is_clean_failure("deep.json")


def E2(quick):
    """A line of 1 GB: an error, and memory stays bounded."""
    with rows_place() as place:
        size = (1 << 27) if quick else (1 << 30)
        with open(place / "data.jsonl", "wb") as file:
            file.write(ROWS.encode() + b'{"prompt": "')
            for _ in range(size >> 20):
                file.write(b"a" * (1 << 20))
            file.write(b'", "completion": "b"}\n')
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        place.run("train", "--config", "rows.json", "--train", "data.jsonl", "--dry-run", seconds=120
                  ).is_clean_failure("data.jsonl")
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        expect(peak == before or peak < 3 * (size >> 10), f"{peak >> 10} MiB were used for a file of {size >> 20} MiB")


def E3():
    """A line that is not UTF-8: an error that names the line."""
    with rows_place() as place:
        for bad in (b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xc0\xaf"):
            lines = ROWS.encode().split(b"\n")
            lines[30] = b'{"prompt": "' + bad + b'", "completion": "x"}'
            dry(place, b"\n".join(lines)).is_clean_failure("line 31")


def E4():
    """A byte order mark, CRLF, no final newline, blank lines, spaces at the end, U+2028: the same rows."""
    with rows_place() as place:
        def count(content):
            outcome = dry(place, content).must_be(0)
            return [line for line in outcome.err.split("\n") if "read = " in line]

        plain = count(ROWS)
        expect(plain, "no summary")
        for what, content in {"mark": b"\xef\xbb\xbf" + ROWS.encode(), "CRLF": ROWS.replace("\n", "\r\n"),
                              "no newline": ROWS.rstrip("\n"), "blank lines": ROWS.replace("\n", "\n\n"),
                              "spaces": ROWS.replace("\n", "  \t\n")}.items():
            expect(count(content) == plain, f"{what}: {count(content)} instead of {plain}")
        dry(place, ROWS + '{"prompt": "a\u2028b", "completion": "c\u2029d"}\n').must_be(0)


def E5():
    """A key twice, a comma at the end, NaN, 1e400, a lone surrogate: refused with the line."""
    with rows_place() as place:
        for bad in ('{"prompt": "a", "prompt": "b", "completion": "c"}', '{"prompt": "a", "completion": "c",}',
                    '{"prompt": NaN, "completion": "c"}', '{"prompt": 1e400, "completion": "c"}',
                    '{"prompt": "\\ud800", "completion": "c"}', '{"prompt": "a" "completion": "c"}',
                    "{'prompt': 'a', 'completion': 'c'}", '{"prompt": "a", "completion": "c"} x', '{"prompt": "a\tb"}',
                    '[1, 2]', '"text"', 'null', '{"prompt": "a", "completion": null}', '{"prompt": -0, "completion": "c"}',
                    '{"prompt": "a", "completion": "c"'):
            dry(place, ROWS + bad + "\n").is_clean_failure("line 61")


def E6():
    """Files that are empty, of spaces, or of one row, and rows that are too long: an error, or all of them counted."""
    with rows_place() as place:
        for content in ("", "\n\n \n", b"\xef\xbb\xbf"):
            dry(place, content).is_clean_failure("nothing to train on")
        one = dry(place, row())
        expect(one.code in (0, 1), str(one))
        long = "".join(row("How? " * 100, " So " * 50 + str(number)) for number in range(20))
        dry(place, long).is_clean_failure("longer than", "contextLength")
        dropped = dry(place, ROWS + long, "data.jsonl", "--set", "data.overlong=drop").must_be(0)
        expect("dropped" in dropped.err, dropped.err)
        dry(place, long, "data.jsonl", "--set", "data.overlong=drop").is_clean_failure()


def E7():
    """A config key that is unknown or misspelled: an error with its line and the nearest key."""
    with tiny_place() as place:
        for old, new, near in [("batchSize", "bachSize", "batchSize"), ("saveEvery", "saveevery", "saveEvery"),
                               ("training", "trainig", "training"), ("modelWidth", "modelWitdh", "modelWidth")]:
            text = (place / "tiny.json").read_text().replace(f'"{old}"', f'"{new}"')
            place.write("typo.json", text)
            line = text[: text.index(f'"{new}"')].count("\n") + 1
            place.run("train", "--config", "typo.json").is_clean_failure(f"line {line}", "did you mean", near)
        place.run("train", "--config", "tiny.json", "--set", "training.stepz=3").is_clean_failure("training.steps")
        expect(not (place / "checkpoints").exists(), "a run was begun")


def E8():
    """A value of the wrong type, negative, infinite or null: an error that names key, value and what it takes."""
    with tiny_place() as place:
        for key, value in [("training.learningRate", '"fast"'), ("training.learningRate", "-1"), ("training.steps", "1.5"),
                           ("training.learningRate", "1e400"), ("training.batchSize", "0"), ("training.batchSize", "-3"),
                           ("training.batchSize", "null"), ("model.modelWidth", "1e30"), ("model.headCount", "true"),
                           ("training.beta1", "2"), ("model.residualDropout", "1.5"), ("training.seed", "[]"),
                           ("data.format", '"pickle"'), ("training.precision", '"f8"'), ("training.learningRate", "NaN"),
                           ("training.epochs", "-1"), ("training.threads", "100000"), ("model.contextLength", "0")]:
            place.run("train", "--config", "tiny.json", "--set", f"{key}={value}").is_clean_failure(key)
            section, name = key.split(".")
            place.write("bad.json", f'{{"{section}": {{\n  "{name}": {value}\n}}}}')
            place.run("train", "--config", "bad.json").is_clean_failure("bad.json", "line 2")
        expect(not (place / "checkpoints").exists(), "a run was begun")


def E9():
    """Rows without an answer have no tokens to learn: refused with their lines before training, never a division by 0."""
    with rows_place() as place:
        dry(place, ROWS + row(completion="") * 3).is_clean_failure("line 61")
        dry(place, row(completion="") * 20).is_clean_failure("line 1")
        dry(place, ROWS + '{"prompt": "only"}\n').is_clean_failure("line 61")


def E10():
    """The data grow, shrink or vanish during training: the run ends well, and resuming tells that they have changed."""
    for change in (lambda path: path.write_text(TEXT + "More.\n"), lambda path: path.write_text(TEXT[:100]),
                   lambda path: path.unlink(), lambda path: open(path, "w").close()):
        with tiny_place() as place:
            place.config(training__steps=400, evaluation__every=100)
            process = place.start("train", "--config", "tiny.json", "--run", "run")
            expect(wait_until(process, lambda: last_step(place, "run") >= 20), (place / "errors").read_text()[-300:])
            change(place / "text.txt")
            expect(process.wait(120) == 0, f"exit code {process.returncode}: {(place / 'errors').read_text()[-300:]}")
            place.run("train", "--config", "tiny.json", "--run", "run", "--resume", "--steps", "410").is_clean_failure()


def E11():
    """A compressed file is read as what is in it, whatever its name; a cut one is an error."""
    with rows_place() as place:
        packed = gzip.compress(ROWS.encode())
        plain = [line for line in dry(place, ROWS).must_be(0).err.split("\n") if "read = " in line]
        for name in ("data.jsonl", "data.jsonl.gz"):
            found = [line for line in dry(place, packed, name).must_be(0).err.split("\n") if "read = " in line]
            expect(found == plain, f"{name}: {found}")
            dry(place, packed[:-20], name).is_clean_failure(name)
            dry(place, packed[:40] + b"\0\xff" + packed[42:], name).is_clean_failure(name)


def E12(quick):
    """Very many rows: the time is linear, the memory a few times the file."""
    with rows_place() as place:
        seconds, count = [], 100_000 if quick else 1_000_000
        for number in (count // 4, count):
            place.write("data.jsonl", "".join(row(f"{index} and {index}?", f" {2 * index}.") for index in range(number)))
            begin = time.monotonic()
            place.run("prepare", "data.jsonl", seconds=300)
            seconds.append(time.monotonic() - begin)
        size = (place / "data.jsonl").stat().st_size
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss << 10
        expect(seconds[1] < 10 * seconds[0] + 2, f"{seconds} s for a fourth and all of {count} rows")
        expect(peak < 40 * size + (3 << 30), f"{peak >> 20} MiB for {size >> 20} MiB")
