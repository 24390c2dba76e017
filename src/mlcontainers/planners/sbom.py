"""A bill of materials from the plan, before anything is built: CycloneDX 1.6 as JSON.

It says what was decided: the base image, every pinned package, every package of a lock with the hashes of its files,
system packages by name. What these bring along is only known once it is built; `installed` adds it then. It holds no
time and no random number, so that equal plans have equal bills.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from msgspec import Struct

from mlcontainers.layers import Apt, Extension, Pip
from mlcontainers.planners.environments import conda_packages
from mlcontainers.planners.reading import read_files
from mlcontainers.values.names import OCI_PREFIX
from mlcontainers.values.quoting import package_url
from mlcontainers.values.wishes import PackageRequirement
from mlcontainers.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlcontainers.planners.plans import Plan
    from mlcontainers.values.references import ImageReference

SPECIFICATION = "1.6"
_ROOT = "image"
_ALGORITHMS = {"md5": "MD5", "sha1": "SHA-1", "sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512"}
_PLANNED, _REQUIREMENT = "mlcontainers:planned", "mlcontainers:requirement"


def sbom(plan: Plan, installed: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The bill of materials of a plan; with what is `installed`, also that of the image which came of it.

    `installed` are the Python packages of the image and their versions, as `Report.installed` of `verify` has them.
    """
    components = [_base(plan.target.base), *_system(plan), *_conda(plan), *_python(plan, installed or {})]
    references = [component["bom-ref"] for component in components]
    content: dict[str, Any] = {
        "metadata": {
            "tools": {"components": [{"type": "application", "name": "mlcontainers", "version": __version__}]},
            "component": {"type": "container", "bom-ref": _ROOT, **_name(plan)},
            "properties": [
                {"name": "mlcontainers:facts", "value": plan.facts_date},
                {"name": "mlcontainers:platform", "value": str(plan.target.platform)},
                {"name": "mlcontainers:accelerator", "value": str(plan.target.accelerator)},
            ],
        },
        "components": components,
        "dependencies": [{"ref": _ROOT, "dependsOn": references}],
        # The base image's own packages are not listed, so nobody shall take it for all there is.
        "compositions": [{"aggregate": "incomplete", "assemblies": [_ROOT]}],
    }
    serial = uuid5(NAMESPACE_URL, json.dumps(content, sort_keys=True))
    head = {
        "$schema": f"http://cyclonedx.org/schema/bom-{SPECIFICATION}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": SPECIFICATION,
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
    }
    return {**head, **content}


def decided_versions(plan: Plan) -> dict[str, str]:
    """Every Python package whose version is settled: what locks have chosen, and the frameworks, which win."""
    return {name: version for name, version, _ in _decided(plan)}


def _name(plan: Plan) -> dict[str, str]:
    labels = dict(plan.image.labels)
    title, version = labels.get(f"{OCI_PREFIX}title", "image"), labels.get(f"{OCI_PREFIX}version")
    return {"name": title, **({"version": version} if version else {})}


def _base(base: ImageReference) -> dict[str, Any]:
    """By its digest where it has one; Docker's own library lies at names without a host."""
    version = base.digest or base.tag or "latest"
    purl = f"pkg:docker/{package_url(base.name)}@{package_url(version)}"
    component: dict[str, Any] = {"type": "container", "bom-ref": purl, "name": base.name, "version": version}
    component["purl"] = purl
    if base.digest and (algorithm := _ALGORITHMS.get(base.digest.partition(":")[0])):
        component["hashes"] = [{"alg": algorithm, "content": base.digest.partition(":")[2]}]
    return component


def _system(plan: Plan) -> Iterator[dict[str, Any]]:
    """By name: which version comes is the distribution's to say, on the day of the build."""
    names = {str(name) for layer in plan.image.layers if isinstance(layer, Apt) for name in layer.packages}
    for text in sorted(names):
        name, _, version = text.partition("=")
        purl = f"pkg:deb/debian/{package_url(name)}" + (f"@{package_url(version)}" if version else "")
        found = {"type": "library", "bom-ref": purl, "name": name, "purl": purl}
        yield {**found, "version": version} if version else found


def _conda(plan: Plan) -> Iterator[dict[str, Any]]:
    """By name, and by version where a lock has chosen one."""
    packages = conda_packages(plan.image, read_files(plan.image, plan.context))
    for name, version in sorted({(package.name, package.version) for package in packages}):
        purl = f"pkg:conda/{package_url(name)}" + (f"@{package_url(version)}" if version else "")
        found = {"type": "library", "bom-ref": purl, "name": name, "purl": purl}
        yield {**found, "version": version} if version else found


def _python(plan: Plan, installed: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """What is planned and asked for; once it is known what is installed, that alone, and how it came to be there."""
    planned = {name: (version, details) for name, version, details in _decided(plan)}
    asked = {one.name: str(one) for one in _asked(plan)}
    for name in sorted(installed or {*planned, *asked}):
        version, details = planned.get(name, (None, _NOTHING))
        version = installed.get(name, version)
        purl = f"pkg:pypi/{name}" + (f"@{package_url(version)}" if version else "") + details.qualifiers
        how = "yes" if name in planned else "asked for" if name in asked else "no"
        properties = [{"name": _PLANNED, "value": how}]
        if name in asked:
            properties.append({"name": _REQUIREMENT, "value": asked[name]})
        component: dict[str, Any] = {"type": "library", "bom-ref": purl, "name": name, "purl": purl}
        if version:
            component["version"] = version
        if details.hashes:
            component["hashes"] = list(details.hashes)
        yield {**component, "properties": properties}


class _Details(Struct, frozen=True):
    qualifiers: str = ""
    hashes: tuple[dict[str, str], ...] = ()


_NOTHING = _Details()


def _decided(plan: Plan) -> Iterator[tuple[str, str, _Details]]:
    for read in read_files(plan.image, plan.context):
        for asked in read.locked:
            (specifier,) = asked.package.requirement.specifier
            yield asked.package.name, specifier.version, _Details(hashes=tuple(_hashes(asked.hashes)))
    held = plan.lock.packages.installed if plan.lock and plan.lock.packages else {}
    for package in held.values():
        hashes = tuple(_hashes(tuple(digest for _, digest in package.files)))
        yield package.name, package.version, _Details(_of_index(package.index), hashes)
    for pin in plan.pins:
        if pin.project not in held:
            yield pin.project, str(pin.version), _Details(_of_index(pin.index.url if pin.index else None))


def _of_index(url: str | None) -> str:
    return f"?repository_url={package_url(url)}" if url else ""


def _asked(plan: Plan) -> Iterator[PackageRequirement]:
    """What is asked for by name without a lock: an installer chooses its version on the day of the build."""
    for layer, read in zip(plan.image.layers, read_files(plan.image, plan.context), strict=True):
        if isinstance(layer, Pip):
            yield from layer.packages
        if isinstance(layer, Extension):
            yield PackageRequirement(f"{layer.package}{layer.version.specifier if layer.version else ''}")
        yield from (asked.package for asked in read.asked)


def _hashes(found: tuple[str, ...]) -> Iterator[dict[str, str]]:
    """Of every file that the lock admits, one of which is installed."""
    for text in found:
        kind, _, digest = text.partition(":")
        if kind in _ALGORITHMS:
            yield {"alg": _ALGORITHMS[kind], "content": digest}
