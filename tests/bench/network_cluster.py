"""A Ropewalk cluster of real processes on hosts of its own: coordinator and registry on the first, workers on others."""

import subprocess
import sys

WAIT_FOR_PORT = """
import socket, sys, time
end = time.monotonic() + 20
while True:
    try:
        socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=1).close()
        break
    except OSError:
        assert time.monotonic() < end, f"nobody listens at {sys.argv[1]}:{sys.argv[2]}"
"""


class NetworkCluster:
    """On network_namespaces.Hosts; a context manager, in which both services answer. Workers, w1 on host 1 and so on, are of one thread;
    `listen` is where, with {address} for their host's."""

    def __init__(self, programs, hosts, folder, workers, listen="{address}:7090"):
        self.programs, self.hosts, self.folder, self.workers, self.listen = programs.resolve(), hosts, folder, workers, listen
        self.coordinator, self.registry = (f"{hosts.addresses[0]}:{port}" for port in (7070, 7080))
        self.processes = []

    def __enter__(self):
        try:
            self.start(0, "ropewalk-registry", "--listen", self.registry, "--http-listen", "", "--data", self.folder / "registry")
            self.start(0, "ropewalk-coordinator", "--listen", self.coordinator, "--http-listen", "", "--database", self.folder / "coordinator.db")
            for host in self.workers:
                address = self.hosts.addresses[host]
                self.start(host, "ropewalk-worker", "--name", f"w{host}", "--listen", self.listen.format(address=address),
                           "--http-listen", f"{address}:7091", "--threads", "1", "--cache", self.folder / f"cache{host}",
                           "--coordinator", self.coordinator, "--registry", self.registry)
            for address in (self.registry, self.coordinator):
                self.on(0, sys.executable, "-c", WAIT_FOR_PORT, *address.split(":"))
        except BaseException:
            self.__exit__()
            raise
        return self

    def start(self, host, program, *arguments):
        log = open(self.folder / f"{program}-{host}.log", "w")
        command = ["ip", "netns", "exec", self.hosts.name(host), self.programs / program, "--insecure", *arguments]
        self.processes.append(subprocess.Popen(list(map(str, command)), stdout=log, stderr=log))

    def on(self, host, *command, timeout=900):
        """What a command that must succeed prints."""
        done = subprocess.run(["ip", "netns", "exec", self.hosts.name(host), *map(str, command)], text=True, capture_output=True, timeout=timeout)
        if done.returncode != 0:
            raise RuntimeError(f"{command} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}\nlogs are in {self.folder}")
        return done.stdout

    def ropewalk(self, *arguments, timeout=900):
        return self.on(0, self.programs / "ropewalk", *arguments, "--coordinator", self.coordinator, "--registry", self.registry, timeout=timeout)

    def __exit__(self, *_):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(timeout=40)
