"""scikit-learn."""

from __future__ import annotations

from typing import ClassVar, Literal

from mlcontainers.layers.framework import Framework


class Sklearn(Framework, frozen=True):
    """scikit-learn, which computes on the CPU whatever the image has."""

    project: ClassVar[str] = "scikit-learn"
    title: ClassVar[str] = "scikit-learn"

    kind: Literal["sklearn"] = "sklearn"
