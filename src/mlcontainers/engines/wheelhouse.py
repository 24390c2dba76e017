"""A local folder of wheels that builds may take packages from."""

from __future__ import annotations

from pathlib import Path

from mlcontainers.errors import InvalidValueError, Problem


def wheel_names(folder: str | Path) -> tuple[str, ...]:
    """The file names of the wheels in a folder, sorted; raises InvalidValueError where there are none."""
    path = Path(folder)
    names = tuple(sorted(file.name for file in path.glob("*.whl"))) if path.is_dir() else ()
    if not names:
        what = (
            f"the wheelhouse {str(folder)!r} is no folder"
            if not path.is_dir()
            else f"there is no wheel in {str(folder)!r}"
        )
        hint = "fill it: pip download --only-binary=:all: --dest FOLDER PACKAGE"
        raise InvalidValueError(Problem("no-wheelhouse", "error", "wheelhouse", what, (), (hint,)))
    return names
