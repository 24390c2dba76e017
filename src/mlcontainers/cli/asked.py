"""What a build of one image or of many is asked on the command line, read once for both commands."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from mlcontainers.errors import InvalidValueError, Problem

if TYPE_CHECKING:
    from mlcontainers.engines.options import Compression, Network, SharedOptions
    from mlcontainers.values.locks import Lock


def asked(
    *,
    folder: Path,
    host_settings: bool,
    wheelhouse: str | None,
    mirror: list[str] | None,
    profile: str | None,
    network: str | None,
    secret: list[str] | None,
    builder: str | None,
    cache: list[str] | None,
    compression: str | None,
    attest: list[str] | None,
    push: bool,
    no_load: bool,
    no_verify: bool,
    verify_env: list[str] | None,
    verify_network: str | None,
    force: bool,
    lock: "Lock | None",
) -> "SharedOptions":
    """The options in the words of `build` and `build_all`; raises InvalidValueError for what is none."""
    from mlcontainers.engines.trials import Trial

    return {
        "context": folder,
        "host_settings": host_settings,
        "mirrors": given_mirrors(mirror or []),
        "secrets": given_secrets(secret or []),
        "wheelhouse": given_wheelhouse(wheelhouse),
        "profile": profile,
        "network": cast("Network | None", network),
        "builder": builder,
        "cache": cache or "local",
        "compression": cast("Compression | None", compression),
        "attest": attest or (),
        "push": push,
        "load": not no_load,
        "verify": False if no_verify else Trial(env=given_variables(verify_env), network=verify_network),
        "force": force,
        "lock": lock or False,
    }


def given_variables(given: Sequence[str] | None) -> dict[str, str | None]:
    """`NAME=VALUE`, or `NAME` alone, which lends one's own."""
    parts = (text.partition("=") for text in given or ())
    return {name: value if equals else None for name, equals, value in parts}


def given_mirrors(given: Sequence[str]) -> dict[str, str] | None:
    """What `--mirror` says."""
    mirrors: dict[str, str] = {}
    for text in given:
        name, equals, url = text.partition("=")
        if not (name and equals and url):
            what = f"--mirror {text!r} is no NAME=URL"
            raise InvalidValueError(
                Problem("bad-mirror", "error", "--mirror", what, (), ("as in pytorch=https://...",))
            )
        mirrors[name] = url
    return mirrors or None


def given_secrets(given: Sequence[str]) -> dict[str, str | Path]:
    """Docker's own words for it. What is wrong is not repeated: it may be a secret."""
    secrets: dict[str, str | Path] = {}
    for text in given:
        parts = (part.partition("=") for part in text.split(","))
        words = {key: value for key, _, value in parts}
        source = words.get("src") or words.get("source")
        if words.get("id") and source:
            secrets[words["id"]] = Path(source)
        elif words.get("id") and words.get("env"):
            secrets[words["id"]] = f"${words['env']}"
        else:
            hints = ("--secret id=hf-token,src=FILE", "--secret id=hf-token,env=HF_TOKEN")
            what = "a secret has an id, and a file or a variable that it comes from"
            raise InvalidValueError(Problem("bad-secret", "error", "--secret", what, (), hints))
    return secrets


def given_wheelhouse(given: str | None) -> str | Path | None:
    """What `--wheelhouse` says: a folder, also the one that this host's settings name."""
    from mlcontainers.engines.host import find_links

    if given != "auto":
        return given
    folder = next((folder for folder in find_links() if any(folder.glob("*.whl"))), None)
    if folder is None:
        what = "pip's find-links setting names no folder that holds wheels"
        raise InvalidValueError(Problem("no-wheelhouse", "error", "--wheelhouse", what, (), ("name the folder",)))
    return folder
