#!/usr/bin/env python3
"""Makes gguf-blocks.json and small.gguf: packed weights, and what gguf-py, the format's own library, makes of them.

    pip install gguf==0.19.0 numpy
    python3 Tests/Fixtures/make_gguf_blocks.py          # writes the files, and seeds of the fuzzer
    python3 Tests/Fixtures/make_gguf_blocks.py --check  # compares them with what is there

Blocks are random bytes, so that every bit of them counts; only the scales (float16) are finite. `decoded` has the
float32 bits of their elements, `encoded` the blocks that numbers become, all in base64. small.gguf has a value of every
kind, a vocabulary, and a tensor of every type that is read.
"""
import base64
import json
import pathlib
import sys
import tempfile

import gguf
import numpy
from gguf import GGMLQuantizationType as Type
from gguf.constants import GGML_QUANT_SIZES

FOLDER = pathlib.Path(__file__).parent
SEEDS = FOLDER.parent / "fuzz/seeds/GGUF"
#: Where the float16 scales of a block lie.
SCALES = {
    Type.Q4_0: [0], Type.Q4_1: [0, 2], Type.Q5_0: [0], Type.Q5_1: [0, 2], Type.Q8_0: [0],
    Type.Q4_K: [0, 2], Type.Q5_K: [0, 2], Type.Q6_K: [208],
}
#: Zero of both signs, subnormal, the smallest normal, the largest, and ordinary numbers.
SPECIAL = [0.0, -0.0, 6e-8, -3e-5, 6.104e-05, 65504.0, -65504.0, 0.25]


def blocks(source, kind, count):
    made = source.integers(0, 256, (count, GGML_QUANT_SIZES[kind][1]), dtype=numpy.uint8)
    for block in range(count):
        for scale in SCALES[kind]:
            # The first blocks have ordinary scales, the last one a special one.
            special = block == count - 1
            value = source.choice(SPECIAL) if special else source.normal() * 0.05
            made[block, scale:scale + 2] = numpy.frombuffer(numpy.float16(value).tobytes(), numpy.uint8)
    return made


def text(array):
    return base64.b64encode(numpy.ascontiguousarray(array).tobytes()).decode()


def decoded(source):
    result = {}
    for kind in SCALES:
        data = blocks(source, kind, 4 if GGML_QUANT_SIZES[kind][0] == 32 else 2)
        result[kind.name] = {"blocks": text(data), "values": text(gguf.dequantize(data, kind))}
    for kind in (Type.F16, Type.BF16):
        data = source.integers(0, 65536, 40, dtype=numpy.uint16)
        # No NaNs, whose bits are nobody's promise; infinities, zeros, subnormals and ones at the start.
        exponent = {Type.F16: 0x7C00, Type.BF16: 0x7F80}[kind]
        data[(data & exponent) == exponent] = 0x0123
        data[:8] = [exponent, exponent | 0x8000, 0, 0x8000, 1, 0x8001, 0x3FF, 0x3C00]
        result[kind.name] = {
            "blocks": text(data), "values": text(gguf.dequantize(data.view(numpy.uint8), kind))}
    doubles = numpy.concatenate([source.normal(size=18), [0.0, -0.0, 1e-42, -1e300, 0.1, 16777217.0]])
    with numpy.errstate(over="ignore"):
        # gguf-py does not read F64; the nearest float32 is meant.
        result["F64"] = {"blocks": text(doubles), "values": text(doubles.astype(numpy.float32))}
    singles = source.normal(size=20).astype(numpy.float32)
    result["F32"] = {"blocks": text(singles), "values": text(gguf.dequantize(singles, Type.F32))}
    return result


def encoded(source):
    rows = [source.normal(size=32) * scale for scale in (1, 0.02, 1e-3, 1e-7, 1e5)]
    # Halves, that round away from zero; the largest magnitude with both signs; zeros.
    rows.append(numpy.arange(-16, 16) * 0.5 + 0.25)
    rows.append(numpy.linspace(-127, 127, 32).round() + 0.5)
    rows += [numpy.where(numpy.arange(32) % 2, 3.0, -3.0), numpy.where(numpy.arange(32) % 2, -3.0, 3.0)]
    rows += [numpy.zeros(32), numpy.where(numpy.arange(32) == 7, -0.875, 0)]
    values = numpy.array(rows, dtype=numpy.float32)
    kinds = (Type.Q4_0, Type.Q8_0, Type.F16, Type.BF16)
    with numpy.errstate(over="ignore"):
        return {"values": text(values), **{k.name: text(gguf.quantize(values, k)) for k in kinds}}


def add_values(writer, _):
    writer.add_custom_alignment(64)
    writer.add_name("Zoë's \"small\" one")
    for bits in (8, 16, 32, 64):
        getattr(writer, f"add_uint{bits}")(f"test.uint{bits}", 2**bits - 1)
        getattr(writer, f"add_int{bits}")(f"test.int{bits}", -(2 ** (bits - 1)))
    writer.add_float32("test.float32", 0.1)
    writer.add_float64("test.float64", 0.1)
    writer.add_bool("test.flag", True)
    writer.add_array("test.flags", [True, False, True])
    writer.add_array("test.numbers", [0.5, 0.25])
    writer.add_array("test.integers", [3, 1, 2])
    writer.add_array("test.nested", [[1, 2], [3]])


def add_vocabulary(writer, _):
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(["<|end|>", "a", "b", "ab", "Ġ"])
    writer.add_token_types([3, 1, 1, 1, 1])
    writer.add_token_scores([0.0, -1.0, -2.0, -3.5, -4.0])
    writer.add_token_merges(["a b"])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(0)
    writer.add_add_bos_token(False)
    writer.add_chat_template("{% for message in messages %}{{ message['content'] }}{% endfor %}")


def add_packed(writer, source):
    for kind in SCALES:
        # Two rows of one block; of the large blocks one is enough.
        data = blocks(source, kind, 2 if GGML_QUANT_SIZES[kind][0] == 32 else 1)
        writer.add_tensor(f"{kind.name.lower()}.weight", data, raw_dtype=kind)


def add_plain(writer, source):
    writer.add_tensor("f32.weight", source.normal(size=(6, 2)).astype(numpy.float32))
    writer.add_tensor("f16.weight", source.normal(size=(2, 3, 2)).astype(numpy.float16))
    writer.add_tensor("bf16.weight", source.integers(0, 16384, (2, 4), dtype=numpy.uint16).view(numpy.uint8),
                      raw_dtype=Type.BF16)
    writer.add_tensor("f64.weight", source.normal(size=3))
    writer.add_tensor("i32.weight", numpy.arange(4, dtype=numpy.int32))
    writer.add_tensor("iq4_nl.weight", source.integers(0, 256, (1, 18), dtype=numpy.uint8), raw_dtype=Type.IQ4_NL)


def file(source, path, *parts):
    """The bytes of a file with these parts."""
    writer = gguf.GGUFWriter(path, "llama")
    for part in parts:
        part(writer, source)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path.read_bytes()


def described(path):
    """What gguf-py finds in a file."""
    result = {}
    for tensor in gguf.GGUFReader(path).tensors:
        result[tensor.name] = {"type": tensor.tensor_type.name, "shape": [int(n) for n in reversed(tensor.shape)]}
        if tensor.tensor_type not in (Type.F64, Type.I32, Type.IQ4_NL):
            result[tensor.name]["values"] = text(gguf.dequantize(tensor.data, tensor.tensor_type))
    return result


def main():
    source = numpy.random.default_rng(20)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "made.gguf"
        # The fuzzer likes its seeds small.
        files = {SEEDS / f"{part.__name__[4:]}.gguf": file(source, path, part)
                 for part in (add_values, add_vocabulary, add_packed, add_plain)}
        files[FOLDER / "small.gguf"] = file(source, path, add_values, add_vocabulary, add_packed, add_plain)
        made = {"gguf-py": "0.19.0", "decoded": decoded(source), "encoded": encoded(source), "small": described(path)}
    files[FOLDER / "gguf-blocks.json"] = (json.dumps(made, indent=1) + "\n").encode()
    for path, content in files.items():
        if "--check" not in sys.argv:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        elif path.read_bytes() != content:
            sys.exit(f"{path.name} differs from what gguf-py gives now")


main()
