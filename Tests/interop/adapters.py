"""Adapters of Hugging Face's PEFT, both ways; interop.py calls `make` and `check`.

`make` trains nothing: it puts random matrices beside models of Transformers, saves them as PEFT does, and writes the
logits that PEFT computes in float64. One adapter is a published one, where the test data are. `check` opens what Luthier
exported after ten steps of LoRA.
"""

import json
import os
import pathlib
import shutil

import numpy
import peft
import torch
import transformers

import families
import make_fixtures as fixtures

TEXT = b"Whatever is written here is read as bytes, once forwards and once backwards: 0123456789."
IDS = numpy.frombuffer(TEXT, numpy.uint8).astype(numpy.int64)[:-1]
DATA = pathlib.Path(os.environ.get("LUTHIER_TEST_DATA", "../shared/data")) / "weights-gpt2-lora-adapter"
USUAL = dict(fixtures.USUAL, layers=2, heads=4, width=32, inner=128, vocabulary=257, context=112,
             activation="gelu_new", tied=True, biases=True)
# How PEFT chooses layers, and what it may scale by. GPT-Neo's queries and values have matrices of their own.
CASES = {
    "gpt2": (dict(), dict(r=3, lora_alpha=6, target_modules=["c_attn", "c_proj", "c_fc"])),
    "gpt2-pattern": (dict(layers=3, inner=56), dict(
        r=4, lora_alpha=3, use_rslora=True, target_modules=r".*\.h\.[02]\.(attn\.c_attn|mlp\.c_proj)")),
    "gpt2-all-linear": (dict(tied=False), dict(r=2, lora_alpha=1, target_modules="all-linear")),
    "gpt2-ranks": (dict(layers=3), dict(
        r=3, lora_alpha=6, use_rslora=True, target_modules=["c_attn", "c_fc"],
        rank_pattern={"h.1.attn.c_attn": 5, "mlp.c_fc": 1},
        alpha_pattern={"^transformer.h.0.attn.c_attn": 7, r"h\.[12]\.mlp\.c_fc": 2})),
    "gpt2-layers": (dict(layers=3), dict(
        r=3, lora_alpha=6, target_modules=["c_attn", "c_proj", "c_fc"], layers_to_transform=[0, 2], layers_pattern="h",
        exclude_modules=["mlp.c_proj"])),
    "gpt2-dora": (dict(inner=56), dict(
        r=3, lora_alpha=6, use_dora=True, target_modules=["c_attn", "c_proj", "c_fc"])),
    "gpt2-bias": (dict(), dict(r=2, lora_alpha=3, lora_bias=True, target_modules=["c_attn", "c_proj"])),
    "gpt2-saved": (dict(), dict(
        r=2, lora_alpha=3, target_modules=["c_attn"], modules_to_save=["wte", "lm_head", "ln_f"])),
    "gpt2-saved-head": (dict(), dict(
        r=2, lora_alpha=3, use_dora=True, target_modules=["c_proj"], modules_to_save=["lm_head"])),
    "gpt2-saved-embedding": (dict(), dict(
        r=2, lora_alpha=3, target_modules=["c_proj"], modules_to_save=["wte", "wpe"])),
    "gpt2-saved-tied": (dict(), dict(
        r=2, lora_alpha=3, target_modules=["c_proj"], modules_to_save=["wte"], ensure_weight_tying=True)),
    "gpt2-saved-both-tied": (dict(), dict(
        r=2, lora_alpha=3, target_modules=["c_proj"], modules_to_save=["lm_head"], ensure_weight_tying=True)),
    "gpt-neo-dora": (dict(windows=[0, 5], scaled=False, input_bias=False), dict(
        r=3, lora_alpha=6, use_dora=True, target_modules=["q_proj", "v_proj", "out_proj", "c_fc"],
        layers_to_transform=1)),
    "gpt-neo": (dict(windows=[0, 5], scaled=False, input_bias=False), dict(
        r=3, lora_alpha=6, target_modules=["q_proj", "v_proj", "out_proj"])),
}
ATTENTION = ["q_proj", "k_proj", "v_proj", "o_proj"]
# The same beside models of today's families, whose queries, keys, values, gate and up have adapters of their own.
FAMILY_CASES = {
    "llama-attention": ("llama-grouped", dict(r=3, lora_alpha=6, target_modules=["q_proj", "v_proj", "o_proj"])),
    "llama-all-linear": ("llama-scaled", dict(r=2, lora_alpha=3, target_modules="all-linear")),
    "qwen2-attention": ("qwen2-windows", dict(r=3, lora_alpha=6, target_modules=ATTENTION)),
    "gemma3-attention": ("gemma3-capped", dict(r=3, lora_alpha=6, target_modules=ATTENTION)),
    "gemma3-all-linear": ("gemma3-pattern", dict(r=2, lora_alpha=3, target_modules="all-linear")),
    "neox-attention": ("neox-sequential", dict(r=3, lora_alpha=6, target_modules=["query_key_value", "dense"])),
    "neox-all-linear": ("neox-parallel", dict(r=2, lora_alpha=3, target_modules="all-linear")),
    "qwen3-all-linear": ("qwen3-windows", dict(r=2, lora_alpha=3, target_modules="all-linear")),
}
# Merged only: what is not trained here.
MERGED_CASES = {
    "merged-llama-dora": ("llama-grouped", dict(
        r=3, lora_alpha=6, use_dora=True, target_modules="all-linear", rank_pattern={"q_proj": 2})),
    "merged-llama-saved": ("llama-scaled", dict(
        r=2, lora_alpha=3, target_modules=["q_proj", "down_proj"], exclude_modules=r".*layers\.0\.mlp.*",
        modules_to_save=["embed_tokens", "lm_head", "norm"])),
}
STEPS, LEARNING_RATE = 10, 1e-2


def write_reference(folder, model, **arrays):
    with torch.no_grad():
        logits = model.eval()(input_ids=torch.from_numpy(IDS)[None]).logits[0].numpy()
    arrays = {"inputs": IDS.astype(numpy.int32), "logits": logits} | arrays
    for suffix, content in zip((".txt", ".bin"), fixtures.encode(None, arrays)):
        (folder / ("reference" + suffix)).write_bytes(content)


def write_merged(folder, model):
    """What merge_and_unload makes of the adapter in float64. A head that is no longer tied says so in the config."""
    merged = model.double().merge_and_unload()
    embedding, head = merged.get_input_embeddings().weight, merged.get_output_embeddings().weight
    merged.config.tie_word_embeddings = bool(embedding.shape == head.shape and (embedding == head).all())
    merged.float().save_pretrained(folder / "merged")


def perturb(model, generator):
    with torch.no_grad():
        for value in model.parameters():
            if value.requires_grad:
                value.copy_(torch.from_numpy(generator.normal(0.0, 0.3, value.shape)).to(value.dtype))


def save(model, folder):
    model.save_pretrained(folder)
    path = folder / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"base_model_name_or_path": "../base"}))


def losses(model):
    """Of ten steps of AdamW on the text, in float64; the settings are those of the Swift side."""
    trained = [value for value in model.parameters() if value.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=LEARNING_RATE, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01)
    inputs, targets = torch.from_numpy(IDS)[None], torch.from_numpy(numpy.append(IDS[1:], 0))
    result = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(input_ids=inputs).logits[0], targets)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        result.append(loss.item())
    return numpy.array(result)


def make_family(folder, number, name, settings):
    made = families.Model(name)
    made.save(folder / "base")
    model = peft.get_peft_model(made.model, peft.LoraConfig(task_type="CAUSAL_LM", **settings))
    save(model, folder / "start")
    families.compute_in_float64()
    course = losses(model.double().eval())
    perturb(model, numpy.random.default_rng(800 + number))
    model.float()
    save(model, folder / "adapter")
    write_reference(folder, model.double(), losses=course)


def make(root):
    for number, (name, (shape, settings)) in enumerate(CASES.items()):
        folder = root / name
        generator = numpy.random.default_rng(700 + number)
        spec = USUAL | shape
        family = fixtures.HuggingFaceNeo if spec["windows"] else fixtures.HuggingFace
        parameters = fixtures.make_parameters(spec, generator)
        family(spec, parameters).model.float().save_pretrained(folder / "base")
        config = peft.LoraConfig(task_type="CAUSAL_LM", fan_in_fan_out=not spec["windows"], **settings)
        model = peft.get_peft_model(family(spec, parameters).model.float(), config)
        perturb(model, generator)
        save(model, folder / "adapter")
        write_reference(folder, model.double())
        write_merged(folder, model)
        print("adapter", name)
    if DATA.is_dir():
        make_published(root / "published")
    else:
        print("skipped: the published adapter, because the test data are absent")
    for number, (name, (base, settings)) in enumerate(FAMILY_CASES.items()):
        make_family(root / name, number, base, settings)
        print("adapter", name)
    for number, (name, (base, settings)) in enumerate(MERGED_CASES.items()):
        folder = root / name
        made = families.Model(base)
        made.save(folder / "base")
        model = peft.get_peft_model(made.model, peft.LoraConfig(task_type="CAUSAL_LM", **settings))
        perturb(model, numpy.random.default_rng(900 + number))
        save(model, folder / "adapter")
        families.compute_in_float64()
        write_reference(folder, model.double())
        write_merged(folder, model)
        print("adapter", name)


def make_published(folder):
    """A base of GPT-2's shape, no parameter of which is what it begins with, and the published adapter beside it."""
    torch.manual_seed(11)
    base = transformers.GPT2LMHeadModel(transformers.GPT2Config())
    with torch.no_grad():
        for value in base.parameters():
            value.add_(torch.randn_like(value) * 0.05)
    base.save_pretrained(folder / "base")
    (folder / "adapter").mkdir()
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        shutil.copy(DATA / name, folder / "adapter" / name)
    write_reference(folder, peft.PeftModel.from_pretrained(base, folder / "adapter").double())
    print("adapter published")


def check(root):
    results = []
    families.compute_in_float64()
    for name in [*CASES, *FAMILY_CASES, *MERGED_CASES]:
        folder = root / name
        base = transformers.AutoModelForCausalLM.from_pretrained(folder / "base", attn_implementation="eager")
        model = peft.PeftModel.from_pretrained(base, folder / "tuned").double().eval()
        with torch.no_grad():
            expected = model(input_ids=torch.from_numpy(IDS)[None]).logits[0].numpy()
        own = numpy.fromfile(folder / "tuned.logits", "<f4").reshape(expected.shape).astype(numpy.float64)
        start = numpy.fromfile(folder / "start.logits", "<f4").reshape(expected.shape)
        error = numpy.linalg.norm(own - expected) / numpy.linalg.norm(expected)
        moved = numpy.linalg.norm(own - start) / numpy.linalg.norm(start)
        results.append(bool(error < 1e-5 and moved > 1e-2))
        print(f"{'passed' if results[-1] else 'FAILED'}: adapter of {name} tuned, in PEFT: logits differ by {error:.1e} "
              f"of their norm, tuning moved them by {moved:.1e}")
    return results
