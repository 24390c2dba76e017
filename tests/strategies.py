"""The shared vocabulary of the laws: images, their parts, and hostile text."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from hypothesis import strategies as st

from mlcontainers import Image

Step: TypeAlias = Callable[[Image], Image]

PYTHONS = st.sampled_from(["3.10", "3.11", "3.12", "3.13"])
LINES = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FFF, categories=("L", "N", "P", "S"), include_characters=" "),
    max_size=30,
)
"""Any text of one line."""
NAMES = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)
ENV_KEYS = st.from_regex(r"[A-Z][A-Z0-9]{0,8}", fullmatch=True).filter(
    lambda key: key.lower() not in {"apikey", "auth", "key", "passwd", "password", "pword", "secret", "token"}
)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
ARGV = st.tuples(NAMES, st.lists(LINES, max_size=3)).map(lambda parts: (parts[0], *parts[1]))
REQUIREMENTS = st.tuples(NAMES, st.integers(0, 99)).map(lambda pair: f"{pair[0]}>={pair[1]}")

HOSTILE = st.sampled_from(
    [
        "x\nRUN evil",
        "x\r\nUSER root",
        "x\\",
        "x \\\nUSER root",
        'x"\nUSER 0',
        "$(evil)",
        "`evil`",
        "${EVIL}",
        "$EVIL",
        "'; evil; '",
        '"; evil; "',
        "&& evil",
        "| evil",
        "> /etc/passwd",
        "<<EOF",
        "# x",
        "--from=evil",
        "--mount=type=bind",
        "[1]",
        '["evil"]',
        "x\x00y",
        "x\x0bUSER root",
        "x\u2028USER root",
        "x\u0085USER root",
        "\ufeffUSER root",
        "x\ud800",
        "*",
        "~",
        "!evil",
        "%s",
        "a b",
        "\t",
        "",
        "é",
    ]
)
"""What has broken generators before, and what could."""


def _apt(names: list[str]) -> Step:
    return lambda image: image.add_apt(*(f"lib{name}" for name in names))


def _pip(wanted: list[str]) -> Step:
    return lambda image: image.add_pip(*wanted)


def _requirements(path: str) -> Step:
    return lambda image: image.add_pip(requirements=path)


def _files(source: str, destination: str) -> Step:
    return lambda image: image.add_files(source, f"/{destination}")


def _run(command: str) -> Step:
    return lambda image: image.add_run(command)


def _env(pairs: dict[str, str]) -> Step:
    return lambda image: image.with_env(pairs)


def _labels(pairs: dict[str, str]) -> Step:
    return lambda image: image.with_labels(pairs)


def _workdir(path: str) -> Step:
    return lambda image: image.with_workdir(f"/{path}")


def _user(uid: int) -> Step:
    return lambda image: image.with_user(uid)


def _ports(ports: list[int]) -> Step:
    return lambda image: image.with_ports(*ports)


def _entrypoint(argv: tuple[str, ...]) -> Step:
    return lambda image: image.with_entrypoint(*argv)


def _cmd(argv: tuple[str, ...]) -> Step:
    return lambda image: image.with_cmd(*argv)


def _healthcheck(argv: tuple[str, ...]) -> Step:
    return lambda image: image.with_healthcheck(*argv, interval="30s", retries=3)


def _assumption(reason: str) -> Step:
    return lambda image: image.with_assumption("unknown-base", reason)


ADDERS: st.SearchStrategy[Step] = st.one_of(
    st.builds(_apt, st.lists(NAMES, min_size=1, max_size=3)),
    st.builds(_pip, st.lists(REQUIREMENTS, min_size=1, max_size=3)),
    st.builds(_requirements, PATHS),
    st.builds(_files, PATHS, PATHS),
    st.builds(_run, st.sampled_from(["python train.py", "test -e /app || exit 1"])),
)
"""One call of an `add_` method, as a function of the image."""

SETTERS: st.SearchStrategy[Step] = st.one_of(
    st.builds(_env, st.dictionaries(ENV_KEYS, LINES, max_size=3)),
    st.builds(_labels, st.dictionaries(NAMES, LINES, max_size=3)),
    st.builds(_workdir, PATHS),
    st.builds(_user, st.integers(0, 99_999)),
    st.builds(_ports, st.lists(st.integers(1, 65_535), max_size=3)),
    st.builds(_entrypoint, ARGV),
    st.builds(_cmd, ARGV),
    st.builds(_healthcheck, ARGV),
    st.builds(_assumption, LINES.filter(lambda text: text == text.strip() != "")),
)
"""One call of a `with_` method, as a function of the image."""


def _built(start: Image, framework: Step, steps: list[Step]) -> Image:
    image = framework(start)
    for step in steps:
        image = step(image)
    return image


_FRAMEWORKS: list[Step] = [
    lambda image: image,
    lambda image: image.add_sklearn(),
    lambda image: image.add_torch("2.9"),
    lambda image: image.add_torch("2.8.0", vision=True, audio=True).add_sklearn("1.7"),
]
IMAGES: st.SearchStrategy[Image] = st.builds(
    _built,
    st.one_of(
        PYTHONS.map(lambda python: Image.from_cpu(python=python)),
        PYTHONS.map(lambda python: Image.from_base("registry.example.com/base:1", python=python)),
    ),
    st.sampled_from(_FRAMEWORKS),
    st.lists(st.one_of(ADDERS, SETTERS), max_size=8),
)
"""Images that can be planned."""
