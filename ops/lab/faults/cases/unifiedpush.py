"""F24: a push server of UnifiedPush says in each of its ways that a phone is gone, or only away."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ops.lab.faults.cap_messages import Variant
from ops.lab.faults.cases.phones import forgotten
from ops.lab.gateways.standins.unifiedpush import STANDIN

if TYPE_CHECKING:
    from ops.lab.faults.trial import Trial

NAME: Final = STANDIN.name
AWAY_SHARE: Final = 0.5
LIVES_FOR: Final = timedelta(seconds=15)
"""The lifetime of the warning that phones miss."""
ASKED_AT_MOST: Final = 20
"""How often a phone that is away may be asked for within that time: waits double, and each is drawn by lot."""


class ServerAnswer(NamedTuple):
    """What a server of UnifiedPush says of one phone."""

    status: int
    members: dict[str, Any] | None = None


GONE: Final = {
    "A": ServerAnswer(404),
    "B": ServerAnswer(410),
    "C": ServerAnswer(401, {"success": False}),
}
"""By the beginning of the phone's reference, about one in 64 each: newer NextPush, Mozilla's server, older NextPush."""
PASSING: Final = {
    "D": ServerAnswer(507, {"code": 50701, "http": 507, "error": "nobody listens"}),
    "E": ServerAnswer(507),
    "F": ServerAnswer(429, {"code": 42908, "http": 429, "error": "daily quota"}),
    "G": ServerAnswer(403, {"code": 40301, "http": 403, "error": "forbidden"}),
    "H": ServerAnswer(500, {"code": 50001, "http": 500, "error": "internal"}),
}
"""ntfy: a phone that is away, a full disk, a phone's messages of the day, a topic that is closed to us, an error."""
AWAY: Final = PASSING["D"]


def errors(trial: Trial) -> None:
    """Each answer for some phones, then another warning: who is gone is not asked again, and whose request failed for a
    while is served.
    """
    rules = [said(prefix, one) for prefix, one in GONE.items()]
    rules += [said(prefix, one, first_attempts=2) for prefix, one in PASSING.items()]
    trial.gateways({NAME: rules})
    trial.case.excused |= {ref for ref in _refs(trial) if ref[0] in GONE}
    trial.warn()
    trial.settle()
    trial.look()
    seen = len(trial.entries)
    trial.hold("never_struck", float(not any(one.status == AWAY.status for one in trial.entries)), 0)
    trial.warn()
    trial.settle()
    trial.look()
    refs = _refs(trial)
    later = [one for one in trial.entries[seen:] if one.recipient in refs and one.recipient[0] in GONE]
    trial.hold("asked_again_although_gone", float(len(later)), 0)


def away(trial: Trial) -> None:
    """Half of the phones are away for as long as a warning holds, and back at the next: they are asked for now and then
    until it ends, and are told of the next.
    """
    trial.case.may_expire = True
    match = {"share": AWAY_SHARE, "seed": trial.chance.randrange(2**31)}
    trial.gateways({NAME: [{**said("", AWAY), "name": "away", "match": match}]})
    trial.warn(trial.chain(Variant(lifetime=LIVES_FOR)))
    trial.settle()
    trial.look()
    asked = Counter(one.recipient for one in trial.entries if one.fault == "away")
    trial.hold("never_struck", float(not asked), 0)
    trial.hold("never_asked_again", float(max(asked.values(), default=0) < 2), 0)
    trial.hold("asked_too_often", float(max(asked.values(), default=0)), ASKED_AT_MOST)
    trial.gateways({})
    sent = trial.warn()
    trial.settle()
    trial.look()
    phones = [one for one in trial.district.recipients if one.channel == NAME]
    missing = forgotten(phones, sent.message.concerned, trial.entries, sent.id)
    trial.hold("phones_forgotten", float(len(missing)), 0)


def said(prefix: str, one: ServerAnswer, first_attempts: int = 0) -> dict[str, Any]:
    """Return the rule by which the server answers the messages to some phones so."""
    body = "" if one.members is None else json.dumps(one.members)
    return {
        "name": f"{one.status}",
        "match": {"recipient_prefix": prefix, "first_attempts": first_attempts},
        "action": {"kind": "status", "status": one.status, "body": body},
    }


def _refs(trial: Trial) -> set[str]:
    return {one.ref for one in trial.district.recipients if one.channel == NAME}
