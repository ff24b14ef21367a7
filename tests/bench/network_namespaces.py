"""Hosts on one switch, as network namespaces of this machine: links of a given rate, which nothing else uses."""

import os
import subprocess

MTU = 1500
# Of a full Ethernet frame: payload of TCP (20 bytes of IPv4, 32 of TCP with timestamps) and what the rate counts.
PAYLOAD_SHARE = (MTU - 52) / (MTU + 14)


def ip(*arguments):
    subprocess.run([str(part) for part in ("ip", *arguments)], check=True)


class Hosts:
    """`count` namespaces, each behind a link of `megabits` Mbit/s in either direction; a context manager, for root."""

    def __init__(self, count, megabits):
        self.prefix, self.count, self.megabits = f"rw{os.getpid()}", count, megabits
        self.addresses = [f"10.97.0.{host + 1}" for host in range(count)]

    def name(self, host):
        return f"{self.prefix}-{host}"

    def __enter__(self):
        try:
            self.make(self.name("switch"))
            ip("-n", self.name("switch"), "link", "add", "bridge", "type", "bridge")
            ip("-n", self.name("switch"), "link", "set", "bridge", "up")
            for host in range(self.count):
                self.connect(host)
        except BaseException:
            self.__exit__()
            raise
        return self

    def make(self, name):
        ip("netns", "add", name)
        ip("-n", name, "link", "set", "lo", "up")
        # Whatever this host does: BBR never takes more than 99 % of the rate that it finds. Cubic, which Debian has, is not allowed here.
        subprocess.run(["ip", "netns", "exec", name, "sysctl", "-qw", "net.ipv4.tcp_congestion_control=reno"], check=True)

    def connect(self, host):
        name, switch, port = self.name(host), self.name("switch"), f"port{host}"
        self.make(name)
        ip("-n", name, "link", "add", "eth0", "mtu", MTU, "type", "veth", "peer", "name", port, "netns", switch)
        ip("-n", switch, "link", "set", port, "mtu", MTU, "master", "bridge", "up")
        ip("-n", name, "addr", "add", f"{self.addresses[host]}/24", "dev", "eth0")
        ip("-n", name, "link", "set", "eth0", "up")
        for namespace, device in (name, "eth0"), (switch, port):
            self.shape(namespace, device)

    def shape(self, namespace, device):
        """The bucket holds what goes through in 0.8 ms, as timers may be late; and a packet as large as segmentation offload makes them, so
        that they need not be cut here, and are acknowledged as seldom as with network cards that join them."""
        bucket = max(int(self.megabits * 1e6 / 8 * 0.8e-3), 96 << 10)
        subprocess.run(["ip", "netns", "exec", namespace, "tc", "qdisc", "add", "dev", device, "root", "tbf", "rate", f"{self.megabits}mbit",
                        "burst", str(bucket), "latency", "50ms"], check=True)

    def start(self, host, command):
        """A process on that host."""
        return subprocess.Popen(["ip", "netns", "exec", self.name(host), *map(str, command)], text=True, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)

    def __exit__(self, *_):
        for name in (*map(self.name, range(self.count)), self.name("switch")):
            subprocess.run(["ip", "netns", "del", name], stderr=subprocess.DEVNULL)
