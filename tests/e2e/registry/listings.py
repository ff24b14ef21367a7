"""Small requests for large answers."""

import time

from hub_calls import SOON, commit, create, delete, file_line, lfs_line

DEEP = 240  # folders above each file
FILES = 20_000


def _ask_soon(registry, target):
    begin = time.monotonic()
    told = registry.ask("GET", target, silence=120)
    taken = time.monotonic() - begin
    assert told.status < 500 and taken < SOON, f"{target}: {told.status} and {len(told.body) >> 20} MiB after {taken:.1f} s"
    return told


def folders(registry):
    """A commit of some hundred KB with a hundred thousand folders, and what tells of them."""
    create(registry, "hostile/folders")
    answer = commit(registry, "hostile/folders", file_line("a"), *[lfs_line(f"f{i:x}" + "/d" * DEEP) for i in range(400)])
    assert answer.status == 200 or answer.error(), answer
    for rest in ("?recursive=true", "", "/f0"):
        _ask_soon(registry, "/api/models/hostile/folders/tree/main" + rest)
    delete(registry, "hostile/folders")


def files(registry):
    """A list of repositories that have many files each."""
    lines = [file_line("f")] + [lfs_line(f"{i:05}") for i in range(FILES)]
    repositories = [f"hostile/files{i}" for i in range(10)]
    for repository in repositories:
        create(registry, repository)
        assert commit(registry, repository, *lines).status == 200
    told = _ask_soon(registry, "/api/models?author=hostile&full=true&blobs=true")
    for repository in repositories:
        delete(registry, repository)
    return f"an answer of {len(told.body) / (1 << 20):.1f} MiB"


ATTACKS = [("folders within folders", folders), ("lists of many files", files)]
