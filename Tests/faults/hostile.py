"""Checkpoints that an attacker made: their hashes are right, and their HDF5 part has what no checkpoint may have."""

import hashlib
import shutil
import struct
import subprocess
from pathlib import Path

from frame import Skipped, expect


def sealed(hdf5):
    """A checkpoint of this HDF5 part, with a right hash: the attacker's file, not a broken one."""
    head = b"LUTHIER\0" + struct.pack("<IIQ", 1, 0, len(hdf5)) + hashlib.sha256(hdf5).digest()
    return head + bytes(512 - len(head)) + hdf5


class HostileFiles:
    """Compiles the writer of HDF5 files that no checkpoint has; skips the case where it cannot."""

    def __init__(self, place):
        flags = subprocess.run(["pkg-config", "--cflags", "--libs", "hdf5"], capture_output=True, text=True)
        if not shutil.which("cc") or flags.returncode:
            raise Skipped("there is no cc, or no pkg-config with hdf5")
        self.place, self.writer = place, place / "hostile"
        source = Path(__file__).with_name("hostile.c")
        subprocess.run(["cc", "-w", "-o", self.writer, source, *flags.stdout.split()], check=True)

    def file(self, kind):
        """The path of such a file, sealed like a checkpoint."""
        path = self.place / f"{kind}.h5"
        done = subprocess.run([self.writer, kind, path], cwd=self.place.path, capture_output=True, text=True)
        expect(path.exists(), f"{kind}: {done.stderr[-300:]}")
        path.write_bytes(sealed(path.read_bytes()[512:]))
        return path

    def refused(self, *kinds):
        """Expects that `inspect` refuses each of them, and not for a reason that the plain file has too. Where the file is
        one of the project's own, and so no other process looks at it first, the words are the same."""
        self.place.run("inspect", self.file("plain")).must_be(0)
        own = self.place / "checkpoints" / "own.h5"
        own.parent.mkdir(exist_ok=True)
        for kind in kinds:
            path = self.file(kind)
            outcome = self.place.run("inspect", path, seconds=20)
            expect(outcome.code == 1 and outcome.err.startswith("error: "), f"{kind}: {outcome}")
            shutil.copy(path, own)
            here = self.place.run("inspect", own, seconds=20).err
            expect(here.replace(str(own), str(path)) == outcome.err, f"{kind}: {outcome.err} but here {here}")
            expect("secret!" not in outcome.err + outcome.out and "\x1b" not in outcome.err, f"{kind}: {outcome}")
