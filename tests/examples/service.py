"""A service under test: a process or a container that answers at a URL."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and JSON document of one response."""

    status: int
    document: dict[str, object]


@dataclass(frozen=True, slots=True)
class Service:
    """Where it answers."""

    url: str

    def get(self, path: str) -> Answer:
        """One GET request."""
        return _answer(urllib.request.Request(self.url + path))

    def post(self, path: str, body: bytes) -> Answer:
        """One POST request."""
        return _answer(urllib.request.Request(self.url + path, body))

    def predict(self, features: object) -> Answer:
        """One prediction."""
        return self.post("/predict", json.dumps({"features": features}).encode())

    def wait(self, seconds: float = 60) -> None:
        """Until `/health` answers."""
        end = time.monotonic() + seconds
        while True:
            try:
                assert self.get("/health") == Answer(200, {"status": "ok"})
                return
            except (OSError, EOFError):
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)


def _answer(request: urllib.request.Request) -> Answer:
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return Answer(response.status, json.load(response))
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, json.load(error))


def wrong_bodies(count: int) -> dict[bytes, str]:
    """Bodies that a service of `count` features refuses with 400, and what it says."""
    rest = b"1," * (count - 1)
    finite = "features[%d]: expected a finite number, found %s"
    return {
        b"": "the body is not JSON: Expecting value: line 1 column 1 (char 0)",
        b"{": "the body is not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
        b"[1]": f'expected {{"features": [{count} numbers]}} and nothing else',
        b'{"features": [], "x": 1}': f'expected {{"features": [{count} numbers]}} and nothing else',
        b'{"features": 1}': f"features: expected a list of {count} numbers, found no list",
        b'{"features": [1]}': f"features: expected a list of {count} numbers, found 1",
        b'{"features": [%sNaN]}' % rest: finite % (count - 1, "nan"),
        b'{"features": [%s1e999]}' % rest: finite % (count - 1, "inf"),
        b'{"features": [%s%s]}' % (rest, b"9" * 5000): finite % (count - 1, "inf"),
        b'{"features": [%strue]}' % rest: finite % (count - 1, "bool"),
        b'{"features": [%snull]}' % rest: finite % (count - 1, "NoneType"),
        b'{"features": [%s"1"]}' % rest: finite % (count - 1, "'1'"),
        b'{"features": [%s1e308]}' % (b"1e308," * (count - 1)): "the features are too large for this model",
    }


def wrong_texts(longest: int) -> dict[bytes, str]:
    """Bodies that a service of texts refuses with 400, and what it says."""
    return {
        b"": "the body is not JSON: Expecting value: line 1 column 1 (char 0)",
        b'"good"': 'expected {"text": "..."} and nothing else',
        b'{"features": [1]}': 'expected {"text": "..."} and nothing else',
        b'{"text": 1}': "text: expected words, found float",
        b'{"text": null}': "text: expected words, found NoneType",
        b'{"text": " \\n"}': "text: expected words, found nothing but blanks",
        b'{"text": "%s"}' % (b"a" * (longest + 1)): f"text: expected at most {longest} characters, found {longest + 1}",
        b'{"text": "\\ud83d"}': "text: expected whole characters, found half of one",
    }
