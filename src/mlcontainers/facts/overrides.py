"""A user's own facts: a private wheel, a vendor's image, something seen by hand. Each says why, and answers show it.

[[release]]
package = "torch"
version = "2.15.0"
reason = "cu126 is on PyTorch's index since 2026-11-20"
variants.x86_64.cu126 = ["3.12", "3.13"]

[[image]]
reference = "registry.example.com/ml/base:1"
python = "3.12"
glibc = "2.36"
cuda = "12.8"
reason = "our platform team builds it"

[[gpu]]
name = "RTX 9999"
capability = "12.0"
reason = "nvidia-smi says so"
"""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any, cast

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from mlcontainers.errors import InvalidValueError, Problem
from mlcontainers.values.references import ImageReference
from mlcontainers.values.text import did_you_mean
from mlcontainers.values.versions import CudaVersion, PythonVersion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlcontainers.facts.store import Kind, Record

    Own = dict[tuple[Kind, str], list[Record]]

_FIELDS = {
    "release": (
        "released", "yanked", "requires_python", "sdist", "linux", "variants", "torchvision", "torchaudio", "requires",
        "and_cuda", "with_cuda", "extras",
    ),
    "image": ("python", "glibc", "cuda"),
    "gpu": ("capability",),
}  # fmt: skip
"""What each kind of record may tell, beside what it is about, its reason and its date."""
_ABOUT = {"release": ("package", "version"), "image": ("reference",), "gpu": ("name",)}


def own_records(text: str, name: str = "your facts") -> Own:
    """The records of a TOML text, by the data file they belong to; raises InvalidValueError with all that is wrong."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidValueError(_problem(name, "this is no TOML", str(error))) from None
    problems: list[Problem] = []
    found: Own = {}
    sources: list[Record] = []
    for kind, rows in data.items():
        if kind not in _FIELDS or not isinstance(rows, list):
            hints = did_you_mean(kind, _FIELDS) or ("one of [[release]], [[image]], [[gpu]]",)
            problems.append(_problem(name, f"there is no [[{kind}]]", "", *hints))
            continue
        for number, row in enumerate(cast("list[object]", rows)):
            where = f"{name}: {kind}[{number}]"
            wrong = list(_wrong(kind, row, where))
            problems += wrong
            if wrong:
                continue
            values = cast("dict[str, Any]", row)
            source = f"own-{len(sources) + 1}"
            title = f"you said: {values['reason']}"
            sources.append({"key": source, "title": title, "what": name, "as_of": str(values.get("date", ""))})
            place, record = _RECORDS[kind](values, source)
            found.setdefault(place, []).append(record)
    if problems:
        raise InvalidValueError(*problems)
    if sources:
        found["tables", "sources"] = sources
    return found


def _wrong(kind: str, row: object, where: str) -> Iterator[Problem]:
    if not isinstance(row, dict):
        yield _problem(where, "a table is meant", "")
        return
    values = cast("dict[str, object]", row)
    known = (*_ABOUT[kind], *_FIELDS[kind], "reason", "date")
    for key in values:
        if key not in known:
            yield _problem(where, f"there is no field {key!r}", "", *did_you_mean(key, known))
    for key in (*_ABOUT[kind], "reason"):
        value = values.get(key)
        if not isinstance(value, str) or not value.strip() or "\n" in value:
            because = "every answer that leans on it shows why" if key == "reason" else ""
            yield _problem(where, f"{key!r} is missing, or no text on one line", because)
            return
    for key, read in _READ.items():
        if key in values:
            try:
                read(cast("str", values[key]))
            except (ValueError, InvalidVersion) as error:
                what = (
                    error.problems[0].what if isinstance(error, InvalidValueError) else f"{values[key]!r} is no {key}"
                )
                yield _problem(where, what, "")


def _glibc(text: str) -> tuple[int, ...]:
    major, minor = text.split(".")
    return int(major), int(minor)


_READ: dict[str, Callable[[str], object]] = {
    "version": Version,
    "python": PythonVersion.parse,
    "cuda": CudaVersion.parse,
    "glibc": _glibc,
    "capability": _glibc,
    "reference": ImageReference.parse,
}


def _release(values: dict[str, Any], source: str) -> tuple[tuple[Kind, str], Record]:
    project, version = canonicalize_name(values["package"]), Version(values["version"])
    told = {key: value for key, value in values.items() if key in _FIELDS["release"]}
    record = {"key": f"{project}=={version}", "package": project, "version": str(version), "sources": {"*": source}}
    return ("releases", project), {"released": str(values.get("date", "")), "linux": {}, **told, **record}


def _image(values: dict[str, Any], source: str) -> tuple[tuple[Kind, str], Record]:
    told = {key: str(values[key]) for key in _FIELDS["image"] if key in values}
    name = str(ImageReference.parse(values["reference"]))
    record = {"key": f"image {name}", "name": name, "distribution": name, "version": "", "sources": {"*": source}}
    return ("tables", "own-images"), {**told, **record}


def _gpu(values: dict[str, Any], source: str) -> tuple[tuple[Kind, str], Record]:
    name = values["name"]
    record = {"key": f"gpu {name}", "kind": "gpu", "name": name, "capability": values["capability"]}
    return ("tables", "gpus"), {**record, "sources": {"*": source}}


_RECORDS: dict[str, Callable[[dict[str, Any], str], tuple[tuple[Kind, str], Record]]] = {
    "release": _release,
    "image": _image,
    "gpu": _gpu,
}


def _problem(where: str, what: str, because: str, *hints: str) -> Problem:
    return Problem("bad-facts", "error", where, what, (because,) if because else (), hints)
