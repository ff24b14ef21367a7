#!/usr/bin/env python3
"""Hostile input against a registry.

    run.py --programs DIR [--light] [--only TEXT] [--keep]

Starts a registry on free ports in a temporary folder, makes the attacks of hostile.py, and looks for what they left: in the data folder, where a
collection must leave nothing once every repository is deleted, and outside of it, where nothing may change. Prints a line for each attack; the
status is not 0 if one failed.
"""

import argparse
import pathlib
import resource
import shutil
import sys
import tempfile

import hostile
import hub_calls
import hostile_names
from registry_process import Registry

WANTED_FILES = 40_000  # descriptors, for 10 000 connections on each side
COLLECTED_WITHIN = 20  # seconds


def raise_file_limit():
    """For this process and those that it starts."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    for wanted in (max(most, WANTED_FILES), most):
        try:
            return resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))
        except (ValueError, OSError):
            pass  # Only root may raise it beyond `most`.


def outside(registry):
    """What lies around the data folder, and what attacks might have put elsewhere."""
    around = sorted(
        (str(path), path.read_bytes())
        for path in registry.work.rglob("*")
        if path.is_file() and registry.data not in path.parents and path.name != "registry.log"
    )
    elsewhere = [
        path for path in (pathlib.Path("/", hostile_names.OUTSIDE), pathlib.Path(tempfile.gettempdir(), hostile_names.OUTSIDE)) if path.exists()
    ]
    return around, elsewhere


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--programs", type=pathlib.Path, required=True)
    parser.add_argument("--light", action="store_true", help="without the attacks that take much time, memory or many connections")
    parser.add_argument("--only", default="", help="only the attacks whose names contain this")
    parser.add_argument("--keep", action="store_true", help="keep the temporary folder")
    arguments = parser.parse_args()
    raise_file_limit()
    work = pathlib.Path(tempfile.mkdtemp(prefix="ropewalk-hostile-"))
    registry = Registry(arguments.programs, work)
    for folder in (work, registry.data.parent):
        (folder / hostile_names.OUTSIDE).write_text(hostile_names.SECRET)
    before = outside(registry)
    registry.start()
    try:
        failures = hostile.run(registry, arguments.only, arguments.light)
        hub_calls.delete_all(registry)
        left = registry.await_collection(COLLECTED_WITHIN)
        after = outside(registry)
    finally:
        registry.stop()
    for problem in ([f"a collection leaves {len(left)} files, among them {left[0]}"] if left else []) + (
        ["files outside have changed"] if after != before else []
    ):
        print(f"FAIL {problem}")
        failures += 1
    if arguments.keep:
        print(f"everything is in {work}")
    else:
        shutil.rmtree(work)
    print(f"{failures} failures" if failures else "everything was withstood")
    sys.exit(failures != 0)


if __name__ == "__main__":
    main()
