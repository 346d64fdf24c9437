"""F8, F20: an SMS centre, reached by SMPP, that dies with messages unanswered, or whose receipts lie."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from ops.lab.faults.cap_messages import Variant
from ops.lab.faults.cases.gateways import uncertain
from ops.lab.faults.trial import TrialError
from ops.lab.gateways.smpp.receipts import FINAL, Sequence
from ops.lab.gateways.standins.smsc import STANDIN as SMSC
from ops.lab.world.population import watching

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from ops.lab.faults.trial import SentMessage, Trial
    from ops.lab.gateways.smpp.outbox import SentReceipt
    from ops.lab.world.records import ServiceRecord

OUTAGE_S = 2.0
RESEND = "WARN_DELIVERY__RESEND_UNCERTAIN"
WINDOW = 10
"""Messages outstanding in the one session that each worker has, by the service's default."""
LATEST_SHARE = 0.6
"""The latest share of the texts at which the centre is killed: some must be unanswered then."""
THINKS_S = 1.0
MOMENT_WITHIN_S = 30.0
RECEIPTED_WITHIN_S = 60.0
RECORDED_WITHIN_S = 15.0
"""How long after the last acknowledgement a receipt may wait for its id, which another worker may have."""
LOOK_EVERY_S = 0.02
REPORTED = {"DELIVRD": "delivered", **dict.fromkeys(FINAL - {"DELIVRD"}, "failed")}
CRITERIA = ("not_acknowledged", "reports_lost", "invented", "failure_not_believed")
LIES = (
    Sequence.DELIVERED,
    Sequence.FAILED,
    Sequence.CONTRADICTED,
    Sequence.DISORDERED,
    Sequence.FOREIGN,
    Sequence.SILENT,
)


def dies(trial: Trial) -> None:
    """The centre is killed with messages taken and not answered, and comes back. What was outstanding is uncertain, and
    nothing else; nobody else is lost, and no more get a text twice than are counted as uncertain."""
    before = uncertain(trial)
    sent = _warn(trial)
    _await_texts(trial, sent, trial.chance.uniform(0, LATEST_SHARE))
    _await_unanswered(trial, sent)
    trial.district.kill_gateway(SMSC.name)
    time.sleep(OUTAGE_S)
    trial.district.start_gateway(SMSC.name)
    trial.gateways({})
    back_s = time.monotonic()
    trial.settle()
    trial.recovered(time.monotonic() - back_s)
    unsure = round(uncertain(trial) - before)
    resent = trial.district.layout.settings.get(RESEND) != "never"
    trial.allow(unsure if resent else 0)
    told = _times_told(trial, sent)
    claims = [one for one in trial.district.ledger(sent.id) if one.channel == SMSC.channel]
    trial.case.excused |= given_up(told, claims)
    trial.hold("never_struck", float(not unsure), 0)
    trial.hold("uncertain", float(unsure), WINDOW * trial.district.layout.workers)
    twice = sum(times - 1 for times in told.values())
    trial.hold("told_twice_uncounted", float(max(0, twice - unsure)), 0)


def given_up(told: Mapping[str, int], claims: Iterable[ServiceRecord]) -> set[str]:
    """Return the recipients who got nothing, because the record says that they may have and does not send again: dead
    letters, marked uncertain, which a person sees. `told` is how often each got a whole text."""
    return {
        one.recipient
        for one in claims
        if one.uncertain and one.state == "dead" and not told.get(one.recipient)
    }


def receipts_lie(trial: Trial) -> None:
    """The centre sends every receipt twice, some before the answer, and others that contradict one another, come in a
    wrong order, are about messages that nobody sent. A failure is believed whenever it comes."""
    centre = trial.district.gateways[SMSC.name]
    centre.receipt(
        sequences=[str(one) for one in LIES],
        seed=trial.chance.randrange(2**31),
        early=0.3,
        doubled=True,
        form="both",
        dates="seconds",
    )
    try:
        sent = _warn(trial)
        trial.settle()
        receipts = _all_answered(trial)
        reports = _reports(trial, sent)
        give_up = time.monotonic() + RECORDED_WITHIN_S
        while any(broken(receipts, reports).values()) and time.monotonic() < give_up:
            time.sleep(LOOK_EVERY_S * 5)
            reports = _reports(trial, sent)
    finally:
        centre.receipt_no_more()
    for name, count in broken(receipts, reports).items():
        trial.hold(name, float(count), 0)
    told = _times_told(trial, sent)
    trial.hold("sent_again", float(sum(times - 1 for times in told.values())), 0)


def broken(receipts: Iterable[SentReceipt], reports: Mapping[str, str | None]) -> dict[str, int]:
    """Count what must not happen. `reports` is what the service's ledger says by recipient."""
    said: defaultdict[str, set[str]] = defaultdict(set)
    count: Counter[str] = Counter()
    for one in receipts:
        count["not_acknowledged"] += one.status != 0
        if one.known and one.state in FINAL:
            said[one.recipient].add(REPORTED[one.state])
    for recipient, report in reports.items():
        owed = owed_report(said.get(recipient, set()))
        count["reports_lost"] += owed is not None and report is None
        count["invented"] += report is not None and report not in said.get(recipient, set())
        count["failure_not_believed"] += report == "delivered" and owed == "failed"
    return {name: count[name] for name in CRITERIA}


def owed_report(said: Collection[str]) -> str | None:
    """Return what is to stand beside a recipient: a failure is believed whenever it comes; None where nothing final was
    said."""
    return "failed" if "failed" in said else next(iter(said), None)


def _warn(trial: Trial) -> SentMessage:
    return trial.warn(trial.chain(Variant(marked=True)))


def _await_texts(trial: Trial, sent: SentMessage, share: float) -> None:
    """Wait until this share of those who are warned by text had theirs taken, and at least one."""
    concerned = watching(trial.district.recipients, sent.message.concerned)
    owed = sum(one.channel == SMSC.channel for one in concerned)
    give_up = time.monotonic() + MOMENT_WITHIN_S
    taken = 0
    while taken < max(1, share * owed):
        if time.monotonic() > give_up:
            raise TrialError(f"{taken} of {owed} texts were sent in {MOMENT_WITHIN_S:.0f} s")
        time.sleep(LOOK_EVERY_S)
        taken = len(_times_told(trial, sent))


def _await_unanswered(trial: Trial, sent: SentMessage) -> None:
    """Let the centre think for a while over each message, and wait until one that made a text whole has no answer."""
    rule = {"name": "slow", "action": {"kind": "delay", "delay_s": THINKS_S}}
    trial.gateways({SMSC.name: [rule]})
    whole = sum(_times_told(trial, sent).values())
    give_up = time.monotonic() + MOMENT_WITHIN_S
    while sum(_times_told(trial, sent).values()) == whole:
        if time.monotonic() > give_up:
            raise TrialError(f"no further text was sent in {MOMENT_WITHIN_S:.0f} s")
        time.sleep(LOOK_EVERY_S)


def _times_told(trial: Trial, sent: SentMessage) -> Counter[str]:
    """Return how often each recipient got the whole text."""
    trial.look()
    return Counter(
        entry.recipient
        for entry in trial.entries
        if entry.channel == SMSC.channel
        and entry.accepted
        and not entry.incomplete
        and entry.alert == sent.chain
    )


def _all_answered(trial: Trial) -> tuple[SentReceipt, ...]:
    give_up = time.monotonic() + RECEIPTED_WITHIN_S
    while time.monotonic() < give_up:
        summary = trial.district.gateways[SMSC.name].receipts()
        if not summary.open:
            return summary.sent
        time.sleep(LOOK_EVERY_S)
    raise TrialError(f"{summary.open} receipts are not answered after {RECEIPTED_WITHIN_S:.0f} s")


def _reports(trial: Trial, sent: SentMessage) -> dict[str, str | None]:
    return {
        entry["ref"]: entry["report"]
        for entry in trial.ledger_lines(sent.id)
        if entry["channel"] == SMSC.channel
    }
