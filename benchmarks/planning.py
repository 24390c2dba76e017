"""Ratios against a peer in the same run: from a recipe to a Dockerfile, warm and from a cold start.

The peer is HPCCM, the fastest of the generators, with a comparable recipe: it decides nothing and checks nothing.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
import timeit
from itertools import count
from typing import TYPE_CHECKING

import hpccm
from hpccm.building_blocks import packages, pip
from hpccm.primitives import baseimage, copy, environment, runscript

from mlcontainers import Cuda, Image, Matrix, pin, plan
from mlcontainers.planners.planning import planned
from mlcontainers.planners.solving import solve

if TYPE_CHECKING:
    from collections.abc import Callable

OURS = """
from mlcontainers import Image, plan
image = Image.from_cuda("12.8", python="3.12").add_apt("ffmpeg").add_torch("2.9", vision=True)
image = image.add_pip("accelerate>=1.2").add_files("src", "/app").with_ports(8080)
image = image.with_entrypoint("python", "-m", "serve")
plan(image).dockerfile.render()
"""
A_MODEL = """
from pydantic import BaseModel
class Model(BaseModel, frozen=True):
    field: int
Model(field=1)
"""
"""The least that anybody pays who hands out a pydantic model."""
RUNS = 15


def ours(package: str = "accelerate>=1.2") -> str:
    """A new image each time, decided and rendered."""
    image = Image.from_cuda("12.8", python="3.12").add_apt("ffmpeg").add_torch("2.9", vision=True)
    image = image.add_pip(package).add_files("src", "/app").with_ports(8080)
    return plan(image.with_entrypoint("python", "-m", "serve")).dockerfile.render()


def others() -> Callable[[], object]:
    """An image that there was not before each time: its packages are others."""
    numbers = count()
    return lambda: ours(f"accelerate>=1.{next(numbers)}")


def theirs() -> str:
    """The same recipe in HPCCM's words."""
    stage = hpccm.Stage()
    stage += baseimage(image="python:3.12-slim-bookworm", _distro="ubuntu22")
    stage += environment(variables={"PYTHONUNBUFFERED": "1"})
    stage += packages(apt=["ffmpeg"])
    stage += pip(packages=["torch==2.9.1", "torchvision==0.24.1"], ospackages=[])
    stage += pip(packages=["accelerate>=1.2"], ospackages=[])
    stage += copy(src="src", dest="/app")
    stage += runscript(commands=["python -m serve"])
    return str(stage)


def seconds(call: Callable[[], object]) -> float:
    """The best of nine means, in processor time: what the machine allows when nothing disturbs it."""
    call()
    return min(timeit.repeat(call, number=100, repeat=9, timer=time.process_time)) / 100


def cold(*programs: str) -> list[float]:
    """Processor seconds of fresh interpreters that take turns, at best; sources are compiled, as in a package."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    found: list[list[float]] = [[] for _ in programs]
    for _ in range(RUNS):
        for program, seconds in zip(programs, found, strict=True):
            before = _spent()
            subprocess.run([sys.executable, "-c", program], check=True, env=environment)
            seconds.append(_spent() - before)
    return [min(seconds) for seconds in found]


def _spent() -> float:
    """Processor seconds of all programs that this one has run."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def unasked() -> Callable[[], object]:
    """One question about torch, answered by a solver that remembers nothing."""

    def ask() -> object:
        solve.cache_clear()
        return pin("torch==2.9.*", "torchvision", "transformers", accelerator=Cuda("12.8"), python="3.12")

    ask()
    return ask


def cells(pythons: tuple[str, ...]) -> Callable[[], object]:
    """A matrix of 12 images for each Python."""
    image = Image.from_cuda(python="3.12").add_torch("2.9", vision=True).add_sklearn()
    axes = {
        "base.python": pythons,
        "base.version": ("12.6", "12.8", "13.0"),
        "torch.version": ("2.8", "2.9", "2.10", "2.11"),
    }

    def made() -> object:
        solve.cache_clear()
        planned.cache_clear()
        return Matrix(image, axes).plan()

    made()
    return made


def once(call: Callable[[], object]) -> float:
    """The best of five single runs, in processor time."""
    return min(timeit.repeat(call, number=1, repeat=5, timer=time.process_time))


def main() -> None:
    programs = ("pass", "from pydantic import BaseModel", A_MODEL, "import mlcontainers", OURS)
    bare, base_model, a_model, door, whole = cold(*programs)
    print(f"import mlcontainers / bare Python:                   {door / bare:.2f}")
    print(f"a model of one field, cold / importing BaseModel:     {a_model / base_model:.2f}")
    print(f"recipe to Dockerfile, cold / importing BaseModel:     {whole / base_model:.2f}")
    hpccm.config.set_container_format("docker")
    peer = seconds(theirs)
    print(f"recipe to Dockerfile, the same again / HPCCM's:       {seconds(ours) / peer:.2f}")
    print(f"recipe to Dockerfile, a new one / HPCCM's:            {seconds(others()) / peer:.2f}")
    print(f"pin, a question not asked before / HPCCM's recipe:    {once(unasked()) / peer:.2f}")
    few, many = once(cells(("3.12",))) / 12, once(cells(("3.10", "3.11", "3.12", "3.13", "3.14"))) / 60
    print(f"a cell of a matrix, new / HPCCM's recipe:             {many / peer:.2f}")
    print(f"a cell of 60 / a cell of 12:                          {many / few:.2f}")


if __name__ == "__main__":
    main()
