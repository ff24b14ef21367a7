"""HTTP/1.1 as bytes on a socket: what no well-behaved client would send can be sent, and what comes back is taken apart strictly."""

import dataclasses
import json
import socket

PATIENCE = 20  # seconds without a byte


@dataclasses.dataclass
class Answer:
    status: int
    head: bytes
    body: bytes

    def error(self):
        """What the Hub's errors say; None if this is not such an error."""
        try:
            parsed = json.loads(self.body)
        except ValueError:
            return None
        return parsed.get("error") if isinstance(parsed, dict) else None


def connect(address):
    return socket.create_connection(address, timeout=PATIENCE)


def request(method, target, body=None, headers=()):
    """A request's bytes, made of bytes or text; the connection is closed after the answer unless `headers`, which are text, say otherwise."""
    head = _bytes(method) + b" " + _bytes(target) + b" HTTP/1.1\r\nHost: registry\r\n"
    lines = list(headers)
    if not any(line.lower().startswith("connection:") for line in lines):
        lines.append("Connection: close")
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return head + "".join(line + "\r\n" for line in lines).encode() + b"\r\n" + _bytes(body or b"")


def exchange(address, data, silence=PATIENCE, close_after=False):
    """Sends `data` and returns all that comes until the server closes, or is silent for so many seconds.

    `close_after`: the client closes its side as soon as all is sent.
    """
    received = b""
    with connect(address) as connection:
        connection.settimeout(silence)
        try:
            connection.sendall(data)
            if close_after:
                connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # The server may have refused before all was sent; it may still have said why.
        try:
            while piece := connection.recv(1 << 16):
                received += piece
        except OSError:
            pass
    return received


def answers(data):
    """Takes a connection's bytes apart; what is no answer is an AssertionError."""
    found = []
    while data:
        head, separator, rest = data.partition(b"\r\n\r\n")
        assert separator and head.startswith(b"HTTP/1.1 "), f"this is no answer: {data[:100]!r}"
        length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
        assert len(rest) >= length, f"the answer breaks off: {data[:200]!r}"
        found.append(Answer(int(head[9:12]), head, rest[:length]))
        data = rest[length:]
    return found


def ask(address, method, target, body=None, headers=(), silence=PATIENCE):
    """The one answer to one request."""
    found = answers(exchange(address, request(method, target, body, headers), silence))
    assert len(found) == 1, f"{method} {target!r:.200} has {len(found)} answers"
    return found[0]


def _bytes(text):
    return text.encode() if isinstance(text, str) else text
