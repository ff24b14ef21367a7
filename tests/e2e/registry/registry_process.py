"""A registry that is attacked, and what can be seen of it from outside: its memory, its sockets, its files."""

import json
import os
import pathlib
import subprocess
import threading
import time

import raw_http

GRACE = "2s"  # short, so that what attacks leave is collected soon
START_PATIENCE = 30


class Registry:
    """Keeps its data in `work`/inside/data and runs in `work`/inside, which nothing else may use."""

    def __init__(self, programs, work):
        self.programs = pathlib.Path(programs).resolve()
        self.work = pathlib.Path(work)
        self.data = self.work / "inside" / "data"
        self.data.parent.mkdir()
        self.process = None

    def start(self):
        command = [
            self.programs / "ropewalk-registry",
            "--data",
            self.data,
            "--listen",
            "127.0.0.1:0",
            "--http-listen",
            "127.0.0.1:0",
            "--grace",
            GRACE,
            "--collect-every",
            "1s",
        ]
        log = open(self.work / "registry.log", "ab")
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, cwd=self.data.parent)
        for line in self.process.stderr:
            log.write(line)
            if b'"listening"' in line:
                found = json.loads(line)
                self.http = ("127.0.0.1", found["http_port"])
                self.grpc = f"127.0.0.1:{found['port']}"
                self.fresh_memory = self.memory("VmRSS")
                threading.Thread(target=_drain, args=(self.process.stderr, log), daemon=True).start()
                return
        raise SystemExit(f"the registry ended with {self.process.wait()}; {self.work}/registry.log says why")

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=START_PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def has_ended(self):
        return self.process.poll() is not None

    def ends_soon(self):
        """Whether it has ended, or does so within a second: connections of a process that dies go first."""
        try:
            self.process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            return False
        return True

    def assert_alive(self, attack):
        try:
            raw_http.connect(self.http).close()
        except OSError:
            raise AssertionError(f"{attack}: the registry takes no connection") from None

    def ask(self, method, target, body=None, headers=(), silence=raw_http.PATIENCE):
        return raw_http.ask(self.http, method, target, body, headers, silence)

    def command(self, *arguments):
        """Runs `ropewalk` against it, which speaks gRPC."""
        return subprocess.run([self.programs / "ropewalk", *arguments, "--registry", self.grpc], capture_output=True, text=True, timeout=60)

    def memory(self, field):
        """VmRSS, or VmHWM since the last call of forget_peak, in MiB."""
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1]) / 1024
        raise AssertionError("the registry has ended")

    def forget_peak(self):
        pathlib.Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def sockets(self):
        count = 0
        for entry in os.scandir(f"/proc/{self.process.pid}/fd"):
            try:
                count += os.readlink(entry.path).startswith("socket:")
            except OSError:
                pass  # It was closed meanwhile.
        return count

    def files(self):
        """What it keeps, without the database and what every registry has."""
        kept = (path.relative_to(self.data) for path in self.data.rglob("*") if not path.is_dir())
        return sorted(str(path) for path in kept if not path.name.startswith("registry.db") and str(path) not in ("xet.key", "xet/generation"))

    def await_collection(self, seconds):
        """Waits until nothing but the database is kept; what is left if that does not come about."""
        end = time.monotonic() + seconds
        while (left := self.files()) and time.monotonic() < end:
            time.sleep(0.2)
        return left


def _drain(pipe, log):
    for line in pipe:
        log.write(line)
        log.flush()
