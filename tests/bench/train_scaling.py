#!/usr/bin/env python3
"""How the speed of training changes as the work grows: sequence length, model size, micro-batch size and threads, one at a time.

    train_scaling.py [--axes sequence model micro_batch threads] [--json FILE]      (./dev bench train_scaling)

Everything else stays: smollm2-135m in bf16, documents of 512 tokens in micro-batches of 2048, steps of 8192, all cores; along
`sequence` a step is one micro-batch. The file of --json has an object
a line for every run, train_bench's with `axis` and `parameters`; plot_scaling.py draws it.
"""

import argparse
import os
import pathlib
import sys

from train_runs import SHAPES, Bench, add_arguments, append

TOKENS = 8192  # of a step, so that the longest document fits


def model_size(bench, shape):
    """Weights, two bytes each on disk."""
    return (bench.model(shape) / "model.safetensors").stat().st_size // 2


def runs(threads):
    """Of each axis: shape, sequence, micro-batch tokens and threads."""
    lengths = [128 << i for i in range(7)]  # to 8192
    return {"sequence": [("smollm2-135m", length, TOKENS, threads) for length in lengths],
            "model": [(shape, 512, 2048, threads) for shape in SHAPES],
            "micro_batch": [("smollm2-135m", 128, tokens, threads) for tokens in lengths],
            "threads": [("smollm2-135m", 512, 2048, count) for count in range(1, threads + 1)]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_arguments(parser)
    parser.set_defaults(threads=os.cpu_count(), seconds=10)
    parser.add_argument("--axes", nargs="+", choices=list(runs(1)), default=list(runs(1)))
    parser.add_argument("--precision", default="bf16")
    parser.add_argument("--json", type=pathlib.Path, help="file to append every run to")
    options = parser.parse_args()
    bench = Bench(options)
    print("axis         shape          sequence micro-batch threads   tokens/s  peak GB  matmul share")
    for axis in options.axes:
        for shape, sequence, micro_batch, threads in runs(options.threads)[axis]:
            result = bench.ropewalk(shape, bench.tokens(shape, sequence, TOKENS), "--precision", options.precision,
                                    "--micro-batch-tokens", micro_batch, "--threads", threads)
            append(options.json, {"axis": axis, "parameters": model_size(bench, shape), **result})
            print(f"{axis:12} {shape:14} {sequence:8} {micro_batch:11} {threads:7} {result['tokens_per_second']:10.0f} "
                  f"{result['peak_bytes'] / 1e9:8.2f} {result['matmul_share']:13.2f}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
