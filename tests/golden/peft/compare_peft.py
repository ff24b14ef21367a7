#!/usr/bin/env python3
"""Trains every kind of LoRA adapter with Ropewalk and with PEFT and compares the losses, the adapters' logits and what they generate.

    ./dev oracles compare_peft        or, with the packages of ../requirements.txt:  compare_peft.py --programs build/release/bin

For a tiny model of each family and each kind: 20 steps on a local cluster of two workers. The adapter that it publishes must give
the same logits (1e-4) and the same greedy text in PEFT as in Ropewalk. PEFT with torch's AdamW, from the same first adapter and over
the same rows in the same order, must have the same losses: within 1e-5 with sync.reduction float32, within 2e-5 with exact. Where the
first adapter is a decomposition (PiSSA, OLoRA), PEFT makes its own, too, and must have the same losses from there.
"""

import json
import math
import pathlib
import random
import subprocess
import sys
import tempfile

import torch
import transformers
from peft import LoraConfig, PeftModel, get_peft_model, set_peft_model_state_dict
from peft.optimizers import create_loraplus_optimizer
from safetensors.torch import load_file

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from oracles_common import ROOT, Cluster, parser, peft_losses, preview, write_job

STEPS, RATE, DECAY = 20, 2e-3, 0.01
LOGITS, LOSS = 1e-4, {"float32": 1e-5, "exact": 2e-5}
NEW_TOKENS = 64
TOKENIZER = ROOT / "examples/pretrain/untrained"

COMMON = {"vocab_size": 264, "hidden_size": 64, "intermediate_size": 160, "num_hidden_layers": 2, "num_attention_heads": 4,
          "num_key_value_heads": 2, "max_position_embeddings": 256, "bos_token_id": None, "eos_token_id": 256}
FAMILIES = {
    "llama": lambda: transformers.LlamaForCausalLM(transformers.LlamaConfig(**COMMON, tie_word_embeddings=False)),
    "qwen2": lambda: transformers.Qwen2ForCausalLM(transformers.Qwen2Config(**COMMON, tie_word_embeddings=True)),
}

# A job's method.lora; what is not said is rank 8 and alpha 16 in every linear layer.
KINDS = {
    "plain": {},
    "two_layers": {"target_modules": ["q_proj", "v_proj"], "alpha": 5},
    "regex": {"target_modules": [r"regex:.*\.1\.(self_attn\.[kv]|mlp\.down)_proj"]},
    "excluded": {"exclude_modules": ["o_proj", "up_proj"]},
    "rslora": {"use_rslora": True},
    "patterns": {"rank_pattern": {"q_proj": 2, "layers.1.mlp.up_proj": 12}, "use_rslora": True,
                 "alpha_pattern": {"down_proj": 3, r".*\.0\.self_attn\.o_proj": 40}},
    "loraplus": {"loraplus_lr_ratio": 8},
    "dora": {"use_dora": True},
    "dora_rslora": {"use_dora": True, "use_rslora": True, "target_modules": ["k_proj", "gate_proj"]},
    "gaussian": {"init_lora_weights": "gaussian"},
    "pissa": {"init_lora_weights": "pissa"},
    "pissa_niter_4": {"init_lora_weights": "pissa_niter_4", "use_rslora": True},
    "olora": {"init_lora_weights": "olora"},
}


def make_rows(path):
    draw = random.Random(4)
    things, places = ["rope", "yarn", "tar", "hemp", "bobbin"], ["shed", "yard", "loft", "quay"]
    with path.open("w") as out:
        for _ in range(60):
            thing, place, count = draw.choice(things), draw.choice(places), draw.randrange(2, 99)
            row = {"prompt": f"{count} {thing} to the {place}:", "completion": f" the {place} has {count} more {thing}"}
            out.write(json.dumps(row) + "\n")


def make_base(family, folder, tokenizer):
    """A model that has seen some text, so that what it generates is text; every bias is something."""
    torch.manual_seed(11)
    model = FAMILIES[family]()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("bias"):
                parameter.normal_(std=0.1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    text = tokenizer("Hemp is spun to yarn, yarn is tarred and laid to rope, and rope is coiled on the quay. ")["input_ids"]
    for _ in range(60):
        optimizer.zero_grad()
        model(input_ids=torch.tensor([text * 2]), labels=torch.tensor([text * 2])).loss.backward()
        optimizer.step()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def load_base(base):
    return transformers.AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32, attn_implementation="eager").eval()


def divides(lora):
    return lora.get("init_lora_weights", "").startswith(("pissa", "olora"))


def peft_config(lora, init):
    settings = {key: value for key, value in lora.items() if key not in ("loraplus_lr_ratio", "init_lora_weights")}
    targets = settings.pop("target_modules", ["all-linear"])
    settings["target_modules"] = targets[0].removeprefix("regex:") if len(targets) == 1 else targets
    return LoraConfig(r=settings.pop("rank", 8), lora_alpha=settings.pop("alpha", 16), task_type="CAUSAL_LM",
                      init_lora_weights=init, **settings)


def trained_half(name, tensor):
    """Of a published tensor of twice the rank, which holds the trained adapter and then, to be taken away, the first one."""
    dimension = 0 if "lora_A" in name else 1
    return tensor.narrow(dimension, 0, tensor.shape[dimension] // 2).contiguous()


def peft_model(base, lora, first):
    """PEFT's own model of a kind, at Ropewalk's first values."""
    model = get_peft_model(load_base(base), peft_config(lora, True))
    if not divides(lora):
        set_peft_model_state_dict(model, first)
        return model
    set_peft_model_state_dict(model, {name: trained_half(name, tensor) for name, tensor in first.items()})
    with torch.no_grad():
        for module in model.modules():
            if hasattr(module, "lora_A"):
                module.base_layer.weight -= module.get_delta_weight("default")
    return model


def optimizer_of(model, lora, epsilon):
    if "loraplus_lr_ratio" in lora:
        ratio = lora["loraplus_lr_ratio"]
        optimizer = create_loraplus_optimizer(model, torch.optim.AdamW, lr=1.0, loraplus_lr_ratio=ratio,
                                              loraplus_weight_decay=DECAY, eps=epsilon)
        for group in optimizer.param_groups:
            group["ratio"] = group["lr"]
        return optimizer
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    return torch.optim.AdamW([{"params": [p for p in trained if p.ndim > 1], "weight_decay": DECAY},
                              {"params": [p for p in trained if p.ndim == 1], "weight_decay": 0.0}], lr=1.0, eps=epsilon)


def check_first(lora, first):
    """A and B begin as said: B zero, A uniform or normal. A decomposition's are compared with PEFT's own."""
    if divides(lora):
        return
    gaussian = lora.get("init_lora_weights") == "gaussian"
    for name, tensor in first.items():
        if "lora_B" in name and tensor.abs().max() > 1e-20:
            sys.exit(f"{name} does not begin with zeros")
        if "lora_A" in name:
            deviation = 1 / tensor.shape[0] if gaussian else 1 / math.sqrt(3 * tensor.shape[1])
            bound = math.inf if gaussian else 1.0001 * deviation * math.sqrt(3)
            if abs(tensor.std().item() / deviation - 1) > 0.25 or tensor.abs().max() > bound:
                sys.exit(f"{name} begins with a deviation of {tensor.std()}, not {deviation}")


def worst(a, b):
    return max(abs(x - y) for x, y in zip(a, b, strict=True))


class Comparison:
    def __init__(self, options, cluster, folder, family, epsilon):
        self.programs, self.cluster, self.folder = options.programs, cluster, folder
        self.family, self.epsilon = family, epsilon
        self.base = folder / family
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(TOKENIZER)
        make_base(family, self.base, self.tokenizer)

    def train(self, kind, reduction, name, **training):
        """Trains; returns the record, and where the adapter and the job file are."""
        training = {"max_steps": STEPS, "epochs": 3, "global_batch_size": 8, "micro_batch_tokens": 256, "max_sequence_length": 128,
                    "learning_rate": RATE, "schedule": "cosine", "warmup_ratio": 0.1, "max_grad_norm": 1.0, "weight_decay": DECAY,
                    "adam_epsilon": self.epsilon, "seed": 9, "checkpoint_every_steps": 0} | training
        where = self.folder / f"{self.family}_{kind}_{name}"
        job = write_job(where.with_suffix(".yaml"), {
            "base_model": str(self.base), "train_data": [str(self.folder / "rows.jsonl")], "adapter": f"check/{where.name}",
            "method": {"lora": {"rank": 8, "alpha": 16} | KINDS[kind]}, "training": training, "sync": {"reduction": reduction}})
        return self.cluster.train(job, where), where, job

    def logits(self, adapter):
        """The greatest difference over two documents."""
        documents = [self.tokenizer(text)["input_ids"] for text in
                     ("17 hemp to the loft: the loft has 17 more hemp", "yarn is tarred and laid to rope")]
        tokens, output = adapter / "tokens.json", adapter / "logits.safetensors"
        tokens.write_text(json.dumps(documents))
        subprocess.run([self.programs / "ropewalk-worker", "logits", "--base", self.base, "--adapter", adapter, "--tokens", tokens,
                        "--output", output], check=True)
        ours = load_file(output)
        model = PeftModel.from_pretrained(load_base(self.base), adapter).eval()
        with torch.no_grad():
            theirs = [model(input_ids=torch.tensor([ids])).logits[0] for ids in documents]
        return max((ours[f"logits.{i}"] - logits).abs().max().item() for i, logits in enumerate(theirs))

    def generated(self, adapter):
        """Whether both continue a prompt with the same text, and how many tokens that is."""
        prompt = "Hemp to the quay:"
        ours = subprocess.run([self.programs / "ropewalk-worker", "generate", "--base", self.base, "--adapter", adapter, "--prompt",
                               prompt, "--max-new-tokens", str(NEW_TOKENS)], check=True, capture_output=True).stdout
        model = PeftModel.from_pretrained(load_base(self.base), adapter).eval()
        ids = torch.tensor([self.tokenizer(prompt)["input_ids"]])
        made = model.generate(input_ids=ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=NEW_TOKENS,
                              pad_token_id=256)[0, ids.shape[1]:]
        return ours.decode() == self.tokenizer.decode(made, skip_special_tokens=True) + "\n", len(made)

    def run(self, kind):
        """Prints a line; returns whether all of it agrees."""
        lora, good, said = KINDS[kind], True, []
        _, where, _ = self.train(kind, "exact", "first", max_steps=1, learning_rate=1e-30, weight_decay=0)
        first = load_file(where / "adapter_model.safetensors")
        check_first(lora, first)
        for reduction, most in LOSS.items():
            record, adapter, job = self.train(kind, reduction, reduction)
            rates, ours = [step["learning_rate"] for step in record], [step["loss"] for step in record]
            planned = preview(self.programs, job, STEPS)
            model = peft_model(self.base, lora, first)
            difference = worst(ours, peft_losses(model, optimizer_of(model, lora, self.epsilon), planned, rates))
            good &= difference <= most and ours[-1] < ours[0]
            said.append(f"{reduction} {difference:.1e}")
            if lora.get("init_lora_weights") in ("pissa", "olora"):
                model = get_peft_model(load_base(self.base), peft_config(lora, lora["init_lora_weights"]))
                difference = worst(ours, peft_losses(model, optimizer_of(model, lora, self.epsilon), planned, rates))
                good &= difference <= most
                said.append(f"from PEFT's own start {difference:.1e}")
        logits, (same, count) = self.logits(adapter), self.generated(adapter)
        good &= logits <= LOGITS and same
        print(f"{'ok ' if good else 'BAD'} {self.family:5} {kind:13} logits {logits:.1e}, {count} tokens "
              f"{'the same' if same else 'DIFFER'}, loss {ours[0]:.3f} to {ours[-1]:.3f}, differing by {', '.join(said)}", flush=True)
        return good


def main():
    arguments = parser(__doc__)
    arguments.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    arguments.add_argument("--families", nargs="+", choices=FAMILIES, default=list(FAMILIES))
    arguments.add_argument("--adam-epsilon", type=float, default=1e-8)
    options = arguments.parse_args()
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    good = True
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        make_rows(folder / "rows.jsonl")
        with Cluster(options.programs, folder) as cluster:
            for family in options.families:
                comparison = Comparison(options, cluster, folder, family, options.adam_epsilon)
                good &= all([comparison.run(kind) for kind in options.kinds])
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
