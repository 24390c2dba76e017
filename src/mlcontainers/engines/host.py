"""What pip and uv use on this host, to be lent to a build: the index, and whom to trust.

Companies set these once a machine: an index of their own, a CA of their own. A build sees neither, so it is given
both as build secrets, which are in no layer, no history and no cache key.
"""

from __future__ import annotations

import configparser
import os
import re
import ssl
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NAMED = re.compile(r"^[A-Za-z0-9_.-]+=")
"""uv's way to give an index a name: `company=https://...`."""
CA_IN_IMAGE = "/etc/ssl/certs/ca-certificates.crt"


@dataclass(frozen=True, slots=True, repr=False)
class HostSecrets:
    """Files for a build's install steps. Their contents are shown nowhere."""

    files: tuple[tuple[str, bytes], ...]
    """Id of the build secret, and its content."""
    notes: tuple[str, ...] = ()
    """What of the host's settings was left out, and why."""


def host_secrets(environment: Mapping[str, str] | None = None, home: Path | None = None) -> HostSecrets:
    """This host's index and CA bundle, in the words of pip and of uv."""
    env = os.environ if environment is None else environment
    settings = dict(_pip_settings(env, home or Path.home()))
    notes = tuple(_left_out(settings))
    index = _uv_index(env, home or Path.home()) or settings.get("index-url", "")
    index = index if index.startswith(("https://", "http://")) else ""
    ca = _ca_bundle(env, settings)
    files = [("pip.conf", _pip_conf(index, bool(ca))), ("uv.toml", _uv_toml(index, bool(ca)))]
    if ca:
        files.append(("ca-certificates", ca))
    return HostSecrets(tuple(files), notes)


def find_links(environment: Mapping[str, str] | None = None, home: Path | None = None) -> tuple[Path, ...]:
    """The folders of this host that pip's find-links setting names."""
    env = os.environ if environment is None else environment
    named = dict(_pip_settings(env, home or Path.home())).get("find-links", "").split()
    folders = (Path(name.removeprefix("file://")) for name in named if "://" not in name or name.startswith("file://"))
    return tuple(folder for folder in folders if folder.is_dir())


def _pip_settings(env: Mapping[str, str], home: Path) -> Iterator[tuple[str, str]]:
    """pip's settings in the order in which later ones win: global, user, site, named file, variables.

    Source: pip's user guide, "Configuration files" and "Environment variables".
    """
    config_home = Path(env.get("XDG_CONFIG_HOME") or home / ".config")
    shared = [Path(folder) / "pip" / "pip.conf" for folder in (env.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":")]
    files = [*shared, Path("/etc/pip.conf"), home / ".pip" / "pip.conf", config_home / "pip" / "pip.conf"]
    files += [Path(sys.prefix) / "pip.conf"]
    named = env.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        files = []
    elif named:
        files.append(Path(named))
    for file in files:
        parser = configparser.RawConfigParser()
        try:
            parser.read(file, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError):
            continue
        for section in ("global", "install"):
            if parser.has_section(section):
                yield from parser.items(section)
    for name, value in env.items():
        if name.startswith("PIP_") and name != "PIP_CONFIG_FILE" and value:
            yield name.removeprefix("PIP_").lower().replace("_", "-"), value


def _uv_index(env: Mapping[str, str], home: Path) -> str:
    """uv's default index, from its variables or its files."""
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL"):
        if env.get(name):
            return _NAMED.sub("", env[name])
    config_home = Path(env.get("XDG_CONFIG_HOME") or home / ".config")
    for file in (config_home / "uv" / "uv.toml", Path("/etc/uv/uv.toml")):
        try:
            data: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
            continue
        for index in cast("list[dict[str, Any]]", data.get("index", [])):
            if index.get("default"):
                return str(index.get("url", ""))
        if data.get("index-url"):
            return str(data["index-url"])
    return ""


def _ca_bundle(env: Mapping[str, str], settings: Mapping[str, str]) -> bytes:
    """The certificates that this host trusts: as a variable names them, as pip does, or the system's own."""
    places = (
        env.get("SSL_CERT_FILE"),
        env.get("REQUESTS_CA_BUNDLE"),
        settings.get("cert"),
        ssl.get_default_verify_paths().cafile,
    )
    for place in places:
        if place and Path(place).is_file():
            return Path(place).read_bytes()
    return b""


def _left_out(settings: Mapping[str, str]) -> Iterator[str]:
    """What cannot go along: folders of this host, and further indexes, between which a name could be mistaken."""
    if settings.get("extra-index-url"):
        yield "pip's extra-index-url is left out: every package comes from one index"
    if settings.get("find-links"):
        yield "pip's find-links is left out: name the folder with wheelhouse= (--wheelhouse)"
    if settings.get("index-url", "").startswith("file:"):
        yield "pip's index-url is a folder of this host, which a build cannot see"


def _pip_conf(index: str, ca: bool) -> bytes:
    lines = ["[global]"]
    lines += [f"index-url = {index}"] if index else []
    lines += [f"cert = {CA_IN_IMAGE}"] if ca else []
    return ("\n".join(lines) + "\n").encode()


def _uv_toml(index: str, ca: bool) -> bytes:
    lines = ["system-certs = true"] if ca else []
    if index:
        quoted = index.replace("\\", "\\\\").replace('"', '\\"')
        lines += ["[[index]]", f'url = "{quoted}"', "default = true"]
    return ("\n".join(lines) + "\n").encode()
