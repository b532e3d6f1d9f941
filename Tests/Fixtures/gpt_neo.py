"""The GPT-Neo part of make_fixtures.py: Hugging Face's model on the names of GPT-2's checkpoint."""

import torch
import transformers


class HuggingFaceNeo(torch.nn.Module):
    """The same interface over Transformers' GPTNeoForCausalLM, whose linear layers are (out, in) and apart."""

    def __init__(self, spec, parameters):
        super().__init__()
        window = max(spec["windows"])
        assert all(one in (0, window) for one in spec["windows"])
        config = transformers.GPTNeoConfig(
            vocab_size=spec["vocabulary"], max_position_embeddings=spec["context"], hidden_size=spec["width"],
            num_layers=spec["layers"], num_heads=spec["heads"], intermediate_size=spec["inner"], window_size=window,
            attention_types=[[["local" if one else "global"], 1] for one in spec["windows"]],
            activation_function=spec["activation"], layer_norm_epsilon=1e-5, tie_word_embeddings=spec["tied"],
            resid_dropout=0.0, embed_dropout=0.0, attention_dropout=0.0, bos_token_id=0, eos_token_id=0,
            attn_implementation="eager")
        self.model = transformers.GPTNeoForCausalLM(config).double().eval()
        with torch.no_grad():
            pieces = {name: piece for own, array in parameters.items()
                      for name, piece in self.split(own, torch.from_numpy(array).double())}
            named = self.named()
            assert set(named) == set(pieces), set(named) ^ set(pieces)
            for name, piece in pieces.items():
                assert named[name].shape == piece.shape, name
                named[name].copy_(piece)

    @staticmethod
    def split(name, value):
        """GPT-Neo's names and arrays for one parameter of ours."""
        if name.endswith("attn.c_attn.weight"):
            start = name.removesuffix("c_attn.weight") + "attention."
            return [(f"{start}{part}_proj.weight", piece.T) for part, piece in zip("qkv", value.chunk(3, dim=1))]
        name = name.replace("attn.c_proj", "attn.attention.out_proj")
        turned = value.ndim == 2 and name.startswith("h.")
        return [(name, value.T if turned else value)]

    def named(self):
        return {name.removeprefix("transformer."): value for name, value in self.model.named_parameters()}

    def gradients(self):
        result = {}
        for name, value in self.named().items():
            own = name.replace("attn.attention.out_proj", "attn.c_proj")
            turned = value.grad.T if value.ndim == 2 and own.startswith("h.") else value.grad
            if "attn.attention." in own:
                layer = own.split(".attention.")[0]
                result.setdefault(layer + ".c_attn.weight", {})[own.split(".")[-2][0]] = turned
            else:
                result[own] = turned
        return {name: torch.cat([value[part] for part in "qkv"], dim=1) if isinstance(value, dict) else value
                for name, value in result.items()}

    def forward(self, ids):
        return self.model(ids[None], use_cache=False).logits[0]
