"""The shared vocabulary of the laws: images, their parts, and hostile text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

from hypothesis import strategies as st

from mlcontainers import Image

Step: TypeAlias = Callable[[Image], Image]

PYTHONS = st.sampled_from(["3.10", "3.11", "3.12", "3.13"])
LINES = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FFF, categories=("L", "N", "P", "S"), include_characters=" "),
    max_size=30,
)
"""Any text of one line."""
PRINTABLE = st.text(
    st.one_of(
        st.sampled_from("'\"\\\\$`!#&|;<>(){}[]*?~%=:,@^- \u00a0é€😀ＡΩ中"),
        st.characters(min_codepoint=32, categories=("L", "M", "N", "P", "S"), include_characters=" \u00a0"),
    ),
    max_size=30,
)
"""Any text that a field may hold, most of it what some quoting language has a meaning for."""
NAMES = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)
ENV_KEYS = st.from_regex(r"[A-Z][A-Z0-9]{0,8}", fullmatch=True).filter(
    lambda key: key.lower() not in {"apikey", "auth", "key", "passwd", "password", "pword", "secret", "token"}
)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
ARGV = st.tuples(NAMES, st.lists(LINES, max_size=3)).map(lambda parts: (parts[0], *parts[1]))
REQUIREMENTS = st.tuples(NAMES, st.integers(0, 99)).map(lambda pair: f"{pair[0]}>={pair[1]}")

DEBIAN_PACKAGES = st.builds(
    "{}{}{}".format,
    st.from_regex(r"[a-z0-9][a-z0-9+.-]{1,12}", fullmatch=True),
    st.sampled_from(["", ":amd64", ":i386"]),
    st.one_of(st.just(""), st.from_regex(r"=([0-9]:)?[0-9][A-Za-z0-9.+~-]{0,12}", fullmatch=True)),
)
"""As Debian's policy names packages, their machines and their versions."""


CONDA_PACKAGES = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "", "conda-forge::", "bioconda/label/main::"]),
    st.from_regex(r"[a-z_][a-z0-9_.-]{0,12}[a-z0-9]", fullmatch=True),
    st.one_of(
        st.just(""),
        st.from_regex(r"(=|==|>=|<=|!=| |=\*=)[0-9]{1,2}(\.[0-9]{1,2}){0,2}(\.\*)?", fullmatch=True),
        st.from_regex(r" ?>=[0-9]\.[0-9]{1,2},(<|!=)[0-9]{2}", fullmatch=True),
        st.from_regex(r"=[0-9]\.[0-9]{1,2}=\*?[a-z0-9_]{1,8}", fullmatch=True),
    ),
)
"""As conda specifies packages, without brackets."""
CONDA_CHANNELS = st.one_of(
    st.sampled_from(["conda-forge", "bioconda", "conda-forge/label/dev"]),
    st.from_regex(r"https://conda\.example\.com(:8443)?/[A-Za-z0-9._~%+/-]{0,20}", fullmatch=True),
)


def _pep508(name: str, extras: list[str], versions: str, marker: str, blank: str) -> str:
    wanted = f"[{f',{blank}'.join(extras)}]" if extras else ""
    return f"zz-{name}{blank}{wanted}{blank}{versions}{f'{blank}; {marker}' if marker else ''}".strip()


_NO_BLANKS = st.from_regex(r"[!-~]{1,12}", fullmatch=True)
_VERSIONS = st.one_of(
    st.just(""),
    st.lists(
        st.tuples(st.sampled_from(["==", ">=", "<=", "!=", "<", ">", "~="]), st.from_regex(r"[0-9]\.[0-9]{1,2}(rc1)?", fullmatch=True)).map("".join),
        min_size=1, max_size=3, unique=True,
    ).flatmap(lambda parts: st.sampled_from([",", " , "]).map(lambda comma: comma.join(parts))),
    _NO_BLANKS.map(lambda text: "===" + text.translate({ord(character): None for character in ";),\\"})),
).filter(lambda text: text != "===")  # fmt: skip
_MARKER = st.one_of(
    st.just(""),
    st.builds(
        "{} {} {}".format,
        st.sampled_from(["python_version", "sys_platform", "platform_machine", "os_name"]),
        st.sampled_from(["==", "!=", "<", ">=", "in", "not in"]),
        st.one_of(
            PRINTABLE.map(lambda text: text.translate({ord('"'): None, ord("\\"): None})).map('"{}"'.format),
            PRINTABLE.map(lambda text: text.translate({ord("'"): None, ord("\\"): None})).map("'{}'".format),
        ),
    ),
)
PEP508 = st.builds(
    _pep508, NAMES, st.lists(NAMES, max_size=2, unique=True), _VERSIONS, _MARKER, st.sampled_from(["", " "])
)
"""Requirements with extras, versions and markers; `===` and markers may hold nearly anything."""
CONTEXT_PATHS = st.from_regex(r"[a-z0-9_+@%:#(;=^]{1,6}(/[a-zA-Z][a-zA-Z0-9._&|{}-]{1,6}){0,2}\.txt", fullmatch=True)
"""Files of a build context, with what a shell has a meaning for."""
CONTEXT_FOLDERS = st.from_regex(
    r"[a-z0-9_+@%:#(;=^&|<>{}~]{1,9}(/[a-zA-Z][a-zA-Z0-9._&|;#{}()-]{1,9}){0,2}", fullmatch=True
).filter(lambda path: "<<" not in path and "://" not in path and not path.startswith("~"))
"""Likewise folders."""

HOSTILE_TEXTS = [
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
    "x\x0cUSER root",
    "x\x1cUSER root",
    "x\u2029USER root",
    "x\rUSER root",
    "x \\\\",
    "x\\ ",
    "\\\n",
    "# escape=`",
    "# syntax=evil/frontend",
    "<<-'EOF'",
    "\u202eevil",
    "\u2066evil",
    "\u200b",
    "\u00a0",
    "\u3000",
    "'",
    '"',
    "`",
    "\\",
    "\\'",
    "$'\\n'",
    "${x:-$(evil)}",
    "(",
    ")",
    "{",
    "}",
    ";",
    "&",
    "|",
    "<",
    ">",
    "x,target=/etc,readwrite",
    "x --mount=type=bind,target=/",
    "==1 --index-url=https://evil.example.com",
    " AS evil",
    "=",
    "=x",
    " x=y",
]
"""What has broken generators before, and what could."""
HOSTILE = st.sampled_from(HOSTILE_TEXTS)


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


def _installer(program: Literal["uv", "pip"], bytecode: bool) -> Step:
    return lambda image: image.with_installer(program, bytecode=bytecode)


def _index(name: str, package: str) -> Step:
    return lambda image: image.with_index("company", f"https://{name}.example.com/simple", [f"own-{package}"])


def _gpus(names: list[str]) -> Step:
    return lambda image: image.with_gpus(*names)


SETTERS: st.SearchStrategy[Step] = st.one_of(
    st.builds(_installer, st.sampled_from(["uv", "pip"]), st.booleans()),
    st.builds(_index, NAMES, NAMES),
    st.builds(_gpus, st.lists(st.sampled_from(["H100", "RTX 4090", "sm_89", "8.9"]), max_size=3)),
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
