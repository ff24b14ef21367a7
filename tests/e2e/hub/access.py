"""What huggingface_hub may do in a registry that asks for tokens; run.py calls it with Pythons that have different versions of it.

    access.py NAME    NAME is for what it makes; the tokens are in ALICE_TOKEN and BOB_TOKEN
"""

import os
import sys

from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from checks import raises, run

ID = f"alice/{sys.argv[1]}"
alice, bob, nobody = HfApi(token=os.environ["ALICE_TOKEN"]), HfApi(token=os.environ["BOB_TOKEN"]), HfApi(token=False)


def put(api):
    return api.upload_file(path_or_fileobj=b"secret", path_in_repo="f.txt", repo_id=ID)


def check_tokens():
    assert alice.whoami()["name"] == "alice"
    forger = HfApi(token="hf_" + "x" * 34)
    raises(OSError, forger.whoami)  # Of 0.x, an error of requests.


def check_private():
    alice.create_repo(ID, private=True)
    put(alice)
    assert alice.model_info(ID).private and alice.repo_exists(ID)
    assert [model.id for model in alice.list_models(search=ID)] == [ID]
    assert not bob.repo_exists(ID) and list(bob.list_models(search=ID)) == []
    for stranger in (bob, nobody):
        raises(RepositoryNotFoundError, stranger.model_info, ID)
        raises(RepositoryNotFoundError, stranger.hf_hub_download, ID, "f.txt")
        raises(HfHubHTTPError, put, stranger)


def check_public():
    alice.update_repo_settings(ID, private=False)
    with open(bob.hf_hub_download(ID, "f.txt")) as file:
        assert file.read() == "secret"
    raises(HfHubHTTPError, put, bob)
    raises(HfHubHTTPError, bob.delete_repo, ID)
    raises(HfHubHTTPError, nobody.model_info, ID)
    alice.delete_repo(ID)
    assert not alice.repo_exists(ID)


run(check_tokens, check_private, check_public)
