"""Models of today's families for interop.py: made by Transformers, with their answers in float64.

Every parameter is its initial value plus N(0, 0.3), rounded to float32. Transformers computes norms, angles and softmax
in float32 whatever the model's type is; here they are computed in float64, the angles by the formulas written out below.
Tests/Fixtures/make_families.py makes smaller ones of them for the tests that run without Python.
"""

import math

import numpy
import torch
import transformers
from transformers.models.gemma3 import modeling_gemma3
from transformers.models.gpt_neox import modeling_gpt_neox
from transformers.models.llama import modeling_llama
from transformers.models.qwen2 import modeling_qwen2
from transformers.models.qwen3 import modeling_qwen3

PERTURBATION = 0.3
PLAIN = dict(vocab_size=257, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=4,
             intermediate_size=64, max_position_embeddings=112, pad_token_id=None, bos_token_id=None, eos_token_id=None)
GPT_NEOX = {key: value for key, value in PLAIN.items() if key != "num_key_value_heads"}
LINEAR = dict(rope_type="linear", rope_theta=10000.0, factor=2.5)
LLAMA3 = dict(rope_type="llama3", rope_theta=500.0, factor=4.0, low_freq_factor=1.0, high_freq_factor=4.0,
              original_max_position_embeddings=32)
SLIDING, FULL = "sliding_attention", "full_attention"


def llama(seed, **changes):
    return seed, transformers.LlamaConfig, PLAIN | changes


def qwen2(seed, **changes):
    return seed, transformers.Qwen2Config, PLAIN | changes


def qwen3(seed, **changes):
    return seed, transformers.Qwen3Config, PLAIN | changes


def gemma3(seed, **changes):
    return seed, transformers.Gemma3TextConfig, PLAIN | changes


def gpt_neox(seed, **changes):
    return seed, transformers.GPTNeoXConfig, GPT_NEOX | changes


MODELS = {
    # Three query heads on each key/value head, heads wider than their share of the stream, an odd feed-forward width.
    "llama-grouped": llama(601, hidden_size=24, num_attention_heads=6, num_key_value_heads=2, head_dim=6,
                           intermediate_size=27, vocab_size=263, rms_norm_eps=1e-5, tie_word_embeddings=False),
    "llama-scaled": llama(602, hidden_size=24, num_attention_heads=3, num_key_value_heads=3, num_hidden_layers=3,
                          tie_word_embeddings=True, attention_bias=True, rope_parameters=LLAMA3),
    "llama-linear": llama(603, num_key_value_heads=1, mlp_bias=True, tie_word_embeddings=False,
                          rope_parameters=LINEAR),
    # Windows shorter than the text in the upper blocks; a window that is not in use.
    "qwen2-windows": qwen2(611, hidden_size=24, num_attention_heads=6, num_key_value_heads=2, num_hidden_layers=3,
                           intermediate_size=27, vocab_size=263, use_sliding_window=True, sliding_window=9,
                           max_window_layers=1, tie_word_embeddings=False),
    "qwen2-tied": qwen2(612, hidden_size=28, num_attention_heads=7, num_key_value_heads=1, sliding_window=5,
                        tie_word_embeddings=True, rope_parameters=LINEAR),
    # Heads wider and narrower than their share of the stream.
    "qwen3-windows": qwen3(621, hidden_size=24, num_attention_heads=6, num_key_value_heads=2, head_dim=10,
                           num_hidden_layers=3, intermediate_size=27, vocab_size=263, use_sliding_window=True,
                           sliding_window=9, layer_types=[SLIDING, FULL, SLIDING], tie_word_embeddings=False),
    "qwen3-tied": qwen3(622, hidden_size=35, num_attention_heads=3, num_key_value_heads=3, head_dim=8,
                        tie_word_embeddings=True, attention_bias=True, rms_norm_eps=1e-5, rope_parameters=LLAMA3),
    # One head wider than the stream, scores scaled by another number, five blocks with windows for one without.
    "gemma3-pattern": gemma3(641, hidden_size=20, num_attention_heads=4, num_key_value_heads=1, head_dim=10,
                             num_hidden_layers=6, intermediate_size=27, query_pre_attn_scalar=13, sliding_window=7,
                             tie_word_embeddings=True, rope_parameters={
                                 FULL: dict(rope_type="linear", rope_theta=5000.0, factor=2.5),
                                 SLIDING: dict(rope_type="default", rope_theta=100.0)}),
    "gemma3-capped": gemma3(642, hidden_size=24, num_attention_heads=3, num_key_value_heads=3, head_dim=6,
                            vocab_size=263, query_pre_attn_scalar=6, sliding_window=9, attention_bias=True,
                            layer_types=[FULL, SLIDING], final_logit_softcapping=4.0, tie_word_embeddings=False),
    # Without what llama.cpp does not know of these families.
    "qwen3-plain": qwen3(623, hidden_size=24, num_attention_heads=6, num_key_value_heads=2, head_dim=10,
                         intermediate_size=27, vocab_size=263, tie_word_embeddings=False, rope_parameters=LINEAR),
    "gemma3-plain": gemma3(643, hidden_size=20, num_attention_heads=4, num_key_value_heads=2, head_dim=10,
                           num_hidden_layers=7, query_pre_attn_scalar=10, sliding_window=7, tie_word_embeddings=True),
    # A fourth of each head rotates; all of it, on another base.
    "neox-parallel": gpt_neox(631, hidden_size=24, num_attention_heads=3, num_hidden_layers=3, intermediate_size=27,
                              vocab_size=263, tie_word_embeddings=False),
    "neox-sequential": gpt_neox(632, hidden_size=40, num_attention_heads=4, use_parallel_residual=False,
                                attention_bias=False, hidden_act="gelu_new", layer_norm_eps=1e-6,
                                tie_word_embeddings=True,
                                rope_parameters=dict(LINEAR, rope_theta=100.0, partial_rotary_factor=0.61)),
}


class Float64Torch:
    """The module torch, in which float32 is float64."""

    float32 = torch.float64
    float = torch.float64

    def __getattr__(self, name):
        return getattr(torch, name)


def inverse_frequencies(rotary, width):
    """Of rotary positions, by their definition and the scalings'; `rotary` is the config's, or a kind of layer's."""
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


def rotary_forward(self, x, position_ids, layer_type=None):
    rotary = self.config.rope_parameters[layer_type] if layer_type else self.config.rope_parameters
    own = getattr(self, layer_type + "_inv_freq" if layer_type else "inv_freq")
    inverse = torch.tensor(inverse_frequencies(rotary, own.numel() * 2), dtype=torch.float64)
    angles = position_ids[..., None].double() * inverse
    angles = torch.cat((angles, angles), dim=-1)
    return angles.cos(), angles.sin()


def compute_in_float64():
    """From here on Transformers computes all of a float64 model in float64."""
    for module, name in [(modeling_llama, "Llama"), (modeling_qwen2, "Qwen2"), (modeling_qwen3, "Qwen3"),
                         (modeling_gemma3, "Gemma3"), (modeling_gpt_neox, "GPTNeoX")]:
        module.torch = Float64Torch()
        getattr(module, name + "RotaryEmbedding").forward = rotary_forward
    modeling_gemma3.Gemma3RMSNorm.forward = lambda self, x: self._norm(x) * (1.0 + self.weight)


class Model(torch.nn.Module):
    """A model of Transformers in float64: logits (T, V) of one sequence, and its parameters."""

    def __init__(self, name, **changes):
        super().__init__()
        seed, kind, settings = MODELS[name]
        config = kind(**(settings | changes))
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
        compute_in_float64()
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

        if self.model.config.model_type == "gpt_neox":
            return self.gradients_of_gpt_neox(named)
        names = self.norm_names()
        for layer in range(self.model.config.num_hidden_layers):
            here, there = f"h.{layer}.", f"model.layers.{layer}."
            for kind in ("weight", "bias"):
                add(here + "attn.c_attn." + kind, *(f"{there}self_attn.{part}_proj.{kind}" for part in "qkv"))
                add(here + "attn.c_proj." + kind, f"{there}self_attn.o_proj.{kind}")
                add(here + "mlp.c_fc." + kind, f"{there}mlp.gate_proj.{kind}", f"{there}mlp.up_proj.{kind}")
                add(here + "mlp.c_proj." + kind, f"{there}mlp.down_proj.{kind}")
            for own, module in names.items():
                add(f"{here}{own}.weight", f"{there}{module}.weight")
        result["wte.weight"] = named.pop("model.embed_tokens.weight")
        result["ln_f.weight"] = named.pop("model.norm.weight")
        if "lm_head.weight" in named:
            result["lm_head.weight"] = named.pop("lm_head.weight")
        assert not named, named.keys()
        return result

    def norm_names(self):
        """Of a block's norms: Luthier's, and the modules'. Gemma has one after each layer as well."""
        heads = {"attn.q_norm": "self_attn.q_norm", "attn.k_norm": "self_attn.k_norm"}
        if self.model.config.model_type == "gemma3_text":
            return heads | {"ln_1": "input_layernorm", "attn.post_norm": "post_attention_layernorm",
                            "ln_2": "pre_feedforward_layernorm", "mlp.post_norm": "post_feedforward_layernorm"}
        return heads | {"ln_1": "input_layernorm", "ln_2": "post_attention_layernorm"}

    def gradients_of_gpt_neox(self, named):
        """Queries, keys and values are stored head by head; here all queries are first, then all keys."""
        config, result = self.model.config, {}
        for layer in range(config.num_hidden_layers):
            here, there = f"h.{layer}.", f"gpt_neox.layers.{layer}."
            for own, module in {"ln_1": "input_layernorm", "attn.c_attn": "attention.query_key_value",
                                "attn.c_proj": "attention.dense", "ln_2": "post_attention_layernorm",
                                "mlp.c_fc": "mlp.dense_h_to_4h", "mlp.c_proj": "mlp.dense_4h_to_h"}.items():
                for kind in ("weight", "bias"):
                    if f"{there}{module}.{kind}" not in named:
                        continue
                    value = named.pop(f"{there}{module}.{kind}")
                    if own == "attn.c_attn":
                        heads = value.unflatten(0, (config.num_attention_heads, 3, -1))
                        value = heads.transpose(0, 1).flatten(0, 2)
                    result[f"{here}{own}.{kind}"] = value.T if value.ndim == 2 else value
        result["wte.weight"] = named.pop("gpt_neox.embed_in.weight")
        for kind in ("weight", "bias"):
            result["ln_f." + kind] = named.pop("gpt_neox.final_layer_norm." + kind)
        if "lm_head.weight" in named:
            result["lm_head.weight"] = named.pop("lm_head.weight")
        assert not named, named.keys()
        return result
