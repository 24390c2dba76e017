"""What a build is asked to do is checked at once, without an engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mlcontainers import Image, InvalidValueError, catalogue, plan
from mlcontainers.engines.options import BuildOptions, BuildRequest

if TYPE_CHECKING:
    from pathlib import Path

IMAGE = Image.from_cpu(python="3.11").add_run("true")


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"tags": "my-app:1"}, "list-expected"),
        ({"tags": ["My App"]}, "bad-reference"),
        ({"tags": [f"my-app@sha256:{'0' * 64}"]}, "digest-as-tag"),
        ({"push": True}, "no-name"),
        ({"platforms": "linux/amd64"}, "list-expected"),
        ({"platforms": ["linux/amd64", "linux/arm64"]}, "many-platforms"),
        ({"compression": "lzma"}, "bad-compression"),
        ({"cache": "redis:x"}, "bad-cache"),
        ({"attest": "provenence"}, "bad-attestation"),
        ({"attest": ["sbom:"]}, "bad-attestation"),
        ({"attest": ["sbom:A B"]}, "bad-reference"),
        ({"context": "/no/such/folder"}, "no-context"),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_what_cannot_be_is_refused(options: BuildOptions, code: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        BuildRequest.of(IMAGE, options)

    assert [problem.code for problem in caught.value.problems] == [code]


def test_a_platform_is_planned_for(tmp_path: Path) -> None:
    request = BuildRequest.of(plan(IMAGE), {"context": tmp_path, "platforms": ["linux/arm64"]})

    assert str(request.plan.target.platform) == "linux/arm64"


def test_repositories_are_named_once(tmp_path: Path) -> None:
    request = BuildRequest.of(IMAGE, {"context": tmp_path, "tags": ["a:1", "b:1", "a:latest", "a:1"]})

    assert list(map(str, request.references)) == ["a:1", "b:1", "a:latest"]
    assert request.repositories == ("a", "b")


def test_a_plan_keeps_its_facts_under_other_sources(tmp_path: Path) -> None:
    decided = plan(IMAGE, facts=catalogue("2026-11-20"))
    options: Any = {"context": tmp_path, "host_settings": True}

    assert BuildRequest.of(decided, options).plan.facts_date == decided.facts_date < plan(IMAGE).facts_date
