"""A Dockerfile: read, made, changed, asked and written."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlcontainers.dockerfile.document import Document, fresh
from mlcontainers.dockerfile.refusals import refuse
from mlcontainers.dockerfile.render import written
from mlcontainers.errors import InvalidDockerfileError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from dockerfile_parse import DockerfileParser

    from mlcontainers.dockerfile.instructions import Instruction
    from mlcontainers.dockerfile.resolving import Resolution
    from mlcontainers.dockerfile.words import Word


class Dockerfile(Document):
    """A whole file, frozen: what it says, in the order it is written.

    What was read renders as it stood, byte for byte; what was made or changed renders in canonical form.
    """

    @classmethod
    def parse(cls, content: str | bytes) -> Self:
        """Read a file; `render` gives the same text back. All problems are in the one error it may raise."""
        from mlcontainers.dockerfile.parser import read

        items, problems = read(content)
        if problems:
            raise InvalidDockerfileError(*problems)
        return cls(items)

    @classmethod
    def from_dockerfile_parse(cls, parser: DockerfileParser) -> Self:
        """The document that a parser of the package dockerfile-parse holds, read by us."""
        content: object = parser.content
        return cls.parse(content if isinstance(content, str | bytes) else "")

    def to_dockerfile_parse(self) -> DockerfileParser:
        """This document for tools that want a `DockerfileParser`: in memory, no file is touched."""
        from mlcontainers.dockerfile.interchange import parser_of

        return parser_of(self.render())

    @classmethod
    def from_json(cls, data: object) -> Self:
        """The document of a tree as `to_json` gives it; refused where parts and text do not say the same."""
        from mlcontainers.dockerfile.tree import items_of

        return cls(items_of(data))

    def to_json(self) -> dict[str, object]:
        """The whole tree as data for `json.dumps`, in the form of `docs/dockerfile.schema.json`."""
        from mlcontainers.dockerfile.tree import to_json

        return to_json(self.items)

    def formatted(self) -> Self:
        """The same document with every line in canonical form; refused where that would mean something else.

        Comments inside an instruction move above it.
        """
        from mlcontainers.dockerfile.formatting import tidied

        escape = self.escape
        text = "".join([fresh(item, escape) + "\n" for item in tidied(self.items, escape)])
        formatted = self.parse(text)
        if formatted.instructions != self.instructions or formatted.directives != self.directives:
            pairs = zip(self.instructions, formatted.instructions, strict=False)
            lost = next((node for node, again in pairs if node != again), self.instructions[-1])
            what = f"{written(lost, escape)!r} would be read as something else"
            raise refuse("cannot-be-written", what, because="no canonical form says the same")
        return formatted

    def with_base(self, image: str, *, stage: int | str = -1) -> Self:
        """This document with another base image; the stage by index or name, the last if none is said."""
        base = self.stage(stage).base
        return self.replace(base, replace(base, image=image))

    def with_flag(self, node: Instruction, name: str, value: str | bool | tuple[str, ...] | None = True) -> Self:
        """This document with a flag of an instruction set, such as `platform` or `chown`, or taken away with `None`.

        `link`, `parents` and the like take True or False; `mount`, `device` and `exclude` a tuple of texts.
        """
        from mlcontainers.dockerfile.editing import with_flag

        return self.replace(node, with_flag(node, name, value))

    def with_env(self, name: str, value: str | Word, *, stage: int | str = -1) -> Self:
        """This document with a variable set where a stage sets it last; else above the stage's first step.

        A `str` means its text; `Word.template` lets the builder expand variables.
        """
        from mlcontainers.dockerfile.editing import with_env

        return with_env(self, name, value, stage)

    def with_label(self, name: str, value: str | Word, *, stage: int | str = -1) -> Self:
        """This document with a label set where a stage sets it last; else at the stage's end."""
        from mlcontainers.dockerfile.editing import with_label

        return with_label(self, name, value, stage)

    def with_arg(self, name: str, default: str | Word | None = None, *, stage: int | str | None = None) -> Self:
        """This document with another default of an ARG, which is added if need be.

        It is one above the first FROM unless a stage is named.
        """
        from mlcontainers.dockerfile.editing import with_arg

        return with_arg(self, name, default, stage)

    def rename_stage(self, stage: int | str, name: str) -> Self:
        """This document with a stage and all that refer to it renamed.

        Refused where another stage or an image has that name, or where the old one is in an ONBUILD or an ARG.
        """
        from mlcontainers.dockerfile.editing import rename_stage

        return rename_stage(self, stage, name)

    def resolve(
        self,
        build_args: Mapping[str, str] | None = None,
        *,
        platform: str = "linux/amd64",
        build_platform: str | None = None,
        target: int | str = -1,
        environments: Mapping[str, Mapping[str, str]] | None = None,
    ) -> Resolution:
        """What the file comes to with these `--build-arg`s and `--platform`: values of variables, stages, their bases.

        `environments` are the variables that images from outside bring, by reference; what is not told is unset.
        The platform of the builder is the one that is built for, unless said otherwise.
        """
        from mlcontainers.dockerfile.resolving import resolve

        return resolve(
            self,
            build_args,
            platform=platform,
            build_platform=build_platform,
            target=target,
            environments=environments,
        )
