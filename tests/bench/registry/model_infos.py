"""model_info from many connections at once: wrk and the registry share the cores."""

import json
import pathlib
import random
import resource
import subprocess

from figures import append, judged
from process_figures import busy_seconds, cpu_seconds

CONNECTIONS = 64
LEAST_RATE = 5000  # answers a second
MOST_P99_MS = 30
SCRIPT = pathlib.Path(__file__).with_suffix(".lua")


def processor_seconds(registry):
    """Of the registry, of programs like wrk that have ended, and of the machine."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return cpu_seconds(registry.pid), usage.ru_utime + usage.ru_stime, busy_seconds()


def wrk(url, paths, seconds):
    """What model_infos.lua measured."""
    command = ["wrk", "--threads", "1", "--connections", str(CONNECTIONS), "--duration", f"{seconds}s", "--script", SCRIPT, url, "--", paths]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=seconds + 60)
    if done.returncode != 0:
        raise RuntimeError(f"wrk failed:\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def measure_case(options, registry, case, ids):
    paths = options.folder / "paths.txt"
    paths.write_text("".join(f"/api/models/{name}\n" for name in ids))
    wrk(registry.url, paths, options.warm_up_seconds)
    before = processor_seconds(registry)
    result = wrk(registry.url, paths, options.seconds)
    machine = options.cores * result["seconds"]
    server, client, all_processes = (after - then for after, then in zip(processor_seconds(registry), before))
    result.update(server_share=server / machine, wrk_share=client / machine, others_share=max(0, all_processes - server - client) / machine)
    result["per_second"] = result["requests"] / result["seconds"]
    append(options.json, {"part": "model_info", "case": case, "connections": CONNECTIONS, "cores": options.cores, **result})
    print(f"  {case:17} {result['per_second']:7.0f} a second{judged(result['per_second'], '>=', LEAST_RATE)}   p50 {result['p50_ms']:.1f} ms  "
          f"p99 {result['p99_ms']:.1f} ms{judged(result['p99_ms'], '<', MOST_P99_MS, '{} ms'.format)}   failures {result['failures']}   "
          f"bytes each {result['bytes'] / max(1, result['requests']):.0f}")
    print(f"  {'':17} of {options.cores} cores the registry took {100 * result['server_share']:.0f} %, wrk {100 * result['wrk_share']:.0f} %, "
          f"what else ran, and interrupts, {100 * result['others_share']:.0f} %", flush=True)


def measure(options, registry, ids):
    print(f"model_info from {CONNECTIONS} connections for {options.seconds} s, {len(ids)} repositories in the store")
    shuffled = random.Random(1).sample(ids, len(ids))
    measure_case(options, registry, "of one model", shuffled[:1])
    measure_case(options, registry, "of all, shuffled", shuffled)
