#!/usr/bin/env python3
"""Breaks the program on purpose, in one way at a time: the case of the catalogue that is named for it must fail.

    python3 Tests/faults/breaks.py                 all of Tests/faults/breaks.txt
    python3 Tests/faults/breaks.py --list          number, case and title of each
    python3 Tests/faults/breaks.py --only 7,20-24  some of them

breaks.txt is written as Tests/mutations.txt, with the number of a case in the place of a test. Works on a copy of the
repository below .build/fault-breaks; --folder is where another copy is. The copy is first built as it is, and all cases
that are to catch something must pass there. Exit status: 0 every break was caught, 1 one survived, did not compile, or
no longer fits the sources, 2 the script could not begin.
"""

import argparse
import os
import re
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import faults  # noqa: E402
import mutations as table  # noqa: E402

TABLE = Path(__file__).with_suffix(".txt")
#: Seconds for one case. A break may make it endless.
CASE_LIMIT = 300


def misfit(found, numbers):
    """Why a break does not fit the sources or the catalogue, or None."""
    if found.test not in numbers:
        return f"there is no case {found.test}"
    found.test, case = "Target.Suite/test", found.test
    try:
        return table.misfit(found, table.ROOT)
    finally:
        found.test = case


class Workshop(table.Workshop):
    """A copy whose program is built and tried."""

    def build(self):
        return self.run(["swift", "build", *table.OPTIMISED, "--product", "luthier"], table.BUILD_LIMIT)

    def cases(self, names):
        """Runs cases; returns the result of each that came to its end."""
        status, output = self.run([sys.executable, "Tests/faults/faults.py", ".build/debug/luthier", "--quick", "--only",
                                   ",".join(names)], CASE_LIMIT * len(names))
        lines = re.findall(r"^(passed|FAILED|skipped) +([A-H]\d+) ", output, re.M)
        return {name: result for result, name in lines}, status

    def judge(self, mutation):
        status, output = self.build()
        if status != 0:
            errors = [line for line in output.splitlines() if " error: " in line]
            return False, "DOES NOT COMPILE: " + (errors[0] if errors else "see the build's output")
        results, status = self.cases([mutation.test])
        result = results.get(mutation.test)
        if result == "FAILED":
            return True, mutation.test
        if result is None and status is None:
            return True, f"{mutation.test} (did not end within {CASE_LIMIT} s)"
        return False, f"SURVIVED: {mutation.test} {result or 'did not run'}"


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("--list", action="store_true", help="show what there is, and whether it fits the sources")
    options.add_argument("--only", metavar="NUMBERS", help="1,4,7-9")
    options.add_argument("--folder", type=Path, default=table.ROOT / ".build" / "fault-breaks", help="where the copy is")
    given = options.parse_args()
    table.TABLE = TABLE
    breaks = table.chosen(table.read_table(), given.only)
    numbers, _ = faults.cases()
    wrong = [(found, reason) for found in breaks if (reason := misfit(found, numbers))]
    if given.list:
        for found in breaks:
            print(f"{found.number:3} {found.test:4} {found.title}")
        print(f"{len({found.test for found in breaks})} of {len(numbers)} cases have a break")
    for found, reason in wrong:
        print(f"error: break {found.number}, {found.title}: {reason}", file=sys.stderr)
    if wrong or given.list:
        return 1 if wrong else 0

    workshop = Workshop(given.folder.resolve(), table.environment())

    def stop(*_):
        workshop.kill()
        os._exit(130)

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    status, output = workshop.build()
    if status != 0:
        print("error: the unbroken copy does not build:\n" + output[-3000:], file=sys.stderr)
        return 2
    names = sorted({found.test for found in breaks})
    results, _ = workshop.cases(names)
    if bad := [f"{name}: {results.get(name, 'no result')}" for name in names if results.get(name) != "passed"]:
        print("error: in the unbroken copy these cases do not pass:\n" + "\n".join(bad), file=sys.stderr)
        return 2
    # What breaks the same module is built in turn.
    start, caught = time.monotonic(), 0
    for found in sorted(breaks, key=lambda found: found.path):
        outcome = workshop.attempt(found)
        caught += outcome.is_caught
        print(f"{found.number:3} {found.title} | {outcome.verdict} | {outcome.seconds:.0f} s", flush=True)
    print(f"{caught} of {len(breaks)} caught in {(time.monotonic() - start) / 60:.0f} minutes")
    return 0 if caught == len(breaks) else 1


if __name__ == "__main__":
    sys.exit(main())
