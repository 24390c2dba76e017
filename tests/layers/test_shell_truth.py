"""What reaches a program through a shell is exactly what was asked: tried in real shells with stubs for the programs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement

from mlcontainers import Dockerfile, Image, Sources, catalogue, plan
from mlcontainers.dockerfile import From, Run
from mlcontainers.layers import Extension
from mlcontainers.layers.runtime import THREADS
from mlcontainers.values.quoting import shell
from tests.shells import SHELLS, Call, Said, ShellRoot, shell_texts
from tests.strategies import (
    CONDA_CHANNELS,
    CONDA_PACKAGES,
    CONTEXT_FOLDERS,
    CONTEXT_PATHS,
    DEBIAN_PACKAGES,
    LINES,
    PEP508,
    PRINTABLE,
)
from tests.values.test_locks import locked, packages

if TYPE_CHECKING:
    from mlcontainers import Plan
    from mlcontainers.values.locks import LockedPackage

CASES = sorted(file.parent for file in (Path(__file__).parent.parent / "cases").glob("*/image.toml"))
START = Image.from_cpu(python="3.12")
FILES = {"/proc/meminfo": "MemAvailable: 8388608 kB\n", "/site/nvidia/cu13/lib/libcudart.so.13": ""}
"""What is there before: a builder's free memory, and libraries as NVIDIA's wheels have them."""
ANSWERS = {"python3": "/site\n", "uv": "nvidia-cudnn-cu12==9.10.2.21\nnumpy==2.4.0\ntriton==3.5.1\n"}
"""What the stubs print: where modules lie, what is installed."""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> ShellRoot:
    """A root of its own for the shells of this file."""
    made = ShellRoot(tmp_path_factory.mktemp("root"))
    (made.root / "site").mkdir()
    return made


@pytest.fixture(scope="module", params=SHELLS)
def name(request: pytest.FixtureRequest) -> str:
    """Debian's shell, and the one of many other bases."""
    return str(request.param)


def said(root: ShellRoot, name: str, decided: Plan) -> list[Said]:
    """What comes of each RUN of the plan's Dockerfile, but for the user's own commands."""
    pairs = zip(decided.dockerfile.instructions, decided.origins, strict=True)
    ours = [not (origin or "").endswith("(run)") for node, origin in pairs if isinstance(node, Run)]
    texts = [text for text, wanted in zip(shell_texts(decided.dockerfile), ours, strict=True) if wanted]
    return [root.run(text, shell=name, answers=ANSWERS, files=FILES) for text in texts]


def installs(steps: list[Said]) -> list[Call]:
    """Every call of an installer of Python packages."""
    ways = (("uv", "pip"), ("python3", "/opt/pip/pip"))
    return [call for step in steps for program, first in ways for call in step.of(program, first, "install")]


def wanted(call: Call) -> list[str]:
    """The arguments that are no options."""
    return [word for word in call.arguments[2:] if not word.startswith("--")]


class TestWords:
    """One text is one word of a shell, whatever is in it, behind the builder's parser."""

    @settings(max_examples=50)
    @given(words=st.lists(st.one_of(LINES, PRINTABLE).filter(bool), min_size=1, max_size=40))
    def test_each_word_arrives(self, root: ShellRoot, name: str, words: list[str]) -> None:
        dockerfile = Dockerfile.of(From("scratch"), Run.shell("stub", *map(shell, words), "> /printed"))

        (text,) = shell_texts(dockerfile)

        assert root.run(text, shell=name).calls[0].arguments == tuple(words)


class TestApt:
    """`add_apt`: names, machines and versions as Debian's policy allows them."""

    @settings(max_examples=15)
    @given(packages=st.lists(DEBIAN_PACKAGES, min_size=1, max_size=30))
    def test_packages(self, root: ShellRoot, name: str, packages: list[str]) -> None:
        steps = said(root, name, plan(START.add_apt(*packages)))

        (call,) = (call for step in steps for call in step.of("apt-get", "install"))
        assert [word for word in call.arguments[1:] if word[:1] != "-"] == sorted(set(packages))
        assert call.environment["DEBIAN_FRONTEND"] == "noninteractive"


class TestPip:
    """`add_pip`: every requirement that PEP 508 knows, down to `===` and markers that hold anything."""

    @settings(max_examples=15)
    @given(packages=st.lists(PEP508, min_size=1, max_size=30))
    def test_packages(self, root: ShellRoot, name: str, packages: list[str]) -> None:
        steps = said(root, name, plan(START.add_pip(*packages)))

        (call,) = installs(steps)
        assert {Requirement(word) for word in wanted(call)} == set(map(Requirement, packages))

    @settings(max_examples=15)
    @given(paths=st.lists(CONTEXT_PATHS, min_size=1, max_size=5, unique=True))
    def test_the_file_that_is_read_is_the_file_that_is_mounted(
        self, root: ShellRoot, name: str, paths: list[str]
    ) -> None:
        image = START
        for path in paths:
            image = image.add_pip(requirements=path)
        decided = plan(image)
        runs = [node for node in decided.dockerfile.instructions if isinstance(node, Run)]

        taken = [
            _bound(run)[word.removeprefix("--requirement=")]
            for run, step in zip(runs, said(root, name, decided), strict=True)
            for call in installs([step])
            for word in call.arguments
            if word.startswith("--requirement=")
        ]
        assert taken == paths


class TestFolders:
    """Files of projects and locks, in folders that a shell has something to say about."""

    @settings(max_examples=15)
    @given(folders=st.lists(CONTEXT_FOLDERS, min_size=1, max_size=4, unique=True))
    def test_pyprojects_locks_and_their_groups(self, root: ShellRoot, name: str, folders: list[str]) -> None:
        image = START
        for folder in folders:
            image = image.add_pip(pyproject=f"{folder}/pyproject.toml", extras=["web"], groups=["dev"])
            image = image.add_pip(lock=f"{folder}/uv.lock", extras=["web"], groups=["dev"])
            image = image.add_pip(lock=f"{folder}/pylock.toml")
        steps = said(root, name, plan(image))

        places = [f"/tmp/requirements/{folder}" for folder in folders]
        arguments = [call.arguments for call in installs(steps)]
        for place in places:
            assert any(f"--requirement={place}/pylock.toml" in words for words in arguments)
            (words,) = (words for words in arguments if f"--requirement={place}/pyproject.toml" in words)
            assert {"--extra=web", f"--group={place}/pyproject.toml:dev"} <= set(words)
        exports = [call.arguments for step in steps for call in step.of("uv", "export")]
        assert [next(word for word in words if word.startswith("--project=")) for words in exports] == [
            f"--project={place}" for place in places
        ]


class TestConda:
    """`add_conda`: packages, channels and files, each as one argument of micromamba."""

    @settings(max_examples=15)
    @given(packages=st.lists(CONDA_PACKAGES, min_size=1, max_size=20), channels=st.lists(CONDA_CHANNELS, max_size=4))
    def test_packages_and_channels(self, root: ShellRoot, name: str, packages: list[str], channels: list[str]) -> None:
        decided = plan(START.add_conda(*packages, channels=channels, credentials="channel-netrc"))

        (call,) = (call for step in said(root, name, decided) for call in step.of("micromamba", "create"))
        assert [word for word in call.arguments[1:] if word[:2] != "--"] == sorted(set(packages))
        assert [word for word in call.arguments if word.startswith("--channel=")] == [
            f"--channel={channel}" for channel in channels or ["conda-forge"]
        ]
        assert call.environment["NETRC"] == "/run/secrets/channel-netrc"
        assert call.environment["HOME"] == "/dev/shm"
        assert call.environment["CONDA_OVERRIDE_CUDA"] == ""

    @settings(max_examples=15)
    @given(folder=CONTEXT_FOLDERS, file=st.sampled_from(["environment.yml", "conda-lock.yml", "linux-64.lock"]))
    def test_the_file_that_is_read_is_the_file_that_is_mounted(
        self, root: ShellRoot, name: str, folder: str, file: str
    ) -> None:
        decided = plan(START.add_conda(environment=f"{folder}/{file}"))

        *_, run = (node for node in decided.dockerfile.instructions if isinstance(node, Run))
        (call,) = (call for step in said(root, name, decided) for call in step.of("micromamba", "create"))
        (word,) = (word for word in call.arguments if word.startswith("--file="))
        assert _bound(run)[word.removeprefix("--file=")] == f"{folder}/{file}"
        assert not [word for word in call.arguments if word.startswith("--channel=")]


class TestIndexes:
    """What comes from an index of one's own is asked of that one, by its name, and of no other."""

    @settings(max_examples=15)
    @given(path=st.from_regex(r"/[A-Za-z0-9._~%+/-]{0,30}", fullmatch=True), packages=st.lists(PEP508, max_size=9))
    def test_packages_and_addresses(self, root: ShellRoot, name: str, path: str, packages: list[str]) -> None:
        url = f"https://index.example.com{path}"
        others = [package for package in packages if Requirement(package).name != "zz-ours"]
        image = START.with_index("company", url, ["zz-ours"], credentials="company-netrc")
        image = image.add_pip("zz-ours>=1", *others)

        first, *rest = installs(said(root, name, plan(image)))

        assert wanted(first) == ["zz-ours>=1"]
        assert f"--default-index={url}" in first.arguments
        assert first.environment["NETRC"] == "/run/secrets/company-netrc"
        # Named again for what it needs, which comes from the Python index; itself it is there already.
        asked = {Requirement(word) for call in rest for word in wanted(call)}
        assert asked == {Requirement("zz-ours>=1"), *map(Requirement, others)}


def _bound(run: Run) -> dict[str | None, str | None]:
    """Files of the context that a step sees: source by target."""
    options = [dict(mount.options) for mount in run.mounts if mount.type == "bind"]
    return {option["target"]: option.get("source") for option in options if "from" not in option}


class TestExtensions:
    """`add_extension`: what a build is told, down to its variables, arrives as it was written."""

    @settings(max_examples=15)
    @given(
        path=CONTEXT_FOLDERS, values=st.lists(PRINTABLE, min_size=1, max_size=4), packages=st.lists(PEP508, max_size=5)
    )
    def test_folder_variables_and_requirements(
        self, root: ShellRoot, name: str, path: str, values: list[str], packages: list[str]
    ) -> None:
        told = {f"TOLD_{number}": value for number, value in enumerate(values)}
        image = START.add_extension("zz-ext", source=path, build_requires=packages, env=told, jobs=3)
        decided = plan(image)
        runs = [node for node in decided.dockerfile.instructions if isinstance(node, Run)]
        steps = said(root, name, decided)

        (call,) = (call for step in steps for call in step.of("python3", "/opt/pip/pip", "wheel"))
        assert {key: call.environment[key] for key in told} == told
        assert (call.environment["MAX_JOBS"], call.environment["CMAKE_BUILD_PARALLEL_LEVEL"]) == ("3", "3")
        assert wanted(call)[-1] == "/tmp/source"
        assert [_bound(run)["/tmp/source"] for run in runs if "/tmp/source" in _bound(run)] == [path]
        asked = {Requirement(word) for one in installs(steps) for word in wanted(one)} - {Requirement("zz-ext")}
        assert asked == set(map(Requirement, packages))

    def test_as_many_compilers_as_there_is_memory_for(self, root: ShellRoot, name: str) -> None:
        def jobs(free: int) -> str:
            files = {"/proc/meminfo": f"MemTotal: 99999999 kB\nMemAvailable: {free} kB\n"}
            texts = shell_texts(plan(START.add_extension("annoy")).dockerfile)
            calls = [
                call
                for text in texts
                if "MAX_JOBS" in text
                for call in root.run(text, shell=name, files=files).of("python3", "/opt/pip/pip", "wheel")
            ]
            return calls[0].environment["MAX_JOBS"]

        assert jobs(1000) == "1", "one in any case"
        assert jobs(2**40) == str(len(os.sched_getaffinity(0))), "one a processor at most"


class TestLocks:
    """What a lock has for a step is what the installer reads, line by line."""

    @settings(max_examples=15)
    @given(found=st.lists(packages(), min_size=1, max_size=30, unique_by=lambda package: package.name))
    def test_files_and_hashes(self, root: ShellRoot, name: str, found: list[LockedPackage]) -> None:
        decided = plan(START.add_pip("six"), lock=locked((["six"], found)))

        (step,) = (step for step in said(root, name, decided) if installs([step]))

        (call,) = installs([step])
        assert step.files["/dev/shm/hashed"].splitlines() == [
            f"{package.name}=={package.version} {' '.join(f'--hash={digest}' for _, digest in package.files)}"
            for package in sorted(found, key=lambda package: package.name)
        ]
        assert call.arguments[-3:] == ("--no-deps", "--require-hashes", "--requirement=/dev/shm/hashed")


class TestCommands:
    """`add_run`: the shell gets the command as it was given, to the byte."""

    @settings(max_examples=25)
    @given(words=st.lists(PRINTABLE.filter(bool), min_size=1, max_size=5))
    def test_the_whole_text(self, root: ShellRoot, name: str, words: list[str]) -> None:
        command = f"stub {' '.join(map(shell, words))}"

        *_, text = shell_texts(plan(START.add_run(command)).dockerfile)

        assert text == command
        assert root.run(text, shell=name).calls[0].arguments == tuple(words)


class TestSources:
    """Addresses of mirrors are one word each."""

    @settings(max_examples=15)
    @given(path=st.from_regex(r"/[A-Za-z0-9._~%+/-]{0,30}", fullmatch=True))
    def test_mirrors(self, root: ShellRoot, name: str, path: str) -> None:
        url = f"https://wheels.example.com:8443{path}"
        decided = plan(START.add_torch("2.9"), sources=Sources(mirrors=(("pytorch", url),)))

        calls = installs(said(root, name, decided))

        assert f"--default-index={url}" in calls[0].arguments


class Tried(NamedTuple):
    """A case of the gallery, and what came of its steps."""

    plan: Plan
    steps: list[Said]


@pytest.fixture(scope="module", params=CASES, ids=[case.name for case in CASES])
def tried(root: ShellRoot, name: str, request: pytest.FixtureRequest) -> Tried:
    """Each case once in each shell."""
    decided = plan(Image.load(request.param / "image.toml"))
    return Tried(decided, said(root, name, decided))


def _compiled_with(decided: Plan) -> set[str]:
    """What is installed for extensions: they themselves by name, and what the stages that compile them need."""
    found: set[str] = set()
    for layer in decided.image.layers:
        if isinstance(layer, Extension):
            row = catalogue().compiled(str(layer.package))
            declared = layer.build_requires if layer.build_requires is not None else (row and row.build_requires) or ()
            found |= {str(layer.package), *map(str, declared)}
    toolkit = {"cuda-toolkit[nvcc]==13.0.*", "nvidia-cuda-cccl==13.*"}
    return found | (toolkit if "cuda-toolkit" in decided.dockerfile.render() else set())


class TestGallery:
    """Every step of every case runs to its end, and what it says is what was decided."""

    def test_each_package_is_installed_as_it_was_decided(self, tried: Tried) -> None:
        asked = {word for call in installs(tried.steps) for word in wanted(call)}

        planned = {pin.requirement for pin in tried.plan.pins}
        layers = [vars(layer).get("packages") for layer in tried.plan.image.layers if layer.kind == "pip"]
        users = {str(package) for packages in layers for package in packages or ()}
        assert asked == planned | users | _compiled_with(tried.plan)

    def test_the_seal_names_what_was_decided(self, tried: Tried) -> None:
        sealed = "".join(step.files.get("/etc/python-constraints.txt", "") for step in tried.steps)

        # What the stubs answer: libraries of CUDA, and Python where it is asked what came from an index of one's own.
        answered = ("nvidia-cudnn-cu12", "triton==3.5.1", "/site")
        lines = [line for line in sealed.splitlines() if not line.startswith(answered)]
        assert sorted(lines) == sorted(map(str, tried.plan.pins))

    def test_files_that_the_shell_writes_are_what_they_are_here(self, tried: Tried) -> None:
        written = {path: text for step in tried.steps for path, text in step.files.items()}

        tools = [line for step in tried.steps for line in step.files.get("/tmp/tools.txt", "").splitlines()]
        if tools:
            names = {Requirement(line.partition(" ")[0]).name for line in tools}
            program = tried.plan.image.installer.program
            mounted = f"source=/opt/{program}" in tried.plan.dockerfile.render()
            assert (program in names) == mounted  # An init comes without the installer where nothing is installed.
            assert all("--hash=sha256:" in line for line in tools)
        assert written.get("/site/container_threads.py", THREADS) == THREADS
        for layer in tried.plan.image.layers:
            for source in vars(layer).get("sources", ()):
                text = written.pop(f"/etc/apt/sources.list.d/{source.name}.sources")
                assert text.splitlines() == list(source.lines())
        assert written.keys() <= {
            "/tmp/tools.txt",
            "/site/container_threads.py",
            "/site/container_threads.pth",
            "/etc/python-constraints.txt",
            "/dev/shm/installed",
            "/dev/shm/elsewhere",
        }

    def test_programs_for_python_are_programs(self, tried: Tried) -> None:
        """No quoting language between the builder and Python has changed them."""
        programs = [
            call.arguments[-1]
            for step in tried.steps
            for call in step.calls
            if call.program.rpartition("/")[2].startswith("python") and call.arguments[0] in {"-c", "-Bc"}
        ]

        for program in programs:
            compile(program, "<step>", "exec")
