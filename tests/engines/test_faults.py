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
        ("no-such-package", STEP_FAILED, "E: Unable to locate package nothing-such"),
        ("no-network", STEP_FAILED, "E: Failed to fetch http://d/x.deb  Temporary failure resolving 'd'"),
        ("needs-compiler", STEP_FAILED, "error: command 'gcc' failed: No such file or directory"),
        (
            "not-in-context",
            'ERROR: failed to calculate checksum of ref a::b: "/src": not found',
            "",
        ),
        ("no-secret", "ERROR: failed to solve: secret token: not found", ""),
        ("old-store", "ERROR: failed to build: Cache export is not supported for the docker driver.", ""),
        (
            "old-store",
            "ERROR: failed to build: Attestation is not supported for the docker driver."
            " Switch to a different driver, or turn on the containerd image store, and try again.",
            "",
        ),
        ("push-failed", "ERROR: failed to push reg:1/x: dial tcp: connect: connection refused", ""),
        (
            "push-failed",
            "ERROR: failed to push reg:1/x: unexpected status from HEAD request to http://reg:1: 403 Forbidden",
            "",
        ),
        ("step-failed", STEP_FAILED, "something nobody has seen before"),
    ],
)
def test_the_code_says_what_went_wrong(code: str, words: str, log: str) -> None:
    error = failure(None, [words], STEP if log else "", [log])

    assert isinstance(error, BuildFailedError)
    assert error.problems[0].code == code


UNSOLVED = "error: No solution found when resolving dependencies\n  cause: "


@pytest.mark.parametrize(
    ("code", "requirement", "log"),
    [
        (
            "index-refused",
            "good",
            f"""{UNSOLVED}Because good was not found in the package registry and you require good, we can conclude that your requirements are unsatisfiable.

hint: An index URL (http://127.0.0.1/simple) could not be queried due to a lack of valid authentication credentials (401 Unauthorized)""",
        ),
        (
            "index-refused",
            "good",
            f"""{UNSOLVED}Because good was not found in the package registry and you require good, we can conclude that your requirements are unsatisfiable.

hint: An index (http://127.0.0.1/simple) returned a 403 Forbidden error. Check that the index URL is correct and the credentials are valid.""",
        ),
        (
            "no-network",
            "good",
            """error: Request failed after 3 retries in 11.8s
  cause: Failed to fetch: http://127.0.0.1:8199/err/good/
  cause: HTTP status server error (503 Service Unavailable) for url (http://127.0.0.1:8199/err/good/)""",
        ),
        (
            "no-network",
            "slow",
            """Collecting first
Collecting slow
  Downloading http://127.0.0.1:8199/files/slow-1.0-py3-none-any.whl (50.0 MB)
pip._vendor.urllib3.exceptions.ReadTimeoutError: HTTPConnectionPool(host='127.0.0.1', port=8199): Read timed out.""",
        ),
        (
            "corrupt-download",
            "broken==1.0",
            f"{UNSOLVED}Because broken==1.0 has an invalid package format and only broken==1.0 is available",
        ),
        (
            "unfit-package",
            "winonly==1.0",
            f"{UNSOLVED}Because winonly==1.0 has no wheels with a matching platform tag (e.g., `manylinux_2_36_x86_64`)",
        ),
        (
            "unfit-package",
            "newpy==1.0",
            f"{UNSOLVED}Because the current Python version (3.11.7) does not satisfy Python>=3.99 and newpy==1.0 depends on Python>=3.99",
        ),
        (
            "unfit-package",
            "newpy",
            """ERROR: Ignored the following versions that require a different python version: 1.0 Requires-Python >=3.99
ERROR: Could not find a version that satisfies the requirement newpy (from versions: none)
ERROR: No matching distribution found for newpy""",
        ),
        (
            "no-package-build",
            "src==1.0",
            "error: Failed to build `src==1.0`\n  cause: The build backend returned an error\n" + "  trace\n" * 40,
        ),
        ("no-package-build", "src", "  ERROR: Failed building wheel for src\nFailed to build src"),
        (
            "needs-compiler",
            "src==1.0",
            "error: Failed to build `src==1.0`\n  cause: The build backend returned an error\n  error: command 'gcc' failed: No such file or directory",
        ),
    ],
)
def test_an_installer_that_fails_says_at_which_requirement(code: str, requirement: str, log: str) -> None:
    problem = failure(None, [STEP_FAILED], STEP, log.splitlines()).problems[0]

    assert problem.code == code
    assert f"requirement: {requirement}" in problem.because


@pytest.mark.parametrize(
    ("what", "log"),
    [
        (
            "the index that the build asked has no good==9",
            f"{UNSOLVED}Because there is no version of good==9 and you require good==9, we can conclude that ...",
        ),
        ("the index that the build asked has no good==9", "ERROR: No matching distribution found for good==9"),
        (
            "the packages contradict each other: Because all versions of b depend on good==2.0 and all versions of a depend"
            " on good==1.0, we can conclude that all versions of a and all versions of b are incompatible."
            " And because you require a and b, we can conclude that your requirements are unsatisfiable.",
            f"""{UNSOLVED}Because all versions of b depend on good==2.0 and all versions of a depend on good==1.0, we can conclude that all versions of a and all versions of b are incompatible.
         And because you require a and b, we can conclude that your requirements are unsatisfiable.""",
        ),
        (
            "the packages contradict each other: a==1.0 and b==1.0 because these package versions have conflicting dependencies",
            "ERROR: Cannot install a==1.0 and b==1.0 because these package versions have conflicting dependencies.",
        ),
    ],
)
def test_what_no_index_can_serve_is_told_whole(what: str, log: str) -> None:
    assert failure(None, [STEP_FAILED], STEP, log.splitlines()).problems[0].what == what


@pytest.mark.parametrize(
    ("hint", "status"),
    [
        ("docker login", "unexpected status from HEAD request to http://r/v2/x/manifests/1: 401 Unauthorized"),
        ("docker login", "pull access denied, repository does not exist or may require authorization"),
        ("can the engine reach it?", 'failed to do request: Head "https://r/v2/x": dial tcp: lookup r: no such host'),
        ("can the engine reach it?", "unexpected status from HEAD request to http://r/v2/x: 503 Service Unavailable"),
        ("is its name right?", "r/x:1: not found"),
    ],
)
def test_a_base_image_is_missed_for_one_of_three_reasons(hint: str, status: str) -> None:
    words = f"ERROR: failed to solve: r/x:1: failed to resolve source metadata for r/x:1: {status}"
    problem = failure(None, [words], "", []).problems[0]

    assert problem.code == "no-base-image"
    assert hint in problem.hints[0]


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


@pytest.mark.parametrize(
    "words",
    [
        'ERROR: failed to receive status: rpc error: code = Unavailable desc = error reading from server: "EOF"',
        "ERROR: failed to build: failed to solve: Unavailable: error reading from server: EOF",
    ],
    ids=["killed", "told to stop"],
)
def test_an_engine_that_goes_away(words: str) -> None:
    error = failure(None, [words], "", [])

    assert type(error) is EngineError
    assert error.problems[0].code == "engine-lost"
