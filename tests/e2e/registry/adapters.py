"""Adapters that are none: what their configuration and the header of their weights may hold when a registry looks into them."""

import json
import struct

from hub_calls import commit, create, delete, file_line

ID = "hostile/adapter"
BASE = "hostile/base"
CONFIG = json.dumps({"peft_type": "LORA", "r": 8, "base_model_name_or_path": BASE}).encode()
DEEP = b"[" * 1_000_000 + b"]" * 1_000_000


def _weights(header, length=None, data=b""):
    return struct.pack("<Q", len(header) if length is None else length) + header + data


def _tensor(**changed):
    entry = {"dtype": "F32", "shape": [8, 4], "data_offsets": [0, 128], **changed}
    return _weights(json.dumps({"a.lora_A.weight": entry, "a.lora_B.weight": {**entry, "shape": [4, 8]}}).encode(), data=bytes(128))


def configurations(registry):
    create(registry, ID)
    create(registry, BASE)  # For what is looked into only when there is something to compare with.
    base = _weights(json.dumps({"a.weight": {"dtype": "F32", "shape": [4, 4], "data_offsets": [0, 64]}}).encode(), data=bytes(64))
    assert commit(registry, BASE, file_line("model.safetensors", base)).status == 200
    for name, config in {
        "empty": b"",
        "no JSON": b"{",
        "a list": b"[]",
        "deep": b"[" * 3_000_000,
        "deep within": b'{"peft_type": "LORA", "r": 8, "a": ' + DEEP + b"}",
        **{
            f"deep in {field}": CONFIG[:-1] + b', "%s": %s}' % (field.encode(), DEEP)
            for field in ("fan_in_fan_out", "rank_pattern", "target_parameters", "target_modules", "peft_type", "r")
        },
        "wide": b'{"peft_type": "LORA", "r": 8, "a": [' + b"0," * 2_000_000 + b"0]}",
        "a kind that is a number": b'{"peft_type": 7}',
        "no rank": b'{"peft_type": "LORA"}',
        "a negative rank": b'{"peft_type": "LORA", "r": -1}',
        "a huge rank": b'{"peft_type": "LORA", "r": 99999999999999999999999}',
        "ranks of anything": b'{"peft_type": "LORA", "r": 8, "rank_pattern": {"(a+)+$": 8, "b": [], "c": -1}}',
        "no UTF-8": b'{"peft_type": "\xff"}',
        "a base elsewhere": b'{"peft_type": "LORA", "r": 8, "base_model_name_or_path": "../../../etc/passwd"}',
    }.items():
        answer = commit(registry, ID, file_line("adapter_config.json", config), file_line("adapter_model.safetensors", _tensor()))
        registry.assert_alive(name)
        assert answer.status == 200 or 400 <= answer.status < 500 and answer.error(), f"{name}: {answer}"
        assert registry.ask("GET", "/api/models?author=hostile").status == 200, name
    delete(registry, ID)
    delete(registry, BASE)


def weights(registry):
    create(registry, ID)
    good = commit(registry, ID, file_line("adapter_config.json", CONFIG), file_line("adapter_model.safetensors", _tensor()))
    assert good.status == 200, good
    for name, content in {
        "empty": b"",
        "seven bytes": b"1234567",
        "no header": _weights(b"", 0),
        "a header beyond the end": _weights(b"{}", 1000),
        "a header of 2^64-1": _weights(b"{}", (1 << 64) - 1),
        "a header of 2^63": _weights(b"{}", 1 << 63),
        "no JSON": _weights(b"hello"),
        "deep": _weights(b'{"a": ' + b"[" * 4_000_000),
        "wide": _weights(b'{"a":' * 1_000_000),
        "many tensors": _weights(json.dumps({f"t{i}": {"dtype": "F32", "shape": [], "data_offsets": [0, 0]} for i in range(80_000)}).encode()),
        "a shape of a million": _tensor(shape=[1] * 1_000_000),
        "a negative shape": _tensor(shape=[-8, 4]),
        "a shape that overflows": _tensor(shape=[1 << 61, 1 << 61]),
        "offsets turned around": _tensor(data_offsets=[128, 0]),
        "offsets beyond the end": _tensor(data_offsets=[0, 1 << 61]),
        "three offsets": _tensor(data_offsets=[0, 1, 2]),
        "no matrix": _tensor(shape=[8]),
        "a number for a type": _tensor(dtype=7),
        "a long name": _weights(b'{"' + b"a" * 5_000_000 + b'": {}}'),
    }.items():
        answer = commit(registry, ID, file_line("adapter_model.safetensors", content))
        registry.assert_alive(name)
        assert answer.status == 200 or 400 <= answer.status < 500 and answer.error(), f"{name}: {answer}"
        assert registry.ask("GET", f"/api/models/{ID}").status == 200, name
    delete(registry, ID)


ATTACKS = [("configurations of adapters that are none", configurations), ("weights of adapters that are none", weights)]
