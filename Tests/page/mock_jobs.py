"""Jobs of the mock service: they only pretend to train, with losses that fall as those of a real job do."""

import math
import random
import re
import time

import mock_data


class Failure(Exception):
    def __init__(self, status, message, param=None, code=None):
        super().__init__(message)
        self.status, self.body = status, {"error": {
            "message": message, "type": "invalid_request_error", "param": param, "code": code}}


def new_id(prefix):
    return prefix + "".join(random.choices("abcdefghijkmnpqrstuvwxyz23456789", k=24))


def page(objects, query):
    start = next((index + 1 for index, item in enumerate(objects) if item["id"] == query.get("after")), 0)
    limit = int(query.get("limit", 20))
    return {"object": "list", "data": objects[start:start + limit], "has_more": len(objects) > start + limit}


def check_set(values, prefix):
    epochs = values.get("training.epochs", 1)
    if not isinstance(epochs, int) or not 1 <= epochs <= 1_000_000:
        raise Failure(400, f"training.epochs {epochs}: an integer from 1 to 1000000 is required", prefix + "training.epochs")


class Job:
    """A job whose steps pass with time."""

    def __init__(self, service, body):
        self.service, self.id, self.created = service, new_id("ftjob-"), int(time.time())
        self.body, self.seed = body, body.get("seed") or 4711
        self.state, self.step, self.finished, self.error = "validating", 0, None, None
        self.metrics, self.timings, self.samples, self.messages = [], [], [], []
        self.model, self.wanted, self.seconds = None, None, 0.0
        training = service.file(body.get("training_file"), "training_file")
        rows = len(mock_data.read_rows(training["content"])[0])
        given = (body.get("luthier") or {}).get("set", {})
        self.choices = mock_data.choices(rows, given)
        chosen = {choice["key"]: choice["value"] for choice in self.choices}
        self.epochs = chosen["training.epochs"]
        self.per_epoch = max(4, min(40, -(-rows // chosen["training.batchSize"])))
        self.steps, self.rate = self.epochs * self.per_epoch, chosen["training.learningRate"]
        self.say(f"Created fine-tuning job: {self.id}")
        self.say(f"Validating training file: {body['training_file']}")

    def say(self, message, level="info"):
        self.messages.append({"object": "fine_tuning.job.event", "id": new_id("ftevent-"), "created_at": int(time.time()),
                              "level": level, "message": message, "type": "message", "data": {}})

    def loss(self, step):
        noise = random.Random(step).uniform(-1, 1)
        return 0.35 + 1.9 * math.exp(-step / (self.steps / 4)) + 0.12 * noise * (0.4 + math.exp(-step / 30))

    def evaluate(self):
        loss = 0.42 + 1.7 * math.exp(-self.step / (self.steps / 4)) + 0.05 * (self.step / self.steps) ** 2
        self.metrics.append({"step": self.step, "validationLoss": loss, "validationPerplexity": math.exp(loss),
                             "validationBitsPerByte": loss / 3, "validationTokenAccuracy": 1 - loss / 4})
        for question in (self.body.get("luthier") or {}).get("samples", []):
            model = "ft:" if self.step > self.steps // 3 else "base"
            text = mock_data.answer(model, [{"role": "user", "content": question}], self.step)
            self.samples.append({"step": self.step, "prompt": question, "text": text[:90]})

    def advance(self, seconds):
        """One step; called by the service's clock while this job is the one that runs."""
        if self.wanted == "pause":
            self.wanted, self.state = None, "paused"
            self.say("The job is paused; resume continues it from its checkpoint")
            return
        if self.step == 0 and not self.metrics:
            self.state = "running"
            self.say("Fine-tuning job started")
            self.evaluate()
        self.state = "running"
        self.step += 1
        self.seconds += seconds
        warm = min(1.0, self.step / max(1, 0.06 * self.steps))
        cool = 1.0 if self.step < 0.8 * self.steps else 1 - 0.9 * (self.step / self.steps - 0.8) / 0.2
        self.metrics.append({"step": self.step, "epoch": self.step / self.per_epoch, "loss": self.loss(self.step),
                             "learningRate": self.rate * warm * cool, "gradientNorm": 0.4, "skippedSteps": 0})
        # One batch of the held-out rows, as the service measures it: of the same step as the line before.
        self.metrics.append({"step": self.step, "batchValidationLoss": self.loss(self.step) * 1.1})
        self.timings.append({"step": self.step, "seconds": seconds, "tokensPerSecond": 531 + 20 * math.sin(self.step / 9),
                             "mfu": 0.4, "secondsHeld": 0.0, "peakMemoryBytes": 3750522880})
        if self.step % self.per_epoch == 0:
            self.evaluate()
        if self.step == self.steps:
            self.finish()

    def finish(self):
        suffix = re.sub(r"[\W_]+", "-", (self.body.get("suffix") or "").lower()).strip("-")
        self.model = f"ft:{self.body['model']}:local:{suffix}:{self.id[-8:]}"
        for one in self.checkpoints()[1:]:
            self.say(f"Checkpoint created at step {one['step_number']} with Snapshot ID: {one['fine_tuned_model_checkpoint']}")
        self.state, self.finished = "succeeded", int(time.time())
        self.say(f"New fine-tuned model created: {self.model}")
        self.say("The job has successfully completed")

    def evaluations(self):
        return [line for line in self.metrics if "validationLoss" in line and line["step"] > 0]

    def checkpoints(self):
        """Newest first."""
        name = f"ft:{self.body['model']}:local:{(self.body.get('suffix') or '').lower()}:{self.id[-8:]}"
        return [{"object": "fine_tuning.job.checkpoint", "id": f"ftckpt_{self.id[-8:]}{line['step']}", "created_at": self.created,
                 "fine_tuned_model_checkpoint": self.model if line["step"] == self.steps and self.model else f"{name}:ckpt-step-{line['step']}",
                 "fine_tuning_job_id": self.id, "step_number": line["step"],
                 "metrics": {"step": line["step"], "train_loss": self.loss(line["step"]), "full_valid_loss": line["validationLoss"],
                             "full_valid_mean_token_accuracy": line["validationTokenAccuracy"]}}
                for line in reversed(self.evaluations())]

    def object(self):
        status = {"validating": "validating_files", "pausing": "running", "paused": "running", "cancelling": "running"}
        measured = self.evaluations()
        best = min(measured, key=lambda line: line["validationLoss"]) if measured else None
        auto = {"batch_size": "auto", "learning_rate_multiplier": "auto", "n_epochs": self.epochs if self.step else "auto"}
        waiting = [job for job in self.service.jobs if job.state == "queued"]
        return {
            "object": "fine_tuning.job", "id": self.id, "model": self.body["model"], "created_at": self.created,
            "finished_at": self.finished, "fine_tuned_model": self.model, "organization_id": "org-local", "result_files": [],
            "status": status.get(self.state, self.state), "validation_file": self.body.get("validation_file"),
            "training_file": self.body["training_file"], "trained_tokens": 12345 if self.model else None, "error": self.error,
            "seed": self.seed, "hyperparameters": auto, "method": {"type": "supervised", "supervised": {"hyperparameters": auto}},
            "integrations": [], "metadata": None, "estimated_finish": None, "user_provided_suffix": self.body.get("suffix"),
            "luthier": {
                "state": self.state, "queuePosition": waiting.index(self) if self in waiting else None, "step": self.step,
                "steps": self.steps if self.step else None, "epoch": self.step / self.per_epoch, "epochs": self.epochs,
                "tokensPerSecond": 531.2 if self.step else None,
                "secondsLeft": (self.steps - self.step) / self.service.speed if self.step else None, "seconds": self.seconds,
                "trainLoss": self.loss(self.step) if self.step else None,
                "validationLoss": measured[-1]["validationLoss"] if measured else None,
                "bestStep": best["step"] if best else None, "peakMemoryBytes": 3750522880 if self.step else None,
                "stopped": "finished" if self.state == "succeeded" else None,
            },
        }

    def progress(self, start):
        part = lambda lines: [line for line in lines if line["step"] >= start]
        return {"job": self.object(), "metrics": part(self.metrics), "timings": part(self.timings),
                "samples": part(self.samples), "messages": self.messages}
