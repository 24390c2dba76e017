"""The loud escape hatch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field

from mlcontainers.dockerfile import Comment, Mount, Run
from mlcontainers.errors import InvalidDockerfileError, InvalidValueError
from mlcontainers.layers.installing import host_mounts
from mlcontainers.layers.layer import Layer, Volatility
from mlcontainers.values.secrets import Secret
from mlcontainers.values.text import invalid, word

if TYPE_CHECKING:
    from mlcontainers.dockerfile import Instruction
    from mlcontainers.layers.target import Target


def _command(text: str) -> str:
    command = word(text, "command")
    if command.endswith("\\"):
        raise invalid(
            "open-command",
            f"command {command!r} ends in a backslash",
            "give each command whole; several are run one after the other",
            because=("it would take the next line of the Dockerfile with it",),
        )
    try:
        Run.shell(command)
    except InvalidDockerfileError as error:
        raise InvalidValueError(*error.problems) from None
    return command


class Shell(Layer, frozen=True):
    """Shell commands, as they stand. Nothing about them is checked against facts."""

    volatility: ClassVar[Volatility] = Volatility.BARRIER

    kind: Literal["run"] = "run"
    commands: Annotated[tuple[Annotated[str, BeforeValidator(_command)], ...], Field(min_length=1, strict=False)]
    """Each becomes an instruction of its own, so that a comment or a quote in one cannot swallow the next."""
    secrets: Annotated[tuple[Secret, ...], Field(strict=False)] = ()
    """Secrets that the commands see while they run, and no layer keeps."""

    def lower(self, target: Target) -> tuple[Instruction | Comment, ...]:
        """One instruction a command, run as root while building."""
        secrets = (Mount.secret(secret.id, env=secret.env, required=True) for secret in self.secrets)
        mounts = (*secrets, *host_mounts(target.sources.host_settings))
        first, *others = (Run.shell(command, mounts=mounts) for command in self.commands)
        alone = Comment("hadolint ignore=DL3059")
        return (
            Comment("As given; not checked against facts."),
            first,
            *(part for run in others for part in (alone, run)),
        )
