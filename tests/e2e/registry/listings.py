"""Small requests for large answers."""

import json
import re
import time

from hub_calls import SOON, commit, create, delete, file_line, lfs_line

DEEP = 60  # folders above each file
TOO_DEEP = 240
FILES = 20_000
MOST_OF_AN_ANSWER = 8 << 20


def _ask_soon(registry, target):
    begin = time.monotonic()
    told = registry.ask("GET", target, silence=120)
    taken = time.monotonic() - begin
    assert told.status < 500 and taken < SOON, f"{target}: {told.status} and {len(told.body) >> 20} MiB after {taken:.1f} s"
    assert len(told.body) <= MOST_OF_AN_ANSWER, f"{target}: an answer of {len(told.body) >> 20} MiB"
    return told


def _next(told):
    """The target that the header Link names; nothing without one."""
    link = re.search(rb'\r\nLink: <http://[^/>]*(/[^>]*)>; rel="next"', told.head)
    return link[1].decode() if link else None


def _pages(registry, target):
    """All items, and on how many pages they were."""
    items, pages = [], 0
    while target:
        told = _ask_soon(registry, target)
        assert told.status == 200, (target, told)
        items += json.loads(told.body)
        pages += 1
        target = _next(told)
    return items, pages


def folders(registry):
    """A commit of some hundred KB with as many folders as a version may have, and what tells of them."""
    repository = "hostile/folders"
    create(registry, repository)
    for files, depth in ((400, TOO_DEEP), (2_000, DEEP)):
        refused = commit(registry, repository, file_line("a"), *[lfs_line(f"f{i:x}" + "/d" * depth) for i in range(files)])
        assert refused.status == 400 and refused.error(), f"{files} files in {depth} folders each: {refused}"
    answer = commit(registry, repository, file_line("a"), *[lfs_line(f"f{i:x}" + "/d" * DEEP) for i in range(1_600)])
    assert answer.status == 200, answer
    tree = f"/api/models/{repository}/tree/main"
    entries, pages = _pages(registry, tree + "?recursive=true&limit=1000")
    assert len(entries) == 1 + 1_600 * (DEEP + 1) and len({entry["path"] for entry in entries}) == len(entries), len(entries)
    for rest in ("", "/f0", "/f0?recursive=true"):
        _ask_soon(registry, tree + rest)
    paths = "&".join(f"paths=f{i:x}" + "/d" * (i % DEEP) for i in range(1_000))
    begin = time.monotonic()
    told = registry.ask("POST", f"/api/models/{repository}/paths-info/main", paths, ["Content-Type: application/x-www-form-urlencoded"])
    assert told.status == 200 and len(json.loads(told.body)) == 1_000 and time.monotonic() - begin < SOON, told
    delete(registry, repository)
    return f"{len(entries)} entries on {pages} pages"


def files(registry):
    """A list of repositories that have many files each."""
    lines = [file_line("f")] + [lfs_line(f"{i:05}") for i in range(FILES)]
    repositories = [f"hostile/files{i}" for i in range(10)]
    for repository in repositories:
        create(registry, repository)
        assert commit(registry, repository, *lines).status == 200
    for query in ("full=true&blobs=true", "expand=siblings", ""):
        found, pages = _pages(registry, f"/api/models?author=hostile&{query}")
        names = {item["id"] for item in found}
        assert names >= set(repositories) and len(names) == len(found), (query, len(found))
    for repository in repositories:
        delete(registry, repository)
    return f"{len(found)} repositories on {pages} pages"


# MiB: several commits of 20 000 files, and pages with all of their names.
MOST_OF_FILES = 128

ATTACKS = [("folders within folders", folders), ("lists of many files", files, MOST_OF_FILES)]
