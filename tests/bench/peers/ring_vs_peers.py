#!/usr/bin/env python3
"""Ropewalk's ring beside Gloo and Open MPI over loopback: milliseconds of an all-reduce; run by ./dev bench ring.

    ring_vs_peers.py [--ranks ...] [--bytes ...] [--reductions ...] [--json FILE]

Every run is a group of processes of its own. The systems take turns, and medians of their medians are compared. `openmpi-tuned` has
Open MPI's own ring in segments of 1 MiB, which is faster than what it chooses. All go through TCP: shared memory is switched off.
`bfloat16` and `int8`, which the others do not have, are compared with Ropewalk's own float32.

The file of --json has an object a line for every case: `system`, `ranks`, `bytes`, `reduction`, `median_ms` and `runs`.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
PEERS = ["gloo", "openmpi", "openmpi-tuned"]
ROUNDED = ["bfloat16", "int8"]
MPIRUN = ["mpirun", "--oversubscribe", "--bind-to", "none", "--mca", "btl", "self,tcp", "--mca", "btl_tcp_if_include", "lo"]
TUNED = ["--mca", "coll_tuned_use_dynamic_rules", "1", "--mca", "coll_tuned_allreduce_algorithm", "5",
         "--mca", "coll_tuned_allreduce_algorithm_segmentsize", "1048576"]
CASES = {2: [4 << 10, 64 << 10, 1 << 20, 16 << 20, 64 << 20, 256 << 20], 4: [4 << 10, 1 << 20, 64 << 20, 256 << 20]}
CASES_ROUNDED = [64 << 20, 256 << 20]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ranks", nargs="+", type=int, default=list(CASES))
    parser.add_argument("--bytes", nargs="+", type=int, help="sizes of the vector; otherwise those of the documentation")
    parser.add_argument("--reductions", nargs="+", choices=["exact", "float32", *ROUNDED], default=["exact", "float32", *ROUNDED])
    parser.add_argument("--systems", nargs="+", choices=["ropewalk", *PEERS], default=["ropewalk", *PEERS])
    parser.add_argument("--repetitions", type=int, default=11)
    parser.add_argument("--programs", type=pathlib.Path, default=ROOT / "build/release/bin")
    parser.add_argument("--json", type=pathlib.Path, help="file to append every case to")
    return parser.parse_args()


def rounds_of(size):
    """As many for every system: about a second of them."""
    return max(5, min(2000, (256 << 20) // max(size, 1 << 17)))


def milliseconds(options, system, ranks, size, reduction):
    """The median round of one run."""
    case = [str(part) for part in (ranks, size, reduction, rounds_of(size))]
    if system == "ropewalk":
        with tempfile.NamedTemporaryFile("r") as result:
            run([options.programs / "ring_bench", "--ranks", case[0], "--bytes", case[1], "--reduction", reduction,
                 "--rounds", case[3], "--json", result.name])
            return json.loads(result.read())["median_ms"]
    if system == "gloo":
        return float(run([options.programs / "gloo_bench", *case]))
    return float(run([*MPIRUN, *(TUNED if system == "openmpi-tuned" else []), "-n", case[0], options.programs / "mpi_bench", *case]))


def run(command):
    environment = {**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    done = subprocess.run([str(part) for part in command], text=True, capture_output=True, timeout=600, env=environment)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))} failed:\n{done.stderr[-3000:]}")
    return done.stdout


def take_turns(options, ranks, size, sides):
    """Of one case the runs of each side, a system and a reduction."""
    runs = {side: [] for side in sides}
    for _ in range(options.repetitions):
        for system, reduction in sides:
            runs[system, reduction].append(milliseconds(options, system, ranks, size, reduction))
    return runs


def compare(options, ranks, size, sides, names):
    """Prints how many times as fast the first side is as each other."""
    runs = take_turns(options, ranks, size, sides)
    medians = {side: statistics.median(times) for side, times in runs.items()}
    ours = medians[sides[0]]
    print(f"{ranks:5} {size:9}  " + "  ".join(f"{name} {medians[side]:.3f} ms" for side, name in zip(sides, names))
          + "   times as fast: " + " ".join(f"{medians[side] / ours:.2f}" for side in sides[1:]), flush=True)
    if options.json:
        with open(options.json, "a") as file:
            for (system, reduction), median in medians.items():
                file.write(json.dumps({"system": system, "ranks": ranks, "bytes": size, "reduction": reduction,
                                       "median_ms": median, "runs": runs[system, reduction]}) + "\n")


def main():
    options = arguments()
    rounded = [reduction for reduction in options.reductions if reduction in ROUNDED]
    whole = [reduction for reduction in options.reductions if reduction not in ROUNDED]
    for ranks in options.ranks:
        for size in options.bytes or CASES.get(ranks, CASES[4]):
            for reduction in whole:
                compare(options, ranks, size, [(system, reduction) for system in options.systems],
                        [f"{reduction:>8} {options.systems[0]}", *options.systems[1:]])
        for size in (options.bytes or CASES_ROUNDED) if "ropewalk" in options.systems else []:
            for reduction in rounded:
                compare(options, ranks, size, [("ropewalk", reduction), ("ropewalk", "float32")], [f"{reduction:>8} ropewalk", "float32"])


if __name__ == "__main__":
    sys.exit(main())
