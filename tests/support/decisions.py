"""Messages ready for the decision, and what the record knows about them, as values."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import cap
from cap.profiles import facts
from dispatcher.intake.prepare import Incoming, IntakeRules, Message, OnDoubt
from dispatcher.intake.related import RelatedState
from dispatcher.model.alerts import AffectedMunicipality, StoredAlert
from dispatcher.model.vocabulary import Doubt
from tests.support.feed_messages import DUEREN, HOUR, NOW, cancel, update, warning
from tests.support.messages import stored as untyped_stored

FEED, OTHER_FEED, CENTRE = "feed-dwd", "feed-lhp", "leitstelle"
AT = NOW + HOUR / 2
"""When messages are decided upon: half an hour after the first was sent."""
FIRST, SECOND, END = warning(1), update(2, warning(1)), cancel(3, warning(1))
ALL_CLEAR = update(2, warning(1), response_types=(cap.ResponseType.ALL_CLEAR,))
DIGEST, OTHER_DIGEST = b"this content", b"another content"
RULES = {
    OnDoubt.HOLD: IntakeRules(FEED),
    OnDoubt.REFUSE: IntakeRules(CENTRE, on_doubt=OnDoubt.REFUSE, senders=frozenset({FIRST.sender})),
}


def message(
    alert: cap.Alert = FIRST,
    *,
    places: tuple[str, ...] = (DUEREN,),
    doubts: tuple[Doubt, ...] = (),
    expires: datetime = NOW + 6 * HOUR,
    proved: bool = True,
    **more_facts: Any,
) -> Message:
    assert alert.sent is not None
    return Message(
        alert,
        alert.sent,
        replace(facts(alert), **more_facts),
        tuple(AffectedMunicipality(ags, f"Ort {ags}", "geocode", 1.0) for ags in places),
        doubts,
        expires,
        Incoming(alert, b""),
        proved=proved,
    )


def on_record(alert: cap.Alert = FIRST, **changes: Any) -> StoredAlert:
    """A message as the record has it, by default one that was sent by the same feed."""
    values: dict[str, Any] = {
        "id": alert.identifier[-40:-4],
        "source_id": FEED,
        "sender": alert.sender,
        "identifier": alert.identifier,
        "sent": alert.sent,
        "msg_type": str(alert.msg_type),
        "event": alert.infos[0].event,
        "headline": "",
        "severity": str(alert.infos[0].severity),
        "sha256": OTHER_DIGEST,
        "event_key": facts(alert).key,
        "chain_id": "chain",
        "begins": alert.sent,
    }
    made: StoredAlert = untyped_stored(**values | changes)
    return made


def known(**changes: Any) -> RelatedState:
    """What the record knows at the time of the decision; by default everything named is in the graph."""
    values: dict[str, Any] = {"now": AT, "source_id": FEED, "digest": DIGEST}
    if "graph" not in changes:
        same = changes.get("same")
        own = [] if same is None else [same]
        own += [
            one
            for name in ("copies", "editions")
            for one in changes.get(name, ())
            if one.id in changes.get("succeeds", ())
        ]
        values["graph"] = [*own, *changes.get("named", ()), *changes.get("later", ())]
    found = (*changes.get("copies", ()), *changes.get("editions", ()))
    values["covering"] = frozenset(one.id for one in found)
    return RelatedState(**values | changes)
