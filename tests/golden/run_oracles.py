#!/usr/bin/env python3
"""Makes the golden files anew and runs the live comparisons; run by ./dev oracles.

    run_oracles.py [--programs build/release/bin] [NAME...]

A NAME is a script (compare_peft) or a folder (peft: all its scripts). make_*.py must leave every committed file as it was, but for
rounding (rounding.py), after which the committed file is put back; compare_*.py and check_*.py must find nothing that differs. The table at the end has a line a script, and the exit status is 0 if all are ok:
    ok        as it should be
    differs   a committed file changed, or Ropewalk and the other implementation disagree
    failed    the script did not get that far
"""

import pathlib
import subprocess
import sys
import time

import rounding
from oracles_common import ROOT, parser

HERE = pathlib.Path(__file__).resolve().parent


def scripts(names):
    """Those that write before those that compare."""
    found = sorted(path for kind in ("make", "compare", "check") for path in [*HERE.glob(f"{kind}_*.py"), *HERE.glob(f"*/{kind}_*.py")])
    found.sort(key=lambda path: not path.name.startswith("make_"))
    unknown = set(names) - {path.stem for path in found} - {path.parent.name for path in found}
    if unknown:
        sys.exit(f"no script or folder {', '.join(sorted(unknown))}; there are {' '.join(path.stem for path in found)}")
    return [path for path in found if not names or path.stem in names or path.parent.name in names]


def git(*arguments):
    return subprocess.run(["git", "-C", ROOT, *arguments], check=True, stdout=subprocess.PIPE).stdout


def changed_since(begin):
    """Files that are not as committed and that were written since."""
    here = ["--", HERE, ":(exclude)*.py"]
    names = git("diff", "--name-only", "HEAD", *here) + git("ls-files", "--others", "--exclude-standard", *here)
    paths = [ROOT / name for name in names.decode().splitlines()]
    return [path for path in paths if not path.exists() or path.stat().st_mtime >= begin]


def committed(path):
    """The content of a file in HEAD; None if it is not there."""
    name = str(path.relative_to(ROOT))
    return git("show", f"HEAD:{name}") if git("ls-tree", "--name-only", "HEAD", name) else None


def rounded(path):
    """Whether a changed file differs by rounding alone; then puts it back."""
    content = committed(path)
    if content is None or not path.exists():
        return False
    apart = rounding.difference(content, path.read_bytes(), path.name)
    if apart > rounding.MOST:
        return False
    path.write_bytes(content)
    print(f"  {path.relative_to(HERE)}: the same but for rounding, {apart:.0e}")
    return True


def run(script, programs):
    """Shows what the script says; its verdict."""
    begin = time.time()
    makes = script.name.startswith("make_")
    command = [sys.executable, "-W", "ignore", script] + ([] if makes else ["--programs", programs])
    said = []
    with subprocess.Popen(command, cwd=script.parent, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        for line in process.stdout:
            said.append(line)
            print("  " + line, end="", flush=True)
    if process.returncode != 0:
        return "failed" if makes or any(line.startswith("Traceback") for line in said) else "differs"
    changed = [path for path in changed_since(begin) if not rounded(path)] if makes else []
    for path in changed:
        print(f"  {path.relative_to(HERE)}: differs")
    return "differs" if changed else "ok"


def main():
    arguments = parser(__doc__)
    arguments.add_argument("names", nargs="*", metavar="NAME")
    options = arguments.parse_args()
    verdicts = []
    for script in scripts(options.names):
        print(f"{script.relative_to(HERE)}", flush=True)
        begin = time.monotonic()
        verdicts.append((run(script, options.programs.resolve()), script.relative_to(HERE), time.monotonic() - begin))
    print()
    for verdict, script, seconds in verdicts:
        print(f"{verdict:8} {str(script):42} {seconds:6.0f} s")
    return 0 if all(verdict == "ok" for verdict, _, _ in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
