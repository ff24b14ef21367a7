"""What the scripts here that check one client after another have in common."""

import argparse
import pathlib
import sys
import tempfile


def check_each_client(doc, check):
    """Reads the command line, and calls check(client, programs, work) for each Python, with a folder of its own; ends the program."""
    parser = argparse.ArgumentParser(description=doc.split("\n")[0])
    parser.add_argument("--programs", type=pathlib.Path, required=True)
    parser.add_argument("--clients", nargs="+", required=True)
    arguments = parser.parse_args()
    good = True
    for client in arguments.clients:
        with tempfile.TemporaryDirectory(prefix="ropewalk-") as work:
            good = check(client, arguments.programs, pathlib.Path(work)) and good
    sys.exit(not good)
