"""Reads through a registry that has to pull it all; run by run.py.

    pulls.py FOLDER COMMIT WHEN

COMMIT is upstream's of org/small.
"""

import pathlib
import sys
import time

import huggingface_hub
from huggingface_hub.utils import RepositoryNotFoundError

WORK, COMMIT, WHEN = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]


def same(folder, downloaded):
    """Whether a folder came as it is, file by file."""
    def files(root):
        return {str(path.relative_to(root)): path for path in pathlib.Path(root).rglob("*") if path.is_file()}

    here, there = files(folder), files(downloaded)
    assert here.keys() == there.keys(), (sorted(here), sorted(there))
    for path in here:
        assert here[path].read_bytes() == there[path].read_bytes(), path


def told(what, begin):
    print(f"huggingface_hub {huggingface_hub.__version__}, {WHEN}: {what} in {time.monotonic() - begin:.1f} s", flush=True)


def main():
    begin = time.monotonic()
    same(WORK / "small", huggingface_hub.snapshot_download("org/small"))
    same(WORK / "small", huggingface_hub.snapshot_download("org/small", revision=COMMIT))
    assert pathlib.Path(huggingface_hub.hf_hub_download("org/small", "config.json", revision=COMMIT)).read_bytes() == b"{}"
    told("snapshots of small files, by branch and by upstream's commit", begin)

    begin = time.monotonic()
    large = huggingface_hub.hf_hub_download("org/large", "model.safetensors")
    assert pathlib.Path(large).read_bytes() == (WORK / "large" / "model.safetensors").read_bytes()
    told("a file of 200 MB, its HEAD first", begin)

    begin = time.monotonic()
    same(WORK / "rows", huggingface_hub.snapshot_download("org/rows", repo_type="dataset"))
    told("a dataset", begin)

    if WHEN == "first":
        try:
            huggingface_hub.model_info("org/none")
            raise AssertionError("org/none is there")
        except RepositoryNotFoundError:
            pass


if __name__ == "__main__":
    main()
