"""How the registry's benchmarks say what they measured."""

import json
import operator

from process_figures import memory, reset_peak

MOST_GROWTH = 32 << 20  # bytes of memory, while large files pass
HOLDS = {">=": operator.ge, "<=": operator.le, "<": operator.lt}


def append(path, record):
    """A line more in a file of results, if there is to be one."""
    if path:
        with open(path, "a") as file:
            file.write(json.dumps(record) + "\n")


def judged(value, comparison, limit, show=str):
    """Whether a figure is what the registry promises."""
    return f"   ({'kept' if HOLDS[comparison](value, limit) else 'MISSED'}: {comparison} {show(limit)})"


def size_text(count):
    return f"{count / (1 << 20):.1f} MiB" if count < 1 << 30 else f"{count / (1 << 30):.3g} GiB"


class MemoryWatch:
    """How much a process's memory grows from now on."""

    def __init__(self, pid):
        self.pid = pid
        reset_peak(pid)
        self.before, _ = memory(pid)

    def report(self, options, part):
        after, peak = memory(self.pid)
        append(options.json, {"part": part, "system": "registry", "rss_before": self.before, "rss_after": after, "rss_peak": peak})
        print(f"  memory of the registry: {size_text(self.before)} before, {size_text(after)} after, {size_text(peak)} at most"
              + judged(peak - self.before, "<=", MOST_GROWTH, lambda limit: "+" + size_text(limit)), flush=True)
