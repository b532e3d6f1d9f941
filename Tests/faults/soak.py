#!/usr/bin/env python3
"""Trains and serves a small model at the same time for an hour: neither memory nor the number of open files may grow.

    python3 Tests/faults/soak.py .build/release/luthier [--minutes 60]

The service gets requests all the time: completions, chats, streams that are left in the middle, and mistakes. Every
second memory and open files of both processes are looked at. What the second third and the last third took is compared.
Exit status: 0 if both are flat.
"""

import argparse
import http.client
import json
import os
import re
import signal
import sys
import threading
import time

from frame import Failed, expect, last_step, tiny_place, use

#: KiB by which the mean of the last third may exceed that of the third before it.
MOST_GROWTH = 4096


class Process:
    """A started program, and what it has held."""

    def __init__(self, name, process):
        self.name, self.process, self.samples = name, process, []

    def look(self):
        expect(self.process.poll() is None, f"{self.name} has ended with {self.process.returncode}")
        status = open(f"/proc/{self.process.pid}/status").read()
        files = len(os.listdir(f"/proc/{self.process.pid}/fd"))
        self.samples.append((int(re.search(r"VmRSS:\s+(\d+)", status).group(1)), files))

    def judge(self, work):
        """Prints what it has held, and expects that it is flat."""
        third = len(self.samples) // 3
        early, late = self.samples[third:2 * third], self.samples[2 * third:]
        before, after = (sum(size for size, _ in part) / len(part) for part in (early, late))
        files = [max(number for _, number in part) for part in (early, late)]
        print(f"{self.name}: {before / 1024:.1f} → {after / 1024:.1f} MiB, at most {files[0]} → {files[1]} open files, {work}",
              flush=True)
        expect(after - before < MOST_GROWTH, f"the memory of {self.name} has grown by {after - before:.0f} KiB")
        # A request may be open at the moment of a look.
        expect(files[1] <= files[0] + 2, f"open files of {self.name} have grown")


class Requests:
    """Asks the service again and again, until it is told to stop."""

    MISTAKES = [b"{", b'{"model": "none"}', b'{"model": 7}', b"\xff\xfe", b"[" * 1000]

    def __init__(self, port, model):
        self.port, self.model = port, model
        self.count, self.problems, self.is_over = 0, [], threading.Event()
        self.thread = threading.Thread(target=self.ask_all)
        self.thread.start()

    def ask_all(self):
        while not self.is_over.is_set():
            try:
                self.ask(self.count)
            except (OSError, http.client.HTTPException) as problem:
                self.problems.append(f"request {self.count}: {problem!r}")
            self.count += 1

    def post(self, path, body, connection):
        content = body if isinstance(body, bytes) else json.dumps(body)
        connection.request("POST", path, content, {"Content-Type": "application/json"})
        return connection.getresponse()

    def ask(self, number):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            kind = number % 5
            prompt = {"model": self.model, "prompt": "In Dover", "max_tokens": 1 + number % 16, "seed": number}
            if kind == 0:
                answer = self.post("/v1/completions", prompt, connection)
            elif kind == 1:
                answer = self.post("/v1/completions", {**prompt, "n": 2, "logprobs": 1}, connection)
            elif kind == 2:
                answer = self.post("/v1/completions", {**prompt, "stream": True}, connection)
                # Left in the middle: the service notices that nobody listens.
                answer.read(40)
                return
            elif kind == 3:
                answer = self.post("/v1/completions", self.MISTAKES[number % len(self.MISTAKES)], connection)
                expect(400 <= answer.status < 500, f"a mistake is answered with {answer.status}")
                answer.read()
                return
            else:
                connection.request("GET", ["/v1/models", "/v1/files", "/health", "/nothing"][number % 4])
                answer = connection.getresponse()
                answer.read()
                return
            text = answer.read()
            expect(answer.status == 200, f"status {answer.status}: {text[:300]}")
        except Failed as problem:
            self.problems.append(f"request {number}: {problem}")
        finally:
            connection.close()

    def stop(self):
        self.is_over.set()
        self.thread.join()


def served(place):
    """Starts the service, and waits for its port."""
    process = place.start("serve", "--port", "0")
    log = place / "errors"
    end = time.monotonic() + 60
    while time.monotonic() < end:
        found = re.search(r"127\.0\.0\.1:(\d+)", log.read_text(errors="replace"))
        if found:
            return process, int(found.group(1))
        expect(process.poll() is None, f"the service has ended: {log.read_text()[-500:]}")
        time.sleep(0.1)
    raise Failed("the service does not say where it listens")


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("program")
    options.add_argument("--minutes", type=float, default=60)
    given = options.parse_args()
    use(given.program)
    with tiny_place() as place:
        # What it answers with; the other run never ends.
        place.train("served")
        place.config("long.json", training__steps=1_000_000_000, training__saveEvery=25, evaluation__every=50)
        service, port = served(place)
        training = place.start("train", "--config", "long.json", "--run", "long")
        both = [Process("serving", service), Process("training", training)]
        requests = Requests(port, "served")
        try:
            end = time.monotonic() + 60 * given.minutes
            while time.monotonic() < end:
                time.sleep(1)
                for process in both:
                    process.look()
            requests.stop()
            expect(not requests.problems, f"{len(requests.problems)} requests failed, first {requests.problems[:1]}")
            both[0].judge(f"{requests.count} requests")
            both[1].judge(f"{last_step(place, 'long')} steps")
        finally:
            requests.stop()
            for process in (training, service):
                process.send_signal(signal.SIGTERM)
            for process in (training, service):
                process.wait(60)
    print("flat: memory and open files")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as problem:
        print(f"FAILED: {problem}")
        sys.exit(1)
