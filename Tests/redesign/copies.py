"""Copies of two revisions below .build, and the programs built from them, for Tests/compare_revisions.py."""

import io
import os
import shlex
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

from mutations import COPIED, synchronize

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = ROOT / ".build"
#: Appended to the manifest of a copy. The module that opens checkpoints has another name in older revisions.
MANIFEST = """
package.targets.append(.executableTarget(name: "logits", dependencies: ["Kernels", "Model", "%s"], path: "logits"))
"""


class Failure(Exception):
    """A program that did not do what it was asked for."""


@dataclass
class Programs:
    luthier: Path
    logits: Path


def of_revision(revision):
    """The programs of a git revision, whose copy is made once."""
    name = ["git", "rev-parse", "--verify", "--quiet", revision + "^{commit}"]
    commit = subprocess.run(name, cwd=ROOT, capture_output=True, text=True)
    if commit.returncode:
        raise Failure(f"git knows no revision {revision}")
    sha = commit.stdout.strip()
    folder = BUILD / "former" / sha
    if not folder.exists():
        archive = subprocess.run(["git", "archive", "--format=tar", sha], cwd=ROOT, capture_output=True, check=True)
        unfinished = folder.with_suffix(".tmp")
        shutil.rmtree(unfinished, ignore_errors=True)
        with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
            files.extractall(unfinished, filter="data")
        unfinished.rename(folder)
    add_logits(folder, (folder / "Package.swift").read_text())
    return build(folder, "luthier", "logits")


def of_built_tree(source):
    """The program of a tree that is built, and the logits of a copy of its sources."""
    source = source.resolve()
    program = source / ".build" / "release" / "luthier"
    if not program.exists():
        raise Failure(f"{source} is not built: {program} is missing")
    copied = build(copy(source, BUILD / "former" / source.name), "logits")
    return Programs(program, copied.logits)


def of_present():
    """The programs of this repository as its working tree is, committed or not."""
    return build(copy(ROOT, BUILD / "present"), "luthier", "logits")


def copy(source, folder):
    """Brings a copy of a tree up to date."""
    for name in COPIED:
        if name != "Package.swift" and (source / name).exists():
            synchronize(source / name, folder / name)
    add_logits(folder, (source / "Package.swift").read_text())
    return folder


def add_logits(folder, manifest):
    """Puts the second program into a copy. Files that are right already keep their dates."""
    synchronize(HERE / "Logits.swift", folder / "logits" / "Logits.swift")
    addition = MANIFEST % ("Models" if 'name: "Models"' in manifest else "Training")
    complete = manifest if addition in manifest else manifest + addition
    path = folder / "Package.swift"
    if not path.exists() or path.read_text() != complete:
        path.write_text(complete)


def build(folder, *products):
    """Builds some of a copy's programs; `SWIFT` may name another compiler."""
    for product in products:
        print(f"building {product} in {folder.relative_to(ROOT)}", flush=True)
        command = shlex.split(os.environ.get("SWIFT", "swift")) + ["build", "-c", "release", "--product", product]
        result = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if result.returncode:
            raise Failure(f"{folder} does not build:\n{result.stdout[-3000:]}")
    release = folder / ".build" / "release"
    return Programs(release / "luthier", release / "logits")
