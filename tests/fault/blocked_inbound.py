#!/usr/bin/env python3
"""A worker behind a firewall that lets nobody in: it must train with the others through a relay, to the same bits. Run as root.

    blocked_inbound.py [--programs FOLDER]

Coordinator and registry, two workers and the one behind the firewall are on four hosts (network namespaces). Whatever would open a
connection to the last one is dropped, as by a firewall that does not answer. Exit status 77: no namespaces, or no firewalls, can be made
here.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/bench"))
from network_cluster import NetworkCluster
from network_namespaces import Hosts

SKIP = 77
HIDDEN = 3  # the host behind the firewall
PATIENCE = 120  # seconds

JOB = """
name: hidden
base_model: {root}/examples/tiny-base
train_data: [{root}/examples/dates/train.jsonl]
method: {{lora: {{rank: 8, alpha: 16, target_modules: [all-linear]}}}}
training: {{max_steps: 20, epochs: 10, global_batch_size: 32, micro_batch_tokens: 512, learning_rate: 1.0e-3, checkpoint_every_steps: 0}}
workers: {{min: {workers}, max: {workers}}}
adapter: test/hidden
"""


FIREWALL = """
table inet firewall {
  chain input { type filter hook input priority 0; policy accept; iifname "eth0" ct state new drop; }
}
"""


def drop_inbound(namespace):
    """Nobody gets a connection to that host; what it begins itself goes on. False: no firewall can be made here."""
    try:
        return subprocess.run(["ip", "netns", "exec", namespace, "nft", "-f", "-"], input=FIREWALL, text=True, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


class Cluster(NetworkCluster):
    """Workers that tell how they reach each other."""

    def worker(self, host):
        return json.loads(self.ropewalk("workers", "get", f"w{host}", "-o", "json"))

    def reaches(self, host, other):
        return any(link["worker"] == f"workers/w{other}" and link.get("address") for link in self.worker(host).get("links", []))

    def await_relay(self):
        end = time.monotonic() + PATIENCE
        while True:
            try:
                if self.reaches(1, HIDDEN) and self.reaches(2, HIDDEN):
                    return
            except RuntimeError:  # not all have come up
                pass
            if time.monotonic() > end:
                raise RuntimeError(f"the worker behind the firewall cannot be reached:\n{self.ropewalk('workers', 'list', '-o', 'wide')}")

    def result(self, workers):
        yaml = self.folder / "job.yaml"
        yaml.write_text(JOB.format(root=ROOT, workers=workers))
        name = self.ropewalk("submit", yaml, "--no-wait", "-o", "name").strip()
        self.ropewalk("jobs", "wait", name, timeout=PATIENCE)
        return json.loads(self.ropewalk("jobs", "get", name, "-o", "json"))["result_version"]


def can_make_networks():
    try:
        with Hosts(1, 1000) as hosts:
            return drop_inbound(hosts.name(0))
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        print(error)
        return False


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs", type=pathlib.Path, default=ROOT / "build/release/bin")
    options = parser.parse_args()
    if not can_make_networks():
        print("no network namespaces with a firewall can be made here; root can, with iproute2, procps and nftables")
        return SKIP
    with tempfile.TemporaryDirectory() as folder, Hosts(4, 1000) as hosts:
        drop_inbound(hosts.name(HIDDEN))
        with Cluster(options.programs, hosts, pathlib.Path(folder), workers=(1, 2, HIDDEN), listen="0.0.0.0:7090") as cluster:
            cluster.await_relay()
            print(cluster.ropewalk("workers", "list", "-o", "wide"))
            relay = cluster.worker(HIDDEN).get("relay", "")
            with_hidden, alone = cluster.result(3), cluster.result(1)
    print(f"relay: {relay}\nwith all three: {with_hidden}\nalone:          {alone}")
    return 0 if relay and with_hidden == alone else 1


if __name__ == "__main__":
    sys.exit(main())
