"""The bytes of a secret are nowhere: every layer, configuration, text, event and record is searched for them."""

from __future__ import annotations

import base64
import gzip
import json
import os
import subprocess
import tarfile
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from mlcontainers import BuiltImage, Image, build, plan
from tests.engines.containers import docker, temporary_tag
from tests.engines.servers import Index, serving

if TYPE_CHECKING:
    from pathlib import Path

    from mlcontainers import Plan
    from mlcontainers.engines.events import Event

QUIET = 'sha256sum < /run/secrets/token > /srv/one && printf %s "$WORD" | sha256sum > /srv/other'
"""Uses both secrets, and keeps nothing that tells them."""


def disguises(secret: bytes) -> set[bytes]:
    """The bytes, and what they look like in hexadecimal and in the middle of a base64 text, wherever it begins."""
    shifted = [base64.b64encode(b"x" * offset + secret + b"x" * 3) for offset in range(3)]
    # The first and last characters depend on the neighbours.
    inner = {text[4:-8] for text in shifted}
    return {secret, secret.hex().encode(), secret.hex().upper().encode(), secret[::-1], *inner}


def found(secrets: list[bytes], haystacks: dict[str, bytes]) -> set[str]:
    """The names of all places where one of the secrets is."""
    needles = {needle for secret in secrets for needle in disguises(secret)}
    return {name for name, content in haystacks.items() if any(needle in content for needle in needles)}


def haystacks(built: BuiltImage, decided: Plan, events: list[Event], folder: Path) -> dict[str, bytes]:
    """Everything that is left of a build."""
    tag = built.tags[0]
    texts = {
        "plan": json.dumps(decided.to_json()) + repr(decided) + decided.explain(),
        "image": repr(decided.image) + decided.image.dump() + decided.image.dump("json"),
        "Dockerfile": decided.dockerfile.render(),
        "built": repr(built),
        "events": repr(events),
        "history": docker("history", "--no-trunc", tag).stdout,
        "inspect": docker("image", "inspect", tag).stdout,
        "cache records": docker("buildx", "du", "--verbose").stdout,
        "build records": docker("buildx", "history", "ls", "--format=json").stdout,
    }
    return {**{name: text.encode() for name, text in texts.items()}, **blobs(tag, folder)}


def blobs(tag: str, folder: Path) -> dict[str, bytes]:
    """Every file of the saved image: layers decompressed, configurations and manifests as they are."""
    saved = folder / "saved.tar"
    assert docker("image", "save", f"--output={saved}", tag).returncode == 0
    with tarfile.open(saved) as archive:
        members = {member.name: archive.extractfile(member) for member in archive if member.isfile()}
        contents = {name: file.read() for name, file in members.items() if file}
    return {f"saved {name}": unpacked(content) for name, content in contents.items()}


def unpacked(content: bytes) -> bytes:
    if content[:2] == b"\x1f\x8b":
        return gzip.decompress(content)
    if content[:4] == b"\x28\xb5\x2f\xfd":
        return subprocess.run(("zstd", "-dc"), input=content, capture_output=True, check=True).stdout
    return content


class Case:
    """A build with random secrets, and all that is left of it."""

    def __init__(self, image: Image, secrets: list[bytes], given: dict[str, str | Path], folder: Path) -> None:
        self.secrets = secrets
        events: list[Event] = []
        with temporary_tag() as tag:
            built = build(image, tags=[tag], secrets=given, host_settings=True, verify=False, progress=events.append)
            self.left = haystacks(built, plan(image), events, folder)

    @classmethod
    def of_command(cls, command: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
        """A command that sees one as a file and one as a variable."""
        secrets = [os.urandom(24).hex().encode(), base64.urlsafe_b64encode(os.urandom(24))]
        (folder / "token").write_bytes(secrets[0])
        monkeypatch.setenv("WORD_HERE", secrets[1].decode())
        # Another secret is no other step: without a word of its own it would not run again.
        image = Image.from_cpu(python="3.11").add_run(f"true {uuid4()}", command, secrets=["token", "word,env=WORD"])
        return cls(image, secrets, {"token": folder / "token", "word": "$WORD_HERE"}, folder)

    @classmethod
    def of_index(cls, folder: Path) -> Case:
        """A package from an index that lets nobody in who does not know the password."""
        password = os.urandom(24).hex()
        login = f"Basic {base64.b64encode(f'reader:{password}'.encode()).decode()}"
        index = Index(login)
        index.closed = True
        with serving(index, _gateway()) as address:
            host = address.partition(":")[0]
            (folder / "netrc").write_text(f"machine {host} login reader password {password}\n", encoding="utf-8")
            image = Image.from_cpu(python="3.11")
            image = image.with_index("company", f"http://{address}/simple", ["good"], credentials="company-netrc")
            secrets = [password.encode(), login.removeprefix("Basic ").encode()]
            return cls(image.add_pip("good"), secrets, {"company-netrc": folder / "netrc"}, folder)

    @property
    def told(self) -> set[str]:
        """Where one of them is; layers by the word alone."""
        return {"a layer" if name.startswith("saved ") else name for name in found(self.secrets, self.left)}


def _gateway() -> str:
    """This machine, as containers of the engine see it."""
    return docker("network", "inspect", "bridge", "--format={{(index .IPAM.Config 0).Gateway}}").stdout.strip()


@pytest.mark.engine
@pytest.mark.usefixtures("engine")
def test_they_are_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case.of_command(QUIET, tmp_path, monkeypatch)

    assert case.told == set()
    assert sum(name.startswith("saved blobs/") for name in case.left) > 4
    assert all(case.left.values()), "each place was there to be searched"


@pytest.mark.engine
@pytest.mark.usefixtures("engine")
def test_the_password_of_an_index_is_nowhere(tmp_path: Path) -> None:
    assert Case.of_index(tmp_path).told == set()


@pytest.mark.engine
@pytest.mark.usefixtures("engine")
def test_the_search_finds_those_that_the_user_lets_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = "printf 'ab%s' \"$WORD\" | base64 -w0 > /srv/word"

    assert Case.of_command(kept, tmp_path, monkeypatch).told == {"a layer"}
    assert Case.of_command(f"{QUIET} && cat /run/secrets/token", tmp_path, monkeypatch).told == {"events"}


@pytest.mark.parametrize("before", [b"", b"a", b"ab", b"abc"])
def test_the_search_knows_its_disguises(before: bytes) -> None:
    secret = os.urandom(24)
    whole = before + secret + b"end"
    places = {"plain": whole, "hex": whole.hex().encode(), "base64": base64.b64encode(whole), "none": os.urandom(99)}

    assert found([secret], places) == {"plain", "hex", "base64"}
