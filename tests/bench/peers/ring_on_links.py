#!/usr/bin/env python3
"""Ropewalk's ring, and Gloo's, on links of known rates between network namespaces; run by ./dev bench ring_links, as root.

    ring_on_links.py [--ranks 2 4] [--rates 100 1000 10000] [--systems ropewalk gloo] [--json FILE]

Every rank is a process on a host of its own, whose link has so many Mbit/s in either direction (veth and tbf). What a link can carry
of payload is its rate times (MTU - 52) / (MTU + 14): 1448 of the 1514 bytes of a full frame. An all-reduce of V bytes over N ranks
sends 2(N-1)/N V bytes each way over each link, so

    ceiling = 2(N-1)/N V / (rate/8 * 1448/1514)

and `share` is ceiling / measured. With --scaling the same for 2 to 8 ranks at one rate, beside ceiling + 2(N-1) alpha, where alpha
is the time of a hop, measured with 4 KiB; and a chart of that. The file of --json has an object a line for every case: `system`,
`ranks`, `megabits`, `bytes`, `median_ms`, `ceiling_ms`, `share`; with --scaling `alpha_ms` and `model_ms`, too.
"""

import argparse
import json
import pathlib
import statistics
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from network_namespaces import PAYLOAD_SHARE, Hosts
from svg_chart import chart

ROOT = pathlib.Path(__file__).resolve().parents[3]
PORT = 7001
SECONDS = 3  # of one all-reduce, about: then what passes through the buckets at once is little
MOST_BYTES = 512 << 20


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ranks", nargs="+", type=int, default=[2, 4])
    parser.add_argument("--rates", nargs="+", type=int, default=[100, 1000, 10000], help="Mbit/s")
    parser.add_argument("--systems", nargs="+", choices=["ropewalk", "gloo"], default=["ropewalk", "gloo"])
    parser.add_argument("--repetitions", type=int, default=3, help="runs of each, in turn")
    parser.add_argument("--rounds", type=int, default=5, help="all-reduces of a run, whose median counts")
    parser.add_argument("--scaling", action="store_true", help="2 to 8 ranks at 200 Mbit/s, Ropewalk's alone")
    parser.add_argument("--chart", type=pathlib.Path, help="with --scaling: SVG file to draw")
    parser.add_argument("--programs", type=pathlib.Path, default=ROOT / "build/release/bin")
    parser.add_argument("--json", type=pathlib.Path, help="file to append every case to")
    options = parser.parse_args()
    if options.scaling:
        options.ranks, options.rates, options.systems = list(range(2, 9)), [200], ["ropewalk"]
    return options


def bytes_for(megabits):
    """A power of two that takes about SECONDS."""
    return min(MOST_BYTES, 1 << round(megabits * 1e6 / 8 * SECONDS).bit_length() - 1)


def milliseconds(options, hosts, system, size, rounds):
    """The median round of one run."""
    with tempfile.TemporaryDirectory() as folder:
        result = pathlib.Path(folder, "result.jsonl")
        addresses = ",".join(f"{address}:{PORT}" for address in hosts.addresses)
        processes = []
        for host, address in enumerate(hosts.addresses):
            if system == "ropewalk":
                command = [options.programs / "ring_bench", "--rank", host, "--addresses", addresses, "--bytes", size, "--reduction", "float32",
                           "--rounds", rounds, "--json", result]
            else:
                command = [options.programs / "gloo_bench", hosts.count, size, "float32", rounds, host, address, folder]
            processes.append(hosts.start(host, command))
        outputs = [process.communicate(timeout=600) for process in processes]
        for process, (_, error) in zip(processes, outputs):
            if process.returncode != 0:
                raise RuntimeError(f"{system} failed: {error[-2000:]}")
        return json.loads(result.read_text())["median_ms"] if system == "ropewalk" else float(outputs[0][0])


def ceiling_ms(ranks, size, megabits):
    return 2 * (ranks - 1) / ranks * size / (megabits * 1e6 / 8 * PAYLOAD_SHARE) * 1e3


def measure(options, ranks, megabits):
    """The cases of one network, a system each."""
    size = bytes_for(megabits)
    with Hosts(ranks, megabits) as hosts:
        runs = {system: [] for system in options.systems}
        for _ in range(options.repetitions):
            for system in options.systems:
                runs[system].append(milliseconds(options, hosts, system, size, options.rounds))
        small = milliseconds(options, hosts, "ropewalk", 4096, 200) if options.scaling else 0
    ceiling = ceiling_ms(ranks, size, megabits)
    for system, times in runs.items():
        median = statistics.median(times)
        case = {"system": system, "ranks": ranks, "megabits": megabits, "bytes": size, "median_ms": median, "ceiling_ms": ceiling,
                "share": ceiling / median, "runs": times}
        if options.scaling:
            hops = 1 if ranks == 2 else 2 * (ranks - 1)  # two ranks exchange little directly
            alpha = max(0.0, small - ceiling_ms(ranks, 4096, megabits)) / hops
            case.update(alpha_ms=alpha, model_ms=ceiling + 2 * (ranks - 1) * alpha)
        yield case


def report(case):
    model = f"   model {case['model_ms']:9.2f} ms, {100 * (case['median_ms'] / case['model_ms'] - 1):+.1f} %" if "model_ms" in case else ""
    print(f"{case['ranks']:5} {case['megabits']:7} {case['bytes']:10} {case['system']:>9} {case['median_ms']:10.2f} {case['ceiling_ms']:10.2f} "
          f"{100 * case['share']:7.2f} %{model}", flush=True)


def main():
    options = arguments()
    print("ranks  Mbit/s      bytes    system         ms ceiling ms     share")
    cases = []
    for ranks in options.ranks:
        for megabits in options.rates:
            for case in measure(options, ranks, megabits):
                report(case)
                cases.append(case)
                if options.json:
                    with open(options.json, "a") as file:
                        file.write(json.dumps(case) + "\n")
    if options.chart:
        options.chart.write_text(chart(f"All-reduce of {cases[0]['bytes'] >> 20} MiB at {cases[0]['megabits']} Mbit/s a link", "ranks", "ms",
                                       {name: [(case["ranks"], case[key]) for case in cases]
                                        for name, key in (("measured", "median_ms"), ("2(N-1)/N V/β + 2(N-1) α", "model_ms"))}))


if __name__ == "__main__":
    sys.exit(main())
