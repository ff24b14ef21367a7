"""Seconds that huggingface_hub takes for a large file, from and to the registry of HF_ENDPOINT; run with a Python that has it.

    hub_client.py REPOSITORY PATH_IN_IT FILE

Downloads the path, then uploads the file to another repository, as one does who uses the library: its own hashing is in it, but no sync of
what it downloads. The last line is JSON.
"""

import json
import sys
import time

import huggingface_hub

repository, path, source = sys.argv[1:]
api = huggingface_hub.HfApi()
begin = time.monotonic()
huggingface_hub.hf_hub_download(repository, path)
downloaded = time.monotonic()
api.create_repo(f"{repository}-again", exist_ok=True)
api.upload_file(path_or_fileobj=source, path_in_repo=path, repo_id=f"{repository}-again")
print(json.dumps({"version": huggingface_hub.__version__, "download_seconds": downloaded - begin, "upload_seconds": time.monotonic() - downloaded}))
