"""JSON that would take much memory or time, in the calls with small bodies, and bodies that are packed."""

import gzip
import time

from hub_calls import ID, SOON, commit_target

SMALL_CALLS = [
    ("POST", "/api/repos/create"),
    ("DELETE", "/api/repos/delete"),
    ("POST", "/api/repos/move"),
    ("POST", "/api/validate-yaml"),
    ("POST", f"/api/models/{ID}/preupload/main"),
    ("POST", f"/api/models/{ID}/tag/main"),
    ("POST", f"/api/models/{ID}/branch/b"),
    ("POST", f"/{ID}.git/info/lfs/objects/batch"),
    ("POST", f"/{ID}.git/info/lfs/verify"),
]
LONGEST = 7 << 20  # of a body; calls may refuse shorter ones
LARGE, SMALL = 4 << 20, 1 << 20  # what they may take
NUMBERS = "1e999999 -1e999999 18446744073709551616 9223372036854775808 -1 1.5 NaN 1e 0x10 '5' null true [] 1e-400".replace("'", '"').split() + [
    "9" * 1_000_000,
    "0." + "9" * 100_000,
]


def refuse(registry, method, target, body, what, headers=()):
    """The registry says what is wrong, soon."""
    begin = time.monotonic()
    answer = registry.ask(method, target, body, headers)
    registry.assert_alive(what)
    assert 400 <= answer.status < 500 and answer.error(), f"{what} at {target}: {answer.status} {answer.body[:100]!r}"
    assert time.monotonic() - begin < SOON, f"{what} at {target} takes {time.monotonic() - begin:.1f} s"


def deep(registry):
    """Nested in whatever place a call looks at, closed and not."""
    for depth in (100, 10_000, 1_000_000):
        closed = "[" * depth + "]" * depth
        objects = '{"a":' * min(depth, 500_000) + "0" + "}" * min(depth, 500_000)
        for method, target in SMALL_CALLS:
            for body in (
                "[" * depth,
                closed,
                objects,
                f'{{"files": [{{"a": {closed}}}]}}',
                f'{{"operation": "upload", "objects": [{{"a": {objects}}}]}}',
                f'{{"name": {closed}, "tag": {closed}, "content": 0}}',
            ):
                answer = registry.ask(method, target, body)
                registry.assert_alive(f"JSON of depth {depth} at {target}: {body[:40]}...")
                assert answer.status < 500, answer
        paths = registry.ask("POST", f"/api/models/{ID}/paths-info/main", f'{{"paths": {closed[:900_000]}}}', ["Content-Type: application/json"])
        registry.assert_alive(f"paths of depth {depth}")
        assert 400 <= paths.status < 500, paths


def wide(registry):
    """Many small values in as many bytes as a call takes, or fewer."""
    for length in (LONGEST, LARGE, SMALL):
        bodies = {
            "numbers": '{"content": [' + "0," * (length // 2 - 10) + "0]}",
            "objects": '{"content": [' + "{}," * (length // 3 - 10) + "{}]}",
            "texts": '{"content": [' + '"",' * (length // 3 - 10) + '""]}',
            "keys": "{" + ",".join(f'"{i:x}":0' for i in range(length // 10)) + "}",
            "objects of one": '{"files": [' + '{"":0},' * (length // 7 - 10) + "{}]}",
            "lists of lists": '{"files": [' + "[[[]]]," * (length // 7 - 10) + "{}]}",
        }
        for name, body in bodies.items():
            for method, target in SMALL_CALLS:
                refuse(registry, method, target, body, f"{len(body)} bytes of {name}")
    return f"bodies of up to {LONGEST >> 20} MiB"


def odd_numbers(registry):
    for number in NUMBERS:
        what = f"the size {number[:30]}"
        refuse(registry, "POST", f"/api/models/{ID}/preupload/main", f'{{"files": [{{"path": "a", "size": {number}}}]}}', what)
        objects = f'[{{"oid": "{"0" * 64}", "size": {number}}}]'
        refuse(registry, "POST", f"/{ID}.git/info/lfs/objects/batch", f'{{"operation": "upload", "objects": {objects}}}', what)
        value = f'{{"path": "a", "algo": "sha256", "oid": "{"0" * 64}", "size": {number[:60_000]}}}'
        refuse(registry, "POST", commit_target(ID), f'{{"key": "lfsFile", "value": {value}}}\n', what)


def packed(registry):
    """Nothing is unpacked, whatever is declared."""
    body = gzip.compress(b"0" * 50_000_000)
    for encoding in ("gzip", "deflate", "br", "zstd", "gzip, gzip"):
        for method, target in SMALL_CALLS + [("POST", commit_target(ID))]:
            refuse(registry, method, target, body, f"a body in {encoding}", [f"Content-Encoding: {encoding}"])


ATTACKS = [("JSON of great depth", deep), ("JSON of great width", wide), ("odd numbers", odd_numbers), ("packed bodies", packed)]
