"""Reads a prompt and generates tokens (greedy) with llama.cpp, for compare.py. Prints one line of JSON."""

import json
import sys
import time

from llama_cpp import Llama

path, prompt_count, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
model = Llama(path, n_ctx=prompt_count + count + 8, n_batch=512, n_ubatch=512, n_threads=2, n_threads_batch=2,
              logits_all=False, verbose=False)
prompt = [(index * 7919) % 49000 for index in range(prompt_count)]
prompts, draws = [], []
for _ in range(4):
    model.reset()
    start = time.perf_counter()
    model.eval(prompt)
    prompts.append(prompt_count / (time.perf_counter() - start))
    start = time.perf_counter()
    for _ in range(count):
        model.eval([model.sample(temp=0)])
    draws.append(count / (time.perf_counter() - start))
# The first round warms up caches.
print(json.dumps({"promptTokensPerSecond": sorted(prompts[1:])[1], "tokensPerSecond": sorted(draws[1:])[1]}))
