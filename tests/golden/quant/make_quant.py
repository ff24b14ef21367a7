"""Writes codecs.json: arrays as bitsandbytes quantises them, for worker/ops' tests.

    ./dev oracles make_quant

All on the CPU and deterministic. Arrays are hexadecimal, little-endian, "x" and scales as float32.
"""

import json
import pathlib

import bitsandbytes.functional as bnb
import numpy as np
import torch

HERE = pathlib.Path(__file__).parent


def hexadecimal(tensor):
    return tensor.detach().contiguous().numpy().tobytes().hex()


def arrays():
    """Name, values: every way a block can be odd."""
    draw = torch.Generator().manual_seed(3)
    normal = torch.randn(448, generator=draw)
    yield "normal", normal
    yield "large", normal * 1e30
    yield "tiny", normal * 1e-37
    yield "subnormal", normal * 1e-40
    yield "zero", torch.zeros(128)
    yield "constant", torch.full((128,), -0.75)
    yield "one outlier", torch.cat([torch.full((63,), 1e-3), torch.tensor([80.0])])
    yield "odd", torch.randn(201, generator=draw)
    yield "odd, zero tail", torch.cat([torch.randn(64, generator=draw), torch.zeros(3)])
    yield "short", torch.randn(5, generator=draw)
    yield "one", torch.tensor([3.0])
    # The bounds between codes, and their neighbours.
    code = bnb.get_4bit_type("nf4", device="cpu")
    bounds = (code[:-1] + code[1:]) / 2
    ones = torch.ones(19)
    around = [bounds, bounds.nextafter(torch.tensor(2.0)), bounds.nextafter(torch.tensor(-2.0))]
    yield "bounds", torch.cat([*around, ones])


def nf4_case(name, x):
    codes, state = bnb.quantize_4bit(x, quant_type="nf4", blocksize=64)
    back = bnb.dequantize_4bit(codes, state)
    return {
        "name": name,
        "x": hexadecimal(x),
        "codes": hexadecimal(codes),
        "absmax": hexadecimal(state.absmax),
        "dequantized": hexadecimal(back),
    }


def nearest_in_map(x, code, blocksize=256):
    """A reference written from the formula: share of the block's largest magnitude, then the number
    of bounds halfway between neighbours of `code` that lie below. bitsandbytes' CUDA kernels and its
    PyTorch backend do the same; its CPU library is not exact here (it misses the nearest number for
    one element in 700)."""
    codes, scales = [], []
    bounds = (code[:-1] + code[1:]) / 2
    for block in x.split(blocksize):
        scales.append(block.abs().max())
        share = (block * (1.0 / scales[-1].clamp(min=1e-38))).clamp(-1, 1)
        codes.append(torch.bucketize(share, bounds).to(torch.uint8))
    return torch.cat(codes), torch.stack(scales)


def double_case(name, scales):
    code = bnb.create_dynamic_map()
    offset = scales.mean()
    codes, absmax = nearest_in_map(scales - offset, code)
    state = bnb.QuantState(absmax=absmax, code=code, blocksize=256, dtype=torch.float32)
    back = bnb.dequantize_blockwise(codes, state) + offset
    return {
        "name": name,
        "scales": hexadecimal(scales),
        "offset": offset.item(),
        "codes": hexadecimal(codes),
        "absmax": hexadecimal(absmax),
        "dequantized": hexadecimal(back),
    }


def double_cases():
    draw = torch.Generator().manual_seed(5)
    weights = torch.randn(64 * 300, generator=draw) * 0.02
    _, state = bnb.quantize_4bit(weights, quant_type="nf4", blocksize=64)
    yield double_case("of a weight", state.absmax)
    yield double_case("one", torch.tensor([0.5]))
    yield double_case("equal", torch.full((70,), 0.25))
    yield double_case("with zeros", torch.cat([torch.zeros(40), state.absmax[:40]]))


def int8_case(name, x, rows):
    # As bitsandbytes.nn.Int8Params does it.
    codes, scales, _ = bnb.int8_vectorwise_quant(x.view(rows, -1).to(torch.float16))
    back = torch.ops.bitsandbytes.int8_vectorwise_dequant(codes, scales)
    return {
        "name": name,
        "rows": rows,
        "x": hexadecimal(x),
        "codes": hexadecimal(codes),
        "absmax": hexadecimal(scales),
        "dequantized": hexadecimal(back),
    }


def int8_cases():
    draw = torch.Generator().manual_seed(4)
    normal = torch.randn(6, 70, generator=draw)
    yield int8_case("normal", normal, 6)
    yield int8_case("rows of many sizes", normal * 10.0 ** torch.arange(-4, 2).view(-1, 1), 6)
    yield int8_case("constant", torch.full((1, 9), -0.3), 1)
    ties = torch.tensor([0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 126.5, 127.0])
    yield int8_case("ties", ties, 1)
    yield int8_case("subnormal halves", normal * 1e-7, 6)


def main():
    golden = {
        "nf4_values": hexadecimal(bnb.get_4bit_type("nf4", device="cpu")),
        "dynamic_map": hexadecimal(bnb.create_dynamic_map()),
        "double": list(double_cases()),
        "nf4": [nf4_case(name, x) for name, x in arrays()],
        "int8": list(int8_cases()),
    }
    (HERE / "codecs.json").write_text(json.dumps(golden, indent=1) + "\n")


main()
