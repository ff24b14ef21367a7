"""A large file to the registry beside hashing and writing it on the same disk."""

import hashlib
import os
import statistics
import subprocess
import time

from figures import MemoryWatch, append, judged, size_text
from process_figures import cpu_seconds

PIECE = 1 << 20
LEAST_RATIO = 0.5  # of the bytes a second of writing and hashing
ALONE = "write and hash"


def make_file(path, size):
    """Bytes that no disk makes less of."""
    if path.exists() and path.stat().st_size == size:
        return
    with open(path, "wb") as file:
        for _ in range(size // PIECE):
            file.write(os.urandom(PIECE))


def change_file(path):
    """Another beginning, for the registry only takes what it does not have; the digest, and the whole in the page cache."""
    with open(path, "r+b") as file:
        file.write(os.urandom(16))
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_and_hash(source, target):
    """Seconds that one process takes to read a file, hash it, write it and sync it."""
    begin = time.monotonic()
    digest = hashlib.sha256()
    buffer = memoryview(bytearray(PIECE))
    with open(source, "rb", buffering=0) as reader, open(target, "wb", buffering=0) as writer:
        while count := reader.readinto(buffer):
            digest.update(buffer[:count])
            writer.write(buffer[:count])
        os.fsync(writer.fileno())
    return time.monotonic() - begin


class Uploads:
    """Of one file, with other bytes each time, to a repository of its own; only the last one stays on the disk."""

    def __init__(self, options, registry, data, repository, name, size):
        self.registry, self.data, self.repository, self.name, self.size = registry, data, repository, name, size
        self.source, self.copy = options.folder / "weights", options.folder / "copy"
        self.blob = None
        make_file(self.source, size)
        registry.create(repository)

    def turn(self, copy_first):
        """(seconds of the registry, its processor seconds, seconds of writing and hashing)."""
        if self.blob:
            self.blob.unlink()
        digest = change_file(self.source)
        alone = self._copy() if copy_first else None
        os.sync()
        before = cpu_seconds(self.registry.pid)
        seconds = self.upload(digest)
        processor = cpu_seconds(self.registry.pid) - before
        return seconds, processor, alone or self._copy()

    def _copy(self):
        os.sync()
        seconds = write_and_hash(self.source, self.copy)
        self.copy.unlink()
        return seconds

    def upload(self, digest):
        """Seconds from asking where the bytes shall go until a version names them."""
        begin = time.monotonic()
        address = self.registry.upload_address(self.repository, digest, self.size)
        command = ["curl", "--silent", "--show-error", "--fail", "--output", "/dev/null", "--upload-file", self.source, address]
        subprocess.run(command, check=True, timeout=300)
        self.registry.commit(self.repository, self.name, digest, self.size)
        seconds = time.monotonic() - begin
        self.blob = self.data / "blobs/sha256" / digest[:2] / digest
        return seconds


def publish(options, registry, data, repository, name, size):
    """Without measuring anything; the blob."""
    uploads = Uploads(options, registry, data, repository, name, size)
    uploads.upload(change_file(uploads.source))
    return uploads.blob


def measure(options, registry, data, repository, name, size):
    """Returns the blob that the repository ends with."""
    print(f"upload of {size_text(size)}, which the client has in its page cache, to the disk")
    uploads = Uploads(options, registry, data, repository, name, size)
    watch = MemoryWatch(registry.pid)
    turns = [uploads.turn(turn % 2 == 1) for turn in range(options.repetitions + 1)]
    ours, processor, alone = zip(*turns[1:])  # The first one warms up.
    rates = {}
    for system, runs in (("registry", ours), (ALONE, alone)):
        rates[system] = size / statistics.median(runs)
        append(options.json, {"part": "upload", "system": system, "bytes": size, "median_seconds": statistics.median(runs), "runs": runs})
        print(f"  {system:14} {statistics.median(runs):7.3f} s  {rates[system] / 1e9:6.2f} GB/s"
              + (f"   server's processor time {statistics.median(processor):5.2f} s" if system == "registry" else ""))
    ratio = rates["registry"] / rates[ALONE]
    print(f"  registry : {ALONE} = {ratio:.2f}{judged(ratio, '>=', LEAST_RATIO)}", flush=True)
    watch.report(options, "upload")
    return uploads.blob
