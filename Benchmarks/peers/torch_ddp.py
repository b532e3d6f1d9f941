"""Trains a Hugging Face model with PyTorch's DistributedDataParallel over gloo, for ranks.py.

Starts its own processes, one thread each. Each step is `--tokens` tokens in all, in one batch a process; prints one line of
JSON with the median step of rank 0, as its losses are.
"""

import argparse
import json
import os
import statistics
import time

import torch
import torch.distributed
import torch.multiprocessing
from transformers import AutoConfig, AutoModelForCausalLM


def work(rank, options):
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", rank=rank, world_size=options.ranks)
    torch.manual_seed(1)
    config = AutoConfig.from_pretrained(options.model)
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    model.train()
    model = torch.nn.parallel.DistributedDataParallel(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, fused=True)
    sequences = options.tokens // options.context // options.ranks
    generator = torch.Generator().manual_seed(2 + rank)
    times = []
    for _ in range(options.steps + 2):
        inputs = torch.randint(config.vocab_size, (sequences, options.context + 1), generator=generator)
        torch.distributed.barrier()
        start = time.perf_counter()
        logits = model(input_ids=inputs[:, :-1]).logits
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), inputs[:, 1:].flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        times.append(time.perf_counter() - start)
    if rank == 0:
        print(json.dumps({"secondsPerStep": statistics.median(times[2:]), "loss": loss.item()}), flush=True)
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True, help="folder with config.json")
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--tokens", type=int, required=True, help="of a step, of all processes together")
    parser.add_argument("--context", type=int, default=256)
    parser.add_argument("--steps", type=int, default=3)
    os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
    os.environ.setdefault("MASTER_PORT", "29531")
    torch.multiprocessing.spawn(work, args=(parser.parse_args(),), nprocs=parser.parse_args().ranks)
