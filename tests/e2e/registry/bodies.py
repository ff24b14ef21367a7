"""Bodies of great length, announced or sent, and bodies that break off."""

import base64
import hashlib
import json

import raw_http
from hub_calls import ID, NOTES, commit_target, head_of, read

LINE = b'{"key": "file", "value": {"path": "large.bin", "encoding": "base64", "content": "'
LARGE = 300 << 20  # bytes of base64 in one line


def heavy(attack):
    attack.heavy = True
    return attack


def _head(method, target, length):
    return raw_http.request(method, target, None, [f"Content-Length: {length}"])


def _ticket(registry, oid, size):
    body = json.dumps({"operation": "upload", "objects": [{"oid": oid, "size": size}]})
    batch = json.loads(registry.ask("POST", f"/{ID}.git/info/lfs/objects/batch", body).body)
    address = batch["objects"][0]["actions"]["upload"]["href"]
    return address[address.index("/lfs/") :]


def announced_and_closed(registry):
    """Lengths that never come; the client is gone at once, or half closed."""
    targets = [
        ("POST", "/api/validate-yaml"),
        ("POST", commit_target(ID)),
        ("POST", f"/api/models/{ID}/paths-info/main"),
        ("POST", "/nowhere"),
        ("GET", "/api/models"),
        ("PUT", _ticket(registry, "1" * 64, 1 << 50)),
    ]
    for method, target in targets:
        for length in (10, 8 << 20, 500 << 20, 1 << 40, (1 << 63) - 1):
            for sent in (b"", b"{", LINE + b"QUFB"):
                for close_after in (True, False):
                    received = raw_http.exchange(registry.http, _head(method, target, length) + sent, silence=0.02, close_after=close_after)
                    for answer in raw_http.answers(received):
                        assert answer.status < 500, (method, target, length, answer)
    registry.assert_alive("announced lengths")


def too_long(registry):
    """Of calls with small bodies: refused as soon as the length is known, by what is announced or by what comes."""
    for target in ("/api/validate-yaml", "/api/repos/create", f"/api/models/{ID}/preupload/main", f"/api/models/{ID}/paths-info/main"):
        for length in (9 << 20, 1 << 40, 1 << 62, (1 << 63) - 1):
            _is_too_long(raw_http.exchange(registry.http, _head("POST", target, length)), f"{length} bytes announced to {target}")
        chunk = b"%x\r\n%s\r\n" % (1 << 16, b"a" * (1 << 16))
        head = raw_http.request("POST", target, None, ["Transfer-Encoding: chunked"])
        _is_too_long(raw_http.exchange(registry.http, head + chunk * 160), f"10 MiB in chunks to {target}")


def _is_too_long(received, what):
    found = raw_http.answers(received)
    assert len(found) == 1 and found[0].status == 413, f"{what}: {received[:200]!r}"
    assert found[0].error(), f"{what}: the error is not the Hub's: {found[0].body!r:.200}"


def large_objects(registry):
    """More or less than announced, and other bytes."""
    content = b"0123456789" * 100_000
    target = _ticket(registry, hashlib.sha256(content).hexdigest(), len(content))
    for body in (content + b"0", content[:-1] + b"x", content * 3, b""):
        answer = registry.ask("PUT", target, body)
        assert 400 <= answer.status < 500 and answer.error(), (len(body), answer)
    raw_http.exchange(registry.http, _head("PUT", target, len(content)) + content[:500_000], silence=0.1, close_after=True)
    assert registry.ask("PUT", target, content).status == 200
    assert registry.ask("PUT", target, content).status == 200, "an object that is there"


def breaking_off(registry):
    """Commits whose connection breaks in the middle of a content: nothing is changed, and nothing kept."""
    before = head_of(registry)
    content = base64.b64encode(b"z" * 3_000_000)
    for sent in (LINE, LINE + content[:2_000_001], LINE + content + b'"', LINE + content + b'"}}', LINE + content + b'"}}\n'):
        raw_http.exchange(registry.http, _head("POST", commit_target(ID), 50 << 20) + sent, silence=0.2, close_after=True)
    assert head_of(registry) == before and read(registry, ID, "notes.txt").body == NOTES


@heavy
def one_long_line(registry):
    """Hundreds of MB of base64 in one line, which then breaks off."""
    before = head_of(registry)
    piece = base64.b64encode(bytes(range(256)) * 3 * 1024)  # 1 MiB
    with raw_http.connect(registry.http) as connection:
        connection.settimeout(60)
        connection.sendall(_head("POST", commit_target(ID), LARGE * 2) + LINE)
        for _ in range(LARGE // len(piece)):
            connection.sendall(piece)
    assert head_of(registry) == before
    return f"{LARGE >> 20} MiB"


@heavy
def one_long_line_that_is_whole(registry):
    """Becomes a file, which is read while it comes."""
    piece = base64.b64encode(bytes(range(256)) * 3 * 1024)
    count = LARGE // len(piece)
    tail = b'"}}\n'
    with raw_http.connect(registry.http) as connection:
        connection.settimeout(60)
        connection.sendall(_head("POST", commit_target(ID), len(LINE) + count * len(piece) + len(tail)) + LINE)
        for _ in range(count):
            connection.sendall(piece)
        connection.sendall(tail)
        received = b""
        while part := connection.recv(1 << 16):
            received += part
    assert raw_http.answers(received)[0].status == 200, received[:300]
    answer = registry.ask("POST", commit_target(ID), '{"key": "deletedFile", "value": {"path": "large.bin"}}\n')
    assert answer.status == 200, answer
    return f"{count} MiB"


ATTACKS = [
    ("announced lengths that never come", announced_and_closed),
    ("bodies that are too long", too_long),
    ("large objects that are not what they say", large_objects),
    ("commits that break off", breaking_off),
    ("a line without an end", one_long_line),
    ("a line of hundreds of MB", one_long_line_that_is_whole),
]
