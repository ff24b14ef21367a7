"""A registry of which a test says what it answers, also what a real one would not."""

import hashlib
import http.server
import json
import re
import threading
import urllib.parse

LFS = (".safetensors", ".bin")
PATIENCE = 20  # Seconds until a test is given up.


def git_oid(contents):
    return hashlib.sha1(b"blob %d\0" % len(contents) + contents).hexdigest()


def etag(path, contents):
    return hashlib.sha256(contents).hexdigest() if path.endswith(LFS) else git_oid(contents)


def sibling(path, contents):
    item = {"rfilename": path, "size": len(contents), "blobId": git_oid(contents)}
    if path.endswith(LFS):
        item["lfs"] = {"sha256": hashlib.sha256(contents).hexdigest(), "size": len(contents), "pointerSize": 130}
    return item


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        """Clients that gave up are no error."""


class FakeRegistry:
    def __init__(self):
        self.commits = {}  # (repository, commit): {path: contents}
        self.refs = {}  # (repository, revision): commit
        self.card = {}
        self.tampered = {}  # What is sent of a path in place of what is there; None: 404.
        self.more_siblings = []
        self.status = 200  # Of whatever is asked.
        self.requests = []  # "GET /..."
        self.tokens = set()
        self.answering = threading.Event()  # Downloads of weights wait for it,
        self.answering_questions = threading.Event()  # and questions for this.
        self.answering.set()
        self.answering_questions.set()
        self._changed = threading.Condition()
        self._server = Server(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def push(self, repository, files, *revisions):
        """The commit."""
        commit = hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest()[:40]
        self.commits[repository, commit] = files
        for revision in (*revisions, commit):
            self.refs[repository, revision] = commit
        return commit

    def stop(self):
        if self._thread is not None:
            self.answering.set()
            self.answering_questions.set()
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
            self._thread = None

    def count(self, pattern):
        return sum(re.search(pattern, request) is not None for request in self.requests)

    def wait_until(self, condition):
        with self._changed:
            assert self._changed.wait_for(condition, PATIENCE), self.requests

    def answer(self, method, target, token):
        """(status, headers, body)."""
        with self._changed:
            self.requests.append(f"{method} {target}")
            self.tokens.add(token)
            self._changed.notify_all()
        path = urllib.parse.unquote(target.partition("?")[0])
        if self.status != 200:
            return self.status, {}, b"{}"
        info = re.fullmatch(r"/api/models/([^/]+/[^/]+)/revision/(.+)", path)
        if info:
            self.answering_questions.wait(PATIENCE)
            return self._info(*info.groups())
        file = re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path)
        if file and method == "GET" and file[3].endswith(LFS):
            self.answering.wait(PATIENCE)
        return self._file(*file.groups()) if file else self._missing("EntryNotFound")

    def _missing(self, code):
        return 404, {"X-Error-Code": code}, b"{}"

    def _info(self, repository, revision):
        commit = self.refs.get((repository, revision))
        if commit is None:
            known = any(name == repository for name, _ in self.refs)
            return self._missing("RevisionNotFound" if known else "RepoNotFound")
        files = self.commits.get((repository, commit), {})
        siblings = [sibling(*item) for item in files.items()] + self.more_siblings
        info = {"id": repository, "sha": commit, "siblings": siblings, "cardData": self.card, "tags": []}
        return 200, {}, json.dumps(info).encode()

    def _file(self, repository, commit, path):
        contents = self.commits.get((repository, commit), {}).get(path)
        if contents is None or self.tampered.get(path, b"") is None:
            return self._missing("EntryNotFound")
        headers = {"ETag": f'"{etag(path, contents)}"', "X-Repo-Commit": commit}
        return 200, headers, self.tampered.get(path, contents)

    def _handler(self):
        fake = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                status, headers, body = fake.answer(self.command, self.path, self.headers.get("authorization"))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(body)

            do_HEAD = do_GET

            def log_message(self, *_):
                pass

        return Handler
