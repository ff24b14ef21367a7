"""Adapters of a registry as folders of this machine.

    CACHE/HOST-.../NAMESPACE/NAME/COMMIT/       the files, none of them a link
                                 /COMMIT.json   what the registry said of them
                                 /refs/TAG      the commit that the tag was last seen at
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
import os
import pathlib
import shutil
import urllib.parse
from collections.abc import Callable

from huggingface_hub.utils import WeakFileLock

from .registry import COMMIT, AdapterName, AdapterUnavailable, Commit, File, Registry, RegistryUnreachable
from .settings import Settings

logger = logging.getLogger("vllm.plugins.ropewalk")  # vLLM shows what is said below "vllm".

DESCRIBING = ("adapter_config.json", "README.md")

# Raises AdapterUnavailable unless a folder with the commit's DESCRIBING files is of an adapter that is wanted.
Check = Callable[[pathlib.Path, Commit], None]


class AdapterCache:
    """Thread-safe, and safe among processes that share the folder."""

    def __init__(self, settings: Settings):
        self._settings = settings
        self._registry = Registry(settings.url, settings.token)
        host = urllib.parse.urlsplit(settings.url).hostname
        self._root = settings.cache / f"{host}-{hashlib.sha256(settings.url.encode()).hexdigest()[:8]}"

    def get(self, name: AdapterName, check: Check) -> pathlib.Path:
        """The adapter's folder, in which every file is what the registry says; blocks while they are downloaded.

        When the registry cannot be reached, what it last said holds: a commit that is here is loaded, and a tag is the
        commit that it was last seen at. AdapterUnavailable: there is no such adapter, or `check` does not want it.
        RegistryUnreachable: a download broke off; the next call goes on with it.
        """
        online = True
        try:
            commit = self._registry.look_up(name)
        except RegistryUnreachable as error:
            commit, online = self._last_known(name, error), False
        folder = self._root / name.repository
        folder.mkdir(parents=True, exist_ok=True)
        if folder.resolve() != self._root.resolve() / name.repository:
            raise AdapterUnavailable(f"{folder} leads elsewhere through a link; remove the link")
        target = folder / commit.id
        with WeakFileLock(folder / ".lock", timeout=self._settings.timeout):
            if _is_whole(target, commit):
                check(target, commit)
            elif online:
                self._fetch(name, commit, target, check)
            else:
                raise AdapterUnavailable(f"{target} is damaged, and {self._settings.url} cannot be reached to mend it")
            if online:
                _write(folder / f"{commit.id}.json", json.dumps(dataclasses.asdict(commit)))
                if name.commit is None:
                    _write(folder / "refs" / name.revision, commit.id)
        return target

    def _last_known(self, name: AdapterName, error: RegistryUnreachable) -> Commit:
        folder = self._root / name.repository
        try:
            commit_id = name.commit or (folder / "refs" / name.revision).read_text()
            if not COMMIT.fullmatch(commit_id):
                raise ValueError(commit_id)
            said = json.loads((folder / f"{commit_id}.json").read_text())
            commit = Commit(commit_id, tuple(File(**file) for file in said["files"]), tuple(said["card_bases"]))
        except (OSError, ValueError, TypeError, KeyError):
            raise AdapterUnavailable(f"the registry cannot be reached ({error}), and {folder} does not have it") from error
        logger.warning("%s is taken from the cache, commit %s: the registry cannot be reached (%s)", name, commit_id, error)
        return commit

    def _fetch(self, name: AdapterName, commit: Commit, target: pathlib.Path, check: Check) -> None:
        """Makes `target` the commit, whole or not at all."""
        partial, damaged = target.with_name(f".partial-{commit.id}"), target.with_name(f".damaged-{commit.id}")
        try:
            self._download(name, commit, [file for file in commit.files if file.path in DESCRIBING], partial)
            check(partial, commit)  # Before the weights come.
            self._download(name, commit, [file for file in commit.files if file.path not in DESCRIBING], partial)
        except AdapterUnavailable:
            _remove(partial)
            raise
        _remove(partial / ".cache")  # huggingface_hub's notes.
        _remove(damaged)
        if target.is_symlink() or target.exists():
            logger.warning("%s is not what the registry says: it is replaced", target)
            target.rename(damaged)
        partial.rename(target)
        _remove(damaged)

    def _download(self, name: AdapterName, commit: Commit, files: list[File], folder: pathlib.Path) -> None:
        for file in files:
            if not file.is_at(folder / file.path):  # It may be there from a download that broke off.
                self._registry.download(name, commit, file, folder)


def _is_whole(folder: pathlib.Path, commit: Commit) -> bool:
    if folder.is_symlink() or not folder.is_dir():
        return False
    there = {entry.name for entry in folder.iterdir()}
    return there == {file.path for file in commit.files} and all(file.is_at(folder / file.path) for file in commit.files)


def _remove(path: pathlib.Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _write(path: pathlib.Path, text: str) -> None:
    """Whoever reads at the same time sees the old text or the new one."""
    path.parent.mkdir(exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    new.write_text(text)
    os.replace(new, path)
