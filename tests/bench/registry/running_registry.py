"""A registry in a process of its own, and what clients of the Hub send to upload a file."""

import http.client
import json
import subprocess
import threading
import urllib.parse

PATIENCE = 120  # seconds for an answer
HEADERS = {"Content-Type": "application/json"}


class Registry:
    """On free ports of the loopback; a context manager, in which it answers at `url`."""

    def __init__(self, programs, data):
        self.command = [programs / "ropewalk-registry", "--data", data, "--listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0"]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stderr=subprocess.PIPE, text=True)
        self.pid = self.process.pid
        for text in self.process.stderr:
            line = json.loads(text)
            if line["msg"] == "listening":
                threading.Thread(target=self.process.stderr.read, daemon=True).start()  # A full pipe would stop the registry.
                self.url = f"http://127.0.0.1:{line['http_port']}"
                return self
            print(text.strip())
        raise SystemExit(f"the registry ended with {self.process.wait()}")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=PATIENCE)

    def call(self, method, path, body, headers=HEADERS):
        """The JSON of an answer that must be good."""
        connection = http.client.HTTPConnection(urllib.parse.urlparse(self.url).netloc, timeout=PATIENCE)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:500]}")
        return json.loads(text)

    def create(self, repository):
        organization, name = repository.split("/")
        self.call("POST", "/api/repos/create", json.dumps({"organization": organization, "name": name}))

    def upload_address(self, repository, digest, size):
        """Where the bytes of a file go that the registry does not have."""
        body = json.dumps({"operation": "upload", "transfers": ["basic"], "objects": [{"oid": digest, "size": size}]})
        batch = self.call("POST", f"/{repository}.git/info/lfs/objects/batch", body)
        return batch["objects"][0]["actions"]["upload"]["href"]

    def commit(self, repository, path, digest, size):
        lines = [{"key": "header", "value": {"summary": "weights", "description": ""}},
                 {"key": "lfsFile", "value": {"path": path, "algo": "sha256", "oid": digest, "size": size}}]
        self.call("POST", f"/api/models/{repository}/commit/main", "\n".join(map(json.dumps, lines)), {"Content-Type": "application/x-ndjson"})
