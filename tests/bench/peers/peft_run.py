"""Measures one setting of PyTorch + transformers + PEFT, in a process of its own; train_vs_peft.py calls it.

Prints one JSON object: tokens_per_second (median step), peak_bytes (VmHWM, read at the end of the last step), idle_bytes (the
same after the imports), first_step_seconds (from the start of the process until the first step began) and the loss of every step.
With torch.compile the first step is not timed, because things are compiled in it; otherwise one micro-batch goes through forward and
backward before, without an update.
A step is what train_bench's is: all documents of the file, gradients accumulated over micro-batches and divided by the number of
target tokens of the step, clipped to norm 1, one AdamW update.
"""

import argparse
import json
import pathlib
import statistics
import time

import peft
import torch
import transformers


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True)
    parser.add_argument("--tokens", type=pathlib.Path, required=True, help="documents of one length, as train_bench reads them")
    parser.add_argument("--precision", choices=["bf16", "float32"], default="bf16")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--documents", type=int, default=0, help="of a micro-batch; 0: all at once")
    parser.add_argument("--compile", action="store_true", help="torch.compile")
    parser.add_argument("--ipex", action="store_true", help="with Intel's extension for PyTorch, which this Python must have")
    parser.add_argument("--autocast", action="store_true", help="torch.autocast to bfloat16, as transformers' Trainer does with bf16=True")
    parser.add_argument("--storage", choices=["", "nf4"], default="", help="of the base; nf4: bitsandbytes'")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--least-steps", type=int, default=2)
    return parser.parse_args()


def peak_bytes():
    status = pathlib.Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) * 1024


def seconds_since_process_start():
    fields = pathlib.Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    return time.clock_gettime(time.CLOCK_BOOTTIME) - int(fields[19]) / 100


def load(options):
    dtype = torch.bfloat16 if options.precision == "bf16" and not options.ipex else torch.float32  # the extension converts it itself
    quantization = None
    if options.storage == "nf4":
        quantization = transformers.BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True,
                                                       bnb_4bit_compute_dtype=dtype)
    base = transformers.AutoModelForCausalLM.from_pretrained(options.model, dtype=dtype, attn_implementation="sdpa",
                                                             quantization_config=quantization)
    base.config.use_cache = False
    config = peft.LoraConfig(task_type="CAUSAL_LM", r=16, lora_alpha=32, lora_dropout=0.0, target_modules="all-linear")
    return peft.get_peft_model(base, config).train()


def with_ipex(model, optimizer, precision):
    import intel_extension_for_pytorch
    return intel_extension_for_pytorch.optimize(model, optimizer=optimizer, dtype=torch.bfloat16 if precision == "bf16" else torch.float32)


class Steps:
    """Takes the steps, one a call; the result is the loss per target token."""

    def __init__(self, options):
        documents = [json.loads(line) for line in options.tokens.read_text().splitlines()]
        self.batches = torch.tensor(documents).split(options.documents or len(documents))
        self.targets = sum(len(document) - 1 for document in documents)
        self.autocast = options.autocast
        model = load(options)
        self.parameters = [p for p in model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(self.parameters, lr=1e-4, weight_decay=0.0, fused=True)
        if options.ipex:
            model, self.optimizer = with_ipex(model, self.optimizer, options.precision)
        self.model = torch.compile(model, backend="ipex" if options.ipex else "inductor") if options.compile else model

    def backward(self, batch):
        """Adds the gradients of a micro-batch; the result is its part of the step's loss."""
        with torch.autocast("cpu", torch.bfloat16, enabled=self.autocast):
            loss = self.model(input_ids=batch, labels=batch, num_items_in_batch=self.targets, use_cache=False).loss
        loss.backward()
        return loss.item()

    def warm_up(self):
        self.backward(self.batches[0])
        self.optimizer.zero_grad()

    def __call__(self):
        total = sum(self.backward(batch) for batch in self.batches)
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad()
        return total


def measure(options):
    pathlib.Path("/proc/self/oom_score_adj").write_text("1000")  # where memory is too small, this process is the one to go
    torch.manual_seed(0)
    torch.set_num_threads(options.threads)
    idle = peak_bytes()
    step = Steps(options)
    first_step = seconds_since_process_start()
    seconds, losses = [], []
    if options.compile:
        losses.append(step())
    else:
        step.warm_up()
    while len(seconds) < options.least_steps or sum(seconds) < options.seconds:
        start = time.perf_counter()
        losses.append(step())
        seconds.append(time.perf_counter() - start)
    return {"tokens_per_second": sum(batch.numel() for batch in step.batches) / statistics.median(seconds), "peak_bytes": peak_bytes(),
            "idle_bytes": idle, "first_step_seconds": first_step, "steps": len(seconds), "losses": losses,
            "versions": {"torch": torch.__version__, "transformers": transformers.__version__, "peft": peft.__version__}}


if __name__ == "__main__":
    print(json.dumps(measure(arguments())))
