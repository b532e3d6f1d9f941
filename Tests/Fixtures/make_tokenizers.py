#!/usr/bin/env python3
"""Makes Tests/Fixtures/tokenizers: small tokenizers of every kind, and what Hugging Face's `tokenizers` makes of texts.

    make_tokenizers.py [FOLDER]     needs the packages tokenizers and sentencepiece

Each kind is trained on the sentences below. `texts.json` holds the texts, `NAME.json` the tokenizer, and
`NAME.ids.json` the expected ids: "ids" with special tokens read as text, "special" those that differ when special
tokens are found (by the number of the text), "decoded" what comes back where that is not the text.
`scored.json` is a vocabulary with scores, as a GGUF file has it, with the ids that SentencePiece gives.
"""

import json
import pathlib
import random
import sys
import tempfile

import sentencepiece
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

SENTENCES = """
The rain it raineth on the just and also on the unjust fellow, but chiefly on the just, because the unjust hath the
just's umbrella. We'll see; they've said it's 12 o'clock, and I'd say you're right. I'm sure that isn't all, isn't it?
In 1999 there were 365 days, 24 hours each, which makes 8,760 hours or 525600 minutes. The price was $3.50 (or 2.75).
    def answer(question, tries=3):
        for attempt in range(tries):
            if question == "why":
                return None  # nobody knows
        return [x ** 2 for x in range(10)]
Größe und Maß, naïve café, déjà vu, señor, fiancée, Ångström, œuvre, straße, Übermut, Żółć, gęślą jaźń.
Привет, мир! Как дела сегодня? Всё хорошо, спасибо. 東京は日本の首都です。漢字とかな。 مرحبا بالعالم، كيف حالك اليوم؟
नमस्ते दुनिया, आप कैसे हैं? 안녕하세요 세계, 오늘은 어떻습니까? Γειά σου Κόσμε, τι κάνεις σήμερα; שלום עולם, מה שלומך היום?
The quick brown fox jumps over the lazy dog, and the dog does not mind; the fox jumps again and again and again.
She sells sea shells by the sea shore, and the shells that she sells are sea shells, as the saying says.
""".strip("\n").split("\n")

# How many merges are learned, and how many different characters a vocabulary of characters may have.
MERGES, CHARACTERS = 460, 140

GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
          r"|\s+(?!\S)|\s+")

HAND_WRITTEN = [
    "", " ", "  ", "\n", "\r\n", "\t", " \n ", "a", " a", "a ", "  a  ", "\n\n\n", " \n\n a", "a\r\n\r\nb", "a \r\n b",
    "Hello, world!", "it's IT'S It'S we'll WE'LL we'Ll they've THEY'VE I'd I'D you're YOU'RE I'm I'M don't DON'T",
    "'s'S'ſ'ſt'tt'll'lL'l''ve'v", "can\u2019t", "1234567890", "12 345 6,789.01", "x1y22z333", "1 2  3   4", "٣٤ ½²³ Ⅷ 一二",
    "!!!\n\n???\r\n...", " !!! \n", "a.b,c;d", "«quoted» “quoted”", "e\u0301 a\u0308\u0323 \u0301x o\u0302\u0301",
    "\u1100\u1161\u11a8 \uac00\u11a8", "\u0958\u212b\u2126\u1e9b\u0323", "q\u0307\u0323 \u07fd\u0301a\u08d3\u0301",
    "\U0001f600\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1f3\U0001f1f4", "a\u00a0b\u200bc\u3000d\u2028e\u0085f",
    "Größe naïve Żółć", "Привет, мир!", "東京は日本", "مرحبا", "नमस्ते", "안녕하세요", "שלום", "▁", "▁▁a", "a▁b ▁c",
    " ▁ a", "<s>", "</s>", "a</s>b", "<unk>", "<0x41>", "<|endoftext|>", "a<|endoftext|>b", "<|im_start|>user\nHi<|im_end|>\n",
    "  <|pad|>  x", "x <mask>  y", "<mask><mask>", "\n <mask> \n", "wordy word. word", "word", "words", "_word_", "word,word",
    "<tool>a</tool>", "<tool><tool> <tool>", "   four    spaces     here", "\t\t\ttabs", "a" * 30, "ab" * 20, " a" * 12,
    "\u0000\u0001\u0004x\u001d", "\U00040000\U000e0001", "\ufffd\ufeffa", "ℵ ℝ ＡＢ", "ſſ ŉ ß ﬀ ﬁ", "e\u0301" * 5, "\n\t \r",
    "def f(x):\n    return x ** 2\n", "http://example.org/a?b=c&d=%20", "C'est l'été; qu'il aille!", "it's<mask>it's",
    "caf\u00e9 cafe\u0301", "Ⅷ½ ¾x", "\U00011de1\U00011de2 \U00016ff4", "\u088f\u0c5c\U00033479", "aſ'S", "...\r\n\r\nx",
    " \u0301", "\u0301", "<bos>a<eos>", "  <eos>", "<eos>  ", "é<Ét\u00e9>E\u0301t\u00e9 <E\u0301te\u0301>",
]


def random_text(generator):
    pools = [list("abcdefghijklmnopqrstuvwxyz"), list("ABCDEST"), list("0123456789"), list(" \n\t\r"), list("'sdmtlvre"),
             list(".,!?-()<>/|_"), [chr(c) for c in range(0xA0, 0x250)], [chr(c) for c in range(0x300, 0x345)],
             list("東京日本語かなカナ"), list("\U0001f600\U0001f44d\U0001f3fd\u200d\ufe0f"), ["▁", "<s>", "<mask>", "  "],
             list("\u1100\u1161\u11a8\uac00\u0929\u093c\u0928"), list("½²Ⅷ٣\u00a0\u3000\u2028\u0085")]
    parts = []
    for _ in range(generator.randint(1, 9)):
        pool = generator.choice(pools)
        parts += [generator.choice(pool) for _ in range(generator.randint(1, 4))]
    return "".join(parts)


def added(content, special=False, **flags):
    return AddedToken(content, special=special, **({"normalized": False} | flags))


def byte_level(steps, normalizer=None, prefix=False, regex=True, unknown=None, ignore=False):
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(unk_token=unknown, ignore_merges=ignore))
    tokenizer.normalizer = normalizer
    level = pre_tokenizers.ByteLevel(add_prefix_space=prefix, use_regex=regex)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(steps + [level]) if steps else level
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=len(alphabet) + MERGES, initial_alphabet=alphabet, show_progress=False,
                                  special_tokens=[unknown] if unknown else [], min_frequency=1)
    tokenizer.train_from_iterator(SENTENCES, trainer)
    return tokenizer


def without(tokenizer, characters):
    """The tokenizer without tokens that hold one of the characters; ids close up."""
    data = json.loads(tokenizer.to_str())
    model = data["model"]
    kept = [t for t, _ in sorted(model["vocab"].items(), key=lambda item: item[1]) if not set(t) & set(characters)]
    model["vocab"] = {token: index for index, token in enumerate(kept)}
    model["merges"] = [m for m in model["merges"] if m[0] + m[1] in model["vocab"] and m[0] in model["vocab"]
                       and m[1] in model["vocab"]]
    return Tokenizer.from_str(json.dumps(data))


def marked(normalizer, pre_tokenizer, fallback=True, fuse=True, skipped_bytes=(), strip=True, unknown="<unk>"):
    specials = [unknown, "<s>", "</s>"]
    bytes_ = [f"<0x{b:02X}>" for b in range(256) if b not in skipped_bytes] if fallback else []
    tokenizer = Tokenizer(models.BPE(unk_token=unknown, byte_fallback=fallback, fuse_unk=fuse))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizer
    # Words are learned apart; a vocabulary of ▁ has no merges over spaces but those of runs.
    learner = Tokenizer(models.BPE(unk_token=unknown))
    learner.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    learner.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never", split=True)
    trainer = trainers.BpeTrainer(vocab_size=len(specials) + len(bytes_) + CHARACTERS + MERGES - 40, special_tokens=specials + bytes_,
                                  limit_alphabet=CHARACTERS, show_progress=False, min_frequency=1)
    learner.train_from_iterator(SENTENCES, trainer)
    data, learned = json.loads(tokenizer.to_str()), json.loads(learner.to_str())["model"]
    vocabulary, merges = learned["vocab"], [list(m) for m in learned["merges"]]
    for left, right in [("▁", "▁"), ("▁▁", "▁▁"), ("e", "▁t"), ("▁▁", "▁"), (",", "▁"), (",▁", "a"), ("▁", "\u2028")]:
        if left in vocabulary and right in vocabulary and [left, right] not in merges:
            vocabulary.setdefault(left + right, len(vocabulary))
            merges.insert(len(merges) // 3, [left, right])
    data["model"] |= {"vocab": vocabulary, "merges": merges}
    tokenizer = Tokenizer.from_str(json.dumps(data))
    steps = [decoders.Replace("▁", " ")] + ([decoders.ByteFallback()] if fallback else []) + [decoders.Fuse()]
    tokenizer.decoder = decoders.Sequence(steps + ([decoders.Strip(" ", 1, 0)] if strip else []))
    tokenizer.add_special_tokens([added(t, special=True) for t in specials])
    return tokenizer


def digits():
    return pre_tokenizers.Digits(individual_digits=True)


def split(pattern, behavior="isolated", invert=False):
    return pre_tokenizers.Split(Regex(pattern), behavior, invert)


def begin(tokenizer, token):
    return processors.TemplateProcessing(single=f"{token} $A", pair=f"{token} $A {token}:1 $B:1",
                                         special_tokens=[(token, tokenizer.token_to_id(token))])


def kinds():
    gpt2 = byte_level([])
    gpt2.add_special_tokens([AddedToken("<|endoftext|>", special=True, normalized=True)])
    yield "gpt2-prefix", byte_level([], prefix=True)
    gpt2.add_tokens([added("<mask>", lstrip=True), added("<tool>", rstrip=True), added("</tool>", lstrip=True, rstrip=True),
                     added("word", single_word=True), added("\t\t"), added("\n"), added("  "), added("     "),
                     added("'s", normalized=True), added("the", normalized=True)])
    yield "gpt2-added", gpt2

    missing = "ĀĄĆēĔĖĝÀÁñò"
    smollm = without(byte_level([digits()]), missing)
    smollm.add_special_tokens([added(t, special=True) for t in ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]])
    yield "smollm", smollm
    smollm = without(byte_level([digits(), split(GPT2)], regex=False, unknown="<unk>"), missing)
    yield "smollm-unknown", smollm

    llama = byte_level([split(LLAMA3 % r"\p{N}{1,3}")], regex=False, ignore=True)
    data = json.loads(llama.to_str())
    # Tokens that no merge makes are taken where a piece is one.
    for token in ["Ġdoesn", "quoted", "!!!ĊĊ", "Ġworld", "123", "Hello", "ĠÐ¼Ð¸Ñ", "ĠGreat"]:
        data["model"]["vocab"].setdefault(token, len(data["model"]["vocab"]))
    llama = Tokenizer.from_str(json.dumps(data))
    llama.add_special_tokens([added(t, special=True) for t in ["<|begin_of_text|>", "<|im_start|>", "<|im_end|>", "<|pad|>"]])
    llama.post_processor = processors.Sequence(
        [processors.ByteLevel(trim_offsets=False), begin(llama, "<|begin_of_text|>")])
    yield "llama3", llama

    qwen = byte_level([split(LLAMA3 % r"\p{N}", "removed", True)], normalizers.NFC(), regex=False)
    qwen.add_special_tokens([added(t, special=True) for t in ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]])
    qwen.add_tokens([added("<tool>"), added("</tool>"), added("<E\u0301te\u0301>", normalized=True), added("caf\u00e9")])
    yield "qwen2", qwen

    neox = byte_level([], normalizers.Sequence([normalizers.NFC()]))
    neox.add_special_tokens([added("<|endoftext|>", special=True), added("<|padding|>", special=True)])
    neox.add_tokens([added(" " * n, normalized=True) for n in range(12, 1, -1)])
    neox.post_processor = processors.TemplateProcessing(single="$A", pair="$A $B:1", special_tokens=[])
    yield "neox", neox

    replace = normalizers.Replace(" ", "▁")
    tiny = marked(normalizers.Sequence([normalizers.Prepend("▁"), replace]), None)
    tiny.add_tokens([added("<mask>", normalized=True, lstrip=True), added("<tool>", rstrip=True)])
    tiny.post_processor = begin(tiny, "<s>")
    yield "tinyllama", tiny

    gemma = marked(replace, pre_tokenizers.Split(" ", "merged_with_previous"), strip=False)
    gemma.add_special_tokens([added("<bos>", special=True), added("<eos>", special=True)])
    gemma.add_tokens([added("\n" * n) for n in (2, 3)] + [added("▁" * n) for n in (2, 3)] + [added("<mask>", normalized=True)])
    yield "gemma", gemma
    yield "metaspace-first", marked(None, pre_tokenizers.Metaspace(prepend_scheme="first", split=False))
    always = marked(normalizers.NFC(), pre_tokenizers.Metaspace(prepend_scheme="always", split=True))
    always.add_tokens([added("<mask>", lstrip=True, rstrip=True), added("word", single_word=True, normalized=True)])
    yield "metaspace-always", always
    yield "metaspace-unknown", marked(
        None, pre_tokenizers.Metaspace(prepend_scheme="never", split=True), fallback=False, strip=False)
    yield "marked-some-bytes", marked(
        normalizers.Sequence([normalizers.Prepend("▁"), replace]), pre_tokenizers.Sequence([]), fuse=False,
        skipped_bytes=[0xC5, 0xE6, 0xF0, 0x0A])


def expected(tokenizer, texts):
    result = {"ids": [], "special": {}, "decoded": {}}
    for number, text in enumerate(texts):
        tokenizer.encode_special_tokens = True
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        tokenizer.encode_special_tokens = False
        found = tokenizer.encode(text, add_special_tokens=False).ids
        result["ids"].append(ids)
        if found != ids:
            result["special"][str(number)] = found
        decoded = tokenizer.decode(ids, skip_special_tokens=False)
        if decoded != text:
            result["decoded"][str(number)] = decoded
    return result


def scored(texts, size=760):
    """A vocabulary with scores: SentencePiece's own BPE, trained and asked."""
    with tempfile.TemporaryDirectory() as folder:
        text = pathlib.Path(folder) / "text.txt"
        text.write_text("\n".join(SENTENCES))
        sentencepiece.SentencePieceTrainer.train(
            input=str(text), model_prefix=folder + "/m", model_type="bpe", vocab_size=size, byte_fallback=True,
            character_coverage=0.98, normalization_rule_name="identity", remove_extra_whitespaces=False,
            add_dummy_prefix=True, user_defined_symbols=["<tool>", "<mask>"], minloglevel=2, num_threads=1)
        model = sentencepiece.SentencePieceProcessor(model_file=folder + "/m.model")
    kind = lambda i: (2 if model.is_unknown(i) else 3 if model.is_control(i) else 6 if model.is_byte(i)
                      else 4 if model.id_to_piece(i) in ("<tool>", "<mask>") else 1)
    ids = range(model.get_piece_size())
    # SentencePiece puts a space in front of the text only, and reads a line feed in its own way at the end.
    asked = [n for n, t in enumerate(texts) if t and "<tool>" not in t and "<mask>" not in t and "\0" not in t]
    return {"tokens": [model.id_to_piece(i) for i in ids], "scores": [model.get_score(i) for i in ids],
            "types": [kind(i) for i in ids], "asked": asked, "ids": [model.encode(texts[n]) for n in asked]}


def write(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "tokenizers")
    folder.mkdir(parents=True, exist_ok=True)
    generator = random.Random(7)
    texts = HAND_WRITTEN + [random_text(generator) for _ in range(220 - len(HAND_WRITTEN))]
    write(folder / "texts.json", texts)
    for name, tokenizer in kinds():
        data = json.loads(tokenizer.to_str())
        if name in ("gpt2-added", "tinyllama"):  # as older versions wrote it
            data["model"]["merges"] = [" ".join(merge) for merge in data["model"]["merges"]]
        write(folder / f"{name}.json", data)
        write(folder / f"{name}.ids.json", expected(Tokenizer.from_str(json.dumps(data)), texts))
        print(name, len(data["model"]["vocab"]), "tokens", len(data["model"]["merges"]), "merges")
    write(folder / "scored.json", scored(texts))


if __name__ == "__main__":
    main()
