#!/usr/bin/env python3
"""Makes the golden files of this folder: small models with PyTorch's logits, losses and gradients in float64.

    pip install torch transformers peft numpy
    python Tests/Fixtures/make_fixtures.py            # writes <name>.txt, <name>.bin and manifest.json next to itself
    python Tests/Fixtures/make_fixtures.py --check    # computes again and compares with what lies here, writes nothing
    python Tests/Fixtures/make_fixtures.py NAME...    # only these fixtures, with --check or without

Every parameter, biases and norms included, is its usual initial value plus N(0, 0.3): at the initial values alone
nearly any wrong formula gives nearly the right numbers. Parameters and loss weights are rounded to float32 first and
the reference is computed in float64 from those rounded values, so both sides start from exactly the same numbers.

Models with biases are Hugging Face Transformers' GPT2LMHeadModel. `forward` below is a second, independent statement of
the same mathematics; it is asserted to agree with Transformers on each of those models before it is trusted for the
ones that Transformers does not have (no biases anywhere) or has in float32 only (GPTNeoForCausalLM, LlamaForCausalLM).
What belongs to GPT-Neo and to Llama is in gpt_neo.py and llama.py.

A fixture is two files. `<name>.txt` has one fact per line:

    config <key> <value>                                   keys of Hugging Face's config.json, and `biases`
    array <name> <dtype> <sizes joined by x> <offset>      offset in bytes into <name>.bin, little-endian, row-major

Rotary scaling, an object in config.json, is rope_type, rope_factor, rope_low_freq_factor and so on here.

Arrays (B sequences of T positions; a ragged batch is written flat, and `lengths` cuts it into sequences):

    parameter/<name>, gradient/<name>     names and orientation of GPT-2's checkpoint; float32, float64
    lengths                               positions of each sequence
    inputs, targets, weights              ids, ids, the weight of each position's loss
    logits, loss, lossWeightSum           loss = sum(weight * negative log likelihood) / sum(weight)
    training/inputs, targets, weights, lengths   one batch for each of the optimizer's steps
    training/learningRate, loss, gradientNorm    of each step; the norm is the one before clipping
    training/lossAfter                    loss of the last training batch once the last step has been taken

The fixtures `lora` and `llama-lora` are trained by Hugging Face's PEFT; they have two more facts, lora_rank and
lora_alpha, no logits and no gradients, and the arrays

    adapter/<layer>.lora_A, lora_B        (in, R) and (R, out), the transposes of PEFT's

PEFT adapts Llama's queries, keys and values one by one, and gate and up too: `<layer>` is h.N.attn.q_proj, k_proj,
v_proj, o_proj, h.N.mlp.gate_proj, up_proj or down_proj there.
"""

import argparse
import hashlib
import json
import math
import pathlib
import sys

import numpy
import peft
import torch
import transformers

import llama
from gpt_neo import HuggingFaceNeo
from written_out import WrittenOut

FOLDER = pathlib.Path(__file__).resolve().parent
PERTURBATION = 0.3
STEPS, WARMUP, CLIP = 10, 3, 1.0
BETAS, EPSILON, WEIGHT_DECAY = (0.9, 0.95), 1e-8, 0.1

# name -> shape of the model, lengths of the batch's sequences, highest learning rate, seed
FIXTURES = {
    "tied-tanh": dict(
        layers=2, heads=2, width=16, inner=64, vocabulary=67, context=16, activation="gelu_new", tied=True, biases=True,
        lengths=[16, 16], peak=2e-2, seed=101),
    "untied-exact": dict(
        layers=2, heads=3, width=24, inner=40, vocabulary=33, context=20, activation="gelu", tied=False, biases=True,
        lengths=[11, 11, 11], peak=2e-2, seed=102),
    "single": dict(
        layers=1, heads=1, width=8, inner=32, vocabulary=11, context=8, activation="gelu_new", tied=True, biases=True,
        lengths=[8], peak=3e-2, seed=103),
    "wide": dict(
        layers=2, heads=4, width=32, inner=128, vocabulary=101, context=32, activation="gelu_new", tied=True,
        biases=True, lengths=[24, 24, 24], peak=1e-2, seed=204),
    "no-biases": dict(
        layers=2, heads=2, width=20, inner=80, vocabulary=37, context=12, activation="gelu", tied=True, biases=False,
        lengths=[10, 10], peak=2e-2, seed=105),
    "ragged": dict(
        layers=2, heads=2, width=16, inner=64, vocabulary=29, context=9, activation="gelu_new", tied=True, biases=True,
        lengths=[5, 1, 9], peak=2e-2, seed=106),
    "neo": dict(
        layers=3, heads=2, width=16, inner=48, vocabulary=31, context=14, activation="gelu_new", tied=True, biases=True,
        windows=[0, 4, 0], scaled=False, input_bias=False, lengths=[13, 13], peak=1e-2, seed=407),
    "by-block": dict(
        layers=3, heads=2, width=16, inner=64, vocabulary=23, context=12, activation="gelu_new", tied=False,
        biases=True, scaled=False, by_block=True, lengths=[12, 9], peak=1e-2, seed=108),
    "lora": dict(
        layers=2, heads=2, width=16, inner=40, vocabulary=47, context=16, activation="gelu_new", tied=True, biases=True,
        lengths=[16, 16], peak=1e-2, seed=118, rank=3, alpha=6),
}
# What the attention of a fixture is where it says nothing: windows of its blocks (0 for none), scores divided by the
# root of the heads' width, by the block's number, a bias for queries, keys and values.
USUAL = dict(windows=[], scaled=True, by_block=False, input_bias=True)
FIXTURES = {name: USUAL | spec for name, spec in FIXTURES.items()} | llama.FIXTURES


def is_llama(spec):
    return spec.get("family") == "llama"


def parameter_shapes(spec):
    """(name, shape) of every parameter in the order of GPT-2's checkpoint; linear layers are (in, out)."""
    if is_llama(spec):
        return llama.parameter_shapes(spec)
    width, inner = spec["width"], spec["inner"]
    shapes = [("wte.weight", (spec["vocabulary"], width)), ("wpe.weight", (spec["context"], width))]

    def linear(name, rows, columns, bias=True):
        shapes.append((name + ".weight", (rows, columns)))
        if spec["biases"] and bias:
            shapes.append((name + ".bias", (columns,)))

    def norm(name):
        shapes.append((name + ".weight", (width,)))
        if spec["biases"]:
            shapes.append((name + ".bias", (width,)))

    for layer in range(spec["layers"]):
        norm(f"h.{layer}.ln_1")
        linear(f"h.{layer}.attn.c_attn", width, 3 * width, spec["input_bias"])
        linear(f"h.{layer}.attn.c_proj", width, width)
        norm(f"h.{layer}.ln_2")
        linear(f"h.{layer}.mlp.c_fc", width, inner)
        linear(f"h.{layer}.mlp.c_proj", inner, width)
    norm("ln_f")
    if not spec["tied"]:
        shapes.append(("lm_head.weight", (spec["vocabulary"], width)))
    return shapes


def make_parameters(spec, generator):
    """Initial values plus N(0, PERTURBATION), rounded to float32."""
    parameters = {}
    for name, shape in parameter_shapes(spec):
        if len(shape) == 2:
            start = generator.normal(0.0, 0.02, shape)
        else:
            start = numpy.ones(shape) if name.endswith("weight") else numpy.zeros(shape)
        parameters[name] = (start + generator.normal(0.0, PERTURBATION, shape)).astype(numpy.float32)
    return parameters


def make_batch(spec, lengths, generator):
    """Flat ids, targets and loss weights for sequences of these lengths; a quarter of the weights is zero."""
    count = sum(lengths)
    inputs = generator.integers(0, spec["vocabulary"], count)
    targets = generator.integers(0, spec["vocabulary"], count)
    weights = generator.choice([0.0, 1.0, 0.3, 0.75], count).astype(numpy.float32)
    weights[count // 2] = 1.0
    return dict(lengths=list(lengths), inputs=inputs, targets=targets, weights=weights)


class Reference(WrittenOut):
    """GPT-2 written out on the published names: pre-norm blocks, causal attention, a head tied or of its own."""

    def norm(self, x, name):
        centred = x - x.mean(-1, keepdim=True)
        y = centred / (centred.square().mean(-1, keepdim=True) + 1e-5).sqrt() * self.value(name + ".weight")
        bias = self.value(name + ".bias")
        return y if bias is None else y + bias

    def gelu(self, x):
        if self.spec["activation"] == "gelu":
            return x * 0.5 * (1.0 + torch.erf(x / math.sqrt(2.0)))
        return 0.5 * x * (1.0 + torch.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x**3)))

    def attention(self, x, layer):
        name, (length, width) = f"h.{layer}.attn", x.shape
        heads = self.spec["heads"]
        query, key, value = self.linear(x, name + ".c_attn").split(width, dim=-1)
        query, key, value = (
            part.reshape(length, heads, width // heads).transpose(0, 1) for part in (query, key, value))
        scores = query @ key.transpose(1, 2)
        if self.spec["scaled"]:
            scores = scores / math.sqrt(width // heads)
        if self.spec["by_block"]:
            scores = scores / (layer + 1)
        hidden = torch.ones(length, length, dtype=torch.bool).triu(1)
        if self.spec["windows"] and self.spec["windows"][layer]:
            hidden |= torch.ones(length, length, dtype=torch.bool).tril(-self.spec["windows"][layer])
        mixed = scores.masked_fill(hidden, float("-inf")).softmax(-1) @ value
        return self.linear(mixed.transpose(0, 1).reshape(length, width), name + ".c_proj")

    def forward(self, ids):
        """Logits (T, V) of one sequence."""
        x = self.value("wte.weight")[ids] + self.value("wpe.weight")[: len(ids)]
        for layer in range(self.spec["layers"]):
            x = x + self.attention(self.norm(x, f"h.{layer}.ln_1"), layer)
            inner = self.gelu(self.linear(self.norm(x, f"h.{layer}.ln_2"), f"h.{layer}.mlp.c_fc"))
            x = x + self.linear(inner, f"h.{layer}.mlp.c_proj")
        head = self.value("wte.weight") if self.spec["tied"] else self.value("lm_head.weight")
        return self.norm(x, "ln_f") @ head.T


class HuggingFace(torch.nn.Module):
    """The same interface over Transformers' GPT2LMHeadModel."""

    def __init__(self, spec, parameters):
        super().__init__()
        config = transformers.GPT2Config(
            vocab_size=spec["vocabulary"], n_positions=spec["context"], n_embd=spec["width"], n_layer=spec["layers"],
            n_head=spec["heads"], n_inner=spec["inner"], activation_function=spec["activation"],
            layer_norm_epsilon=1e-5, tie_word_embeddings=spec["tied"], resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0,
            scale_attn_weights=spec["scaled"], scale_attn_by_inverse_layer_idx=spec["by_block"],
            bos_token_id=0, eos_token_id=0, attn_implementation="eager")
        self.model = transformers.GPT2LMHeadModel(config).double().eval()
        with torch.no_grad():
            own = self.named()
            assert set(own) == set(parameters), set(own) ^ set(parameters)
            for name, array in parameters.items():
                assert tuple(own[name].shape) == array.shape, name
                own[name].copy_(torch.from_numpy(array).double())

    def named(self):
        return {name.removeprefix("transformer."): value for name, value in self.model.named_parameters()}

    def gradients(self):
        return {name: value.grad for name, value in self.named().items()}

    def forward(self, ids):
        return self.model(ids[None], use_cache=False).logits[0]


class Adapted(torch.nn.Module):
    """The same interface over PEFT's LoRA on all linear layers, whose matrices alone are trained."""

    def __init__(self, spec, parameters, adapters):
        super().__init__()
        config = peft.LoraConfig(
            r=spec["rank"], lora_alpha=spec["alpha"], target_modules=["c_attn", "c_proj", "c_fc"], fan_in_fan_out=True,
            task_type="CAUSAL_LM")
        base = HuggingFace(spec, parameters).model
        self.model = peft.get_peft_model(base, config, autocast_adapter_dtype=False)
        with torch.no_grad():
            own = self.named()
            assert set(own) == set(adapters), set(own) ^ set(adapters)
            for name, array in adapters.items():
                assert own[name].shape == array.T.shape, name
                own[name].copy_(torch.from_numpy(array.T))

    def named(self):
        return {name.removeprefix("base_model.model.transformer.").removesuffix(".default.weight"): value
                for name, value in self.model.named_parameters() if value.requires_grad}

    def gradients(self):
        return {name: value.grad for name, value in self.named().items()}

    def forward(self, ids):
        return self.model(input_ids=ids[None], use_cache=False).logits[0]


def make_adapters(spec, generator):
    """N(0, PERTURBATION) for both matrices of every linear layer, (in, R) and (R, out)."""
    adapters = {}
    for layer, rows, columns in adapter_shapes(spec):
        for matrix, sizes in (("lora_A", (rows, spec["rank"])), ("lora_B", (spec["rank"], columns))):
            adapters[f"{layer}.{matrix}"] = generator.normal(0.0, PERTURBATION, sizes).astype(numpy.float32)
    return adapters


def adapter_shapes(spec):
    """(name, in, out) of every linear layer of the blocks, as the framework that trains the adapters cuts them."""
    if is_llama(spec):
        return llama.adapter_shapes(spec)
    return [(name.removesuffix(".weight"), *shape) for name, shape in parameter_shapes(spec)
            if name.startswith("h.") and len(shape) == 2]


def evaluate(model, batch):
    """Logits of all positions (sequences run one by one), loss, and the sum of the weights."""
    pieces, start = [], 0
    for length in batch["lengths"]:
        pieces.append(model(torch.from_numpy(batch["inputs"][start : start + length])))
        start += length
    logits = torch.cat(pieces)
    negative = -logits.log_softmax(-1)[torch.arange(start), torch.from_numpy(batch["targets"])]
    weights = torch.from_numpy(batch["weights"]).double()
    return logits, (weights * negative).sum() / weights.sum(), weights.sum()


def gradients(model, loss):
    model.zero_grad()
    loss.backward()
    return {name: value.detach().clone() for name, value in model.gradients().items()}


def learning_rate(step, peak):
    """Linear warm-up, then a cosine down to a tenth."""
    lowest = 0.1 * peak
    if step < WARMUP:
        return peak * (step + 1) / WARMUP
    return lowest + 0.5 * (peak - lowest) * (1.0 + math.cos(math.pi * (step - WARMUP) / (STEPS - WARMUP)))


def train(model, batches, peak):
    """AdamW with clipping; the figures of each step, and the loss of the last batch afterwards."""
    named = model.named()
    optimizer = torch.optim.AdamW(
        [dict(params=[value for value in named.values() if value.ndim >= 2], weight_decay=WEIGHT_DECAY),
         dict(params=[value for value in named.values() if value.ndim < 2], weight_decay=0.0)],
        lr=peak, betas=BETAS, eps=EPSILON)
    rates, losses, norms = [], [], []
    for step, batch in enumerate(batches):
        loss = evaluate(model, batch)[1]
        norm = math.sqrt(sum(float(g.square().sum()) for g in gradients(model, loss).values()))
        for value in named.values():
            value.grad.mul_(min(1.0, CLIP / norm))
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, peak)
        optimizer.step()
        rates.append(learning_rate(step, peak))
        losses.append(loss.item())
        norms.append(norm)
    return rates, losses, norms, evaluate(model, batches[-1])[1].item()


def shaped(batch, key, dtype):
    """(B, T) where all sequences have one length, flat otherwise."""
    array = numpy.asarray(batch[key], dtype)
    lengths = batch["lengths"]
    return array.reshape(len(lengths), lengths[0]) if len(set(lengths)) == 1 else array


def build(spec):
    """All arrays of one fixture, in the order they are written."""
    if "rank" in spec:
        return build_adapted(spec)
    generator = numpy.random.default_rng(spec["seed"])
    parameters = make_parameters(spec, generator)
    batch = make_batch(spec, spec["lengths"], generator)
    batches = [make_batch(spec, generator.permutation(spec["lengths"]).tolist(), generator) for _ in range(STEPS)]

    # Transformers' GPT-Neo and Llama round to float32 inside: they check the written-out model, no more.
    written = llama.Reference if is_llama(spec) else Reference
    trusted = not is_llama(spec) and spec["biases"] and not spec["windows"]
    model = (HuggingFace if trusted else written)(spec, parameters)
    logits, loss, weight_sum = evaluate(model, batch)
    gradient = gradients(model, loss)
    if is_llama(spec):
        check_agreement(llama.HuggingFace(spec, parameters, exact=False), batch, logits, gradient, tolerance=1e-5)
        check_agreement(llama.HuggingFace(spec, parameters, exact=True), batch, logits, gradient, tolerance=1e-9)
    elif spec["windows"]:
        check_agreement(HuggingFaceNeo(spec, parameters), batch, logits, gradient, tolerance=1e-5)
    elif trusted:
        check_agreement(Reference(spec, parameters), batch, logits, gradient, tolerance=1e-9)

    arrays = {"parameter/" + name: value for name, value in parameters.items()}
    arrays |= {
        "lengths": numpy.array(batch["lengths"], numpy.int32),
        "inputs": shaped(batch, "inputs", numpy.int32), "targets": shaped(batch, "targets", numpy.int32),
        "weights": shaped(batch, "weights", numpy.float32), "logits": logits.detach().numpy(),
        "loss": numpy.array([loss.item()]), "lossWeightSum": numpy.array([weight_sum.item()])}
    arrays |= {"gradient/" + name: gradient[name].numpy() for name in parameters}
    return arrays | training(spec, batches, model, written(spec, parameters).float())


def build_adapted(spec):
    """The fixture of PEFT's LoRA: no gradients of its own, ten steps."""
    generator = numpy.random.default_rng(spec["seed"])
    parameters, adapters = make_parameters(spec, generator), make_adapters(spec, generator)
    batches = [make_batch(spec, spec["lengths"], generator) for _ in range(STEPS)]
    arrays = {"parameter/" + name: value for name, value in parameters.items()}
    arrays |= {"adapter/" + name: value for name, value in adapters.items()}
    if not is_llama(spec):
        return arrays | training(
            spec, batches, Adapted(spec, parameters, adapters), Adapted(spec, parameters, adapters).float())
    adapted = llama.Adapted(spec, parameters, adapters)
    plain = llama.Reference(spec, llama.merged(spec, parameters, adapters))
    losses = [evaluate(one, batches[0])[1] for one in (adapted, plain)]
    assert abs(losses[0] / losses[1] - 1) < 1e-9, "not the merged model's loss"
    return arrays | training(spec, batches, adapted, llama.Adapted(spec, parameters, adapters, exact=False).float())


def training(spec, batches, model, single):
    """The arrays of ten steps; `single` is the same model in float32."""
    arrays = {}
    rates, losses, norms, after = train(model, batches, spec["peak"])
    check_conditioning(spec, single, batches, losses, norms)
    for key, dtype in [("lengths", numpy.int32), ("inputs", numpy.int32), ("targets", numpy.int32),
                       ("weights", numpy.float32)]:
        arrays["training/" + key] = numpy.array([numpy.asarray(one[key], dtype) for one in batches])
    arrays |= {
        "training/learningRate": numpy.array(rates), "training/loss": numpy.array(losses),
        "training/gradientNorm": numpy.array(norms), "training/lossAfter": numpy.array([after])}
    return arrays


def check_agreement(model, batch, logits, gradient, tolerance):
    """Transformers and the written-out model must be the same function."""
    own_logits, own_loss, _ = evaluate(model, batch)
    assert (own_logits - logits).norm() < tolerance * logits.norm(), "logits differ from Transformers"
    own = gradients(model, own_loss)
    assert set(own) == set(gradient)
    for name, value in gradient.items():
        assert (own[name] - value).norm() < tolerance * value.norm(), f"gradient of {name} differs"


def check_conditioning(spec, model, batches, losses, norms):
    """The steps must be reproducible in float32. AdamW's first steps move every element by about the learning rate
    whatever the size of its gradient; where a gradient happens to be as small as float32's noise, its sign is chance
    and the losses part by 1e-5. Another seed then serves better."""
    _, own_losses, own_norms, _ = train(model, batches, spec["peak"])
    for own, exact, tolerance in [(own_losses, losses, 1e-6), (own_norms, norms, 5e-6)]:
        for step, (one, other) in enumerate(zip(own, exact)):
            assert abs(one - other) < tolerance * other, f"step {step} is not reproducible in float32: choose a seed"


def config_lines(spec):
    facts = (llama.facts if is_llama(spec) else own_facts)(spec)
    facts |= {
        "steps": STEPS, "warmup_steps": WARMUP, "learning_rate": spec["peak"],
        "minimum_learning_rate": 0.1 * spec["peak"], "beta1": BETAS[0], "beta2": BETAS[1], "epsilon": EPSILON,
        "weight_decay": WEIGHT_DECAY, "gradient_clip": CLIP}
    if "rank" in spec:
        facts |= {"lora_rank": spec["rank"], "lora_alpha": spec["alpha"]}
    return [f"config {key} {value}" for key, value in facts.items()]


def own_facts(spec):
    return {
        "model_type": "gpt2", "vocab_size": spec["vocabulary"], "n_positions": spec["context"],
        "n_embd": spec["width"], "n_layer": spec["layers"], "n_head": spec["heads"], "n_inner": spec["inner"],
        "activation_function": spec["activation"], "layer_norm_epsilon": "1e-05",
        "tie_word_embeddings": str(spec["tied"]).lower(), "biases": str(spec["biases"]).lower(),
        "attention_windows": ",".join(map(str, spec["windows"])) or "-",
        "scale_attn_weights": str(spec["scaled"]).lower(),
        "scale_attn_by_inverse_layer_idx": str(spec["by_block"]).lower(),
        "attention_input_bias": str(spec["input_bias"]).lower()}


def encode(spec, arrays):
    """The two files of a fixture as bytes, without a config where `spec` is None. Arrays start at multiples of 8."""
    lines, body = config_lines(spec) if spec else [], bytearray()
    for name, array in arrays.items():
        array = numpy.ascontiguousarray(array)
        assert numpy.isfinite(array).all(), name
        sizes = "x".join(str(size) for size in array.shape)
        lines.append(f"array {name} {array.dtype.name} {sizes} {len(body)}")
        body += array.astype(array.dtype.newbyteorder("<")).tobytes()
        body += bytes(-len(body) % 8)
    return ("\n".join(lines) + "\n").encode(), bytes(body)


def check(name, spec, arrays):
    """Compares with the files that lie here: layout exactly, float64 numbers to 1e-9."""
    header, body = encode(spec, arrays)
    assert (FOLDER / f"{name}.txt").read_bytes() == header, f"{name}.txt differs"
    stored = (FOLDER / f"{name}.bin").read_bytes()
    assert len(stored) == len(body), f"{name}.bin has another size"
    offset = 0
    for array_name, array in arrays.items():
        old = numpy.frombuffer(stored, array.dtype, array.size, offset).reshape(array.shape)
        exact = array.dtype != numpy.float64
        same = (old == array).all() if exact else numpy.allclose(old, array, rtol=1e-9, atol=1e-12)
        assert same, f"{name}: {array_name} differs"
        offset += array.nbytes + -array.nbytes % 8
    print(f"{name}: as stored")


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--check", action="store_true", help="compare with the stored files instead of writing them")
    options.add_argument("names", nargs="*", metavar="name", help="only these fixtures")
    arguments = options.parse_args()
    if unknown := set(arguments.names) - set(FIXTURES):
        options.error(f"there is no fixture {min(unknown)}")
    torch.set_num_threads(1)
    manifest = dict(seeds={}, sha256={})
    if arguments.names:
        manifest = json.loads((FOLDER / "manifest.json").read_text())
    for name in arguments.names or FIXTURES:
        spec = FIXTURES[name]
        arrays = build(spec)
        if arguments.check:
            check(name, spec, arrays)
            continue
        manifest["seeds"][name] = spec["seed"]
        for suffix, content in zip((".txt", ".bin"), encode(spec, arrays)):
            assert len(content) < 1 << 20, f"{name}{suffix} is {len(content)} bytes"
            (FOLDER / (name + suffix)).write_bytes(content)
            manifest["sha256"][name + suffix] = hashlib.sha256(content).hexdigest()
        print(name, "losses", [round(float(x), 4) for x in arrays["training/loss"]],
              "norms", [round(float(x), 2) for x in arrays["training/gradientNorm"]])
    if not arguments.check:
        versions = {"python": sys.version.split()[0], "torch": torch.__version__,
                    "transformers": transformers.__version__, "peft": peft.__version__, "numpy": numpy.__version__}
        manifest = {"made by": "Tests/Fixtures/make_fixtures.py", "versions": versions, "seeds": manifest["seeds"],
                    "sha256": manifest["sha256"]}
        (FOLDER / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")


if __name__ == "__main__":
    main()
