#!/usr/bin/env python3
"""OpenAI's own clients against `luthier serve`, unmodified, and jobs that survive kills.

    service_clients.py LUTHIER PYTHON… [--kills N]     one Python for each version of the package `openai`; 0.28 brings its
                                                       command line

Each line is "passed: …" or "FAILED: …"; exit code 1 if one failed. Needs the model smollm2-135m in the cache.
"""

import argparse
import hashlib
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
BASE = "smollm2-135m"
failures = 0


def check(name, is_right, seen=""):
    global failures
    failures += not is_right
    print(f"passed: {name}" if is_right else f"FAILED: {name}: {seen}", flush=True)


class Service:
    """`luthier serve` in a folder, on a free port."""

    def __init__(self, luthier, folder):
        self.luthier, self.folder = luthier, folder
        self.start()

    def start(self):
        self.process = subprocess.Popen([self.luthier, "serve", "--port", "0"], cwd=self.folder, stderr=subprocess.PIPE,
                                        text=True)
        for line in self.process.stderr:
            found = re.search(r"serves (http://\S+)", line)
            if found:
                self.url = found.group(1)
                break
        else:
            sys.exit("the service did not start")
        # What it logs is read, or it would wait.
        self.log = open(self.folder / "serve.log", "a")
        self.reader = subprocess.Popen(["cat"], stdin=self.process.stderr, stdout=self.log)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def ask(self, method, path, body=None, headers=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json", **(headers or {})},
                                         method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def job(self, job):
        return self.ask("GET", f"/v1/fine_tuning/jobs/{job}")[1]

    def events(self, job):
        return self.ask("GET", f"/v1/fine_tuning/jobs/{job}/events?limit=100")[1]["data"]

    def wait(self, job, states):
        for _ in range(1200):
            value = self.job(job)
            if value["status"] in states:
                return value
            time.sleep(0.1)
        sys.exit(f"job {job} did not become {states}")


def rows(folder):
    """Forty conversations, and the same as prompts and completions for the older interface."""
    things = ["the pool", "the sauna", "the gym", "the café", "the shop"]
    pairs = [(f"When does {thing} open on day {day}?", f"On day {day} {thing} opens at {day + 6} o'clock.")
             for thing in things for day in range(1, 9)]
    with open(folder / "chat.jsonl", "w", encoding="utf-8") as file:
        for question, answer in pairs:
            file.write(json.dumps({"messages": [{"role": "user", "content": question},
                                                {"role": "assistant", "content": answer}]}) + "\n")
    with open(folder / "old.jsonl", "w", encoding="utf-8") as file:
        for question, answer in pairs:
            file.write(json.dumps({"prompt": question + " ->", "completion": " " + answer + "\n"}) + "\n")


def modern(python, service, folder):
    result = subprocess.run([python, HERE / "service_client.py", service.url + "/v1", folder / "chat.jsonl"],
                            capture_output=True, text=True, timeout=300)
    for line in result.stdout.splitlines():
        check(line[8:], line.startswith("passed: "))
    check(f"{pathlib.Path(python).parent.parent.name} ran to its end", result.returncode == 0, result.stderr[-800:])


def legacy(python, service, folder):
    """The lessons of 2022, word for word."""
    program = pathlib.Path(python).parent / "openai"
    environment = {**os.environ, "OPENAI_API_BASE": service.url + "/v1", "OPENAI_API_KEY": "any"}

    def run(*words, given=""):
        done = subprocess.run([program, "api", *words], capture_output=True, text=True, timeout=300, env=environment,
                              cwd=folder, input=given)
        return done.stdout + done.stderr

    text = run("fine_tunes.create", "-t", "./old.jsonl", "-m", BASE, "--suffix", "GPT-4 v1", "--n_epochs", "1")
    found = re.search(r"Created fine-tune: (ft-\w+)", text)
    check("0.28: fine_tunes.create follows to the end", bool(found) and "Job complete! Status: succeeded" in text, text)
    if not found:
        return
    job = found.group(1)
    model = re.search(r"Uploaded model: (\S+)", text).group(1)
    check("0.28: the model's name", re.fullmatch(rf"{BASE}:ft-personal:gpt-4-v1-[-\d]+", model) is not None, model)
    check("0.28: fine_tunes.list", job in run("fine_tunes.list"))
    value = json.loads(run("fine_tunes.get", "-i", job))
    check("0.28: fine_tunes.get", value["status"] == "succeeded" and value["fine_tuned_model"] == model, value)
    check("0.28: fine_tunes.follow", "Fine-tune succeeded" in run("fine_tunes.follow", "-i", job))
    results = run("fine_tunes.results", "-i", job)
    check("0.28: fine_tunes.results", results.startswith("step,elapsed_tokens,elapsed_examples,training_loss"), results[:200])
    answer = run("completions.create", "-m", model, "-p", "When does the pool open on day 3? ->", "-M", "8")
    check("0.28: completions.create", "->" in answer and "Error" not in answer, answer)
    text = run("fine_tunes.create", "-t", "./old.jsonl", "-m", BASE, "--n_epochs", "20", "--no_follow", given="\n")
    other = re.search(r"Created fine-tune: (ft-\w+)", text) or re.search(r'"id": "(ft-\w+)"', text)
    check("0.28: fine_tunes.create without following", bool(other), text)
    if other:
        value = run("fine_tunes.cancel", "-i", other.group(1))
        check("0.28: fine_tunes.cancel", '"status": "cancelled"' in value, value)
    text = run("fine_tunes.create", "-t", "./old.jsonl", "-m", "davinci", "--no_follow", given="\n")
    check("0.28: an unknown model says what is here", "does not exist. Models here:" in text, text)


def weights(folder, job):
    newest = sorted((folder / "checkpoints" / job).glob("step-*.h5"))[-1]
    return newest.name, hashlib.sha256(newest.read_bytes()).hexdigest()


def upload(service, path):
    boundary = "limit"
    body = (f'--{boundary}\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nfine-tune\r\n--{boundary}\r\n'
            f'Content-Disposition: form-data; name="file"; filename="chat.jsonl"\r\n\r\n').encode() + path.read_bytes() \
        + f"\r\n--{boundary}--\r\n".encode()
    request = urllib.request.Request(service.url + "/v1/files", body,
                                     {"Content-Type": f"multipart/form-data; boundary={boundary}"})
    return json.loads(urllib.request.urlopen(request).read())["id"]


def kills(service, folder, count, seed):
    """Jobs during which the service, or the service and the job's process, are killed at random moments: each job ends with
    the bytes of an undisturbed one, and nothing of it is lost or told twice."""
    random.seed(seed)
    file = upload(service, folder / "chat.jsonl")
    order = {"model": BASE, "training_file": file, "seed": 7, "hyperparameters": {"n_epochs": 3, "batch_size": 8}}
    straight = service.ask("POST", "/v1/fine_tuning/jobs", order)[1]["id"]
    service.wait(straight, ["succeeded"])
    wanted, jobs = weights(folder, straight), [straight]
    messages = [event["message"] for event in service.events(straight) if event["type"] == "message"]
    done = of_both = 0
    while done < count:
        job = service.ask("POST", "/v1/fine_tuning/jobs", order)[1]["id"]
        jobs.append(job)
        # The first kills of a job are of both, the later ones of the service alone: a process that is killed before its
        # first checkpoint begins again, and would never end.
        both_left = 2
        while service.ask("GET", f"/v1/fine_tuning/jobs/{job}")[1]["status"] not in ("succeeded", "failed"):
            time.sleep(random.uniform(0, 1.5))
            if done == count:
                continue
            process = folder / "service" / "jobs" / job / "process.json"
            service.kill()
            if both_left and process.exists() and random.random() < 0.3:
                both_left -= 1
                of_both += 1
                try:
                    os.kill(json.loads(process.read_text())["process"], signal.SIGKILL)
                except ProcessLookupError:
                    pass
            done += 1
            service.start()
        value = service.wait(job, ["succeeded", "failed"])
        events = service.events(job)
        steps = sorted(event["data"]["step"] for event in events if event["type"] == "metrics")
        own = [event["message"].replace(job, straight) for event in events if event["type"] == "message"]
        names = {value["fine_tuned_model"]: "model", service.job(straight)["fine_tuned_model"]: "model"}
        same = [re.sub("|".join(map(re.escape, names)), "model", text) for text in own] \
            == [re.sub("|".join(map(re.escape, names)), "model", text) for text in messages]
        right = value["status"] == "succeeded" and weights(folder, job) == wanted and steps == list(range(1, 16)) and same
        if not right:
            check(f"job {len(jobs) - 1} after kills", False, (value["status"], value["error"], weights(folder, job), steps, own))
    listed = [job["id"] for job in service.ask("GET", "/v1/fine_tuning/jobs?limit=100")[1]["data"]]
    check(f"{done} kills, {of_both} of them of the job's process too, during {len(jobs) - 1} jobs: the bytes and events of an "
          "undisturbed job", failures == 0)
    check("no job and no file is lost", set(jobs) <= set(listed) and service.ask("GET", f"/v1/files/{file}")[0] == 200)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("luthier", type=pathlib.Path)
    options.add_argument("pythons", nargs="*", help="one for each version of the package `openai`")
    options.add_argument("--kills", type=int, default=12, help="how often the service is killed during jobs")
    options.add_argument("--seed", type=int, default=1)
    arguments = options.parse_args()
    luthier, pythons = arguments.luthier.resolve(), arguments.pythons
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        rows(folder)
        service = Service(luthier, folder)
        for python in pythons:
            version = subprocess.run([python, "-c", "import openai; print(openai.VERSION if hasattr(openai, 'VERSION') else openai.version.VERSION)"],
                                     capture_output=True, text=True).stdout.strip()
            (legacy if version.startswith("0.") else modern)(python, service, folder)
        kills(service, folder, arguments.kills, arguments.seed)
        check("the service ends at SIGTERM", service.stop() == 0)
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
