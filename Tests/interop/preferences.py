#!/usr/bin/env python3
"""Ten steps of every preference objective, in Luthier and in trl, from one model on the same rows.

    preferences.py LUTHIER FOLDER

Makes a small Llama model with Transformers, whose tokens are bytes, and rows; trains with both, all weights, no dropout; and
compares the losses of all steps. trl is the version that ORPO's prompts, KTO's other answers and IPO's tokens are as in here:
ORPO's likelihood counts prompts there, which is data.promptLossWeight 1. Exit status 1 means that something differs.
"""

import json
import os
import pathlib
import random
import shutil
import subprocess
import sys

os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")
import datasets  # noqa: E402
import tokenizers  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402
import trl  # noqa: E402
from trl.experimental.orpo import ORPOConfig, ORPOTrainer  # noqa: E402

import families  # noqa: E402

STEPS, BATCH, BETA, RATE, TOLERANCE = 10, 4, 0.3, 2e-3, 1e-5
END = "<|endoftext|>"
WORDS = "wind rain snow sun cloud storm north south warm cold today tomorrow morning evening degrees Oslo Lima Cairo".split()


def rows(generator):
    """Forty pairs, and the same as answers with a label, of which the last batch has but one kind."""
    def words(least, most):
        return " ".join(generator.choice(WORDS) for _ in range(generator.randint(least, most)))

    pairs = [dict(prompt=words(2, 6) + "?", chosen=" " + words(1, 4), rejected=" " + words(3, 9))
             for _ in range(STEPS * BATCH)]
    labels = []
    for number, pair in enumerate(pairs):
        isGood = number % 3 != 0 or number >= len(pairs) - BATCH
        labels.append(dict(prompt=pair["prompt"], completion=pair["chosen" if isGood else "rejected"], label=isGood))
    return pairs, labels


def save_model(folder):
    model = families.Model("llama-grouped", max_position_embeddings=192,
                           vocab_size=257, bos_token_id=256, eos_token_id=256).model
    model.save_pretrained(folder)
    alphabet = {chr(code): byte for byte, code in transformers_bytes().items()}
    core = tokenizers.Tokenizer(tokenizers.models.BPE(vocab=alphabet, merges=[]))
    core.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = tokenizers.decoders.ByteLevel()
    core.add_special_tokens([END])
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=core, eos_token=END, pad_token=END)
    tokenizer.save_pretrained(folder)
    return tokenizer


def transformers_bytes():
    """Byte -> code of the character by which byte-level tokenizers write it."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [byte for byte in range(256) if byte not in plain]
    return {byte: byte for byte in plain} | {byte: 256 + index for index, byte in enumerate(rest)}


def in_order(base):
    """A trainer that takes rows as they come, and keeps the loss of each step unrounded."""
    class Trainer(base):
        seen = []

        def _get_train_sampler(self, *_):
            return torch.utils.data.SequentialSampler(self.train_dataset)

        def compute_loss(self, *arguments, **named):
            result = super().compute_loss(*arguments, **named)
            loss = result[0] if isinstance(result, tuple) else result
            self.seen.append(loss.item())
            return result

    Trainer.seen = []
    return Trainer


def train_there(objective, model, tokenizer, data, folder):
    usual = dict(
        output_dir=str(folder), per_device_train_batch_size=BATCH, max_steps=STEPS, learning_rate=RATE,
        lr_scheduler_type="constant", warmup_steps=0, weight_decay=0.0, max_grad_norm=1.0, beta=BETA, bf16=False, fp16=False,
        use_cpu=True, gradient_checkpointing=False, report_to=[], save_strategy="no", logging_steps=1, max_length=None,
        disable_dropout=True, seed=1, disable_tqdm=True)
    network = transformers.AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32, attn_implementation="eager")
    if objective == "kto":
        trainer, config = in_order(trl.KTOTrainer), trl.KTOConfig(**usual)
    elif objective == "orpo":
        trainer, config = in_order(ORPOTrainer), ORPOConfig(**(usual | dict(max_length=512)))
    else:
        trainer, config = in_order(trl.DPOTrainer), trl.DPOConfig(
            loss_type="sigmoid" if objective == "dpo" else "ipo", **usual)
    trainer(model=network, args=config, train_dataset=datasets.Dataset.from_list(data), processing_class=tokenizer).train()
    return trainer.seen


def train_here(luthier, objective, model, path, folder):
    config = folder / f"{objective}.json"
    config.write_text(json.dumps({
        "model": {"base": str(model), "embeddingDropout": 0, "attentionDropout": 0, "residualDropout": 0},
        "data": {"train": [str(path)], "validationFraction": 0, "template": "raw", "shuffle": False,
                 "promptLossWeight": int(objective == "orpo")},
        "method": {"type": "full", "objective": objective, "beta": BETA},
        "training": {"steps": STEPS, "batchSize": BATCH, "learningRate": RATE, "schedule": "constant", "warmupSteps": 0,
                     "weightDecay": 0, "gradientClip": 1, "precision": "f32", "logEvery": 1}}))
    run = subprocess.run([luthier, "train", "--config", config, "--run", objective], cwd=folder, text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if run.returncode:
        sys.exit(f"luthier train: {run.stdout}")
    lines = (folder / "checkpoints" / objective / "metrics.jsonl").read_text().splitlines()
    return [line["loss"] for line in map(json.loads, lines) if "loss" in line]


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    luthier, folder = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]).absolute()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    torch.set_num_threads(1)
    tokenizer = save_model(folder / "model")
    pairs, labels = rows(random.Random(7))
    for name, data in (("pairs", pairs), ("labels", labels)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in data))
    failed = 0
    for objective in ("dpo", "ipo", "kto", "orpo"):
        name, data = ("labels", labels) if objective == "kto" else ("pairs", pairs)
        here = train_here(luthier, objective, folder / "model", folder / f"{name}.jsonl", folder)
        there = train_there(objective, folder / "model", tokenizer, data, folder / "there")
        if len(here) != STEPS or len(there) != STEPS:
            sys.exit(f"{objective}: {len(here)} losses here, {len(there)} there")
        error = max(abs(a - b) / max(1, abs(b)) for a, b in zip(here, there))
        passed = error < TOLERANCE and abs(there[-1] - there[0]) > 1e-3
        failed += not passed
        print(f"{'passed' if passed else 'FAILED'}: {objective}, trl {trl.__version__}: {STEPS} losses from {there[0]:.6f} "
              f"to {there[-1]:.6f} differ by at most {error:.1e}", flush=True)
        if not passed:
            for step, (a, b) in enumerate(zip(here, there), 1):
                print(f"  step {step}: {a:.8f} here, {b:.8f} there")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
