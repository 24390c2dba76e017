"""`verify`: run an image as it will be run, and compare what is there with what was planned."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from mlcontainers.engines.containers import temporary
from mlcontainers.engines.judging import Seen, judged
from mlcontainers.engines.reports import Check, Report
from mlcontainers.engines.sdk import docker_sdk
from mlcontainers.engines.services import Expected, tried
from mlcontainers.engines.trials import Trial
from mlcontainers.errors import EngineError, Problem
from mlcontainers.facts import catalogue
from mlcontainers.values.accelerators import Cuda

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlcontainers.errors import Severity
    from mlcontainers.planners import Plan

ANY_USER = "12345:0"
"""As clusters choose one: a number that no file of the image knows, in the group of root."""
PATIENCE = 60.0
"""Seconds that a service gets to answer, where nothing is said."""
_PATIENCE = 600
"""Seconds that all imports together may take."""
_NO_PROGRAM = ("executable file not found", "no such file or directory")


def verify(
    reference: str,
    *,
    plan: Plan | None = None,
    gpus: bool = False,
    patience: float = PATIENCE,
    env: Mapping[str, str | None] | None = None,
    network: str | None = None,
) -> Report:
    """Run an image, any image, and say whether it is what it should be.

    It runs without network, with a read-only root and an empty `/tmp`, as its own user and as one that it does not
    know. What is imported is what `plan` has decided, and every package of the catalogue that is there. A service is
    started, waited for up to `patience` seconds or its own start period, and stopped. `gpus` gives it the GPUs of the
    engine's host, and computes on them.

    A service that starts only with variables or a network of the engine is lent `env` and `network`, which nothing else
    gets; the value None lends a variable of this process. Values are in no report: they may be secrets.

    Raises EngineNotFoundError where no engine answers, and EngineError where it refuses: it has no such image, or no
    GPU. What is wrong with the image is in the report.
    """
    return verified(reference, plan, gpus, patience, Trial(env=env, network=network))


def verified(reference: str, plan: Plan | None, gpus: bool, patience: float, trial: Trial) -> Report:
    """The same with what is lent in one piece."""
    started = time.monotonic()
    with docker_sdk() as client, ExitStack() as stack:
        image = _image(client, reference)
        config: dict[str, Any] = image.attrs["Config"] or {}
        expected = Expected.of(config)
        # All of them at once: the engine runs them side by side while we wait for the first.
        own = _Inside(stack, client, reference, plan, gpus=gpus, libraries=True)
        other = _Inside(stack, client, reference, plan, gpus=False, libraries=False, user=ANY_USER)
        service = _service(stack, client, reference, expected, gpus, trial)
        answer = own.answer()
        checks = [_user(config, plan), *_looked(answer, plan, gpus), *_any_user(answer, other.answer(), plan)]
        if service is not None:
            on_cuda = isinstance(plan.target.accelerator, Cuda) if plan else bool(answer.get("libraries"))
            checks += [Check("lent", "yes", trial.told())] if trial.told() else []
            checks += tried(service, expected, trial, started, patience, on_cuda and not gpus)
    installed = tuple(sorted(answer.get("packages", {}).items()))
    return Report(reference, str(image.id), tuple(checks), installed, time.monotonic() - started)


def installed(reference: str, plan: Plan | None = None) -> dict[str, str]:
    """Every Python package of an image and its version; none where it has no Python. Raises EngineError."""
    with docker_sdk() as client, ExitStack() as stack:
        _image(client, reference)
        answer = _Inside(stack, client, reference, plan, gpus=False, libraries=False, imports=False).answer()
    if "error" in answer:
        what = f"the Python of {reference} could not look around"
        raise EngineError(Problem("no-python", "error", "", what, (str(answer["error"]),)))
    return dict(sorted(answer.get("packages", {}).items()))


def _image(client: Any, reference: str) -> Any:
    from docker.errors import ImageNotFound

    try:
        return client.images.get(reference)
    except ImageNotFound:
        what = f"the engine has no image {reference!r}"
        raise EngineError(Problem("no-image", "error", "", what, (), (f"docker pull {reference}",))) from None


_READ_ONLY = {
    "read_only": True,
    # Compiled kernels are loaded from there, as from the empty directory that a cluster mounts.
    "tmpfs": {"/tmp": "exec,mode=1777"},
    "network_mode": "none",
}


def _gpus(wanted: bool) -> dict[str, Any]:
    if not wanted:
        return {}
    from docker.types import DeviceRequest

    return {"device_requests": [DeviceRequest(count=-1, capabilities=[["gpu"]])]}


class _Inside:
    """The program of `inside.py`, running in a container; it has begun when this has been made."""

    def __init__(
        self,
        stack: ExitStack,
        client: Any,
        reference: str,
        plan: Plan | None,
        *,
        gpus: bool,
        libraries: bool,
        imports: bool = True,
        user: str | None = None,
    ) -> None:
        program = files("mlcontainers.engines").joinpath("inside.py").read_text(encoding="utf-8")
        asked = json.dumps({"projects": _projects(plan) if imports else [], "libraries": libraries, "gpus": gpus})
        self.container: Any = None
        for interpreter in [plan.target.interpreter] if plan else ["python3", "python"]:
            options = {**_READ_ONLY, **_gpus(gpus), **({"user": user} if user else {})}
            container = stack.enter_context(
                temporary(
                    client,
                    reference,
                    entrypoint=[interpreter, "-B", "-c", program],
                    command=[asked],
                    healthcheck={"test": ["NONE"]},
                    **options,
                )
            )
            if _started(container, gpus):
                self.container = container
                return

    def answer(self) -> dict[str, Any]:
        """What it has found; `error` where it could not look, and nothing where there is no Python."""
        if self.container is None:
            return {}
        code = _waited(self.container)
        if code is None:
            return {"error": f"it has not ended within {_PATIENCE} s"}
        if code != 0:
            said = self.container.logs(stdout=False, tail=5).decode("utf-8", "replace").split("\n")
            self.container.reload()
            killed = ", out of memory" if self.container.attrs["State"]["OOMKilled"] else ""
            return {"error": f"it ended with exit code {code}{killed}: {' '.join(said).strip()}"}
        found: dict[str, Any] = json.loads(self.container.logs(stderr=False))
        return found


def _projects(plan: Plan | None) -> list[str]:
    """What is imported: all that the facts know, and all that was decided; the libraries of CUDA are opened instead."""
    decided = {pin.project for pin in plan.pins} if plan else set[str]()
    return sorted(decided | set(catalogue().projects()))


def _started(container: Any, gpus: bool) -> bool:
    """Whether the program is there."""
    from docker.errors import APIError

    try:
        container.start()
    except APIError as error:
        said = str(error.explanation or error)
        if any(words in said for words in _NO_PROGRAM):
            return False
        if gpus and "device driver" in said:
            what = "this engine cannot give a container a GPU"
            hint = "install the NVIDIA container toolkit on its host, and restart it"
            raise EngineError(Problem("no-gpu", "error", "", what, (said,), (hint,))) from None
        raise
    return True


def _waited(container: Any) -> int | None:
    from requests.exceptions import ConnectionError, ReadTimeout

    try:
        return int(container.wait(timeout=_PATIENCE)["StatusCode"])
    except (ConnectionError, ReadTimeout):
        return None


def _looked(answer: dict[str, Any], plan: Plan | None, gpus: bool) -> Iterator[Check]:
    if "error" in answer:
        what = f"the image's Python could not look around: {answer['error']}"
        yield Check("python", "no", what, Problem("no-python", "error", "", what))
    elif not answer and plan is not None and plan.target.python is not None:
        what = f"there is no {plan.target.interpreter} in the image"
        yield Check("python", "no", what, Problem("no-python", "error", "", what))
    elif not answer:
        yield Check("python", "unknown", "there is no Python on its PATH")
    else:
        yield from judged(Seen.read(answer), plan, gpus)


def _user(config: dict[str, Any], plan: Plan | None) -> Check:
    """By number: a cluster that wants no root can only trust numbers."""
    user = str(config.get("User") or "")
    uid = user.partition(":")[0]
    if uid in {"", "0", "root"}:
        asked = plan is not None and plan.image.user is not None and plan.image.user.uid == 0
        what = "the container runs as root"
        because = (f"its user is {user or 'not set'}", "who breaks out of the program is root in the container")
        problem = Problem("root-user", "warning" if asked else "error", "", what, because, ("with_user(1000)",))
        return Check("user", "no", what, problem)
    if not uid.isdigit():
        what = f"its user {user!r} is a name"
        named = ("Kubernetes' runAsNonRoot only trusts numbers",)
        return Check("user", "no", what, Problem("named-user", "warning", "", what, named, ("with_user(1000)",)))
    return Check("user", "yes", f"{user}, not root")


def _any_user(own: dict[str, Any], other: dict[str, Any], plan: Plan | None) -> Iterator[Check]:
    """Whether what one user can import another can too."""
    if not own or "error" in own:
        return
    fine = [project for project, found in own["imports"].items() if not found.get("error")]
    imports = other.get("imports", {})
    failed = {name: str(imports.get(name, other).get("error", "")).strip() for name in fine}
    wrong = tuple(f"{name}: {error.splitlines()[-1]}" for name, error in failed.items() if error)
    if not fine and not other.get("error"):
        yield Check("any user", "yes", f"Python runs as {ANY_USER}")
    elif not wrong and not other.get("error"):
        yield Check("any user", "yes", f"the same imports as {ANY_USER}")
    else:
        what = f"it does not work as user {ANY_USER}, which a cluster may choose"
        hint = "let everybody read what is installed, and write only to /tmp and the home"
        severity: Severity = "error" if plan else "warning"
        because = wrong or (str(other.get("error")),)
        yield Check("any user", "no", what, Problem("one-user-only", severity, "", what, because, (hint,)))


def _service(stack: ExitStack, client: Any, reference: str, expected: Expected, gpus: bool, trial: Trial) -> Any:
    """The image's own program, where it is one that goes on."""
    from docker.errors import NotFound

    if not expected.is_service:
        return None
    options: dict[str, Any] = {**_READ_ONLY, **_gpus(gpus), **trial.options}
    if expected.healthcheck:
        options["healthcheck"] = expected.healthcheck
    container = stack.enter_context(temporary(client, reference, **options))
    try:
        container.start()
    except NotFound as error:
        if not trial.network:
            raise
        what = f"the engine has no network {trial.network!r}"
        because = (str(error.explanation),)
        raise EngineError(
            Problem("no-such-network", "error", "network", what, because, ("docker network ls",))
        ) from None
    return container
