"""`RUN --mount=`: what a step sees while it runs, and no layer keeps."""

from __future__ import annotations

from dataclasses import dataclass

from mlcontainers.dockerfile.refusals import flag_value, refuse

TYPES = ("bind", "cache", "tmpfs", "secret", "ssh")


@dataclass(frozen=True, slots=True)
class Mount:
    """One mount: its type and its options in the order they are written, as text."""

    type: str
    options: tuple[tuple[str, str | None], ...] = ()
    """`None` for a bare word such as `readonly`."""

    def __post_init__(self) -> None:
        if self.type not in TYPES:
            raise refuse("bad-mount", f"there is no mount type {self.type!r}", f"one of {', '.join(TYPES)}")
        for key, value in self.options:
            flag_value(key, "mount option")
            if value is not None and ("," in flag_value(value, f"mount option {key}") or not value):
                raise refuse("bad-mount", f"mount option {key}={value!r} is empty or holds a comma")

    @classmethod
    def bind(cls, target: str, *, source: str | None = None, from_: str | None = None) -> Mount:
        """Files of the build context, of another stage or of an image, read-only."""
        return cls("bind", _given(("from", from_), ("source", source), ("target", target)))

    @classmethod
    def cache(cls, target: str, *, id: str | None = None, sharing: str | None = None) -> Mount:
        """A folder that the builder keeps between builds."""
        return cls("cache", _given(("id", id), ("target", target), ("sharing", sharing)))

    @classmethod
    def secret(
        cls, id: str, *, target: str | None = None, env: str | None = None, required: bool = False
    ) -> Mount:
        """A file or variable given to the build, in no layer and no cache key."""
        given = _given(("id", id), ("target", target), ("env", env))
        return cls("secret", (*given, ("required", "true")) if required else given)

    @classmethod
    def tmpfs(cls, target: str, *, size: str | None = None) -> Mount:
        """Memory that is gone after the step."""
        return cls("tmpfs", _given(("target", target), ("size", size)))

    def get(self, key: str) -> str | None:
        """The value of an option, the last one if it is written twice."""
        return dict(self.options).get(key)

    def __str__(self) -> str:
        parts = (f"type={self.type}", *(key if value is None else f"{key}={value}" for key, value in self.options))
        return ",".join(parts)


def _given(*options: tuple[str, str | None]) -> tuple[tuple[str, str | None], ...]:
    return tuple((key, value) for key, value in options if value is not None)
