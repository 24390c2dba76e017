"""The bill of materials: valid by the official schema, with what was decided and nothing that was not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from mlcontainers import Image, plan
from mlcontainers.planners.sbom import decided_versions, sbom

CPU = Image.from_cpu(python="3.12")
TORCH = CPU.add_torch("2.9.1").add_apt("ffmpeg").add_pip("accelerate>=1.2").with_labels(title="demo", version="7")
DIGEST = "sha256:" + "ab" * 32
LOCKED = CPU.add_pip(lock="requirements.lock")
LOCK = {"requirements.lock": f"six==1.17.0 --hash={DIGEST} --hash=sha256:{'cd' * 32}\n"}
CONDA = CPU.add_conda(environment="linux-64.lock")
CONDA_LOCK = {"linux-64.lock": f"@EXPLICIT\nhttps://conda.example.com/a/linux-64/bwa-0.7.18-h_0.conda#{'ab' * 16}\n"}
CUDA = Image.from_cuda("12.6", python="3.12").add_torch("2.9.1")


def components(bill: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {component["name"]: component for component in bill["components"]}


def properties(component: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["value"] for one in component["properties"]}


@pytest.mark.parametrize(
    "bill",
    [
        sbom(plan(CPU)),
        sbom(plan(TORCH)),
        sbom(plan(CUDA), {"torch": "2.9.1+cu126", "numpy": "2.3.5"}),
        sbom(plan(LOCKED, context=LOCK)),
        sbom(plan(CONDA, context=CONDA_LOCK)),
        sbom(plan(Image.from_base(f"registry.example.com:5000/team/base@{DIGEST}", python="3.12").add_sklearn())),
    ],
    ids=["empty", "torch", "installed", "locked", "conda", "by digest"],
)
def test_it_is_valid(bill: dict[str, Any]) -> None:
    """By the schema that the authors of CycloneDX publish, and every address by the rules of package URLs."""
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(bill)) is None
    for component in bill["components"]:
        assert PackageURL.from_string(component["purl"]).to_string() == component["purl"]


def test_what_was_decided() -> None:
    bill = sbom(plan(TORCH))
    found = components(bill)

    assert bill["metadata"]["component"] == {"type": "container", "bom-ref": "image", "name": "demo", "version": "7"}
    assert found["python"]["purl"] == "pkg:docker/python@3.12-slim-bookworm"
    assert found["ffmpeg"]["purl"] == "pkg:deb/debian/ffmpeg"
    assert found["torch"]["version"] == "2.9.1+cpu"
    assert found["torch"]["purl"].startswith("pkg:pypi/torch@2.9.1%2Bcpu?repository_url=https://")
    assert "version" not in found["accelerate"]
    assert properties(found["accelerate"]) == {
        "mlcontainers:planned": "asked for",
        "mlcontainers:requirement": "accelerate>=1.2",
    }


def test_a_lock_gives_versions_and_hashes() -> None:
    locked = components(sbom(plan(LOCKED, context=LOCK)))["six"]

    assert (locked["version"], properties(locked)) == ("1.17.0", {"mlcontainers:planned": "yes"})
    assert [one["content"] for one in locked["hashes"]] == ["ab" * 32, "cd" * 32]


def test_conda_packages_have_the_versions_of_a_lock() -> None:
    locked = components(sbom(plan(CONDA, context=CONDA_LOCK)))["bwa"]

    assert locked["purl"] == "pkg:conda/bwa@0.7.18"
    assert components(sbom(plan(CPU.add_conda("bwa>=0.7"))))["bwa"]["purl"] == "pkg:conda/bwa"


def test_a_base_by_its_digest() -> None:
    base = sbom(plan(Image.from_base(f"registry.example.com:5000/team/base@{DIGEST}", python="3.12")))["components"][0]

    assert base["version"] == DIGEST
    assert base["hashes"] == [{"alg": "SHA-256", "content": "ab" * 32}]


def test_what_is_installed_is_told_from_what_was_planned() -> None:
    found = components(sbom(plan(TORCH), {"torch": "2.9.1+cpu", "accelerate": "1.12.0", "numpy": "2.3.5"}))

    assert {name: properties(found[name])["mlcontainers:planned"] for name in ("torch", "accelerate", "numpy")} == {
        "torch": "yes",
        "accelerate": "asked for",
        "numpy": "no",
    }
    assert found["numpy"]["version"] == "2.3.5"


def test_equal_plans_have_equal_bills_and_others_have_not() -> None:
    first, again, other = sbom(plan(TORCH)), sbom(plan(TORCH)), sbom(plan(CUDA))

    assert first == again
    assert first["serialNumber"] != other["serialNumber"]


def test_every_settled_version() -> None:
    assert decided_versions(plan(TORCH)) == {"torch": "2.9.1+cpu"}
    assert decided_versions(plan(LOCKED, context=LOCK)) == {"six": "1.17.0"}
