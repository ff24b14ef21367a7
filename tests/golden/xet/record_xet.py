"""Writes what a real client of Xet sends, and BLAKE3 of given lengths.

    python record_xet.py        with a Python that has the packages below; build/hub/1.28.0 has all but blake3

Made with huggingface_hub 1.28.0, hf_xet 1.8.0 and blake3 1.0.5. A server on a free port takes what `upload_file` sends:
    uploads.json      for each upload the file's size, SHA-256 and Xet hash, and its new xorb with the hashes and sizes of its chunks
    *.xorb, *.shard   the bodies, as they came
    many_chunks.json  the same of a larger file, whose bodies are not kept
    blake3.json       digests of the bytes 0, 1, ..., 250, 0, 1, ... and with the key of the official test vectors
services/registry/xet's tests read them.
"""

import hashlib
import http.server
import importlib.metadata
import json
import os
import pathlib
import random
import struct
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
VERSIONS = {"huggingface_hub": "1.28.0", "hf_xet": "1.8.0", "blake3": "1.0.5"}
BOOKEND = b"\xff" * 32
RECORD = 48


class Recorder(http.server.BaseHTTPRequestHandler):
    """Says yes to everything that an upload needs, and keeps the bodies."""

    protocol_version = "HTTP/1.1"
    xorbs = {}
    shards = []

    def log_message(self, *arguments):
        pass

    def body(self):
        if self.headers.get("transfer-encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("content-length") or 0))
        pieces = []
        while length := int(self.rfile.readline(), 16):
            pieces.append(self.rfile.read(length))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    def answer(self, status, content):
        encoded = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(encoded)))
        self.end_headers()
        self.wfile.write(encoded)

    def do_GET(self):
        origin = f"http://{self.headers['host']}"
        if "/xet-write-token/" not in self.path:
            return self.answer(404, {"error": "not here"})
        self.answer(200, {"accessToken": "token", "exp": int(time.time()) + 3600, "casUrl": f"{origin}/xet/0"})

    def do_POST(self):
        body = self.body()
        if "/preupload/" in self.path:
            files = [{"path": file["path"], "uploadMode": "lfs", "shouldIgnore": False} for file in json.loads(body)["files"]]
            return self.answer(200, {"files": files})
        if "/commit/" in self.path:
            return self.answer(200, {"success": True, "commitOid": "0" * 40, "commitUrl": f"http://{self.headers['host']}/alice/model/commit/0", "hookOutput": ""})
        if "/v1/xorbs/" in self.path:
            Recorder.xorbs[self.path.split("/")[-1]] = body
            return self.answer(200, {"was_inserted": True})
        if self.path.endswith("/v1/shards"):
            Recorder.shards.append(body)
            return self.answer(200, {"result": 1})
        self.answer(404, {"error": "not here"})


def hash_text(raw):
    """A hash as Xet writes it."""
    return "".join(raw[i : i + 8][::-1].hex() for i in range(0, 32, 8))


def chunks_of(shard):
    """The xorbs that a shard describes: for each the hashes and sizes of its chunks."""
    records = [shard[i : i + RECORD] for i in range(RECORD, len(shard), RECORD)]
    at = next(i for i, record in enumerate(records) if record[:32] == BOOKEND) + 1
    xorbs = {}
    while records[at][:32] != BOOKEND:
        (count,) = struct.unpack_from("<I", records[at], 36)
        chunks = [(hash_text(chunk[:32]), struct.unpack_from("<I", chunk, 36)[0]) for chunk in records[at + 1 : at + 1 + count]]
        xorbs[hash_text(records[at][:32])] = chunks
        at += 1 + count
    return xorbs


def text(lines):
    return b"".join(b"line %d of some text\n" % line for line in range(lines))


def floats(numbers, count):
    """float32 with what bfloat16 keeps, as weights often are: bytes that are worth grouping."""
    return b"".join(b"\0\0" + struct.pack("<f", numbers.gauss(0, 0.02))[2:] for _ in range(count))


def upload(api, name, content):
    """Uploads a file; what the client made of it, its xorb and its shard."""
    before = set(Recorder.xorbs)
    shards = len(Recorder.shards)
    api.upload_file(path_or_fileobj=content, path_in_repo=f"{name}.bin", repo_id="alice/model")
    new = [xorb for xorb in Recorder.xorbs if xorb not in before]
    assert len(new) == 1 and len(Recorder.shards) == shards + 1, "the upload is expected to be one xorb and one shard"
    shard = Recorder.shards[-1]
    made = {"name": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest(), "hash": hash_text(shard[RECORD : RECORD + 32]),
            "xorb": new[0], "chunks": [{"hash": chunk, "size": size} for chunk, size in chunks_of(shard)[new[0]]]}
    return made, Recorder.xorbs[new[0]], shard


def make_uploads(api):
    numbers = random.Random(1)
    mixed = text(9000) + floats(numbers, 15000) + numbers.randbytes(20000)
    # The client knows the chunks before and after what is new, and does not send them again.
    again = mixed[:150000] + numbers.randbytes(15000) + mixed[150000:]
    weights = floats(numbers, 11000) + b"end"
    uploads = []
    for name, content in {"mixed": mixed, "again": again, "weights": weights, "tiny": b"a few bytes\n"}.items():
        made, xorb, shard = upload(api, name, content)
        uploads.append(made)
        (HERE / f"{name}.xorb").write_bytes(xorb)
        (HERE / f"{name}.shard").write_bytes(shard)
    write_json("uploads.json", uploads)
    write_json("many_chunks.json", upload(api, "many", numbers.randbytes(8_000_000))[0])


def make_blake3():
    import blake3

    key = b"whats the Elvish word for friend"
    lengths = [0, 1, 2, 3, 4, 5, 6, 7, 8, 63, 64, 65, 127, 128, 129, 1023, 1024, 1025, 2048, 2049, 3072, 3073, 4096, 4097, 5120, 5121, 6144, 6145,
               7168, 7169, 8192, 8193, 9000, 16384, 31744, 102400, 131071, 131072, 131073]
    cases = []
    for length in lengths:
        data = bytes(i % 251 for i in range(length))
        cases.append({"length": length, "hash": blake3.blake3(data).hexdigest(), "keyed": blake3.blake3(data, key=key).hexdigest()})
    return {"key": key.decode(), "cases": cases}


def write_json(name, content):
    (HERE / name).write_text(json.dumps(content, indent=1) + "\n")


def main():
    for package, version in VERSIONS.items():
        assert importlib.metadata.version(package) == version, f"{package} {version} is needed"
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as home:
        os.environ.update(HF_ENDPOINT=f"http://127.0.0.1:{server.server_port}", HF_HOME=home, HF_TOKEN="hf_" + "a" * 34,
                          HF_HUB_DISABLE_TELEMETRY="1", HF_HUB_DISABLE_PROGRESS_BARS="1")
        from huggingface_hub import HfApi

        make_uploads(HfApi())
    write_json("blake3.json", make_blake3())


if __name__ == "__main__":
    main()
