"""Writes NAME/: small tokenizers of the kinds in use, and what the tokenizers library makes of the texts in texts.json.

usage: python3 make_tokenizers.py     (needs tokenizers 0.23.3)
"""

import json
import pathlib

from kinds import all_kinds
from text_maker import TextMaker

FOLDER = pathlib.Path(__file__).parent

TEXTS = [
    "", " ", "  ", "\n", "rope", " rope", "ropes", "a rope.", "–rope", "érope", "rope\u200d", "the ropewalk",
    "It's, IT'S, we'LL, 'd and \u017f'\u017f", "12345678 \u0663\u0664\u0665 \u216b \u00bd", "a  b   c\t\td \n e\r\n\r\nf  ",
    "naïve e\u0301 Größe", "Канаты — канат!", "縄を作る人。", "밧줄", "👩‍👩‍👧 🇩🇪 👍🏽", "\u0000\u0001\u001b[0m\u007f\u0085x",
    "\u00a0a\u2028b\u3000c\u180ed", "<|end|>", "x<|end|>y", "<|end|>ing", "<|end|", "a <mask> b", "a\u3000<mask>\u2003\n<mask>b",
    "<call>", "call <call>call", "<|end|><mask><call>", "def f(x):\n\treturn x ** 2\n", "a" * 20, "!" * 12, " " * 20 + "x",
    "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 \U00020000\U0010ffff", "\u202eright to left\u202c שלום العربية", "x <right>   <left> y", "▁a▁ ▁b<0x41>",
    "\U00031350\U000105c0\u1c89\U0001fae8 1\U0001e4f0", "각\u1161\u11a8 \u09c7\u09be \u0f73\u0f71 e\u0323\u0301 ﬁ½",
]


def texts():
    maker = TextMaker(2026, ["<|end|>", "<mask>", "<left>", "<right>", "rope", "<call>", "Größe", "call", "縄を"])
    return TEXTS + [maker.text()[:40] for _ in range(12)]


def in_bytes(text, offsets):
    sizes = [len(text[:i].encode()) for i in range(len(text) + 1)]
    return [sizes[place] for pair in offsets for place in pair]


def write(name, tokenizer, legacy_merges):
    folder = FOLDER / name
    folder.mkdir(exist_ok=True)
    description = json.loads(tokenizer.to_str())
    if legacy_merges:
        description["model"]["merges"] = [" ".join(pair) for pair in description["model"]["merges"]]
    (folder / "tokenizer.json").write_text(json.dumps(description, ensure_ascii=False, separators=(",", ":")) + "\n")
    (folder / "tokenizer_config.json").write_text('{"eos_token": "<|end|>"}\n')
    cases = []
    for text in texts():
        encoding = tokenizer.encode(text, add_special_tokens=False)
        beginning = tokenizer.encode(text).ids
        case = {"ids": encoding.ids, "offsets": in_bytes(text, encoding.offsets)}
        if beginning != encoding.ids:
            case["prefix"] = beginning[:len(beginning) - len(encoding.ids)]
        if tokenizer.decode(encoding.ids) != text:
            case["decoded"] = tokenizer.decode(encoding.ids)
        cases.append(case)
    lines = (json.dumps(case, ensure_ascii=False, separators=(",", ":")) for case in cases)
    (folder / "cases.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")


def main():
    (FOLDER / "texts.json").write_text(json.dumps(texts(), indent=0) + "\n")
    for name, tokenizer in all_kinds(merges=60):
        write(name, tokenizer, legacy_merges=name in ("gpt2", "llama2"))


if __name__ == "__main__":
    main()
