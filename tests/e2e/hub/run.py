#!/usr/bin/env python3
"""Unmodified clients of the Hugging Face Hub against the registry; run by ./dev hub-test.

    run.py --programs DIR --clients PYTHON...

Starts a registry on free ports with an adapter of two versions and a dataset in it, then runs reads.py and writes.py with each Python, which
has a version of huggingface_hub of its own.
"""

import argparse
import contextlib
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import threading

HERE = pathlib.Path(__file__).resolve().parent
PATIENCE = 120  # seconds for one client's run


@contextlib.contextmanager
def registry(programs, data):
    """Runs a registry on ports of its own; yields (gRPC address, HTTP address)."""
    command = [programs / "ropewalk-registry", "--data", data, "--listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        for text in process.stderr:
            line = json.loads(text)
            if line["msg"] == "listening":
                threading.Thread(target=process.stderr.read, daemon=True).start()  # A full pipe would stop the registry.
                yield f"127.0.0.1:{line['port']}", f"http://127.0.0.1:{line['http_port']}"
                return
        raise SystemExit(f"the registry ended with {process.wait()}")
    finally:
        process.terminate()
        process.wait(timeout=30)


def write(folder, files):
    for path, contents in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(contents)


def push(programs, address, kind, folder, name, *tags):
    command = [programs / "ropewalk", kind, "push", folder, name, "--registry", address]
    for tag in tags:
        command += ["--tag", tag]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=PATIENCE)


def publish(programs, address, work):
    """Fills the registry; the files that the clients shall find there."""
    weights = random.Random(1).randbytes(30_000_000)
    adapter = {
        "README.md": b"---\nbase_model: org/base\nlicense: mit\n---\n# SQL\n",
        "adapter_config.json": b'{"peft_type": "LORA", "base_model_name_or_path": "org/base", "r": 8}',
        "adapter_model.safetensors": weights[:100_000],
        "empty.txt": b"",
        "sub/folder/notes with spaces.txt": "Grüße\n".encode(),
    }
    write(work / "adapter", adapter)
    push(programs, address, "adapters", work / "adapter", "alice/sql-lora", "v1")
    second = {**adapter, "adapter_model.safetensors": weights}
    write(work / "adapter", second)
    push(programs, address, "adapters", work / "adapter", "alice/sql-lora")
    write(work / "rows", {"rows.jsonl": b'{"a": 1}\n'})
    push(programs, address, "adapters", work / "rows", "datasets/alice/Rows")
    return {"first": work / "first", "second": work / "adapter"}, adapter


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--programs", type=pathlib.Path, required=True)
    parser.add_argument("--clients", nargs="+", required=True)
    arguments = parser.parse_args()
    failed = False
    with tempfile.TemporaryDirectory(prefix="ropewalk-hub-") as name:
        work = pathlib.Path(name)
        with registry(arguments.programs, work / "data") as (address, url):
            folders, adapter = publish(arguments.programs, address, work)
            write(folders["first"], adapter)
            for number, client in enumerate(arguments.clients):
                environment = {**os.environ, "HF_ENDPOINT": url, "HF_HOME": str(work / f"home-{number}"), "HF_TOKEN": "hf_" + "a" * 34,
                               "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
                for script in ([HERE / "reads.py", url, folders["first"], folders["second"]], [HERE / "writes.py", folders["second"]]):
                    run = subprocess.run([client, *script], env=environment, timeout=PATIENCE)
                    failed = failed or run.returncode != 0
    sys.exit(failed)


if __name__ == "__main__":
    main()
