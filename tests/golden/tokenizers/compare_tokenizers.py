"""Compares ropewalk-worker's tokens, offsets and decoded texts with the tokenizers library's, and shows the first difference.

usage: compare_tokenizers.py [--programs build/release/bin] [--characters N] [--seed N] [--kind NAME] [FOLDER...]
Without folders: a small tokenizer of every kind (kinds.py). A folder holds a tokenizer.json and says its eos_token.
Needs tokenizers 0.23.3.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

from tokenizers import Tokenizer

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from oracles_common import parser
from text_maker import TextMaker


def ropewalk(worker, folder, texts):
    lines = "".join(json.dumps(text) + "\n" for text in texts)
    done = subprocess.run([worker, "tokenize", "--base", folder, "--offsets", "--decode"], input=lines, text=True,
                          capture_output=True)
    if done.returncode:
        sys.exit(f"{folder}: {done.stderr}")
    plain = subprocess.run([worker, "tokenize", "--base", folder], input=lines, text=True, capture_output=True,
                           check=True)
    for with_offsets, without in zip(done.stdout.split("\n")[:-1], plain.stdout.split("\n")[:-1], strict=True):
        answer = json.loads(with_offsets)
        if answer["tokens"] != json.loads(without)["tokens"]:
            sys.exit(f"{folder}: tokens with and without offsets differ: {with_offsets} {without}")
        yield answer


def character_offsets(text, answer):
    """Byte ranges as the library gives them: in characters."""
    place = {}
    at = 0
    for i, character in enumerate(text):
        place[at] = i
        at += len(character.encode())
    place[at] = len(text)
    return [(place.get(begin), place.get(end)) for begin, end in zip(answer["begins"], answer["ends"])]


def first_difference(tokenizer, texts, answers):
    for text, answer, expected in zip(texts, answers, tokenizer.encode_batch(texts, add_special_tokens=False), strict=True):
        if answer["tokens"] != expected.ids:
            return text, "tokens", answer["tokens"], expected.ids, expected.tokens
        if character_offsets(text, answer) != [tuple(pair) for pair in expected.offsets]:
            return text, "offsets", character_offsets(text, answer), expected.offsets, expected.tokens
        decoded = tokenizer.decode(expected.ids)
        if answer["decoded"] != decoded:
            return text, "decoded", answer["decoded"], decoded, expected.tokens
    return None


def compare(name, folder, options):
    tokenizer = Tokenizer.from_file(str(pathlib.Path(folder, "tokenizer.json")))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    added = [token.content for token in tokenizer.get_added_tokens_decoder().values()]
    maker = TextMaker(options.seed, added[:400])
    texts = [""]
    while sum(map(len, texts)) < options.characters:
        texts += [maker.text() for _ in range(1000)]
    difference = first_difference(tokenizer, texts, ropewalk(options.programs / "ropewalk-worker", str(folder), texts))
    if difference:
        text, what, ours, theirs, tokens = difference
        print(f"{name}: {what} differ\n  text   {text!r}\n  ours   {ours!r}\n  theirs {theirs!r}\n  {tokens!r}")
        return False
    print(f"{name}: {len(texts)} texts, {sum(map(len, texts))} characters alike", flush=True)
    return True


def main():
    arguments = parser(__doc__)
    arguments.add_argument("--characters", type=int, default=1_000_000)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--kind")
    arguments.add_argument("folders", nargs="*")
    options = arguments.parse_args()
    alike = [compare(folder, folder, options) for folder in options.folders]
    with tempfile.TemporaryDirectory() as root:
        if not options.folders:
            from kinds import all_kinds
            for name, tokenizer in all_kinds(merges=1000):
                if options.kind in (None, name):
                    folder = pathlib.Path(root, name)
                    folder.mkdir()
                    tokenizer.save(str(folder / "tokenizer.json"))
                    (folder / "tokenizer_config.json").write_text('{"eos_token": "<|end|>"}')
                    alike.append(compare(name, folder, options))
    sys.exit(not all(alike))


if __name__ == "__main__":
    main()
