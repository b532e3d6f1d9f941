"""Jobs during which the service, the job's process, or both are killed at random moments: each job ends with the bytes of an
undisturbed one, and no event, file or job is lost, changed or told twice."""

import hashlib
import json
import os
import random
import re
import signal
import sqlite3
import time

from service_host import BASE, OVER, Service

# What can be lost on purpose between two kills, to see that the check notices.
DAMAGES = ["event", "repeated", "file", "bytes", "job", "weights"]
# Three epochs of five steps, each of which ends with a save.
ORDER = {"model": BASE, "seed": 7, "hyperparameters": {"n_epochs": 3, "batch_size": 8}}
STEPS = 15
KILLS_PER_JOB = 8


class Witness:
    """What the service has confirmed, asked for again after each kill."""

    def __init__(self, service):
        self.service = service
        self.files, self.jobs, self.events = {}, [], {}
        self.complaints = []

    def upload(self, content):
        file = self.service.upload("rows.jsonl", content)
        self.files[file] = content
        return file

    def create(self, order):
        job = self.service.ask("POST", "/v1/fine_tuning/jobs", order)[1]["id"]
        self.jobs.append(job)
        return job

    def look(self, job):
        """Remembers the events of a job; those that were there are there, unchanged and in the same places."""
        now = [(event["id"], event["message"], event["created_at"], json.dumps(event["data"]))
               for event in self.service.events(job)]
        before = self.events.get(job, [])
        if now[:len(before)] != before:
            self.complaints.append(f"events of {job}: {[event for event in before if event not in now]} are gone or moved")
        if len({event[0] for event in now}) != len(now):
            self.complaints.append(f"events of {job}: the same twice")
        self.events[job] = now

    def look_at_all(self):
        for job in list(self.events):
            self.look(job)
        listed = [job["id"] for job in self.service.all("/v1/fine_tuning/jobs")][::-1]
        if listed != self.jobs:
            self.complaints.append(f"jobs: {set(self.jobs) ^ set(listed)} differ, or their order")
        listed = {file["id"]: file["bytes"] for file in self.service.all("/v1/files")}
        for file, content in self.files.items():
            if listed.get(file) != len(content):
                self.complaints.append(f"file {file} is not listed with its {len(content)} bytes")
            elif self.service.ask("GET", f"/v1/files/{file}/content") != (200, content):
                self.complaints.append(f"file {file} has other bytes")


def outcome(service, folder, job):
    """Everything that a job leaves, without the names that are drawn for it."""
    value = service.job(job)
    if value["status"] != "succeeded":
        return {"status": value["status"], "error": value["error"]}
    points = service.all(f"/v1/fine_tuning/jobs/{job}/checkpoints", limit=2)
    names = [point["fine_tuned_model_checkpoint"] for point in points]
    models = [model["id"] for model in service.ask("GET", "/v1/models")[1]["data"]]

    def plain(text):
        return re.sub("|".join(map(re.escape, names + [job])), "…", text)

    weights = sorted((folder / "checkpoints" / job).glob("step-*.h5"))
    return {
        "status": value["status"], "tokens": value["trained_tokens"], "model": value["fine_tuned_model"] == names[0],
        "listed": [models.count(name) for name in names],
        "weights": {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in weights},
        "results": [service.ask("GET", f"/v1/files/{file}/content")[1].decode() for file in value["result_files"]],
        "checkpoints": [(point["step_number"], point["metrics"]) for point in points],
        "events": [(event["type"], event["level"], plain(event["message"]), event["data"]) for event in service.events(job)],
    }


class Killer:
    """Ends processes, and counts in which state of the job."""

    def __init__(self, service, folder):
        self.service, self.folder = service, folder
        self.kinds, self.states = {}, {}

    def process(self, job):
        """The process that works on a job; nil where none does."""
        try:
            number = json.loads((self.folder / "service/jobs" / job / "process.json").read_text())["process"]
            words = open(f"/proc/{number}/cmdline").read().split("\0")
        except (OSError, ValueError, KeyError):
            return None
        return number if "job" in words and any(word.endswith(job) for word in words) else None

    def kill(self, job, kind):
        state = self.service.job(job)["luthier"]["state"]
        process = self.process(job)
        if process is None:
            kind = "the service"
        self.kinds[kind] = self.kinds.get(kind, 0) + 1
        self.states[state] = self.states.get(state, 0) + 1
        order = [lambda: os.kill(process, signal.SIGKILL), self.service.kill]
        if kind == "the service":
            order = [self.service.kill]
        elif kind == "the job's process":
            order = order[:1]
        elif random.random() < 0.5:
            order.reverse()
        for action in order:
            try:
                action()
            except ProcessLookupError:
                pass
        if self.service.process.poll() is not None:
            self.service.start()


def wait_for_end(service, folder, job):
    """Until training has ended, which the service may not know yet, or the job is over."""
    while not (folder / "service/jobs" / job / "outcome.json").exists() and service.job(job)["status"] not in OVER:
        time.sleep(0.01)


def wait_for_step(service, job, step):
    end = time.monotonic() + 60
    while time.monotonic() < end:
        value = service.job(job)
        if value["luthier"]["step"] >= step or value["status"] in OVER:
            return
        time.sleep(0.02)


def disturb(killer, witness, job, count):
    """Kills during a job, at random steps and moments. A process that is killed continues from its last save, so it must have saved since its last kill, or
    the job would never end."""
    service, folder = killer.service, killer.folder
    last_saved, early = None, 1
    moments = sorted(random.randrange(STEPS) for _ in range(count - 1))
    for number in range(count):
        if number == count - 1:
            # The last kill is around the moment at which the service enters the job's models and results.
            wait_for_end(service, folder, job)
            time.sleep(random.uniform(0, 0.25))
        else:
            wait_for_step(service, job, moments[number])
            time.sleep(random.uniform(0, 0.5))
        if service.job(job)["status"] in OVER and number < count - 1:
            return number
        saved = max((file.name for file in (folder / "checkpoints" / job).glob("step-*.h5")), default=None)
        may_end = saved != last_saved or early > 0
        kind = random.choice(["the job's process", "both", "both", "the service"]) if may_end else "the service"
        if kind != "the service":
            early -= saved == last_saved
            last_saved = saved
        # Just before, the service confirms a file, and sometimes a job.
        witness.upload(json.dumps({"messages": [], "number": len(witness.files)}).encode() + b"\n")
        other = witness.create(ORDER | {"training_file": next(iter(witness.files))}) if random.random() < 0.2 else None
        killer.kill(job, kind)
        witness.look(job)
        witness.look_at_all()
        if other:
            service.ask("POST", f"/v1/fine_tuning/jobs/{other}/cancel")
    return count


def damage(kind, service, folder, job, witness):
    """Loses or changes something between a kill and the next start."""
    service.kill()
    change = {
        "event": ("DELETE FROM events WHERE job = ? AND kind = 'validated'", job),
        "repeated": ("INSERT INTO events (id, job, kind, place, created, level, type, message, data) SELECT id || 'x', job, "
                     "kind, place + 1000, created, level, type, message, data FROM events WHERE job = ? AND kind = 'created'", job),
        "file": ("DELETE FROM files WHERE id = ?", list(witness.files)[-1]),
        "job": ("DELETE FROM jobs WHERE id = ?", witness.jobs[0]),
    }.get(kind)
    if change:
        database = sqlite3.connect(folder / "service/service.sqlite")
        with database:
            database.execute("PRAGMA foreign_keys = ON")
            database.execute(change[0], change[1:])
        database.close()
    if kind == "bytes":
        with open(folder / "service/files" / list(witness.files)[-1], "r+b") as file:
            file.write(b"[")
    service.start()
    if kind == "weights":
        wait_for_end(service, folder, job)
        with open(sorted((folder / "checkpoints" / job).glob("step-*.h5"))[0], "ab") as file:
            file.write(b"\0")
    witness.look_at_all()


def run(luthier, folder, arguments, services, check):
    """
    - services: gets the service, so that the caller can end it.
    - check: takes a name, whether it is right, and what was seen.
    """
    random.seed(arguments.seed)
    service = Service(luthier, folder, "--data", "service")
    services.append(service)
    witness, killer = Witness(service), Killer(service, folder)
    for earlier in service.all("/v1/fine_tuning/jobs")[::-1]:
        witness.jobs.append(earlier["id"])
    order = ORDER | {"training_file": witness.upload((folder / "chat.jsonl").read_bytes())}
    start = time.monotonic()
    straight = witness.create(order)
    while service.job(straight)["status"] not in OVER:
        time.sleep(0.1)
    wanted = outcome(service, folder, straight)
    witness.look(straight)
    steps = [event[3]["step"] for event in wanted.get("events", []) if event[0] == "metrics"]
    check(f"an undisturbed job takes {time.monotonic() - start:.0f} s", steps == list(range(1, STEPS + 1))
          and {"step-000005.h5", "step-000010.h5", "step-000015.h5"} <= set(wanted["weights"]) and wanted["listed"] == [1, 1, 1],
          wanted)
    start, done, jobs = time.monotonic(), 0, 0
    while done < arguments.kills:
        job = witness.create(order)
        jobs += 1
        done += disturb(killer, witness, job, min(KILLS_PER_JOB, arguments.kills - done))
        if arguments.damage and jobs == 1:
            damage(arguments.damage, service, folder, job, witness)
        limit = time.monotonic() + 300
        while service.job(job)["status"] not in OVER and time.monotonic() < limit:
            time.sleep(0.1)
        found = outcome(service, folder, job)
        wrong = {key: (found.get(key), wanted[key]) for key in wanted if found.get(key) != wanted[key]}
        check(f"job {jobs}, after {done} kills: status, weights, results, checkpoints, models and events are those of the "
              "undisturbed job", not wrong, wrong)
        witness.look_at_all()
    told = lambda counts: ", ".join(f"{count} of {name}" if name[:3] in ("the", "bot") else f"{count} {name}"
                                    for name, count in sorted(counts.items()))
    check(f"{done} kills in {time.monotonic() - start:.0f} s: {told(killer.kinds)}; jobs then: {told(killer.states)}", True)
    check(f"no event of {len(witness.events)} jobs, none of {len(witness.jobs)} jobs and none of {len(witness.files)} files is "
          "lost or changed", not witness.complaints, witness.complaints[:5])
    services.remove(service)
    check("the service ends at SIGTERM", service.stop() == 0)
