"""The file from which the builder makes several images at once: each with what a build of it alone would be given."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mlcontainers.engines.client import buildx_command
from mlcontainers.engines.options import grouped, metadata_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mlcontainers.engines.options import BuildRequest

FILESYSTEM = {"BUILDX_BAKE_ENTITLEMENTS_FS": "0"}
"""The builder asks its user before a bake file reads outside of its own folder. This one is ours: it names the context
and the files that the user has named to us."""

_TEXTS = {"--file": "dockerfile", "--network": "network"}
_LISTS = {
    "--platform": "platforms",
    "--cache-from": "cache-from",
    "--cache-to": "cache-to",
    "--secret": "secret",
    "--annotation": "annotations",
    "--attest": "attest",
}
_MAPS = {"--build-context": "contexts", "--label": "labels", "--build-arg": "args"}
_OF_ALL = {"--metadata-file", "--builder"}
"""Arguments of the whole command."""


def bake_command(
    builds: Mapping[str, tuple[BuildRequest, str]], scratch: Path, *, folders: Mapping[str, Path]
) -> list[str]:
    """Write the file for these targets, each with its request and output, and give the command that builds them.

    `scratch` and `folders`, one for each target, live as long as the build.
    """
    targets = {name: _target(request, folders[name], output) for name, (request, output) in builds.items()}
    file = scratch / "bake.json"
    file.write_text(json.dumps({"group": {"default": {"targets": list(targets)}}, "target": targets}, indent=2))
    request = next(iter(builds.values()))[0]
    builder = [f"--builder={request.builder}"] if request.builder else []
    results = [f"--metadata-file={metadata_file(scratch)}"]
    return [*buildx_command(), "bake", "--progress=rawjson", f"--file={file}", *results, *builder]


def _target(request: BuildRequest, scratch: Path, output: str) -> dict[str, Any]:
    """The arguments of a build in the words of a bake file."""
    target: dict[str, Any] = {"context": _literal(str(request.folder)), "output": [_literal(output)]}
    for argument in grouped(request, scratch):
        name, _, value = argument.partition("=")
        if name in _TEXTS:
            target[_TEXTS[name]] = _literal(value)
        elif name in _LISTS:
            target.setdefault(_LISTS[name], []).append(_literal(value))
        elif name in _MAPS:
            key, _, content = value.partition("=")
            target.setdefault(_MAPS[name], {})[key] = _literal(content)
        elif name not in _OF_ALL:
            raise AssertionError(f"no word of a bake file for {name}")
    return target


def _literal(text: str) -> str:
    """A text that the builder takes as it stands: its strings are templates."""
    return text.replace("${", "$${").replace("%{", "%%{")
