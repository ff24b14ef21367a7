"""Clients that are slow, or silent, and many."""

import select
import threading
import time

import raw_http
from bodies import heavy
from hub_calls import ID, commit, commit_target, file_line

DEADLINE = 50  # seconds by which the server has closed: it waits 30 s, and lingers
DRIP_EVERY = 3
PROMPT = 1.0  # seconds for another client's request
MANY = 10_000

CHUNKED = b"POST /api/validate-yaml HTTP/1.1\r\nHost: registry\r\nTransfer-Encoding: chunked\r\n\r\n"
BODY = b"POST %s HTTP/1.1\r\nHost: registry\r\nContent-Length: %d\r\n\r\n"
# What is sent at first, and then again and again.
DRIPS = {
    "nothing": (b"", b""),
    "a method": (b"", b"A"),
    "a target": (b"GET /", b"a"),
    "fields": (b"GET / HTTP/1.1\r\n", b"a: b\r\n"),
    "a body": (BODY % (b"/api/validate-yaml", 1000), b"a"),
    "no body": (BODY % (b"/api/validate-yaml", 1000), b""),
    "a commit": (BODY % (commit_target(ID).encode(), 10_000_000), b" "),
    "chunks": (CHUNKED, b"1\r\na\r\n"),
    "a chunk's size": (CHUNKED, b"0"),
    "a chunk's extension": (CHUNKED + b"1;", b"a"),
    "a trailer": (CHUNKED + b"2\r\n{}\r\n0\r\n", b"a: b\r\n"),
    "a body that was refused": (BODY % (b"/nowhere", 100_000_000), b"a"),
    "a body that is too long": (BODY % (b"/api/validate-yaml", 100_000_000), b"a"),
    "a second request": (raw_http.request("GET", "/livez", headers=["Connection: keep-alive"]), b"a"),
}


class Probe:
    """Another client, which asks all the time."""

    def __init__(self, registry):
        self.registry = registry
        self.slowest = 0.0
        self.problem = None
        self.end = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        while not self.end.wait(0.1):
            for target in (f"/api/models/{ID}", f"/{ID}/resolve/main/notes.txt"):
                begin = time.monotonic()
                try:
                    assert self.registry.ask("GET", target).status == 200
                except (AssertionError, OSError) as error:
                    self.problem = f"another client's request fails: {error!r}"
                    return
                self.slowest = max(self.slowest, time.monotonic() - begin)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.end.set()
        self.thread.join()

    def check(self):
        assert self.problem is None, self.problem
        assert self.slowest < PROMPT, f"another client waits {self.slowest:.1f} s"
        return f"others wait {1000 * self.slowest:.0f} ms at most"


def _await_sockets(registry, count, seconds):
    """Waits until the server has at most so many; what it has then."""
    end = time.monotonic() + seconds
    while (there := registry.sockets()) > count and time.monotonic() < end:
        time.sleep(0.1)
    return there


def drips(registry):
    """Each of them closed in time, one byte every few seconds or not."""
    begin = time.monotonic()
    connections = {}
    for name, (first, _) in DRIPS.items():
        connections[name] = raw_http.connect(registry.http)
        connections[name].sendall(first)
    with Probe(registry) as probe:
        while connections and time.monotonic() < begin + DEADLINE:
            time.sleep(DRIP_EVERY)
            for name in [name for name, connection in connections.items() if _is_closed(connection, DRIPS[name][1])]:
                connections.pop(name).close()
    left = list(connections)
    for connection in connections.values():
        connection.close()
    assert not left, f"still open after {DEADLINE} s of dripping: {', '.join(left)}"
    return probe.check()


def _is_closed(connection, drip):
    """Whether the server takes no more; that it sends no more is not enough."""
    try:
        if drip:
            connection.sendall(drip)
            return False
        return bool(select.select([connection], [], [], 0)[0]) and connection.recv(1 << 16) == b""
    except OSError:
        return True


def answers_that_are_not_taken(registry):
    """Clients that ask and do not read: for a large file, for a list, and for much at a time."""
    assert commit(registry, ID, file_line("large.txt", b"l" * 8_000_000)).status == 200
    before = registry.sockets()
    asked = [
        raw_http.request("GET", f"/{ID}/resolve/main/large.txt"),
        raw_http.request("GET", f"/{ID}/resolve/main/large.txt", headers=["Range: bytes=10-"]),
        raw_http.request("GET", f"/api/models/{ID}/tree/main?recursive=true", headers=["Connection: keep-alive"]) * 2000,
    ]
    connections = []
    for data in asked * 20:
        connections.append(raw_http.connect(registry.http))
        connections[-1].setblocking(False)
        try:
            connections[-1].send(data)
        except BlockingIOError:
            pass
    with Probe(registry) as probe:
        left = _await_sockets(registry, before, DEADLINE) - before
    for connection in connections:
        connection.close()
    assert left <= 2, f"{left} of {len(connections)} are open after {DEADLINE} s"
    return probe.check()


def bodies_under_way(registry):
    """A thousand bodies that have been announced and do not come."""
    connections = [raw_http.connect(registry.http) for _ in range(1000)]
    with Probe(registry) as probe:
        for connection in connections:
            connection.sendall(BODY % (b"/api/validate-yaml", 8_000_000) + b"{")
        time.sleep(1)
    for connection in connections:
        connection.close()
    return probe.check()


@heavy
def idle(registry):
    """Ten thousand connections that say nothing."""
    before = registry.sockets()
    begin = time.monotonic()
    with Probe(registry) as probe:
        connections = [raw_http.connect(registry.http) for _ in range(MANY)]
        taken = time.monotonic() - begin
        there = registry.sockets() - before
        time.sleep(5)
        assert there >= MANY * 0.99 or taken > 25, f"the server holds {there} of {MANY} connections"
        left = _await_sockets(registry, before + 2, DEADLINE) - before
    for connection in connections:
        connection.close()
    assert left <= 2, f"{left} are open after {DEADLINE} s"
    return f"connected in {taken:.1f} s, {probe.check()}"


ATTACKS = [
    ("dripping clients", drips),
    ("answers that are not taken", answers_that_are_not_taken),
    ("a thousand bodies under way", bodies_under_way),
    ("ten thousand idle connections", idle, 80),
]
