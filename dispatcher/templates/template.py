"""Define a prepared warning: what is decided beforehand, and the fields that are filled in when it is used."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer
from pydantic import Field as Limited

import cap  # noqa: TC001 - pydantic reads the annotations
from dispatcher.texts.languages import DEFAULT, SIMPLE
from dispatcher.texts.words.catalogues import CATALOGUES

ID: Final = r"^[a-z][a-z0-9-]{1,39}$"
FIELD_NAME: Final = r"[a-z][a-z0-9_]{0,29}"
LANGUAGE: Final = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$"
FIELDS_MAX: Final = 12
"""More than a person fills in within a minute."""
LANGUAGES_MAX: Final = 12
"""As many as a warning of the federal system has, and some more."""
LONGEST: Final = timedelta(days=7)
_DURATION: Final = re.compile(r"(?P<number>[0-9]{1,4})(?P<unit>[mhd])", re.ASCII)
_MINUTES: Final = {"m": 1, "h": 60, "d": 24 * 60}


def read_duration(value: Any) -> Any:
    """Read `90m`, `6h` or `2d`. Raises ValueError."""
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("a duration is written like 90m, 6h or 2d")
    return timedelta(minutes=int(found["number"]) * _MINUTES[found["unit"]])


def _written(value: timedelta) -> str:
    return f"{value // timedelta(minutes=1)}m"


Duration = Annotated[
    timedelta,
    BeforeValidator(read_duration),
    Limited(ge=timedelta(minutes=10), le=LONGEST),
    PlainSerializer(_written, return_type=str),
]
Line = Annotated[str, Limited(min_length=1, max_length=100)]
TEXT_MAX: Final = 1500
"""Characters of a text: an SMS of six parts holds 900, and whoever has to act reads no more."""
Text = Annotated[str, Limited(max_length=TEXT_MAX)]


class FieldKind(StrEnum):
    """What is filled in."""

    TEXT = "text"
    NUMBER = "number"
    """A number, written with a point or a comma; its unit is set behind it."""
    TIME = "time"
    """A time of day, as 18:30."""
    PLACE = "place"
    """A name that has a letter."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)


class TemplateField(_Part):
    """One thing that is filled in."""

    kind: FieldKind
    label: Line
    """What the desk is asked for, in German."""
    label_en: str = Limited("", max_length=100)
    example: Line
    longest: int = Limited(60, ge=1, le=300)
    """Characters of a value at most, without its unit."""
    required: bool = True
    unit: str = Limited("", max_length=12)
    least: float | None = Limited(None, allow_inf_nan=False)
    most: float | None = Limited(None, allow_inf_nan=False)


class TemplateText(_Part):
    """The texts in one language. `{name}` stands for the value of a field. What stands in square brackets is left out
    where the optional field in it is not filled in.
    """

    event: Line
    headline: Annotated[str, Limited(min_length=1, max_length=300)]
    description: Text = ""
    instruction: Annotated[str, Limited(min_length=1, max_length=TEXT_MAX)]


TEXTS: Final = ("event", "headline", "description", "instruction")
"""The members of `TemplateText`, which are elements of CAP as well."""


class Template(_Part):
    """A prepared warning. Of severity, urgency and certainty the first is preset, and the others may be chosen."""

    id: Annotated[str, Limited(pattern=ID)]
    title: Line
    categories: Annotated[list[cap.Category], Limited(min_length=1, max_length=3)]
    severity: Annotated[list[cap.Severity], Limited(min_length=1, max_length=4)]
    urgency: Annotated[list[cap.Urgency], Limited(min_length=1, max_length=4)]
    certainty: Annotated[list[cap.Certainty], Limited(min_length=1, max_length=4)]
    response_types: Annotated[list[cap.ResponseType], Limited(max_length=4)] = []
    event_codes: dict[Line, Line] = Limited(default={}, max_length=8)
    """Codes of the event by the list that they are of (CAP `eventCode`)."""
    lasts: Duration
    """How long the warning holds unless something else is chosen."""
    lasts_at_most: Duration
    municipalities: Annotated[
        list[Annotated[str, Limited(pattern=r"^[0-9]{8}$")]], Limited(max_length=200)
    ] = []
    """AGS of the municipalities that are warned where no others are chosen."""
    area: str = Limited("", max_length=200)
    """The name of these, as people know it."""
    web: str = Limited("", max_length=200)
    contact: str = Limited("", max_length=200)
    fields: dict[Annotated[str, Limited(pattern=f"^{FIELD_NAME}$")], TemplateField] = Limited(
        default={}, max_length=FIELDS_MAX
    )
    texts: dict[Annotated[str, Limited(pattern=LANGUAGE)], TemplateText] = Limited(
        min_length=1, max_length=LANGUAGES_MAX
    )

    def languages(self) -> list[str]:
        """Return the languages in the order in which the message has them: ours first, as everywhere."""
        own = [one for one in CATALOGUES if one in self.texts]
        return own + sorted(set(self.texts) - set(own))

    def content(self) -> bytes:
        """Return the one way to write it in bytes: equal templates have equal ones."""
        return json.dumps(
            self.model_dump(mode="json"), ensure_ascii=False, sort_keys=True, separators=(",", ":")
        ).encode()

    def digest(self) -> str:
        """Return the hash of all that it says, in hexadecimal: what an approval is bound to."""
        return hashlib.sha256(self.content()).hexdigest()


EXPECTED: Final = (DEFAULT, f"{DEFAULT}-{SIMPLE}", "en")
"""The languages that a warning should have: the first it must."""
