"""Writes optimizers.json: what the optimisers of PyTorch and bitsandbytes do in a few steps, and Lion by its definition.
Needs torch and bitsandbytes: python tests/golden/make_optimizers.py
"""

import json
import math
import pathlib

import bitsandbytes
import bitsandbytes.functional
import torch
from bitsandbytes.backends.cpu import ops as cpu
from torch.optim import _muon

ROWS, COLUMNS, STEPS = 6, 4, 8
LARGE = 4096 + 100


def run(make, start, gradients):
    """The parameters after each step."""
    parameters = torch.nn.Parameter(start.clone())
    optimizer = make([parameters])
    after = []
    for gradient in gradients:
        parameters.grad = gradient.clone()
        optimizer.step()
        after.append(parameters.detach().flatten().tolist())
    return after


def newton_schulz_float32(x, coefficients, steps, eps):
    """What PyTorch's Muon does in bfloat16, in float32."""
    a, b, c = coefficients
    tall = x.size(0) > x.size(1)
    x = x.T if tall else x
    x = x / x.norm().clamp(min=eps)
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if tall else x


def muon(start, gradients, options):
    in_bfloat16 = run(lambda p: torch.optim.Muon(p, **options), start, gradients)
    _muon._zeropower_via_newtonschulz = newton_schulz_float32
    after = run(lambda p: torch.optim.Muon(p, **options), start, gradients)
    difference = (torch.tensor(after) - torch.tensor(in_bfloat16)).abs().max().item()
    assert difference < 0.05 * STEPS * options["lr"], difference
    return after


class Lion(torch.optim.Optimizer):
    """Chen et al., 2023, algorithm 2, written from the paper."""

    def __init__(self, params, lr, betas, weight_decay):
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                m = self.state[p].setdefault("m", torch.zeros_like(p))
                update = torch.sign(beta1 * m + (1 - beta1) * p.grad) + group["weight_decay"] * p
                p -= group["lr"] * update
                m.mul_(beta2).add_(p.grad, alpha=1 - beta2)


def adamw_8bit(options):
    """Parameters in a tensor of LARGE elements; a sample of them after each step."""
    index = torch.arange(LARGE, dtype=torch.float64)
    start = torch.sin(0.37 * index).float()
    signed = bitsandbytes.functional.create_dynamic_map(True)
    unsigned = bitsandbytes.functional.create_dynamic_map(False)
    p, m, v = start.clone(), torch.zeros(LARGE), torch.zeros(LARGE)
    beta1, beta2 = options["betas"]
    after = []
    for step in range(1, STEPS + 1):
        g = torch.sin(index * 12.9898 + step).float() * torch.exp(-(index % 7)).float()
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        p = p * (1 - options["lr"] * options["weight_decay"])
        denominator = v.sqrt() / math.sqrt(1 - beta2**step) + options["eps"]
        p = p - options["lr"] / (1 - beta1**step) * m / denominator
        m, v = through_8_bits(m, signed), through_8_bits(v, unsigned)
        after.append(p[::60].tolist())
    library = bitsandbytes_adamw_8bit(start, index, options)
    difference = (torch.tensor(after[-1]) - library[::60]).abs().max().item()
    assert difference < 0.01 * options["lr"], difference
    return after


def through_8_bits(x, code):
    """Rounds to the nearest of the map's numbers, block by block."""
    bounds = (code[:-1] + code[1:]) / 2
    out = torch.empty_like(x)
    for begin in range(0, x.numel(), 256):
        block = x[begin : begin + 256]
        largest = block.abs().max()
        codes = torch.bucketize(block * (1 / largest.clamp(min=1e-38)), bounds)
        out[begin : begin + 256] = code[codes] * largest
    return out


def bitsandbytes_adamw_8bit(start, index, options):
    """The same steps by the library. Its quantisation for CPUs looks the nearest number up in a coarse table, which is wrong
    for small ones; its other kernels, and this, find the nearest."""
    cpu._quant_blockwise_fp32_direct = quantise_to_nearest
    parameters = torch.nn.Parameter(start.clone())
    optimizer = bitsandbytes.optim.AdamW8bit([parameters], **options)
    for step in range(1, STEPS + 1):
        parameters.grad = torch.sin(index * 12.9898 + step).float() * torch.exp(-(index % 7)).float()
        optimizer.step()
    return parameters.detach()


def quantise_to_nearest(x, code, absmax_out, out, blocksize):
    bounds = (code[:-1] + code[1:]) / 2
    for number, begin in enumerate(range(0, x.numel(), blocksize)):
        block = x[begin : begin + blocksize]
        absmax_out[number] = block.abs().max()
        out[begin : begin + blocksize] = torch.bucketize(block / absmax_out[number].clamp(min=1e-38), bounds)


def main():
    torch.manual_seed(11)
    start = torch.randn(ROWS, COLUMNS)
    gradients = torch.randn(STEPS, ROWS, COLUMNS)
    eight_bit = {"lr": 1e-2, "betas": (0.9, 0.99), "eps": 1e-8, "weight_decay": 0.1}
    sgd = {"lr": 3e-2, "weight_decay": 0.1}
    golden = {
        "torch": torch.__version__,
        "bitsandbytes": bitsandbytes.__version__,
        "rows": ROWS,
        "columns": COLUMNS,
        "start": start.flatten().tolist(),
        "gradients": gradients.reshape(STEPS, -1).tolist(),
        "sgd": run(lambda p: torch.optim.SGD(p, **sgd), start, gradients),
        "sgd_momentum": run(lambda p: torch.optim.SGD(p, momentum=0.9, **sgd), start, gradients),
        "sgd_nesterov": run(lambda p: torch.optim.SGD(p, momentum=0.9, nesterov=True, **sgd), start, gradients),
        "lion": run(lambda p: Lion(p, 1e-2, (0.9, 0.99), 0.1), start, gradients),
        "adamw_8bit": adamw_8bit(eight_bit),
        "signed_map": bitsandbytes.functional.create_dynamic_map(True).tolist(),
        "unsigned_map": bitsandbytes.functional.create_dynamic_map(False).tolist(),
        "muon": muon(start, gradients, {"lr": 2e-2, "momentum": 0.95, "weight_decay": 0.1}),
    }
    golden["muon_wide_matched"] = muon(
        start.reshape(COLUMNS, ROWS), gradients.reshape(STEPS, COLUMNS, ROWS),
        {"lr": 2e-2, "momentum": 0.9, "weight_decay": 0.1, "nesterov": False, "adjust_lr_fn": "match_rms_adamw"})
    path = pathlib.Path(__file__).with_name("optimizers.json")
    path.write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
