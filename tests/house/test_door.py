"""The door: about 25 names, loaded when they are used; importing it costs next to nothing."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import mlcontainers

SOURCE = Path(mlcontainers.__file__)
HEAVY = ("pydantic", "docker", "typer", "rich", "packaging", "tomli_w", "dockerfile_parse", "json", "re", "dataclasses")


def imported_for_type_checkers() -> set[str]:
    tree = ast.parse(SOURCE.read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    return {
        alias.asname or alias.name for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }


class TestDoor:
    def test_type_checkers_and_python_see_the_same(self) -> None:
        assert imported_for_type_checkers() | {"__version__"} == set(mlcontainers.__all__)

    @pytest.mark.parametrize("name", mlcontainers.__all__)
    def test_every_name_is_there(self, name: str) -> None:
        assert getattr(mlcontainers, name) is not None

    def test_a_wrong_name_is_an_attribute_error(self) -> None:
        with pytest.raises(AttributeError, match="has no attribute 'plam'"):
            mlcontainers.plam  # noqa: B018  # pyright: ignore

    def test_importing_loads_nothing_heavy(self) -> None:
        program = f"import sys; before = set(sys.modules); import mlcontainers; print(set({HEAVY!r}) & (set(sys.modules) - before))"
        said = subprocess.run(
            [sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}; " + program],
            capture_output=True,
            text=True,
            check=True,
        )

        assert said.stdout.strip() == "set()"

    def test_planning_loads_no_engine_and_no_command_line(self) -> None:
        program = (
            "import sys; from mlcontainers import Image, plan; plan(Image.from_cpu().add_torch('2.9')).dockerfile.render();"
            "print({'docker', 'typer', 'rich', 'dockerfile_parse', 'tomli_w', 'tomllib', 'packaging.markers'} & set(sys.modules))"
        )
        said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

        assert said.stdout.strip() == "set()"

    def test_a_command_that_plans_loads_nothing_that_builds(self, tmp_path: Path) -> None:
        file = tmp_path / "image.toml"
        file.write_text('schema = 1\n[base]\nkind = "cpu"\n[[layers]]\nkind = "sklearn"\n', encoding="utf-8")
        program = (
            "import sys; from mlcontainers.cli.program import run; run(['render', sys.argv[1]]);"
            "print({'mlcontainers.engines.building', 'mlcontainers.engines.index', 'docker'} & set(sys.modules))"
        )
        said = subprocess.run([sys.executable, "-c", program, str(file)], capture_output=True, text=True, check=True)

        assert said.stdout.startswith("# Written by mlcontainers")
        assert said.stdout.endswith("set()\n")
