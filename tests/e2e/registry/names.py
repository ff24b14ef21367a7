"""Names that lead elsewhere: in ids, revisions, paths of files, and the lines of commits."""

import json

import raw_http
from hostile_names import IN_BODIES, IN_TARGETS, OUTSIDE, RAW_BYTES, SECRET
from hub_calls import ID, NOTES, commit, commit_target, file_line, head_of, lfs_line, line, read


def _check(answer, what, allowed=()):
    """An error of the client's that says so as the Hub does, and tells nothing of what is outside."""
    assert SECRET.encode() not in answer.body and b"root:" not in answer.body, f"{what} reads a file outside"
    assert b"\nX-Injected" not in answer.head, f"{what} adds a header"
    if answer.status in allowed:
        return
    assert 400 <= answer.status < 500, f"{what} is answered with {answer.status} {answer.body[:200]!r}"
    if answer.status == 431 or answer.body.startswith(b"bad request:"):
        return  # No request was understood, so there is no route yet.
    assert answer.error(), f"{what}: the error is not the Hub's: {answer.body[:200]!r}"


def ids(registry):
    count = 0
    for name in IN_TARGETS + RAW_BYTES:
        name = name.encode() if isinstance(name, str) else name
        for repository in (name + b"/x", b"x/" + name, name + b"/" + name):
            for method, before, after in (
                ("GET", b"/api/models/", b""),
                ("GET", b"/api/datasets/", b"/tree/main"),
                ("GET", b"/", b"/resolve/main/notes.txt"),
                ("GET", b"/api/models/", b"/refs"),
                ("POST", b"/api/models/", b"/commit/main"),
                ("POST", b"/", b".git/info/lfs/objects/batch"),
                ("DELETE", b"/api/models/", b"/branch/main"),
            ):
                target = before + repository + after
                _check(registry.ask(method, target, "{}" if method == "POST" else None), f"{method} {target!r:.120}")
                count += 1
    return f"{count} requests"


def ids_in_bodies(registry):
    for name in IN_BODIES:
        for target, body in (
            ("create", {"name": name, "organization": "x"}),
            ("create", {"name": "x", "organization": name or "."}),
            ("create", {"name": f"x/{name}"}),
            ("move", {"fromRepo": ID, "toRepo": f"x/{name}"}),
            ("move", {"fromRepo": f"x/{name}", "toRepo": "x/y"}),
        ):
            _check(registry.ask("POST", f"/api/repos/{target}", json.dumps(body)), f"{target} {body!r:.120}")
        _check(registry.ask("DELETE", "/api/repos/delete", json.dumps({"name": f"x/{name}"})), f"delete of {name!r:.80}")
    return f"{6 * len(IN_BODIES)} requests"


def revisions(registry):
    count = 0
    for name in IN_TARGETS + RAW_BYTES:
        name = name.encode() if isinstance(name, str) else name
        for method, target in (
            ("GET", b"/api/models/%s/revision/" % ID.encode() + name),
            ("GET", b"/api/models/%s/tree/" % ID.encode() + name),
            ("GET", b"/%s/resolve/%s/notes.txt" % (ID.encode(), name)),
            ("GET", b"/api/models/%s/commits/" % ID.encode() + name),
            ("POST", b"/api/models/%s/commit/" % ID.encode() + name),
            ("POST", b"/api/models/%s/branch/" % ID.encode() + name),
            ("POST", b"/api/models/%s/tag/" % ID.encode() + name),
            ("DELETE", b"/api/models/%s/tag/" % ID.encode() + name),
            ("POST", b"/api/models/%s/paths-info/" % ID.encode() + name),
        ):
            _check(registry.ask(method, target, "{}" if method == "POST" else None), f"{method} {target!r:.120}")
            count += 1
    for name in IN_BODIES:
        _check(registry.ask("POST", f"/api/models/{ID}/tag/main", json.dumps({"tag": name})), f"the tag {name!r:.80}")
    return f"{count + len(IN_BODIES)} requests"


def files(registry):
    for name in IN_TARGETS + RAW_BYTES:
        name = name.encode() if isinstance(name, str) else name
        _check(registry.ask("GET", b"/%s/resolve/main/" % ID.encode() + name), f"the file {name!r:.80}")
        tree = registry.ask("GET", b"/api/models/%s/tree/main/" % ID.encode() + name)
        _check(tree, f"the folder {name!r:.80}", allowed=(200,) if name == b"" else ())
        paths = registry.ask("POST", f"/api/models/{ID}/paths-info/main", b"paths=" + name)
        _check(paths, f"the path {name!r:.80}", allowed=(200,))
        assert paths.status != 200 or paths.body == b"[]", paths
    return f"{3 * len(IN_TARGETS + RAW_BYTES)} requests"


def lines_of_commits(registry):
    before = head_of(registry)
    for name in IN_BODIES:
        for lines in ([file_line(name)], [file_line("notes.txt"), lfs_line(name)], [file_line(name), file_line(name)]):
            _check(registry.ask("POST", commit_target(ID), "\n".join(lines) + "\n"), f"a commit of {name!r:.80}")
        for key in ("deletedFile", "deletedFolder", "deletedEntry"):
            _check(registry.ask("POST", commit_target(ID), line(key, path=name) + "\n"), f"a {key} of {name!r:.80}", allowed=(200,))
    for path in (b'"\xff\xfe"', b'"\xc0\xae\xc0\xae/x"', b"7", b"null", b"[]", b'{"a": "b"}', b'"\\ud800"', b'"\\u0000"'):
        body = b'{"key": "file", "value": {"path": %s, "content": "eA==", "encoding": "base64"}}\n' % path
        _check(registry.ask("POST", commit_target(ID), body), f"a commit of {path!r}")
    assert head_of(registry) == before, "the repository has changed"
    assert read(registry, ID, "notes.txt").body == NOTES
    return f"{6 * len(IN_BODIES) + 8} commits"


def encoded_twice(registry):
    """ "%2e%2e" is a file's name like others: it is found under its own name, encoded once more, and nowhere else."""
    path = f"%2e%2e/%2e%2e%2f{OUTSIDE}"
    answer = commit(registry, ID, file_line(path, b"inside"))
    assert answer.status == 200, answer
    assert read(registry, ID, path).body == b"inside"
    _check(registry.ask("GET", f"/{ID}/resolve/main/{path}"), "the name encoded once")
    assert commit(registry, ID, line("deletedFile", path=path)).status == 200


def lfs_objects(registry):
    names = [name.encode() for name in IN_TARGETS] + RAW_BYTES + [b"0" * 63, b"0" * 65, b"A" * 64, b"0" * 64]
    for name in names:
        for query in (b"", b"?size=1&expires=9999999999&signature=" + b"0" * 64, b"?size=-1&signature="):
            _check(registry.ask("PUT", b"/lfs/objects/" + name + query, b"x"), f"PUT {name!r:.80}")
    for oid in IN_BODIES + ["0" * 63, "A" * 64, "g" * 64]:
        body = json.dumps({"operation": "upload", "objects": [{"oid": oid, "size": 1}]})
        _check(registry.ask("POST", f"/{ID}.git/info/lfs/objects/batch", body), f"the object {oid!r:.80}")
        _check(registry.ask("POST", f"/{ID}.git/info/lfs/verify", json.dumps({"oid": oid, "size": 1})), f"the object {oid!r:.80}")
    return f"{3 * len(names) + 2 * (len(IN_BODIES) + 3)} requests"


def tickets(registry):
    """An upload's address is for that object and size only."""
    oid = "0" * 64
    body = json.dumps({"operation": "upload", "objects": [{"oid": oid, "size": 5}]})
    batch = json.loads(registry.ask("POST", f"/{ID}.git/info/lfs/objects/batch", body).body)
    address = batch["objects"][0]["actions"]["upload"]["href"]
    target = address[address.index("/lfs/") :]
    for forged in (
        target.replace(oid, "1" * 64),
        target.replace("size=5", "size=50"),
        target.replace("expires=", "expires=9"),
        target + "0",
        target[:-1],
    ):
        assert registry.ask("PUT", forged, b"12345").status == 403, forged
    for content in (b"12345", b"123456"):
        _check(registry.ask("PUT", target, content), f"other bytes than announced, {content!r}")
    raw_http.exchange(registry.http, raw_http.request("PUT", target, b"12345")[:-2], close_after=True)


ATTACKS = [
    ("ids that lead elsewhere", ids),
    ("ids that lead elsewhere, in bodies", ids_in_bodies),
    ("revisions that lead elsewhere", revisions),
    ("files that lead elsewhere", files),
    ("lines of commits that lead elsewhere", lines_of_commits),
    ("a name encoded twice", encoded_twice),
    ("large objects that lead elsewhere", lfs_objects),
    ("forged tickets", tickets),
]
