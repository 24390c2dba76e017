"""`RUN --mount=`: what a step sees while it runs, and no layer keeps."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from mlcontainers.dockerfile.refusals import expandable, flag_value, refuse

TYPES = ("bind", "cache", "tmpfs", "secret", "ssh")
ALIASES = {"dst": "target", "destination": "target", "src": "source", "ro": "readonly", "rw": "readwrite"}
"""Other names of an option."""
_ALLOWED = {
    "bind": frozenset(("target", "source", "from", "readonly", "readwrite")),
    "cache": frozenset(("target", "source", "from", "readonly", "readwrite", "id", "sharing", "mode", "uid", "gid")),
    "tmpfs": frozenset(("target", "size", "readonly", "readwrite")),
    "secret": frozenset(("target", "source", "id", "required", "env", "mode", "uid", "gid")),
    "ssh": frozenset(("target", "id", "required", "mode", "uid", "gid")),
}
_KEYS = frozenset(key for keys in _ALLOWED.values() for key in keys)
_ONLY = {
    "from": ("bind", "cache", "tmpfs", "ssh"), "source": ("bind", "cache", "tmpfs", "secret"), "sharing": ("cache",),
    "required": ("secret", "ssh"), "size": ("tmpfs",), "mode": ("cache", "secret", "ssh"),
    "uid": ("cache", "secret", "ssh"), "gid": ("cache", "secret", "ssh"),
}  # fmt: skip
"""The types that a builder lets an option stand for; other options it takes anywhere, if without effect."""
_SIZE = re.compile(r"[0-9]+(?:\.[0-9]*)? ?(?:b|[kmgtp](?:i?b)?)?", re.I | re.ASCII).fullmatch
_BARE = frozenset(("readonly", "readwrite", "required"))
_BOOLEANS = frozenset(("1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"))


@dataclass(frozen=True, slots=True)
class Mount:
    """One mount: its type and its options in the order they are written, as text."""

    type: str
    options: tuple[tuple[str, str | None], ...] = ()
    """`None` for a bare word such as `readonly`."""
    early: tuple[str, ...] = field(default=(), init=False, compare=False, repr=False)
    """Options that were read before the type and that only some types have; builders refuse them there."""

    def __post_init__(self) -> None:
        allowed = _ALLOWED.get(self.type, _KEYS)
        for key, value in self.options:
            if ALIASES.get(key, key) not in allowed:
                raise refuse("bad-mount", f"a {self.type} mount has no use for the option {key!r}")
            flag_value(key, "mount option")
            if value is not None and "," in flag_value(value, f"mount option {key}"):
                raise refuse("bad-mount", f"mount option {key}={value!r} holds a comma")
            if value is not None and key != "from":
                expandable(value, f"mount option {key}")
        for wrong, part in faults(self):
            raise refuse("bad-mount", wrong, part=part)

    @classmethod
    def bind(
        cls, target: str, *, source: str | None = None, from_: str | None = None, readwrite: bool = False
    ) -> Mount:
        """Files of the build context, of another stage or of an image, read-only unless asked otherwise."""
        given = _given(("from", from_), ("source", source), ("target", target))
        return cls("bind", (*given, ("readwrite", None)) if readwrite else given)

    @classmethod
    def cache(cls, target: str, *, id: str | None = None, sharing: str | None = None) -> Mount:
        """A folder that the builder keeps between builds."""
        return cls("cache", _given(("id", id), ("target", target), ("sharing", sharing)))

    @classmethod
    def secret(cls, id: str, *, target: str | None = None, env: str | None = None, required: bool = False) -> Mount:
        """A file or variable given to the build, in no layer and no cache key."""
        given = _given(("id", id), ("target", target), ("env", env))
        return cls("secret", (*given, ("required", "true")) if required else given)

    @classmethod
    def tmpfs(cls, target: str, *, size: str | None = None) -> Mount:
        """Memory that is gone after the step."""
        return cls("tmpfs", _given(("target", target), ("size", size)))

    @classmethod
    def ssh(cls, *, id: str | None = None, required: bool = False) -> Mount:
        """The keys of the SSH agent that the build was given."""
        given = _given(("id", id))
        return cls("ssh", (*given, ("required", "true")) if required else given)

    def get(self, key: str) -> str | None:
        """The value of an option by its main name, the last one if it is written twice."""
        found = [value for name, value in self.options if ALIASES.get(name, name) == key]
        return found[-1] if found else None

    def __str__(self) -> str:
        parts = [key if value is None else f"{key}={value}" for key, value in self.options]
        return ",".join([f"type={self.type}", *map(_field, parts)])


def faults(mount: Mount) -> tuple[tuple[str, str], ...]:
    """What the builder would refuse in a mount when the step runs, each with the option it is about."""
    if mount.type not in _ALLOWED:
        what = f"there is no mount type {mount.type!r}: it is one of {', '.join(TYPES)}"
        return ((what, f"type={mount.type}"),)
    wrong: list[tuple[str, str]] = []
    for name, value in mount.options:
        key = ALIASES.get(name, name)
        part = name if value is None else f"{name}={value}"
        if key not in _KEYS:
            wrong.append((f"there is no mount option {name!r}", part))
        elif mount.type not in _ONLY.get(key, TYPES):
            wrong.append((f"a {mount.type} mount has no option {name!r}", part))
        elif value is None and key not in _BARE:
            wrong.append((f"mount option {name!r} needs a value", part))
        elif name in mount.early:
            wrong.append((f"mount option {name!r} must stand behind the type, which allows it", part))
        elif value is not None and "$" not in value and (fault := _value_fault(key, value)):
            wrong.append((fault, part))
    if mount.type == "secret":
        wrong += _secret_faults(mount)
    return tuple(wrong)


def _secret_faults(mount: Mount) -> list[tuple[str, str]]:
    if not any(mount.get(key) for key in ("id", "source", "target")):
        return [("a secret mount needs an id, a source or a target", "--mount")]
    if mount.get("id") and mount.get("source"):
        return [("a secret mount takes an id or a source, not both", "--mount")]
    return []


def _value_fault(key: str, value: str) -> str:
    if key in _BARE and value not in _BOOLEANS:
        return f"mount option {key}={value!r} is neither true nor false"
    if key == "sharing" and value.lower() not in {"shared", "private", "locked"}:
        return f"mount option sharing={value!r} is none of shared, private, locked"
    if key in {"uid", "gid"} and not (value.isascii() and value.isdigit()):
        return f"mount option {key}={value!r} is no number"
    if key == "size" and not _SIZE(value):
        return f"mount option size={value!r} is no size, as in 100m"
    if key == "mode" and (not value or value.strip("01234567")):
        return f"mount option mode={value!r} is no octal number"
    return ""


def trusted(type: str, options: tuple[tuple[str, str | None], ...], early: tuple[str, ...] = ()) -> Mount:
    """A mount that was read from a file, right or wrong."""
    mount = object.__new__(Mount)
    object.__setattr__(mount, "early", early)
    object.__setattr__(mount, "type", type)
    object.__setattr__(mount, "options", options)
    return mount


def _given(*options: tuple[str, str | None]) -> tuple[tuple[str, str | None], ...]:
    return tuple([(key, value) for key, value in options if value is not None])


def _field(text: str) -> str:
    """One field of the CSV record that a mount is."""
    return '"' + text.replace('"', '""') + '"' if "," in text or '"' in text else text
