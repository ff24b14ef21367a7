"""What the plug-in loads from a registry that is up, and from one that was; run.py calls it.

    resolves.py up|down
"""

import asyncio
import json
import os
import pathlib
import random
import sys

import huggingface_hub
from huggingface_hub import HfApi

import fake_vllm

fake_vllm.install()

from ropewalk_vllm.resolver import register  # noqa: E402

URL, CACHE = os.environ["ROPEWALK_REGISTRY_URL"], pathlib.Path(os.environ["ROPEWALK_VLLM_CACHE"])
BASE = "/models/base"  # By ROPEWALK_BASE_MODELS it is org/base.
ID = "alice/sql-lora"
WEIGHTS = "adapter_model.safetensors"
CONFIG = {"peft_type": "LORA", "base_model_name_or_path": "org/base", "r": 8}
HEADER = b"\2\0\0\0\0\0\0\0{}"  # A safetensors file begins with it.
FIRST = HEADER + random.Random(1).randbytes(100_000)
SECOND = HEADER + random.Random(2).randbytes(12_000_000)
NOTE = CACHE.with_name("commits.json")  # From "up" to "down".


def resolve(name, base=BASE):
    request = asyncio.run(fake_vllm.LoRAResolverRegistry.get_resolver("Ropewalk").resolve_lora(base, name))
    return request and pathlib.Path(request.lora_path)


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def push(weights, name=ID, config=CONFIG):
    folder = CACHE.with_name("adapter")
    (folder / "sub").mkdir(parents=True, exist_ok=True)
    (folder / "sub/state.bin").write_bytes(b"not for vLLM")
    (folder / "README.md").write_text("---\nbase_model: org/base\n---\n# SQL\n")
    (folder / "adapter_config.json").write_text(json.dumps(config))
    (folder / WEIGHTS).write_bytes(weights)
    api = HfApi(endpoint=URL, token="hf_" + "a" * 34)
    api.create_repo(name, exist_ok=True)
    api.upload_folder(folder_path=folder, repo_id=name)
    return api.model_info(name).sha, files(folder)


def tag(commit):
    api = HfApi(endpoint=URL)
    if any(ref.name == "v1" for ref in api.list_repo_refs(ID).tags):
        api.delete_tag(ID, tag="v1")
    api.create_tag(ID, tag="v1", revision=commit)


def check_tag_moves():
    first, contents = push(FIRST)
    tag(first)
    old = resolve(f"{ID}@v1")
    assert old.name == first and files(old) == contents, old
    second, contents = push(SECOND)
    assert resolve(f"{ID}@v1") == old, "the tag did not move yet"
    tag(second)
    new = resolve(f"{ID}@v1")
    assert new.name == second != first and files(new) == contents, new
    assert resolve(ID) == resolve(f"{ID}@main") == resolve(f"{ID}@{second}") == resolve(f"{ID}@{second[:12]}") == new
    assert resolve(f"{ID}@{first}") == old and files(old)[WEIGHTS] == FIRST
    NOTE.write_text(json.dumps([first, second]))


def check_damage_is_mended():
    folder = resolve(f"{ID}@v1")
    whole = files(folder)
    for name in (WEIGHTS, "adapter_config.json"):
        (folder / name).write_bytes(bytes([whole[name][0] ^ 1]) + whole[name][1:])
        assert resolve(f"{ID}@v1") == folder and files(folder) == whole, name
    assert [path for path in CACHE.rglob("*") if path.is_symlink()] == []


def check_other_bases():
    assert resolve(f"{ID}@v1", base="org/base") is not None
    assert resolve(f"{ID}@v1", base="org/other") is None
    push(FIRST, "alice/ia3", {**CONFIG, "peft_type": "IA3"})
    assert resolve("alice/ia3") is None


def check_names_that_lead_nowhere():
    before = sorted(CACHE.rglob("*"))
    for name in ("alice/none", f"{ID}@none", f"{ID}@" + "0" * 40, "../../etc/passwd", "/etc/passwd", "alice/..", "..", "alice/../../x", f"{ID}@../v1",
                 f"{ID}@..", f"{ID}@%2e%2e", f"{ID}/../sql-lora", "alice\\sql-lora", f"{ID}\n", "alice/sql-lora@v1@v1", "sql-lora", ""):
        assert resolve(name) is None, name
    assert sorted(CACHE.rglob("*")) == before


def check_hub_caches_are_left_alone():
    assert [path for path in pathlib.Path(os.environ["HF_HOME"]).rglob("*") if path.is_file() and "alice" in str(path)] == []


def check_registry_is_down():
    first, second = json.loads(NOTE.read_text())
    assert resolve(f"{ID}@v1").name == resolve(ID).name == resolve(f"{ID}@{second}").name == second
    assert files(resolve(f"{ID}@{first}"))[WEIGHTS] == FIRST
    assert resolve("alice/none") is None and resolve(f"{ID}@v2") is None


UP = (check_tag_moves, check_damage_is_mended, check_other_bases, check_names_that_lead_nowhere, check_hub_caches_are_left_alone)

if __name__ == "__main__":
    register()
    for one in {"up": UP, "down": (check_registry_is_down,)}[sys.argv[1]]:
        one()
        print(f"vLLM's resolver, huggingface_hub {huggingface_hub.__version__}: {one.__name__} ok", flush=True)
