"""What this host lends to a build: its package index, and whom it trusts.

Companies set these once a machine: an index of their own, a CA of their own. A build sees neither, so it is given
both as build secrets, which are in no layer, no history and no cache key.
"""

from __future__ import annotations

import json
import os
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mlcontainers.engines.settings import pip_settings, uv_settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CA_IN_IMAGE = "/etc/ssl/certs/ca-certificates.crt"
_SYSTEM_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
"""Where Debian, Red Hat, SUSE, Alpine and macOS keep what they trust."""


@dataclass(frozen=True, slots=True, repr=False)
class HostSecrets:
    """Files for a build's install steps. Their contents are shown nowhere."""

    files: tuple[tuple[str, bytes], ...]
    """Id of the build secret, and its content."""
    notes: tuple[str, ...] = ()
    """What of the host's settings was left out, and why."""


def host_secrets(
    environment: Mapping[str, str] | None = None,
    home: Path | None = None,
    *,
    root: Path = Path("/"),
    ca: Path | None = None,
) -> HostSecrets:
    """This host's index and CA bundle, in the words of pip and of uv; no file where there is nothing to say.

    `ca` names another bundle than the host's own.
    """
    env, home = os.environ if environment is None else environment, home or Path.home()
    pip, uv = pip_settings(env, home, root=root), uv_settings(env, home, root=root)
    index = index_address(pip, uv)
    trusted = _trusted(index, f"{pip.get('trusted-host', '')} {uv.get('trusted-host', '')}".split())
    trust = ca.read_bytes() if ca else _ca_bundle(env, pip)
    files = [
        ("pip.conf", _pip_conf(index, trusted, bool(trust))),
        ("uv.toml", _uv_toml(index, trusted, bool(trust))),
        ("ca-certificates", trust),
    ]
    notes = (*_left_out("pip", pip), *_left_out("uv", uv))
    return HostSecrets(tuple((name, content) for name, content in files if content), notes)


def find_links(environment: Mapping[str, str] | None = None, home: Path | None = None) -> tuple[Path, ...]:
    """The folders of this host that pip's find-links setting names."""
    env = os.environ if environment is None else environment
    named = pip_settings(env, home or Path.home()).get("find-links", "").split()
    folders = (Path(name.removeprefix("file://")) for name in named if "://" not in name or name.startswith("file://"))
    return tuple(folder for folder in folders if folder.is_dir())


def index_address(pip: Mapping[str, str], uv: Mapping[str, str]) -> str:
    """The index that uv, or else pip, is told to ask; empty where neither is told or it is a folder."""
    return next((url for url in (uv.get("index-url", ""), pip.get("index-url", "")) if _reachable(url)), "")


def _reachable(url: str) -> bool:
    """Whether a build could ask this address: folders of this host are not there."""
    return url.startswith(("https://", "http://")) and len(url.split()) == 1


def _trusted(index: str, hosts: list[str]) -> str:
    """The index's host where the host's settings waive its certificate; nobody else is trusted with it."""
    parts = urlsplit(index)
    names = {parts.hostname, f"{parts.hostname}:{parts.port}"}
    return next((host for host in hosts if host in names), "") if index else ""


def _ca_bundle(env: Mapping[str, str], pip: Mapping[str, str]) -> bytes:
    """The certificates that this host trusts: as a variable names them, as pip does, or the system's own."""
    named = (env.get("SSL_CERT_FILE"), env.get("REQUESTS_CA_BUNDLE"), pip.get("cert"))
    for place in (*named, ssl.get_default_verify_paths().cafile, *_SYSTEM_BUNDLES):
        if place and Path(place).is_file():
            return Path(place).read_bytes()
    return b""


def _left_out(program: str, settings: Mapping[str, str]) -> Iterator[str]:
    """What cannot go along: folders of this host, and further indexes, between which a name could be mistaken."""
    if settings.get("extra-index-url"):
        yield f"{program}'s extra indexes are left out: every package comes from one index"
    if settings.get("find-links"):
        yield f"{program}'s find-links is left out: name its folder with wheelhouse= (--wheelhouse)"
    index = settings.get("index-url", "")
    if index and not _reachable(index):
        yield f"{program}'s index is left out: it is a folder of this host, which a build cannot see"


def _pip_conf(index: str, trusted: str, ca: bool) -> bytes:
    lines = [f"index-url = {index}"] if index else []
    lines += [f"trusted-host = {trusted}"] if trusted else []
    lines += [f"cert = {CA_IN_IMAGE}"] if ca else []
    return "\n".join(["[global]", *lines, ""]).encode() if lines else b""


def _uv_toml(index: str, trusted: str, ca: bool) -> bytes:
    """A JSON text is a TOML basic string too, as long as it is ASCII."""
    lines = ["system-certs = true"] if ca else []
    lines += [f"allow-insecure-host = [{json.dumps(trusted)}]"] if trusted else []
    lines += ["[[index]]", f"url = {json.dumps(index)}", "default = true"] if index else []
    return "\n".join([*lines, ""]).encode() if lines else b""
