#!/usr/bin/env python3
"""Draws what train_scaling.py measured.

    plot_scaling.py RESULTS.jsonl [--to docs/performance]

A chart for each axis in the file, AXIS.svg. Along the sequence it is time per token on even scales, because attention's part of that
grows in proportion to the length and everything else stays: the points lie on a straight line, whose constant part is everything else.
"""

import argparse
import pathlib

from svg_chart import chart
from train_runs import ROOT, read


def fit(points):
    """Least squares: constant and slope."""
    n, mean_x, mean_y = len(points), sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if n > 1 else 0.0
    return mean_y - slope * mean_x, slope


def by_sequence(records):
    points = [(record["sequence"], 1e6 / record["tokens_per_second"]) for record in records]
    constant, slope = fit(points)
    line = [(x, constant + slope * x) for x in (0, max(x for x, _ in points))]
    name = f"fit: {constant:.0f} µs + {1000 * slope:.1f} µs for every 1000 tokens of the document"
    return chart("Time per token by sequence length", "tokens of a document", "µs a token", {"measured": points, name: line})


def by_model(records):
    points = [(record["parameters"], record["tokens_per_second"] * record["parameters"] / 1e9) for record in records]
    return chart("Speed times size, by model size", "weights", "tokens/s × 10⁹ weights", {"measured": points}, logarithmic_x=True)


def by(key, title, label):
    def draw(records):
        points = [(record[key], record["tokens_per_second"]) for record in records]
        return chart(title, label, "tokens/s", {"measured": points}, logarithmic_x=True)
    return draw


CHARTS = {"sequence": by_sequence, "model": by_model,
          "micro_batch": by("micro_batch_tokens", "Speed by micro-batch size", "tokens of a micro-batch"),
          "threads": by("threads", "Speed by threads", "threads")}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=pathlib.Path)
    parser.add_argument("--to", type=pathlib.Path, default=ROOT / "docs/performance")
    options = parser.parse_args()
    options.to.mkdir(parents=True, exist_ok=True)
    records = read(options.results)
    for axis, draw in CHARTS.items():
        of_axis = [record for record in records if record["axis"] == axis]
        if of_axis:
            (options.to / f"{axis}.svg").write_text(draw(of_axis))
            print(options.to / f"{axis}.svg")


if __name__ == "__main__":
    main()
