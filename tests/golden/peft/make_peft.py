"""Writes base/ and a folder for each adapter: a tiny Llama, adapters that PEFT made for it, and losses.json with the loss that
PEFT computes with each. In trained/ the same for adapters that train weights of their base, too: in a folder for each base, beside
each adapter, expected.json (loss, logits, the losses of 20 steps of AdamW) and gradients.safetensors, of the mean loss, at the
adapter's values. Needs torch 2.15, transformers 5.23 and peft 0.21.2: python tests/golden/peft/make_peft.py
"""

import json
import pathlib
import shutil

import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM

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

SIZES = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": 32,
         "num_key_value_heads": 2, "max_position_embeddings": 64, "rms_norm_eps": 1e-5, "initializer_range": 0.2}
BASES = {
    "qwen2": (Qwen2ForCausalLM, Qwen2Config(**SIZES, tie_word_embeddings=False)),
    "llama": (LlamaForCausalLM, LlamaConfig(**SIZES, attention_bias=True, mlp_bias=True)),
    "tied": (LlamaForCausalLM, LlamaConfig(**SIZES, tie_word_embeddings=True)),
}
TRAINED = {
    "qwen2/bias_all": {"bias": "all", "target_modules": ["q_proj", "up_proj"]},
    "qwen2/bias_lora_only": {"bias": "lora_only", "target_modules": ["q_proj", "v_proj"]},
    "qwen2/embeddings": {"modules_to_save": ["embed_tokens", "lm_head"], "target_modules": ["v_proj"]},
    "qwen2/norm": {"modules_to_save": ["norm"], "target_modules": ["k_proj"]},
    "llama/bias_all": {"bias": "all", "target_modules": ["v_proj"]},
    "llama/bias_lora_only": {"bias": "lora_only", "use_dora": True, "target_modules": ["o_proj", "down_proj"]},
    "llama/mixed": {"bias": "all", "modules_to_save": ["q_proj", "1.mlp", "model.norm"], "target_modules": "all-linear"},
    "tied/embeddings": {"modules_to_save": ["lm_head"], "ensure_weight_tying": True, "target_modules": ["q_proj"]},
}
DECAYED, LEARNING_RATE = 0.1, 2e-3


def base_model():
    config = LlamaConfig(hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4, vocab_size=32,
                         num_key_value_heads=2, max_position_embeddings=64, rms_norm_eps=1e-5, initializer_range=0.2)
    torch.manual_seed(3)
    return LlamaForCausalLM(config).eval()


def save(model, folder, **settings):
    """Without the model card, and with what PEFT keeps in sets in order."""
    model.save_pretrained(folder, **settings)
    (folder / "README.md").unlink(missing_ok=True)
    config = json.loads((folder / "adapter_config.json").read_text())
    if isinstance(config["target_modules"], list):
        config["target_modules"].sort()
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=2, sort_keys=True))


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
        save(model, folder, path_initial_model_for_weight_conversion=str(start))
        shutil.rmtree(start)
    else:
        save(model, folder)
    return loss


def trained_base(name):
    """Norms and biases moved, so that they count."""
    kind, config = BASES[name]
    torch.manual_seed(4)
    model = kind(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 1:
                parameter.add_(0.2 * torch.randn_like(parameter))
    return model


def adamw_losses(model, tokens, steps=20):
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [{"params": [p for p in trained if p.ndim > 1], "weight_decay": DECAYED},
              {"params": [p for p in trained if p.ndim == 1], "weight_decay": 0}]
    optimizer = torch.optim.AdamW(groups, lr=LEARNING_RATE, betas=(0.9, 0.999), eps=1e-6)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = model(tokens, labels=tokens).loss
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def gradients(model):
    """Under the names of the adapter's file."""
    with torch.no_grad():
        values = {}
        for name, parameter in model.named_parameters():
            if parameter.requires_grad:
                name = name.replace(".modules_to_save.default", "").replace(".default", "")
                values[name.replace("lora_magnitude_vector.weight", "lora_magnitude_vector")] = parameter.grad.clone()
    return values


def write_trained(name, settings):
    """Saves an adapter with every trained value moved, and what PEFT computes with it."""
    folder = HERE / "trained" / name
    config = LoraConfig(r=4, lora_alpha=6, task_type="CAUSAL_LM", **settings)
    model = get_peft_model(trained_base(name.split("/")[0]), config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.add_(0.1 * torch.randn_like(parameter))
    save(model, folder)
    tokens = torch.tensor([TOKENS])
    output = model(tokens, labels=tokens)
    output.loss.backward()
    expected = {"tokens": TOKENS, "loss": output.loss.item(), "logits": output.logits.flatten().tolist()}
    by_name = gradients(model)
    assert set(by_name) <= set(load_file(folder / "adapter_model.safetensors")), name
    save_file(by_name, folder / "gradients.safetensors", metadata={"format": "pt"})
    expected |= {"learning_rate": LEARNING_RATE, "weight_decay": DECAYED, "losses": adamw_losses(model, tokens)}
    (folder / "expected.json").write_text(json.dumps(expected) + "\n")


def main():
    torch.set_num_threads(1)
    for base in BASES:
        trained_base(base).save_pretrained(HERE / "trained" / base / "base")
    for name, settings in TRAINED.items():
        write_trained(name, settings)
    base_model().save_pretrained(HERE / "base")
    losses = {name: write_adapter(name, settings) for name, settings in ADAPTERS.items()}
    (HERE / "losses.json").write_text(json.dumps({"tokens": TOKENS, "losses": losses}, indent=1) + "\n")


if __name__ == "__main__":
    main()
