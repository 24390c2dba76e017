"""Known ways for a build to fail, by what builders and installers say of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

TAIL = 30
"""Lines of a failed step that are kept: what was said last counts most."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A known way for a build to fail: how it is recognised, and what it means."""

    code: str
    pattern: str
    what: str
    """`{0}` is what the pattern's groups found."""
    hint: str
    installs: bool = False
    """Packages are being installed, so that the log may say which one it was about."""


_REFUSED = r"40[13] |[Uu]nauthorized|[Ff]orbidden|denied|authorization failed|no basic auth credentials"
_SILENT = (
    r"no such host|server misbehaving|i/o timeout|deadline exceeded|connection (?:refused|reset)|no route to host"
    r"|is unreachable|TLS handshake|EOF|no answer|(?:429|50[0234]) [A-Z]"
)
_PUSH, _BASE = r"failed to push (\S+?): ", r"failed to resolve source metadata for (\S+?): "

FAULTS = (
    Fault(
        "old-store",
        r"(Cache export|(?:Docker|OCI) exporter|Attestations?) is not supported for the docker driver",
        "this engine keeps images in its classic store, which has no use for a lock, a cache elsewhere or attestations",
        "switch it to the containerd image store (containerd-snapshotter in its daemon.json), or name another builder",
    ),
    Fault(
        "disk-full",
        r"[Nn]o space left on device",
        "there is no space left on the engine's disk",
        "free some: docker buildx prune, docker image prune; then build again",
    ),
    Fault(
        "push-failed",
        rf"{_PUSH}.*(?:{_REFUSED})",
        "the registry refuses to take {0}",
        "docker login with an account that may push there; is the name right?",
    ),
    Fault(
        "push-failed",
        rf"{_PUSH}.*(?:{_SILENT})",
        "{0} could not be pushed: its registry does not answer as it should",
        "can the engine reach it? then build again: what was built is kept",
    ),
    Fault("push-failed", _PUSH, "{0} could not be pushed", "read what the registry says, then build again"),
    Fault(
        "no-base-image",
        rf"{_BASE}.*(?:{_REFUSED})",
        "the registry refuses to hand out the base image {0}",
        "is its name right? docker login with an account that may have it",
    ),
    Fault(
        "no-base-image",
        rf"{_BASE}.*(?:{_SILENT})",
        "the base image {0} cannot be had: its registry does not answer as it should",
        "can the engine reach it? docker pull {0}; a mirror in the engine's own settings helps",
    ),
    Fault(
        "no-base-image",
        rf"{_BASE}.*",
        "there is no base image {0}",
        "is its name right? docker buildx imagetools inspect {0}",
    ),
    Fault(
        "untrusted-index",
        r"invalid peer certificate|CERTIFICATE_VERIFY_FAILED|unable to get local issuer certificate",
        "a step does not trust the certificate of the index",
        "lend the build this host's CA bundle: host_settings=True, --host-settings",
        installs=True,
    ),
    Fault(
        "index-refused",
        r"lack of valid authentication credentials|returned a 40[13] |40[13] (?:Client Error|while getting)",
        "the index refuses what a step asks of it",
        "are the name and password in this host's settings right? lend them: host_settings=True, --host-settings",
        installs=True,
    ),
    Fault(
        "no-network",
        r"Temporary failure (?:in name resolution|resolving)|dns error|Could not resolve|Network is unreachable"
        r"|[Cc]onnection refused|[Cc]onnection reset|Connection broken|Read timed out|operation timed out"
        r"|HTTP status server error|50[0234] Server Error|[Ff]ailed to fetch: ",
        "a step could not reach what it wanted to fetch",
        "is there a network in the build? lend it this host's index settings: host_settings=True, --host-settings",
        installs=True,
    ),
    Fault(
        "wrong-hash",
        r"Hash mismatch for `?(\S+?)`?\s|THESE PACKAGES DO NOT MATCH THE HASHES[^\n]*\n\s*(\S+)",
        "{0} is not the file that the lock says",
        "make the lock again; where it was right before, ask who has changed the file",
    ),
    Fault(
        "one-index-only",
        r"(\S+)==0\+comes\.from\.",
        "{0} is needed by a package, and comes from one index only",
        "ask for it by name, in the same layer: add_pip(..., {0!r})",
    ),
    Fault(
        "corrupt-download",
        r"invalid package format|is not a valid wheel|has an invalid wheel",
        "a package is not what the index says it is",
        "build again; if it is so again, somebody has changed the package: ask whoever runs the index",
        installs=True,
    ),
    Fault(
        "unfit-package",
        r"([\w.-]+(?:==\S+)?) has no wheels with a matching|([\w.-]+(?:==\S+)?) depends on Python"
        r"|(?:requires a different|require a different) [Pp]ython",
        "a package has nothing for this Python or this platform",
        "ask for a version that has, or for another Python",
        installs=True,
    ),
    Fault(
        "no-such-package",
        r"Because (\S+) was not found in the package registry|there is no version of (\S+?)[,\s]"
        r"|No matching distribution found for ([^\n(]+)",
        "the index that the build asked has no {0}",
        "is the name right? are the credentials? with a mirror or a wheelhouse: does it have it?",
    ),
    Fault(
        "no-such-package",
        r"Unable to locate package (\S+)|Package '([^']+)' has no installation candidate"
        r"|Version '[^']+' for '([^']+)' was",
        "the distribution's archive that the build asked has no such {0}",
        "is it called so in the base image's distribution and release, in this version?",
    ),
    Fault(
        "unsatisfiable",
        r"No solution found when resolving dependencies\S*\s+(?:cause:|╰─▶)?\s*([^\n]+(?:\n +And because [^\n]+)*)"
        r"|Cannot install ([^\n]+? because these package versions have conflicting dependencies)",
        "the packages contradict each other: {0}",
        "ask for other versions; those of the frameworks are fixed by their layers",
    ),
    Fault(
        "needs-compiler",
        r"Broken toolchain|Unknown compiler|command '\S*(?:cc|g\+\+)' failed"
        r"|No such file or directory: '(?:gcc|cc|g\+\+)'",
        "a package has no wheel that fits and cannot be compiled here",
        "ask for a version that has a wheel for this Python, or compile it in a stage of its own: add_extension(...)",
        installs=True,
    ),
    Fault(
        "no-package-build",
        r"The build backend returned an error|Failed building wheel for|Failed to build `|Could not build wheels for",
        "a package could not be built from its source",
        "log_tail has what its build says; a version with a wheel needs none, and add_extension(...) brings compilers",
        installs=True,
    ),
    Fault(
        "not-in-context",
        r'failed to calculate checksum of ref .*?"/([^"]+)": not found',
        "{0} is not in the build context",
        "build from the folder that holds it (context=, --context), and see that .dockerignore does not exclude it",
    ),
    Fault(
        "no-secret",
        r"secret ([^\s:]+): not found",
        "the build needs the secret {0} and was not given it",
        "give it when you build: secrets=, --secret",
    ),
)
"""The first that fits is told, so the particular ones stand before the general ones."""

_REQUIREMENTS = (
    r"[Ff]ailed to (?:download|build|fetch|extract|read|install|prepare)[^`\n]*`([^`\s]+)`",
    r"Because (\S+) (?:was not found|has an invalid|has no wheels)",
    r"([\w.-]+(?:==\S+)?) depends on Python",
    r"(?:No matching distribution found for|satisfies the requirement) ([^\s(]+)",
    r"(?:Failed building wheel for|Could not build wheels for) ([^\s,]+)",
    r"[Ff]ailed to fetch: \S*/([\w.-]+)/?(?:\s|$)",
)
"""What uv and pip say of the requirement that they failed at."""


def requirement(log: Sequence[str]) -> str:
    """Which requirement uv or pip failed at; empty where they do not say."""
    text = "\n".join(log)
    named = next((found[1] for pattern in _REQUIREMENTS if (found := re.search(pattern, text))), "")
    collected: list[str] = re.findall(r"^\s*Collecting ([^\s(]+)", text, re.MULTILINE)
    return named or (collected[-1] if collected else "")
