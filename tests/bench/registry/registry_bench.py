#!/usr/bin/env python3
"""What the registry's Hub side costs, beside what it is measured against; run by ./dev bench registry.

    registry_bench.py [--parts upload download model_info list] [--json FILE]

upload      a file of 2 GiB (--bytes) beside one process that hashes, writes and syncs it on the same disk
download    that file from the registry beside nginx, the same client and the same file, from the page cache; with --hub-clients PYTHON...
            also what huggingface_hub takes for both ways, for information
model_info  of a store of 100 000 repositories with 3 versions each, from 64 connections of wrk, which shares the cores
list        of that store: search, sort, author, labels, deep pages

Everything that runs, clients too, is held to two cores (--cores). Systems take turns, and medians are compared. Bytes go over loopback.
The file of --json has an object a line, each with its `part`.
"""

import argparse
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

import downloads
import model_infos
import repository_lists
import uploads
from figures import append
from filled_store import filled_store
from process_figures import keep_to
from running_registry import Registry
from static_nginx import nginx

ROOT = pathlib.Path(__file__).resolve().parents[3]
PARTS = ["upload", "download", "model_info", "list"]
REPOSITORY, WEIGHTS = "bench/large", "model.safetensors"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--bytes", type=int, default=2 << 30, help="of the large file")
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=20, help="of a measurement with wrk")
    parser.add_argument("--warm-up-seconds", type=int, default=5)
    parser.add_argument("--repositories", type=int, default=100_000)
    parser.add_argument("--versions", type=int, default=3)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--programs", type=pathlib.Path, default=ROOT / "build/release/bin")
    parser.add_argument("--nginx", default="nginx", help="the program")
    parser.add_argument("--hub-clients", nargs="*", type=pathlib.Path, default=[], help="Pythons that have huggingface_hub")
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir(), "ropewalk-bench"),
                        help="on a disk with room for four large files; the store of many repositories is kept there and used again")
    parser.add_argument("--json", type=pathlib.Path, help="file to append every result to")
    return parser.parse_args()


def run_hub_client(options, client, registry, work):
    uploads.change_file(options.folder / "weights")
    with tempfile.TemporaryDirectory(dir=work) as home:
        environment = {**os.environ, "HF_ENDPOINT": registry.url, "HF_HOME": home, "HF_TOKEN": "hf_" + "a" * 34, "HF_HUB_DISABLE_XET": "1",
                       "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
        script = pathlib.Path(__file__).with_name("hub_client.py")
        done = subprocess.run([client, script, REPOSITORY, WEIGHTS, options.folder / "weights"], env=environment, check=True,
                              stdout=subprocess.PIPE, text=True, timeout=300)
    result = json.loads(done.stdout.splitlines()[-1])
    append(options.json, {"part": "huggingface_hub", "bytes": options.bytes, **result})
    rates = [options.bytes / result[f"{way}_seconds"] / 1e9 for way in ("download", "upload")]
    print(f"  for information, huggingface_hub {result['version']}: download {rates[0]:.2f} GB/s, upload {rates[1]:.2f} GB/s with its own hashing",
          flush=True)


def measure_large_file(options, work):
    """A registry that has just started for each way, so that its memory begins small."""
    data, root = work / "data", work / "root"
    root.mkdir()
    with Registry(options.programs, data) as registry:
        upload = uploads.measure if "upload" in options.parts else uploads.publish
        blob = upload(options, registry, data, REPOSITORY, WEIGHTS, options.bytes)
    if "download" not in options.parts:
        return
    with Registry(options.programs, data) as registry, nginx(options.nginx, root, options.cores) as server:
        downloads.measure(options, registry, server, root, blob, f"{registry.url}/{REPOSITORY}/resolve/main/{WEIGHTS}", options.bytes)
        for client in options.hub_clients:
            run_hub_client(options, client, registry, work)


def measure_many_repositories(options):
    data, ids = filled_store(options.programs, options.folder, options.repositories, options.versions)
    with Registry(options.programs, data) as registry:
        if "model_info" in options.parts:
            model_infos.measure(options, registry, ids)
        if "list" in options.parts:
            repository_lists.measure(options, registry)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))  # So that servers and files go, too.
    options = arguments()
    options.folder = options.folder.resolve()
    options.folder.mkdir(parents=True, exist_ok=True)
    options.cores = keep_to(options.cores)
    print(f"everything on {options.cores} cores, files in {options.folder}", flush=True)
    if {"upload", "download"} & set(options.parts):
        with tempfile.TemporaryDirectory(prefix="ropewalk-registry-", dir=options.folder) as work:
            measure_large_file(options, pathlib.Path(work))
    if {"model_info", "list"} & set(options.parts):
        measure_many_repositories(options)


if __name__ == "__main__":
    sys.exit(main())
