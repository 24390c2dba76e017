"""The shared vocabulary of the laws: images, their parts, and hostile text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from mlcontainers import Image

if TYPE_CHECKING:
    from collections.abc import Callable

PYTHONS = st.sampled_from(["3.10", "3.11", "3.12", "3.13"])
LINES = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FFF, categories=("L", "N", "P", "S", "Zs")), max_size=30
)
"""Any text of one line."""
NAMES = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)
ENV_KEYS = st.from_regex(r"[A-Z][A-Z0-9]{0,8}", fullmatch=True).filter(
    lambda key: key.lower() not in {"apikey", "auth", "key", "passwd", "password", "pword", "secret", "token"}
)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
ARGV = st.lists(LINES, min_size=1, max_size=4).map(tuple)
REQUIREMENTS = st.builds(lambda name, version: f"{name}>={version}", NAMES, st.integers(0, 99))

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


def _adders() -> st.SearchStrategy[Callable[[Image], Image]]:
    """One call of an `add_` method, as a function of the image."""
    return st.one_of(
        st.lists(NAMES, min_size=1, max_size=3).map(
            lambda names: lambda image: image.add_apt(*(f"lib{n}" for n in names))
        ),
        st.lists(REQUIREMENTS, min_size=1, max_size=3).map(lambda wanted: lambda image: image.add_pip(*wanted)),
        PATHS.map(lambda path: lambda image: image.add_pip(requirements=path)),
        st.tuples(PATHS, PATHS).map(lambda pair: lambda image: image.add_files(pair[0], f"/{pair[1]}")),
        st.sampled_from(["python train.py", "test -e /app || exit 1"]).map(
            lambda text: lambda image: image.add_run(text)
        ),
    )


def _setters() -> st.SearchStrategy[Callable[[Image], Image]]:
    """One call of a `with_` method, as a function of the image."""
    return st.one_of(
        st.dictionaries(ENV_KEYS, LINES, max_size=3).map(lambda pairs: lambda image: image.with_env(pairs)),
        st.dictionaries(NAMES, LINES, max_size=3).map(lambda pairs: lambda image: image.with_labels(pairs)),
        PATHS.map(lambda path: lambda image: image.with_workdir(f"/{path}")),
        st.integers(0, 99_999).map(lambda uid: lambda image: image.with_user(uid)),
        st.lists(st.integers(1, 65_535), max_size=3).map(lambda ports: lambda image: image.with_ports(*ports)),
        ARGV.map(lambda argv: lambda image: image.with_entrypoint(*argv)),
        ARGV.map(lambda argv: lambda image: image.with_cmd(*argv)),
        ARGV.map(lambda argv: lambda image: image.with_healthcheck(*argv, interval="30s", retries=3)),
        LINES.filter(lambda text: text == text.strip() != "").map(
            lambda text: lambda image: image.with_assumption("unknown-base", text)
        ),
    )


SETTERS = _setters()
ADDERS = _adders()


def _built(start: Image, framework: Callable[[Image], Image], steps: list[Callable[[Image], Image]]) -> Image:
    image = framework(start)
    for step in steps:
        image = step(image)
    return image


_FRAMEWORKS: list[Callable[[Image], Image]] = [
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
