"""A plan with a lock names every base image by its digest, and its steps install the files that the lock has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcontainers import Image, ImpossibleError, Lock, plan
from mlcontainers.dockerfile import From, Run
from mlcontainers.planners.labelling import labels
from mlcontainers.planners.sbom import sbom
from mlcontainers.values.locks import LockedPackage
from tests.strategies import REQUIREMENTS
from tests.values.test_locks import DIGEST, locked, package

if TYPE_CHECKING:
    from mlcontainers import Plan
    from mlcontainers.dockerfile import Instruction

IMAGE = Image.from_cpu(python="3.12").add_sklearn().add_apt("ffmpeg")
LOCK = Lock.of("2026-11-25", {"python:3.12-slim-bookworm": DIGEST})


def bases(image: Image, lock: Lock) -> list[str]:
    return [part.image for part in plan(image, lock=lock).dockerfile.instructions if isinstance(part, From)]


def test_every_from_has_the_digest() -> None:
    assert bases(IMAGE, LOCK) == [f"python:3.12-slim-bookworm@{DIGEST}"] * 2


def test_what_is_decided_stays() -> None:
    assert plan(IMAGE, lock=LOCK).pins == plan(IMAGE).pins


def test_a_digest_of_the_users_stays() -> None:
    other = f"sha256:{'cd' * 32}"
    image = Image.from_base(f"python:3.12-slim-bookworm@{other}").add_run("true")

    assert bases(image, LOCK) == [f"python:3.12-slim-bookworm@{other}"]


def test_a_base_that_the_lock_has_not() -> None:
    with pytest.raises(ImpossibleError) as caught:
        plan(Image.from_cpu(python="3.13").add_sklearn(), lock=LOCK)

    assert str(caught.value) == (
        "error[not-locked]: the lock of 2026-11-25 has no digest for python:3.13-slim-bookworm\n"
        "  where: base\n"
        "  hint: make it again: mlcontainers lock FILE"
    )


def test_the_day_in_seconds() -> None:
    assert Lock.of("1970-01-02", {}).epoch == 86400


INDEX = "https://download.pytorch.org/whl/cpu"
TORCH = Image.from_cpu(python="3.12").add_torch("2.9").add_pip("httpx>=0.27")
STEPS = (
    ([f"torch==2.9.1+cpu from {INDEX}"], [package("torch", "2.9.1+cpu", index=INDEX), package("filelock", "4.0")]),
    (["httpx>=0.27"], [package("httpx", "0.28.1")]),
)
HELD = locked(*STEPS)


def runs(decided: Plan) -> list[str]:
    texts = [str(node.command) for node in decided.dockerfile.instructions if isinstance(node, Run)]
    return [text for text in texts if "pip install" in text and "--target" not in text]


def refused(image: Image, lock: Lock, **options: Any) -> tuple[str, ...]:
    with pytest.raises(ImpossibleError) as caught:
        plan(image, lock=lock, **options)
    (problem,) = caught.value.problems
    assert (problem.code, problem.hints) == ("not-locked", ("make it again: mlcontainers lock FILE",))
    return problem.because


class TestLockedSteps:
    def test_every_install_is_of_files_that_are_checked(self) -> None:
        decided = plan(TORCH, lock=HELD)

        commands = [command for text in runs(decided) for command in text.split("&& ") if "pip install" in command]
        assert len(commands) == 3
        assert all("--no-deps" in command and "--require-hashes" in command for command in commands)
        assert [f"--default-index={INDEX}" in command for command in commands] == [True, False, False]

    def test_they_ask_for_nothing_else(self) -> None:
        text = plan(TORCH, lock=HELD).dockerfile.render()

        assert f"'filelock==4.0 --hash={DIGEST}'" in text
        assert "httpx>=0.27" not in text

    def test_what_is_asked_for_is_what_the_plan_says(self) -> None:
        assert [list(step.asked) for step in plan(TORCH).installs] == [asked for asked, _ in STEPS]

    def test_a_lock_of_bases_alone_leaves_packages_to_the_day(self) -> None:
        alone = Lock.of(HELD.date, dict(HELD.bases))

        assert "httpx>=0.27" in plan(TORCH, lock=alone).dockerfile.render()
        assert "lock: of 2026-11-25, of base images alone" in plan(TORCH, lock=alone).explain()

    def test_the_plan_and_its_bill_say_what_is_locked(self) -> None:
        decided = plan(TORCH, lock=HELD)

        assert "lock: of 2026-11-25, with 3 packages" in decided.explain()
        found = {one["name"]: one for one in sbom(decided)["components"]}
        assert found["filelock"]["version"] == "4.0"
        assert found["filelock"]["hashes"] == [{"alg": "SHA-256", "content": "ab" * 32}]
        assert found["torch"]["purl"].endswith("?repository_url=https://download.pytorch.org/whl/cpu")
        assert decided.to_json()["lock"]["steps"][1]["packages"][0]["name"] == "httpx"

    def test_a_step_with_nothing_left_to_install(self) -> None:
        image = Image.from_cpu(python="3.12").add_pip("six")

        (text,) = [
            str(node.command)
            for node, origin in zip(*_written(image, locked((["six"], []))), strict=True)
            if isinstance(node, Run) and origin == "layers[0] (pip)"
        ]
        assert "install" not in text

    def test_what_is_built_from_source_is_told(self) -> None:
        held = locked((["old"], [LockedPackage.of("old", "1.0", {"old-1.0.tar.gz": DIGEST})]))

        told = plan(Image.from_cpu(python="3.12").add_pip("old"), lock=held).problems
        assert [one.where for one in told if one.code == "built-from-source"] == ["layers[0] (pip)"]

    def test_what_the_day_of_the_build_decides_is_told(self) -> None:
        image = Image.from_cpu(python="3.12").add_apt("ffmpeg").add_pip("six").add_run("true").add_files("a", "/a")
        held = locked((["six"], [package("six", "1.17.0")]))

        told = [problem.where for problem in plan(image, lock=held).problems if problem.code == "beside-the-lock"]
        assert told == ["layers[0] (apt)", "layers[2] (run)"]

    def test_files_are_not_needed_any_more(self) -> None:
        """Their text is in the instruction, so a comment in them moves nothing."""
        image = Image.from_cpu(python="3.12").add_pip(requirements="requirements.txt")
        held = locked((["six>=1"], [package("six", "1.17.0")]))
        first, other = (
            plan(image, lock=held, context={"requirements.txt": text}) for text in ("six>=1\n", "# why\nsix>=1\n")
        )

        assert first.dockerfile == other.dockerfile
        assert "requirements.txt" not in first.dockerfile.render()


def _written(image: Image, lock: Lock) -> tuple[tuple[Instruction, ...], tuple[str | None, ...]]:
    decided = plan(image, lock=lock)
    return decided.dockerfile.instructions, decided.origins


def test_a_long_lock_is_in_the_labels_by_its_digest() -> None:
    """An argument of a program has an end, and a builder gets each label as one."""
    many = locked((["six"], [package(f"package-{number}", "1.0") for number in range(600)]))
    image = Image.from_cpu(python="3.12").add_pip("six")

    assert labels(plan(image, lock=HELD_SIX))["io.mlcontainers.lock"] == HELD_SIX.dump()
    assert labels(plan(image, lock=many))["io.mlcontainers.lock"].startswith("sha256:")


HELD_SIX = locked((["six"], [package("six", "1.17.0")]))


class TestStale:
    """A lock of another image is refused with everything that differs, before anything is built."""

    @given(st.lists(st.lists(REQUIREMENTS, min_size=1, max_size=3), min_size=1, max_size=3), REQUIREMENTS)
    def test_it_fits_what_it_was_made_of_and_nothing_else(self, steps: list[list[str]], other: str) -> None:
        image = Image.from_cpu(python="3.12")
        for names in steps:
            image = image.add_pip(*names)
        nothing: list[LockedPackage] = []
        held = locked(*((names, nothing) for names in steps))

        assert plan(image, lock=held).lock == held
        assert refused(image.add_pip(other), held) == (f"{other} is asked for, and it has nothing for it",)

    def test_the_image_asks_for_something_else(self) -> None:
        image = Image.from_cpu(python="3.12").add_torch("2.8").add_pip("httpx>=0.28", "rich")

        with pytest.raises(ImpossibleError) as caught:
            plan(image, lock=HELD)

        assert str(caught.value) == (
            "error[not-locked]: the lock of 2026-11-25 is of another image\n"
            "  where: lock\n"
            "  because: httpx>=0.28 is asked for, and it has httpx>=0.27\n"
            "  because: rich is asked for, and it has nothing for it\n"
            f"  because: torch==2.8.0+cpu from {INDEX} is asked for, and it has torch==2.9.1+cpu from {INDEX}\n"
            "  hint: make it again: mlcontainers lock FILE"
        )

    def test_a_step_is_gone(self) -> None:
        assert refused(Image.from_cpu(python="3.12").add_torch("2.9"), HELD) == (
            "it has httpx>=0.27, which nothing asks for",
        )

    def test_the_order_of_steps(self) -> None:
        image = Image.from_cpu(python="3.12").add_pip("six").add_pip("httpx")
        held = locked((["httpx"], [package("httpx", "0.28.1")]), (["six"], [package("six", "1.17.0")]))

        assert refused(image, held) == ("it has the same packages in another order of steps",)

    def test_platform_and_python(self) -> None:
        image = Image.from_cpu(python="3.12").add_pip("six").with_platform("linux/arm64")
        held = locked((["six"], [package("six", "1.17.0")]), python="3.11")

        assert refused(image, held) == (
            "it is for linux/amd64, and the image is for linux/arm64",
            "it is for Python 3.11, and the image has 3.12",
        )

    @pytest.mark.parametrize(
        ("packages", "because"),
        [
            ([package("filelock", "4.0")], "torch==2.9.1+cpu is planned, and it has no file of it"),
            ([package("torch", "2.9.0+cpu", index=INDEX)], "torch==2.9.1+cpu is planned, and it has torch 2.9.0+cpu"),
            ([package("torch", "2.9.1+cpu")], "torch==2.9.1+cpu is planned from another index than that of its file"),
        ],
    )
    def test_edited_so_that_it_contradicts_a_pin(self, packages: list[LockedPackage], because: str) -> None:
        assert refused(TORCH, locked((STEPS[0][0], packages), STEPS[1])) == (because,)

    def test_a_limit_of_a_file_and_a_route_count_too(self) -> None:
        image = Image.from_cpu(python="3.12").add_pip(requirements="r.txt")
        image = image.with_index("company", "https://index.example.com/simple", ["acme"])
        held = locked((["-c six<2", "acme", "acme from https://index.example.com/simple"], [package("acme", "1.0")]))

        assert plan(image, lock=held, context={"r.txt": "acme\n-c c.txt\n", "c.txt": "six<2\n"}).lock == held
        assert refused(image, held, context={"r.txt": "acme\n"}) == ("it has -c six<2, which nothing asks for",)
