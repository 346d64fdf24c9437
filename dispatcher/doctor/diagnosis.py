"""Say how one part of what the service stands on was found, why that matters, and how it is mended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Part(StrEnum):
    """What is looked at."""

    SETTINGS = "settings"
    DATA_DIRECTORY = "data directory"
    DISK = "disk"
    CLOCK = "clock"
    DESCRIPTORS = "file descriptors"
    PORTS = "ports"
    RECORD = "record"
    STANDBY = "standby"
    SCHEMA = "schema"
    AUDIT = "audit trail"
    QUEUE = "queue"
    SECRETS = "secrets"
    BACKUP = "backup"
    VAPID = "VAPID"
    SIGNING = "signing key"
    BOUNDARIES = "boundaries"
    GATEWAY = "gateway"
    FEED = "feed"
    PUSH_SERVICE = "push service"
    MAIL = "mail server"
    ANCHOR = "audit anchor"
    PROVIDER = "OpenID provider"
    CALLBACK = "app callback"
    PUBLIC = "public address"
    CONSOLE = "console address"


class Grade(StrEnum):
    """How it was found, the gravest first."""

    WRONG = "wrong"
    """Warnings come late, not at all or twice because of it, or may be lost or read by others."""
    WARNING = "warning"
    """It works, and will not for ever, or not for everybody."""
    UNKNOWN = "unknown"
    """It was not looked at: what it needs is not there, which has a line of its own."""
    SOUND = "sound"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """How one part was found. What is wrong or a warning says why it matters and how it is mended."""

    part: Part
    grade: Grade
    seen: str
    why: str = ""
    mend: str = ""


def sound(part: Part, seen: str) -> Diagnosis:
    """Return that a part is as it should be."""
    return Diagnosis(part, Grade.SOUND, seen)


def unknown(part: Part, seen: str) -> Diagnosis:
    """Return that a part could not be looked at."""
    return Diagnosis(part, Grade.UNKNOWN, seen)


def warning(part: Part, seen: str, why: str, mend: str) -> Diagnosis:
    """Return what works, and will not for ever, or not for everybody."""
    return Diagnosis(part, Grade.WARNING, seen, why, mend)


def wrong(part: Part, seen: str, why: str, mend: str) -> Diagnosis:
    """Return what has to be mended before anybody relies on the service."""
    return Diagnosis(part, Grade.WRONG, seen, why, mend)


def overall(found: Iterable[Diagnosis]) -> Grade:
    """Return the gravest grade; what could not be looked at counts only where nothing else is against it."""
    order = list(Grade)
    return min((one.grade for one in found), key=order.index, default=Grade.SOUND)
