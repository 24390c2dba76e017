"""The quoting languages our text passes through: one function for each."""

from __future__ import annotations

import re

_PURL_SAFE = re.compile(rb"[A-Za-z0-9._~:/-]").fullmatch
_SHELL_SAFE = re.compile(r"[A-Za-z0-9_@%+=:,./-]+").fullmatch
_LIVE_IN_DOUBLE_QUOTES = re.compile(r"""["$`\\!]""").search


def shell(text: str) -> str:
    """`text` as exactly one word of a POSIX shell, quoted only where it must be.

    Unlike `shlex.quote` it knows that Dockerfile lines end up here: text is one line already,
    and `[` is quoted since it is a pattern.
    """
    if _SHELL_SAFE(text):
        return text
    if "'" in text and not _LIVE_IN_DOUBLE_QUOTES(text):
        return f'"{text}"'
    return "'" + text.replace("'", "'\"'\"'") + "'"


def dockerfile_value(text: str) -> str:
    """`text` as the literal value of an `ENV`, `LABEL` or `ARG`: quoted, no variable is expanded.

    Rule: BuildKit removes a backslash in double quotes only before `"`, `$` and a backslash.
    """
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return f'"{escaped}"'


def package_url(text: str) -> str:
    """`text` as a part of a package URL in its canonical form, where slashes and colons stay.

    Source: package-url/purl-spec, PURL-SPECIFICATION.rst, "Character encoding".
    """
    return "".join(chr(byte) if _PURL_SAFE(bytes((byte,))) else f"%{byte:02X}" for byte in text.encode())
