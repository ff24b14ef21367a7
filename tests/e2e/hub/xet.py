"""Large files as huggingface_hub uploads them by default, which from 1.20 on is Xet; run.py calls it with Pythons that have different versions of it.

    xet.py
"""

import filecmp
import pathlib
import random
import tempfile

import huggingface_hub
from huggingface_hub import CommitOperationAdd, HfApi, hf_hub_download

from checks import run

ID = f"carol/v{huggingface_hub.__version__}"
LARGE = 310_000_000
api = HfApi()


def content(numbers, size):
    """Text, which is compressed; numbers of few bits, whose bytes are grouped before; and what cannot be compressed."""
    text = b"".join(b"line %d of some text\n" % line for line in range(500_000))
    weights = b"".join(b"\0\0" + numbers.randbytes(1) + b"\x3c" for _ in range(2_000_000))
    known = text + weights
    pieces = [numbers.randbytes(10_000_000) for _ in range((size - len(known)) // 10_000_000)]
    return known + b"".join(pieces)


def check(path, expected):
    """Downloads a file, and compares."""
    with tempfile.TemporaryDirectory() as cache:
        found = hf_hub_download(ID, path, cache_dir=cache)
        assert filecmp.cmp(found, expected, shallow=False), path


def upload(path, source):
    api.upload_file(path_or_fileobj=source, path_in_repo=path, repo_id=ID)
    check(path, source)


def check_large_file():
    api.create_repo(ID)
    upload("model.bin", FIRST)


def check_file_that_is_mostly_known():
    """The client names what it has sent before, and sends the rest."""
    changed = bytearray(FIRST.read_bytes())
    changed[100_000_000:100_000_000] = random.Random(2).randbytes(1_000_000)
    SECOND.write_bytes(changed)
    upload("changed.bin", SECOND)


def check_known_file_again():
    before = api.model_info(ID).sha
    upload("model.bin", FIRST)
    assert api.model_info(ID).sha == before
    upload("copy.bin", FIRST)


def check_several_files():
    files = {f"part-{number}.bin": random.Random(number).randbytes(3_000_000 + number) for number in range(5)}
    api.create_commit(ID, [CommitOperationAdd(path, part) for path, part in files.items()], commit_message="parts")
    with tempfile.TemporaryDirectory() as cache:
        for path, part in files.items():
            assert pathlib.Path(hf_hub_download(ID, path, cache_dir=cache)).read_bytes() == part, path


def check_after_everything_is_gone():
    """What the client counts on may be collected now; at the latest its next try succeeds."""
    api.delete_repo(ID)
    api.create_repo(ID)
    upload("model.bin", FIRST)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        FIRST = pathlib.Path(folder) / "first"
        SECOND = pathlib.Path(folder) / "second"
        FIRST.write_bytes(content(random.Random(1), LARGE))
        run(check_large_file, check_file_that_is_mostly_known, check_known_file_again, check_several_files, check_after_everything_is_gone)
