"""Commits whose lines, or whose contents in base64, are not what they should be."""

from hub_calls import ID, commit, commit_target, file_line, head_of, lfs_line, line, read
from json_bombs import refuse

GOOD = file_line("good.txt")
LINES = {
    "deep": "[" * 60_000,
    "deep and closed": '{"key":"file","value":' + '{"a":' * 50 + "0" + "}" * 52,
    "brackets that close": "]" * 60_000,
    "a line of 1 MB": '{"key": "header", "value": {"summary": "' + "a" * 1_000_000 + '"}}',
    "a key of 1 MB": '{"' + "k" * 1_000_000,
    "spaces": " " * 1_000_000,
    "a number": "9" * 60_000,
    "not closed": GOOD[:-2],
    "closed twice": GOOD + "}",
    "two objects": GOOD + GOOD,
    "no JSON": "hello",
    "bytes": b"\xff\xfe\x00",
    "a NUL": b"\0",
    "a list": "[]",
    "no value": '{"key": "file"}',
    "a value that is a list": '{"key": "file", "value": []}',
    "no key": '{"value": {}}',
    "an unknown key": line("symlink", path="a"),
    "no content": line("file", path="a", encoding="base64"),
    "another encoding": line("file", path="a", content="eA==", encoding="gzip"),
    "another line's content": line("header", content="eA==") + "\n" + line("file", path="a", encoding="base64"),
    "25 001 changes": (line("deletedFile", path="a") + "\n") * 25_001,
    "a file below a file": file_line("a") + "\n" + file_line("a/b"),
    "a blob that is not there": lfs_line("a", b"not there"),
    "an object of another size": GOOD + "\n" + lfs_line("a").replace('"size": 1', '"size": 2'),
}
NOT_BASE64 = [
    "e",
    "eA",
    "eA=",
    "eA===",
    "eA==eA==",
    "=",
    "====",
    "e=A=",
    "eA==\\n",
    "eA =",
    "e A==",
    "-_-_",
    "eA..",
    "eA\\\\==",
    "eA\\n==",
    "eA\\u00",
    "eA\\b==",
]
NOT_BASE64 += ["é", "\0", "A" * 100_001, "A" * 60_000 + "*"]
# As JSON may write it, and what it means.
ESCAPED = {"\\u0065A\\u003d\\u003d": b"x", "\\/\\/79": b"\xff\xfe\xfd", "\\u002b\\u002F+\\/": b"\xfb\xff\xbf"}


def odd_lines(registry):
    before = head_of(registry)
    taken = []
    for name, body in LINES.items():
        body = body if isinstance(body, bytes) else body.encode()
        answer = registry.ask("POST", commit_target(ID), body + b"\n")
        registry.assert_alive(name)
        if not (400 <= answer.status < 500 and answer.error()):
            taken.append(f"{name} ({answer.status})")
    assert not taken, "not refused: " + ", ".join(taken)
    assert head_of(registry) == before, "the repository has changed"
    return f"{len(LINES)} commits"


def _content(text):
    return f'{{"key": "file", "value": {{"path": "content.txt", "encoding": "base64", "content": "{text}"}}}}\n'.encode()


def not_base64(registry):
    before = head_of(registry)
    for text in NOT_BASE64:
        refuse(registry, "POST", commit_target(ID), _content(text), f"the content {text[:30]!r}")
    refuse(registry, "POST", commit_target(ID), _content("AAAA")[:-5], "a content that breaks off")
    assert head_of(registry) == before, "the repository has changed"
    return f"{len(NOT_BASE64) + 1} commits"


def escaped_base64(registry):
    """JSON may write any character as an escape, and some libraries do so with '=', '+' and '/'."""
    for text, meant in ESCAPED.items():
        answer = registry.ask("POST", commit_target(ID), _content(text))
        if answer.status == 200:
            stored = read(registry, ID, "content.txt").body
            assert stored == meant, f"the content {text} is stored as {stored!r}, not {meant!r}"
        else:
            assert 400 <= answer.status < 500 and answer.error(), answer
    commit(registry, ID, line("deletedFile", path="content.txt"))


ATTACKS = [("odd lines of commits", odd_lines), ("base64 that is none", not_base64), ("base64 with escapes", escaped_base64)]
