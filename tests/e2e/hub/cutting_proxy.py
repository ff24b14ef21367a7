"""A TCP proxy that breaks a connection off in the middle."""

import socket
import threading


class CuttingProxy:
    """Carries connections to `target`, a (host, port). The first answer that grows to `cut_after` bytes is cut off there; all others pass."""

    def __init__(self, target, cut_after):
        self.target = target
        self.cut_after = cut_after
        self.cuts = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return "http://%s:%d" % self.listener.getsockname()

    def _accept(self):
        while True:
            client, _ = self.listener.accept()
            server = socket.create_connection(self.target)
            threading.Thread(target=self._carry, args=(client, server, False), daemon=True).start()
            threading.Thread(target=self._carry, args=(server, client, True), daemon=True).start()

    def _carry(self, source, sink, is_answer):
        carried = 0
        try:
            while data := source.recv(65536):
                carried += len(data)
                if is_answer and self.cuts == 0 and carried > self.cut_after:
                    self.cuts += 1
                    break
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
