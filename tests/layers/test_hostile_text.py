"""No text of the user's ever becomes an instruction."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcontainers import Dockerfile, Image, MlcontainersError, plan
from tests.strategies import HOSTILE, LINES

if TYPE_CHECKING:
    from collections.abc import Callable

START = Image.from_cpu(python="3.12")
FIELDS: dict[str, Callable[[str], Image]] = {
    "apt": lambda text: START.add_apt(text),
    "pip": lambda text: START.add_pip(text),
    "pip version": lambda text: START.add_pip(f"numpy{text}"),
    "pip extra": lambda text: START.add_pip(f"numpy[{text}]"),
    "pip marker": lambda text: START.add_pip(f"numpy; python_version > '{text}'"),
    "requirements": lambda text: START.add_pip(requirements=text),
    "torch version": lambda text: START.add_torch(text),
    "files source": lambda text: START.add_files(text, "/x"),
    "files destination": lambda text: START.add_files("x", f"/{text}"),
    "env key": lambda text: START.with_env({text: "x"}),
    "env value": lambda text: START.with_env(A=text),
    "label key": lambda text: START.with_labels({text: "x"}),
    "label value": lambda text: START.with_labels(title=text),
    "workdir": lambda text: START.with_workdir(f"/{text}"),
    "user": lambda text: START.with_user(text),
    "port": lambda text: START.with_ports(text),
    "entrypoint": lambda text: START.with_entrypoint("x", text),
    "cmd": lambda text: START.with_cmd("x", text),
    "healthcheck": lambda text: START.with_healthcheck("x", text),
    "healthcheck interval": lambda text: START.with_healthcheck("x", interval=text),
    "base": lambda text: Image.from_base(text, python="3.12"),
    "base tag": lambda text: Image.from_base(f"x:{text}", python="3.12"),
    "python": lambda text: Image.from_cpu(python=text),
    "cuda": lambda text: Image.from_cuda(text),
    "platform": lambda text: START.with_platform(text),
    "assumption": lambda text: START.with_assumption("unknown-base", text),
}
HARMLESS = {
    "apt": "ffmpeg",
    "pip": "numpy",
    "pip version": "==2",
    "pip extra": "all",
    "pip marker": "3",
    "torch version": "2.9",
    "user": "7",
    "port": "80",
    "healthcheck interval": "5s",
    "base": "x:1",
    "python": "3.11",
    "cuda": "12.8",
    "platform": "linux/arm64",
}


@pytest.mark.parametrize("field", FIELDS)
class TestNoInjection:
    """A field is refused, or the file has the same instructions as with harmless text in it."""

    @given(st.one_of(HOSTILE, LINES, st.tuples(LINES, HOSTILE).map("".join)))
    def test_same_instructions(self, field: str, text: str) -> None:
        with suppress(MlcontainersError):
            hostile = plan(FIELDS[field](text)).dockerfile
            harmless = plan(FIELDS[field](HARMLESS.get(field, "x"))).dockerfile

            read = Dockerfile.parse(hostile.render())
            assert [node.keyword for node in read.instructions] == [node.keyword for node in harmless.instructions]
            assert read.instructions == hostile.instructions

    def test_a_line_break_is_refused(self, field: str) -> None:
        with pytest.raises(MlcontainersError) as caught:
            FIELDS[field]("x\nRUN evil")

        assert not isinstance(caught.value, ValueError) or caught.value.problems
