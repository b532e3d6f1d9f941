#!/usr/bin/env python3
"""Makes Tests/Fixtures/bert: a small sentence encoder as sentence-transformers saves it, and what it computes.

    make_bert.py

Every parameter is perturbed by N(0, 0.3). `expected.json` has, for each sentence, the token ids of Hugging Face's BertTokenizer
and the normalized mean of the last states, computed in float64. Needs torch and transformers.
"""

import json
import pathlib

import numpy
import torch
import transformers
from safetensors.torch import save_file

FOLDER = pathlib.Path(__file__).resolve().parent / "bert"
PIECES = ("[PAD] [UNK] [CLS] [SEP] [MASK] the wind rain cold in zurich is un ##happy ##ly ##s ##ing a b c 1 2 . , ! ? - "
          "snow ##ed over ##all caf ##e 日 本 degrees ' ##2").split()
SENTENCES = [
    "The wind is cold.", "rains, rained; raining!", "unhappily ZÜRICH", "Café\u0301 in 日本 overall\u200b", "a\tb\u00a0c\x00\x07d", "",
    "12 degrees - snow? the rain in Zürich isn't over", "x" * 101 + " wind", "the wind " * 40,
]
SIZES = dict(vocab_size=len(PIECES), hidden_size=12, num_hidden_layers=2, num_attention_heads=3, intermediate_size=20,
             max_position_embeddings=24, type_vocab_size=2, layer_norm_eps=1e-12, hidden_act="gelu")


def main():
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "vocab.txt").write_text("".join(piece + "\n" for piece in PIECES))
    torch.manual_seed(5)
    config = transformers.BertConfig(**SIZES)
    config._attn_implementation = "eager"
    model = transformers.BertModel(config, add_pooling_layer=False).eval()
    generator = numpy.random.default_rng(5)
    with torch.no_grad():
        for value in model.parameters():
            value += torch.from_numpy(generator.normal(0, 0.3, value.shape).astype(numpy.float32))
    tensors = {name: value.contiguous() for name, value in model.state_dict().items() if "position_ids" not in name}
    save_file(tensors, FOLDER / "model.safetensors")
    (FOLDER / "config.json").write_text(json.dumps(SIZES | {"model_type": "bert", "architectures": ["BertModel"]}, indent=1) + "\n")
    (FOLDER / "modules.json").write_text(json.dumps(
        [{"idx": index, "type": "sentence_transformers.models." + name}
         for index, name in enumerate(["Transformer", "Pooling", "Normalize"])]) + "\n")
    (FOLDER / "sentence_bert_config.json").write_text('{"max_seq_length": 20, "do_lower_case": false}\n')
    (FOLDER / "tokenizer_config.json").write_text('{"do_lower_case": true, "strip_accents": null}\n')
    tokenizer = transformers.BertTokenizer(str(FOLDER / "vocab.txt"))
    model.double()
    expected = []
    for sentence in SENTENCES:
        ids = tokenizer(sentence, truncation=True, max_length=20)["input_ids"]
        with torch.no_grad():
            mean = model(torch.tensor([ids])).last_hidden_state[0].mean(0)
        expected.append({"sentence": sentence, "ids": ids, "vector": (mean / mean.norm()).tolist()})
    (FOLDER / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
    print(f"{len(expected)} sentences, torch {torch.__version__}, transformers {transformers.__version__}")


if __name__ == "__main__":
    main()
