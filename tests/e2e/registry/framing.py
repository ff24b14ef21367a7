"""Requests whose end two servers might see at different places, and requests that are none."""

import json

import raw_http
from hub_calls import ID

POST = b"POST /api/validate-yaml HTTP/1.1\r\nHost: registry\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"
# What is smuggled, or follows well-behaved.
SECOND = b"GET /livez HTTP/1.1\r\nHost: registry\r\nConnection: close\r\n\r\n"

REFUSED = {
    "a length and chunks": POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n" + END,
    "chunks and a length": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n" + END,
    "two lengths": POST + b"Content-Length: 2\r\nContent-Length: 4\r\n\r\n{}",
    "two lengths in one field": POST + b"Content-Length: 2, 4\r\n\r\n{}",
    "a length with +": POST + b"Content-Length: +2\r\n\r\n{}",
    "a negative length": POST + b"Content-Length: -2\r\n\r\n{}",
    "a length in hex": POST + b"Content-Length: 0x2\r\n\r\n{}",
    "no length in its field": POST + b"Content-Length:\r\n\r\n{}",
    "a length with more": POST + b"Content-Length: 2 2\r\n\r\n{}",
    "a length of 20 digits": POST + b"Content-Length: 99999999999999999999\r\n\r\n{}",
    "a length of 2^64-1": POST + b"Content-Length: 18446744073709551615\r\n\r\n{}",
    "a length of 2^63": POST + b"Content-Length: 9223372036854775808\r\n\r\n{}",
    "a space before the colon": POST + b"Content-Length : 2\r\n\r\n{}",
    "a tab before the colon": POST + b"Content-Length\t: 2\r\n\r\n{}",
    "a NUL in a name": POST + b"Content-\0Length: 2\r\n\r\n{}",
    "a NUL in a value": POST + b"X: \0\r\nContent-Length: 2\r\n\r\n{}",
    "a field of no name": POST + b": 2\r\nContent-Length: 2\r\n\r\n{}",
    "a line without a colon": POST + b"Content-Length\r\n\r\n{}",
    "a first line that goes on": b"POST /api/validate-yaml HTTP/1.1\r\n Host: registry\r\nContent-Length: 2\r\n\r\n{}",
    "line feeds alone": POST.replace(b"\r\n", b"\n") + b"Content-Length: 2\n\n{}",
    "a line feed in a field": POST + b"X: a\nContent-Length: 2\r\n\r\n{}",
    "a carriage return in a field": POST + b"X: a\rContent-Length: 2\r\n\r\n{}",
    "chunked twice": POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n" + END,
    "chunked, then identity": POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n2\r\n{}\r\n" + END,
    "identity, then chunked": POST + b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n" + END,
    "gzip, chunked": POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n" + END,
    "xchunked": POST + b"Transfer-Encoding: xchunked\r\n\r\n2\r\n{}\r\n" + END,
    "an unknown encoding and no length": POST + b"Transfer-Encoding: xchunked\r\n\r\n",
    "chunked after a vertical tab": POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n2\r\n{}\r\n" + END,
    "a chunk of negative size": CHUNKED + b"-2\r\n{}\r\n" + END,
    "a chunk of size +2": CHUNKED + b"+2\r\n{}\r\n" + END,
    "a chunk of size 0x2": CHUNKED + b"0x2\r\n{}\r\n" + END,
    "a chunk of size '2 '": CHUNKED + b"2 \r\n{}\r\n" + END,
    "a chunk without a size": CHUNKED + b"\r\n{}\r\n" + END,
    "a chunk of 17 digits": CHUNKED + b"FFFFFFFFFFFFFFFFF\r\n{}\r\n" + END,
    "a chunk that ends late": CHUNKED + b"1\r\n{}\r\n" + END,
    "a chunk's size before a line feed": CHUNKED + b"2\n{}\r\n" + END,
    "a chunk's extension before a line feed": CHUNKED + b"2;a\n{}\r\n" + END,
    "a length behind chunks": CHUNKED + b"2\r\n{}\r\n0\r\nContent-Length: 5\r\n\r\n",
    "no host": b"POST /api/validate-yaml HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}",
    "two hosts": POST + b"Host: elsewhere\r\nContent-Length: 2\r\n\r\n{}",
    "HTTP/0.9": b"GET /livez\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/1.2": b"GET / HTTP/1.2\r\nHost: registry\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 100,
    "a target with a space": b"GET /a b HTTP/1.1\r\nHost: registry\r\n\r\n",
    "a target with a NUL": b"GET /\0 HTTP/1.1\r\nHost: registry\r\n\r\n",
    "a method of 20 000 letters": b"A" * 20_000 + b" / HTTP/1.1\r\n\r\n",
    "a target of 20 000 letters": b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n",
    "a field of 20 000 letters": POST + b"X: " + b"a" * 20_000 + b"\r\n\r\n",
    "4000 fields": POST + b"a:b\r\n" * 4000 + b"\r\n",
    "3 MB of a field": POST + b"X: " + b"a" * 3_000_000,
}

# Odd but of one meaning: both requests are answered.
ANSWERED = {
    "the same length twice": POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "a folded field": POST + b"X: a\r\n b\r\nContent-Length: 2\r\n\r\n{}",
    "a folded encoding": POST + b"Transfer-Encoding:\r\n chunked\r\n\r\n2\r\n{}\r\n" + END,
    "chunks with extensions": CHUNKED + b'2;a=b;c="d"\r\n{}\r\n0;e\r\n\r\n',
    "chunks with a trailer": CHUNKED + b"2\r\n{}\r\n0\r\nX-Checksum: 1\r\n\r\n",
    "CHUNKED": POST + b"Transfer-Encoding: CHUNKED\r\n\r\n2\r\n{}\r\n" + END,
    "Content_Length, which is another field": POST + b"Content_Length: 4\r\nContent-Length: 2\r\n\r\n{}",
    "an upgrade": b"GET /livez HTTP/1.1\r\nHost: registry\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\n\r\n",
}

# May be refused with 4xx, or answered once; what follows them may not be answered as a request that came within.
ENDLESS = {
    "a trailer of 1 MB": CHUNKED + b"2\r\n{}\r\n0\r\nX: " + b"a" * 1_000_000 + b"\r\n\r\n",
    "a trailer of 70 KB": CHUNKED + b"2\r\n{}\r\n0\r\nX: " + b"a" * 70_000 + b"\r\n\r\n",
    "a trailer of 100 000 fields": CHUNKED + b"2\r\n{}\r\n0\r\n" + b"a:b\r\n" * 100_000 + b"\r\n",
    "a chunk's extension of 1 MB": CHUNKED + b"2;" + b"a" * 1_000_000 + b"\r\n{}\r\n" + END,
    "a last chunk's extension of 1 MB": CHUNKED + b"2\r\n{}\r\n0;" + b"a" * 1_000_000 + b"\r\n\r\n",
    "a chunk's size of 1 MB": CHUNKED + b"0" * 1_000_000 + b"2\r\n{}\r\n" + END,
}


def _ask(registry, data):
    received = raw_http.exchange(registry.http, data, silence=5)
    return raw_http.answers(received), received


def refused(registry):
    taken = []
    for name, data in REFUSED.items():
        found, received = _ask(registry, data + SECOND)
        registry.assert_alive(name)
        if len(found) != 1 or not 400 <= found[0].status < 500:
            taken.append(f"{name} ({[answer.status for answer in found]})")
    assert not taken, "not refused: " + ", ".join(taken)
    return f"{len(REFUSED)} requests"


def answered(registry):
    for name, data in ANSWERED.items():
        found, received = _ask(registry, data + SECOND)
        assert [answer.status for answer in found] == [200, 200], f"{name}: {received[:300]!r}"
    return f"{len(ANSWERED)} requests"


def endless(registry):
    for name, data in ENDLESS.items():
        found, _ = _ask(registry, data)
        registry.assert_alive(name)
        assert all(answer.status == 200 or 400 <= answer.status < 500 for answer in found), f"{name}: {found}"
    return f"{len(ENDLESS)} requests"


def without_end(registry):
    """Lines that go on for 100 MB, of which nothing may be kept."""
    for name, data in (("a trailer", CHUNKED + b"2\r\n{}\r\n0\r\nX: "), ("a chunk's extension", CHUNKED + b"2;"), ("a field", POST + b"X: ")):
        with raw_http.connect(registry.http) as connection:
            connection.settimeout(5)
            try:
                connection.sendall(data)
                for _ in range(100):
                    connection.sendall(b"a" * (1 << 20))
            except OSError:
                pass  # It was refused.
        registry.assert_alive(name)


def methods(registry):
    for method in ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "BREW", "get"):
        for target in ("/api/models", f"/api/models/{ID}", f"/{ID}/resolve/main/notes.txt", "/livez", "*", "http://elsewhere/livez", "registry:80"):
            received = raw_http.exchange(registry.http, raw_http.request(method, target), silence=5)
            for answer in raw_http.answers(received):
                assert 400 <= answer.status < 500 and b"ok" != answer.body.strip(), f"{method} {target}: {answer}"


def pipelined(registry):
    """Answers come in the order of the requests, each to its own."""
    count = 2000
    requests = b"".join(raw_http.request("GET", f"/api/models/nobody/n{i}", headers=["Connection: keep-alive"]) for i in range(count))
    found = raw_http.answers(raw_http.exchange(registry.http, requests + SECOND))
    assert len(found) == count + 1, len(found)
    for i, answer in enumerate(found[:-1]):
        assert answer.error().endswith(f" nobody/n{i}"), (i, answer)
    return f"{count} requests"


def bodies_within_bodies(registry):
    """A body that looks like a request is a body."""
    inner = b"DELETE /api/repos/delete HTTP/1.1\r\nHost: registry\r\nContent-Length: 26\r\n\r\n" + json.dumps({"name": ID}).encode()
    for target in ("/api/validate-yaml", f"/api/models/{ID}/commit/main", f"/api/models/{ID}/paths-info/main", "/nowhere"):
        found = raw_http.answers(raw_http.exchange(registry.http, raw_http.request("POST", target, inner)))
        assert len(found) == 1, (target, found)
    assert registry.ask("GET", f"/api/models/{ID}").status == 200


ATTACKS = [
    ("requests of two meanings", refused),
    ("odd requests of one meaning", answered),
    ("long trailers and extensions", endless),
    ("lines without an end", without_end),
    ("methods and targets that do not go together", methods),
    ("pipelined requests", pipelined),
    ("bodies that look like requests", bodies_within_bodies),
]
