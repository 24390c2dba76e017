"""The value that users hold: what an image is to be, before anything is decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self, TypeAlias, cast, get_args

from pydantic import (
    Field,
    WrapValidator,
    field_validator,
    model_validator,
)

from mlcontainers.errors import InvalidImageError, InvalidValueError, Problem
from mlcontainers.layers import (
    AnyLayer,
    Apt,
    AptSource,
    Conda,
    Extension,
    Files,
    Jax,
    Keras,
    Layer,
    Other,
    Pip,
    Shell,
    Sklearn,
    TensorFlow,
    Torch,
    Transformers,
)
from mlcontainers.layers.bases import AnyBase, CpuBase, CudaBase, ReferenceBase
from mlcontainers.layers.indexes import PackageIndex
from mlcontainers.layers.installers import Installer
from mlcontainers.layers.model import Model, at
from mlcontainers.layers.programs import Healthcheck, Program, Serve, Words, program
from mlcontainers.layers.tables import Environment, Pairs, Table
from mlcontainers.values.gpus import GpuModel
from mlcontainers.values.names import label_key, label_value
from mlcontainers.values.paths import ImagePath
from mlcontainers.values.platforms import Platform
from mlcontainers.values.ports import Port
from mlcontainers.values.text import invalid, word
from mlcontainers.values.users import User

if TYPE_CHECKING:
    from packaging.version import Version
    from pydantic import ValidatorFunctionWrapHandler

    from mlcontainers.values.references import ImageReference
    from mlcontainers.values.secrets import Secret
    from mlcontainers.values.versions import CudaVersion, PythonVersion


Labels: TypeAlias = Annotated[Pairs, Table(label_key, label_value)]
Assumptions: TypeAlias = Annotated[Pairs, Table(lambda code: word(code, "code"), lambda reason: word(reason, "reason"))]


_LAYERS: frozenset[type] = frozenset(get_args(get_args(AnyLayer)[0]))


def _unless_read(given: object, read: ValidatorFunctionWrapHandler) -> object:
    """A layer that is one is right, and an image is made from the one before with each call of a method."""
    return given if type(given) in _LAYERS else read(given)


class Image(Model, frozen=True):
    """What an image is to be. Frozen and hashable; equal descriptions are equal values.

    `from_` starts an image, `add_` appends (order matters), `with_` sets (order does not). Each returns a new one.
    """

    schema_version: ClassVar[int] = 1

    schema_: Annotated[Literal[1], Field(alias="schema")] = 1
    """The version of this format."""
    base: AnyBase
    """What it starts from."""
    platform: Platform = Platform("amd64")
    gpus: Annotated[tuple[GpuModel, ...], Field(strict=False)] = ()
    """The GPUs that it has to run on, by name or by compute capability: `H100`, `8.9`."""
    layers: Annotated[tuple[Annotated[AnyLayer, WrapValidator(_unless_read)], ...], Field(strict=False)] = ()
    """What is added, in the user's order; the Dockerfile orders them by how often they change, where that is legal."""
    env: Environment = ()
    """Variables for the build steps after the frameworks, and for the container. A `$` is a dollar sign."""
    workdir: ImagePath | None = None
    """`/app` where it is left out."""
    user: User | None = None
    """`1000:1000` where it is left out."""
    ports: Annotated[tuple[Port, ...], Field(strict=False)] = ()
    entrypoint: Program = ()
    """Program and first arguments, without a shell."""
    cmd: Words = ()
    """Arguments for the entrypoint, or program and arguments where there is none."""
    labels: Labels = ()
    """Names of the OCI annotations may be written short: `title`, `version`, `source`."""
    installer: Installer = Installer()
    indexes: Annotated[tuple[PackageIndex, ...], Field(strict=False)] = ()
    """Where packages come from that the Python index does not have, each from one index and from nowhere else."""
    healthcheck: Healthcheck | None = None
    init: bool = False
    """An init in front of whatever runs; `serve` has one anyway."""
    serve: Serve | None = None
    """Instead of entrypoint and cmd: a program that serves HTTP."""
    assumptions: Assumptions = ()
    """What the user knows and the facts do not: code of the warning, and how they know."""

    @field_validator("ports", mode="after")
    @classmethod
    def _ports(cls, given: tuple[Port, ...]) -> tuple[Port, ...]:
        return tuple(sorted(set(given)))

    @field_validator("gpus", mode="after")
    @classmethod
    def _gpus(cls, given: tuple[GpuModel, ...]) -> tuple[GpuModel, ...]:
        return tuple(sorted(set(given)))

    @field_validator("indexes", mode="after")
    @classmethod
    def _indexes(cls, given: tuple[PackageIndex, ...]) -> tuple[PackageIndex, ...]:
        homes: dict[str, str] = {}
        names = [index.name for index in given]
        for name in sorted({name for name in names if names.count(name) > 1}):
            raise invalid("two-indexes", f"there are two indexes {name!r}", "give each a name of its own")
        for index in given:
            for package in map(str, index.packages):
                if homes.setdefault(package, index.name) != index.name:
                    what = f"{package} is to come from {homes[package]} and from {index.name}"
                    raise invalid("two-indexes", what, "name it for one of them")
        return tuple(sorted(given, key=lambda index: index.name))

    @field_validator("workdir", mode="after")
    @classmethod
    def _workdir(cls, given: ImagePath | None) -> ImagePath | None:
        if given is not None and " " in str(given):
            because = ("hadolint and other readers stop at a blank in WORKDIR, which cannot be quoted for all of them",)
            raise invalid("blank-in-workdir", f"path {str(given)!r} holds a blank", "choose another", because=because)
        return given

    @model_validator(mode="after")
    def _one_program(self) -> Self:
        if self.serve and (self.entrypoint or self.cmd):
            because = ("serve starts its program under an init",)
            hint = "give the whole command to with_serve(...), and leave with_entrypoint and with_cmd out"
            raise invalid("two-programs", "serve and entrypoint both say what runs", hint, because=because)
        return self

    @model_validator(mode="after")
    def _installer_can(self) -> Self:
        if self.installer.program == "pip":
            for place, layer in enumerate(self.layers):
                for file in (layer.pyproject, layer.lock) if isinstance(layer, Pip) else ():
                    if file and str(file).endswith(("pyproject.toml", "uv.lock")):
                        raise _not_for_pip(f"layers[{place}] (pip)", str(file))
        return self

    @model_validator(mode="after")
    def _cmd_alone(self) -> Self:
        if not self.entrypoint:
            try:
                program(self.cmd)
            except InvalidValueError as error:
                raise InvalidValueError(*(at("cmd", problem) for problem in error.problems)) from None
        return self

    @field_validator("user", mode="before")
    @classmethod
    def _user(cls, given: Any) -> Any:
        return User.parse(given) if isinstance(given, int) else given

    # --- start ---

    @classmethod
    def from_cpu(cls, *, python: str | PythonVersion | None = None) -> Self:
        """An image without a GPU: no CUDA library will be in it."""
        return cls._start(CpuBase, python=python)

    @classmethod
    def from_cuda(cls, version: str | CudaVersion | None = None, *, python: str | PythonVersion | None = None) -> Self:
        """An image for NVIDIA GPUs: for this CUDA release, or the one its frameworks are made for."""
        return cls._start(CudaBase, version=version, python=python)

    @classmethod
    def from_base(
        cls,
        reference: str | ImageReference,
        *,
        python: str | PythonVersion | None = None,
        cuda: str | CudaVersion | None = None,
    ) -> Self:
        """An image on a base of one's own; what its name does not tell about Python and CUDA can be said here."""
        return cls._start(ReferenceBase, reference=reference, python=python, cuda=cuda)

    @classmethod
    def _start(cls, kind: type[Model], **fields: Any) -> Self:
        return cls(base=cast("AnyBase", _made(kind, "base", **fields)))

    # --- add ---

    def add(self, layer: AnyLayer) -> Self:
        """The image with one more layer."""
        return self._with(layers=(*self.layers, layer))

    def add_apt(self, *packages: str, sources: Sequence[AptSource | Mapping[str, Any]] = ()) -> Self:
        """System packages, by the names of the base's distribution: `add_apt("ffmpeg", "libgl1=1.6.*")`.

        `sources` are archives beside the distribution's own, each with the key that signs its lists:
        `{"name": "acme", "url": "https://apt.example.com", "suites": ["bookworm"], "key": "keys/acme.asc"}`.
        """
        return self._add(Apt, packages=packages, sources=_list(sources) or None)

    def add_torch(
        self,
        version: str | Version | None = None,
        *,
        vision: bool = False,
        audio: bool = False,
        jit: bool = False,
    ) -> Self:
        """PyTorch in the build that fits the image, with torchvision and torchaudio of the same release.

        `jit` adds the C compiler that `torch.compile` and Triton need while the program runs.
        """
        return self._add(Torch, version=_text(version), vision=vision, audio=audio, jit=jit)

    def add_tensorflow(self, version: str | Version | None = None) -> Self:
        """TensorFlow: its CPU build in an image without a GPU, else with the CUDA libraries that it pins."""
        return self._add(TensorFlow, version=_text(version))

    def add_keras(
        self, version: str | Version | None = None, *, backend: Literal["tensorflow", "torch", "jax"] = "tensorflow"
    ) -> Self:
        """Keras on one of its backends, which comes with it."""
        return self._add(Keras, version=_text(version), backend=backend)

    def add_jax(self, version: str | Version | None = None) -> Self:
        """JAX, with the plugins for CUDA where the image computes on NVIDIA GPUs."""
        return self._add(Jax, version=_text(version))

    def add_transformers(
        self, version: str | Version | None = None, *, framework: Literal["torch", "none"] = "torch"
    ) -> Self:
        """Hugging Face Transformers with PyTorch."""
        return self._add(Transformers, version=_text(version), framework=framework)

    def add_framework(
        self, package: str, version: str | Version | None = None, *, extras: tuple[str, ...] | list[str] = ()
    ) -> Self:
        """Any other package of the catalogue, in the build that fits the image: `add_framework("xgboost", "3.4")`."""
        return self._add(Other, package=package, version=_text(version), extras=tuple(extras) or None)

    def add_sklearn(self, version: str | Version | None = None) -> Self:
        """scikit-learn."""
        return self._add(Sklearn, version=_text(version))

    def add_pip(
        self,
        *packages: str,
        requirements: str | Path | None = None,
        pyproject: str | Path | None = None,
        extras: Sequence[str] = (),
        groups: Sequence[str] = (),
        lock: str | Path | None = None,
    ) -> Self:
        """Packages from the Python index, by name or from files of the build context.

        `requirements` is a requirements file, with all that it names. `pyproject` is a `pyproject.toml`: what the
        project depends on, with the named extras and dependency groups, and without the project itself. `lock` is a
        `pylock.toml`, a `uv.lock` or a requirements file with hashes, which are checked.
        """
        files = {"requirements": _text(requirements), "pyproject": _text(pyproject), "lock": _text(lock)}
        parts = {"extras": _list(extras) or None, "groups": _list(groups) or None}
        return self._add(Pip, packages=packages, **files, **parts)

    def add_conda(
        self,
        *packages: str,
        environment: str | Path | None = None,
        channels: Sequence[str] = (),
        credentials: str | Secret | None = None,
    ) -> Self:
        """Conda packages in an environment of their own, made by micromamba and found by PATH.

        `environment` is an `environment.yml` of the build context, or a lock: a list with `@EXPLICIT`, or a
        `conda-lock.yml`. Packages by name come from the channels, `conda-forge` where none is named.
        """
        fields = {"environment": _text(environment), "channels": _list(channels) or None, "credentials": credentials}
        return self._add(Conda, packages=packages, **fields)

    def add_extension(
        self,
        package: str,
        version: str | Version | None = None,
        *,
        source: str | Path | None = None,
        build_requires: Sequence[str] | None = None,
        apt: Sequence[str] = (),
        cuda: bool | None = None,
        env: Mapping[str, str] | None = None,
        jobs: int | None = None,
    ) -> Self:
        """A package that has no wheel, compiled in a stage of its own: `add_extension("flash-attn", "2.8")`.

        It is compiled with the Python and the frameworks of the image, and on CUDA with nvcc of the same release; the
        image keeps the wheel and no compiler. `source` is a folder of the build context instead of what the index has.
        `build_requires` is what its build imports (`["ninja", "setuptools"]`): it is then built where the frameworks
        are. Where it is left out, the facts say how, or it is built apart with what it declares itself. `env` is what
        its build is told.
        """
        fields = {"package": package, "version": _text(version), "source": _text(source), "cuda": cuda, "env": env}
        requires = None if build_requires is None else _list(build_requires)
        return self._add(Extension, **fields, build_requires=requires, apt=_list(apt) or None, jobs=jobs)

    def add_files(self, source: str | Path, destination: str) -> Self:
        """A file, or all that is in a folder of the build context, into a folder of the image."""
        return self._add(Files, source=_text(source), destination=destination)

    def add_run(self, *commands: str, secrets: Sequence[str | Secret] = ()) -> Self:
        """Shell commands as they stand: the escape hatch. Nothing about them is checked against facts.

        Each secret is there while they run, as the file `/run/secrets/ID` or the variable that it names.
        """
        return self._add(Shell, commands=commands, secrets=_list(secrets) or None)

    def _add(self, kind: type[Layer], **fields: Any) -> Self:
        place = f"layers[{len(self.layers)}] ({kind.model_fields['kind'].default})"
        return self.add(cast("AnyLayer", _made(kind, place, **fields)))

    # --- set ---

    def with_platform(self, platform: str | Platform) -> Self:
        """Another platform than `linux/amd64`."""
        return self._with(platform=platform)

    def with_gpus(self, *gpus: str | GpuModel) -> Self:
        """The GPUs that it has to run on: `with_gpus("H100", "RTX 4090", "8.6")`.

        A build that has no code for one of them is not taken, and extensions are compiled for just these.
        """
        return self._with(gpus=gpus)

    def with_installer(self, program: Literal["uv", "pip"] = "uv", *, bytecode: bool = True) -> Self:
        """What installs packages, and whether they are compiled to bytecode while building."""
        return self._with(installer=_made(Installer, "installer", program=program, bytecode=bytecode))

    def with_index(
        self, name: str, url: str, packages: Sequence[str], *, credentials: str | Secret | None = None
    ) -> Self:
        """An index from which these packages come, and from nowhere else; all others come from the Python index.

        `credentials` is a secret file in the form of a netrc. A name that is there already is replaced.
        """
        fields = {"name": name, "url": url, "packages": _list(packages), "credentials": credentials}
        others = (index for index in self.indexes if index.name != name)
        return self._with(indexes=(*others, _made(PackageIndex, f"indexes ({name})", **fields)))

    def with_env(self, variables: Mapping[str, str] | None = None, /, **more: str) -> Self:
        """Environment variables, added to those set before: `with_env(HF_HUB_OFFLINE="1")`."""
        return self._with(env=_merged(self.env, variables, more))

    def with_workdir(self, path: str) -> Self:
        """The working directory, `/app` where nothing is said."""
        return self._with(workdir=path)

    def with_user(self, user: str | int) -> Self:
        """Who the container runs as, by number: `1000` or `"1000:1000"`."""
        return self._with(user=user)

    def with_ports(self, *ports: int | str) -> Self:
        """The ports that the service listens on: `8080`, `"53/udp"`."""
        return self._with(ports=ports)

    def with_entrypoint(self, *argv: str) -> Self:
        """The program that runs, and its first arguments; no shell and no init is in between: see `with_init`."""
        return self._with(entrypoint=argv)

    def with_init(self, wanted: bool = True) -> Self:
        """An init as first process, in front of entrypoint and cmd: it passes signals on, and reaps.

        A Python program that is the first process itself ignores SIGTERM where it does not handle it, and is killed
        when the grace is over. `with_serve` has an init without being asked.
        """
        return self._with(init=wanted)

    def with_serve(
        self,
        *command: str,
        port: int | str = 8080,
        health: str = "/",
        start_period: str = "60s",
        stop_grace: str = "30s",
    ) -> Self:
        """A program that serves HTTP: an init passes signals on and reaps, and the path `health` is asked now and then.

        Nothing but Python is needed for the check. Docker gives a container 10 s to stop; `stop_grace` is kept as a
        label for whoever runs it: `docker run --stop-timeout`.
        """
        fields = {"port": port, "health": health, "start_period": start_period, "stop_grace": stop_grace}
        return self._with(serve=_made(Serve, "serve", command=command, **fields))

    def with_cmd(self, *argv: str) -> Self:
        """Arguments for the entrypoint that `docker run` can replace, or the program where there is none."""
        return self._with(cmd=argv)

    def with_labels(self, labels: Mapping[str, str] | None = None, /, **more: str) -> Self:
        """Labels, added to those set before; the OCI names may be written short: `with_labels(title="demo")`."""
        return self._with(labels=_merged(self.labels, labels, more))

    def with_healthcheck(
        self,
        *command: str,
        interval: str | None = None,
        timeout: str | None = None,
        start_period: str | None = None,
        retries: int | None = None,
    ) -> Self:
        """A program that tells whether the service is well, run without a shell every `interval`."""
        fields = {"interval": interval, "timeout": timeout, "start_period": start_period, "retries": retries}
        return self._with(healthcheck=_made(Healthcheck, "healthcheck", command=command, **fields))

    def with_assumption(self, code: str, because: str) -> Self:
        """Answers a warning: what the facts do not know, and how the user does. It is shown in every plan."""
        return self._with(assumptions={**dict(self.assumptions), code: because})

    def _with(self, **fields: Any) -> Self:
        now = {name: getattr(self, name) for name in self.model_fields_set if name != "schema_"}
        return type(self)(**{**now, **fields})

    @property
    def has_init(self) -> bool:
        """Whether an init is the first process of its containers."""
        return self.init or self.serve is not None

    # --- the other door ---

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read an image from a file: TOML, or JSON where its name ends in `.json`."""
        file = Path(path)
        try:
            text = file.read_text(encoding="utf-8")
        except OSError as error:
            what = f"cannot read {str(path)!r}: {(error.strerror or str(error)).lower()}"
            raise InvalidImageError(Problem("unreadable", "error", str(path), what)) from None
        except UnicodeDecodeError:
            raise InvalidImageError(
                Problem("unreadable", "error", str(path), f"{str(path)!r} is no UTF-8 text")
            ) from None
        try:
            return cls.parse(text, "json" if file.suffix == ".json" else "toml")
        except InvalidImageError as error:
            found = (
                replace(problem, where=": ".join(filter(None, (str(path), problem.where))))
                for problem in error.problems
            )
            raise InvalidImageError(*found) from None

    @classmethod
    def parse(cls, text: str, format: Literal["toml", "json"] = "toml") -> Self:
        """Read an image from TOML or JSON text; the inverse of `dump`."""
        data = _json(text) if format == "json" else _toml(text)
        if not isinstance(data, dict):
            raise InvalidImageError(Problem("table-expected", "error", "", f"an image is a table, got {data!r}"))
        return cls(**cast("dict[str, Any]", data))

    def dump(self, format: Literal["toml", "json"] = "toml") -> str:
        """The image as TOML or JSON text, without what is left at its default; `parse` gives an equal image back."""
        data = self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_defaults=True)
        data = {"schema": 1, **_with_kinds(data, self)}
        if format == "json":
            import json

            return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
        import tomli_w

        return tomli_w.dumps(data)

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """The JSON schema of `image.toml`, for editors and other programs."""
        from mlcontainers.layers.documentation import documented_schema

        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            **documented_schema(cls),
            "title": "mlcontainers image",
        }


def _made(kind: type[Model], place: str, **fields: Any) -> Model:
    """A part of an image from what the user gave; problems are told with the place they come from."""
    try:
        return kind(**{name: value for name, value in fields.items() if value is not None})
    except InvalidImageError as error:
        raise InvalidImageError(*(at(place, problem) for problem in error.problems)) from None


def _text(value: object) -> object:
    """A path or a version as text. A number stays one and is refused: 2.10 would be 2.1."""
    return value if value is None or isinstance(value, str | int | float) else str(value)


def _not_for_pip(where: str, file: str) -> InvalidValueError:
    what = f"pip does not install what {file} asks for without the project itself"
    because = ("it takes the dependencies of a pyproject from the built project only, and a uv.lock not at all",)
    hints = ('with_installer("uv")', "or export it to a requirements file with hashes, or to a pylock.toml")
    return InvalidValueError(Problem("needs-uv", "error", where, what, because, hints))


def _list(values: Sequence[object]) -> object:
    """Several values as a tuple; a text alone stays one, and is refused with the right way to write it."""
    return values if isinstance(values, str) else tuple(values)


def _merged(before: tuple[tuple[str, str], ...], given: Mapping[str, str] | None, more: Mapping[str, str]) -> Any:
    if given is not None and not isinstance(cast("object", given), Mapping):
        return given
    return {**dict(before), **(given or {}), **more}


def _with_kinds(data: dict[str, Any], image: Image) -> dict[str, Any]:
    """`kind` is a default everywhere and needed everywhere."""
    data["base"] = {"kind": image.base.kind, **data["base"]}
    if image.layers:
        data["layers"] = [
            {"kind": layer.kind, **written} for layer, written in zip(image.layers, data["layers"], strict=True)
        ]
    return data


def _toml(text: str) -> object:
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidImageError(Problem("bad-toml", "error", "", f"this is no TOML: {error}")) from None


def _json(text: str) -> object:
    import json

    try:
        return json.loads(text)
    except ValueError as error:
        raise InvalidImageError(Problem("bad-json", "error", "", f"this is no JSON: {error}")) from None
