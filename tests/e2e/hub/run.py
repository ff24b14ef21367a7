#!/usr/bin/env python3
"""Unmodified clients of the Hugging Face Hub against the registry; run by ./dev hub-test.

    run.py --programs DIR --clients PYTHON...

Starts a registry on free ports with an adapter of two versions and a dataset in it, then runs reads.py, writes.py and xet.py with each Python, which
has a version of huggingface_hub of its own; then another that asks for tokens, and access.py.
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
def registry(programs, data, *flags):
    """Runs a registry on ports of its own; yields (gRPC address, HTTP address)."""
    command = [programs / "ropewalk-registry", "--data", data, "--listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0", *flags]
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
    weights = b"\2\0\0\0\0\0\0\0{}" + random.Random(1).randbytes(29_999_990)  # The beginning is that of safetensors.
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


def make_token(programs, address, data, user):
    admin = {**os.environ, "ROPEWALK_TOKEN": (data / "admin.token").read_text().strip()}
    command = [programs / "ropewalk", "tokens", "create", user, "--registry", address]
    return subprocess.run(command, check=True, env=admin, capture_output=True, text=True, timeout=PATIENCE).stdout.strip()


def run_client(client, script, *arguments, **environment):
    """Whether a script succeeds with this Python."""
    quiet = {"HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    return subprocess.run([client, HERE / script, *arguments], env={**os.environ, **quiet, **environment}, timeout=PATIENCE).returncode == 0


def run_open(programs, clients, work):
    """Whether all clients read and write in a registry that everyone may use."""
    good = True
    with registry(programs, work / "data", "--lfs-part-mib", "8") as (address, url):
        folders, adapter = publish(programs, address, work)
        write(folders["first"], adapter)
        for number, client in enumerate(clients):
            environment = {"HF_ENDPOINT": url, "HF_HOME": str(work / f"home-{number}"), "HF_TOKEN": "hf_" + "a" * 34}
            good = run_client(client, "reads.py", url, folders["first"], folders["second"], **environment) and good
            good = run_client(client, "writes.py", folders["second"], **environment) and good
            good = run_client(client, "xet.py", **environment) and good
    return good


def run_closed(programs, clients, work):
    """Whether a registry that asks for tokens keeps each client to what is theirs."""
    good = True
    with registry(programs, work / "closed", "--access", "tokens") as (address, url):
        tokens = {f"{user.upper()}_TOKEN": make_token(programs, address, work / "closed", user) for user in ("alice", "bob")}
        for number, client in enumerate(clients):
            home = str(work / f"closed-home-{number}")
            good = run_client(client, "access.py", f"secret-{number}", HF_ENDPOINT=url, HF_HOME=home, **tokens) and good
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--programs", type=pathlib.Path, required=True)
    parser.add_argument("--clients", nargs="+", required=True)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ropewalk-hub-") as name:
        work = pathlib.Path(name)
        good = run_open(arguments.programs, arguments.clients, work)
        good = run_closed(arguments.programs, arguments.clients, work) and good
    sys.exit(not good)


if __name__ == "__main__":
    main()
