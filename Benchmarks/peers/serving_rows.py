"""Rows of `compare.py` about the service: several requests at once, llama.cpp's server, and jobs next to requests."""

import functools
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent


def lines(command, **keywords):
    """The lines of JSON that a command prints."""
    result = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, text=True, **keywords)
    if result.returncode != 0:
        sys.exit(f"error: {' '.join(map(str, command))} ended with {result.returncode}")
    return [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]


@functools.cache
def engine(bench, precision):
    """The engine alone; its rounds alternate."""
    return lines([bench.benchmarks, "serve", "--precision", precision, "--rounds", bench.pairs, "--json"])[-1]


def at_once(bench, precision):
    found = engine(bench, precision)
    return found["ratio"], found["tokensPerSecond"], found["tokensPerSecondAlone"], None


def delay(bench, precision):
    """Milliseconds by which the first token comes later than without an engine, the median of pairs."""
    found = engine(bench, precision)
    return 1000 * found["firstTokenDelaySeconds"]


def server(bench):
    """llama.cpp's server, built from the source package of llama-cpp-python without its page; None where that fails."""
    folder = bench.folder / "llama-server"
    program = folder / "build" / "bin" / "llama-server"
    if program.exists():
        return program
    folder.mkdir(parents=True, exist_ok=True)
    tools = bench.python.parent
    environment = dict(os.environ, PATH=f"{tools}:{os.environ['PATH']}")
    options = ["-DCMAKE_BUILD_TYPE=Release", "-DBUILD_SHARED_LIBS=OFF", "-DLLAMA_BUILD_UI=OFF", "-DLLAMA_USE_PREBUILT_UI=OFF",
               "-DLLAMA_BUILD_TESTS=OFF", "-DLLAMA_BUILD_EXAMPLES=OFF", "-DLLAMA_CURL=OFF", "-DGGML_NATIVE=ON"]
    for command in (
            [tools / "python", "-m", "pip", "install", "-q", "cmake", "ninja", "scikit-build-core"],
            [tools / "python", "-m", "pip", "download", "-q", "--no-deps", "--no-build-isolation", "--no-binary",
             "llama-cpp-python", "llama-cpp-python"],
            ["sh", "-c", "tar xf llama_cpp_python-*.tar.gz && mv llama_cpp_python-*/vendor/llama.cpp sources && rm -f sources/.git"],
            ["cmake", "-S", "sources", "-B", "build", "-G", "Ninja", *options],
            ["ninja", "-C", "build", "llama-server"]):
        if subprocess.run([str(part) for part in command], cwd=folder, env=environment, stdout=sys.stderr).returncode != 0:
            print("llama.cpp's server cannot be built here", file=sys.stderr)
            return None
    return program


def against_server(bench, precision):
    peer = server(bench)
    if peer is None:
        return None
    found = lines([bench.python, HERE / "serving.py", bench.luthier, "--llama-server", peer, "--only", "requests",
                   "--precision", precision, "--rounds", bench.pairs])[-1]
    return found["ratio"], found["tokensPerSecond"], found["peer"], None


@functools.cache
def jobs(bench):
    return lines([bench.python, HERE / "serving.py", bench.luthier, "--only", "job", "--rounds", bench.pairs])[-1]


def job(bench, state, share):
    found = jobs(bench)
    return found[share], found[state], found["tokensPerSecond"], None
