#!/usr/bin/env python3
"""A registry that pulls what it lacks from another one, under unmodified clients of the Hugging Face Hub.

    run.py --programs DIR --clients PYTHON...

Starts a registry with a model of a few small files, one of 200 MB and a dataset, and another whose upstream it is, behind a proxy that gives its
commits other names. With each Python, which has a version of huggingface_hub of its own, runs pulls.py against the other, which has nothing yet;
and once more when the first has ended.
"""

import json
import os
import pathlib
import random
import runpy
import subprocess
import sys
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from each_client import check_each_client
from renaming_proxy import renamed, renaming_proxy

HERE = pathlib.Path(__file__).resolve().parent
HUB = runpy.run_path(str(HERE.parent / "hub" / "run.py"))
PATIENCE = 120  # seconds for one script
LARGE = 200 << 20


def publish(programs, address, work):
    """Fills the registry; the folders that the clients shall find."""
    header = b"\2\0\0\0\0\0\0\0{}"  # The beginning of safetensors.
    block = random.Random(1).randbytes(1 << 20)
    contents = {
        "small": {"README.md": b"---\nlicense: mit\n---\n", "config.json": b"{}", "empty.txt": b"", "sub/notes with spaces.txt": "Grüße\n".encode(),
                  "model.safetensors": header + block[:50_000]},
        "large": {"config.json": b"{}", "model.safetensors": (header + block * (LARGE >> 20))[:LARGE]},
        "rows": {"rows.jsonl": b'{"a": 1}\n'},
    }
    names = {"small": "models/org/small", "large": "models/org/large", "rows": "datasets/org/rows"}
    for folder, files in contents.items():
        HUB["write"](work / folder, files)
        HUB["push"](programs, address, "adapters", work / folder, names[folder])


def run(client, url, home, *arguments):
    quiet = {"HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    environment = {**os.environ, **quiet, "HF_ENDPOINT": url, "HF_HOME": str(home)}
    return subprocess.run([client, "-B", HERE / "pulls.py", *arguments], env=environment, timeout=PATIENCE).returncode == 0


def commit(url):
    """What the registry calls the small model's only commit."""
    with urllib.request.urlopen(f"{url}/api/models/org/small", timeout=PATIENCE) as answer:
        return json.load(answer)["sha"]


def check(client, programs, work):
    with HUB["registry"](programs, work / "upstream") as (address, original), renaming_proxy(original) as upstream:
        publish(programs, address, work)
        pinned = renamed(commit(original))
        with HUB["registry"](programs, work / "data", "--upstream", upstream) as (_, url):
            if not run(client, url, work / "home", work, pinned, "first"):
                return False
    with HUB["registry"](programs, work / "data", "--upstream", upstream) as (_, url):
        return run(client, url, work / "other-home", work, pinned, "upstream gone")


if __name__ == "__main__":
    check_each_client(__doc__, check)
