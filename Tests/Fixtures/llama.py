"""The Llama family's part of make_fixtures.py: shapes, names, the mathematics written out, and Hugging Face's model.

Names and orientation are those of GPT-2's checkpoint, extended: the columns of `h.N.attn.c_attn` are those of queries,
keys and values, one after the other, and the columns of `h.N.mlp.c_fc` those of gate and up. There is no `wpe`, and
norms have no bias.
"""

import contextlib
import math
import re
import unittest.mock

import peft
import torch
import transformers
from transformers.models.llama import modeling_llama

from written_out import WrittenOut

# name -> shape of the model, lengths of the batch's sequences, highest learning rate, seed
FIXTURES = {
    "llama-grouped": dict(
        layers=2, heads=6, key_value_heads=2, head_width=4, width=18, inner=27, vocabulary=41, context=24, tied=False,
        theta=10000.0, scaling=None, attention_bias=False, epsilon=1e-5, lengths=[17, 1, 8], peak=1e-2, seed=301),
    "llama-tied": dict(
        layers=2, heads=3, key_value_heads=3, head_width=8, width=24, inner=40, vocabulary=37, context=64, tied=True,
        theta=10.0, scaling=dict(factor=4.0, low=1.0, high=2.0, original=16), attention_bias=True, epsilon=1e-5,
        lengths=[24, 24], peak=1e-2, seed=302),
    "llama-lora": dict(
        layers=2, heads=4, key_value_heads=2, head_width=6, width=20, inner=28, vocabulary=43, context=20, tied=True,
        theta=10000.0, scaling=None, attention_bias=False, epsilon=1e-5, lengths=[18, 18], peak=1e-2, seed=303, rank=3,
        alpha=6),
}
FIXTURES = {name: dict(family="llama") | spec for name, spec in FIXTURES.items()}
PROJECTIONS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def head_columns(spec):
    """Columns of the queries, the keys and the values."""
    return [spec["head_width"] * spec[kind] for kind in ("heads", "key_value_heads", "key_value_heads")]


def parameter_shapes(spec):
    """(name, shape) of every parameter; linear layers are (in, out)."""
    width, inner, columns = spec["width"], spec["inner"], head_columns(spec)
    shapes = [("wte.weight", (spec["vocabulary"], width))]

    def linear(name, rows, columns, bias=False):
        shapes.append((name + ".weight", (rows, columns)))
        if bias:
            shapes.append((name + ".bias", (columns,)))

    for layer in range(spec["layers"]):
        shapes.append((f"h.{layer}.ln_1.weight", (width,)))
        linear(f"h.{layer}.attn.c_attn", width, sum(columns), spec["attention_bias"])
        linear(f"h.{layer}.attn.c_proj", columns[0], width, spec["attention_bias"])
        shapes.append((f"h.{layer}.ln_2.weight", (width,)))
        linear(f"h.{layer}.mlp.c_fc", width, 2 * inner)
        linear(f"h.{layer}.mlp.c_proj", inner, width)
    shapes.append(("ln_f.weight", (width,)))
    if not spec["tied"]:
        shapes.append(("lm_head.weight", (spec["vocabulary"], width)))
    return shapes


def adapter_shapes(spec):
    """(name, in, out) of every linear layer as Hugging Face cuts them."""
    width, inner = spec["width"], spec["inner"]
    query, key, value = head_columns(spec)
    sizes = [("attn.q_proj", width, query), ("attn.k_proj", width, key), ("attn.v_proj", width, value),
             ("attn.o_proj", query, width), ("mlp.gate_proj", width, inner), ("mlp.up_proj", width, inner),
             ("mlp.down_proj", inner, width)]
    return [(f"h.{layer}.{name}", rows, columns) for layer in range(spec["layers"]) for name, rows, columns in sizes]


def pieces(spec, name):
    """Hugging Face's names for one parameter, and how many of its columns each takes."""
    block = re.match(r"h\.(\d+)\.(.*)\.(weight|bias)$", name)
    if not block:
        return [({"wte.weight": "model.embed_tokens.weight", "ln_f.weight": "model.norm.weight"}.get(name, name), None)]
    layer, part, kind = block.groups()
    cuts = {
        "ln_1": [("input_layernorm", None)], "ln_2": [("post_attention_layernorm", None)],
        "attn.c_attn": list(zip(("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"), head_columns(spec))),
        "attn.c_proj": [("self_attn.o_proj", None)],
        "mlp.c_fc": [("mlp.gate_proj", spec["inner"]), ("mlp.up_proj", spec["inner"])],
        "mlp.c_proj": [("mlp.down_proj", None)]}[part]
    return [(f"model.layers.{layer}.{module}.{kind}", columns) for module, columns in cuts]


def inverse_frequencies(spec):
    """Radians per position of each pair of a head's elements, in float64."""
    width, scaling = spec["head_width"], spec["scaling"]
    plain = [spec["theta"] ** (-2.0 * pair / width) for pair in range(width // 2)]
    if scaling is None:
        return torch.tensor(plain, dtype=torch.float64)

    def stretched(frequency):
        wavelength = 2.0 * math.pi / frequency
        if wavelength < scaling["original"] / scaling["high"]:
            return frequency
        if wavelength > scaling["original"] / scaling["low"]:
            return frequency / scaling["factor"]
        share = (scaling["original"] / wavelength - scaling["low"]) / (scaling["high"] - scaling["low"])
        return (1.0 - share) * frequency / scaling["factor"] + share * frequency

    return torch.tensor([stretched(frequency) for frequency in plain], dtype=torch.float64)


class Reference(WrittenOut):
    """Llama written out: root-mean-square norms, rotary positions, grouped queries, a gated feed-forward layer."""

    def norm(self, x, name):
        return x / (x.square().mean(-1, keepdim=True) + self.spec["epsilon"]).sqrt() * self.value(name + ".weight")

    def rotated(self, heads):
        """(heads, T, D): the pairs (i, i + D/2) as complex numbers, rotated by position · frequency."""
        half = self.spec["head_width"] // 2
        positions = torch.arange(heads.shape[1], dtype=torch.float64)
        angles = positions[:, None] * inverse_frequencies(self.spec)
        turns = torch.polar(torch.ones_like(angles), angles).to(torch.promote_types(heads.dtype, torch.complex64))
        numbers = torch.complex(heads[..., :half], heads[..., half:]) * turns
        return torch.cat([numbers.real, numbers.imag], dim=-1)

    def attention(self, x, layer):
        name, length, width = f"h.{layer}.attn", len(x), self.spec["head_width"]
        query, key, value = (
            part.reshape(length, -1, width).transpose(0, 1)
            for part in self.linear(x, name + ".c_attn").split(head_columns(self.spec), dim=-1))
        query, key = self.rotated(query), self.rotated(key)
        group = self.spec["heads"] // self.spec["key_value_heads"]
        hidden = torch.ones(length, length, dtype=torch.bool).triu(1)
        mixed = []
        for head in range(self.spec["heads"]):
            scores = query[head] @ key[head // group].T / math.sqrt(width)
            mixed.append(scores.masked_fill(hidden, float("-inf")).softmax(-1) @ value[head // group])
        return self.linear(torch.cat(mixed, dim=-1), name + ".c_proj")

    def forward(self, ids):
        """Logits (T, V) of one sequence."""
        x = self.value("wte.weight")[ids]
        for layer in range(self.spec["layers"]):
            x = x + self.attention(self.norm(x, f"h.{layer}.ln_1"), layer)
            gate, up = self.linear(self.norm(x, f"h.{layer}.ln_2"), f"h.{layer}.mlp.c_fc").chunk(2, dim=-1)
            x = x + self.linear(gate / (1.0 + torch.exp(-gate)) * up, f"h.{layer}.mlp.c_proj")
        head = self.value("wte.weight") if self.spec["tied"] else self.value("lm_head.weight")
        return self.norm(x, "ln_f") @ head.T


class Wider:
    """torch as the module of Transformers' Llama sees it, with float64 where that asks for float32."""

    float32 = float = torch.float64

    def __getattr__(self, name):
        return getattr(torch, name)


class HuggingFace(torch.nn.Module):
    """The same interface over Transformers' LlamaForCausalLM, whose linear layers are (out, in) and apart.

    Its norms, softmax and angles are float32 in every model; `exact` lifts that, so that it can be compared to 1e-9.
    """

    def __init__(self, spec, parameters, exact=True):
        super().__init__()
        self.spec, self.exact = spec, exact
        self.model = transformers.LlamaForCausalLM(self.config(spec)).double().eval()
        rotary = self.model.model.rotary_emb
        assert torch.allclose(rotary.inv_freq, inverse_frequencies(spec), rtol=1e-6), "frequencies differ"
        if exact:
            rotary.inv_freq = inverse_frequencies(spec)
        with torch.no_grad():
            named, left = self.named(), set(self.named())
            for name, array in parameters.items():
                own = torch.from_numpy(array).double()
                cuts = pieces(spec, name)
                widths = [columns or own.shape[-1] for _, columns in cuts]
                for (other, _), piece in zip(cuts, own.split(widths, dim=-1)):
                    piece = piece.T if self.is_transposed(name, piece) else piece
                    assert named[other].shape == piece.shape, other
                    named[other].copy_(piece)
                    left.remove(other)
            assert not left, left
        self.names = list(parameters)

    @staticmethod
    def config(spec):
        rope = dict(rope_type="default", rope_theta=spec["theta"])
        if spec["scaling"]:
            rope |= dict(
                rope_type="llama3", factor=spec["scaling"]["factor"], low_freq_factor=spec["scaling"]["low"],
                high_freq_factor=spec["scaling"]["high"],
                original_max_position_embeddings=spec["scaling"]["original"])
        return transformers.LlamaConfig(
            vocab_size=spec["vocabulary"], hidden_size=spec["width"], num_hidden_layers=spec["layers"],
            num_attention_heads=spec["heads"], num_key_value_heads=spec["key_value_heads"],
            head_dim=spec["head_width"], intermediate_size=spec["inner"], max_position_embeddings=spec["context"],
            rms_norm_eps=spec["epsilon"], rope_parameters=rope, attention_bias=spec["attention_bias"], mlp_bias=False,
            tie_word_embeddings=spec["tied"], bos_token_id=0, eos_token_id=0, attn_implementation="eager")

    @staticmethod
    def is_transposed(name, value):
        return value.ndim == 2 and name.startswith("h.")

    def named(self):
        return dict(self.model.named_parameters())

    def gradients(self):
        named, result = self.named(), {}
        for name in self.names:
            grads = [named[other].grad for other, _ in pieces(self.spec, name)]
            result[name] = torch.cat([grad.T if self.is_transposed(name, grad) else grad for grad in grads], dim=-1)
        return result

    def forward(self, ids):
        with widened(self.exact):
            return self.model(input_ids=ids[None], use_cache=False).logits[0]


def widened(exact):
    """Lifts the float32 of Transformers' Llama within a `with`, if asked to."""
    return unittest.mock.patch.object(modeling_llama, "torch", Wider()) if exact else contextlib.nullcontext()


class Adapted(torch.nn.Module):
    """The same interface over PEFT's LoRA on all linear layers, whose matrices alone are trained."""

    def __init__(self, spec, parameters, adapters, exact=True):
        super().__init__()
        self.exact = exact
        config = peft.LoraConfig(
            r=spec["rank"], lora_alpha=spec["alpha"], target_modules=PROJECTIONS, task_type="CAUSAL_LM")
        base = HuggingFace(spec, parameters, exact).model
        self.model = peft.get_peft_model(base, config, autocast_adapter_dtype=False)
        with torch.no_grad():
            own = self.named()
            assert set(own) == set(adapters), set(own) ^ set(adapters)
            for name, array in adapters.items():
                assert own[name].shape == array.T.shape, name
                own[name].copy_(torch.from_numpy(array.T))

    def named(self):
        found = {}
        for name, value in self.model.named_parameters():
            if value.requires_grad:
                name = name.removeprefix("base_model.model.model.layers.").removesuffix(".default.weight")
                found["h." + name.replace(".self_attn.", ".attn.")] = value
        return found

    def gradients(self):
        return {name: value.grad for name, value in self.named().items()}

    def forward(self, ids):
        with widened(self.exact):
            return self.model(input_ids=ids[None], use_cache=False).logits[0]


def merged(spec, parameters, adapters):
    """The parameters with every adapter's product added to the columns that its module takes."""
    scale, modules, result = spec["alpha"] / spec["rank"], {}, dict(parameters)
    for name in adapters:
        module = name.rpartition(".")[0]
        modules[module] = scale * adapters[module + ".lora_A"].astype("float64") @ adapters[module + ".lora_B"]
    for name, array in parameters.items():
        result[name], start = array.astype("float64"), 0
        for other, columns in pieces(spec, name):
            own = other.replace("model.layers.", "h.").replace(".self_attn.", ".attn.").removesuffix(".weight")
            end = start + (columns or array.shape[-1])
            if own in modules:
                result[name][:, start:end] += modules[own]
            start = end
    return result


def facts(spec):
    """What a fixture's text says of the model: keys of Hugging Face's config, rotary scaling key by key."""
    scaling = spec["scaling"]
    rope = {"rope_theta": spec["theta"], "rope_type": "llama3" if scaling else "default"}
    if scaling:
        rope |= {"rope_factor": scaling["factor"], "rope_low_freq_factor": scaling["low"],
                 "rope_high_freq_factor": scaling["high"],
                 "rope_original_max_position_embeddings": scaling["original"]}
    return {
        "model_type": "llama", "vocab_size": spec["vocabulary"], "hidden_size": spec["width"],
        "num_hidden_layers": spec["layers"], "num_attention_heads": spec["heads"],
        "num_key_value_heads": spec["key_value_heads"], "head_dim": spec["head_width"],
        "intermediate_size": spec["inner"], "hidden_act": "silu", "max_position_embeddings": spec["context"],
        "rms_norm_eps": spec["epsilon"], **rope, "attention_bias": str(spec["attention_bias"]).lower(),
        "mlp_bias": "false", "tie_word_embeddings": str(spec["tied"]).lower()}
