#!/usr/bin/env python3
"""What the exchange takes of a training step between machines: two workers of one thread each, on links of a known rate between network
namespaces; run by ./dev bench step_on_link, as root.

    step_on_link.py [--megabits 1000] [--documents 8 32] [--reductions exact bfloat16] [--json FILE]

A coordinator and a registry are on one host, a worker on each of two others. They train an adapter (LoRA, r = 16, all linear layers,
bf16) of a model of SmolLM2-135M's shape with random weights, in steps of so many documents of 512 tokens. What the workers count of their
steps' times is read from their metrics; `share` is that of the exchange, which includes waiting for the slower one.
"""

import argparse
import json
import pathlib
import re
import shutil
import sys
import tempfile

from network_cluster import NetworkCluster
from network_namespaces import Hosts
from train_runs import ROOT, Bench, add_arguments, append

WARM_UP = 2  # steps: the first measures its scales, and speeds are not known
STEPS = 8
TOKENS = 512  # of a document

JOB = """
name: link
base_model: {model}
train_data: [{rows}]
method: {{lora: {{rank: 16, alpha: 32, target_modules: [all-linear]}}}}
training: {{epochs: 1000, max_steps: {steps}, global_batch_size: {documents}, micro_batch_tokens: 2048, max_sequence_length: {tokens},
           learning_rate: 1.0e-4, precision: bf16, checkpoint_every_steps: 0}}
data: {{learn: all}}
sync: {{reduction: {reduction}}}
workers: {{min: 2, max: 2}}
adapter: bench/link
"""


class Cluster(NetworkCluster):
    """Two workers, which say what their steps' time went into."""

    def times(self, host):
        """Seconds of each phase, and the number of steps, so far."""
        url = f"http://{self.hosts.addresses[host]}:7091/metrics"
        text = self.on(host, sys.executable, "-c", f"import urllib.request; print(urllib.request.urlopen('{url}', timeout=10).read().decode())")
        times = {phase: float(value) for phase, value in re.findall(r'ropewalk_worker_step_seconds_total\{phase="(\w+)"\} (\S+)', text)}
        steps = re.search(r"^ropewalk_worker_steps_total (\S+)", text, re.MULTILINE)
        return {**times, "steps": float(steps[1]) if steps else 0.0}


def make_model(bench, folder):
    """A folder with weights and a tokenizer."""
    model = folder / "model"
    shutil.copytree(bench.model("smollm2-135m"), model)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(ROOT / "examples/pretrain/untrained" / name, model / name)
    return model


def make_rows(folder):
    """Documents of about TOKENS tokens of one byte each."""
    rows = folder / "rows.jsonl"
    with open(rows, "w") as file:
        for i in range(256):
            file.write(json.dumps({"text": "".join(chr(97 + (i * 7 + k * k) % 26) for k in range(TOKENS - 2))}) + "\n")
    return rows


def measure(options, bench, documents, reduction):
    with tempfile.TemporaryDirectory() as name, Hosts(3, options.megabits) as hosts:
        folder = pathlib.Path(name)
        yaml = folder / "job.yaml"
        fill = {"model": make_model(bench, folder), "rows": make_rows(folder), "tokens": TOKENS, "documents": documents, "reduction": reduction}
        with Cluster(options.programs, hosts, folder, workers=(1, 2)) as cluster:
            yaml.write_text(JOB.format(**fill, steps=WARM_UP))
            cluster.ropewalk("submit", yaml)
            before = cluster.times(1), cluster.times(2)
            yaml.write_text(JOB.format(**fill, steps=WARM_UP + STEPS))
            cluster.ropewalk("submit", yaml)
            after = cluster.times(1), cluster.times(2)
    spent = {phase: sum(end[phase] - start[phase] for start, end in zip(before, after)) for phase in ("compute", "ring", "update", "steps")}
    steps = spent.pop("steps")
    return {"megabits": options.megabits, "documents": documents, "reduction": reduction,
            **{f"{phase}_seconds": seconds / steps for phase, seconds in spent.items()}, "share": spent["ring"] / sum(spent.values())}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_arguments(parser)
    parser.add_argument("--megabits", type=int, default=1000)
    parser.add_argument("--documents", nargs="+", type=int, default=[8, 32], help="of a step")
    parser.add_argument("--reductions", nargs="+", default=["exact", "bfloat16"])
    parser.add_argument("--json", type=pathlib.Path, help="file to append every case to")
    options = parser.parse_args()
    bench = Bench(options)
    print("Mbit/s documents reduction   compute s    ring s  update s  the exchange's share")
    for documents in options.documents:
        for reduction in options.reductions:
            case = measure(options, bench, documents, reduction)
            print(f"{case['megabits']:6} {documents:9} {reduction:>9} {case['compute_seconds']:11.3f} {case['ring_seconds']:9.3f} "
                  f"{case['update_seconds']:9.3f} {100 * case['share']:10.1f} %", flush=True)
            append(options.json, case)


if __name__ == "__main__":
    sys.exit(main())
