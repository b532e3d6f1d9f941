"""`luthier serve` as a process of a test, and what the test asks of it without any client library."""

import json
import pathlib
import re
import subprocess
import signal
import sys
import time
import urllib.error
import urllib.request

BASE = "smollm2-135m"
OVER = ("succeeded", "failed", "cancelled")


class Service:
    """A service in a folder, on a free port. Started again, it has the same data and another port."""

    def __init__(self, luthier, folder, *options):
        self.luthier, self.folder, self.options = luthier, folder, options
        self.data = folder / (options[options.index("--data") + 1] if "--data" in options else "service")
        self.start()

    def start(self):
        log = self.folder / f"{self.data.name}.log"
        with open(log, "a") as file:
            start = file.tell()
            self.process = subprocess.Popen([self.luthier, "serve", "--port", "0", *self.options], cwd=self.folder,
                                            stderr=file, stdin=subprocess.DEVNULL)
        end = time.monotonic() + 60
        while time.monotonic() < end and self.process.poll() is None:
            with open(log) as file:
                file.seek(start)
                found = re.search(r"serves (http://\S+) ", file.read())
            if found:
                self.url = found.group(1)
                return
            time.sleep(0.02)
        self.process.kill()
        sys.exit("the service did not start: " + log.read_text()[start:][-2000:])

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(180)

    def ask(self, method, path, body=None, headers=None):
        """The status of an answer, and its bytes or the value of its JSON."""
        data = json.dumps(body).encode() if isinstance(body, dict) else body
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json", **(headers or {})},
                                         method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                status, kind, content = answer.status, answer.headers["Content-Type"], answer.read()
        except urllib.error.HTTPError as error:
            status, kind, content = error.code, error.headers["Content-Type"], error.read()
        return status, json.loads(content) if kind == "application/json" else content

    def all(self, path, limit=100):
        """Every object of a list, page by page, in its order; none where there is no such list."""
        found, after = [], ""
        while True:
            page = self.ask("GET", f"{path}?limit={limit}{after}")[1]
            found += page.get("data", [])
            if not page.get("has_more"):
                return found
            after = f"&after={found[-1]['id']}"

    def job(self, job):
        return self.ask("GET", f"/v1/fine_tuning/jobs/{job}")[1]

    def events(self, job):
        """The oldest first."""
        return self.all(f"/v1/fine_tuning/jobs/{job}/events")[::-1]

    def upload(self, name, content):
        boundary = "a-boundary"
        body = (f'--{boundary}\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nfine-tune\r\n--{boundary}\r\n'
                f'Content-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n').encode() + content \
            + f"\r\n--{boundary}--\r\n".encode()
        return self.ask("POST", "/v1/files", body, {"Content-Type": f"multipart/form-data; boundary={boundary}"})[1]["id"]


def rows(folder):
    """Forty conversations, the same as prompts and completions for the older interface, and rows that are wrong."""
    things = ["the pool", "the sauna", "the gym", "the café", "the shop"]
    pairs = [(f"When does {thing} open on day {day}?", f"On day {day} {thing} opens at {day + 6} o'clock.")
             for thing in things for day in range(1, 9)]

    def write(name, values):
        text = "".join(json.dumps(value) + "\n" for value in values)
        pathlib.Path(folder, name).write_text(text, encoding="utf-8")

    write("chat.jsonl", [{"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]}
                         for question, answer in pairs])
    write("old.jsonl", [{"prompt": question + " ->", "completion": " " + answer + "\n"} for question, answer in pairs])
    write("wrong.jsonl", [{"messages": [{"role": "user", "content": question}]} for question, _ in pairs])
