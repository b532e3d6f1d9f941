#!/usr/bin/env python3
"""Times `luthier serve` against llama.cpp's server, and a training job while a stream is served.

    serving.py LUTHIER [--llama-server PROGRAM] [--rounds N] [--precision f32|int8] [--only requests|job]

Both servers have the same weights of smollm2-135m (F32 and Q8_0), eight places and two threads; requests are of about 32
tokens with 64 to draw, at a temperature of 1, in alternating rounds. A job's tokens per second are those of the same run by
`luthier train` (the service idle, then with a stream), the median of the rounds' ratios. Prints one line of JSON for each
comparison.
"""

import argparse
import concurrent.futures
import json
import pathlib
import random
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

MODEL, TOKENS, PLACES = "smollm2-135m", 64, 8
#: The ends of a text and of a turn, which must not end an answer early.
ENDS = {"0": -100, "2": -100}
WORDS = "river stone market winter garden window silver letter morning bridge paper winter coffee music island".split()


def free_port():
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return place.getsockname()[1]


def ask(url, body, seconds=600):
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=seconds) as answer:
        return json.loads(answer.read())


def wait_for(url, process):
    for _ in range(1200):
        if process.poll() is not None:
            sys.exit(f"the server of {url} ended with code {process.returncode}")
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    sys.exit(f"no answer from {url}")


class Server:
    def __init__(self, command, url, more, folder):
        self.url, self.more = url, more
        self.process = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        cwd=folder)
        wait_for(url + "/health", self.process)

    def complete(self, seed):
        words = random.Random(seed)
        body = {"model": MODEL, "prompt": " ".join(words.choices(WORDS, k=30)), "max_tokens": TOKENS, "temperature": 1,
                "seed": seed, **self.more}
        return ask(self.url + "/v1/completions", body)["usage"]["completion_tokens"]

    def round(self, first, count):
        """Tokens per second of several requests at once."""
        start = time.perf_counter()
        with concurrent.futures.ThreadPoolExecutor(count) as pool:
            tokens = sum(pool.map(self.complete, range(first, first + count)))
        if tokens != count * TOKENS:
            sys.exit(f"{self.url} drew {tokens} tokens instead of {count * TOKENS}")
        return tokens / (time.perf_counter() - start)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


def luthier(program, folder, *words):
    port = free_port()
    return Server([program, "serve", "--port", port, *words], f"http://127.0.0.1:{port}", {"logit_bias": ENDS}, folder)


def requests(options, folder):
    kind = {"f32": "f32", "int8": "q8_0"}[options.precision]
    gguf = folder / f"model-{kind}.gguf"
    subprocess.run([options.luthier, "export", "--checkpoint", MODEL, "--format", "gguf", "--type", kind, "--output", gguf],
                   check=True, cwd=folder, stderr=subprocess.DEVNULL)
    port = free_port()
    own = luthier(options.luthier, folder, "--precision", options.precision)
    command = [options.llama_server, "--model", gguf, "--port", port, "--parallel", PLACES, "--ctx-size", 1024 * PLACES,
               "--threads", 2, "--threads-batch", 2, "--no-webui"]
    peer = Server(command, f"http://127.0.0.1:{port}", {"ignore_eos": True, "cache_prompt": False}, folder)
    try:
        for count in (1, PLACES):
            own_speeds, peer_speeds, seed = [], [], 1
            for number in range(options.rounds + 1):
                values = own.round(seed, count), peer.round(seed, count)
                seed += count
                # The first round loads the model.
                if number:
                    own_speeds.append(values[0])
                    peer_speeds.append(values[1])
            print(json.dumps({
                "serving": f"{options.precision}, {count} at once", "tokensPerSecond": statistics.median(own_speeds),
                "peer": statistics.median(peer_speeds),
                "ratio": statistics.median(a / b for a, b in zip(own_speeds, peer_speeds))}), flush=True)
    finally:
        own.stop()
        peer.stop()


def rows(path):
    chance = random.Random(1)
    with open(path, "w", encoding="utf-8") as file:
        for _ in range(128):
            words = chance.choices(WORDS, k=100)
            file.write(json.dumps({"messages": [{"role": "user", "content": " ".join(words[:40])},
                                                {"role": "assistant", "content": " ".join(words[40:])}]}) + "\n")


def speeds(run):
    """Tokens per second of a run's steps without the first two."""
    lines = [json.loads(line) for line in open(run / "timings.jsonl", encoding="utf-8")]
    return [line["tokensPerSecond"] for line in lines if "tokensPerSecond" in line][2:]


def job(options, folder):
    rows(folder / "rows.jsonl")
    boundary = "the-end-of-a-part"
    body = (f'--{boundary}\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nfine-tune\r\n--{boundary}\r\n'
            'Content-Disposition: form-data; name="file"; filename="rows.jsonl"\r\n\r\n').encode()
    body += (folder / "rows.jsonl").read_bytes() + f"\r\n--{boundary}--\r\n".encode()
    server = luthier(options.luthier, folder)
    server.complete(1)
    request = urllib.request.Request(server.url + "/v1/files", body,
                                     {"Content-Type": f"multipart/form-data; boundary={boundary}"})
    file = json.loads(urllib.request.urlopen(request).read())["id"]

    def run(streams):
        order = {"model": MODEL, "training_file": file, "seed": 7, "hyperparameters": {"n_epochs": 1, "batch_size": 16}}
        name, ended = ask(server.url + "/v1/fine_tuning/jobs", order)["id"], threading.Event()

        def stream():
            seed = 1
            while not ended.is_set():
                server.complete(seed)
                seed += 1

        other = threading.Thread(target=stream) if streams else None
        if other:
            other.start()
        while json.loads(urllib.request.urlopen(f"{server.url}/v1/fine_tuning/jobs/{name}").read())["status"] not in (
                "succeeded", "failed", "cancelled"):
            time.sleep(0.5)
        ended.set()
        if other:
            other.join()
        return folder / "checkpoints" / name

    config, done = folder / "same.json", {"direct": [], "idle": [], "busy": []}

    def one(kind):
        if kind == "direct":
            name = f"direct-{len(done['direct'])}"
            subprocess.run([options.luthier, "train", "--config", config, "--run", name], check=True, cwd=folder,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            done[kind].append(statistics.median(speeds(folder / "checkpoints" / name)))
        else:
            done[kind].append(statistics.median(speeds(run(kind == "busy"))))

    try:
        # Not counted: files and memory are touched for the first time. Its settings are those of the runs without the service.
        shutil.copy(run(False) / "config.json", config)
        for number in range(options.rounds):
            for kind in ("direct", "idle", "busy") if number % 2 else ("idle", "direct", "busy"):
                one(kind)
    finally:
        server.stop()
    shares = {kind: statistics.median(a / b for a, b in zip(done[kind], done["direct"])) for kind in ("idle", "busy")}
    print(json.dumps({"job": MODEL, "tokensPerSecond": statistics.median(done["direct"]), "idle": statistics.median(done["idle"]),
                      "streaming": statistics.median(done["busy"]), "whileIdle": shares["idle"],
                      "whileStreaming": shares["busy"]}), flush=True)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("luthier", type=pathlib.Path)
    options.add_argument("--llama-server", type=pathlib.Path)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--precision", choices=["f32", "int8"])
    options.add_argument("--only", choices=["requests", "job"])
    options = options.parse_args()
    options.luthier = options.luthier.resolve()
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        if options.only != "job" and options.llama_server:
            options.llama_server = options.llama_server.resolve()
            chosen = options.precision
            for precision in [chosen] if chosen else ["f32", "int8"]:
                options.precision = precision
                requests(options, folder)
        if options.only != "requests":
            job(options, folder)


if __name__ == "__main__":
    main()
