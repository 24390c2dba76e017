"""A secret is a name: nothing else is known of it, so nothing else can be written down."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcontainers import Image, InvalidValueError, Secret, plan

IDS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,20}", fullmatch=True).filter(
    lambda text: text not in {"pip.conf", "uv.toml", "ca-certificates"}
)
VARIABLES = st.none() | st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,9}", fullmatch=True)


class TestSecret:
    @given(IDS, VARIABLES)
    def test_text_and_value_are_inverses(self, name: str, variable: str | None) -> None:
        secret = Secret(name, variable)

        assert Secret.parse(str(secret)) == secret
        image = Image.from_cpu(python="3.12").add_run("true", secrets=[secret])
        assert Image.parse(image.dump()) == image

    @pytest.mark.parametrize("text", ["s3cr3t word", "s3cr3t\nRUN evil", "", "-s3cr3t", "a,env=s3cr3t-", "a,s3cr3t=b"])
    def test_what_is_refused_is_not_repeated(self, text: str) -> None:
        with pytest.raises(InvalidValueError) as caught:
            Secret.parse(text)

        assert [problem.code for problem in caught.value.problems] == ["bad-secret"]
        assert "s3cr3t" not in str(caught.value)

    def test_the_names_of_host_settings_are_taken(self) -> None:
        with pytest.raises(InvalidValueError, match=r"no secret can be called 'pip\.conf'"):
            Secret("pip.conf")


class TestPlanned:
    IMAGE = Image.from_cpu(python="3.12").add_run("one", "two", secrets=["file", "word,env=WORD"]).add_run("three")

    def test_every_command_of_the_layer_sees_them_and_no_other(self) -> None:
        runs = [line for line in plan(self.IMAGE).dockerfile.render().split("\nRUN ") if "type=secret" in line]

        assert len(runs) == 2
        assert all("--mount=type=secret,id=file,required=true" in run for run in runs)
        assert all("--mount=type=secret,id=word,env=WORD,required=true" in run for run in runs)

    def test_the_plan_lists_the_ids(self) -> None:
        assert plan(self.IMAGE).secrets == ("file", "word")

    def test_a_text_alone_is_no_list(self) -> None:
        with pytest.raises(InvalidValueError, match="list-expected"):
            Image.from_cpu().add_run("true", secrets="token")
