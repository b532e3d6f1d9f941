#!/usr/bin/env python3
"""Runs the examples of docs/service.md as they stand there, against a service.

    service_documented.py URL LOCKED_URL FOLDER     a service; one with a key, which is not used; FOLDER has the rows

An example is a block of `python`, `bash` or `javascript`; only the address is replaced. Each must end without an error and
print an answer. The Python that runs this has the package `openai`.
"""

import pathlib
import re
import shutil
import subprocess
import sys

from service_checks import check, skip

URL, FOLDER = sys.argv[1], pathlib.Path(sys.argv[3])
PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "service.md"
#: How a block is run, and what its output must hold.
RUN = {"python": ([sys.executable, "-c"], "The job has successfully completed"), "sh": (["bash", "-ec"], "Paris"),
       "javascript": (["node", "--input-type=module", "-e"], "Paris")}


def main():
    place = FOLDER / "documented"
    place.mkdir()
    # As few as a job takes.
    rows = (FOLDER / "chat.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)[:12]
    (place / "rows.jsonl").write_text("".join(rows), encoding="utf-8")
    blocks = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.S | re.M)
    seen = set()
    for number, (language, text) in enumerate(blocks, 1):
        # Of the shell's blocks the one that asks the service itself; `make docs` runs the others.
        if language not in RUN or (language == "sh" and "curl" not in text):
            continue
        seen.add(language)
        command, wanted = RUN[language]
        name = f"block {number} of docs/service.md, {language}"
        if not shutil.which(command[0]):
            skip(name, f"{command[0]} is not installed here")
            continue
        done = subprocess.run([*command, text.replace("http://127.0.0.1:8080", URL)], cwd=place, capture_output=True, text=True,
                              timeout=600)
        check(name, done.returncode == 0 and wanted in done.stdout, f"code {done.returncode}: {done.stdout}{done.stderr}"[-1500:])
    check("docs/service.md has an example in each language", seen == set(RUN), seen)


if __name__ == "__main__":
    main()
