"""Serve a model over HTTP: `GET /health` and `POST /predict` on port 8080, standard library alone."""

from __future__ import annotations

import json
import math
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import ModuleType
from typing import Any, NoReturn

PORT = int(os.environ.get("PORT", "8080"))
Read = Callable[[bytes], Any]
Predict = Callable[[Any], dict[str, object]]
LARGEST_BODY = 64 * 1024
GRACE = 1.5
"""Seconds that requests in flight get once the service is told to stop."""


class InvalidInputError(ValueError):
    """The request is understood and wrong; the message says what to send instead."""


def read_field(body: bytes, name: str, meant: str) -> object:
    """What stands under the one name that the body has."""
    try:
        document = json.loads(body, parse_int=float)
    except (ValueError, RecursionError) as error:
        raise InvalidInputError(f"the body is not JSON: {error}") from error
    if not isinstance(document, dict) or set(document) != {name}:
        raise InvalidInputError(f'expected {{"{name}": {meant}}} and nothing else')
    return document[name]


def read_features(body: bytes, count: int) -> list[float]:
    """The numbers of `{"features": [...]}`, exactly `count` of them and all finite."""
    features = read_field(body, "features", f"[{count} numbers]")
    if not isinstance(features, list) or len(features) != count:
        found = f"{len(features)}" if isinstance(features, list) else "no list"
        raise InvalidInputError(f"features: expected a list of {count} numbers, found {found}")
    for position, value in enumerate(features):
        if not isinstance(value, float) or not math.isfinite(value):
            found = repr(value)[:40] if isinstance(value, float | str) else type(value).__name__
            raise InvalidInputError(f"features[{position}]: expected a finite number, found {found}")
    return features


def read_text(body: bytes, longest: int) -> str:
    """The words of `{"text": "..."}`, at most `longest` characters."""
    text = read_field(body, "text", '"..."')
    if not isinstance(text, str) or not text.strip():
        found = "nothing but blanks" if isinstance(text, str) else type(text).__name__
        raise InvalidInputError(f"text: expected words, found {found}")
    if len(text) > longest:
        raise InvalidInputError(f"text: expected at most {longest} characters, found {len(text)}")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise InvalidInputError("text: expected whole characters, found half of one")
    return text


def reader(model: ModuleType) -> Read:
    """A model says what it wants: `FEATURES`, how many numbers, or `TEXT`, how many characters at most."""
    longest = getattr(model, "TEXT", None)
    return partial(read_text, longest=longest) if longest else partial(read_features, count=model.FEATURES)


def answer(predict: Predict, given: Any) -> bytes:
    """What the model says, as JSON; numbers that it cannot cope with are the caller's to mend."""
    try:
        return json.dumps(predict(given), allow_nan=False).encode()
    except ValueError as error:
        raise InvalidInputError("the features are too large for this model") from error


class Service(ThreadingHTTPServer):
    """The model behind an address."""

    def __init__(self, address: tuple[str, int], read: Read, predict: Predict) -> None:
        super().__init__(address, Handler)
        self.read = read
        self.predict = predict
        self.told_to_stop = False

    def stop(self, *_: object) -> None:
        """Heeded between requests: what a signal handler raises is lost where Python happens to be tidying up."""
        self.told_to_stop = True

    def service_actions(self) -> None:
        if self.told_to_stop:
            raise SystemExit(0)


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Service
    timeout = 10

    def do_GET(self) -> None:
        match self.path.partition("?")[0]:
            case "/health":
                self._send(HTTPStatus.OK, b'{"status": "ok"}')
            case "/predict":
                self.send_error(HTTPStatus.METHOD_NOT_ALLOWED, "send a POST request to /predict")
            case _:
                self._not_found()

    def do_POST(self) -> None:
        body = self._body()
        if body is None:
            return
        if self.path.partition("?")[0] != "/predict":
            self._not_found()
            return
        try:
            self._send(HTTPStatus.OK, answer(self.server.predict, self.server.read(body)))
        except InvalidInputError as error:
            self.send_error(HTTPStatus.BAD_REQUEST, str(error))

    def _body(self) -> bytes | None:
        """The body, or nothing where its size is unknown or too large, which is then answered."""
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()):
            self.send_error(HTTPStatus.LENGTH_REQUIRED, "send the body with a Content-Length")
        elif len(length) > 9 or int(length) > LARGEST_BODY:
            self._drain()
            self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"send at most {LARGEST_BODY} bytes")
        else:
            return self.rfile.read(int(length))
        return None

    def _drain(self) -> None:
        """Read what the client is sending, within reason: one that is still sending misses the answer."""
        left = min(int(self.headers["Content-Length"][:9]), 64 * LARGEST_BODY)
        while left > 0 and (piece := self.rfile.read(min(left, LARGEST_BODY))):
            left -= len(piece)

    def _not_found(self) -> None:
        self.send_error(HTTPStatus.NOT_FOUND, "there are GET /health and POST /predict")

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Errors are JSON too, those that the base class finds as well."""
        status = HTTPStatus(code)
        self._send(status, json.dumps({"error": message or status.phrase}).encode())

    def _send(self, status: HTTPStatus, document: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(document)))
        self.end_headers()
        self.wfile.write(document)


def leave(*_: object) -> NoReturn:
    """While the model loads there is nothing to finish, and native code may not outlive an exception in its midst."""
    os._exit(0)


def on_stop(handler: Callable[..., object]) -> None:
    """Without a handler of its own, a first process ignores SIGTERM, and any other leaves at once."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handler)


def finish_requests() -> None:
    """Give requests in flight their time, all together no more than the grace."""
    deadline = time.monotonic() + GRACE
    for thread in threading.enumerate():
        if thread is not threading.current_thread():
            thread.join(max(0.0, deadline - time.monotonic()))


def main() -> NoReturn:
    on_stop(leave)
    print("loading the model", flush=True)
    # Only now, since this import takes seconds in which a stop must work already.
    import model

    service = Service(("0.0.0.0", PORT), reader(model), model.load())
    try:
        on_stop(service.stop)
        print(f"serving on port {PORT}", flush=True)
        service.serve_forever(poll_interval=0.1)
    finally:
        service.socket.close()
        finish_requests()
        sys.stderr.flush()
        # Threads that are still at work in the model's native code must not be met by a dying interpreter.
        os._exit(0)


if __name__ == "__main__":
    main()
