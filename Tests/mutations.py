#!/usr/bin/env python3
"""Breaks the sources on purpose, one way after the other: a test must catch each.

    python3 Tests/mutations.py                 all of Tests/mutations.txt
    python3 Tests/mutations.py --list          number and title of each
    python3 Tests/mutations.py --only 7,20-24  some of them

Works on copies of the repository below .build/mutations, never on the repository itself. Each copy is first built as it
is, and all tests that are to catch something must pass. Then every break is made, built, tried on the one test that is
named for it, and taken back. Exit status: 0 every break was caught, 1 one survived, did not compile, or no longer fits
the sources, 2 the script could not begin.

Tests/mutations.txt holds the breaks. Each begins with its title; two indented lines name the file and the test
(target.suite/function); lines with `-` are the old text, which must occur in the file exactly once, those with `+` the
new one. Old text may begin and end anywhere in a line. Lines that begin with `#`, and empty ones, say nothing.
"""

import argparse
import filecmp
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TABLE = Path(__file__).with_suffix(".txt")
COPIED = ["Package.swift", "Sources", "Examples", "Tests", "Benchmarks", "configs", "data", "checkpoints"]
#: Appended to the manifest of a copy: only what one test target needs is built, which saves most of the time. The tests
#: of the program itself need everything.
FOCUS = """
var pending = ["%s"]
var wanted: Set<String> = []
while let name = pending.popLast() {
    guard wanted.insert(name).inserted, let target = package.targets.first(where: { $0.name == name }) else { continue }
    for dependency in target.dependencies {
        if case .byNameItem(let name, _) = dependency { pending.append(name) }
    }
}
package.targets.removeAll { !wanted.contains($0.name) }
package.products.removeAll()
"""
#: The debug configuration, which compiles a changed file instead of its module, but with optimisation: a break is built in
#: seconds, and the tests are not a hundred times slower.
OPTIMISED = ["-Xswiftc", "-O", "-Xswiftc", "-enable-testing"]
WITHOUT_FOCUS = {"CommandTests", "ServiceTests"}
#: Seconds. A break may well make a loop endless.
BUILD_LIMIT, TEST_LIMIT = 1800, 120


@dataclass
class Mutation:
    number: int
    title: str
    path: str = ""
    test: str = ""
    old: list = field(default_factory=list)
    new: list = field(default_factory=list)

    @property
    def target(self):
        return self.test.split(".")[0]

    @property
    def replacement(self):
        """Old and new text."""
        return "\n".join(self.old), "\n".join(self.new)


@dataclass
class Outcome:
    mutation: Mutation
    is_caught: bool
    verdict: str
    seconds: float


def read_table():
    mutations = []
    for number, line in enumerate(TABLE.read_text(encoding="utf-8").splitlines(), 1):
        current = mutations[-1] if mutations else None
        if not line.strip() or line.startswith("#"):
            continue
        if line[0] in "-+" and current:
            (current.old if line[0] == "-" else current.new).append(line[2:])
        elif line.startswith("  ") and current and not current.path:
            current.path = line.strip()
        elif line.startswith("  ") and current and not current.test:
            current.test = line.strip()
        elif not line[0].isspace():
            mutations.append(Mutation(len(mutations) + 1, line.strip()))
        else:
            sys.exit(f"error: {TABLE.name}:{number} is not understood: {line}")
    return mutations


def misfit(mutation, root):
    """Why a break does not fit the sources, or None."""
    if not re.fullmatch(r"\w+\.\w+(/\w+)+", mutation.test) or not any(mutation.old):
        return "it lacks a test or an old text"
    path = root / mutation.path
    if not path.is_file():
        return f"{mutation.path} is gone"
    old, new = mutation.replacement
    count = path.read_text(encoding="utf-8").count(old)
    if count != 1:
        return f"the old text occurs in {mutation.path} {count} times, not once"
    return "old and new text are equal" if old == new else None


def synchronize(source, target):
    """Makes `target` equal to `source`. Equal files keep their dates, so that they are not built again."""
    if source.is_file():
        if not target.is_file() or not filecmp.cmp(source, target, shallow=False):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
        return
    target.mkdir(parents=True, exist_ok=True)
    names = {entry.name for entry in source.iterdir() if not entry.name.startswith(".build")}
    for entry in target.iterdir():
        if entry.name not in names:
            shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
    for name in names - {"__pycache__"}:
        synchronize(source / name, target / name)


class Workshop:
    """One copy of the repository, in which one thing is built or tested at a time."""

    def __init__(self, folder, environment):
        self.folder, self.environment, self.process = folder, environment, None
        for name in COPIED:
            if (ROOT / name).exists():
                synchronize(ROOT / name, folder / name)

    def run(self, command, limit):
        """Exit status (None where the limit was reached) and all output of a command and what it started."""
        self.process = subprocess.Popen(
            command, cwd=self.folder, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL, text=True, errors="replace", start_new_session=True)
        try:
            output, _ = self.process.communicate(timeout=limit)
            return self.process.returncode, output
        except subprocess.TimeoutExpired:
            self.kill()
            return None, self.process.communicate()[0]

    def kill(self):
        """Ends what is running, and all that it has started."""
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)

    def focus(self, target):
        """Restricts the copy to what a test target needs."""
        manifest = (ROOT / "Package.swift").read_text(encoding="utf-8")
        if target not in WITHOUT_FOCUS:
            manifest += FOCUS % target
        (self.folder / "Package.swift").write_text(manifest, encoding="utf-8")

    def build(self):
        return self.run(["swift", "build", "--build-tests", *OPTIMISED], BUILD_LIMIT)

    def test(self, names, limit=TEST_LIMIT):
        """Runs tests. Returns the result of each ("passed", "failed" or "skipped"), and the output; no results at all
        where the process did not come to its end."""
        report = self.folder / ".build" / "report.xml"
        written = report.with_name("report-swift-testing.xml")
        written.unlink(missing_ok=True)
        pattern = "|".join("^" + re.escape(name) + r"\(" for name in names)
        status, output = self.run(
            ["swift", "test", "--skip-build", *OPTIMISED, "--filter", pattern, "--xunit-output", str(report)], limit)
        results = {}
        if status is not None and written.exists():
            try:
                cases = xml.etree.ElementTree.parse(written).iter("testcase")
            except xml.etree.ElementTree.ParseError:
                # The process crashed before it had written all of it.
                cases = []
            for case in cases:
                name = case.get("classname") + "/" + case.get("name").split("(")[0]
                parts = {child.tag for child in case}
                result = "failed" if parts & {"failure", "error"} else "skipped" if "skipped" in parts else "passed"
                results[name.replace(".", "/").replace("/", ".", 1)] = result
        return results, status, output

    def attempt(self, mutation):
        """Makes one break, looks whether its test fails, and takes it back."""
        start = time.monotonic()
        path = self.folder / mutation.path
        original = path.read_text(encoding="utf-8")
        try:
            path.write_text(original.replace(*mutation.replacement), encoding="utf-8")
            is_caught, verdict = self.judge(mutation)
        finally:
            path.write_text(original, encoding="utf-8")
        return Outcome(mutation, is_caught, verdict, time.monotonic() - start)

    def judge(self, mutation):
        status, output = self.build()
        if status != 0:
            errors = [line for line in output.splitlines() if " error: " in line]
            return False, "DOES NOT COMPILE: " + (errors[0] if errors else "see the build's output")
        results, status, output = self.test([mutation.test])
        result = results.get(canonical(mutation.test))
        if result == "failed":
            return True, mutation.test
        if result is not None:
            return False, f"SURVIVED: {mutation.test} {result}"
        if status is None:
            return True, f"{mutation.test} (did not end within {TEST_LIMIT} s)"
        function = mutation.test.split("/")[-1]
        if status != 0 and re.search(rf"Test {function}\(.*\) started", output):
            return True, f"{mutation.test} (crash)"
        return False, f"SURVIVED: {mutation.test} did not run"


def canonical(test):
    return test.replace(".", "/").replace("/", ".", 1)


def chosen(mutations, text):
    if not text:
        return mutations
    numbers = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        numbers |= set(range(int(first), int(last or first) + 1))
    unknown = numbers - {mutation.number for mutation in mutations}
    if unknown:
        sys.exit(f"error: there is no mutation {min(unknown)}; --list shows all {len(mutations)}")
    return [mutation for mutation in mutations if mutation.number in numbers]


def environment():
    variables = dict(os.environ)
    data = Path(variables.get("LUTHIER_TEST_DATA", ROOT.parent / "shared" / "data")).resolve()
    if data.is_dir():
        variables["LUTHIER_TEST_DATA"] = str(data)
    return variables


def prove(workshop, mutations):
    """Builds a copy as it is; the tests of its mutations must pass there. Returns what is wrong, or None."""
    status, output = workshop.build()
    if status != 0:
        return "the unbroken copy does not build:\n" + output[-3000:]
    names = sorted({mutation.test for mutation in mutations})
    results, _, output = workshop.test(names, limit=1200)
    bad = [f"{name}: {results.get(canonical(name), 'missing')}" for name in names
           if results.get(canonical(name)) != "passed"]
    if not bad:
        return None
    return "on the unbroken copy these tests do not pass:\n" + "\n".join(bad) + ("" if results else output[-3000:])


def work(workshop, mutations, failures, outcomes, lock):
    try:
        for target in sorted({mutation.target for mutation in mutations}):
            share = [mutation for mutation in mutations if mutation.target == target]
            workshop.focus(target)
            if failure := prove(workshop, share):
                failures.append(failure)
                return
            for mutation in share:
                outcome = workshop.attempt(mutation)
                with lock:
                    outcomes.append(outcome)
                    print(f"{mutation.number:3} {mutation.title} | {outcome.verdict} | {outcome.seconds:.0f} s", flush=True)
    except Exception as error:
        failures.append(f"{type(error).__name__}: {error}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--list", action="store_true", help="show what there is, and whether it fits the sources")
    parser.add_argument("--only", metavar="NUMBERS", help="1,4,7-9")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1), help="copies that work side by side")
    parser.add_argument("--folder", type=Path, default=ROOT / ".build" / "mutations", help="where the copies are")
    arguments = parser.parse_args()
    mutations = chosen(read_table(), arguments.only)
    misfits = [(mutation, reason) for mutation in mutations if (reason := misfit(mutation, ROOT))]
    if arguments.list:
        for mutation in mutations:
            print(f"{mutation.number:3} {mutation.title} | {mutation.test}")
    for mutation, reason in misfits:
        print(f"error: mutation {mutation.number}, {mutation.title}: {reason}", file=sys.stderr)
    if misfits or arguments.list:
        return 1 if misfits else 0

    start = time.monotonic()
    # What needs the same modules stays together, and in it what breaks the same module.
    mutations.sort(key=lambda mutation: (mutation.target, mutation.path))
    jobs = max(1, min(arguments.jobs, len(mutations)))
    cuts = [len(mutations) * job // jobs for job in range(jobs + 1)]
    failures, outcomes, lock = [], [], threading.Lock()
    workshops = [Workshop(arguments.folder.resolve() / str(job + 1), environment()) for job in range(jobs)]

    def stop(*_):
        for workshop in workshops:
            workshop.kill()
        os._exit(130)

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    threads = [
        threading.Thread(target=work, args=(workshop, mutations[cuts[job]:cuts[job + 1]], failures, outcomes, lock))
        for job, workshop in enumerate(workshops)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for failure in failures:
        print(f"error: {failure}", file=sys.stderr)
    if failures:
        return 2

    print("\nmutation | caught by | seconds\n---|---|---")
    for outcome in sorted(outcomes, key=lambda outcome: outcome.mutation.number):
        print(f"{outcome.mutation.number}. {outcome.mutation.title} | {outcome.verdict} | {outcome.seconds:.0f}")
    caught = sum(outcome.is_caught for outcome in outcomes)
    minutes = (time.monotonic() - start) / 60
    print(f"\n{caught} of {len(outcomes)} caught in {minutes:.0f} minutes")
    return 0 if caught == len(outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
