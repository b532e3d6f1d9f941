"""Models of today's families for interop.py: made by Transformers, with their answers in float64.

Every parameter is its initial value plus N(0, 0.3), rounded to float32. Transformers computes norms, angles and softmax
in float32 whatever the model's type is; here they are computed in float64, the angles by the formulas written out below.
"""

import math

import numpy
import torch
import transformers
from transformers.models.llama import modeling_llama

PERTURBATION = 0.3
PLAIN = dict(vocab_size=257, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=4,
             intermediate_size=64, max_position_embeddings=112, pad_token_id=None, bos_token_id=None, eos_token_id=None)


def llama(seed, **changes):
    return seed, transformers.LlamaConfig(**(PLAIN | changes))


MODELS = {
    # Three query heads on each key/value head, heads wider than their share of the stream, an odd feed-forward width.
    "llama-grouped": llama(601, hidden_size=24, num_attention_heads=6, num_key_value_heads=2, head_dim=6,
                           intermediate_size=27, vocab_size=263, rms_norm_eps=1e-5, tie_word_embeddings=False),
    "llama-scaled": llama(602, hidden_size=24, num_attention_heads=3, num_key_value_heads=3, num_hidden_layers=3,
                          tie_word_embeddings=True, attention_bias=True, rope_parameters=dict(
                              rope_type="llama3", rope_theta=500.0, factor=4.0, low_freq_factor=1.0,
                              high_freq_factor=4.0, original_max_position_embeddings=32)),
    "llama-linear": llama(603, num_key_value_heads=1, mlp_bias=True, tie_word_embeddings=False, rope_parameters=dict(
        rope_type="linear", rope_theta=10000.0, factor=2.5)),
}


class Float64Torch:
    """The module torch, in which float32 is float64."""

    float32 = torch.float64
    float = torch.float64

    def __getattr__(self, name):
        return getattr(torch, name)


def inverse_frequencies(config, width):
    """Of rotary positions, by their definition and the scalings' (families are told apart by `rope_type`)."""
    rotary = config.rope_parameters
    plain = [rotary["rope_theta"] ** (-2 * i / width) for i in range(width // 2)]
    kind = rotary.get("rope_type", "default")
    if kind == "default":
        return plain
    if kind == "linear":
        return [value / rotary["factor"] for value in plain]
    scaled = []
    for value in plain:
        wavelength, context = 2 * math.pi / value, rotary["original_max_position_embeddings"]
        low, high = rotary["low_freq_factor"], rotary["high_freq_factor"]
        share = min(1.0, max(0.0, (context / wavelength - low) / (high - low)))
        scaled.append((1 - share) * value / rotary["factor"] + share * value)
    return scaled


def rotary_forward(self, x, position_ids):
    inverse = torch.tensor(inverse_frequencies(self.config, self.inv_freq.numel() * 2), dtype=torch.float64)
    angles = position_ids[..., None].double() * inverse
    angles = torch.cat((angles, angles), dim=-1)
    return angles.cos(), angles.sin()


class Model(torch.nn.Module):
    """A model of Transformers in float64: logits (T, V) of one sequence, and its parameters."""

    def __init__(self, name):
        super().__init__()
        seed, config = MODELS[name]
        torch.manual_seed(seed)
        config._attn_implementation = "eager"
        self.model = transformers.AutoModelForCausalLM.from_config(config)
        generator = numpy.random.default_rng(seed)
        with torch.no_grad():
            for value in self.model.parameters():
                value += torch.from_numpy(generator.normal(0.0, PERTURBATION, value.shape).astype(numpy.float32))

    def save(self, folder):
        self.model.save_pretrained(folder)

    def forward(self, ids):
        return self.model(ids[None]).logits[0]

    def in_float64(self):
        modeling_llama.torch = Float64Torch()
        modeling_llama.LlamaRotaryEmbedding.forward = rotary_forward
        self.model = self.model.double().eval()
        return self

    def gradients(self):
        """By the names and in the orientation of Luthier's checkpoints."""
        named = {name: value.grad for name, value in self.model.named_parameters()}
        result = {}

        def add(name, *sources):
            found = [named.pop(source) for source in sources if source in named]
            if found:
                result[name] = torch.cat([value.T if value.ndim == 2 else value for value in found], dim=-1)

        for layer in range(self.model.config.num_hidden_layers):
            here, there = f"h.{layer}.", f"model.layers.{layer}."
            for kind in ("weight", "bias"):
                add(here + "attn.c_attn." + kind, *(f"{there}self_attn.{part}_proj.{kind}" for part in "qkv"))
                add(here + "attn.c_proj." + kind, f"{there}self_attn.o_proj.{kind}")
                add(here + "mlp.c_fc." + kind, f"{there}mlp.gate_proj.{kind}", f"{there}mlp.up_proj.{kind}")
                add(here + "mlp.c_proj." + kind, f"{there}mlp.down_proj.{kind}")
            result[here + "ln_1.weight"] = named.pop(there + "input_layernorm.weight")
            result[here + "ln_2.weight"] = named.pop(there + "post_attention_layernorm.weight")
        result["wte.weight"] = named.pop("model.embed_tokens.weight")
        result["ln_f.weight"] = named.pop("model.norm.weight")
        if "lm_head.weight" in named:
            result["lm_head.weight"] = named.pop("lm_head.weight")
        assert not named, named.keys()
        return result
