"""A conda channel of the tests' own: small packages, their repodata, and the files that lock them.

Source of the formats: conda's CEPs "conda package metadata" and "repodata.json", and conda-lock's file of version 1.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

PLACEHOLDER = "/opt/anaconda1anaconda2anaconda3"
"""Where a program says this, conda writes where the environment is."""


@dataclass(frozen=True)
class Package:
    """One file of the channel."""

    name: str
    version: str
    build: str
    subdir: str
    md5: str
    sha256: str
    size: int
    index: dict[str, object]

    @property
    def file(self) -> str:
        return f"{self.name}-{self.version}-{self.build}.tar.bz2"


class Channel:
    """A folder that micromamba takes packages from."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.packages: list[Package] = []
        for subdir in ("linux-64", "noarch"):
            (folder / subdir).mkdir(parents=True)
            self._index(subdir)

    def add(
        self,
        name: str,
        version: str,
        files: Mapping[str, str],
        *,
        depends: Sequence[str] = (),
        build: str = "0",
        number: int = 0,
        subdir: str = "linux-64",
    ) -> Package:
        """A package of text files; those in `bin` are programs."""
        index: dict[str, object] = {
            "name": name, "version": version, "build": build, "build_number": number,
            "depends": list(depends), "subdir": subdir, **({"noarch": "generic"} if subdir == "noarch" else {}),
        }  # fmt: skip
        paths = {"paths": [_path(path, text) for path, text in files.items()], "paths_version": 1}
        inside = {**files, "info/index.json": json.dumps(index), "info/paths.json": json.dumps(paths)}
        inside["info/files"] = "".join(f"{path}\n" for path in files)
        if any(PLACEHOLDER in text for text in files.values()):
            marked = [path for path, text in files.items() if PLACEHOLDER in text]
            inside["info/has_prefix"] = "".join(f"{PLACEHOLDER} text {path}\n" for path in marked)
        data = _archive(inside)
        md5, sha256 = hashlib.md5(data).hexdigest(), hashlib.sha256(data).hexdigest()
        package = Package(name, version, build, subdir, md5, sha256, len(data), index)
        (self.folder / subdir / package.file).write_bytes(data)
        self.packages.append(package)
        self._index(subdir)
        return package

    def _index(self, subdir: str) -> None:
        records = {
            one.file: {**one.index, "md5": one.md5, "sha256": one.sha256, "size": one.size}
            for one in self.packages
            if one.subdir == subdir
        }
        repodata = {"info": {"subdir": subdir}, "packages": records, "packages.conda": {}, "repodata_version": 1}
        (self.folder / subdir / "repodata.json").write_text(json.dumps(repodata), encoding="utf-8")


def explicit(url: str, *packages: Package, digest: str = "md5") -> str:
    """A lock as `conda list --explicit` writes it."""
    marks = {"md5": "#{0.md5}", "sha256": "#sha256:{0.sha256}"}[digest]
    lines = [f"{url}/{one.subdir}/{one.file}{marks.format(one)}" for one in packages]
    return "\n".join(["# platform: linux-64", "@EXPLICIT", *lines, ""])


def conda_lock(url: str, *packages: Package) -> str:
    """A `conda-lock.yml` of version 1."""
    head = f"""\
version: 1
metadata:
  content_hash: {{linux-64: {"0" * 64}}}
  channels:
  - {{url: "{url}", used_env_vars: []}}
  platforms: [linux-64]
  sources: [environment.yml]
package:
"""
    return head + "".join(
        f"""\
- name: {one.name}
  version: '{one.version}'
  manager: conda
  platform: linux-64
  dependencies: {{}}
  url: {url}/{one.subdir}/{one.file}
  hash: {{md5: {one.md5}, sha256: {one.sha256}}}
  category: main
  optional: false
"""
        for one in packages
    )


def _path(path: str, text: str) -> dict[str, object]:
    data = text.encode()
    found: dict[str, object] = {
        "_path": path, "path_type": "hardlink", "sha256": hashlib.sha256(data).hexdigest(), "size_in_bytes": len(data),
    }  # fmt: skip
    return {**found, "file_mode": "text", "prefix_placeholder": PLACEHOLDER} if PLACEHOLDER in text else found


def _archive(files: Mapping[str, str]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:bz2") as archive:
        for path, text in files.items():
            member = tarfile.TarInfo(path)
            member.size, member.mode = len(text.encode()), 0o755 if path.startswith("bin/") else 0o644
            archive.addfile(member, io.BytesIO(text.encode()))
    return stream.getvalue()
