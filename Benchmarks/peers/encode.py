#!/usr/bin/env python3
"""Passages per second of an encoder: `luthier index` and Transformers, by turns, on the same passages.

    encode.py LUTHIER DOCUMENTS [--encoder FOLDER] [--rounds 3]

Needs torch and transformers. The peer takes the passages that Luthier has cut, sorts them by length and encodes 32 at a time,
as sentence-transformers does; its tokenizer is inside of the time on both sides, loading the model on neither.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import sqlite3
import statistics
import subprocess
import tempfile
import time

import torch
from transformers import AutoModel, AutoTokenizer


def luthier(program, documents, encoder, folder):
    """Passages per second, and the passages."""
    shutil.rmtree(folder, ignore_errors=True)
    done = subprocess.run([program, "index", *documents, "--output", folder, "--encoder", encoder], capture_output=True, text=True, check=True)
    rate = float(re.search(r"(\d+) per second", done.stderr).group(1))
    with sqlite3.connect(f"{folder}/index.sqlite") as database:
        return rate, [row[0] for row in database.execute("SELECT searched FROM words ORDER BY rowid")]


def peer(model, tokenizer, texts, longest):
    """Passages per second, and their vectors."""
    began = time.perf_counter()
    order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
    vectors = [None] * len(texts)
    with torch.inference_mode():
        for first in range(0, len(order), 32):
            part = order[first:first + 32]
            inputs = tokenizer([texts[index] for index in part], padding=True, truncation=True, max_length=longest, return_tensors="pt")
            mask = inputs["attention_mask"].unsqueeze(-1)
            states = model(**inputs).last_hidden_state * mask
            means = torch.nn.functional.normalize(states.sum(1) / mask.sum(1), dim=1)
            for index, vector in zip(part, means):
                vectors[index] = vector
    return len(texts) / (time.perf_counter() - began), vectors


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("luthier")
    parser.add_argument("documents", nargs="+")
    cache = os.environ.get("LUTHIER_CACHE", str(pathlib.Path.home() / ".cache" / "luthier"))
    parser.add_argument("--encoder", default=f"{cache}/all-minilm-l6-v2")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    tokenizer = AutoTokenizer.from_pretrained(options.encoder)
    model = AutoModel.from_pretrained(options.encoder).eval()
    longest = json.loads(pathlib.Path(options.encoder, "sentence_bert_config.json").read_text())["max_seq_length"]
    rates = ([], [])
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(options.rounds):
            here, texts = luthier(options.luthier, options.documents, options.encoder, f"{folder}/index")
            there, vectors = peer(model, tokenizer, texts, longest)
            rates[0].append(here)
            rates[1].append(there)
            print(f"round {turn + 1}: luthier {here:.0f}, Transformers {there:.1f} passages per second", flush=True)
        with sqlite3.connect(f"{folder}/index/index.sqlite") as database:
            rows = database.execute("SELECT v.vector FROM passages p JOIN vectors v ON v.id = p.vector ORDER BY p.id").fetchall()
        made = torch.stack([torch.frombuffer(bytearray(row[0]), dtype=torch.float32) for row in rows])
        difference = (made - torch.stack(vectors)).abs().max().item()
    medians = [statistics.median(rate) for rate in rates]
    print(f"{len(texts)} passages: luthier {medians[0]:.1f}, Transformers {medians[1]:.1f} per second: {medians[0] / medians[1]:.2f}x; "
          f"vectors differ by at most {difference:.1e}")


if __name__ == "__main__":
    main()
