"""Offer the BuildKit inside a dockerd as a plain gRPC endpoint, so that buildx can use that engine as a remote builder.

    bridge.py DOCKER_SOCKET SOCKET
    docker buildx create --name far --driver remote unix://SOCKET

dockerd speaks gRPC only after `Upgrade: h2c` on POST /grpc; this does that for every connection, and then copies bytes
both ways.
"""

from __future__ import annotations

import socket
import sys
import threading
from contextlib import suppress

UPGRADE = b"POST /grpc HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"


def copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def serve(client: socket.socket, docker: str) -> None:
    engine = socket.socket(socket.AF_UNIX)
    try:
        engine.connect(docker)
        engine.sendall(UPGRADE)
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = engine.recv(1)
            if not byte:
                raise OSError("the engine closed the connection")
            head += byte
        if b" 101 " not in head.splitlines()[0]:
            raise OSError(head.splitlines()[0].decode())
    except OSError as error:
        print(f"bridge.py: {docker}: {error}", file=sys.stderr)
        client.close()
        engine.close()
        return
    threading.Thread(target=copy, args=(client, engine), daemon=True).start()
    copy(engine, client)


def main(docker: str, listen: str) -> None:
    server = socket.socket(socket.AF_UNIX)
    server.bind(listen)
    server.listen()
    while True:
        client, _ = server.accept()
        threading.Thread(target=serve, args=(client, docker), daemon=True).start()


if __name__ == "__main__":
    main(*sys.argv[1:])
