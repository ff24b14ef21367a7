"""A large file from the registry beside the same file from nginx: the blob itself, which nginx sees under another name."""

import os
import socket
import statistics
import subprocess
import time
import urllib.parse

from figures import MemoryWatch, append, judged, size_text
from process_figures import cpu_seconds

PIECE = 1 << 20
LEAST_RATIO = 0.8  # of nginx's bytes a second


def curl(urls, size):
    """All at once, each into nothing; seconds until the last is done."""
    begin = time.monotonic()
    command = ["curl", "--silent", "--show-error", "--fail", "--output", "/dev/null", "--write-out", "%{size_download}"]
    processes = [subprocess.Popen([*command, url], stdout=subprocess.PIPE, text=True) for url in urls]
    answers = [process.communicate(timeout=300)[0] for process in processes]
    seconds = time.monotonic() - begin
    if answers != [str(size)] * len(urls):
        raise RuntimeError(f"curl got {answers} bytes of {urls}")
    return seconds


def discard(urls, size):
    """One client that does not even copy the bytes out of the kernel, which leaves the server the most of the processor."""
    (url,), target = urls, urllib.parse.urlparse(urls[0])
    begin = time.monotonic()
    with socket.create_connection((target.hostname, target.port), timeout=60) as connection:
        connection.sendall(f"GET {target.path} HTTP/1.1\r\nHost: {target.netloc}\r\nConnection: close\r\n\r\n".encode())
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(4096)
        if b" 200 " not in head.split(b"\r\n")[0]:
            raise RuntimeError(f"{url}: {head}")
        left = size - len(head.partition(b"\r\n\r\n")[2])
        buffer = bytearray(PIECE)
        while left > 0:
            count = connection.recv_into(buffer, min(left, PIECE), socket.MSG_TRUNC)
            if count == 0:
                raise RuntimeError(f"{url} broke off with {left} bytes to come")
            left -= count
    return time.monotonic() - begin


CASES = [("curl", curl, 1), ("curl", curl, 4), ("discarding", discard, 1)]


def take_turns(options, addresses, client, connections, size):
    """Of each system its runs: seconds, and processor seconds of the server. `addresses` has a server and a URL for each."""
    runs = {system: [] for system in addresses}
    for turn in range(options.repetitions + 1):  # The first one warms up.
        for system in sorted(addresses, reverse=turn % 2 == 1):
            server, url = addresses[system]
            before = cpu_seconds(server.pid)
            seconds = client([url] * connections, size)
            if turn > 0:
                runs[system].append((seconds, cpu_seconds(server.pid) - before))
    return runs


def compare(options, addresses, name, client, connections, size):
    """Prints and keeps one case."""
    rates = {}
    for system, runs in take_turns(options, addresses, client, connections, size).items():
        seconds, processor = (statistics.median(values) for values in zip(*runs))
        rates[system] = connections * size / seconds
        append(options.json, {"part": "download", "client": name, "connections": connections, "system": system, "bytes": size,
                              "median_seconds": seconds, "median_cpu_seconds": processor, "runs": [run[0] for run in runs]})
        print(f"  {name:10} x {connections}  {system:8} {seconds:7.3f} s  {rates[system] / 1e9:6.2f} GB/s   server's processor time "
              f"{processor:5.2f} s")
    ratio = rates["registry"] / rates["nginx"]
    promised = judged(ratio, ">=", LEAST_RATIO) if name == "curl" else ""
    print(f"  {name:10} x {connections}  registry : nginx = {ratio:.2f}{promised}", flush=True)


def measure(options, registry, nginx, root, blob, url, size):
    """`blob` is the file that the registry has at `url`; `root` of nginx, on the same file system, gets a hard link to it."""
    link = root / blob.name
    os.link(blob, link)
    addresses = {"registry": (registry, url), "nginx": (nginx, f"{nginx.url}/{link.name}")}
    print(f"download of {size_text(size)}, from the page cache for both")
    watch = MemoryWatch(registry.pid)
    for name, client, connections in CASES:
        compare(options, addresses, name, client, connections, size)
    watch.report(options, "download")
