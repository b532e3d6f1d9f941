#!/usr/bin/env python3
"""A service for the page to talk to: OpenAI's endpoints and the page's own, with jobs that only pretend to train.

    python3 Tests/page/mock_service.py [--port 8080] [--steps-per-second 10] [--key KEY] [--empty] [--allow-origin ORIGIN]

Prints `listening on PORT`. Only Python's standard library is needed. It is strict where the real service is: unknown
paths, methods, models and files are errors with OpenAI's body, other sites' requests are refused, and the page gets the
same headers.
"""

import argparse
import email.parser
import email.policy
import hashlib
import json
import random
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import mock_data
from mock_jobs import Failure, Job, check_set, new_id, page

PAGE = Path(__file__).resolve().parent.parent.parent / "Sources" / "Page" / "Files"
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; "
          "form-action 'none'; frame-ancestors 'none'")


class Service:
    def __init__(self, options):
        self.options, self.speed = options, options.steps_per_second
        self.lock = threading.RLock()
        self.files, self.jobs = {}, []
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            time.sleep(1 / self.speed)
            with self.lock:
                for job in self.jobs:
                    if job.state == "validating":
                        job.say("Files validated, moving job to queued state")
                        job.state = "queued"
                active = next((job for job in reversed(self.jobs) if job.state in ("running", "pausing")), None)
                active = active or next((job for job in reversed(self.jobs) if job.state == "queued"), None)
                if active:
                    active.advance(1 / self.speed)

    def models(self):
        if self.options.empty:
            return []
        make = lambda name, **more: {"id": name, "object": "model", "created": 1, "owned_by": "luthier", "luthier": {
            "kind": "base", "base": None, "job": None, "step": None, "parameters": 134515008, "contextLength": 8192, "chat": True,
            "trainable": True, **more}}
        list_ = [make("smollm2-135m"), make("gpt2", parameters=124439808, contextLength=1024, chat=False)]
        for job in self.jobs:
            if job.model:
                list_.append(make(job.model, kind="tuned", base=job.body["model"], job=job.id, step=job.steps))
            for one in job.checkpoints():
                if one["fine_tuned_model_checkpoint"] != job.model:
                    list_.append(make(one["fine_tuned_model_checkpoint"], kind="checkpoint", base=job.body["model"], job=job.id,
                                      step=one["step_number"], trainable=False))
        return list_

    def model(self, name):
        for model in self.models():
            if model["id"] == name:
                return model
        raise Failure(404, f"The model `{name}` does not exist", "model", "model_not_found")

    def file(self, name, param="file"):
        if name not in self.files:
            raise Failure(404, f"No such File object: {name}", param)
        return self.files[name]

    def job(self, name):
        for job in self.jobs:
            if job.id == name:
                return job
        raise Failure(404, f"Could not find fine tune: {name}", "fine_tune_id", "fine_tune_not_found")

    def add_file(self, name, content, purpose):
        made = {"id": new_id("file-"), "object": "file", "bytes": len(content), "created_at": int(time.time()),
                "filename": name, "purpose": purpose, "status": "processed", "content": content}
        self.files[made["id"]] = made
        return made

    # The answers: (status, JSON)

    def get(self, parts, query):
        if parts == ["health"]:
            return {"status": "ok"}
        if parts == ["luthier", "info"]:
            return {"version": "0.5.0", "threads": 2, "memoryBytes": 8250000000, "availableBytes": 5100000000,
                    "uploadBytes": 536870912, "keyRequired": bool(self.options.key),
                    "allowedOrigins": self.options.allow_origin, "documents": 2, "passages": 7, "fetchable": ["smollm2-135m"]}
        if parts == ["v1", "models"]:
            return {"object": "list", "data": self.models()}
        if parts == ["v1", "files"]:
            return page([described(file) for file in reversed(self.files.values())], query)
        if parts == ["v1", "fine_tuning", "jobs"]:
            return page([job.object() for job in self.jobs], query)
        if parts[:3] == ["v1", "fine_tuning", "jobs"]:
            job = self.job(parts[3])
            if len(parts) == 4:
                return job.object()
            if parts[4:] == ["checkpoints"]:
                return page(job.checkpoints(), query)
            if parts[4:] == ["events"]:
                return page(list(reversed(job.messages)), query)
        if parts[:2] == ["luthier", "jobs"] and len(parts) == 4:
            job = self.job(parts[2])
            if parts[3] == "progress":
                return job.progress(int(query.get("from", 0)))
            if parts[3] == "report":
                return self.report(job)
            if parts[3] == "questions":
                return self.questions(job, int(query.get("count", 5)), int(query.get("seed", 1)))
        raise Failure(404, f"Unknown path: /{'/'.join(parts)}")

    def held_out(self, job):
        name = job.body.get("validation_file")
        rows = mock_data.read_rows(self.file(name if name in self.files else job.body["training_file"])["content"])[0]
        return rows if name else rows[:max(1, len(rows) // 10)]

    def questions(self, job, number, seed):
        rows = self.held_out(job)
        drawn = random.Random(seed).sample(rows, min(number, len(rows)))
        return {"of": len(rows), "questions": [
            {"line": row.line, "messages": row.messages[:-1] if row.messages else [{"role": "user", "content": row.prompt}],
             "prompt": None, "expected": row.answer} for row in drawn]}

    def report(self, job):
        training = self.file(job.body["training_file"])
        rows = len(mock_data.read_rows(training["content"])[0])
        measured = [line["validationPerplexity"] for line in job.metrics if "validationPerplexity" in line]
        config = {"model": {"base": job.body["model"]}, "training": {"epochs": job.epochs, "learningRate": job.rate}}
        split = lambda read, cut: {"read": read, "trained": read - cut, "cut": cut, "dropped": 0, "bytes": 0, "tokens": read * 31,
                                   "predictions": read * 12, "droppedDocuments": [], "cutDocuments": [
                                       {"file": "weather.jsonl", "line": 7 + index, "reason": "longer than the context"}
                                       for index in range(cut)]}
        return {
            **job.progress(0), "choices": job.choices, "config": config, "origins": {},
            "ledger": {"sha256": hashlib.sha256(training["content"]).hexdigest(), "splits": {
                "train": split(rows, 2), "validation": split(max(1, rows // 10), 0)}, "files": [
                {"file": training["filename"], "split": "train", "lines": rows, "bytes": training["bytes"]}]},
            "basePerplexity": measured[0] if measured else None, "bestPerplexity": min(measured) if measured else None,
            "result": {"steps": job.steps, "epochs": job.epochs, "seconds": job.seconds, "tokensPerSecond": 531,
                       "peakMemoryBytes": 3750522880, "stopped": "finished"} if job.model else None,
            "answers": [], "commands": [
                {"title": "repeat the run", "command": f"luthier train --config checkpoints/{job.id}.tune.json --run again"},
                {"title": "chat with it", "command": f"luthier chat --checkpoint {job.id}"},
                {"title": "for llama.cpp", "command": f"luthier export --checkpoint {job.id} --format gguf --output weather.gguf"}],
            "machine": {"version": "0.5.0", "processor": "a processor with AVX-512", "threads": 2, "precision": "bf16"},
        }

    def post(self, parts, body):
        if parts == ["luthier", "prepare"]:
            file = self.file(body.get("file"))
            if b"\0" in file["content"]:
                raise Failure(400, f"{file['filename']} is not text: byte 0 occurs in it", "file", "unreadable_file")
            report, train, held = mock_data.prepare(file["content"], file["filename"], body)
            if body.get("write"):
                name = re.sub(r"\.\w+$", "", file["filename"])
                lines = lambda rows: "".join(row.text() + "\n" for row in rows).encode()
                report["written"] = {
                    "trainingFile": described(self.add_file(f"{name}.jsonl", lines(train), "fine-tune")),
                    "validationFile": described(self.add_file(f"{name}-validation.jsonl", lines(held), "fine-tune")) if held else None}
            return report
        if parts == ["luthier", "rows"]:
            self.model(body.get("model"))
            rows, _ = mock_data.read_rows(self.file(body.get("file"))["content"])
            if not 1 <= body.get("row", 0) <= len(rows):
                raise Failure(400, f"row {body.get('row')}: the data has {len(rows)} rows", "row")
            row = rows[body["row"] - 1]
            tokens = mock_data.row_tokens(row)
            return {"row": body["row"], "rows": len(rows), "line": row.line, "template": "base", "tokens": tokens,
                    "total": len(tokens), "trained": sum(token["weight"] > 0 for token in tokens)}
        if parts == ["luthier", "tune"]:
            return self.tune(body)
        if parts == ["v1", "fine_tuning", "jobs"]:
            self.model(body.get("model"))
            check_set((body.get("luthier") or {}).get("set", {}), "luthier.set.")
            job = Job(self, body)
            self.jobs.insert(0, job)
            return job.object()
        if parts[:3] == ["v1", "fine_tuning", "jobs"] and len(parts) == 5:
            return self.change(self.job(parts[3]), parts[4])
        raise Failure(404, f"Unknown path: /{'/'.join(parts)}")

    def tune(self, body):
        self.model(body.get("model"))
        check_set(body.get("set", {}), "set.")
        rows = len(mock_data.read_rows(self.file(body.get("trainingFile"), "trainingFile")["content"])[0])
        chosen = mock_data.choices(rows, body.get("set", {}))
        values = {choice["key"]: choice["value"] for choice in chosen}
        per_epoch = -(-rows // values["training.batchSize"])
        busy = any(job.state in ("running", "queued") for job in self.jobs)
        measured = body.get("measure") and not busy
        return {"choices": chosen, "rows": rows, "heldOut": max(1, rows // 10), "answerTokens": rows * 14, "longestRow": 410,
                "longestAnswer": 40, "estimate": {
                    "parameters": 134515008, "steps": per_epoch * values["training.epochs"], "stepsPerEpoch": per_epoch,
                    "estimatedMemoryBytes": 1900000000, "availableBytes": 5100000000, "tokensPerSecond": 531.0 if measured else None,
                    "seconds": per_epoch * values["training.epochs"] * 3.2 if measured else None,
                    "peakMemoryBytes": 1870000000 if measured else None, "checkpointBytes": 58700000 if measured else None,
                    "measured": bool(measured), "note": "a job is running; time is not measured" if body.get("measure") and busy else None}}

    def change(self, job, verb):
        if verb == "pause" and job.state in ("running", "queued"):
            job.wanted, job.state = ("pause", "pausing") if job.state == "running" else (None, "paused")
        elif verb == "resume" and job.state == "paused":
            job.state = "queued"
            job.say("The job is resumed and waits in line")
        elif verb == "cancel" and job.state in ("running", "queued", "paused", "pausing", "validating"):
            job.state, job.finished = "cancelled", int(time.time())
            job.say("Fine-tuning job was cancelled")
        else:
            raise Failure(400, f"Job has already completed: {job.id}" if job.finished else f"The job cannot {verb} now")
        return job.object()

    def delete(self, parts):
        if parts[:2] == ["v1", "files"] and len(parts) == 3:
            del self.files[self.file(parts[2])["id"]]
            return {"id": parts[2], "object": "file", "deleted": True}
        raise Failure(404, f"Unknown path: /{'/'.join(parts)}")


def described(file):
    rows = file["content"].count(b"\n") if file["filename"].endswith("jsonl") else None
    return {**{key: value for key, value in file.items() if key != "content"}, "luthier": {"rows": rows}}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    service = None

    def log_message(self, *arguments):
        pass

    def handle_all(self):
        url = urlsplit(self.path)
        parts = [unquote(part) for part in url.path.split("/")[1:]]
        query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            if self.command == "OPTIONS":
                return self.send(204, b"", "text/plain")
            if self.command in ("GET", "HEAD") and (parts == [""] or parts == ["widget.js"] or parts[0] == "page"):
                return self.send_page(parts)
            self.check(parts)
            if parts in (["v1", "chat", "completions"], ["v1", "completions"]) and self.command == "POST":
                return self.complete(parts, json.loads(body))
            with self.service.lock:
                if self.command == "POST" and parts == ["v1", "files"]:
                    return self.send_json(200, described(self.service.add_file(*self.uploaded(body))))
                if self.command == "GET" and parts[:2] == ["v1", "files"] and parts[3:] == ["content"]:
                    return self.send(200, self.service.file(parts[2])["content"], "application/octet-stream")
                if self.command == "GET":
                    return self.send_json(200, self.service.get(parts, query))
                if self.command == "POST":
                    return self.send_json(200, self.service.post(parts, json.loads(body or b"{}")))
                return self.send_json(200, self.service.delete(parts))
        except Failure as failure:
            return self.send_json(failure.status, failure.body)
        except (ValueError, KeyError, TypeError) as error:
            return self.send_json(400, Failure(400, f"The request cannot be read: {error!r}").body)

    do_GET = do_POST = do_DELETE = do_HEAD = do_OPTIONS = handle_all

    def allowed_origin(self):
        origin = self.headers.get("Origin")
        if not origin or origin == f"http://{self.headers['Host']}":
            return ""
        return origin if origin in self.service.options.allow_origin else None

    def check(self, parts):
        if self.allowed_origin() is None:
            raise Failure(403, "This origin is not allowed")
        key = self.service.options.key
        if key and parts != ["health"] and self.headers.get("Authorization") != f"Bearer {key}":
            raise Failure(401, "Incorrect API key provided", None, "invalid_api_key")

    def uploaded(self, body):
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
        fields = {part.get_param("name", header="content-disposition"): part for part in message.iter_parts()}
        return fields["file"].get_filename(), fields["file"].get_payload(decode=True), fields["purpose"].get_payload().strip()

    def send_page(self, parts):
        name = "index.html" if parts == [""] else parts[-1]
        path = PAGE / name
        if len(parts) > 2 or path.parent != PAGE or not path.is_file():
            raise Failure(404, "Unknown path")
        more = {"Cross-Origin-Resource-Policy": "cross-origin"} if name == "widget.js" else {
            "Content-Security-Policy": POLICY, "Cross-Origin-Resource-Policy": "same-origin"}
        self.send(200, path.read_bytes(), TYPES[path.suffix] + "; charset=utf-8", {
            "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", **more})

    def head(self, status, kind, more=None):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Cache-Control", "no-cache")
        origin = self.allowed_origin()
        if origin:
            self.send_header("Access-Control-Allow-Origin", origin)
            self.send_header("Access-Control-Allow-Headers", "authorization, content-type")
            self.send_header("Vary", "Origin")
        for name, value in (more or {}).items():
            self.send_header(name, value)

    def send(self, status, content, kind, more=None):
        self.head(status, kind, more)
        if status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            try:
                self.wfile.write(content)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

    def send_json(self, status, value):
        self.send(status, json.dumps(value).encode(), "application/json")

    def complete(self, parts, body):
        """Streams an answer, a word at a time."""
        model = self.service.model(body["model"])
        is_chat = parts[1] == "chat"
        if is_chat and not model["luthier"]["chat"]:
            raise Failure(400, "This model has no chat template; use completions", "model")
        messages = body["messages"] if is_chat else [{"role": "user", "content": body["prompt"]}]
        if not body.get("stream"):
            raise Failure(400, "The mock only streams", "stream")
        sources = None
        if is_chat and body.get("documents", True):
            is_found = "Mona Lisa" not in messages[-1]["content"]
            sources = mock_data.SOURCES if is_found else []
        answer = "Not in the documents." if sources == [] else mock_data.answer(body["model"], messages, body.get("seed") or 0)
        words = re.findall(r"\s*\S+", answer)
        limit = body.get("max_tokens") or 16
        kind = "chat.completion.chunk" if is_chat else "text_completion"
        common = {"id": new_id("chatcmpl-"), "object": kind, "created": int(time.time()), "model": body["model"]}
        self.head(200, "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True

        def event(value):
            self.wfile.write(f"data: {json.dumps(value)}\n\n".encode())
            self.wfile.flush()

        def choice(text, reason=None):
            shape = {"delta": {"content": text} if text else {}} if is_chat else {"text": text}
            event({**common, "choices": [{"index": 0, "finish_reason": reason, "logprobs": None, **shape}], "usage": None})

        try:
            if sources is not None:
                event({**common, "choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}], "sources": sources})
            for index, word in enumerate(words[:limit]):
                time.sleep(0.015)
                if "fail" in messages[-1]["content"] and index == 3:
                    event({"error": {"message": "The model ran out of memory", "type": "server_error", "param": None, "code": None}})
                    return
                choice(word)
            choice("", "length" if len(words) > limit else "stop")
            tokens = min(limit, len(words))
            event({**common, "choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": tokens, "total_tokens": 9 + tokens}})
            self.wfile.write(b"data: [DONE]\n\n")
        except (BrokenPipeError, ConnectionResetError):
            self.service.stopped_streams = getattr(self.service, "stopped_streams", 0) + 1


def start(options):
    """Serves in a thread; gives the server."""
    service = Service(options)
    handler = type("BoundHandler", (Handler,), {"service": service})
    server = ThreadingHTTPServer((options.host, options.port), handler)
    server.daemon_threads = True
    server.service = service
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def parser():
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--host", default="127.0.0.1")
    made.add_argument("--port", type=int, default=8080)
    made.add_argument("--steps-per-second", type=float, default=10)
    made.add_argument("--key", default=None)
    made.add_argument("--empty", action="store_true", help="no models")
    made.add_argument("--allow-origin", action="append", default=[])
    return made


if __name__ == "__main__":
    served = start(parser().parse_args())
    print(f"listening on {served.server_address[1]}", flush=True)
    threading.Event().wait()
