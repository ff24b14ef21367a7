"""Compares Ropewalk with transformers, and with PEFT where there is an adapter, on Hugging Face model
folders.

    ./dev oracles compare_models     or, with the packages of ../requirements.txt:
    compare_models.py [--programs build/release/bin] [--adapter FOLDER] [--lengths 48 29] [--seed 0]
                      [MODEL_FOLDER...]

Random documents of the given lengths are run through both, in float32 on the CPU: logits must agree
within 1e-4 and every gradient within 1e-4 of its norm, and Ropewalk's bf16 may be no further from
float32 than 1.5 times transformers' bfloat16. Prints what it measured and exits with 1 where
something disagrees. Without folders: the golden models, every family with each kind of RoPE.
"""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import torch
import transformers
from safetensors.torch import load_file

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from oracles_common import parser

HERE = pathlib.Path(__file__).resolve().parent
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


def ours(programs, folder, adapter, documents, precision, gradients=False):
    with tempfile.TemporaryDirectory() as scratch:
        tokens, output = pathlib.Path(scratch, "tokens.json"), pathlib.Path(scratch, "out")
        tokens.write_text(json.dumps(documents))
        command = [programs / "ropewalk-worker", "logits", "--base", folder, "--tokens", tokens, "--output", output,
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
    got = ours(options.programs, folder, adapter, documents, "float32", gradients=not adapter)
    logits = (whole(got, documents) - whole(expected, documents)).abs().max().item()
    gradients = {name: relative(got[name], value) for name, value in expected.items()
                 if name.startswith("gradient.")}
    worst = max(gradients, key=gradients.get, default=None)
    half = relative(whole(theirs(folder, adapter, documents, torch.bfloat16), documents),
                    whole(expected, documents))
    own_half = relative(whole(ours(options.programs, folder, adapter, documents, "bf16"), documents),
                        whole(got, documents))
    good = (logits <= LOGITS and own_half <= BFLOAT16 * half
            and all(error <= GRADIENT for error in gradients.values()))
    print(f"{'ok ' if good else 'BAD'} {folder}: logits {logits:.1e}"
          + (f", gradients {gradients[worst]:.1e} ({worst})" if worst else "")
          + f", bf16 {own_half:.1e} (transformers {half:.1e})")
    return good


def golden_models(scratch):
    """Folders, each whole, with the weights of a family and the config of one of its kinds of RoPE."""
    for config in sorted(HERE.glob("*/*/config.json")):
        folder = scratch / config.parent.relative_to(HERE)
        folder.mkdir(parents=True)
        for file in [config, *config.parents[1].glob("model*")]:
            shutil.copy(file, folder)
        yield folder


def main():
    arguments = parser(__doc__)
    arguments.add_argument("folders", nargs="*", type=pathlib.Path, metavar="MODEL_FOLDER")
    arguments.add_argument("--adapter", help="PEFT folder, put on every model")
    arguments.add_argument("--lengths", nargs="+", type=int, default=[48, 29])
    arguments.add_argument("--seed", type=int, default=0)
    options = arguments.parse_args()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    with tempfile.TemporaryDirectory() as scratch:
        folders = options.folders or golden_models(pathlib.Path(scratch))
        return 0 if all([compare(options, folder) for folder in folders]) else 1


if __name__ == "__main__":
    sys.exit(main())
