"""What a well-behaved client of the Hub would ask, to prepare and to check attacks."""

import base64
import hashlib
import json
import time
import urllib.parse

ID = "hostile/target"  # A repository with the file "notes.txt", which attacks may read but not change.
NOTES = b"harmless\n"
SOON = 5  # seconds that one request may take


def line(key, **value):
    return json.dumps({"key": key, "value": value})


def file_line(path, content=b"x"):
    return line("file", path=path, content=base64.b64encode(content).decode(), encoding="base64")


def lfs_line(path, content=b"x"):
    return line("lfsFile", path=path, algo="sha256", oid=hashlib.sha256(content).hexdigest(), size=len(content))


def commit_target(repository, revision="main"):
    return f"/api/models/{repository}/commit/{revision}"


def create(registry, repository):
    namespace, name = repository.split("/")
    answer = registry.ask("POST", "/api/repos/create", json.dumps({"name": name, "organization": namespace}))
    assert answer.status in (200, 409), answer


def commit(registry, repository, *lines):
    """The answer to a commit; a blob may be collected before its commit is made where the grace period is short, and then it is sent again."""
    for _ in range(5):
        answer = registry.ask("POST", commit_target(repository), "\n".join(lines) + "\n")
        if answer.status != 412:
            break
        time.sleep(0.1)
    return answer


def read(registry, repository, path, revision="main"):
    return registry.ask("GET", f"/{repository}/resolve/{revision}/{urllib.parse.quote(path)}")


def head_of(registry, repository=ID):
    return json.loads(registry.ask("GET", f"/api/models/{repository}").body)["sha"]


def prepare(registry):
    create(registry, ID)
    answer = commit(registry, ID, file_line("notes.txt", NOTES))
    assert answer.status == 200, answer


def delete(registry, repository, kind="model"):
    answer = registry.ask("DELETE", "/api/repos/delete", json.dumps({"name": repository, "type": kind}))
    assert answer.status == 200, answer


def delete_all(registry):
    """Every repository, so that nothing is left that a collection would keep."""
    for kind in ("model", "dataset"):
        while found := json.loads(registry.ask("GET", f"/api/{kind}s?limit=100").body):
            for repository in found:
                delete(registry, repository["id"], kind)
