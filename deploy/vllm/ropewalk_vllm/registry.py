"""What a Ropewalk registry says of an adapter, and its files, by the Hugging Face Hub's protocol."""

from __future__ import annotations

import dataclasses
import hashlib
import pathlib
import re
import stat

from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, HFValidationError

CALL_TIMEOUT = 10.0  # Seconds for a question to the registry; huggingface_hub waits as long for each piece of a file.
PART = r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}"  # The registry's rule, services/common/resource_name.h.
NAME = re.compile(rf"({PART}/{PART})(?:@({PART}))?")
COMMIT = re.compile(r"[0-9a-f]{40}")
SHA256 = re.compile(r"[0-9a-f]{64}")  # Also the registry's own name for a commit, whose first 40 digits are the Hub's.


class AdapterUnavailable(Exception):
    """Why an adapter is not loaded, and what would mend it."""


class RegistryUnreachable(Exception):
    """The registry did not answer, or not with sense."""


@dataclasses.dataclass(frozen=True)
class AdapterName:
    repository: str  # "namespace/name"
    revision: str  # A tag, a branch or a commit.

    @staticmethod
    def parse(text: str) -> AdapterName | None:
        """None: no registry has such a name, so it is another resolver's."""
        match = NAME.fullmatch(text)
        if match is None or ".." in text:
            return None
        return AdapterName(match[1], match[2] or "main")

    @property
    def commit(self) -> str | None:
        """The commit, if the name has a whole one."""
        whole = COMMIT.fullmatch(self.revision) or SHA256.fullmatch(self.revision)
        return self.revision[:40] if whole else None

    def __str__(self) -> str:
        return f"{self.repository}@{self.revision}"


@dataclasses.dataclass(frozen=True)
class File:
    path: str
    size: int
    sha256: str | None
    git_oid: str | None  # What there is instead for small files: SHA-1 of "blob SIZE\0" and the bytes.

    def is_at(self, place: pathlib.Path) -> bool:
        """Whether there is a file with these bytes, and not a link to one."""
        try:
            status = place.lstat()
        except OSError:
            return False
        if not stat.S_ISREG(status.st_mode) or status.st_size != self.size:
            return False
        hashed = hashlib.sha256() if self.sha256 else hashlib.sha1(f"blob {self.size}\0".encode())
        with place.open("rb") as file:
            while chunk := file.read(1 << 20):
                hashed.update(chunk)
        return hashed.hexdigest() == (self.sha256 or self.git_oid)


@dataclasses.dataclass(frozen=True)
class Commit:
    id: str
    files: tuple[File, ...]  # Those at the top: vLLM reads nothing below.
    card_bases: tuple[str, ...]  # The model card's base_model.


class Registry:
    """Thread-safe. Every call has a timeout, and none looks at HF_ENDPOINT, HF_TOKEN or the Hub's caches."""

    def __init__(self, url: str, token: str | None):
        self._url = url
        self._api = HfApi(endpoint=url, token=token or False, library_name="ropewalk-vllm")  # None would be HF_TOKEN.

    def look_up(self, name: AdapterName) -> Commit:
        """AdapterUnavailable: the registry does not have it, or does not give it. RegistryUnreachable: who knows."""
        try:
            info = self._api.model_info(name.repository, revision=name.revision, files_metadata=True, timeout=CALL_TIMEOUT)
        except HFValidationError as error:
            raise AdapterUnavailable(f"that is no repository's name: {error}") from error
        except HfHubHTTPError as error:
            code = error.response.status_code
            if code == 429 or code >= 500:
                raise RegistryUnreachable(f"{self._url} answers {code}") from error
            said = "has no such adapter or revision" if code == 404 else f"answers {code}; is ROPEWALK_TOKEN right?"
            raise AdapterUnavailable(f"{self._url} {said}") from error
        except Exception as error:  # Each version of huggingface_hub has its own for a connection that fails.
            raise RegistryUnreachable(f"{self._url}: {type(error).__name__}: {error}") from error
        return _read_info(info, name)

    def download(self, name: AdapterName, commit: Commit, file: File, folder: pathlib.Path) -> None:
        """Makes folder/path the file. AdapterUnavailable: it came, but is not what look_up said."""
        try:  # One by one, as snapshot_download asks for lists of files without a timeout.
            self._api.hf_hub_download(name.repository, file.path, revision=commit.id, local_dir=folder, force_download=True,
                                      etag_timeout=CALL_TIMEOUT)
        except Exception as error:
            raise RegistryUnreachable(f"{file.path} does not come from {self._url}: {type(error).__name__}: {error}") from error
        if not file.is_at(folder / file.path):
            raise AdapterUnavailable(f"{file.path}, as it came from {self._url}, has not the digest that the registry gives")


def _read_info(info, name: AdapterName) -> Commit:
    """Believes nothing that could lead out of the cache."""
    if not COMMIT.fullmatch(info.sha or "") or (name.commit or info.sha) != info.sha:
        raise AdapterUnavailable(f"the registry says that it is the commit {info.sha!r}")
    files = []
    for sibling in info.siblings or []:
        path = sibling.rfilename
        if any(part in ("", ".", "..") for part in path.split("/")) or not path.isprintable() or "\\" in path:
            raise AdapterUnavailable(f"it has a file {path!r}, which could lead out of its folder")
        file = File(path, sibling.size, sibling.lfs.sha256 if sibling.lfs else None, sibling.blob_id)
        if not isinstance(file.size, int) or not (SHA256.fullmatch(file.sha256 or "") or COMMIT.fullmatch(file.git_oid or "")):
            raise AdapterUnavailable(f"the registry gives no size or no digest of {path}")
        if "/" not in path:
            files.append(file)
    bases = getattr(info.card_data, "base_model", None) or []
    bases = [bases] if isinstance(bases, str) else bases
    return Commit(info.sha, tuple(files), tuple(base for base in bases if isinstance(base, str)))
