"""System packages follow from the facts about Python packages: just those, on the suites that somebody has tried."""

from __future__ import annotations

import pytest

from mlcontainers import Image, catalogue, plan

CPU = Image.from_cpu(python="3.12")
PROJECTS = [key.removeprefix("system ") for key in catalogue().keys("system-libraries")]


def packages(image: Image, context: dict[str, str] | None = None) -> list[str]:
    decisions = plan(image, context=context).decisions
    found = [decision.choice for decision in decisions if decision.subject == "system packages"]
    return found[0].split(", ") if found else []


@pytest.mark.parametrize("project", PROJECTS)
def test_each_is_written_with_its_reason(project: str) -> None:
    row = catalogue().system_libraries(project)
    image = CPU.add_pip(project)

    assert row is not None
    assert tuple(packages(image)) == row.on("bookworm")
    assert f"# {project}: {row.reason}." in plan(image).dockerfile.render()


def test_none_without_a_need() -> None:
    assert packages(CPU.add_sklearn().add_pip("soundfile", "opencv-python-headless", "psycopg[binary]")) == []


def test_files_are_read_for_them_too() -> None:
    image = CPU.add_pip(requirements="requirements.txt")
    wanted = "pydub\npsycopg\npython-magic; sys_platform == 'win32'\n"

    assert packages(image, {"requirements.txt": "numpy\n"}) == []
    assert packages(image, {"requirements.txt": wanted}) == ["ffmpeg", "libpq5"]
    assert packages(image, {"requirements.txt": wanted.replace("psycopg", "psycopg[binary]")}) == ["ffmpeg"]


def test_in_a_lock_an_extra_is_a_package() -> None:
    image = CPU.add_pip(lock="requirements.lock")
    text = "".join(f"{name} --hash=sha256:{'0' * 64}\n" for name in ("psycopg==3.3.9", "psycopg-binary==3.3.9"))

    assert packages(image, {"requirements.lock": text.splitlines()[0]}) == ["libpq5"]
    assert packages(image, {"requirements.lock": text}) == []


def test_what_the_user_names_is_not_installed_twice() -> None:
    image = CPU.add_apt("libgomp1", "ffmpeg=7:5.1.6-0+deb12u1").add_framework("lightgbm").add_pip("pydub")

    assert packages(image) == []


def test_names_are_those_of_the_suite() -> None:
    image = Image.from_base("python:3.13-slim-trixie").add_pip("python-magic", "opencv-python")

    assert packages(image) == ["libgl1", "libglib2.0-0t64", "libmagic1t64"]


@pytest.mark.parametrize("base", ["ubuntu:24.04", "registry.example.com/own:1"])
def test_an_unknown_suite_is_a_warning_that_can_be_answered(base: str) -> None:
    image = Image.from_base(base, python="3.12").add_pip("python-magic")
    warned = [p for p in plan(image).problems if p.code == "unknown-system-packages"]
    answered = plan(image.with_assumption("unknown-system-packages", "libmagic is in it")).problems

    assert [p.severity for p in warned] == ["warning"]
    assert "on bookworm: libmagic1" in warned[0].because[0]
    assert [p.severity for p in answered if p.code == "unknown-system-packages"] == ["info"]


def test_a_compiler_for_what_compiles_while_running() -> None:
    assert packages(CPU.add_torch()) == []
    assert packages(CPU.add_torch(jit=True)) == ["g++", "gcc", "libc6-dev"]
