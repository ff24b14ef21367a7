"""What vLLM calls: a resolver of LoRA adapters (vLLM's docs/design/lora_resolver_plugins.md)."""

from __future__ import annotations

import asyncio
import concurrent.futures
import functools
import json
import logging
import os
import pathlib
import re
import zlib

from vllm.lora.request import LoRARequest
from vllm.lora.resolver import LoRAResolver, LoRAResolverRegistry

from .adapter_cache import AdapterCache
from .registry import AdapterName, AdapterUnavailable, Commit, RegistryUnreachable
from .settings import Settings, read_settings

logger = logging.getLogger("vllm.plugins.ropewalk")

RESOLVER = "Ropewalk"
WEIGHTS = {"adapter_model.safetensors", "adapter_model.bin", "adapter_model.pt"}  # vLLM's vllm/lora/lora_model.py.
MAX_DESCRIPTION = 1 << 20  # Bytes of a config or card that are read.
# The version of the base, as a card that Ropewalk wrote has it (worker/train/model_card.cc).
BASE_VERSION = re.compile(r"models/[\w.-]+/[\w.-]+/versions/([0-9a-f]{64})`\), made by Ropewalk\.")


class RopewalkResolver(LoRAResolver):
    """Loads "namespace/name", "namespace/name@tag", "@branch" or "@commit". Never raises: vLLM would ask no other resolver."""

    def __init__(self, settings: Settings):
        self._settings = settings
        self._cache = AdapterCache(settings)
        self._pool = concurrent.futures.ThreadPoolExecutor(8, thread_name_prefix="ropewalk")  # Not asyncio's, which vLLM needs.

    async def resolve_lora(self, base_model_name: str, lora_name: str) -> LoRARequest | None:
        """`base_model_name` is vLLM's --model. None: it is another resolver's, or cannot be had; the log says why."""
        name = AdapterName.parse(lora_name)
        if name is None:
            return None
        check = functools.partial(check_adapter, self._settings.served(base_model_name))
        work = asyncio.get_running_loop().run_in_executor(self._pool, self._cache.get, name, check)
        try:
            folder = await asyncio.wait_for(work, self._settings.timeout)
        except (AdapterUnavailable, RegistryUnreachable) as error:
            logger.warning("%s is not loaded: %s", name, error)
        except asyncio.TimeoutError:
            logger.warning("%s is not loaded: it took more than the %g s of ROPEWALK_VLLM_TIMEOUT", name, self._settings.timeout)
        except Exception:
            logger.exception("%s is not loaded", name)
        else:
            logger.info("%s is %s", name, folder)
            # vLLM puts a number of its own in the place of this one, which must be 1 or more.
            return LoRARequest(lora_name=lora_name, lora_int_id=1 + zlib.crc32(lora_name.encode()) % 0x7FFFFFFF, lora_path=str(folder))
        return None


def check_adapter(served: frozenset[str], folder: pathlib.Path, commit: Commit) -> None:
    """AdapterUnavailable unless it is a LoRA adapter of the served base.

    Where both sides have a digest of the base, digests decide; else any name that both have.
    """
    if not WEIGHTS & {file.path for file in commit.files}:
        raise AdapterUnavailable(f"it has no weights that vLLM reads: none of {', '.join(sorted(WEIGHTS))}")
    try:
        config = json.loads(_read(folder / "adapter_config.json"))
        kind, base = config["peft_type"], config["base_model_name_or_path"]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise AdapterUnavailable(f"it has no adapter_config.json with peft_type and base_model_name_or_path ({error!r})") from error
    if kind != "LORA":
        raise AdapterUnavailable(f"its peft_type is {kind!r}; vLLM loads LORA")
    names = {name.rstrip("/") for name in (base, *commit.card_bases) if isinstance(name, str)}
    version = BASE_VERSION.search(_read(folder / "README.md")) if (folder / "README.md").is_file() else None
    digests = {f"sha256:{version[1]}"} if version else set()
    known = {name for name in served if name.startswith("sha256:")}
    if not (digests & known if digests and known else names & served):
        raise AdapterUnavailable(f"it is for {' or '.join(sorted(names | digests))}, and {' or '.join(sorted(served))} is served; "
                                 "if they are the same, say so in ROPEWALK_BASE_MODELS")


def _read(path: pathlib.Path) -> str:
    with path.open("rb") as file:
        return file.read(MAX_DESCRIPTION).decode(errors="replace")


def register() -> None:
    """The entry point. vLLM calls it in each of its processes, perhaps more than once."""
    settings = read_settings(os.environ)
    if settings is None:
        logger.debug("ROPEWALK_REGISTRY_URL is not set: no adapters come from a Ropewalk registry")
    elif RESOLVER not in LoRAResolverRegistry.get_supported_resolvers():
        LoRAResolverRegistry.register_resolver(RESOLVER, RopewalkResolver(settings))
        logger.info("LoRA adapters come from %s", settings.url)
