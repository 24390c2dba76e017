"""What an editor and a type checker see of the face: mypy and pyright read this file, and it runs too."""

from __future__ import annotations

from typing import assert_type

import pytest

from mlcontainers import Answer, Cuda, Dockerfile, Image, InvalidImageError, Plan, Problem, check, pin, plan
from mlcontainers.values.versions import CudaVersion, PythonVersion


def test_methods_return_their_own_kind() -> None:
    image = Image.from_cuda("12.8", python="3.12")

    assert_type(image, Image)
    assert_type(image.add_torch("2.9", vision=True).add_pip("numpy").with_ports(8080, "53/udp"), Image)
    assert_type(Image.parse(image.dump()), Image)
    assert_type(plan(image), Plan)
    assert_type(plan(image).dockerfile, Dockerfile)
    assert_type(check(plan(image).dockerfile), tuple[Problem, ...])
    assert_type(pin("torch", accelerator=Cuda("12.8")), Answer)


def test_signatures_are_generous_and_fields_are_exact() -> None:
    exact = Image.from_cuda(CudaVersion(12, 8), python=PythonVersion(3, 12))

    assert exact == Image.from_cuda("12.8", python="3.12")
    assert_type(exact.base.python, PythonVersion | None)


def test_mistakes_that_a_type_checker_finds() -> None:
    """Each is an error for mypy and pyright, which say so if one stops being one; at run time it is refused too."""
    with pytest.raises(TypeError):
        Image.from_cpu("3.12")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    with pytest.raises(TypeError):
        Image.from_cpu().add_torch(visoin=True)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    with pytest.raises(InvalidImageError):
        Image.from_cpu().with_ports([8080])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with pytest.raises(InvalidImageError):
        Image.from_cpu(python=3.12)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
