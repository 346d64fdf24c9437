"""F8 to F11, F20: gateways that hang, vanish, are slow, send Retry-After, refuse, or hide that they took a message."""

from __future__ import annotations

import os
import re
import signal
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ops.lab.faults.cap_messages import Variant
from ops.lab.gateways.standins.app import STANDIN as APP
from ops.lab.gateways.standins.webpush import STANDIN as PUSH
from ops.lab.world.ledger import instant

if TYPE_CHECKING:
    from ops.lab.faults.trial import SentMessage, Trial
    from ops.lab.world.ledger import Entry

STRUCK, *_ = PUSH.names(several=2)
OUTAGE_S = 6.0
UNAFFECTED_WITHIN_S = 2.0
"""The most seconds by which the last recipient of the other gateways may be later than in an undisturbed send."""
GOES_AWAY_EVERY = 12
DISCONNECTS_EVERY = 25
PATIENCE_S = 4
REFUSES_FOR_S = 1.5
HEARD_WITHIN_S = 1.0
"""How long requests may still arrive that were under way when the first 429 was sent."""
REPEATS_SHARE = 1.1
LIE_SHARE = 0.2
LIES = {"hang_after", "reset_after", "truncate"}
GONE = {"A": 404, "B": 410}
REFUSED = {"C": 400, "D": 413, "E": 301, "F": 307, "G": 418}
PASSING = {"H": 500, "I": 502, "J": 408}
"""The status that a gateway answers to subscriptions whose reference begins so: about one in 64 each."""
_UNCERTAIN = re.compile(r'^warn_delivery_attempts_total\{.*result="uncertain".*\} (\S+)$', re.MULTILINE)


def hang(trial: Trial) -> None:
    """One push service takes requests and never answers; it has read nothing."""
    quiet_s = undisturbed(trial)
    trial.gateways({STRUCK: [_rule("hang", until_s=OUTAGE_S)]})
    _struck(trial, quiet_s)


def silent(trial: Trial) -> None:
    """One push service's process is stopped: the kernel accepts connections, and no request is read. What it finds in
    its buffers when it is continued it takes, although no sender waits for the answer any more."""
    quiet_s = undisturbed(trial)
    before = uncertain(trial)
    pid = trial.district.gateways[STRUCK].process.pid
    sent = trial.warn()
    trial.await_moment()
    os.kill(pid, signal.SIGSTOP)
    try:
        time.sleep(OUTAGE_S)
    finally:
        os.kill(pid, signal.SIGCONT)
    others_unaffected(trial, sent, quiet_s)
    trial.settle()
    trial.allow(round(uncertain(trial) - before))


def vanished(trial: Trial) -> None:
    """One push service's process is killed: connections are refused. It comes back at the same port."""
    quiet_s = undisturbed(trial)
    before = uncertain(trial)
    sent = trial.warn()
    trial.await_moment()
    trial.district.kill_gateway(STRUCK)
    time.sleep(OUTAGE_S)
    trial.district.start_gateway(STRUCK)
    trial.gateways({})
    back_s = time.monotonic()
    others_unaffected(trial, sent, quiet_s)
    trial.settle()
    trial.recovered(time.monotonic() - back_s)
    trial.allow(round(uncertain(trial) - before))


def goes_away(trial: Trial) -> None:
    """One push service ends every connection in an orderly way after a few requests, as one that is being renewed, or
    nginx, does: what it still takes it answers, and the rest is sent again elsewhere."""
    _every(trial, "go_away", GOES_AWAY_EVERY)


def disconnects(trial: Trial) -> None:
    """One push service breaks connections, and with each all that is under way on it."""
    _every(trial, "disconnect", DISCONNECTS_EVERY)


def _every(trial: Trial, kind: str, every: int) -> None:
    before = uncertain(trial)
    rule = _rule(kind)
    rule["match"] = {"every": every}
    trial.gateways({STRUCK: [rule]})
    trial.warn()
    trial.settle()
    trial.hold("never_struck", float(not _fired(trial, {kind})), 0)
    trial.allow(round(uncertain(trial) - before))


def slow(trial: Trial) -> None:
    """One push service needs almost as long as we wait for it."""
    quiet_s = undisturbed(trial)
    delay_s = 0.75 * float(trial.district.layout.settings["WARN_REQUEST_TIMEOUT_S"])
    trial.gateways({STRUCK: [_rule("delay", delay_s=delay_s)]})
    _struck(trial, quiet_s)


def slow_loris(trial: Trial) -> None:
    """One push service takes every message and answers a byte at a time, slower than we wait."""
    quiet_s = undisturbed(trial)
    trial.gateways({STRUCK: [_rule("slow", until_s=OUTAGE_S, pause_s=0.5)]})
    _struck(trial, quiet_s)
    trial.allow(_fired(trial, {"slow"}))


def _struck(trial: Trial, quiet_s: float) -> None:
    sent = trial.warn()
    trial.settle()
    others_unaffected(trial, sent, quiet_s)
    struck = [entry for entry in _at(trial, STRUCK) if instant(entry.wall_ns) >= sent.answer.began_at]
    down = [entry for entry in struck if entry.fault == "hang"]
    budget = trial.in_flight_max() * trial.district.layout.workers
    trial.hold("requests_to_a_gateway_that_hangs", float(len(down)), budget + OUTAGE_S * 2)


def undisturbed(trial: Trial) -> float:
    """Measure the seconds to the last recipient of the other gateways while all are well."""
    sent = trial.warn()
    trial.settle()
    return _others_s(trial, sent)


def _others_s(trial: Trial, sent: SentMessage) -> float:
    """Return the seconds from the submission's answer to the last first accept of a gateway that was not struck."""
    trial.look()
    port = trial.district.gateways[STRUCK].ready.ports[0]
    firsts: dict[str, datetime] = {}
    for entry in trial.entries:
        at = instant(entry.wall_ns)
        if entry.accepted and entry.port != port and at >= sent.answer.began_at:
            firsts.setdefault(entry.recipient, at)
    last = max(firsts.values(), default=sent.answer.ended_at)
    return (last - sent.answer.ended_at).total_seconds()


def others_unaffected(trial: Trial, sent: SentMessage, quiet_s: float) -> None:
    trial.hold("other_gateways_later_s", _others_s(trial, sent) - quiet_s, UNAFFECTED_WITHIN_S)


def _at(trial: Trial, name: str) -> list[Entry]:
    trial.look()
    port = trial.district.gateways[name].ready.ports[0]
    return [entry for entry in trial.entries if entry.port == port]


def _rule(kind: str, *, until_s: float | None = None, **action: Any) -> dict[str, Any]:
    match = {} if until_s is None else {"until_s": until_s}
    return {"name": kind, "match": match, "action": {"kind": kind, **action}}


def _fired(trial: Trial, names: set[str]) -> int:
    """Count how often rules of these names met a request: so many answers were lost, each of which allows a repeat."""
    stats = [gateway.stats()["by_fault"] for gateway in trial.district.gateways.values()]
    return sum(count for one in stats for name, count in one.items() if name in names)


def uncertain(trial: Trial) -> float:
    """Count the requests so far to which the workers report no answer."""
    return sum(
        float(count) for text in trial.service.metrics().values() for count in _UNCERTAIN.findall(text)
    )


@dataclass(frozen=True, slots=True)
class RetryAfterForm:
    """One form in which a gateway asks to be left alone. It is owed `least_s` of silence."""

    status: int
    header: str | None
    least_s: float


def patience(trial: Trial) -> None:
    """One push service asks for patience, in one of the forms of Retry-After that are in use."""
    choice = forms(datetime.now(UTC))
    form = choice[trial.case.run % len(choice)]
    headers = {} if form.header is None else {"retry-after": form.header}
    rule = _rule("status", until_s=REFUSES_FOR_S, status=form.status, headers=headers)
    rule["name"] = "patience"
    trial.gateways({STRUCK: [rule]})
    sent = trial.warn()
    trial.settle()
    asked = sorted(entry.wall_ns for entry in _at(trial, STRUCK))
    refused = [entry.wall_ns for entry in _at(trial, STRUCK) if entry.fault == "patience"]
    if refused:
        first = min(refused)
        silence = (first + HEARD_WITHIN_S * 1e9, first + (form.least_s - 0.1) * 1e9)
        early = sum(silence[0] < at < silence[1] for at in asked)
        trial.hold("requests_before_retry_after", float(early), 0)
    owed = sum(entry.accepted for entry in _at(trial, STRUCK))
    budget = REPEATS_SHARE * owed + trial.in_flight_max() * trial.district.layout.workers
    trial.hold("attempts_above_budget", max(0.0, len(asked) - budget), 0)
    trial.recovered((sent.settled_at or datetime.now(UTC)).timestamp() - sent.answer.ended_at.timestamp())


def forms(now: datetime) -> tuple[RetryAfterForm, ...]:
    """Return the forms of Retry-After: seconds, a date, a date that is past, nonsense, nothing."""
    date = "%a, %d %b %Y %H:%M:%S GMT"
    later = (now + timedelta(seconds=PATIENCE_S + 2)).strftime(date)
    past = (now - timedelta(hours=1)).strftime(date)
    return (
        RetryAfterForm(429, str(PATIENCE_S), PATIENCE_S),
        RetryAfterForm(429, later, PATIENCE_S),
        RetryAfterForm(429, past, HEARD_WITHIN_S),
        RetryAfterForm(429, "in a moment", PATIENCE_S),
        RetryAfterForm(429, None, PATIENCE_S),
        RetryAfterForm(503, str(PATIENCE_S), PATIENCE_S),
        RetryAfterForm(503, later, PATIENCE_S),
        RetryAfterForm(503, "in a moment", 0.0),
        RetryAfterForm(503, None, 0.0),
    )


def endless_patience(trial: Trial) -> None:
    """One push service sends a Retry-After of thirty years. Its subscribers are lost to this short-lived warning, and
    the record says so; no other recipient is."""
    trial.case.may_expire = True
    rule = _rule("status", status=429, headers={"retry-after": "1000000000"})
    trial.gateways({STRUCK: [rule]})
    trial.warn(trial.chain(Variant(lifetime=timedelta(seconds=12))))
    trial.settle()
    trial.hold(
        "attempts", float(len(_at(trial, STRUCK))), trial.in_flight_max() * trial.district.layout.workers
    )


def statuses(trial: Trial) -> None:
    """Each status of RFC 9110 that matters, for some subscriptions each, then another warning: a subscription that is
    gone is not asked again, a redirect is not followed, and a recipient whose request failed once is served."""
    redirect = {"location": f"{trial.district.gateways[APP.name].url}/followed"}
    rules = [_refusal(prefix, status, redirect) for prefix, status in {**GONE, **REFUSED}.items()]
    rules += [_refusal(prefix, status, {}, first_attempts=2) for prefix, status in PASSING.items()]
    trial.gateways(dict.fromkeys(trial.district.named(PUSH), rules))
    trial.case.excused |= {
        one.ref for one in trial.district.recipients if one.channel == PUSH.channel and one.ref[0] in REFUSED
    }
    trial.warn()
    trial.settle()
    trial.look()
    seen = len(trial.entries)
    trial.warn()
    trial.settle()
    trial.look()
    later = trial.entries[seen:]
    gone = [one for one in later if one.channel == PUSH.channel and one.recipient[:1] in GONE]
    trial.hold("asked_again_although_gone", float(len(gone)), 0)
    followed = [one for one in trial.entries if one.channel == APP.channel and one.reason == "path"]
    trial.hold("redirects_followed", float(len(followed)), 0)


def _refusal(prefix: str, status: int, headers: dict[str, str], first_attempts: int = 0) -> dict[str, Any]:
    return {
        "name": f"{status}",
        "match": {"recipient_prefix": prefix, "first_attempts": first_attempts},
        "action": {"kind": "status", "status": status, "headers": headers},
    }


def locked_out(trial: Trial) -> None:
    """One push service refuses our key for a while: it is left alone, and no subscription is removed."""
    status = trial.chance.choice([401, 403])
    trial.gateways({STRUCK: [_rule("status", until_s=REFUSES_FOR_S, status=status)]})
    trial.warn()
    trial.settle()
    refused = [entry for entry in _at(trial, STRUCK) if entry.status == status]
    budget = trial.in_flight_max() * trial.district.layout.workers
    trial.hold("requests_while_locked_out", float(len(refused)), budget)
    trial.gateways({})
    trial.warn()


def lies(trial: Trial) -> None:
    """Every gateway hides, of some messages, that it took them: no answer, a reset, half an answer."""
    trial.gateways({name: [_lie(trial, kind) for kind in sorted(LIES)] for name in trial.district.gateways})
    trial.warn()
    trial.settle()
    trial.allow(_fired(trial, LIES))


def _lie(trial: Trial, kind: str) -> dict[str, Any]:
    match = {"probability": LIE_SHARE / len(LIES), "seed": trial.chance.randrange(2**31)}
    return {"name": kind, "match": match, "action": {"kind": kind}}
