#!/usr/bin/env python3
"""Runs the catalogue of faults with the built program: what the world does to a run, and what is expected then.

    python3 Tests/faults/faults.py .build/release/luthier [--quick] [--only A,B3,C5] [--jobs N] [--list]

One file per group: A exact resume, B atomic files, C hostile model files, D tokenizer, E data and config, G numerics,
H processes. A case is a function named by its number; its docstring says what is expected. The service has its own tests
(F). Exit status: 0 if no case failed.
"""

import argparse
import importlib
import multiprocessing
import os
import re
import sys
import time
import traceback

from frame import Failed, Skipped, use

#: Cases of each group.
CATALOGUE = {"A": range(1, 21), "B": range(1, 17), "C": range(1, 16), "D": range(1, 9), "E": range(1, 13), "G": range(1, 10),
             "H": range(1, 14)}


def cases():
    """Number → function, and the numbers without one."""
    found, missing = {}, []
    for group, numbers in CATALOGUE.items():
        try:
            module = importlib.import_module(f"group_{group.lower()}")
        except ModuleNotFoundError as problem:
            if problem.name != f"group_{group.lower()}":
                raise
            module = None
        for number in numbers:
            case = getattr(module, f"{group}{number}", None)
            if case:
                found[f"{group}{number}"] = case
            else:
                missing.append(f"{group}{number}")
    return found, missing


#: What takes longest begins first where cases run side by side.
LONGEST = ["C3", "B1", "B2", "H13", "C12", "C11", "D6", "B10", "A2", "H1"]


def run_all(found, is_quick, jobs):
    """Runs cases, several side by side in separate processes; returns the result of each."""
    if jobs == 1:
        return {name: run(name, case, is_quick) for name, case in found.items()}
    names = sorted(found, key=lambda name: LONGEST.index(name) if name in LONGEST else len(LONGEST))
    # A process for each case: what one takes of memory is not counted for the next.
    with multiprocessing.get_context("fork").Pool(jobs, maxtasksperchild=1) as pool:
        results = [(name, pool.apply_async(run, (name, found[name], is_quick))) for name in names]
        return {name: result.get() for name, result in results}


def run(name, case, is_quick):
    """Runs one case; returns "passed", "failed" or "skipped", and prints a line."""
    begin = time.monotonic()
    text = " ".join((case.__doc__ or "").split())
    try:
        case(is_quick) if case.__code__.co_argcount else case()
        result, reason = "passed", ""
    except Skipped as problem:
        result, reason = "skipped", f"\n        {problem}"
    except Failed as problem:
        result, reason = "FAILED", f"\n        {problem}"
    except Exception:
        result, reason = "FAILED", "\n" + traceback.format_exc()
    print(f"{result:8}{name:4} {text}  {time.monotonic() - begin:.1f} s{reason}", flush=True)
    return result


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("program", nargs="?")
    options.add_argument("--quick", action="store_true", help="smaller numbers in cases that repeat something often")
    options.add_argument("--only", default="", help="groups or numbers, separated by commas")
    options.add_argument("--jobs", type=int, default=0, help="cases side by side; with --quick two, otherwise one")
    options.add_argument("--list", action="store_true", help="list the cases")
    given = options.parse_args()
    found, missing = cases()
    if given.only:
        wanted = given.only.split(",")
        found = {name: case for name, case in found.items()
                 if name in wanted or re.sub(r"\d+", "", name) in wanted}
    if given.list:
        for name, case in found.items():
            print(f"{name:4} {' '.join((case.__doc__ or '').split())}")
    else:
        if not given.program:
            options.error("the path of the program is missing")
        use(given.program)
        begin = time.monotonic()
        results = run_all(found, given.quick, given.jobs or (min(2, os.cpu_count() or 1) if given.quick else 1))
        print(f"{time.monotonic() - begin:.0f} s")
        for kind in ("FAILED", "skipped"):
            names = [name for name, result in results.items() if result == kind]
            if names:
                print(f"{kind}: {', '.join(names)}")
    if missing and not given.only:
        print(f"not written: {', '.join(missing)}")
    if given.list:
        return 0
    count = list(results.values()).count
    print(f"{count('passed')} passed, {count('FAILED')} failed" + (f", {count('skipped')} skipped" if count("skipped") else ""))
    return 1 if count("FAILED") else 0


if __name__ == "__main__":
    sys.exit(main())
