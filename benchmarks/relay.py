"""A relay before a PostgreSQL server that counts what the server sends."""

import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

BLOCK_BYTES = 1 << 18
SOCKET = ".s.PGSQL.5432"


class Relay:
    """A server's socket, passed on: `url` is the database's behind it, `sent` the bytes that came from it so far."""

    def __init__(self, url: str, folder: Path) -> None:
        """Listen in `folder` for those who ask the server of `url`, which names the folder of its socket."""
        (host,) = parse_qs(urlsplit(url).query)["host"]
        self.url = url.replace(host, str(folder))
        self.sent = 0
        self._server = str(Path(host) / SOCKET)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(folder / SOCKET))
        self.listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                client, _ = self.listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._server)
                for ends in ((client, server, False), (server, client, True)):
                    threading.Thread(target=self._pass_on, args=ends, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, is_counted: bool) -> None:
        with suppress(OSError):  # one end is gone
            while block := source.recv(BLOCK_BYTES):
                target.sendall(block)
                self.sent += len(block) * is_counted
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)


@contextmanager
def relay(url: str) -> Iterator[Relay]:
    """A relay before the server of `url`."""
    with tempfile.TemporaryDirectory() as folder:
        this = Relay(url, Path(folder))
        try:
            yield this
        finally:
            this.listener.close()
