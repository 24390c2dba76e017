"""Edits that take more than putting one instruction in the place of another."""

from __future__ import annotations

from dataclasses import fields, replace
from itertools import takewhile
from typing import TYPE_CHECKING, Any, TypeVar

from mlcontainers.dockerfile.instructions import Arg, Copy, Env, From, Instruction, Label, Onbuild, Run
from mlcontainers.dockerfile.readers import read_mount
from mlcontainers.dockerfile.reading import BOOL, FLAGS, LIST, field_of
from mlcontainers.dockerfile.refusals import refuse
from mlcontainers.dockerfile.resolving import resolve
from mlcontainers.values.text import did_you_mean

if TYPE_CHECKING:
    from mlcontainers.dockerfile.document import Document, Stage
    from mlcontainers.dockerfile.mounts import Mount
    from mlcontainers.dockerfile.words import Word

I = TypeVar("I", bound=Instruction)  # noqa: E741
D = TypeVar("D", bound="Document")
P = TypeVar("P", Env, Label)


def with_flag(node: I, name: str, value: str | bool | tuple[str, ...] | None) -> I:
    """The instruction with a flag set, or without it for `None`; see `Dockerfile.with_flag`."""
    known = FLAGS.get(node.keyword, {})
    kind = known.get(name)
    if kind is None:
        what = f"{node.keyword} has no flag {name!r}" if known else f"{node.keyword} takes no flags"
        raise refuse("unknown-flag", what, *did_you_mean(name, known))
    wanted = {BOOL: (bool, "True or False"), LIST: (tuple, "a tuple of texts")}.get(kind, (str, "text"))
    if value is not None and not isinstance(value, wanted[0]):
        raise refuse("bad-flag", f"--{name} takes {wanted[1]}, got {value!r}")
    field = field_of(name)
    given: object = value
    if field == "mounts" and isinstance(value, tuple):
        given = tuple([replace(read_mount(text)) for text in value])  # `replace` has the constructor check it.
    elif field == "retries" and isinstance(value, str):
        given = _count(value)
    default = next(known.default for known in fields(node) if known.name == field)
    change: dict[str, Any] = {field: default if value is None else given}
    return replace(node, **change)


def _count(value: str) -> int:
    if not (value.isascii() and value.isdigit()):
        raise refuse("bad-retries", f"retries {value!r} is no number from 0 on")
    return int(value)


def with_env(document: D, name: str, value: str | Word, stage: int | str) -> D:
    """See `Dockerfile.with_env`."""
    chosen = document.stage(stage)
    node = _last(chosen, Env, name)
    if node is not None:
        return document.replace(node, _with_pair(node, name, value))
    # Above everything that may use it, but below the ARGs that it may use.
    above: Instruction = chosen.base
    for above in chosen.instructions:
        if not isinstance(above, From | Arg):
            break
    else:
        return document.insert_after(above, Env({name: value}))
    return document.insert_before(above, Env({name: value}))


def with_label(document: D, name: str, value: str | Word, stage: int | str) -> D:
    """See `Dockerfile.with_label`."""
    chosen = document.stage(stage)
    node = _last(chosen, Label, name)
    if node is not None:
        return document.replace(node, _with_pair(node, name, value))
    return document.insert_after(chosen.instructions[-1], Label({name: value}))


def with_arg(document: D, name: str, default: str | Word | None, stage: int | str | None) -> D:
    """See `Dockerfile.with_arg`."""
    if stage is None:
        first: Instruction = document.stages[0].base
        nodes = [*takewhile(lambda node: node is not first, document.instructions)]
    else:
        first, *nodes = document.stage(stage).instructions
    for node in reversed(nodes):
        if isinstance(node, Arg) and name in dict(node.pairs):
            pairs = [(key, default if key == name else known) for key, known in node.pairs]
            return document.replace(node, Arg(*pairs[0], pairs[1:]))
    if stage is None:
        return document.insert_before(first, Arg(name, default))
    return document.insert_after(first, Arg(name, default))


def _last(stage: Stage, kind: type[P], name: str) -> P | None:
    """The instruction of a stage that sets a name last."""
    for node in reversed(stage.instructions):
        if isinstance(node, kind) and name in dict(node.pairs):
            return node
    return None


def _with_pair(node: P, name: str, value: str | Word) -> P:
    last = max(index for index, (key, _) in enumerate(node.pairs) if key == name)
    pairs = [(key, value if index == last else known) for index, (key, known) in enumerate(node.pairs)]
    return type(node)(pairs)


def rename_stage(document: D, stage: int | str, name: str) -> D:
    """See `Dockerfile.rename_stage`."""
    chosen = document.stage(stage)
    old = chosen.name
    if name == old:
        return document
    changes: dict[int, Instruction] = {id(chosen.base): replace(chosen.base, name=name)}
    _check_free(document, chosen, name)
    for later in document.stages[chosen.index + 1 :] if old else ():
        for node in later.instructions:
            changed = _renamed(node, old or "", name)
            if changed is not node:
                changes[id(node)] = changed
        if later.name == old:
            break  # From here on the name means this one; its own instructions still mean ours.
    return document.replace_all([(node, changes[id(node)]) for node in document.instructions if id(node) in changes])


def _check_free(document: Document, chosen: Stage, name: str) -> None:
    for stage in document.stages:
        if stage is not chosen and stage.name == name:
            raise refuse("stage-name-taken", f"stage {stage.index} is called {name!r} already")
    hint = "choose a name that is no image's"
    for stage in document.stages:
        for node in stage.instructions:
            if name in _names(node):
                what = f"{node.keyword} names {name!r}, which is an image now and would be the stage then"
                raise refuse("stage-name-taken", what, hint)
            if chosen.name and isinstance(node, Onbuild) and chosen.name in _names(node.instruction):
                what = f"an ONBUILD names {chosen.name!r}, and it runs in other files too"
                raise refuse("cannot-be-renamed", what, "change the trigger by hand")
            if chosen.name and isinstance(node, From) and "$" in node.image and chosen.name in _defaults(document):
                what = f"{chosen.name!r} is the default of an ARG that chooses the base of stage {stage.index}"
                raise refuse("cannot-be-renamed", what, "change the ARG by hand")


def _defaults(document: Document) -> set[str]:
    """The values of the ARGs above the first FROM."""
    resolved = resolve(document)
    return set(resolved.variables(document.stages[0].base).values())


def _names(node: Instruction) -> set[str]:
    """What an instruction may name a stage with."""
    match node:
        case From():
            return {node.image}
        case Copy():
            return {(node.from_ or "").lower()}
        case Run():
            return {(mount.get("from") or "").lower() for mount in node.mounts}
        case _:
            return set()


def _renamed(node: Instruction, old: str, new: str) -> Instruction:
    if old not in _names(node):
        return node
    match node:
        case From():
            return replace(node, image=new)
        case Copy():
            return replace(node, from_=new)
        case Run():
            return replace(node, mounts=tuple([_mount(mount, old, new) for mount in node.mounts]))
        case _:
            return node


def _mount(mount: Mount, old: str, new: str) -> Mount:
    mine = [key == "from" and (value or "").lower() == old for key, value in mount.options]
    options = [(key, new if is_mine else value) for (key, value), is_mine in zip(mount.options, mine, strict=True)]
    return replace(mount, options=tuple(options))
