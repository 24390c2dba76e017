"""What builders and installers say becomes one error with a code, a place and a hint.

The texts are what BuildKit 0.29, uv and pip wrote; an engine cannot be made to say all of them on demand.
"""

from __future__ import annotations

import pytest

from mlcontainers import BuildFailedError, EngineError, EngineNotFoundError, Image, plan
from mlcontainers.engines.faults import failure

STEP = "[4/4] RUN --mount=type=cache,target=/root/.cache/uv uv pip install x"
STEP_FAILED = (
    'ERROR: failed to solve: process "/bin/sh -c uv pip install x" did not complete successfully: exit code: 2'
)


@pytest.mark.parametrize(
    ("code", "words", "log"),
    [
        ("disk-full", STEP_FAILED, "error: write: No space left on device (os error 28)"),
        ("disk-full", "ERROR: failed to solve: write /layer: no space left on device", ""),
        (
            "no-base-image",
            "ERROR: failed to solve: python:0.1: failed to resolve source metadata for python:0.1: not found",
            "",
        ),
        ("untrusted-index", STEP_FAILED, "  cause: invalid peer certificate: UnknownIssuer"),
        ("untrusted-index", STEP_FAILED, "SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] ...'"),
        ("no-network", STEP_FAILED, "  cause: dns error: failed to lookup address information"),
        ("no-network", STEP_FAILED, "pip._vendor.urllib3.exceptions.ReadTimeoutError: Read timed out."),
        ("no-such-package", STEP_FAILED, "ERROR: No matching distribution found for uv==99"),
        ("no-such-package", STEP_FAILED, "Because nothing-such was not found in the package registry and you require"),
        ("needs-compiler", STEP_FAILED, "error: command 'gcc' failed: No such file or directory"),
        (
            "not-in-context",
            'ERROR: failed to calculate checksum of ref a::b: "/src": not found',
            "",
        ),
        ("no-secret", "ERROR: failed to solve: secret token: not found", ""),
        ("push-failed", "ERROR: failed to push reg:1/x: dial tcp: connect: connection refused", ""),
        ("step-failed", STEP_FAILED, "something nobody has seen before"),
    ],
)
def test_the_code_says_what_went_wrong(code: str, words: str, log: str) -> None:
    error = failure(None, [words], STEP if log else "", [log])

    assert isinstance(error, BuildFailedError)
    assert error.problems[0].code == code


def test_a_step_is_named_without_its_mounts() -> None:
    error = failure(None, [STEP_FAILED], STEP, ["error: write: No space left on device"])

    assert str(error) == (
        "error[disk-full]: there is no space left on the engine's disk\n"
        "  because: step: [4/4] RUN uv pip install x\n"
        "  hint: free some: docker buildx prune, docker image prune; then build again"
    )


def test_colours_are_no_part_of_the_log() -> None:
    error = failure(None, [STEP_FAILED], STEP, ["\x1b[31merror\x1b[39m: no"])

    assert isinstance(error, BuildFailedError)
    assert error.log_tail == ("error: no",)


def test_the_layer_is_found_by_the_line() -> None:
    decided = plan(Image.from_cpu(python="3.11").add_run("true").add_run("false"))
    line = decided.dockerfile.render().splitlines().index("RUN false") + 1
    error = failure(decided, [f"Dockerfile:{line}", STEP_FAILED], "[5/5] RUN false", [])

    assert isinstance(error, BuildFailedError)
    assert (error.layer, error.instruction) == ("layers[1] (run)", "RUN false")


def test_nobody_answers() -> None:
    error = failure(None, ["ERROR: Cannot connect to the Docker daemon at unix:///x. Is it running?"], "", [])

    assert isinstance(error, EngineNotFoundError)


def test_an_engine_that_goes_away() -> None:
    words = 'ERROR: failed to receive status: rpc error: code = Unavailable desc = error reading from server: "EOF"'
    error = failure(None, [words], "", [])

    assert type(error) is EngineError
    assert error.problems[0].code == "engine-lost"
