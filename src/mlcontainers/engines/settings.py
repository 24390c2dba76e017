"""What pip and uv are told to do on this host: their configuration files and variables, in their own order."""

from __future__ import annotations

import configparser
import os
import re
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NAMED = re.compile(r"^[A-Za-z0-9_.-]+=")
"""uv's way to give an index a name: `company=https://...`."""


def pip_settings(env: Mapping[str, str], home: Path, *, root: Path = Path("/")) -> dict[str, str]:
    """pip's settings for `pip install`, by their long names (`index-url`).

    A section for the command wins over `[global]` wherever either stands, and variables win over files.
    Source: pip's documentation, "Configuration", "Precedence / Override order".
    """
    files = [parsed for file in _pip_files(env, home, root) if (parsed := _ini(file)) is not None]
    settings: dict[str, str] = {}
    for section in ("global", "install"):
        for parsed in files:
            if parsed.has_section(section):
                settings.update({_name(key): value.strip() for key, value in parsed.items(section)})
    for name, value in env.items():
        if name.startswith("PIP_") and name != "PIP_CONFIG_FILE" and value.strip():
            settings[_name(name.removeprefix("PIP_"))] = value.strip()
    return settings


def _pip_files(env: Mapping[str, str], home: Path, root: Path) -> Iterator[Path]:
    """Global, user, site, and the one that a variable names: later ones win."""
    named = env.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return
    if sys.platform == "darwin":
        yield root / "Library/Application Support/pip/pip.conf"
    else:
        for folder in (env.get("XDG_CONFIG_DIRS") or str(root / "etc/xdg")).split(":"):
            yield Path(folder) / "pip" / "pip.conf"
        yield root / "etc/pip.conf"
    if not (named and Path(named).exists()):
        yield home / ".pip" / "pip.conf"
        yield _pip_home(env, home) / "pip.conf"
    yield Path(env.get("VIRTUAL_ENV") or sys.prefix) / "pip.conf"
    if named:
        yield Path(named)


def _pip_home(env: Mapping[str, str], home: Path) -> Path:
    apple = home / "Library/Application Support/pip"
    if sys.platform == "darwin" and apple.is_dir():
        return apple
    return Path(env.get("XDG_CONFIG_HOME") or home / ".config") / "pip"


def _ini(file: Path) -> configparser.RawConfigParser | None:
    """A file's settings; None where it is absent or no such file, which pip itself will complain of."""
    parser = configparser.RawConfigParser()
    try:
        return parser if parser.read(file, encoding="utf-8") else None
    except (configparser.Error, UnicodeDecodeError):
        return None


def _name(key: str) -> str:
    """One spelling for `INDEX_URL`, `index_url` and `--index-url`, as pip has it."""
    return key.lower().replace("_", "-").removeprefix("--")


def uv_settings(env: Mapping[str, str], home: Path, *, root: Path = Path("/")) -> dict[str, str]:
    """uv's settings that matter to a build, by pip's names for them.

    Variables win over the user's file, and that one over the host's.
    Source: uv's documentation, "Configuration files" and "Environment variables".
    """
    user = Path(env.get("XDG_CONFIG_HOME") or home / ".config") / "uv" / "uv.toml"
    folders = (env.get("XDG_CONFIG_DIRS") or str(root / "etc/xdg")).split(":")
    system = next((file for folder in folders if (file := Path(folder) / "uv" / "uv.toml").is_file()), None)
    files = [system or root / "etc/uv/uv.toml", user]
    if env.get("UV_CONFIG_FILE"):
        files = [Path(env["UV_CONFIG_FILE"])]
    if env.get("UV_NO_CONFIG", "").lower() in {"1", "true", "t", "yes", "y", "on"}:
        files = []
    settings: dict[str, str] = {}
    for file in files:
        settings.update(_uv_file(file))
    for name, setting in _UV_VARIABLES:
        if env.get(name, "").strip():
            settings[setting] = _NAMED.sub("", env[name].strip())
    return settings


_UV_VARIABLES = (
    ("UV_INDEX_URL", "index-url"),
    ("UV_DEFAULT_INDEX", "index-url"),
    ("UV_EXTRA_INDEX_URL", "extra-index-url"),
    ("UV_INDEX", "extra-index-url"),
    ("UV_FIND_LINKS", "find-links"),
    ("UV_INSECURE_HOST", "trusted-host"),
)
"""Later ones win."""


def _uv_file(file: Path) -> dict[str, str]:
    try:
        data: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}
    pip = cast("dict[str, Any]", data.get("pip", {}))
    settings = {key: _joined(pip.get(key, data.get(key, ""))) for key in ("index-url", "extra-index-url", "find-links")}
    settings["trusted-host"] = _joined(data.get("allow-insecure-host", ""))
    for index in cast("list[dict[str, Any]]", data.get("index", [])):
        settings["index-url" if index.get("default") else "extra-index-url"] = str(index.get("url", ""))
    return {key: value for key, value in settings.items() if value}


def _joined(value: object) -> str:
    return " ".join(map(str, cast("list[object]", value))) if isinstance(value, list) else str(value)
