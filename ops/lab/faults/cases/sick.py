"""F21, F22: a gateway some of whose endpoints fail for ever, and one that takes only so many messages a second."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ops.lab.faults.cap_messages import Variant
from ops.lab.faults.cases.gateways import STRUCK
from ops.lab.gateways.standins.sms import STANDIN as SMS
from ops.lab.gateways.standins.webpush import STANDIN as PUSH
from ops.lab.world.ledger import instant

if TYPE_CHECKING:
    from ops.lab.faults.trial import SentMessage, Trial

SICK_SHARE = 0.1
SICK_FOR_S = 3.0
"""How long endpoints have failed when the next warning comes."""
SICKNESSES: tuple[dict[str, Any], ...] = (
    *({"kind": "status", "status": status} for status in (500, 503, 507, 403, 429)),
    {"kind": "status", "status": 503, "headers": {"retry-after": "30"}},
    {"kind": "hang"},
    {"kind": "reset"},
)
LIVES_FOR = timedelta(seconds=40)
"""The lifetime of the warnings: who fails for ever expires at its end, if nothing is said of him before."""
WELL_WITHIN_S = 20.0
WELL_LATER_S = 2.0
"""The most seconds by which the last endpoint that is well may be later than those of another service."""
TAKES_PER_S = 5
REFUSALS: tuple[dict[str, Any], ...] = (
    {"kind": "status", "status": 429},
    {"kind": "status", "status": 429, "headers": {"retry-after": "1"}},
    {"kind": "status", "status": 503, "headers": {"retry-after": "1"}},
)
LATER_THAN_ITS_RATE_S = 8.0
"""What learning the rate may take, by two processes that share what they learn, on a machine with other work."""


def endpoints(trial: Trial) -> None:
    """A tenth of the endpoints behind one push service fail for ever; the next warning reaches the others behind it as
    soon as those of a service that is well."""
    action = SICKNESSES[trial.case.run % len(SICKNESSES)]
    match = {"share": SICK_SHARE, "seed": trial.chance.randrange(2**31)}
    trial.gateways({STRUCK: [{"name": "sick", "match": match, "action": action}]})
    lifetime = Variant(lifetime=LIVES_FOR)
    trial.warn(trial.chain(lifetime))
    time.sleep(SICK_FOR_S)
    trial.look()
    everybody = {entry.recipient for entry in _at_struck(trial)}
    sent = trial.warn(trial.chain(lifetime))
    give_up = time.monotonic() + WELL_WITHIN_S
    while missing := everybody - _sick(trial) - _reached(trial, sent, struck=True).keys():
        if time.monotonic() > give_up:
            break
        time.sleep(0.05)
        trial.look()
    here, there = (
        max(_reached(trial, sent, struck=struck).values(), default=0.0) for struck in (True, False)
    )
    trial.hold("well_later_s", WELL_WITHIN_S if missing else here - there, WELL_LATER_S)
    trial.hold("never_struck", float(not _sick(trial)), 0)
    trial.settle()
    trial.look()
    trial.case.excused |= _sick(trial)


def _sick(trial: Trial) -> set[str]:
    return {entry.recipient for entry in trial.entries if entry.fault == "sick"}


def _at_struck(trial: Trial) -> list[Any]:
    port = trial.district.gateways[STRUCK].ready.ports[0]
    return [entry for entry in trial.entries if entry.port == port]


def _reached(trial: Trial, sent: SentMessage, *, struck: bool) -> dict[str, float]:
    """Return the seconds after which the push service that is struck, or another, first took the warning, by
    recipient."""
    port = trial.district.gateways[STRUCK].ready.ports[0]
    first: dict[str, float] = {}
    for entry in trial.entries:
        seconds = (instant(entry.wall_ns) - sent.answer.ended_at).total_seconds()
        here = entry.channel == PUSH.channel and (entry.port == port) is struck
        if here and entry.accepted and instant(entry.wall_ns) >= sent.answer.began_at:
            first.setdefault(entry.recipient, seconds)
    return first


def account(trial: Trial) -> None:
    """The SMS gateway takes so many messages a second and refuses more: all are sent in little more than that takes."""
    action = REFUSALS[trial.case.run % len(REFUSALS)]
    rule = {"name": "throttled", "match": {"above_per_s": TAKES_PER_S}, "action": action}
    trial.gateways({SMS.name: [rule]})
    sent = trial.warn()
    trial.settle()
    trial.look()
    asked = [entry for entry in trial.entries if entry.channel == SMS.channel]
    taken = [entry for entry in asked if entry.accepted]
    last = max((instant(entry.wall_ns) for entry in taken), default=sent.answer.ended_at)
    took_s = (last - sent.answer.ended_at).total_seconds()
    trial.hold("later_than_its_rate_s", took_s - len(taken) / TAKES_PER_S, LATER_THAN_ITS_RATE_S)
    budget = len(taken) + trial.in_flight_max() * trial.district.layout.workers
    trial.hold("refused", float(len(asked) - len(taken)), budget)
    paused = trial.district.metrics()
    named = sum('reason="misconfigured"' in line for text in paused.values() for line in text.splitlines())
    trial.hold("called_misconfigured", float(named), 0)
