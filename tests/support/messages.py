"""CAP messages as XML, and alerts as the record has them, for every test of the service."""

import hashlib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.sax.saxutils import escape

from dispatcher.model.alerts import AffectedMunicipality, NewAlert, StoredAlert
from dispatcher.model.vocabulary import Lane, Reason

SENDER = "leitstelle@dueren.example"
DUEREN, JUELICH, HEIMBACH = "05358008", "05358024", "05358016"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def cap_time(moment: Any) -> Any:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")


@dataclass(frozen=True)
class InfoPart:
    """One info block."""

    areas: tuple[str, ...] = (DUEREN,)
    severity: str = "Severe"
    urgency: str = "Immediate"
    certainty: str = "Possible"
    response: str = ""
    language: str = "de-DE"
    event: str = "Hochwasser"
    headline: str = "Hochwasser an der Rur"
    instruction: str = "Meiden Sie das Ufer."
    shapes: str = ""
    lifetime: timedelta | None = 6 * HOUR

    def xml(self, sent: Any) -> str:
        codes = "".join(
            f"<geocode><valueName>AGS</valueName><value>{ags}</value></geocode>" for ags in self.areas
        )
        area = f"<area><areaDesc>Gebiet</areaDesc>{self.shapes}{codes}</area>"
        response = f"<responseType>{self.response}</responseType>" if self.response else ""
        end = "" if self.lifetime is None else cap_time(sent + self.lifetime)
        expires = f"<expires>{end}</expires>" if end else ""
        return (
            f"<info><language>{self.language}</language><category>Met</category>"
            f"<event>{escape(self.event)}</event>{response}<urgency>{self.urgency}</urgency>"
            f"<severity>{self.severity}</severity><certainty>{self.certainty}</certainty>{expires}"
            f"<headline>{escape(self.headline)}</headline>"
            f"<instruction>{escape(self.instruction)}</instruction>"
            f"{area if self.areas or self.shapes else ''}</info>"
        )


@dataclass(frozen=True)
class Message:
    """One CAP message. `references` are other messages."""

    identifier: str = "hochwasser-1"
    sent: datetime = NOW
    msg_type: str = "Alert"
    status: str = "Actual"
    scope: str = "Public"
    sender: str = SENDER
    references: tuple["Message", ...] = ()
    infos: tuple[InfoPart, ...] = field(default_factory=lambda: (InfoPart(),))
    more: str = ""

    def xml(self) -> bytes:
        named = " ".join(f"{one.sender},{one.identifier},{cap_time(one.sent)}" for one in self.references)
        references = f"<references>{named}</references>" if named else ""
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">'
            f"<identifier>{self.identifier}</identifier><sender>{self.sender}</sender>"
            f"<sent>{cap_time(self.sent)}</sent><status>{self.status}</status>"
            f"<msgType>{self.msg_type}</msgType><scope>{self.scope}</scope>{self.more}{references}"
            f"{''.join(info.xml(self.sent) for info in self.infos)}</alert>"
        ).encode()

    def later(self, identifier: Any, msg_type: str = "Update", *, minutes: int = 1, **changes: Any) -> Any:
        """A message about this one, sent later."""
        sent = self.sent + timedelta(minutes=minutes)
        return replace(
            self,
            **{"identifier": identifier, "msg_type": msg_type, "sent": sent, "references": (self,)} | changes,
        )


def message(*areas: Any, identifier: str = "hochwasser-1", sent: Any = NOW, **changes: Any) -> Message:
    """An alert for these municipalities (AGS)."""
    parts = {name: changes.pop(name) for name in tuple(changes) if name in InfoPart.__dataclass_fields__}
    info = InfoPart(areas=areas or (DUEREN,), **parts)
    return Message(identifier=identifier, sent=sent, **{"infos": (info,)} | changes)


def stored(**changes: Any) -> StoredAlert:
    """An alert of record."""
    values = {
        "id": "A",
        "source_id": "leitstelle",
        "sender": SENDER,
        "identifier": "hochwasser-1",
        "sent": NOW,
        "msg_type": "Alert",
        "status": "Actual",
        "scope": "Public",
        "event": "Hochwasser",
        "headline": "Hochwasser an der Rur",
        "severity": "Severe",
        "sha256": b"",
        "received_at": NOW,
        "expires": NOW + 6 * HOUR,
        "lane": Lane.PRIORITY,
        "reason": Reason.FIRST_NOTICE,
        "chain_id": "A",
        "state": "planned",
        "planned_at": None,
        "settled_at": None,
        "stopped_by": None,
        "audience": 0,
        "thread": "A",
    }
    return StoredAlert(**values | changes)


def new_alert(alert_id: Any, *areas: Any, **changes: Any) -> NewAlert:
    """An alert to be recorded, concerning these municipalities."""
    raw = changes.pop("raw", alert_id.encode())
    values = {
        "id": alert_id,
        "source_id": "leitstelle",
        "sender": SENDER,
        "identifier": alert_id,
        "sent": NOW,
        "msg_type": "Alert",
        "status": "Actual",
        "scope": "Public",
        "event": "Hochwasser",
        "headline": "Hochwasser an der Rur",
        "severity": "Severe",
        "raw": raw,
        "sha256": hashlib.sha256(raw).digest(),
        "received_at": datetime.now(UTC),
        "expires": datetime.now(UTC) + 6 * HOUR,
        "lane": Lane.PRIORITY,
        "reason": Reason.FIRST_NOTICE,
        "chain_id": alert_id,
        "references": (),
        "affected": tuple(AffectedMunicipality(ags, f"Ort {ags}", "geocode", 1.0) for ags in areas),
    }
    return NewAlert(**values | changes)
