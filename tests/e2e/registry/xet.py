"""Xorbs and shards that are none, as the clients of Xet would send them."""

import json
import struct

import hostile_names
import raw_http
from hub_calls import ID

TAG = b"HFRepoMetaData\0UigEj{\x81W\x83\xa5\xbd\xd9\\\xcd\xd1J\xa9"
HEADER = TAG + struct.pack("<QQ", 2, 0)
BOOKEND = b"\xff" * 32 + bytes(16)
NAME = "0" * 63 + "1"


def _address(registry):
    """The path of the store and a token for it; nothing where Xet is not spoken."""
    answer = registry.ask("GET", f"/api/models/{ID}/xet-write-token/main")
    if answer.status != 200:
        return None, None
    told = json.loads(answer.body)
    return told["casUrl"][told["casUrl"].index("/xet/") :], told["accessToken"]


def _post(registry, target, body, token):
    return registry.ask("POST", target, body, [f"Authorization: Bearer {token}"])


def _refuse(registry, target, body, token, what):
    answer = _post(registry, target, body, token)
    registry.assert_alive(what)
    assert 400 <= answer.status < 500, f"{what}: {answer.status} {answer.body[:200]!r}"


def _chunk_header(stored, size, compression=0, version=0):
    return bytes([version]) + struct.pack("<I", stored)[:3] + bytes([compression]) + struct.pack("<I", size)[:3]


def _file(flags=0, terms=0):
    return b"\1" * 32 + struct.pack("<II8x", flags, terms)


def _term(begin=0, end=1, size=10):
    return b"\2" * 32 + struct.pack("<IIII", 0, size, begin, end)


def callers(registry):
    base, token = _address(registry)
    if base is None:
        return "Xet is not spoken here"
    for forged in ("", "x", token[:-1], token + "0", "9" + token, "\x01"):
        answer = _post(registry, f"{base}/v1/xorbs/default/{NAME}", b"x", forged)
        assert answer.status in (400, 401), f"the token {forged!r}: {answer}"
    assert registry.ask("POST", f"{base}/v1/shards", b"x").status == 401, "no token"
    for name in hostile_names.IN_TARGETS:
        for target in (f"{base}/v1/xorbs/default/{name}", f"{base}/v1/xorbs/{name}/{NAME}", f"/xet/{name}/v1/xorbs/default/x", f"{base}/v1/{name}"):
            answer = raw_http.answers(raw_http.exchange(registry.http, raw_http.request("POST", target, b"x", [f"Authorization: Bearer {token}"])))
            assert len(answer) == 1 and 400 <= answer[0].status < 500, (target[:100], answer)


def xorbs(registry):
    base, token = _address(registry)
    if base is None:
        return "Xet is not spoken here"
    chunk = _chunk_header(10, 10) + b"0123456789"
    bombs = b"\x1f" + b"0\1\0" + b"\xff" * 250_000
    bodies = {
        "empty": b"",
        "no xorb": b"hello, this is not a xorb",
        "zeros": bytes(100_000),
        "ones": b"\xff" * 100_000,
        "half a header": chunk[:5],
        "half a chunk": chunk[:12],
        "chunks of another name": chunk * 10,
        "a chunk of no bytes": _chunk_header(0, 0),
        "a chunk that grows": _chunk_header(10, 20) + b"0123456789",
        "a chunk too large": _chunk_header(1 << 18, 1 << 18) + bytes(1 << 18),
        "a chunk of 16 MiB": _chunk_header((1 << 24) - 1, (1 << 24) - 1) + bytes(1 << 20),
        "an unknown compression": _chunk_header(10, 10, 9) + bytes(10),
        "another version": _chunk_header(10, 10, 0, 9) + bytes(10),
        "no LZ4": _chunk_header(10, 100, 1) + b"0123456789",
        "LZ4 that unpacks to much": _chunk_header(len(bombs), 1 << 17, 1) + bombs,
        "grouped LZ4 that is none": _chunk_header(10, 100, 2) + b"0123456789",
        "too many chunks": chunk * 8193,
        "a footer alone": b"XETBLOB" + bytes(1000),
    }
    for name, body in bodies.items():
        _refuse(registry, f"{base}/v1/xorbs/default/{NAME}", body, token, name)
    return f"{len(bodies)} xorbs"


def shards(registry):
    base, token = _address(registry)
    if base is None:
        return "Xet is not spoken here"
    with_all = (1 << 31) | (1 << 30)
    bodies = {
        "empty": b"",
        "no shard": b"hello" * 100,
        "zeros": bytes(4800),
        "a header alone": HEADER,
        "version 3": TAG + struct.pack("<QQ", 3, 0) + BOOKEND * 2,
        "no end": HEADER + BOOKEND,
        "half a record": HEADER + BOOKEND + BOOKEND[:-1],
        "four billion terms": HEADER + _file(terms=(1 << 32) - 1) + BOOKEND * 10,
        "four billion chunks": HEADER + BOOKEND + b"\3" * 32 + struct.pack("<II8x", 0, (1 << 32) - 1) + BOOKEND,
        "unknown flags": HEADER + _file(flags=1) + BOOKEND * 2,
        "chunks backwards": HEADER + _file(with_all, 1) + _term(5, 2) + BOOKEND * 4,
        "no bytes": HEADER + _file(with_all, 1) + _term(size=0) + BOOKEND * 4,
        "chunks that are not here": HEADER + _file(with_all, 1) + _term() + bytes(48) + bytes(48) + BOOKEND * 2,
        "a file without a digest": HEADER + _file(0, 1) + _term() + BOOKEND * 2,
        "a petabyte": HEADER + _file(with_all, 300_000) + _term(size=(1 << 32) - 1) * 300_000 + bytes(48) * 300_001 + BOOKEND * 2,
    }
    for name, body in bodies.items():
        _refuse(registry, f"{base}/v1/shards", body, token, name)
    for name, body in bodies.items():  # Answers before it is done, in lines.
        answer = _post(registry, f"{base}/v2/shards", body, token)
        registry.assert_alive(name)
        assert answer.status < 500, f"{name}: {answer}"
    return f"{len(bodies)} shards"


ATTACKS = [("forged callers of Xet", callers), ("xorbs that are none", xorbs), ("shards that are none", shards)]
