"""Which feeds there are and what is known of each: a TOML file, `[[feed]]` per feed (`ops/docs/feeds.md`)."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from cryptography.x509 import load_pem_x509_certificate
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

import cap
from dispatcher.feeds.formats.document import Document
from dispatcher.feeds.formats.dwd import Dwd
from dispatcher.feeds.formats.folder import Folder
from dispatcher.feeds.formats.index import Index
from dispatcher.feeds.formats.nina import Nina
from dispatcher.intake.prepare import LONGEST_LIFETIME, IntakeRules, feed_rules
from dispatcher.targeting.outcome import COUNTRY_BOXES, Beyond, Codes, HeightUnit, MatchProfile

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic_core import ErrorDetails

    from dispatcher.feeds.entry import Adapter

MEBIBYTE = 1024 * 1024
STALE_MIN_S = 600.0
STALE_INTERVALS = 5
MISSING_FOR_S = 600.0
"""A list that flickers drops a warning for some minutes (restarts and maintenance of its source), and to alarm, end and
alarm people within them costs more trust than to say ten minutes later that nobody lists the warning any more."""
LISTS_EVERYTHING = frozenset({"nina", "dwd"})
"""Formats whose list is the complete state: an entry that it drops early has no other signal of its end. An index may
list only what is new."""


class ConfigurationError(Exception):
    """The file of feeds cannot be used; the message says where."""


class FeedSettings(BaseModel):
    """One feed. Times in seconds unless the name says otherwise."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")
    adapter: Literal["dwd", "folder", "index", "nina", "push", "single"]
    urls: tuple[str, ...] = ()
    folder: Path | None = None
    interval_s: float = Field(60.0, ge=5)
    jitter: float = Field(0.1, ge=0, le=0.5)
    timeout_s: float = Field(10.0, gt=0, le=60)
    max_bytes: int = Field(32 * MEBIBYTE, ge=1000, le=64 * MEBIBYTE)
    max_details: int = Field(200, ge=1)
    """The most messages fetched from behind links in one poll; the rest waits for the next."""
    stale_after_s: float | None = Field(None, gt=0)
    frozen_after_s: float | None = Field(None, gt=0)
    """A source that answers, and has had nothing new for so long, is rather frozen than calm. Default: it may be calm
    for ever."""
    territory: tuple[str, ...] = ()
    country: Literal["DE"] | None = None
    """The country that the source warns for, ISO 3166-1: exchanged coordinates are put right into it. Default: none, as
    of a source that warns for many."""
    senders: frozenset[str] = frozenset()
    severities: frozenset[cap.Severity] = frozenset(cap.Severity)
    statuses: frozenset[cap.Status] = frozenset({cap.Status.ACTUAL})
    default_lifetime_h: float = Field(12.0, gt=0)
    longest_lifetime_h: float = Field(LONGEST_LIFETIME / timedelta(hours=1), gt=0, le=87_600)
    """How far `expires` of a warning may lie ahead before a person is asked."""
    default_language: str = "de-DE"
    signature: Literal["optional", "required"] = "optional"
    certificates: dict[str, tuple[Path, ...]] = {}
    """PEM files by CAP sender."""
    codes: Codes = Codes.AUTHORITATIVE
    height_unit: HeightUnit = HeightUnit.FEET
    nationwide: bool = True
    inset_m: float | None = Field(None, ge=0, le=10_000)
    by_severity: bool = False
    flash: bool = True
    """Whether its gravest messages travel in the most urgent lane; else in `priority`."""
    absence: Literal["end", "expire"] | None = None
    """What it means that an entry is no longer listed: `end` notifies those who were warned, `expire` leaves it to run
    out. Default: `end` for lists of the complete state."""
    misses: int = Field(2, ge=1)
    missing_for_s: float = Field(MISSING_FOR_S, ge=0)
    """How long an entry must have been missing, beside `misses`, before it counts as gone."""
    attribution: str = ""
    licence: str = ""

    @field_validator("urls")
    @classmethod
    def _are_addresses(cls, urls: tuple[str, ...]) -> tuple[str, ...]:
        for number, url in enumerate(urls, 1):  # it is not quoted: a key may stand in it
            parts = urlsplit(url)
            if parts.scheme not in ("https", "http") or not parts.hostname:
                raise ValueError(f"number {number} is no address that could be asked")
            if "@" in parts.netloc:
                raise ValueError(f"number {number} has a user before the host, which is never sent")
        if len(set(urls)) < len(urls):
            raise ValueError("an address stands there twice")
        return urls

    @model_validator(mode="after")
    def _has_a_place(self) -> FeedSettings:
        asks = self.adapter not in ("folder", "push")
        if (self.adapter == "folder") != (self.folder is not None):
            raise ValueError("`folder` belongs to a feed with the adapter `folder`, and to no other")
        if asks != bool(self.urls):
            raise ValueError(
                "needs `urls`" if asks else f"asks nobody: `urls` means nothing for {self.adapter}"
            )
        return self

    @property
    def ends_by_absence(self) -> bool:
        """Whether silence of the source ends a warning."""
        return self.absence == "end" if self.absence else self.adapter in LISTS_EVERYTHING

    @property
    def misses_needed(self) -> int:
        """In how many readable lists in a row an entry must be missing: `misses`, and all of `missing_for_s`. Failed
        polls, which come in between, only make it longer.
        """
        return max(self.misses, ceil(self.missing_for_s / self.interval_s))

    @property
    def stale_after(self) -> timedelta:
        """Without a usable answer for so long, nobody knows what the source says."""
        seconds = self.stale_after_s or max(STALE_MIN_S, STALE_INTERVALS * self.interval_s)
        return timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed ready to be read."""

    settings: FeedSettings
    adapter: Adapter
    rules: IntakeRules

    @property
    def name(self) -> str:
        return self.settings.name

    @property
    def is_polled(self) -> bool:
        return self.settings.adapter != "push"

    @property
    def is_watched(self) -> bool:
        """Whether its silence means something: of one that pushes, only where the operator says how long."""
        return self.is_polled or self.settings.stale_after_s is not None

    @property
    def credit(self) -> str:
        """Attribution and licence, as the feed page shows them."""
        return "; ".join(part for part in (self.settings.attribution, self.settings.licence) if part)


def load(path: Path | None) -> tuple[Feed, ...]:
    """Load the feeds of a file; there are none without a file. Raises `ConfigurationError`."""
    if path is None:
        return ()
    try:
        items = _tables(tomllib.loads(path.read_text(encoding="utf-8")))
        feeds = tuple(_feed(number, item) for number, item in enumerate(items, 1))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path}: {error}") from error
    names = [feed.name for feed in feeds]
    if double := {name for name in names if names.count(name) > 1}:
        raise ConfigurationError(f"{path}: named twice: {', '.join(sorted(double))}")
    return feeds


def _tables(document: dict[str, Any]) -> list[Any]:
    """Refuse a misspelt word: it would leave out a source that somebody relies on."""
    if others := sorted(document.keys() - {"feed"}):
        meant = _nearest(others[0], ("feed",))
        raise ValueError(f"only [[feed]] tables are known here, not: {', '.join(others)}{meant}")
    tables = document.get("feed", [])
    if not isinstance(tables, list):
        raise ValueError("every feed begins with [[feed]], in two brackets")  # noqa: TRY004 - the operator's mistake
    return tables


def _feed(number: int, item: Any) -> Feed:
    name = item.get("name", "") if isinstance(item, dict) else ""
    try:
        return feed_of(FeedSettings.model_validate(item))
    except ValidationError as error:
        # A value is asked for only where it is a word from a list: an address may hold a key.
        found = "; ".join(map(_sentence, error.errors(include_url=False)))
        raise ValueError(f"feed {number} ({name}): {found}") from error
    except (OSError, ValueError) as error:
        raise ValueError(f"feed {number} ({name}): {error}") from error


def _sentence(finding: ErrorDetails) -> str:
    """Return one of pydantic's findings as a sentence, with the nearest word where one was misspelt."""
    place = ".".join(map(str, finding["loc"]))
    if finding["type"] == "extra_forbidden":
        return f"{place}: {_unknown_word(place, FeedSettings.model_fields)}"
    if finding["type"] in ("literal_error", "enum") and isinstance(finding["input"], str):
        known = [word.strip("'") for word in re.split(r", | or ", finding["ctx"]["expected"])]
        return f"{place}: {finding['msg']}{_nearest(finding['input'], known)}"
    return f"{place}: {finding['msg']}".removeprefix(": ")


def _unknown_word(word: str, known: Iterable[str]) -> str:
    return f"there is no such word{_nearest(word, known)}; all are in ops/docs/feeds.md"


def _nearest(word: str, known: Iterable[str]) -> str:
    """Return which word may have been meant."""
    near = get_close_matches(word, list(known), n=1)
    return f"; the nearest is {near[0]}" if near else ""


def feed_of(settings: FeedSettings) -> Feed:
    """Build a feed from its settings. Raises `OSError` for a certificate that is not there, `ValueError` for one that
    is none.
    """
    return Feed(settings, _adapter(settings), _rules(settings))


def _adapter(settings: FeedSettings) -> Adapter:
    """Return the adapter of a format: one line for each."""
    registry: dict[str, Adapter] = {}
    registry["dwd"] = Dwd()
    registry["folder"] = Folder(settings.folder or Path())
    registry["index"] = Index()
    registry["nina"] = Nina()
    registry["push"] = Document()
    registry["single"] = Document()
    return registry[settings.adapter]


def _pin(path: Path) -> bytes:
    """Read a certificate at the start: a bad one is found now, not when the first warning comes that it should
    prove.
    """
    pem = path.read_bytes()
    try:
        load_pem_x509_certificate(pem)
    except ValueError as error:
        raise ValueError(f"{path} holds no certificate in PEM") from error
    return pem


def _rules(settings: FeedSettings) -> IntakeRules:
    return feed_rules(
        feed=settings.name,
        territory=settings.territory,
        senders=settings.senders,
        severities=settings.severities,
        statuses=settings.statuses,
        default_lifetime=timedelta(hours=settings.default_lifetime_h),
        longest_lifetime=timedelta(hours=settings.longest_lifetime_h),
        default_language=settings.default_language,
        signature_required=settings.signature == "required",
        pins={sender: tuple(map(_pin, paths)) for sender, paths in settings.certificates.items()},
        may_flash=settings.flash,
        attribution="; ".join(part for part in (settings.attribution, settings.licence) if part),
        profile=MatchProfile(
            codes=settings.codes,
            beyond=Beyond.NOTE,
            home=COUNTRY_BOXES[settings.country] if settings.country else None,
            height_unit=settings.height_unit,
            nationwide=settings.nationwide,
            inset_m=settings.inset_m,
            by_severity=settings.by_severity,
        ),
    )
