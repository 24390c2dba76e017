"""The base of everything users describe: frozen, nothing extra, errors in our own words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from pydantic import BaseModel, ConfigDict, ValidationError

from mlcontainers.errors import InvalidImageError, MlcontainersError, Problem
from mlcontainers.values.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic_core import ErrorDetails


class Model(BaseModel, frozen=True):
    """A frozen, hashable description that knows every one of its words."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid",
        strict=True,
        validate_default=False,
        arbitrary_types_allowed=False,
    )

    def __init__(self, **data: Any) -> None:
        try:
            super().__init__(**data)
        except ValidationError as error:
            raise InvalidImageError(*_problems(error, type(self))) from None
        except UnicodeEncodeError as error:
            what = f"{error.object[:60]!r} holds half of a character"
            raise InvalidImageError(Problem("not-utf8", "error", "", what, (), ("write it as UTF-8",))) from None


def at(place: str, problem: Problem) -> Problem:
    """The same problem, seen from one level further out."""
    inner = problem.where
    joined = place + ("." if place and inner and not inner.startswith("[") else "") + inner
    return Problem(problem.code, problem.severity, joined, problem.what, problem.because, problem.hints, problem.span)


def _problems(error: ValidationError, model: type[BaseModel]) -> Iterator[Problem]:
    details = error.errors()
    for detail in details:
        if detail["type"] == "too_short" and any(_inside(other["loc"], detail["loc"]) for other in details):
            continue  # the items that are missing are those that are told of on their own
        place = _place(detail["loc"])
        cause = detail.get("ctx", {}).get("error")
        if isinstance(cause, MlcontainersError):
            yield from (at(place, problem) for problem in cause.problems)
        else:
            yield _problem(detail, place, model)


def _inside(location: tuple[int | str, ...], outer: tuple[int | str, ...]) -> bool:
    return len(location) > len(outer) and location[: len(outer)] == outer


def _place(location: tuple[int | str, ...]) -> str:
    """`('layers', 1, 'torch', 'version')` as `layers[1].version`: the tag of a union is no place."""
    text = ""
    for before, part in zip(("", *location), location, strict=False):
        if isinstance(part, int):
            text += f"[{part}]"
        elif not isinstance(before, int) and before != "base":
            text += f".{part}" if text else part
    return text


def _problem(detail: ErrorDetails, place: str, model: type[BaseModel]) -> Problem:
    kind, given = detail["type"], detail["input"]
    last = str(detail["loc"][-1]) if detail["loc"] else ""
    match kind:
        case "extra_forbidden":
            known = sorted(field.alias or name for name, field in model.model_fields.items())
            hints = did_you_mean(last, known) or (f"known fields: {', '.join(known)}",)
            return Problem("unknown-field", "error", place, f"there is no field {last!r}", (), hints)
        case "missing":
            return Problem("missing-field", "error", place, f"the field {last!r} is missing")
        case "union_tag_invalid" | "union_tag_not_found":
            context = cast("dict[str, str]", detail.get("ctx", {}))
            known = [tag.strip(" '") for tag in context.get("expected_tags", "").split(",") if tag.strip()]
            tag = context.get("tag", "")
            what = f"there is no kind {tag!r}" if tag else "the field 'kind' is missing"
            return Problem(
                "unknown-kind",
                "error",
                place,
                what,
                (),
                did_you_mean(tag, known) or ((f"one of {', '.join(known)}",) if known else ()),
            )
        case "tuple_type" | "list_type" if isinstance(given, str):
            hint = f"write [{given!r}]".replace("'", '"')
            return Problem("list-expected", "error", place, f"a list is meant, got the text {given!r}", (), (hint,))
        case "too_short":
            return Problem("bad-value", "error", place, "nothing is given, and at least one is needed")
        case "model_type" | "model_attributes_type":
            return Problem("table-expected", "error", place, f"fields with values are meant, got {given!r}")
        case "dict_type" if isinstance(given, str | list | tuple):
            return Problem("table-expected", "error", place, f"names and values are meant, got {given!r}")
        case _:
            message = detail["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
            return Problem("bad-value", "error", place, f"got {given!r}, expected {message}")
