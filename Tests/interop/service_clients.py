#!/usr/bin/env python3
"""OpenAI's own clients and others against `luthier serve`, unmodified, and jobs that survive kills.

    service_clients.py LUTHIER [PYTHON…] [--kills N]     one Python for each environment: with a version of the package
                                                         `openai`, or with `litellm`. curl and Node are tried where they are

Each line is "passed: …", "FAILED: …" or "skipped: …"; exit code 1 if one failed. Needs the model smollm2-135m in the cache.
"""

import argparse
import pathlib
import secrets
import shutil
import subprocess
import sys
import tempfile
import time

import service_kills
from service_host import Service, rows

HERE = pathlib.Path(__file__).resolve().parent
counts = {"passed": 0, "FAILED": 0, "skipped": 0}


def tell(line):
    """Shows a line of a check and counts it."""
    word = line.split(":")[0]
    counts[word] += 1
    print(line, flush=True)


def check(name, is_right, seen=""):
    tell(f"passed: {name}" if is_right else f"FAILED: {name}: {seen}")


def session(name, command, seconds=900):
    """A client's script, whose lines are shown with its name."""
    start = time.monotonic()
    errors = tempfile.TemporaryFile("w+")
    done = subprocess.Popen(["timeout", str(seconds), *map(str, command)], stdout=subprocess.PIPE, stderr=errors, text=True,
                            stdin=subprocess.DEVNULL)
    for line in done.stdout:
        word, _, rest = line.rstrip("\n").partition(": ")
        if word in counts:
            tell(f"{word}: {name}: {rest}")
    code = done.wait()
    errors.seek(0)
    check(f"{name}: ran to its end in {time.monotonic() - start:.0f} s", code == 0, f"code {code}: {errors.read()[-1500:]}")


def clients(pythons, tools, places):
    newest = None
    for python in pythons:
        found = subprocess.run([python, "-c", "from importlib.metadata import distributions as d\n"
                                "v = {x.metadata['Name'].lower(): x.version for x in d()}\nprint('litellm' in v and "
                                "'litellm ' + v['litellm'] or 'openai ' + v.get('openai', '?'))"],
                               capture_output=True, text=True).stdout.strip()
        script = "service_litellm.py" if found.startswith("litellm") \
            else "service_lessons.py" if found.startswith("openai 0.") else "service_client.py"
        session(found, [python, HERE / script, *places])
        if script == "service_client.py":
            newest = python
    if newest:
        session("documents", [newest, HERE / "service_documented.py", *places])
    for name, command in [("curl", ["bash", HERE / "service_curl.sh"]), ("node", ["node", HERE / "service_node.mjs"])]:
        if name not in tools:
            continue
        if not shutil.which(name):
            tell(f"skipped: {name}: it is not installed here")
            continue
        version = subprocess.run([name, "--version"], capture_output=True, text=True).stdout.split("\n")[0]
        if name == "node" and int(version.lstrip("v").split(".")[0]) < 18:
            tell(f"skipped: node: {version} has no fetch of its own; 18 has")
            continue
        session(" ".join(version.split()[:2]) if name == "curl" else f"node {version}", [*command, *places])


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("luthier", type=pathlib.Path)
    options.add_argument("pythons", nargs="*", help="one for each version of the package `openai`, and one with `litellm`")
    options.add_argument("--tools", default="curl,node", help="clients that are not Python")
    options.add_argument("--kills", type=int, default=12, help="how often the service is killed during jobs")
    options.add_argument("--seed", type=int, default=1, help="of the moments of the kills")
    options.add_argument("--damage", choices=service_kills.DAMAGES, help="lose this between two kills, to see the check fail")
    arguments = options.parse_args()
    luthier, services = arguments.luthier.resolve(), []
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        rows(folder)
        (folder / "key").write_text(secrets.token_hex(16) + "\n")
        (folder / "service.json").write_text('{"models": {"davinci": "smollm2-135m"}}\n')
        try:
            if arguments.pythons or arguments.tools.strip(","):
                services.append(Service(luthier, folder, "--config", "service.json"))
                services.append(Service(luthier, folder, "--data", "locked", "--key-file", "key"))
                places = [services[0].url, services[1].url, folder]
                clients(arguments.pythons, arguments.tools.split(","), places)
                for service in services:
                    check("the service ends at SIGTERM", service.stop() == 0)
                services = []
            if arguments.kills:
                service_kills.run(luthier, folder, arguments, services, check)
        finally:
            for service in services:
                service.kill()
    print(f"clients: {counts['passed']} passed, {counts['FAILED']} failed, {counts['skipped']} skipped "
          f"in {time.monotonic() - start:.0f} s")
    sys.exit(counts["FAILED"] > 0)


if __name__ == "__main__":
    main()
