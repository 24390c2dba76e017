"""Indexes of one's own: which packages come from where."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from mlcontainers.layers.model import Model
from mlcontainers.values.addresses import index_address, index_name
from mlcontainers.values.projects import ProjectName
from mlcontainers.values.secrets import Secret


class PackageIndex(Model, frozen=True):
    """A package index, and the packages that come from it and from nowhere else."""

    name: Annotated[str, BeforeValidator(index_name)]
    """How mirrors and errors call it: `company`."""
    url: Annotated[str, BeforeValidator(index_address)]
    """Its address, without a name or a password."""
    packages: Annotated[tuple[ProjectName, ...], Field(min_length=1, strict=False)]
    """Projects by name. All others come from the Python index, those that these need included."""
    credentials: Secret | None = None
    """A secret file in the form of a netrc, where the index asks who is there."""
