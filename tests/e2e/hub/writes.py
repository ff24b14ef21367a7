"""What huggingface_hub and `hf` write to a registry; run.py calls it with Pythons that have different versions of it.

    writes.py FOLDER
"""

import filecmp
import pathlib
import subprocess
import sys
import tempfile

import huggingface_hub
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, hf_hub_download
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from checks import paths, raises, run

FOLDER = pathlib.Path(sys.argv[1])
WEIGHTS = "adapter_model.safetensors"
ID = f"bob/v{huggingface_hub.__version__}"
api = HfApi()


def read(path, revision=None, repo=ID):
    with tempfile.TemporaryDirectory() as cache:
        return pathlib.Path(hf_hub_download(repo, path, revision=revision, cache_dir=cache)).read_bytes()


def check_create():
    assert api.create_repo(ID, private=True).repo_id == ID
    raises(HfHubHTTPError, api.create_repo, ID)
    assert api.create_repo(ID, exist_ok=True).repo_id == ID
    assert api.list_repo_files(ID) == []


def check_upload():
    api.upload_file(path_or_fileobj=b"# One\n", path_in_repo="notes/one.md", repo_id=ID)
    api.upload_folder(folder_path=FOLDER, repo_id=ID, commit_message="weights")
    assert set(api.list_repo_files(ID)) == {*paths(FOLDER), "notes/one.md"}
    for path in paths(FOLDER):
        assert read(path) == (FOLDER / path).read_bytes(), path
    before = api.model_info(ID).sha
    api.upload_folder(folder_path=FOLDER, repo_id=ID)
    assert api.model_info(ID).sha == before
    assert api.model_info(ID).library_name == "peft"


def check_commit():
    parent = api.model_info(ID).sha
    commit = api.create_commit(ID, [CommitOperationAdd("two.txt", b"2"), CommitOperationDelete("notes/", is_folder=True)], commit_message="two")
    assert api.model_info(ID).sha == commit.oid != parent
    assert api.list_repo_commits(ID)[0].title == "two"
    assert "two.txt" in api.list_repo_files(ID) and "notes/one.md" not in api.list_repo_files(ID)
    raises(HfHubHTTPError, api.create_commit, ID, [CommitOperationAdd("three.txt", b"3")], commit_message="three", parent_commit=parent)
    api.delete_file("two.txt", ID)
    assert "two.txt" not in api.list_repo_files(ID)


def check_refs():
    api.create_tag(ID, tag="v1", tag_message="first")
    raises(HfHubHTTPError, api.create_tag, ID, tag="v1")
    api.create_tag(ID, tag="v1", exist_ok=True)
    api.create_branch(ID, branch="dev")
    api.create_branch(ID, branch="dev", exist_ok=True)
    api.upload_file(path_or_fileobj=b"dev", path_in_repo="dev.txt", repo_id=ID, revision="dev")
    assert read("dev.txt", "dev") == b"dev" and "dev.txt" not in api.list_repo_files(ID)
    refs = api.list_repo_refs(ID)
    assert sorted(branch.name for branch in refs.branches) == ["dev", "main"] and [tag.name for tag in refs.tags] == ["v1"]
    api.delete_branch(ID, branch="dev")
    api.delete_tag(ID, tag="v1")
    assert not api.revision_exists(ID, "v1") and not api.revision_exists(ID, "dev")


def check_datasets():
    api.create_repo(ID, repo_type="dataset")
    api.upload_file(path_or_fileobj=b'{"a": 1}\n', path_in_repo="rows.jsonl", repo_id=ID, repo_type="dataset")
    assert api.list_repo_files(ID, repo_type="dataset") == ["rows.jsonl"]
    api.delete_repo(ID, repo_type="dataset")


def check_command_line():
    hf = pathlib.Path(sys.executable).parent / "hf"
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([hf, "upload", f"{ID}-hf", FOLDER], check=True, stdout=subprocess.DEVNULL)
        subprocess.run([hf, "download", f"{ID}-hf", "--local-dir", folder], check=True, stdout=subprocess.DEVNULL)
        for path in paths(FOLDER):
            assert filecmp.cmp(FOLDER / path, pathlib.Path(folder) / path, shallow=False), path


def check_move_and_delete():
    api.move_repo(ID, f"{ID}-moved")
    assert read("adapter_config.json", repo=f"{ID}-moved") == (FOLDER / "adapter_config.json").read_bytes()
    for repo in (f"{ID}-moved", f"{ID}-hf"):
        api.delete_repo(repo)
        assert not api.repo_exists(repo)
    raises(RepositoryNotFoundError, api.delete_repo, ID)
    api.delete_repo(ID, missing_ok=True)


if __name__ == "__main__":
    run(check_create, check_upload, check_commit, check_refs, check_datasets, check_command_line, check_move_and_delete)
