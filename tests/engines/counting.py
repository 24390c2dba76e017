"""A registry seen through a gate that counts the bytes that come down."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator


class Gate:
    """Listens on the loopback interface and hands everything on to one address."""

    def __init__(self, behind: str) -> None:
        host, _, port = behind.rpartition(":")
        self._behind = (host, int(port))
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._server.getsockname()[1]}"
        self.down = 0
        """Bytes that have come from behind it."""

    def serve(self) -> None:
        """Until it is closed."""
        with suppress(OSError):
            while True:
                client, _ = self._server.accept()
                registry = socket.create_connection(self._behind)
                threading.Thread(target=self._copy, args=(client, registry, False), daemon=True).start()
                threading.Thread(target=self._copy, args=(registry, client, True), daemon=True).start()

    def close(self) -> None:
        """No more connections."""
        self._server.close()

    def _copy(self, source: socket.socket, target: socket.socket, counted: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if counted:
                    self.down += len(data)
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@contextmanager
def gate(behind: str) -> Generator[Gate]:
    """A gate before the registry at this address."""
    opened = Gate(behind)
    threading.Thread(target=opened.serve, daemon=True).start()
    try:
        yield opened
    finally:
        opened.close()
