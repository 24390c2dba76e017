"""The package index of this host: a project's page, and files inside wheels without fetching the wheels.

The address and the certificates are those that pip and uv are configured with here; without any, the default of the
package `pypi-simple`. METADATA is asked for by itself where the page offers it (PEP 658), else read from the wheel's
tail by ranges.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from mlcontainers.engines.host import index_address
from mlcontainers.engines.settings import pip_settings, uv_settings
from mlcontainers.errors import Problem, RefreshError
from mlcontainers.facts.deriving.files import IndexFile

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from types import TracebackType
    from typing import Self

AT_ONCE = 12
"""Requests that are under way at one time."""
_TAIL, _LONG_TAIL, _LARGE = 100_000, 1_500_000, 200_000_000
"""Bytes of a wheel's tail that hold its directory: the wheels of torch and tensorflow list a megabyte of files."""


class Index:
    """An open connection to the index; use it in a `with`. Raises RefreshError where it does not answer."""

    def __init__(self, environment: Mapping[str, str] | None = None, home: Path | None = None) -> None:
        try:
            pages, zips, http = map(import_module, ("pypi_simple", "remotezip", "requests"))
        except ImportError:
            what = "the packages that read the index are not installed"
            hint = "pip install 'mlcontainers[refresh]'"
            raise RefreshError(Problem("no-client", "error", "", what, (), (hint,))) from None
        env = os.environ if environment is None else environment
        pip, uv = pip_settings(env, home or Path.home()), uv_settings(env, home or Path.home())
        address = index_address(pip, uv)
        self._pages: Any = pages.PyPISimple(address) if address else pages.PyPISimple()
        self._zip: Any = zips.RemoteZip
        self._failures: tuple[type[Exception], ...] = (
            http.RequestException,
            pages.NoSuchProjectError,
            pages.NoMetadataError,
            pages.UnsupportedContentTypeError,
            pages.UnsupportedRepoVersionError,
            zips.RemoteIOError,
        )
        session = self._pages.s
        adapter = http.adapters.HTTPAdapter(pool_maxsize=AT_ONCE, max_retries=3)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        session.verify = env.get("REQUESTS_CA_BUNDLE") or env.get("SSL_CERT_FILE") or pip.get("cert") or True
        session.hooks["response"].append(self._count)
        self._offered: dict[str, Any] = {}
        self._lock = Lock()
        self.requests = 0
        """How many were made."""
        self.bytes = 0
        """How many bytes came back, as the answers announce them."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pages.s.close()

    def page(self, project: str) -> tuple[IndexFile, ...]:
        """The files of a project, as its page lists them."""
        try:
            packages = self._pages.get_project_page(project).packages
        except self._failures as error:
            raise _silent(f"the page of {project}", error) from error
        self._offered.update({package.filename: package for package in packages if package.has_metadata})
        return tuple(_file(package) for package in packages)

    def metadata(self, file: IndexFile) -> str:
        """The METADATA of a wheel."""
        if offered := self._offered.get(file.name):
            try:
                return str(self._pages.get_package_metadata(offered, verify=False))
            except self._failures:
                pass  # Some mirrors announce more than they have.
        return self._inside(file, "METADATA")

    def content(self, file: IndexFile, path: str) -> str:
        """A text file inside a wheel, by its path."""
        return self._inside(file, path)

    def weight(self, file: IndexFile) -> tuple[int, int]:
        """Bytes of a wheel's files once unpacked, and of the Python files among them."""
        with self._opened(file) as wheel:
            sizes = [(info.filename, info.file_size) for info in wheel.infolist()]
        return sum(size for _, size in sizes), sum(size for name, size in sizes if name.endswith(".py"))

    def _inside(self, file: IndexFile, path: str) -> str:
        with self._opened(file) as wheel:
            name = next((name for name in wheel.namelist() if _is(name, path)), None)
            if name is None:
                raise RefreshError(Problem("odd-wheel", "error", file.name, f"{file.name} holds no {path}"))
            return str(wheel.read(name).decode("utf-8", "replace"))

    @contextmanager
    def _opened(self, file: IndexFile) -> Generator[Any]:
        """A wheel as a zip file whose parts are fetched when they are asked for."""
        tail = min(_LONG_TAIL if file.size > _LARGE else _TAIL, file.size or _TAIL)
        try:
            with self._zip(file.url, initial_buffer_size=tail, session=self._pages.s) as wheel:
                yield wheel
        except RefreshError:
            raise
        except Exception as error:  # A zip file can be broken in more ways than its readers have names for.
            raise _silent(file.name, error) from error

    def _count(self, response: Any, *_: object, **__: object) -> None:
        with self._lock:
            self.requests += 1
            self.bytes += int(response.headers.get("content-length") or 0)


def _file(package: Any) -> IndexFile:
    day = package.upload_time.date().isoformat() if package.upload_time else ""
    return IndexFile(
        package.filename, package.size or 0, day, package.requires_python or "", bool(package.is_yanked), package.url
    )


def _is(name: str, path: str) -> bool:
    if path == "METADATA":
        return name.count("/") == 1 and name.endswith(".dist-info/METADATA")
    return name == path


def _silent(what: str, error: Exception) -> RefreshError:
    # Not the address: it may hold a password.
    return RefreshError(
        Problem(
            "index-silent",
            "error",
            "",
            f"the package index does not give {what}",
            (type(error).__name__,),
            ("see whether `pip download` works here",),
        )
    )
