"""Trains a Hugging Face model with PyTorch, for compare.py.

Reads rows {"tokens", "weights"} and pads each batch to its longest row, as the usual collator does. Runs two untimed steps
and prints one line of JSON with their losses. Then, for each number of steps on stdin, it runs them and prints one line
with their time.
"""

import argparse
import contextlib
import json
import resource
import sys
import time

import torch
from transformers import AutoModelForCausalLM

parser = argparse.ArgumentParser()
parser.add_argument("--model", required=True)
parser.add_argument("--rows", required=True)
parser.add_argument("--batch", type=int, required=True)
parser.add_argument("--mode", choices=["eager", "compile", "bf16", "compile-bf16"], default="eager")
parser.add_argument("--lora", type=int, default=0, help="rank")
options = parser.parse_args()

rows = [json.loads(line) for line in open(options.rows, encoding="utf-8")]
model = AutoModelForCausalLM.from_pretrained(options.model, dtype=torch.float32)
model.train()
if options.lora:
    from peft import LoraConfig, get_peft_model
    is_gpt2 = model.config.model_type == "gpt2"
    model = get_peft_model(model, LoraConfig(
        r=options.lora, lora_alpha=2 * options.lora, fan_in_fan_out=is_gpt2,
        target_modules=["c_attn", "c_proj", "c_fc"] if is_gpt2 else "all-linear"))
is_even = len({len(row["tokens"]) for row in rows}) == 1
compiled = torch.compile(model, dynamic=None if is_even else True) if "compile" in options.mode else model
optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-4, fused=True)


def batch(step):
    part = [rows[(step * options.batch + index) % len(rows)] for index in range(options.batch)]
    # The last token is only predicted, as in Luthier.
    length = max(len(row["tokens"]) for row in part) - 1
    inputs, labels, mask = [], [], []
    for row in part:
        tokens, weights = row["tokens"], row["weights"]
        count = len(tokens) - 1
        inputs.append(tokens[:-1] + [0] * (length - count))
        labels.append([t if w else -100 for t, w in zip(tokens[1:], weights[1:])] + [-100] * (length - count))
        mask.append([1] * count + [0] * (length - count))
    return torch.tensor(inputs), torch.tensor(labels), None if is_even else torch.tensor(mask)


def step(number):
    """Seconds and loss of one step; creating the batch is not timed."""
    inputs, labels, mask = batch(number)
    start = time.perf_counter()
    precision = torch.autocast("cpu", dtype=torch.bfloat16) if "bf16" in options.mode else contextlib.nullcontext()
    with precision:
        logits = compiled(input_ids=inputs, attention_mask=mask).logits
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1).float(), labels.flatten(), ignore_index=-100)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return time.perf_counter() - start, loss.item()


losses = [step(number)[1] for number in range(2)]
print(json.dumps({"losses": losses}), flush=True)
done = 2
for line in sys.stdin:
    seconds = [step(done + index)[0] for index in range(int(line))]
    done += len(seconds)
    print(json.dumps({
        "seconds": sorted(seconds)[len(seconds) // 2], "total": sum(seconds),
        "peakMemoryBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10}), flush=True)
