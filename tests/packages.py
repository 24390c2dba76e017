"""Small packages and indexes of the tests' own: wheels without code, and a server that offers them."""

from __future__ import annotations

import base64
import hashlib
import threading
import zipfile
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path


def make_wheel(folder: Path, name: str, version: str, requires: Sequence[str] = (), *, says: str = "") -> Path:
    """A wheel with a name, a version and requirements; its module has the version, or what it `says`."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{name.replace('-', '_')}-{version}"
    info = f"{stem}.dist-info"
    metadata = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    texts = {
        f"{name.replace('-', '_')}.py": f"version = {(says or version)!r}\n",
        f"{info}/METADATA": "\n".join([*metadata, *(f"Requires-Dist: {text}" for text in requires), ""]),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in (*texts, f"{info}/RECORD"))
    wheel = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in {**texts, f"{info}/RECORD": record}.items():
            archive.writestr(zipfile.ZipInfo(path), text)
    return wheel


def make_index(root: Path, *wheels: tuple[str, str, Sequence[str]]) -> None:
    """A simple index of such wheels: name, version and requirements of each."""
    for name, version, requires in wheels:
        make_wheel(root / name, name, version, requires)
    for folder in root.iterdir():
        links = "".join(f'<a href="{wheel.name}#{digest(wheel)}">{wheel.name}</a>\n' for wheel in folder.glob("*.whl"))
        (folder / "index.html").write_text(f"<!doctype html><html><body>{links}</body></html>", encoding="utf-8")


def digest(wheel: Path) -> str:
    """As the fragment of a link: `sha256=...`."""
    return f"sha256={hashlib.sha256(wheel.read_bytes()).hexdigest()}"


@contextmanager
def served(root: Path, login: str = "") -> Generator[str]:
    """The address of a server of this folder; with a login `name:password` it asks for it."""
    asked = f"Basic {base64.b64encode(login.encode()).decode()}" if login else None

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments, directory=str(root))  # type: ignore[arg-type]  # pyright: ignore

        def do_GET(self) -> None:
            if asked and self.headers.get("Authorization") != asked:
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="tests"')
                self.end_headers()
                return
            super().do_GET()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
