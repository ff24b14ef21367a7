"""A proxy before a registry that spells its commits backwards: a Hub whose commits are not those of who pulls from it."""

import contextlib
import http.server
import json
import re
import shutil
import threading
import urllib.error
import urllib.request

COMMIT = re.compile(r"(?<![0-9a-f])[0-9a-f]{40}(?![0-9a-f])")
PATIENCE = 60  # seconds


def renamed(text):
    return COMMIT.sub(lambda found: found[0][::-1], text)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    target = None

    def do_GET(self):
        asked = urllib.request.Request(self.target + renamed(self.path), headers={"Range": self.headers["Range"]} if self.headers["Range"] else {})
        try:
            answer = urllib.request.urlopen(asked, timeout=PATIENCE)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            self.send_response(answer.status)
            for name in ("X-Error-Code", "Content-Range"):
                if answer.headers[name]:
                    self.send_header(name, answer.headers[name])
            if self.path.startswith("/api/"):
                body = json.loads(answer.read())
                if "sha" in body:
                    body["sha"] = renamed(body["sha"])
                body = json.dumps(body).encode()
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            else:
                self.send_header("Content-Length", answer.headers["Content-Length"])
                self.end_headers()
                shutil.copyfileobj(answer, self.wfile, 1 << 20)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def renaming_proxy(target):
    """Yields its URL."""
    handler = type("HandlerFor", (Handler,), {"target": target})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
