"""Hostile and broken model files: refused with a message, never a crash, never a wrong number."""

import json
import os
import re
import shutil
import signal
import struct
import subprocess
import zipfile

from frame import PROGRAM, Failed, expect, tiny_place
from hostile import HostileFiles, sealed


def trained(place, *arguments):
    place.train("run", "--steps", "5", *arguments)
    return place.checkpoints("run")[-1]


def refuse(place, path, *texts, seconds=30):
    """Every command that opens a model refuses the file."""
    for command in (["inspect", path], ["generate", "--checkpoint", path, "--prompt", "x", "--max-tokens", "1"],
                    ["eval", "--checkpoint", path, "--data", "text.txt"],
                    ["train", "--base", path, "--train", "text.txt", "--steps", "1", "--run", "never"]):
        place.run(*command, seconds=seconds).is_clean_failure(*texts)
    expect(not place.folder("never").exists(), "a run was begun")


def safetensors(tensors, data=b"", header=None):
    text = header if header is not None else json.dumps(tensors).encode()
    return struct.pack("<Q", len(text)) + text + data


def hugging_face(place):
    trained(place)
    place.run("export", "--checkpoint", "run", "--format", "huggingface", "--output", "hf").must_be(0)
    return place / "hf"


def read_safetensors(path):
    content = path.read_bytes()
    length = struct.unpack("<Q", content[:8])[0]
    return json.loads(content[8:8 + length]), content[8 + length:]


def C1():
    """Random bytes, an empty file, a folder, a pipe, a device, a loop of links: refused."""
    with tiny_place() as place:
        place.write("random.h5", os.urandom(5000))
        place.write("empty.h5", b"")
        (place / "folder.h5").mkdir()
        os.mkfifo(place / "pipe.h5")
        (place / "loop.h5").symlink_to(place / "loop.h5")
        for name in ("random.h5", "empty.h5", "folder.h5", "pipe.h5", "loop.h5", "/dev/zero", "missing.h5"):
            refuse(place, name)


def C2():
    """HDF5's signature and garbage after it, with and without the right hash: refused."""
    with tiny_place() as place:
        signature = b"\x89HDF\r\n\x1a\n"
        for number in range(20):
            garbage = signature + os.urandom(50 * (number + 1))
            place.run("inspect", place.write("a.h5", garbage)).is_clean_failure()
            place.run("inspect", place.write("b.h5", sealed(garbage))).is_clean_failure()
        refuse(place, place / "b.h5")


def crashed_look(place, path, number):
    """What `inspect` says where the process that looks first gets a signal; None where it was never quick enough."""
    for _ in range(100):
        (place / "errors").unlink(missing_ok=True)
        process, has_sent = place.start("inspect", path), False
        while process.poll() is None:
            try:
                for child in open(f"/proc/{process.pid}/task/{process.pid}/children").read().split():
                    os.kill(int(child), number)
                    has_sent = True
            except OSError:
                pass
        text = (place / "errors").read_text()
        # It may have had its answer already.
        if has_sent and process.returncode:
            return process.returncode, text
    return None


def C3(quick):
    """Bytes of the HDF5 structure changed, and the hash made right again: refused or harmless, never a crash."""
    import random
    chance = random.Random(5)
    with tiny_place() as place:
        content = trained(place).read_bytes()[512:]
        crashes, refused, tried = [], 0, 60 if quick else 1000
        # Structure, not the arrays: around the signatures of HDF5's own blocks.
        marks = [index for tag in (b"HEAP", b"SNOD", b"TREE", b"\x89HDF") for index in range(len(content))
                 if content.startswith(tag, index)]
        for number in range(tried):
            changed = bytearray(content)
            for _ in range(chance.choice([1, 1, 2, 8])):
                place_of = min(len(content) - 1, chance.choice(marks) + chance.randrange(400))
                changed[place_of] = chance.choice([0, 1, 0x7f, 0x80, 0xff, chance.randrange(256)])
            outcome = place.run("inspect", place.write("changed.h5", sealed(bytes(changed))), seconds=20)
            refused += outcome.code == 1
            if outcome.code not in (0, 1):
                crashes.append(f"number {number}: {outcome}")
        expect(not crashes, f"{len(crashes)} of {tried} end the program; the first: {crashes[0] if crashes else ''}")
        expect(refused > tried / 10, f"only {refused} of {tried} were refused: the changes hit nothing")
        # Another process looks at such a file first. Where the loader is what runs, it is the loader that is started again,
        # and gives no answer: then the file stays closed, and one's own runs do not.
        found = re.search(r"(/\S*ld-linux\S*) \(", subprocess.run(["ldd", PROGRAM[0]], capture_output=True, text=True).stdout)
        if found:
            other = place.write("other.h5", sealed(content))
            place.run("inspect", other).must_be(0)
            place.run("inspect", other, before=[found.group(1)]).is_clean_failure("other.h5", "looks at it first")
            place.run("inspect", "checkpoints/run", before=[found.group(1)]).must_be(0)
            for number, name in [(signal.SIGSEGV, "SIGSEGV"), (signal.SIGABRT, "SIGABRT"), (signal.SIGXCPU, "SIGXCPU")]:
                outcome = crashed_look(place, other, number)
                expect(outcome and outcome[0] == 1 and name in outcome[1] and "other.h5" in outcome[1], f"{name}: {outcome}")


def C4():
    """A checkpoint cut at every 4 KiB: refused."""
    with tiny_place() as place:
        content = trained(place).read_bytes()
        for length in range(0, len(content), 4096):
            place.run("inspect", place.write("cut.h5", content[:length])).is_clean_failure()
            place.run("inspect", place.write("cut.h5", sealed(content[512:max(520, length)]))).is_clean_failure()


def changed_config(content, old, new):
    """A sealed checkpoint with other bytes of the same number somewhere in it."""
    old, new = old.encode(), new.encode()
    expect(len(old) == len(new) and content.count(old) >= 1, f"{old!r} is not in the checkpoint")
    return sealed(content[512:].replace(old, new))


def C5():
    """Shapes of the config and of the arrays that disagree, and absurd sizes: refused before memory is taken."""
    with tiny_place() as place:
        content = trained(place).read_bytes()
        for old, new in [('"modelWidth": 32', '"modelWidth": 64'), ('"modelWidth": 32', '"modelWidth": 99'),
                         ('"contextLength": 64', '"contextLength": 65'), ('"blockCount": 2', '"blockCount": 3'),
                         ('"blockCount": 2', '"blockCount": 0'), ('"headCount": 2', '"headCount": 5')]:
            outcome = place.run("generate", "--checkpoint", place.write("c.h5", changed_config(content, old, new)),
                                "--prompt", "x", "--max-tokens", "1")
            outcome.is_clean_failure()
        # The dimensions of an array in HDF5's own header: 32 × 96 becomes 2^51 × 96 and more.
        shape = struct.pack("<QQ", 32, 96)
        expect(content.count(shape) >= 1, "no shape was found")
        for rows, columns in [(2**51, 96), (2**63, 2**63), (0, 96), (33, 96)]:
            refuse(place, place.write("c.h5", sealed(content[512:].replace(shape, struct.pack("<QQ", rows, columns)))))
        HostileFiles(place).refused("zero", "scalar", "rank-32", "bomb")


def C6():
    """An array that is missing, has another name, or is reached by two names: refused."""
    with tiny_place() as place:
        content = trained(place).read_bytes()
        for old, new in [("wpe.weight", "wpf.weight"), ("ln_f.bias", "ln_f.biaz"), ("wpe.weight", "wte.weight"),
                         ("h.1.ln_1.bias", "h.0.ln_1.bias")]:
            place.run("generate", "--checkpoint", place.write("c.h5", changed_config(content, old, new)), "--prompt", "x"
                      ).is_clean_failure()
        HostileFiles(place).refused("two-links", "circle", "deep", "many", "bad-name")


def C7():
    """Weights of another type, in checkpoints and safetensors: refused."""
    with tiny_place() as place:
        HostileFiles(place).refused("double", "big-endian", "integer", "compound", "text")
        folder = hugging_face(place)
        header, data = read_safetensors(folder / "model.safetensors")
        name = next(name for name in header if name != "__metadata__")
        for kind in ("I32", "U8", "BOOL", "F63", "f32", "", 7, None):
            changed = json.loads(json.dumps(header))
            changed[name]["dtype"] = kind
            (folder / "model.safetensors").write_bytes(safetensors(changed, data))
            outcome = place.run("inspect", folder)
            expect(outcome.code in (0, 1), str(outcome))
            place.run("import", folder, "--output", "x.h5").is_clean_failure()


def C8():
    """Links out of the checkpoint, virtual data, and data in other files: refused, and the other file is not read."""
    with tiny_place() as place:
        place.write("secret", b"secret!" * 1000)
        HostileFiles(place).refused("external", "soft-link", "external-link", "virtual", "chunked", "compact")


def C9():
    """Compressed data, unknown filters, a compressed file, a bomb of zeros: refused quickly."""
    import gzip
    with tiny_place() as place:
        HostileFiles(place).refused("packed", "unknown-filter", "bomb")
        path = trained(place)
        refuse(place, place.write("packed.h5", gzip.compress(path.read_bytes())))
        bomb = gzip.compress(bytes(50 << 20))
        refuse(place, place.write("bomb.h5", bomb), seconds=10)
        refuse(place, place.write("sealed.h5", sealed(bomb)), seconds=10)


def C10():
    """NaN or infinity in the weights: refused, with the array's name."""
    with tiny_place() as place:
        folder = hugging_face(place)
        header, data = read_safetensors(folder / "model.safetensors")
        for value in (float("nan"), float("inf"), float("-inf")):
            changed = bytearray(data)
            changed[1000:1004] = struct.pack("<f", value)
            (folder / "model.safetensors").write_bytes(safetensors(header, bytes(changed)))
            outcome = place.run("import", folder, "--output", "x.h5").is_clean_failure()
            names = [name for name in header if name in outcome.err]
            expect(names, f"no array is named: {outcome.err}")


def C11():
    """Safetensors headers that are too long, overlap, have holes, repeat names, overflow or nest: refused."""
    with tiny_place() as place:
        folder = hugging_face(place)
        header, data = read_safetensors(folder / "model.safetensors")
        name, other = [name for name in header if name != "__metadata__"][:2]

        def change(**members):
            changed = json.loads(json.dumps(header))
            changed[name].update(members)
            return safetensors(changed, data)

        begin, end = header[name]["data_offsets"]
        text = json.dumps(header).encode()
        files = {
            "header beyond the file": struct.pack("<Q", len(data) + 10**6) + text + data,
            "header of 2^63": struct.pack("<Q", 2**63) + text + data,
            "header of 200 MB": struct.pack("<Q", 200 << 20) + text + data,
            "overlap": change(data_offsets=header[other]["data_offsets"]),
            "negative offset": change(data_offsets=[-4, end]),
            "beyond the end": change(data_offsets=[begin, len(data) * 4]),
            "reversed": change(data_offsets=[end, begin]),
            "shape overflows": change(shape=[2**62, 8]),
            "negative shape": change(shape=[-1, 4]),
            "fractions": change(shape=[1.5, 4]),
            "hole": safetensors(header, data + b"\0\0\0\0"),
            "too short": safetensors(header, data[:-4]),
            "repeated name": safetensors(None, data, text[:-1] + b"," + json.dumps(name).encode() + b":"
                                         + json.dumps(header[name]).encode() + b"}"),
            "not UTF-8": safetensors(None, data, text.replace(name[:3].encode(), b"\xff\xfe\xfd", 1)),
            "nested": safetensors(None, data, b'{"a":' * 10_000 + b"1" + b"}" * 10_000),
            "a list": safetensors(None, data, b"[1,2,3]"), "nothing": b"", "seven bytes": b"1234567",
        }
        for what, content in files.items():
            (folder / "model.safetensors").write_bytes(content)
            try:
                place.run("import", folder, "--output", "x.h5").is_clean_failure()
            except Failed as problem:
                raise Failed(f"{what}: {problem}") from None
        expect(not (place / "x.h5").exists(), "a checkpoint was written")


def C12():
    """A config with sizes of zero, negative, huge or that do not divide: refused before memory is taken."""
    with tiny_place() as place:
        folder = hugging_face(place)
        original = json.loads((folder / "config.json").read_text())
        for key in ("n_layer", "n_head", "n_embd", "vocab_size", "n_positions"):
            for value in (0, -1, 7, 2**31, 10**9, 2**63, 10**30, 1.5, "12", None, [], True):
                (folder / "config.json").write_text(json.dumps({**original, key: value}))
                if original.get(key) != value:
                    outcome = place.run("import", folder, "--output", "x.h5")
                    expect(outcome.code == 1 and "error: " in outcome.err, f"{key} = {value}: {outcome}")


def C13():
    """Adapters over another base: refused by the base's hash."""
    with tiny_place() as place:
        trained(place)
        place.write("lora.json", json.dumps({"model": {"base": "base.h5"}, "data": {"train": "rows.jsonl"},
                                             "method": {"type": "lora"}, "training": {"steps": 4, "threads": 1}}))
        shutil.copy(place.checkpoints("run")[-1], place / "base.h5")
        place.train("lora", config="lora.json")
        place.train("other", "--steps", "5", "--seed", "9")
        shutil.copy(place.checkpoints("other")[-1], place / "base.h5")
        place.run("generate", "--checkpoint", "lora", "--prompt", "x").is_clean_failure("sha-256")


def C14():
    """Pickles and archives of PyTorch: refused with advice, never read as code."""
    with tiny_place() as place:
        folder = hugging_face(place)
        place.write("model.pt", b"\x80\x02cposix\nsystem\nq\x00X\x05\0\0\0touch")
        with zipfile.ZipFile(place / "model.bin", "w") as archive:
            archive.writestr("archive/data.pkl", b"\x80\x02}q\0.")
        for name in ("model.pt", "model.bin"):
            outcome = place.run("generate", "--checkpoint", name, "--prompt", "x").is_clean_failure()
            expect("safetensors" in outcome.err or "pytorch" in outcome.err.lower(), f"no advice: {outcome.err}")
        (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
        place.run("import", folder, "--output", "x.h5").is_clean_failure()


def C15():
    """A checkpoint that is replaced again and again while it is loaded: the old one, the new one, or an error."""
    import threading
    with tiny_place() as place:
        first = trained(place).read_bytes()
        place.train("other", "--steps", "5", "--seed", "9")
        second = place.checkpoints("other")[-1].read_bytes()
        path = place.write("model.h5", first)
        answers = []
        measure = ["eval", "--checkpoint", path, "--data", "text.txt", "--json"]
        for content in (first, second):
            path.write_bytes(content)
            answers.append(place.run(*measure).must_be(0).json()["loss"])
        expect(answers[0] != answers[1], "the models are equal")
        over = threading.Event()

        def replace():
            number = 0
            while not over.is_set():
                number += 1
                place.write("next", (first, second)[number % 2])
                os.replace(place / "next", path)

        thread = threading.Thread(target=replace)
        thread.start()
        try:
            for _ in range(20):
                # HDF5 opens no file whose name is gone, so an error is possible; a mixture is not.
                outcome = place.run(*measure)
                expect(outcome.code == 1 and "real path" in outcome.err or outcome.code == 0, str(outcome))
                if outcome.code == 0:
                    expect(outcome.json()["loss"] in answers, f"another loss: {outcome.json()['loss']}")
        finally:
            over.set()
            thread.join()
