"""Stands in for vLLM: its LoRARequest and the registry of its resolvers, in what a resolver sees of them.

After vllm/lora/request.py and vllm/lora/resolver.py of vLLM, main branch, 2026. Call install() before the plug-in is imported.
"""

import abc
import dataclasses
import sys
import types


@dataclasses.dataclass
class LoRARequest:
    lora_name: str
    lora_int_id: int
    lora_path: str = ""
    base_model_name: str | None = None
    tensorizer_config_dict: dict | None = None
    load_inplace: bool = False

    def __post_init__(self):
        if self.lora_int_id < 1:
            raise ValueError(f"id must be > 0, got {self.lora_int_id}")
        assert self.lora_path, "lora_path cannot be empty"


class LoRAResolver(abc.ABC):
    @abc.abstractmethod
    async def resolve_lora(self, base_model_name, lora_name):
        pass


class Resolvers:
    def __init__(self):
        self.resolvers = {}

    def get_supported_resolvers(self):
        return self.resolvers.keys()

    def register_resolver(self, resolver_name, resolver):
        self.resolvers[resolver_name] = resolver

    def get_resolver(self, resolver_name):
        return self.resolvers[resolver_name]


LoRAResolverRegistry = Resolvers()


def install():
    here = sys.modules[__name__]
    contents = {"vllm": (), "vllm.lora": (), "vllm.lora.request": ("LoRARequest",),
                "vllm.lora.resolver": ("LoRAResolver", "LoRAResolverRegistry")}
    for module, names in contents.items():
        sys.modules[module] = types.ModuleType(module)
        for name in names:
            setattr(sys.modules[module], name, getattr(here, name))
