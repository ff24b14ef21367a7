"""Compares Ropewalk with transformers, and with PEFT where there is an adapter, on Hugging Face model
folders.

    python compare_models.py [--worker build/dev/bin/ropewalk-worker] [--adapter FOLDER]
                             [--lengths 48 29] [--seed 0] MODEL_FOLDER...

Random documents of the given lengths are run through both, in float32 on the CPU: logits must agree
within 1e-4 and every gradient within 1e-4 of its norm, and Ropewalk's bf16 may be no further from
float32 than 1.5 times transformers' bfloat16. Prints what it measured and exits with 1 where
something disagrees. Needs torch, transformers, safetensors, and peft for adapters.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import torch
import transformers
from safetensors.torch import load_file

LOGITS, GRADIENT, BFLOAT16 = 1e-4, 1e-4, 1.5


def load(folder, adapter, dtype):
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=dtype,
                                                              attn_implementation="eager")
    if adapter:
        import peft
        model = peft.PeftModel.from_pretrained(model, adapter)
    return model.eval()


def theirs(folder, adapter, documents, dtype=torch.float32, gradients=False):
    """Each document alone, with a rotary embedding that has met no other (dynamic RoPE remembers)."""
    model = load(folder, adapter, dtype)
    result, loss = {}, 0.0
    for i, ids in enumerate(documents):
        for module in model.modules():
            if hasattr(module, "rotary_emb"):
                module.rotary_emb = type(module.rotary_emb)(module.rotary_emb.config)
        with torch.set_grad_enabled(gradients):
            logits = model(torch.tensor([ids])).logits[0].float()
            loss = loss + torch.nn.functional.cross_entropy(logits[:-1], torch.tensor(ids[1:]),
                                                            reduction="sum")
        result[f"logits.{i}"] = logits.detach()
    if gradients:
        loss.backward()
        result |= {f"gradient.{name}": p.grad for name, p in model.named_parameters()}
    return result


def ours(worker, folder, adapter, documents, precision, gradients=False):
    with tempfile.TemporaryDirectory() as scratch:
        tokens, output = pathlib.Path(scratch, "tokens.json"), pathlib.Path(scratch, "out")
        tokens.write_text(json.dumps(documents))
        command = [worker, "logits", "--base", folder, "--tokens", tokens, "--output", output,
                   "--precision", precision]
        command += ["--adapter", adapter] if adapter else []
        command += ["--gradients"] if gradients else []
        subprocess.run(command, check=True)
        return load_file(output)


def whole(tensors, documents):
    return torch.cat([tensors[f"logits.{i}"] for i in range(len(documents))])


def relative(value, expected):
    return ((value - expected).norm() / expected.norm()).item()


def compare(options, folder):
    """Prints a line for the folder; returns whether all agrees."""
    adapter = options.adapter
    generator = torch.Generator().manual_seed(options.seed)
    vocabulary = json.loads(pathlib.Path(folder, "config.json").read_text())["vocab_size"]
    documents = [torch.randint(vocabulary, (n,), generator=generator).tolist()
                 for n in options.lengths]
    expected = theirs(folder, adapter, documents, gradients=not adapter)
    got = ours(options.worker, folder, adapter, documents, "float32", gradients=not adapter)
    logits = (whole(got, documents) - whole(expected, documents)).abs().max().item()
    gradients = {name: relative(got[name], value) for name, value in expected.items()
                 if name.startswith("gradient.")}
    worst = max(gradients, key=gradients.get, default=None)
    half = relative(whole(theirs(folder, adapter, documents, torch.bfloat16), documents),
                    whole(expected, documents))
    own_half = relative(whole(ours(options.worker, folder, adapter, documents, "bf16"), documents),
                        whole(got, documents))
    good = (logits <= LOGITS and own_half <= BFLOAT16 * half
            and all(error <= GRADIENT for error in gradients.values()))
    print(f"{'ok ' if good else 'BAD'} {folder}: logits {logits:.1e}"
          + (f", gradients {gradients[worst]:.1e} ({worst})" if worst else "")
          + f", bf16 {own_half:.1e} (transformers {half:.1e})")
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("folders", nargs="+", metavar="MODEL_FOLDER")
    parser.add_argument("--worker", default="build/dev/bin/ropewalk-worker")
    parser.add_argument("--adapter", help="PEFT folder, put on every model")
    parser.add_argument("--lengths", nargs="+", type=int, default=[48, 29])
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    return 0 if all([compare(options, folder) for folder in options.folders]) else 1


if __name__ == "__main__":
    sys.exit(main())
