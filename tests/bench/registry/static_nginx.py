"""An nginx that serves a folder as fast as it can; not the system's service."""

import contextlib
import socket
import subprocess
import tempfile
import time
import types

PATIENCE = 20  # seconds for it to listen
# Debian's defaults, but for the access log, which is off here.
CONFIGURATION = """
user root;
daemon off;
worker_processes {workers};
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 768; }}
http {{
  sendfile on;
  tcp_nopush on;
  access_log off;
  default_type application/octet-stream;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    root {root};
  }}
}}
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def wait_until_listening(process, port):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("nginx does not listen; what it said is above")


@contextlib.contextmanager
def nginx(program, root, workers):
    """Yields its `url` and `pid`; `root` is the folder that it serves."""
    with tempfile.TemporaryDirectory(prefix="ropewalk-nginx-") as folder:
        port = free_port()
        with open(f"{folder}/nginx.conf", "w") as file:
            file.write(CONFIGURATION.format(workers=workers, folder=folder, port=port, root=root.resolve()))
        process = subprocess.Popen([program, "-e", "stderr", "-p", folder, "-c", "nginx.conf"])
        try:
            wait_until_listening(process, port)
            yield types.SimpleNamespace(url=f"http://127.0.0.1:{port}", pid=process.pid)
        finally:
            process.terminate()
            process.wait(timeout=PATIENCE)
