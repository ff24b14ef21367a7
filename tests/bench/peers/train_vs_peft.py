#!/usr/bin/env python3
"""Ropewalk beside PyTorch + transformers + PEFT: tokens/s and peak memory of training; run by ./dev bench train.

    train_vs_peft.py [--quick] [--shapes ...] [--sequences ...] [--precisions ...] [--json FILE]

Both train the same weights (random, bf16 on disk) on the same tokens, 4096 a step, with LoRA r = 16 on every linear layer and AdamW,
on the same cores, every run in a process of its own. For PEFT the fastest setting of each case is found first: micro-batches of one
document or of 2048 tokens, autocast or PEFT's float32 adapters as they are, torch.compile or not, one thread a core or one; steps
of 2048 tokens are long enough for that. Then the two take turns, and medians are compared. A case in which the first losses differ
is no comparison, and makes the exit status 1.

With --ipex PYTHON, the same with Intel's extension for PyTorch (`system` ipex), once with torch.compile and once without.

The file of --json has an object a line for every run: `system` (ropewalk, peft or ipex), `role` (search, compare or storage), `shape`,
`sequence`, `precision`, `storage`, `tokens_per_second`, `peak_bytes`, `matmul_share` and what else there is
of Ropewalk's (train_bench.cc says what), and the settings.
"""

import argparse
import itertools
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from comparison_table import SETTINGS, cases, table
from train_runs import Bench, add_arguments, append, read, run

PEFT_RUN = pathlib.Path(__file__).resolve().parent / "peft_run.py"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_arguments(parser)
    parser.add_argument("--quick", action="store_true", help="the first shape and sequence alone, in bf16")
    parser.add_argument("--shapes", nargs="+", default=["smollm2-135m", "qwen2.5-0.5b"])
    parser.add_argument("--sequences", nargs="+", type=int, default=[512, 2048])
    parser.add_argument("--precisions", nargs="+", choices=["bf16", "float32"], default=["bf16", "float32"])
    parser.add_argument("--step-tokens", type=int, default=4096)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--search-tokens", type=int, default=2048, help="of a step while PEFT's fastest setting is searched")
    parser.add_argument("--search-seconds", type=float, default=5, help="measured time of each of PEFT's settings")
    parser.add_argument("--micro-batch-tokens", type=int, default=512, help="Ropewalk's, but no fewer than a document's")
    parser.add_argument("--no-storage", action="store_true", help="without the cases with an NF4 base")
    parser.add_argument("--known", type=pathlib.Path, help="file of an earlier run's --json: cases that it compares are not searched again")
    parser.add_argument("--ipex", metavar="PYTHON", type=pathlib.Path, help="a Python that has Intel's extension and what PEFT needs")
    parser.add_argument("--json", type=pathlib.Path, help="file to append every run to")
    parser.add_argument("--table", type=pathlib.Path, help="measures nothing, but prints the table of such a file")
    options = parser.parse_args()
    if options.quick:
        options.shapes, options.sequences, options.precisions = options.shapes[:1], options.sequences[:1], ["bf16"]
    return options


class Comparison:
    """One shape, sequence and precision."""

    def __init__(self, options, bench, shape, sequence, precision):
        self.options, self.bench = options, bench
        self.records = []
        self.case = {"shape": shape, "sequence": sequence, "precision": precision}
        self.tokens = bench.tokens(shape, sequence, options.step_tokens)
        self.search_tokens = bench.tokens(shape, sequence, max(options.search_tokens, sequence))
        self.search_documents = len(self.search_tokens.read_text().splitlines())

    def peft(self, role, settings, seconds, storage="", system="peft"):
        searches = role == "search"
        python = self.options.ipex if system == "ipex" else sys.executable
        command = [python, PEFT_RUN, "--model", self.bench.model(self.case["shape"]), "--tokens", self.search_tokens if searches else self.tokens,
                   "--precision", self.case["precision"], "--storage", storage, "--seconds", seconds, "--least-steps", 1 if searches else 2]
        for name, value in {**settings, "ipex": system == "ipex"}.items():
            command += [f"--{name}"] if value is True else [] if value is False else [f"--{name}", value]
        return self.keep({"system": system, "role": role, **self.case, "storage": storage, **settings, **json.loads(run(command))})

    def ropewalk(self, role, storage=""):
        result = self.bench.ropewalk(self.case["shape"], self.tokens, "--precision", self.case["precision"], "--storage", storage,
                                     "--threads", self.options.threads, "--micro-batch-tokens", max(self.options.micro_batch_tokens, self.case["sequence"]))
        return self.keep({**result, "role": role})

    def keep(self, result):
        self.records.append(result)
        append(self.options.json, result)
        print(f"  {result['system']:8} {result['role']:7} {result['tokens_per_second']:8.0f} tokens/s {result['peak_bytes'] / 1e9:6.2f} GB  "
              + " ".join(f"{key}={result[key]}" for key in ("storage", *SETTINGS) if result.get(key)),
              file=sys.stderr)
        return result

    def known_best(self):
        """The settings with which an earlier run compared this case, or None."""
        for record in read(self.options.known) if self.options.known else []:
            if (record["system"], record["role"]) == ("peft", "compare") and self.case.items() <= record.items():
                return {name: record[name] for name in SETTINGS}
        return None

    def best_of_peft(self):
        """One choice after another, each with the best of those before. A setting that fails is not the best."""
        best = {"threads": self.options.threads, "documents": 1, "autocast": False, "compile": False}
        speed = self.speed(best)
        for name, value in self.choices():
            other = {**best, name: value}
            if (faster := self.speed(other)) > speed:
                best, speed = other, faster
        return best

    def choices(self):
        if 1 < (count := 2048 // self.case["sequence"]) <= self.search_documents:
            yield "documents", count
        if self.case["precision"] == "bf16":
            yield "autocast", True
        yield "compile", True
        if self.options.threads > 1:
            yield "threads", 1

    def speed(self, settings, role="search", **how):
        """Of one run, in tokens/s; 0 if it fails."""
        try:
            return self.peft(role, settings, self.options.search_seconds, **how)["tokens_per_second"]
        except RuntimeError as error:
            print(f"  peft fails with {settings} {how}: {str(error).strip().splitlines()[-1]}", file=sys.stderr)
            return 0.0

    def run(self):
        settings = self.known_best() or self.best_of_peft()
        for _ in range(self.options.repetitions):
            self.ropewalk("compare")
            self.peft("compare", settings, self.options.seconds)
        for compiled in (False, True) if self.options.ipex else ():
            self.speed({**settings, "autocast": self.case["precision"] == "bf16", "compile": compiled}, "compare", system="ipex")
        if self.case["precision"] == "bf16" and not self.options.no_storage:
            for _ in range(self.options.repetitions):
                self.ropewalk("storage", "nf4")
            self.speed(settings, "storage", storage="nf4")


def measure(options):
    bench = Bench(options)
    records = []
    for shape, sequence, precision in itertools.product(options.shapes, options.sequences, options.precisions):
        print(f"{shape}, {sequence} tokens, {precision}", file=sys.stderr)
        comparison = Comparison(options, bench, shape, sequence, precision)
        comparison.run()
        records += comparison.records
    return records


def main():
    options = arguments()
    records = read(options.table) if options.table else measure(options)
    print(table(records))
    sys.exit(0 if all(case.losses_agree() for case in cases(records)) else 1)


if __name__ == "__main__":
    main()
