"""Writes the golden models: tiny random ones of every family and kind of RoPE, and what transformers
and PEFT make of them in float32 on the CPU.

    ./dev oracles make_models

    documents.jsonl              rows to train on
    documents.json               their token ids; the first two are those of the logits and gradients
    <family>/*.safetensors       the weights, in the layout of a Hugging Face folder
    <family>/lora/               a PEFT adapter, as it is before training
    <family>/<rope>/config.json
    <family>/<rope>/expected.safetensors  logits [kept rows of both documents, vocabulary] and the
                                          gradients of the summed loss by every weight
    <family>/<rope>/expected.json         loss, error of bfloat16, generated ids, losses of training

Everything is a function of this file. The two documents are longer than the sliding windows and than
the lengths from which RoPE is scaled; each is run alone, as a sequence of its own.
"""

import gc
import json
import pathlib
import shutil

import peft
import tokenizers
import torch
import transformers
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).parent
TOKENIZER = HERE / "../../../examples/pretrain/untrained/tokenizer.json"
END_OF_TEXT = 256
VOCABULARY, HIDDEN, INNER, LAYERS, HEADS = 260, 32, 40, 2, 4
ORIGINAL = 32  # the length from which scaled kinds of RoPE differ from the plain one
LONGEST = 128
KEPT_ROWS = 6  # the last rows of each document whose logits are kept
PROMPT, NEW_TOKENS = 6, 64
STEPS, LEARNING_RATE, WEIGHT_DECAY = 20, 2e-3, 0.1
# Far above the rounding errors of gradients: with the usual 1e-8, AdamW's first step moves an element
# whose gradient is nothing but such an error by the whole learning rate, in a direction of chance.
EPSILON = 1e-6
LORA = {"r": 4, "lora_alpha": 8, "target_modules": "all-linear"}

TEXTS = ["A robe of ropes was walked to the well at dawn.", "Nine bells rang; no one rang back.",
         "two sheds, one key", "The quick ledger forgets nothing it was paid for."]

COMMON = {"vocab_size": VOCABULARY, "hidden_size": HIDDEN, "intermediate_size": INNER,
          "num_hidden_layers": LAYERS, "num_attention_heads": HEADS, "num_key_value_heads": 2,
          "rms_norm_eps": 1e-5, "initializer_range": 0.2, "hidden_act": "silu",
          "attention_dropout": 0.0, "use_cache": True, "bos_token_id": None,
          "eos_token_id": END_OF_TEXT}

# Each family with the spelling of its config (transformers 4 or 5) and how its weights are stored.
FAMILIES = {
    "llama": {"spelling": 5, "dtype": "float32", "shards": 2, "seed": 1,
              "config": {"architectures": ["LlamaForCausalLM"], "model_type": "llama",
                         "tie_word_embeddings": False}},
    "llama_biased": {"spelling": 4, "dtype": "bfloat16", "shards": 1, "seed": 2,
                     "config": {"architectures": ["LlamaForCausalLM"], "model_type": "llama",
                                "attention_bias": True, "mlp_bias": True, "pretraining_tp": 1,
                                "tie_word_embeddings": True}},
    "mistral": {"spelling": 4, "dtype": "float16", "shards": 1, "seed": 3,
                "config": {"architectures": ["MistralForCausalLM"], "model_type": "mistral",
                           "sliding_window": 11, "head_dim": 12, "tie_word_embeddings": True}},
    "qwen2": {"spelling": 4, "dtype": "bfloat16", "shards": 2, "seed": 4,
              "config": {"architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2",
                         "use_sliding_window": True, "sliding_window": 9, "max_window_layers": 1,
                         "tie_word_embeddings": True}},
    "qwen3": {"spelling": 5, "dtype": "float32", "shards": 1, "seed": 5,
              "config": {"architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3",
                         "head_dim": 12, "attention_bias": False, "use_sliding_window": True,
                         "sliding_window": 7,
                         "layer_types": ["sliding_attention", "full_attention"],
                         "tie_word_embeddings": True}},
}


def factors(pairs, first, step):
    return [round(first + step * i, 4) for i in range(pairs)]


def ropes(family):
    """The kinds of RoPE that a family is tried with; optional settings differ by family."""
    head_dim = FAMILIES[family]["config"].get("head_dim", HIDDEN // HEADS)
    short, long = factors(head_dim // 2, 1.0, 0.1), factors(head_dim // 2, 1.5, 0.75)
    kinds = {
        "default": {"rope_type": "default"},
        "linear": {"rope_type": "linear", "factor": 2.5},
        "dynamic": {"rope_type": "dynamic", "factor": 2.0},
        "llama3": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
                   "high_freq_factor": 4.0, "original_max_position_embeddings": ORIGINAL},
    }
    yarn = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": ORIGINAL}
    longrope = {"rope_type": "longrope", "short_factor": short, "long_factor": long,
                "original_max_position_embeddings": ORIGINAL}
    if family == "llama":
        return kinds | {"yarn": yarn, "longrope": longrope}
    if family == "mistral":
        return kinds | {"yarn": yarn | {"mscale": 1.2, "mscale_all_dim": 0.7},
                        "longrope": longrope | {"factor": 3.0}}
    if family == "qwen2":
        return kinds | {"yarn": yarn | {"attention_factor": 1.3, "beta_fast": 8, "beta_slow": 2},
                        "longrope": longrope | {"attention_factor": 0.9}}
    if family == "qwen3":
        return kinds | {"yarn": yarn | {"truncate": False, "beta_fast": 4.0}, "longrope": longrope}
    return {"default": kinds["default"]}


def config_json(family, rope):
    spec = FAMILIES[family]
    config = COMMON | spec["config"]
    config["max_position_embeddings"] = ORIGINAL if rope["rope_type"] == "dynamic" else LONGEST
    if spec["spelling"] == 5:
        return config | {"dtype": spec["dtype"], "transformers_version": "5.23.0",
                         "rope_parameters": rope | {"rope_theta": 1000.0}}
    config |= {"torch_dtype": spec["dtype"], "transformers_version": "4.46.0", "rope_theta": 1000.0,
               "rope_scaling": None}
    if rope["rope_type"] != "default":
        scaling = {key: value for key, value in rope.items() if key != "rope_type"}
        config["rope_scaling"] = {"type": rope["rope_type"]} | scaling
    return config


def write_json(path, value):
    path.write_text(json.dumps(value, indent=1) + "\n")


def make_weights(family, folder):
    """Random weights that keep a tiny model lively: norms about 1, biases and matrices about 0."""
    spec = FAMILIES[family]
    torch.manual_seed(spec["seed"])
    config = transformers.AutoConfig.for_model(**COMMON | spec["config"])
    model = transformers.AutoModelForCausalLM.from_config(config)
    state = {}
    for name, weight in model.state_dict().items():
        if name == "lm_head.weight" and spec["config"]["tie_word_embeddings"]:
            continue
        spread = 0.2 if "norm" in name or name.endswith("bias") else 0.25
        values = spread * torch.randn(weight.shape) + (1.0 if "norm" in name else 0.0)
        state[name] = values.to(getattr(torch, spec["dtype"]))
    if family == "llama":  # a table that old checkpoints carry and nobody reads
        state["model.layers.0.self_attn.rotary_emb.inv_freq"] = torch.ones(HIDDEN // HEADS // 2)
    write_shards(state, spec["shards"], folder)


def write_shards(state, shards, folder):
    if shards == 1:
        return save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    names = sorted(state)
    weight_map = {}
    for shard in range(shards):
        file = f"model-{shard + 1:05}-of-{shards:05}.safetensors"
        part = {name: state[name] for name in names[shard::shards]}
        save_file(part, folder / file, metadata={"format": "pt"})
        weight_map |= {name: file for name in part}
    write_json(folder / "model.safetensors.index.json",
               {"metadata": {}, "weight_map": dict(sorted(weight_map.items()))})


def load(folder, dtype=torch.float32):
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=dtype,
                                                              attn_implementation="eager")
    return model.eval()


def reset_rope(model):
    """Dynamic RoPE remembers the longest sequence; every document here is the first."""
    for module in model.modules():
        if hasattr(module, "rotary_emb"):
            module.rotary_emb = type(module.rotary_emb)(module.rotary_emb.config)


def run(model, documents):
    """The logits of each document and the summed loss of all."""
    logits, loss = [], 0.0
    for ids in documents:
        reset_rope(model)
        output = model(torch.tensor([ids])).logits[0]
        logits.append(output)
        loss = loss + torch.nn.functional.cross_entropy(output[:-1].float(), torch.tensor(ids[1:]),
                                                        reduction="sum")
    return logits, loss


def generate(model, prompt):
    reset_rope(model)
    with torch.no_grad():
        output = model.generate(torch.tensor([prompt]), do_sample=False, max_new_tokens=NEW_TOKENS,
                                eos_token_id=None, pad_token_id=END_OF_TEXT, output_scores=True,
                                return_dict_in_generate=True)
    best = torch.stack(output.scores)[:, 0].topk(2).values
    margin = (best[:, 0] - best[:, 1]).min().item()
    assert margin > 2e-4, f"a tie: another seed is needed ({margin})"
    return output.sequences[0, len(prompt):].tolist()


def train(model, documents):
    """The mean losses of AdamW's steps over all documents, as transformers' Trainer groups weights:
    norms and biases do not decay."""
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    spared = [p for name, p in named if "norm" in name or name.endswith("bias")]
    decayed = [p for name, p in named if not ("norm" in name or name.endswith("bias"))]
    optimizer = torch.optim.AdamW([{"params": decayed, "weight_decay": WEIGHT_DECAY},
                                   {"params": spared, "weight_decay": 0.0}], lr=LEARNING_RATE,
                                  betas=(0.9, 0.999), eps=EPSILON)
    targets = sum(len(ids) - 1 for ids in documents)
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = run(model, documents)[1] / targets
        loss.backward()
        torch.nn.utils.clip_grad_norm_([p for _, p in named], 1.0)
        optimizer.step()
        losses.append(loss.item())
    return losses


def with_adapter(model, folder):
    """The model with a fresh adapter, which is written to `folder` unless it is there."""
    if folder.exists():
        return peft.PeftModel.from_pretrained(model, folder, is_trainable=True)
    torch.manual_seed(11)
    adapted = peft.get_peft_model(model, peft.LoraConfig(task_type="CAUSAL_LM", **LORA))
    for name, p in adapted.named_parameters():  # B is not left at 0, so that all gradients count
        if "lora_" in name:
            p.data = 0.05 * torch.randn_like(p)
    adapted.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    config = json.loads((folder / "adapter_config.json").read_text())
    # PEFT keeps the names in a set, whose order is another each time.
    targets = sorted(config["target_modules"])
    write_json(folder / "adapter_config.json", config | {"base_model_name_or_path": "tiny", "target_modules": targets})
    return adapted


def make_case(family, name, rope, documents):
    folder = HERE / family / name
    folder.mkdir(exist_ok=True)
    write_json(folder / "config.json", config_json(family, rope))
    complete = HERE / family / "complete"  # what from_pretrained can read, for a moment
    shutil.rmtree(complete, ignore_errors=True)
    complete.mkdir()
    for file in [*(HERE / family).glob("model*"), folder / "config.json"]:
        shutil.copy(file, complete)
    pair = documents[:2]
    model = load(complete)
    logits, loss = run(model, pair)
    loss.backward()
    kept = torch.cat([rows[-KEPT_ROWS:] for rows in logits]).detach()
    gradients = {f"gradient.{key}": p.grad.clone() for key, p in model.named_parameters()}
    with torch.no_grad():
        halves = run(load(complete, torch.bfloat16), pair)[0]
    whole = torch.cat(logits).detach()
    error = (torch.cat(halves).float() - whole).norm() / whole.norm()
    save_file({"logits": kept.contiguous()} | gradients, folder / "expected.safetensors")
    expected = {"loss": loss.item(), "bfloat16_error": error.item(),
                "generated": generate(model, pair[0][:PROMPT])}
    expected["full_losses"] = train(load(complete).train(), documents)
    if name == "default":
        adapted = with_adapter(load(complete).train(), HERE / family / "lora")
        expected["lora_losses"] = train(adapted, documents)
    write_json(folder / "expected.json", expected)
    shutil.rmtree(complete)
    gc.collect()


def main():
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    tokenizer = tokenizers.Tokenizer.from_file(str(TOKENIZER))
    documents = [tokenizer.encode(text).ids + [END_OF_TEXT] for text in TEXTS]
    (HERE / "documents.jsonl").write_text(
        "".join(json.dumps({"text": text}) + "\n" for text in TEXTS))
    write_json(HERE / "documents.json", documents)
    for family in FAMILIES:
        shutil.rmtree(HERE / family, ignore_errors=True)
        (HERE / family).mkdir()
        make_weights(family, HERE / family)
        for name, rope in ropes(family).items():
            make_case(family, name, rope, documents)
            print(family, name)


if __name__ == "__main__":
    main()
