#!/usr/bin/env python3
"""Lets the Nth write, fsync, rename or close of one save fail, for every N, and kills at every call of it.

    python3 Tests/faults/failing_calls.py .build/release/luthier [--every K]

The save of step 14, the best so far, of a tiny run that has a checkpoint of step 7. Expected each time: training continues or stops with
exit code 1 and an error that names the file; no temporary file is left by a process that ends itself; an intact
checkpoint is there, and every checkpoint is intact; resuming without the fault ends with the bytes of an undisturbed run.
Needs a C compiler (cc) and LD_PRELOAD.
"""

import argparse
import errno
import shutil
import sys
import time

from frame import Failed, Preloaded, Skipped, expect, is_intact, must_be_equal, tiny_place, use

#: Kinds of calls, and the errors that each of them gives in turn.
ERRORS = {"write": [errno.ENOSPC, errno.EIO], "fsync": [errno.EIO], "rename": [errno.EACCES, errno.EIO],
          "close": [errno.EIO], "short": [0], "kill": [0]}
RESUME = ["train", "--config", "tiny.json", "--run", "run", "--resume"]


def fault(library, kind, number, code=0, log=None):
    return {"LD_PRELOAD": library, "FAULT_NAME": "step-000014.h5", "FAULT_AFTER": "1", "FAULT_KIND": kind,
            "FAULT_NUMBER": str(number), "FAULT_ERROR": str(code), "FAULT_LOG": log}


def prepare(place, library):
    """A straight run, one that was killed at the first call of step 14's save, and the number of calls of each kind."""
    place.config(training__steps=20, evaluation__every=7)
    place.train("straight")
    first = ["train", "--config", "tiny.json", "--run", "run"]
    expect(place.run(*first, **fault(library, "kill", 1)).code == -9, "the first call of the save was not seen")
    expect([path.name for path in place.checkpoints("run")] == ["step-000007.h5"], "a checkpoint of step 7 was expected")
    shutil.copytree(place.folder("run"), place / "prepared")
    log = place / "calls"
    place.run(*RESUME, **fault(library, "none", 0, log=str(log))).must_be(0)
    kinds = log.read_text().split()
    counts = {kind: kinds.count(kind) for kind in ("write", "fsync", "rename", "close")}
    expect(all(counts.values()), f"some calls were not seen: {counts}")
    return {**counts, "short": counts["write"], "kill": len(kinds)}


def restore(place):
    shutil.rmtree(place.folder("run"), ignore_errors=True)
    shutil.copytree(place / "prepared", place.folder("run"))


def one(place, library, kind, number, code):
    """One failing call; returns what came of the process."""
    restore(place)
    outcome = place.run(*RESUME, **fault(library, kind, number, code))
    if kind == "kill":
        expect(outcome.code in (-9, 0), f"exit code {outcome.code}: {outcome.err[-400:]}")
    else:
        expect(outcome.code in (0, 1), f"exit code {outcome.code}: {outcome.err[-400:]}")
        if outcome.code == 1:
            expect("error: " in outcome.err and ("step-0000" in outcome.err or "latest" in outcome.err
                                                 or "best" in outcome.err or "/run" in outcome.err), f"no name in: {outcome.err[-400:]}")
        left = [name for name in place.names("run") if ".tmp." in name]
        expect(not left, f"{left} was left")
    intact = [path for path in place.checkpoints("run") if is_intact(path)]
    expect(intact, "no intact checkpoint is left")
    expect(len(intact) == len(place.checkpoints("run")), "a checkpoint that is not intact has its final name")
    place.run(*RESUME).must_be(0)
    must_be_equal(place, "straight", "run")
    return {0: "continued", 1: "stopped"}.get(outcome.code, "killed")


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("program")
    options.add_argument("--every", type=int, default=1, help="only every Kth call")
    given = options.parse_args()
    use(given.program)
    begin, problems, tried = time.monotonic(), [], 0
    try:
        preloaded = Preloaded("failing_calls")
    except Skipped as reason:
        print(f"skipped: failing calls: {reason}")
        return 0
    with tiny_place() as place, preloaded as library:
        counts = prepare(place, library)
        for kind, codes in ERRORS.items():
            results = {}
            for number in range(1, counts[kind] + 1, given.every):
                code = codes[number // given.every % len(codes)]
                tried += 1
                try:
                    result = one(place, library, kind, number, code)
                except Failed as problem:
                    result = "FAILED"
                    problems.append(f"{kind} {number} of {counts[kind]} ({errno.errorcode.get(code, '')}): {problem}")
                    print(f"FAILED: {problems[-1]}", flush=True)
                results[result] = results.get(result, 0) + 1
            print(f"{kind}: {counts[kind]} calls: " + ", ".join(f"{count} {name}" for name, count in results.items()),
                  flush=True)
    print(f"{tried} faults in one save, {len(problems)} failed; {time.monotonic() - begin:.0f} s")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
