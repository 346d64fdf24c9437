"""What all JSON bodies of the API are."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Body(BaseModel):
    """The base of all bodies: frozen, and unknown members are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")
