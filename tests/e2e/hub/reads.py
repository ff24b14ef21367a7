"""What huggingface_hub reads from a registry; run.py calls it with Pythons that have different versions of it.

    reads.py URL FOLDER_OF_VERSION_1 FOLDER_OF_VERSION_2
"""

import filecmp
import os
import pathlib
import sys
import urllib.parse

from huggingface_hub import HfApi, HfFileSystem, hf_hub_download, snapshot_download
from huggingface_hub.errors import EntryNotFoundError, RepositoryNotFoundError, RevisionNotFoundError

from checks import paths, raises, run
from cutting_proxy import CuttingProxy

URL, FIRST, SECOND = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
ID = "alice/sql-lora"
WEIGHTS = "adapter_model.safetensors"
api = HfApi()


def same(path, expected):
    assert filecmp.cmp(path, expected, shallow=False), f"{path} is not {expected}"


def check_lists():
    assert [model.id for model in api.list_models(search="SQL")] == [ID]
    assert [model.id for model in api.list_models(author="alice", filter=["peft", "license:mit"], full=True, limit=5)] == [ID]
    assert list(api.list_models(filter="gguf")) == []
    assert [dataset.id for dataset in api.list_datasets(author="alice")] == ["alice/Rows"]


def check_info():
    info = api.model_info(ID, files_metadata=True)
    assert info.library_name == "peft" and info.card_data.base_model == "org/base", info
    assert sorted(sibling.rfilename for sibling in info.siblings) == paths(SECOND)
    weights = next(sibling for sibling in info.siblings if sibling.rfilename == WEIGHTS)
    assert weights.size == weights.lfs.size == (SECOND / WEIGHTS).stat().st_size
    assert api.model_info(ID, revision="v1").sha != info.sha
    assert api.model_info(ID, revision=info.sha).sha == info.sha
    assert api.repo_exists(ID) and not api.repo_exists("alice/none")
    assert api.revision_exists(ID, "v1") and not api.revision_exists(ID, "v2")
    assert api.file_exists(ID, WEIGHTS) and not api.file_exists(ID, "none")
    raises(RepositoryNotFoundError, api.model_info, "alice/none")
    raises(RevisionNotFoundError, api.model_info, ID, revision="none")
    assert api.dataset_info("alice/Rows").id == "alice/Rows"


def check_trees():
    assert sorted(api.list_repo_files(ID)) == paths(SECOND)
    tree = {entry.path: entry for entry in api.list_repo_tree(ID, recursive=True)}
    assert "sub/folder" in tree and tree[WEIGHTS].lfs.size == 30_000_000
    assert [entry.path for entry in api.list_repo_tree(ID, "sub")] == ["sub/folder"]
    assert [entry.path for entry in api.get_paths_info(ID, [WEIGHTS, "none", "sub"])] == [WEIGHTS, "sub"]
    refs = api.list_repo_refs(ID)
    assert [branch.name for branch in refs.branches] == ["main"] and [tag.name for tag in refs.tags] == ["v1"]
    commits = api.list_repo_commits(ID)
    assert [commit.commit_id for commit in commits] == [refs.branches[0].target_commit, refs.tags[0].target_commit]


def check_downloads():
    for path in paths(SECOND):
        same(hf_hub_download(ID, path), SECOND / path)
    same(hf_hub_download(ID, WEIGHTS, revision="v1"), FIRST / WEIGHTS)
    raises(EntryNotFoundError, hf_hub_download, ID, "none.json")
    for folder, revision in ((SECOND, None), (FIRST, "v1")):
        snapshot = pathlib.Path(snapshot_download(ID, revision=revision))
        assert paths(snapshot) == paths(folder)
        for path in paths(folder):
            same(snapshot / path, folder / path)
    same(hf_hub_download("alice/Rows", "rows.jsonl", repo_type="dataset"), SECOND.parent / "rows/rows.jsonl")
    with HfFileSystem(endpoint=URL).open(f"{ID}/{WEIGHTS}") as file:
        file.seek(12_345_678)
        assert file.read(1000) == (SECOND / WEIGHTS).read_bytes()[12_345_678:12_346_678]


def check_resume():
    """A snapshot whose largest file breaks off at 20 MB; versions before 1.0 raise, and go on when asked again."""
    target = urllib.parse.urlparse(URL)
    proxy = CuttingProxy((target.hostname, target.port), cut_after=20_000_000)
    cache = pathlib.Path(os.environ["HF_HOME"]) / "resumed"
    for attempt in range(3):
        try:
            snapshot = pathlib.Path(snapshot_download(ID, endpoint=proxy.url, cache_dir=cache))
            break
        except Exception as error:  # Each version has another one for a connection that breaks.
            assert attempt < 2, error
    assert proxy.cuts == 1
    same(snapshot / WEIGHTS, SECOND / WEIGHTS)


if __name__ == "__main__":
    run(check_lists, check_info, check_trees, check_downloads, check_resume)
