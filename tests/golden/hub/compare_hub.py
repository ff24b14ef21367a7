#!/usr/bin/env python3
"""Trains an adapter and lets transformers and PEFT load it, its base and its tokenizer from the registry, by name, as from the Hugging Face Hub.

    ./dev oracles compare_hub        or, with the packages of ../requirements.txt:  compare_hub.py --programs build/release/bin

The logits must be the worker's (1e-4), and the base that the adapter's configuration names must be found by that name.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from oracles_common import ROOT, Cluster, parser, write_job

BASE, LOGITS = ROOT / "examples/tiny-base", 1e-4
TEXTS = ["5 March 2024 => ", "the 7th of June 1999 => 1999-06-07"]


def hub_address(cluster_file):
    members = {member["name"]: member for member in json.loads(cluster_file.read_text())["members"]}
    return "http://" + members["registry"]["http_address"]


def load_by_name(adapter):
    """The model and the tokenizer, from the Hub of the environment; its libraries read that when they are imported."""
    import torch
    import transformers
    from peft import AutoPeftModelForCausalLM, PeftConfig

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    base = PeftConfig.from_pretrained(adapter).base_model_name_or_path
    return AutoPeftModelForCausalLM.from_pretrained(adapter, dtype=torch.float32).eval(), transformers.AutoTokenizer.from_pretrained(base), base


def main():
    options = parser(__doc__).parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        with Cluster(options.programs, folder) as cluster:
            cluster.run("adapters", "push", BASE, "models/demo/tiny-base", *cluster.state)
            job = write_job(folder / "job.yaml", {
                "base_model": "demo/tiny-base", "train_data": [str(ROOT / "examples/dates/train.jsonl")], "adapter": "check/hub",
                "method": {"lora": {"rank": 8, "alpha": 16}}, "training": {"max_steps": 10, "learning_rate": 5e-3, "seed": 3}})
            cluster.train(job, folder / "adapter")
            os.environ |= {"HF_ENDPOINT": hub_address(folder / "cluster/cluster.json"), "HF_HOME": str(folder / "home"),
                           "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
            model, tokenizer, base = load_by_name("check/hub")
        import torch
        from safetensors.torch import load_file

        documents = [tokenizer(text)["input_ids"] for text in TEXTS]
        tokens, output = folder / "tokens.json", folder / "logits.safetensors"
        tokens.write_text(json.dumps(documents))
        subprocess.run([options.programs / "ropewalk-worker", "logits", "--base", BASE, "--adapter", folder / "adapter", "--tokens", tokens,
                        "--output", output], check=True)
        ours = load_file(output)
        with torch.no_grad():
            theirs = [model(input_ids=torch.tensor([ids])).logits[0] for ids in documents]
    apart = max((ours[f"logits.{i}"] - logits).abs().max().item() for i, logits in enumerate(theirs))
    print(f"{'ok ' if apart <= LOGITS else 'BAD'} check/hub on {base}, loaded by PEFT from the registry: logits differ by {apart:.1e}")
    return 0 if apart <= LOGITS else 1


if __name__ == "__main__":
    sys.exit(main())
