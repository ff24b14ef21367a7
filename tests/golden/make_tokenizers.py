"""Writes tokenizers/NAME: small tokenizers of the kinds in use, and what the tokenizers library makes of texts.

Needs tokenizers (0.23 wrote the files that are here).
"""

import json
import pathlib

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

FOLDER = pathlib.Path(__file__).with_name("tokenizers")

LLAMA3_REGEX = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
                r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")

CORPUS = [
    "A ropewalk is the long shed in which strands are laid into rope; the rope is as long as the walk.",
    "It's what they'd said: we've seen the ropes, you'll see them, and I'm sure they're the same.",
    "Eine Reeperbahn ist die lange Bahn, auf der Seile geschlagen werden. Größe, Maß, Übung.",
    "Канатный двор — это место, где вьют канаты. Канаты вьют из прядей.",
    "縄は長い小屋で作られる。縄を作る人は歩きながら縄をなう。",
    "밧줄은 긴 건물에서 만든다. 밧줄을 만드는 사람.",
    "def lay(strands: int = 3) -> str:\n    return 'rope' * strands  # 3 strands\n",
    "1234 ropes, 56789 strands, 10 000 metres, 3.14159, 2026-11-23",
] * 4

ADDED = [
    AddedToken("<|end|>", special=True),
    AddedToken("<|end|>ing", special=True),
    AddedToken("<mask>", special=True, lstrip=True, rstrip=True),
    AddedToken("rope", special=False, single_word=True, normalized=False),
    AddedToken("<call>", special=False, normalized=True),
    AddedToken("call", special=False, normalized=False),
]

TEXTS = [
    "", " ", "  ", "\n", "rope", " rope", "ropes", "a rope.", "–rope", "érope", "rope\u200d", "the ropewalk",
    "It's, IT'S, we'LL, 'd and \u017f'\u017f", "12345678 \u0663\u0664\u0665 \u216b \u00bd", "a  b   c\t\td \n e\r\n\r\nf  ",
    "naïve e\u0301 Größe", "Канаты — канат!", "縄を作る人。", "밧줄", "👩‍👩‍👧 🇩🇪 👍🏽", "\u0000\u0001\u001b[0m\u007f\u0085x",
    "\u00a0a\u2028b\u3000c\u180ed", "<|end|>", "x<|end|>y", "<|end|>ing", "<|end|", "a <mask> b", "a\u3000<mask>\u2003\n<mask>b",
    "<call>", "call <call>call", "<|end|><mask><call>", "def f(x):\n\treturn x ** 2\n", "a" * 100, "!" * 50, " " * 40 + "x",
    "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 \U00020000\U0010ffff", "\u202eright to left\u202c שלום العربية",
]


def write(name, pre_tokenizer, ignore_merges, prefix, legacy_merges):
    tokenizer = Tokenizer(models.BPE(ignore_merges=ignore_merges))
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(CORPUS, trainers.BpeTrainer(
        vocab_size=420, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    tokenizer.add_tokens(ADDED)
    tokenizer.post_processor = processors.ByteLevel()
    if prefix:
        template = processors.TemplateProcessing(single=f"{prefix} $A",
                                                 special_tokens=[(prefix, tokenizer.token_to_id(prefix))])
        tokenizer.post_processor = processors.Sequence([processors.ByteLevel(), template])
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    description = json.loads(tokenizer.to_str())
    if legacy_merges:
        description["model"]["merges"] = [" ".join(pair) for pair in description["model"]["merges"]]
    (folder / "tokenizer.json").write_text(json.dumps(description, ensure_ascii=False) + "\n")
    (folder / "tokenizer_config.json").write_text('{"eos_token": "<|end|>"}\n')
    cases = []
    for text in TEXTS:
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        cases.append({"text": text, "ids": ids, "ids_with_prefix": tokenizer.encode(text).ids,
                      "decoded": tokenizer.decode(ids)})
    (folder / "cases.json").write_text("[\n" + ",\n".join(map(json.dumps, cases)) + "\n]\n")


def main():
    byte_level = pre_tokenizers.ByteLevel
    write("gpt2", byte_level(add_prefix_space=False), False, None, legacy_merges=True)
    write("prefix_space", byte_level(add_prefix_space=True), False, None, legacy_merges=False)
    write("llama3", pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(LLAMA3_REGEX), "isolated"),
        byte_level(add_prefix_space=False, use_regex=False)]), True, "<|end|>", legacy_merges=False)
    write("digits", pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True), byte_level(add_prefix_space=False)]),
          False, None, legacy_merges=False)


if __name__ == "__main__":
    main()
