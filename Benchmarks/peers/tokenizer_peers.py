"""Encodes a file with tiktoken, or trains a vocabulary with Hugging Face tokenizers. Prints one line of JSON."""

import json
import os
import sys
import time

os.environ["RAYON_NUM_THREADS"] = "2"
os.environ["TOKENIZERS_PARALLELISM"] = "true"

kind, text = sys.argv[1], sys.argv[2]
if kind == "encode":
    import tiktoken
    from tiktoken.load import data_gym_to_mergeable_bpe_ranks
    ranks = data_gym_to_mergeable_bpe_ranks(sys.argv[4], sys.argv[3])
    pattern = (r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s")
    encoding = tiktoken.Encoding(
        "gpt2", pat_str=pattern, mergeable_ranks=ranks, special_tokens={"<|endoftext|>": 50256})
    content = open(text, encoding="utf-8").read()
    size = len(content.encode())
    best = 1e9
    for _ in range(3):
        start = time.perf_counter()
        count = len(encoding.encode_ordinary(content))
        best = min(best, time.perf_counter() - start)
    print(json.dumps({"megabytesPerSecond": size / best / 1e6, "tokens": count}))
else:
    from tokenizers import ByteLevelBPETokenizer
    start = time.perf_counter()
    tokenizer = ByteLevelBPETokenizer()
    tokenizer.train([text], vocab_size=8192, min_frequency=2, special_tokens=["<|endoftext|>"], show_progress=False)
    print(json.dumps({"seconds": time.perf_counter() - start}))
