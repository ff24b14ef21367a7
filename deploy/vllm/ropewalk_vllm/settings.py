"""What the environment says of the plug-in."""

from __future__ import annotations

import dataclasses
import math
import pathlib
import re
import urllib.parse
from collections.abc import Mapping

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
DEFAULT_TIMEOUT = 300.0


@dataclasses.dataclass(frozen=True)
class Settings:
    # Of the registry's HTTP port, without a "/" at its end.
    url: str
    # Sent to the registry; None: nothing is sent, not the token for huggingface.co either.
    token: str | None
    # The plug-in's own, made if need be. Several vLLMs may share it.
    cache: pathlib.Path
    # By vLLM's --model: the names and digests ("sha256:...") by which adapters know that base.
    base_models: Mapping[str, frozenset[str]]
    # Seconds that one adapter may take.
    timeout: float = DEFAULT_TIMEOUT

    def served(self, base_model_name: str) -> frozenset[str]:
        """Every name and digest of the base that vLLM serves; `base_model_name` is its --model."""
        name = base_model_name.rstrip("/")
        return self.base_models.get(name, frozenset()) | {name}


def read_settings(environment: Mapping[str, str]) -> Settings | None:
    """None if there is no ROPEWALK_REGISTRY_URL: the plug-in is installed, but not wanted.

    ValueError: a variable is wrong; the message names it and says what it should be.
    """
    url = environment.get("ROPEWALK_REGISTRY_URL", "").strip().rstrip("/")
    if not url:
        return None
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"ROPEWALK_REGISTRY_URL: '{url}' is not the address of a registry; give one like http://registry:7081")
    return Settings(
        url=url,
        token=environment.get("ROPEWALK_TOKEN") or None,
        cache=_cache(environment),
        base_models=parse_base_models(environment.get("ROPEWALK_BASE_MODELS", "")),
        timeout=_timeout(environment.get("ROPEWALK_VLLM_TIMEOUT", "")),
    )


def parse_base_models(text: str) -> dict[str, frozenset[str]]:
    """Reads "SERVED=NAME,NAME; SERVED=NAME": entries end at ";" or at the line's end, spaces around names do not count."""
    found: dict[str, frozenset[str]] = {}
    for entry in re.split(r"[;\n]", text):
        if not entry.strip():
            continue
        served, equals, rest = entry.partition("=")
        served = served.strip().rstrip("/")
        names = frozenset(name.strip().rstrip("/") for name in rest.split(",") if name.strip())
        if not equals or not served or not names:
            raise ValueError(f"ROPEWALK_BASE_MODELS: '{entry.strip()}' is not SERVED=NAME,NAME, where SERVED is vLLM's --model")
        for name in names:
            if name.startswith("sha256:") and not DIGEST.fullmatch(name):
                raise ValueError(f"ROPEWALK_BASE_MODELS: '{name}' is not sha256: and 64 hex digits, a version as `ropewalk models` shows it")
        found[served] = found.get(served, frozenset()) | names
    return found


def _cache(environment: Mapping[str, str]) -> pathlib.Path:
    own = environment.get("ROPEWALK_VLLM_CACHE")
    if own:
        return pathlib.Path(own).expanduser().absolute()
    xdg = environment.get("XDG_CACHE_HOME")
    return (pathlib.Path(xdg) if xdg else pathlib.Path.home() / ".cache") / "ropewalk" / "vllm"


def _timeout(text: str) -> float:
    try:
        seconds = float(text or DEFAULT_TIMEOUT)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise ValueError(f"ROPEWALK_VLLM_TIMEOUT: '{text}' is not a number of seconds above 0")
    return seconds
