#!/usr/bin/env python3
"""Checks what CONTRIBUTING.md and the README say of the code against the code; `make check` runs it.

- Modules: those of the drawing are those of Package.swift, and each imports only modules of floors below its own.
- Imports: every module that a source file imports is declared for its target.
- Libraries: each C library is imported by the one module, or the few files, that CONTRIBUTING names.
- Unsafe places: `@unchecked Sendable` and `nonisolated(unsafe)` occur in the listed files and nowhere else.
- Families: outside Sources/Interchange/Families no source names a family.
- Names: GPT-2's names of parameters are written in one file of Model, and in the families.
- Access: outside Sources/Luthier nothing in Sources is `public`.
- Files: none has more than 500 lines; the median is below 150.
- Links: every path that a document names exists.
- Library: every public symbol of Luthier has a doc comment, and none names a type of another module. Read from the
  compiled module, so that it is skipped where `swift build -c release` has not made one.

Exit status 1 means that a document and the code differ; each difference is printed.
"""

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: Part of the toolchain or of the system.
SYSTEM = {"Foundation", "Dispatch", "Synchronization", "Glibc", "Darwin", "Testing", "PackageDescription", "RegexBuilder"}
#: C libraries and who may import them.
LIBRARIES = {
    "COpenBLAS": {"Kernels", "benchmarks"}, "COneDNN": {"Kernels", "benchmarks"}, "CProcessor": {"Kernels"},
    "CHDF5": {"Checkpoint", "CheckpointTests"}, "COpenSSL": {"Checkpoint"},
    "CZlib": {"Datasets", "Fetching", "FetchingTests"}, "CCurl": {"Fetching"},
}
DOCUMENTS = ["README.md", "CONTRIBUTING.md", "checkpoints/README.md", "data/README.md", "Benchmarks/README.md",
             "docs/reliability.md"]
LONGEST, MEDIAN = 500, 150

differences = []


def differ(text):
    differences.append(text)
    print(f"differs: {text}")


def targets():
    """The targets of the package: name, dependencies by name, folder."""
    text = subprocess.run([os.environ.get("SWIFT", "swift"), "package", "dump-package"], cwd=ROOT, capture_output=True, text=True, check=True)
    for target in json.loads(text.stdout)["targets"]:
        kind = target["type"]
        folder = target.get("path") or ("Tests/" if kind == "test" else "Sources/") + target["name"]
        names = {value[0] for one in target["dependencies"] for value in one.values()}
        yield target["name"], kind, names, ROOT / folder


def drawing():
    """The floors of CONTRIBUTING's drawing, highest first, each a list of modules."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    block = re.search(r"```\n(LuthierProgram  .*?)```", text, re.S)
    if not block:
        differ("CONTRIBUTING.md has no drawing of the modules")
        return []
    # Modules are separated by two spaces, and so is what follows them: words that are not modules.
    return [re.split(r"\s{2,}", line.strip()) for line in block.group(1).strip().split("\n")]


def check_modules(found):
    names = {name for name, kind, _, _ in found}
    floors = [[word for word in line if word in names] for line in drawing()]
    height = {name: -index for index, floor in enumerate(floors) for name in floor}
    for name, kind, dependencies, _ in found:
        if kind == "test" or name not in height:
            continue
        for dependency in sorted(dependencies):
            if dependency not in height:
                differ(f"{name} imports {dependency}, which CONTRIBUTING.md does not draw")
            elif height[dependency] >= height[name]:
                differ(f"{name} imports {dependency}, which CONTRIBUTING.md does not draw below it")
    for name, kind, _, folder in found:
        if name not in height and kind != "test" and folder.is_relative_to(ROOT / "Sources"):
            differ(f"CONTRIBUTING.md does not draw the module {name}")


def sources(folder):
    return sorted(folder.rglob("*.swift"))


def check_imports(found):
    for name, _, dependencies, folder in found:
        for file in sources(folder):
            for module in re.findall(r"^(?:@\w+ )*import (?:\w+ )?(\w+)", file.read_text(encoding="utf-8"), re.M):
                place = file.relative_to(ROOT)
                if module not in SYSTEM and module not in dependencies:
                    differ(f"{place} imports {module}, which Package.swift does not declare for {name}")
                if name not in LIBRARIES.get(module, {name}):
                    differ(f"{place} imports {module}, which only {', '.join(sorted(LIBRARIES[module]))} may")


def check_unsafe():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = re.search(r"## Where Swift's checks are off\n\n(.*?)\n\n", text, re.S)
    named = set(re.findall(r"`(\w+)`", section.group(1))) if section else set()
    found = {
        file.stem for folder in ("Sources", "Benchmarks", "Examples") for file in sources(ROOT / folder)
        if re.search(r"@unchecked Sendable|nonisolated\(unsafe\)", file.read_text(encoding="utf-8"))}
    for name in sorted(found - named):
        differ(f"{name}.swift turns checks off, and CONTRIBUTING.md does not list it")
    modules = {folder.name for folder in (ROOT / "Sources").iterdir()}
    for name in sorted(named - found - modules):
        differ(f"CONTRIBUTING.md lists {name} among the places where checks are off, and it is not one")


def check_families():
    families = ROOT / "Sources/Interchange/Families"
    types = [file.stem for file in sources(families) if file.stem != "ModelFamily"]
    parameters = r'"(?:\w+\.)*(?:wte|wpe|ln_1|ln_2|ln_f|c_attn|c_proj|c_fc)\b'
    for file in sources(ROOT / "Sources"):
        text, place = file.read_text(encoding="utf-8"), file.relative_to(ROOT)
        code = re.sub(r"//.*", "", text)
        if file.is_relative_to(families):
            continue
        for name in types:
            if re.search(rf"(?<![.\w]){name}(?:\.self|\.\w+\()", code):
                differ(f"{place} names the family {name}")
        if re.search(parameters, code) and file.name != "Parameter.swift":
            differ(f"{place} writes GPT-2's names of parameters")


def check_access():
    for file in sources(ROOT / "Sources"):
        if file.is_relative_to(ROOT / "Sources/Luthier"):
            continue
        for number, line in enumerate(file.read_text(encoding="utf-8").split("\n"), 1):
            if re.match(r"\s*(@\w+\s+)*(\w+ )*?public\b", line) and not line.lstrip().startswith("//"):
                differ(f"{file.relative_to(ROOT)}:{number} is public; write package, or put it into the library")


def check_sizes():
    lengths = {file: len(file.read_text(encoding="utf-8").splitlines())
               for folder in ("Sources", "Tests", "Benchmarks", "Examples") for file in sources(ROOT / folder)}
    for file, length in lengths.items():
        if length > LONGEST:
            differ(f"{file.relative_to(ROOT)} has {length} lines")
    if statistics.median(lengths.values()) > MEDIAN:
        differ(f"the median file has {statistics.median(lengths.values())} lines")


def check_links():
    for name in DOCUMENTS:
        document = ROOT / name
        text = document.read_text(encoding="utf-8")
        paths = {(document.parent, path) for path in re.findall(r"\]\(([^)#:\s]+)\)", text)}
        paths |= {(ROOT, path) for path in re.findall(r"`((?:Sources|Tests|Examples|configs|Benchmarks)/[\w./+-]+)`", text)}
        for folder, path in sorted(paths, key=str):
            if not (folder / path).exists():
                differ(f"{name} names {path}, which does not exist")


def public_symbols():
    """The symbol graph of the library as the compiler wrote it; nil where the library is not built."""
    modules = ROOT / ".build/release/Modules"
    if not (modules / "Luthier.swiftmodule").exists():
        print("skipped: the library's symbols, which need `swift build -c release`")
        return None
    target = json.loads(subprocess.run(["swift", "-print-target-info"], capture_output=True, text=True).stdout)
    packages = ["pkg-config", "--cflags-only-I", "hdf5", "openblas", "libcrypto", "zlib"]
    flags = subprocess.run(packages, capture_output=True, text=True).stdout.split()
    for library in LIBRARIES:
        flags += ["-I", str(ROOT / "Sources" / library)]
    with tempfile.TemporaryDirectory() as folder:
        command = ["swift", "symbolgraph-extract", "-module-name", "Luthier", "-target", target["target"]["triple"],
                   "-I", str(modules), *flags, "-minimum-access-level", "public", "-output-dir", folder]
        answer = subprocess.run(command, capture_output=True, text=True)
        graph = Path(folder) / "Luthier.symbols.json"
        if not graph.exists():
            differ(f"the library's symbols cannot be read: {answer.stderr.strip()[:500]}")
            return None
        return json.loads(graph.read_text(encoding="utf-8"))["symbols"]


def check_library():
    symbols = public_symbols()
    if symbols is None:
        return
    # What the standard library gives to a type that conforms to its protocols is documented there.
    own = [symbol for symbol in symbols if "::SYNTHESIZED::" not in symbol["identifier"]["precise"]]
    if not own:
        differ("the library has no public symbol")
    for symbol in own:
        name = ".".join(symbol["pathComponents"])
        lines = symbol.get("docComment", {}).get("lines", [])
        if not any(line["text"].strip() for line in lines):
            differ(f"Luthier.{name} is public and has no doc comment")
        # A mangled name begins with its module: s:7Luthier…, or a letter for the standard library.
        for fragment in symbol.get("declarationFragments", []):
            module = re.match(r"s:(\d+)(\w+)", fragment.get("preciseIdentifier", ""))
            if module and not module[2].startswith(("Luthier", "Foundation")):
                differ(f"Luthier.{name} names a type of another module: {fragment['spelling']}")


def main():
    found = list(targets())
    check_modules(found)
    check_imports(found)
    check_unsafe()
    check_families()
    check_access()
    check_sizes()
    check_links()
    check_library()
    print(f"documents: {len(differences)} differences")
    sys.exit(1 if differences else 0)


if __name__ == "__main__":
    main()
