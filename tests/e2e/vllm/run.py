#!/usr/bin/env python3
"""The plug-in for vLLM against the registry; vLLM itself is faked.

    run.py --programs DIR --clients PYTHON...

For each Python, which has a version of huggingface_hub: its unit tests, then resolves.py against a registry on free ports, and once more
when the registry has ended.
"""

import os
import pathlib
import runpy
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from each_client import check_each_client

HERE = pathlib.Path(__file__).resolve().parent
PLUGIN = HERE.parents[2] / "deploy" / "vllm"
PATIENCE = 120  # Seconds for one script.

registry = runpy.run_path(str(HERE.parent / "hub" / "run.py"))["registry"]


def run(client, *arguments, **environment):
    paths = os.pathsep.join([str(PLUGIN), str(PLUGIN / "tests")])
    return subprocess.run([client, "-B", *arguments], env={**os.environ, "PYTHONPATH": paths, **environment}, timeout=PATIENCE).returncode == 0


def check(client, programs, work):
    if not run(client, "-m", "unittest", "--quiet", "resolver_test"):
        return False
    environment = {"HF_HOME": str(work / "home"), "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1",
                   "ROPEWALK_VLLM_CACHE": str(work / "cache"), "ROPEWALK_BASE_MODELS": "/models/base = org/base"}
    with registry(programs, work / "data") as (_, url):
        environment["ROPEWALK_REGISTRY_URL"] = url
        # For the uploads: before 1.0 they are told what they made by an address that must begin like this one.
        if not run(client, HERE / "resolves.py", "up", HF_ENDPOINT=url, **environment):
            return False
    return run(client, HERE / "resolves.py", "down", **environment)


if __name__ == "__main__":
    check_each_client(__doc__, check)
