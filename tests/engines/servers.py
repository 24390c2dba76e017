"""Servers that answer as those do that are down, slow, overloaded or do not know you: on this machine, for one test."""

from __future__ import annotations

import io
import socket
import threading
import time
import zipfile
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Generator


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # A registry's client speaks TLS first, and plain HTTP only to who answers in HTTP.
    default_request_version = "HTTP/1.1"
    reply: Callable[[_Handler], None]

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        """One whole answer."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def reply_any(self) -> None:
        """What it does for every method."""
        with suppress(OSError):
            type(self).reply(self)


for _method in ("GET", "HEAD", "POST", "PUT", "PATCH"):
    setattr(_Handler, f"do_{_method}", _Handler.reply_any)


@contextmanager
def serving(reply: Callable[[_Handler], None], host: str = "127.0.0.1") -> Generator[str]:
    """`HOST:PORT` of a server that answers every request in this way."""
    server = _Server((host, 0), type("Handler", (_Handler,), {"reply": reply}))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"{host}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that leave in the middle are what these servers are for."""


@contextmanager
def refusing(status: int) -> Generator[str]:
    """A registry that answers everything with this status."""
    with serving(lambda request: request.answer(status, b"{}")) as address:
        yield address


@contextmanager
def silent() -> Generator[str]:
    """A server that takes every connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


class Valve(threading.Event):
    """While it is not set, nothing comes through."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address


@contextmanager
def mute(target: str) -> Generator[Valve]:
    """A server that takes every connection and says nothing, until its valve is opened: then it is the other one."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        valve = Valve(f"127.0.0.1:{server.getsockname()[1]}")
        threading.Thread(target=_relay_all, args=(server, target, 0, valve), daemon=True).start()
        yield valve
        server.shutdown(socket.SHUT_RDWR)


@contextmanager
def slowly(target: str, seconds: float) -> Generator[str]:
    """A server that hands everything on to another one, and its answers back after a pause."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        valve = Valve(f"127.0.0.1:{server.getsockname()[1]}")
        valve.set()
        threading.Thread(target=_relay_all, args=(server, target, seconds, valve), daemon=True).start()
        yield valve.address
        server.shutdown(socket.SHUT_RDWR)


def _relay_all(server: socket.socket, target: str, seconds: float, valve: Valve) -> None:
    with suppress(OSError):
        while True:
            client, _ = server.accept()
            threading.Thread(target=_relay_one, args=(client, target, seconds, valve), daemon=True).start()


def _relay_one(client: socket.socket, target: str, seconds: float, valve: Valve) -> None:
    valve.wait(600)
    host, _, port = target.rpartition(":")
    with suppress(OSError):
        there = socket.create_connection((host, int(port)))
        threading.Thread(target=_relay, args=(client, there, 0), daemon=True).start()
        _relay(there, client, seconds)


def _relay(source: socket.socket, sink: socket.socket, seconds: float) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 20):
            time.sleep(seconds)
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


class Index:
    """A package index with two packages: `good`, and `big`, whose download stops after a part until it is mended."""

    def __init__(self, login: str = "Basic YTpi") -> None:
        self.login = login
        """What it wants to hear when it is closed; `a:b` where nothing is said."""
        self.half_way: Callable[[], None] | None = None
        """What happens when half of `big` has been sent: no more comes."""
        self.closed = False
        """Requires the login."""

    def __call__(self, request: _Handler) -> None:
        path = request.path.strip("/").split("/")
        if self.closed and request.headers.get("Authorization") != self.login:
            request.answer(401, WWW_Authenticate='Basic realm="index"')
        elif path[0] == "simple" and path[-1] in {"good", "big"}:
            name = f"{path[-1]}-1.0-py3-none-any.whl"
            request.answer(200, f'<a href="/files/{name}">{name}</a>'.encode(), Content_Type="text/html")
        elif path[0] == "files":
            self._send(request, _wheel(path[-1].split("-")[0]))
        else:
            request.answer(404)

    def _send(self, request: _Handler, wheel: bytes) -> None:
        if b"padding" not in wheel or self.half_way is None or request.command == "HEAD":
            request.answer(200, wheel)
            return
        request.send_response(200)
        request.send_header("Content-Length", str(len(wheel)))
        request.end_headers()
        request.wfile.write(wheel[: len(wheel) // 2])
        self.half_way()
        time.sleep(600)


def _wheel(name: str) -> bytes:
    """The smallest wheel that installers take; that of `big` has a megabyte that packs into as much."""
    folder = f"{name}-1.0.dist-info"
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(f"{name}.py", "ANSWER = 42\n")
        if name == "big":
            archive.writestr("big_padding.py", "#" + "padding" * 150_000)
        archive.writestr(f"{folder}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(f"{folder}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{folder}/RECORD", "")
    return file.getvalue()
