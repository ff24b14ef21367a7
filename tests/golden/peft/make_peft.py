"""Writes base/ and a folder for each adapter: a tiny Llama, adapters that PEFT made for it, and losses.json with the loss that
PEFT computes with each. Needs torch 2.15, transformers 5.23 and peft 0.21.2: python tests/golden/peft/make_peft.py
"""

import json
import pathlib
import shutil

import torch
from peft import LoraConfig, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM

HERE = pathlib.Path(__file__).parent
TOKENS = [3, 1, 4, 1, 5, 9, 2, 6, 31, 8, 28, 18]
ADAPTERS = {
    "rslora": {"use_rslora": True, "target_modules": ["q_proj", "v_proj"]},
    "patterns": {"target_modules": "all-linear", "rank_pattern": {"q_proj": 2, "layers.1.mlp.up_proj": 6},
                 "alpha_pattern": {"down_proj": 3, r".*\.0\.self_attn\.o_proj": 20}, "use_rslora": True},
    "dora": {"use_dora": True, "target_modules": "all-linear", "rank_pattern": {"k_proj": 2}},
    "pissa": {"init_lora_weights": "pissa", "target_modules": ["q_proj", "down_proj"]},
    "olora": {"init_lora_weights": "olora", "target_modules": ["v_proj", "gate_proj"]},
}


def base_model():
    config = LlamaConfig(hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4, vocab_size=32,
                         num_key_value_heads=2, max_position_embeddings=64, rms_norm_eps=1e-5, initializer_range=0.2)
    torch.manual_seed(3)
    return LlamaForCausalLM(config).eval()


def write_adapter(name, settings):
    """Saves an adapter with every value moved, for the base as it is; returns the summed loss."""
    folder, start = HERE / name, HERE / "start"
    model = get_peft_model(base_model(), LoraConfig(r=4, lora_alpha=6, task_type="CAUSAL_LM", **settings)).eval()
    divides = isinstance(settings.get("init_lora_weights"), str)
    if divides:
        model.peft_config["default"].init_lora_weights = True
        model.save_pretrained(start)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.add_(0.1 * torch.randn_like(parameter))
    tokens = torch.tensor([TOKENS])
    loss = model(tokens, labels=tokens).loss.item() * (len(TOKENS) - 1)
    if divides:
        model.save_pretrained(folder, path_initial_model_for_weight_conversion=str(start))
        shutil.rmtree(start)
    else:
        model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    sort_target_modules(folder / "adapter_config.json")
    return loss


def sort_target_modules(path):
    """PEFT keeps the names in a set, whose order is another each time."""
    config = json.loads(path.read_text())
    config["target_modules"].sort()
    path.write_text(json.dumps(config, indent=2, sort_keys=True))


def main():
    base_model().save_pretrained(HERE / "base")
    losses = {name: write_adapter(name, settings) for name, settings in ADAPTERS.items()}
    (HERE / "losses.json").write_text(json.dumps({"tokens": TOKENS, "losses": losses}, indent=1) + "\n")


if __name__ == "__main__":
    main()
