"""NINA / warnung.bund.de: the lists `dashboard/{ARS}.json` and `{provider}/mapData.json` with the message and its
geometry behind them, and the older files that hold whole messages (`bbk.mowas/gefahrendurchsagen.json`).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import cap
from cap.formats.nina import parse_nina
from dispatcher.feeds.entry import LIMITS, LIST_LIMITS, FeedEntry, Listing, UnreadablePart, fingerprint
from dispatcher.feeds.formats.dates import read_date
from dispatcher.intake.prepare import Incoming

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from enum import StrEnum

Word = TypeVar("Word", bound="StrEnum")

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,199}")
_MOWAS = re.compile(r"mow\.(?P<sender>.+)-(?P<day>\d{8})-(?P<number>\d+)-(?P<revision>\d{3})")
_LIST = re.compile(r"/(?:dashboard/(?P<ars>\d{12})|[a-z]+/mapData)\.json(?:\?.*)?$")
_PROVIDER = "warnung.bund.de"
_REVISIONS_MAX = 50
"""The most earlier revisions that are named when only the list mentions an update."""


@dataclass(frozen=True, slots=True)
class _Summary:
    """What a list says of one warning."""

    id: str
    version: str
    headline: str
    event: str
    severity: str
    urgency: str
    msg_type: str
    sent: datetime | None
    expires: datetime | None


class Nina:
    """A warning's detail may be missing for a while although it is listed; then the list's own words are used."""

    def listing(self, body: bytes, url: str) -> Listing:
        """Read a list. Raises `CapError` for anything but a JSON array."""
        items = _load(body)
        match = _LIST.search(url)
        base = url[: match.start()] if match else url.rpartition("/")[0]
        ars = match["ars"] if match else None
        entries: dict[str, FeedEntry] = {}
        broken: list[UnreadablePart] = []
        for number, item in enumerate(items, 1):
            try:
                entry = _whole(item) or _summarised(item, base, ars)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                content = json.dumps(item, ensure_ascii=False).encode()
                broken.append(UnreadablePart(_key(item, number), content, "not-nina", type(error).__name__))
                continue
            entries[entry.key] = entry
        return Listing(tuple(entries.values()), tuple(broken))

    def read(self, entry: FeedEntry, parts: Sequence[bytes]) -> tuple[Incoming, ...]:
        """Without geometry a message falls back on the regions that it names."""
        if entry.content is not None:
            detail, geometry = entry.content, b""
        else:
            detail, geometry = parts[0], parts[1] if len(parts) > 1 else b""
        document = parse_nina(detail, geometry or None, LIMITS)
        return tuple(Incoming(alert, detail, geometry) for alert in document.alerts)


def _load(body: bytes) -> list[Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise cap.NotJson("The body is not JSON.", "Der Inhalt ist kein JSON.") from None
    if not isinstance(value, list):
        raise cap.NotJson("The body is not a list of warnings.", "Der Inhalt ist keine Liste von Warnungen.")
    if len(value) > LIST_LIMITS.max_alerts:
        raise cap.LimitExceeded(
            f"The list has more than {LIST_LIMITS.max_alerts} entries.",
            f"Die Liste hat mehr als {LIST_LIMITS.max_alerts} Einträge.",
        )
    return value


def _key(item: Any, number: int) -> str:
    name = item.get("id") or item.get("identifier") if isinstance(item, dict) else None
    return name if isinstance(name, str) else f"entry {number}"


def _whole(item: dict[str, Any]) -> FeedEntry | None:
    """Return an entry that is the message itself."""
    if "identifier" not in item:
        return None
    content = json.dumps(item, ensure_ascii=False).encode()
    return FeedEntry(_checked(item["identifier"]), fingerprint(content), content=content)


def _checked(identifier: Any) -> str:
    """Return an identifier that can safely be part of a path."""
    if not isinstance(identifier, str) or not _ID.fullmatch(identifier) or ".." in identifier:
        raise ValueError(identifier)
    return identifier


def _summarised(item: dict[str, Any], base: str, ars: str | None) -> FeedEntry:
    summary = _from_dashboard(item) if "payload" in item else _from_map(item)
    return FeedEntry(
        summary.id,
        summary.version,
        links=(f"{base}/warnings/{summary.id}.json", f"{base}/warnings/{summary.id}.geojson"),
        summary=_summary_alert(summary, ars),
        expires=summary.expires,
        msg_type=next((word for word in cap.MsgType if word.lower() == summary.msg_type.lower()), None),
        dated=summary.sent,
    )


def _from_dashboard(item: dict[str, Any]) -> _Summary:
    payload, data = item["payload"], item["payload"]["data"]
    return _Summary(
        id=_checked(item["id"]),
        version=f"{payload.get('version', '')}:{payload.get('hash', '')}:{item.get('sent', '')}",
        headline=str(data.get("headline") or _title(item)),
        event=str(data.get("transKeys", {}).get("event", "")),
        severity=str(data.get("severity", "")),
        urgency=str(data.get("urgency", "")),
        msg_type=str(data.get("msgType") or payload.get("type", "")),
        sent=read_date(str(item.get("sent", ""))),
        expires=read_date(str(item.get("expires", "")), ends=True),
    )


def _from_map(item: dict[str, Any]) -> _Summary:
    return _Summary(
        id=_checked(item["id"]),
        version=f"{item.get('version', '')}:{item.get('startDate', '')}:{item.get('type', '')}",
        headline=_title(item),
        event=str((item.get("transKeys") or {}).get("event", "")),
        severity=str(item.get("severity", "")),
        urgency=str(item.get("urgency", "")),
        msg_type=str(item.get("type", "")),
        sent=read_date(str(item.get("startDate", ""))),
        expires=read_date(str(item.get("expiresDate", "")), ends=True),
    )


def _title(item: dict[str, Any]) -> str:
    titles = item.get("i18nTitle") or {}
    return str(titles.get("de") or next(iter(titles.values()), ""))


def _word(words: type[Word], text: str, default: Word) -> Word:
    return next((word for word in words if word.value.lower() == text.lower()), default)


def _summary_alert(summary: _Summary, ars: str | None) -> cap.Alert | None:
    """Return the warning as far as the list tells it: for the whole district that was asked about, or for nobody knows
    whom, which waits for a person. None without a time of sending.
    """
    if summary.sent is None:
        return None
    mowas = _MOWAS.fullmatch(summary.id)
    sender = mowas["sender"] if mowas else _PROVIDER
    msg_type = _word(cap.MsgType, summary.msg_type, cap.MsgType.ALERT)
    area = cap.Area("", geocodes=(cap.NamedValue("ARS", ars),) if ars else ())
    info = cap.Info(
        language="de-DE",
        categories=(cap.Category.OTHER,),
        event=summary.event or summary.headline,
        response_types=(cap.ResponseType.ALL_CLEAR,) if msg_type is cap.MsgType.CANCEL else (),
        urgency=_word(cap.Urgency, summary.urgency, cap.Urgency.UNKNOWN),
        severity=_word(cap.Severity, summary.severity, cap.Severity.UNKNOWN),
        expires=summary.expires,
        headline=summary.headline,
        areas=(area,),
    )
    return cap.Alert(
        sender,
        summary.id,
        summary.sent,
        status=cap.Status.ACTUAL,
        msg_type=msg_type,
        scope=cap.Scope.PUBLIC,
        references=_earlier(mowas) if mowas else (),
        infos=(info,),
    )


def _earlier(mowas: re.Match[str]) -> tuple[cap.Reference, ...]:
    """Return the revisions before this one: a MoWaS identifier counts them."""
    revision = min(int(mowas["revision"]), _REVISIONS_MAX)
    stem = f"mow.{mowas['sender']}-{mowas['day']}-{mowas['number']}"
    return tuple(cap.Reference(mowas["sender"], f"{stem}-{number:03}", None) for number in range(revision))
