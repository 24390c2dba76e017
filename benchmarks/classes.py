"""What a class of values costs to make, and its instances to make, to hash and to compare: dataclass and struct."""

from __future__ import annotations

import timeit
from dataclasses import dataclass

from msgspec import Struct

FIELDS = "    x: str\n    y: int = 0\n    z: tuple[int, ...] = ()\n"
KINDS = {
    "dataclass": f"@dataclass(frozen=True, slots=True)\nclass Value:\n{FIELDS}",
    "msgspec.Struct": f"class Value(Struct, frozen=True):\n{FIELDS}",
}


def seconds(statement: str, names: dict[str, object], number: int) -> float:
    """The best of five means."""
    return min(timeit.repeat(statement, number=number, repeat=5, globals=names)) / number


def main() -> None:
    for name, source in KINDS.items():
        names: dict[str, object] = {"dataclass": dataclass, "Struct": Struct, "__name__": __name__}
        names["code"] = compile(source, name, "exec")
        made = seconds("exec(code, globals())", names, 20)
        exec("one, other = Value('x', 1), Value('x', 1)", names)
        instance, hashed, compared = (
            seconds(statement, names, 20_000) for statement in ("Value('x', 1)", "hash(one)", "one == other")
        )
        print(
            f"{name:16} a class {made * 1e6:4.0f} µs, an instance {instance * 1e9:4.0f} ns,"
            f" its hash {hashed * 1e9:4.0f} ns, == {compared * 1e9:4.0f} ns"
        )


if __name__ == "__main__":
    main()
