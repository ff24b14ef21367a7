"""Checks `ropewalk-worker export` live: tiny random models with random PEFT adapters.

    ./dev oracles check_export        or, with the packages of ../requirements.txt:  check_export.py --programs build/release/bin

merged: transformers loads the folder, and its logits are those of base and adapter in PEFT.
gguf: the gguf package reads the file, and its tensors, with rows back in Hugging Face's order and
scaled by alpha / rank as llama.cpp does, are PEFT's.
"""

import pathlib
import subprocess
import sys
import tempfile

import gguf
import numpy
import peft
import torch
import transformers

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from oracles_common import parser

SIZES = dict(vocab_size=64, hidden_size=32, intermediate_size=48, num_hidden_layers=2,
             num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=64)
FAMILIES = {
    "llama": (transformers.LlamaConfig, "llama", True, {}),
    "mistral": (transformers.MistralConfig, "llama", True, {"sliding_window": None}),
    "qwen2": (transformers.Qwen2Config, "qwen2", False, {}),
    "qwen3": (transformers.Qwen3Config, "qwen3", False, {"head_dim": 16}),
}
NAMES = {"q_proj": "attn_q", "k_proj": "attn_k", "v_proj": "attn_v", "o_proj": "attn_output",
         "gate_proj": "ffn_gate", "up_proj": "ffn_up", "down_proj": "ffn_down"}


def make(folder, config_class, more, rslora):
    torch.manual_seed(1)
    model = transformers.AutoModelForCausalLM.from_config(config_class(**SIZES, **more))
    model.save_pretrained(folder / "base")
    lora = peft.LoraConfig(r=4, lora_alpha=12, target_modules=list(NAMES), use_rslora=rslora)
    adapted = peft.get_peft_model(model, lora)
    for name, parameter in adapted.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(parameter, std=0.2)
    adapted.save_pretrained(folder / "adapter")
    return adapted.eval()


def export(worker, folder, kind, to):
    subprocess.run([worker, "export", "--base", folder / "base", "--adapter", folder / "adapter",
                    "--as", kind, "--to", to], check=True)
    return to


def check_merged(adapted, merged):
    tokens = torch.arange(40)[None] % SIZES["vocab_size"]
    model = transformers.AutoModelForCausalLM.from_pretrained(merged).eval()
    with torch.no_grad():
        error = (model(tokens).logits - adapted(tokens).logits).abs().max().item()
    assert error < 1e-4, error
    return error


def unpair(rows, heads):
    """The reverse of what llama.cpp's converter does to the rows of q and k."""
    half = rows.shape[0] // heads // 2
    return rows.reshape(heads, half, 2, -1).swapaxes(1, 2).reshape(rows.shape)


def check_gguf(adapted, path, architecture, pairs):
    reader = gguf.GGUFReader(path)
    field = lambda key: reader.get_field(key).contents()
    assert field("general.type") == "adapter" and field("adapter.type") == "lora"
    assert field("general.architecture") == architecture
    tensors = {tensor.name: tensor.data for tensor in reader.tensors}
    checked = 0
    for name, module in adapted.named_modules():
        if not isinstance(module, peft.tuners.lora.Linear):
            continue
        parts = name.split(".")
        projection, layer = parts[-1], parts[parts.index("layers") + 1]
        prefix = f"blk.{layer}.{NAMES[projection]}.weight"
        a, b = tensors.pop(prefix + ".lora_a"), tensors.pop(prefix + ".lora_b")
        if pairs and projection in ("q_proj", "k_proj"):
            heads = "num_attention_heads" if projection == "q_proj" else "num_key_value_heads"
            b = unpair(b, SIZES[heads])
        delta = field("adapter.lora.alpha") / b.shape[1] * (b @ a)
        wanted = module.get_delta_weight("default").detach().numpy()
        assert numpy.abs(delta - wanted).max() < 1e-4, name
        checked += 1
    assert checked == 14 and not tensors, (checked, list(tensors))


def main():
    worker = parser(__doc__).parse_args().programs / "ropewalk-worker"
    for family, (config_class, architecture, pairs, more) in FAMILIES.items():
        for rslora in (False, True):
            with tempfile.TemporaryDirectory() as name:
                folder = pathlib.Path(name)
                adapted = make(folder, config_class, more, rslora)
                error = check_merged(adapted, export(worker, folder, "merged", folder / "merged"))
                path = export(worker, folder, "gguf", folder / "adapter.gguf")
                check_gguf(adapted, path, architecture, pairs)
                print(f"{family}, rslora {rslora}: merged logits within {error:.1e}, gguf equal")


if __name__ == "__main__":
    main()
