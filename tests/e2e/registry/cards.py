"""Model cards: YAML that would take much memory or time, or is no text."""

import json
import time

from hub_calls import SOON, commit, create, delete, file_line
from json_bombs import LONGEST

CARDS = {
    "aliases": "a0: &a0 x\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 8)}]\n" for i in range(1, 30)),
    "a list": "a: [" + "b," * 400_000 + "b]\n",
    "keys": "".join(f"k{i}: v\n" for i in range(80_000)),
    "deep": "a: " + "[" * 400_000 + "\n",
    "deep and closed": "a: " + "[" * 100_000 + "]" * 100_000 + "\n",
    "deep by dashes": "a:\n" + "- " * 100_000 + "\n",
    "braces": "a: " + "{a: " * 100_000 + "\n",
    "complex keys": "? " * 100_000 + "\n",
    "anchors": "".join(f"a{i}: &b{i} x\n" for i in range(50_000)),
    "a text": 'a: "' + "\\x41" * 200_000 + '"\n',
    "lines": "a:\n" + "- b\n" * 200_000,
    "tags": "a: " + "!t " * 100_000 + "\n",
}
LONGEST_FRONT_MATTER = 60_000  # of those that are looked into at all
CARDS_WITHIN = {
    "a list": "a: [" + "b," * (LONGEST_FRONT_MATTER // 2) + "b]\n",
    "keys": "".join(f"{i:x}:\n" for i in range(LONGEST_FRONT_MATTER // 6)),
    "deep": "a: " + "[" * LONGEST_FRONT_MATTER + "\n",
    "deep and closed": "a: " + "[" * (LONGEST_FRONT_MATTER // 2) + "]" * (LONGEST_FRONT_MATTER // 2) + "\n",
    "deep by dashes": "a:\n" + "- " * (LONGEST_FRONT_MATTER // 2) + "\n",
    "braces": "a: " + "{a: " * (LONGEST_FRONT_MATTER // 4) + "\n",
    "complex keys": "? " * (LONGEST_FRONT_MATTER // 2) + "\n",
    "a long text named often": "a: &a " + "x" * (LONGEST_FRONT_MATTER // 2) + "\nb: [" + "*a," * (LONGEST_FRONT_MATTER // 6) + "]\n",
    "a list named often": "a: &a [" + "x," * (LONGEST_FRONT_MATTER // 4) + "]\nb: [" + "*a," * (LONGEST_FRONT_MATTER // 6) + "]\n",
    "a circle": "a: &a [" + "*a," * (LONGEST_FRONT_MATTER // 3) + "]\n",
}
ESCAPE_SEQUENCE = "\x1b[31m"
NO_TEXT = [
    b'tags: ["a\xff\xfeb"]',
    b"license: \xc0\xae",
    b"base_model: \xed\xa0\x80",
    b'tags: ["\\x1b[31m", "\\x00", "\\u202e", "a\\nb"]',
    b"\xff: \xfe",
]


def _validate(registry, name, card):
    begin = time.monotonic()
    answer = registry.ask("POST", "/api/validate-yaml", json.dumps({"content": f"---\n{card}---\n"}))
    registry.assert_alive(name)
    taken = time.monotonic() - begin
    assert answer.status < 500 and taken < SOON, f"{name}: {answer.status} after {taken:.1f} s"


def odd_cards(registry):
    """In the call that checks them, and in commits."""
    create(registry, "hostile/cards")
    cards = list(CARDS.items()) + [(f"{name}, within", card) for name, card in CARDS_WITHIN.items()]
    for name, card in cards:
        _validate(registry, name, card)
        answer = commit(registry, "hostile/cards", file_line("README.md", f"---\n{card}---\n".encode()))
        registry.assert_alive(name)
        assert answer.status < 500, f"{name}: {answer}"
        assert registry.ask("GET", "/api/models?author=hostile").status == 200, name
    delete(registry, "hostile/cards")
    return f"{len(cards)} cards"


def longest_card(registry):
    _validate(registry, "a long list", "a: [" + "b," * (LONGEST // 2) + "b]\n")


def no_text(registry):
    """What a card says reaches clients of gRPC, which take UTF-8 only, and terminals."""
    create(registry, "hostile/text")
    for card in NO_TEXT:
        answer = commit(registry, "hostile/text", file_line("README.md", b"---\n" + card + b"\n---\n"))
        registry.assert_alive(repr(card))
        assert answer.status < 500, (card, answer)
        info = registry.ask("GET", "/api/models/hostile/text")
        assert info.status == 200 and json.loads(info.body), (card, info)
        for arguments in (("models", "get", "models/hostile/text"), ("models", "list")):
            told = registry.command(*arguments)
            assert told.returncode == 0, f"{card!r}: `ropewalk {' '.join(arguments)}` says {told.stderr[-300:]}"
            assert ESCAPE_SEQUENCE not in told.stdout, f"{card!r}: a card's escape sequence reaches the terminal"
    delete(registry, "hostile/text")


ATTACKS = [("odd model cards", odd_cards), ("a model card of 7 MiB", longest_card), ("model cards that are no text", no_text)]
