"""Read the plan of a drill: a TOML file that says where, in which words, and with which pauses. Pure."""

from __future__ import annotations

import re
import tomllib
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

if TYPE_CHECKING:
    from pathlib import Path

LARGEST: Final = 64 * 1024
"""Bytes of a plan."""
_DURATION: Final = re.compile(r"(?P<number>[0-9]{1,4})(?P<unit>[smh])", re.ASCII)
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours"}
LONGEST: Final = timedelta(hours=2)
"""A pause: people who take part are not kept waiting for longer."""


class PlanError(Exception):
    """The file is no plan of a drill; the message says where and why, as the validator has it."""


def _duration(value: Any) -> Any:
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("a duration is written like 90s, 5m or 1h")
    return timedelta(**{_UNITS[found["unit"]]: int(found["number"])})


Duration = Annotated[timedelta, BeforeValidator(_duration), Field(le=LONGEST)]
Text = Annotated[str, Field(min_length=1, max_length=2000)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Alarm(_Part):
    """What is alarmed about."""

    event: Annotated[str, Field(min_length=1, max_length=100)]
    headline: Annotated[str, Field(min_length=1, max_length=160)]
    instruction: Text
    description: str = Field("", max_length=2000)
    severity: Literal["Extreme", "Severe", "Moderate", "Minor"] = "Severe"


class Correction(_Part):
    """What is corrected, and when: after a pause, or as soon as so many devices have confirmed what came before."""

    after: Duration
    confirmations: int = Field(0, ge=0)
    headline: Annotated[str, Field(min_length=1, max_length=160)]
    instruction: Text
    description: str = Field("", max_length=2000)


class AllClear(_Part):
    """With which words it ends, and when, as of a correction."""

    after: Duration
    confirmations: int = Field(0, ge=0)
    text: str = Field("", max_length=2000)


class Expected(_Part):
    """What a channel has to come to in each step, or it is weak."""

    accepted: float = Field(0.95, ge=0, le=1)
    """The share of its recipients whom a gateway takes over."""
    within: Duration = timedelta(minutes=1)
    """How long the last of them may take from the acceptance of the message on."""
    displayed: float = Field(0.0, ge=0, le=1)
    """The share of those whose device says that it was displayed; 0: nobody is asked."""


class DrillPlan(_Part):
    """A drill."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    sender: Annotated[str, Field(pattern=r"^[^\s,<&]{1,200}$")]
    sender_name: str = Field("", max_length=100)
    municipalities: Annotated[
        list[Annotated[str, Field(pattern=r"^[0-9]{8}$")]], Field(min_length=1, max_length=200)
    ]
    """AGS of eight digits each."""
    area: str = Field("", max_length=200)
    """The name of the area as people know it; else the list of municipalities stands in its place."""
    language: Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] = "de-DE"
    alarm: Alarm
    correction: Correction | None = None
    all_clear: AllClear
    receipts: Duration = timedelta(minutes=1)
    """How long receipts of devices are waited for when all is sent."""
    expected: Expected = Expected()

    @property
    def lasts(self) -> timedelta:
        """Return how long it takes at most, without what sending takes."""
        pauses = [self.all_clear.after, self.receipts]
        return sum(pauses, self.correction.after if self.correction else timedelta())


def read_plan(file: Path) -> DrillPlan:
    """Read a plan. Raises `PlanError`, and `OSError` where there is no such file."""
    with file.open("rb") as opened:
        raw = opened.read(LARGEST + 1)
    if len(raw) > LARGEST:
        raise PlanError(f"more than {LARGEST} bytes")
    try:
        return DrillPlan.model_validate(tomllib.loads(raw.decode()))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PlanError(str(error)) from error
    except ValidationError as error:
        raise PlanError("; ".join(_said(one) for one in error.errors())) from error


def _said(error: Any) -> str:
    return f"{'.'.join(map(str, error['loc'])) or 'plan'}: {error['msg']}"
