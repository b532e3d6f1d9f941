#!/usr/bin/env python3
"""Damages a checkpoint: one bit at many random places, and every truncation at 4 KiB. All of it must be detected.

    python3 Tests/faults/damage.py .build/release/luthier [--flips 2000] [--seed 1]

Each damaged file is opened by `luthier inspect`, which must end with exit code 1 and an error; a hundred of them also
make a resumed run fall back to the checkpoint before.
"""

import argparse
import random
import shutil
import sys
import time

from frame import Failed, expect, must_be_equal, tiny_place, use


def refused(place, path, what):
    outcome = place.run("inspect", path)
    expect(outcome.code == 1 and outcome.err.startswith("error: "), f"{what} was not detected: {outcome}")


def flip(content, bit):
    damaged = bytearray(content)
    damaged[bit // 8] ^= 1 << bit % 8
    return bytes(damaged)


def flips(place, content, count, chance):
    """Every bit of the part of the user block that has a meaning, a hundred of the rest of it, and `count` anywhere."""
    bits = list(range(56 * 8)) + chance.sample(range(56 * 8, 512 * 8), 100)
    bits += chance.sample(range(8 * len(content)), count)
    for bit in bits:
        path = place.write("damaged.h5", flip(content, bit))
        refused(place, path, f"bit {bit % 8} of byte {bit // 8} of {len(content)}")
    return len(bits)


def truncations(place, content):
    lengths = list(range(0, len(content), 4096)) + [1, 511, 512, 519, 520, len(content) - 1]
    for length in lengths:
        refused(place, place.write("damaged.h5", content[:length]), f"a file cut to {length} of {len(content)} bytes")
    return len(lengths)


def fallbacks(place, count, chance):
    """A resumed run whose newest checkpoint has one wrong bit continues from the one before, with the right bytes."""
    shutil.copytree(place.folder("run"), place / "prepared")
    newest = place.checkpoints("run")[-1].name
    for _ in range(count):
        shutil.rmtree(place.folder("run"))
        shutil.copytree(place / "prepared", place.folder("run"))
        path = place.folder("run") / newest
        content = path.read_bytes()
        path.write_bytes(flip(content, chance.randrange(8 * len(content))))
        place.run("train", "--config", "tiny.json", "--run", "run", "--resume").must_be(0, "; skipped", newest)
        must_be_equal(place, "straight", "run")
    return count


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("program")
    options.add_argument("--flips", type=int, default=2000)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    use(given.program)
    chance, begin = random.Random(given.seed), time.monotonic()
    try:
        with tiny_place() as place:
            place.config(training__steps=21)
            place.train("straight")
            place.train("run")
            content = place.checkpoints("run")[-1].read_bytes()
            place.run("inspect", place.checkpoints("run")[-1]).must_be(0)
            bits = flips(place, content, given.flips, chance)
            cuts = truncations(place, content)
            runs = fallbacks(place, min(100, given.flips), chance)
    except Failed as problem:
        print(f"FAILED (seed {given.seed}): {problem}")
        return 1
    print(f"{bits} single-bit flips (seed {given.seed}) and {cuts} truncations of a checkpoint of {len(content)} bytes: all "
          f"detected; {runs} runs fell back to the checkpoint before and ended with the right bytes; "
          f"{time.monotonic() - begin:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
