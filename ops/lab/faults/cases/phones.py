"""F23: FCM and APNs say that phones are gone, refuse what they granted, or answer what is none of their errors."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ops.lab.faults.cases.gateways import uncertain
from ops.lab.gateways.standins.apns import STANDIN as APPLES
from ops.lab.gateways.standins.fcm import FCM_ERROR, STANDIN
from ops.lab.gateways.standins.unifiedpush import STANDIN as UNIFIEDPUSH
from ops.lab.world.population import watching

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from ops.lab.faults.trial import SentMessage, Trial
    from ops.lab.world.ledger import Entry
    from ops.lab.world.population import Recipient

FCM: Final = STANDIN.name
APNS: Final = APPLES.name
FAMILIES: Final = frozenset({FCM, APNS})
PHONES: Final = FAMILIES | {UNIFIEDPUSH.family}
OUTAGE_S: Final = 2.0
REFUSES_FOR_S: Final = 1.5
STRUCK_WITHIN_S: Final = 30.0
"""Workers take ten seconds until they know of a project whose account was given to its instance."""
LOOK_EVERY_S: Final = 0.02


class PhoneError(NamedTuple):
    """What FCM says of one phone."""

    status: int
    word: str
    code: str
    message: str = ""


GONE: Final = {
    "A": PhoneError(404, "NOT_FOUND", "UNREGISTERED"),
    "B": PhoneError(403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH"),
    "C": PhoneError(
        400,
        "INVALID_ARGUMENT",
        "INVALID_ARGUMENT",
        "The registration token is not a valid FCM registration token",
    ),
}
"""By the beginning of the phone's reference: about one in 64 each. The same ones of APNs."""
PASSING: Final = {
    "H": PhoneError(500, "INTERNAL", "INTERNAL"),
    "I": PhoneError(503, "UNAVAILABLE", "UNAVAILABLE"),
    "J": PhoneError(401, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR"),
}
APPLES_GONE: Final = {"A": (410, "Unregistered"), "B": (400, "BadDeviceToken"), "C": (410, "ExpiredToken")}
APPLES_PASSING: Final = {
    "H": (500, "InternalServerError"),
    "I": (503, "ServiceUnavailable"),
    "J": (429, "TooManyRequests"),
}
"""What APNs says of iPhones whose references begin so: status and reason."""
FOREIGN: Final = (
    (404, "<!DOCTYPE html><title>Error 404 (Not Found)!!1</title>"),
    (403, json.dumps({"error": {"code": 403, "status": "PERMISSION_DENIED", "message": "API not enabled"}})),
    (404, json.dumps({"error": {"code": 404, "status": "NOT_FOUND", "message": "no such project"}})),
)
"""Refusals that say nothing of a phone: something between, an API that is switched off, a project that is not there."""


def errors(trial: Trial) -> None:
    """The errors of FCM and APNs for some phones each, then another warning: who is gone is not asked again, and whose
    request failed once is served.
    """
    rules = [said(prefix, one) for prefix, one in GONE.items()]
    rules += [said(prefix, one, first_attempts=2) for prefix, one in PASSING.items()]
    apples = [apple_said(prefix, *one) for prefix, one in APPLES_GONE.items()]
    apples += [apple_said(prefix, *one, first_attempts=2) for prefix, one in APPLES_PASSING.items()]
    trial.gateways({FCM: rules, APNS: apples})
    trial.case.excused |= {
        one.ref for one in trial.district.recipients if one.channel in FAMILIES and one.ref[0] in GONE
    }
    trial.warn()
    trial.settle()
    trial.look()
    seen = len(trial.entries)
    trial.warn()
    trial.settle()
    trial.look()
    later = [one for one in trial.entries[seen:] if one.channel in FAMILIES and one.recipient[:1] in GONE]
    trial.hold("asked_again_although_gone", float(len(later)), 0)


def foreign(trial: Trial) -> None:
    """For a while every message is refused by what says nothing of phones: none of them is forgotten by that."""
    status, body = FOREIGN[trial.case.run % len(FOREIGN)]
    action = {"kind": "status", "status": status, "body": body}
    trial.gateways({family: [{"name": "foreign", "action": action}] for family in FAMILIES})
    trial.warn()
    struck = _await_status(trial, status)
    time.sleep(REFUSES_FOR_S)
    trial.gateways({})
    trial.settle()
    trial.hold("never_struck", float(not struck), 0)
    sent = trial.warn()
    trial.settle()
    trial.hold("phones_forgotten", float(_missing(trial, sent)), 0)


def granted_no_more(trial: Trial) -> None:
    """FCM dies in mid-send and comes back, and knows none of the access tokens that it granted: all senders ask for
    others, and nobody is told that the account is wrong.
    """
    trial.warn()
    trial.settle()
    before = uncertain(trial)
    sent = trial.warn()
    trial.await_moment()
    trial.district.kill_gateway(FCM)
    time.sleep(OUTAGE_S)
    trial.district.start_gateway(FCM)
    trial.gateways({})
    back_s = time.monotonic()
    trial.settle()
    trial.recovered(time.monotonic() - back_s)
    trial.hold("never_struck", float(not _await_status(trial, 401)), 0)
    trial.allow(round(uncertain(trial) - before))
    later = trial.warn()
    trial.settle()
    trial.hold("phones_forgotten", float(_missing(trial, sent) + _missing(trial, later)), 0)


def said(prefix: str, one: PhoneError, first_attempts: int = 0) -> dict[str, Any]:
    details = [{"@type": FCM_ERROR, "errorCode": one.code}]
    error = {"code": one.status, "status": one.word, "message": one.message or one.word, "details": details}
    return {
        "name": one.code,
        "match": {"recipient_prefix": prefix, "first_attempts": first_attempts},
        "action": {"kind": "status", "status": one.status, "body": json.dumps({"error": error})},
    }


def apple_said(prefix: str, status: int, reason: str, first_attempts: int = 0) -> dict[str, Any]:
    """Return the rule by which APNs refuses the messages to some iPhones."""
    return {
        "name": reason,
        "match": {"recipient_prefix": prefix, "first_attempts": first_attempts},
        "action": {"kind": "status", "status": status, "body": json.dumps({"reason": reason})},
    }


def _await_status(trial: Trial, status: int) -> bool:
    """Wait until FCM has answered a phone's message so, but no longer than half a minute. Returns whether it has."""
    give_up = time.monotonic() + STRUCK_WITHIN_S
    while not any(one.channel == FCM and one.status == status for one in trial.entries):
        if time.monotonic() > give_up:
            return False
        time.sleep(LOOK_EVERY_S)
        trial.look()
    return True


def _missing(trial: Trial, sent: SentMessage) -> int:
    trial.look()
    return len(forgotten(trial.district.recipients, sent.message.concerned, trial.entries, sent.id))


def forgotten(
    recipients: Iterable[Recipient], concerned: Collection[str], entries: Iterable[Entry], alert_id: str
) -> set[str]:
    """Return the phones that a message concerns and that did not get it, whatever was said of them before: a loss, too,
    where the verdict takes a 404 for the end of a phone.
    """
    owed = {one.ref for one in watching(recipients, concerned) if one.channel in PHONES}
    return owed - {one.recipient for one in entries if one.accepted and one.alert == alert_id}
