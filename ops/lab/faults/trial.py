"""Carries out one run of one fault: submit, wait for the instant, do the damage, wait until all is settled, read the
service's ledger."""

from __future__ import annotations

import http.client
import json
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ops.lab.faults.cap_messages import WHOLE, CapMessage, Chain, Variant
from ops.lab.world.district import SENDER, SETTLES_WITHIN_S, District
from ops.lab.world.population import watching
from ops.lab.world.records import Kind, ServiceRecord
from ops.lab.world.service import FINAL, ApiResponse, ServiceError

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping

    from ops.lab.world.ledger import Entry, Tail

LATENCY_S = 0.05
"""Latency of every gateway: a send must take a while for a fault to fall into it."""
EARLY_SHARE = 0.1
"""The share of the random instants that lie before the first send."""
MOMENT_WITHIN_S = 30.0
ACCEPTED_WITHIN_S = 120.0
AGAIN_S = 0.1
LOOK_EVERY_S = 0.02
NO_ANSWER = (OSError, http.client.HTTPException)
AWAY = (*NO_ANSWER, ServiceError, KeyError)
"""What is raised while the API is not there."""


class TrialError(Exception):
    """The run could not be carried out: nothing is known about the service."""


@dataclass(slots=True)
class SentMessage:
    """A message that was answered with 2xx."""

    message: CapMessage
    chain: str
    answer: ApiResponse
    settled_at: datetime | None = None

    @property
    def id(self) -> str:
        return self.answer.alert_id


@dataclass(frozen=True, slots=True)
class Finding:
    """A criterion besides the counts: held if `value` is at most `limit`."""

    value: float
    limit: float

    @property
    def ok(self) -> bool:
        return self.value <= self.limit


@dataclass(slots=True)
class TrialRecord:
    """Holds what a run knows without asking the service."""

    number: int
    """The run's number in its district, so that identifiers differ."""
    run: int
    """The run's number among those of its fault."""
    began_at: datetime
    sent: list[SentMessage] = field(default_factory=list)
    bound: int = 0
    excused: set[str] = field(default_factory=set)
    """Recipients that the fault itself makes unreachable."""
    may_expire: bool = False
    """Whether the fault outlasts its messages: recipients that were not sent to before `expires` are rightly left out.
    """
    recovery_s: list[float] = field(default_factory=list)
    findings: dict[str, Finding] = field(default_factory=dict)
    claims: list[ServiceRecord] = field(default_factory=list)
    ended_at: datetime | None = None


class Trial:
    """Gives a fault what it needs for one run."""

    def __init__(self, district: District, tail: Tail, chance: random.Random, case: TrialRecord) -> None:
        self.district = district
        self.service = district.service
        self.chance = chance
        self.case = case
        self._tail = tail
        self._run = f"{case.began_at:%Y%m%dt%H%M%S}-{case.number}"
        self._chains = 0
        self._settles_within_s = SETTLES_WITHIN_S
        self._reached: set[tuple[str, str]] = set()
        self.entries: list[Entry] = []
        """What the gateways wrote down in this run, as far as `look` has read it."""
        self._tail.new()
        self.gateways({})

    def gateways(self, rules: Mapping[str, list[dict[str, Any]]]) -> None:
        """Put these fault rules in force, by gateway, before the latency that all have."""
        latency = {"name": "latency", "action": {"kind": "delay", "delay_s": LATENCY_S}}
        for name, gateway in self.district.gateways.items():
            gateway.set_faults(*rules.get(name, ()), latency)

    def chain(self, cut: Variant = WHOLE, sender: str = SENDER) -> Chain:
        """Begin a new warning's chain, with an identifier of its own."""
        self._chains += 1
        return Chain(f"{self._run}-{self._chains}", sender, cut)

    def warn(
        self, chain: Chain | None = None, kind: Kind = Kind.ALERT, within_s: float = ACCEPTED_WITHIN_S
    ) -> SentMessage:
        """Submit the chain's next message as a control centre does: again until it is accepted. Raises
        TrialError."""
        chain = chain or self.chain()
        message = chain.write(kind)
        self._reached.clear()
        return self.accepted(message, chain, self.submit(message.xml, within_s))

    def accepted(self, message: CapMessage, chain: Chain, answer: ApiResponse) -> SentMessage:
        """Note a message that was answered with 2xx."""
        sent = SentMessage(message, chain.name, answer)
        self.case.sent.append(sent)
        return sent

    def submit(self, xml: bytes, within_s: float = ACCEPTED_WITHIN_S) -> ApiResponse:
        """POST until 2xx. Raises TrialError where it is refused, or not accepted in time."""
        give_up = time.monotonic() + within_s
        while time.monotonic() < give_up:
            with suppress(*NO_ANSWER, KeyError):
                answer = self.service.submit(xml)
                if answer.accepted:
                    return answer
                if answer.status < 500:
                    raise TrialError(f"refused: {answer.status} {answer.body[:300]!r}")
            time.sleep(AGAIN_S)
        raise TrialError(f"not accepted for {within_s:.0f} s")

    def look(self) -> list[Entry]:
        """Read what the gateways wrote down since the last look."""
        new = self._tail.new()
        self.entries.extend(new)
        self._reached.update((entry.recipient, entry.channel) for entry in new if entry.accepted)
        return new

    def await_share(self, share: float) -> float:
        """Wait until this share of the recipients concerned by the last message was reached, but no longer than half a
        minute. Returns the share reached."""
        concerned = self.case.sent[-1].message.concerned
        total = sum(1 for _ in watching(self.district.recipients, concerned)) or 1
        give_up = time.monotonic() + MOMENT_WITHIN_S
        while True:
            self.look()
            reached = len(self._reached) / total
            if reached >= share or time.monotonic() > give_up:
                return reached
            time.sleep(LOOK_EVERY_S)

    def await_moment(self) -> float:
        """Wait until a random instant of the sending under way, uniform over its progress."""
        return self.await_share(self.chance.uniform(-EARLY_SHARE, 1.0))

    def in_flight_max(self) -> int:
        """Return how many sends one worker can have handed over without having recorded their outcome, in one lane:
        one slice of each leased batch."""
        settings = self.district.layout.settings
        return int(settings["WARN_SLICE_SIZE"]) * int(settings["WARN_JOBS_PER_LANE"])

    def allow(self, doubles: int) -> None:
        """Allow so many duplicates, which the fault explains."""
        self.case.bound += doubles

    def hold(self, name: str, value: float, limit: float) -> None:
        """Hold a criterion; the run's worst value counts."""
        before = self.case.findings.get(name)
        worst = value if before is None else max(value, before.value)
        self.case.findings[name] = Finding(round(worst, 3), limit)

    def ledger_lines(self, alert_id: str) -> list[dict[str, Any]]:
        """Return the lines of the service's ledger for an alert."""
        body = self.service.request("GET", f"/v1/alerts/{alert_id}/ledger").body
        return [json.loads(line) for line in body.splitlines()]

    def recovered(self, seconds: float) -> None:
        """Note how long the service needed to recover."""
        self.case.recovery_s.append(round(seconds, 3))

    def settle(self, within_s: float = SETTLES_WITHIN_S) -> None:
        """Wait until every message is settled, whatever else is down meanwhile; what is not by then stays so."""
        give_up = time.monotonic() + within_s
        while time.monotonic() < give_up:
            for sent in self.case.sent:
                if sent.settled_at is None and self._settled(sent):
                    sent.settled_at = datetime.now(UTC)
            if all(sent.settled_at for sent in self.case.sent):
                return
            self.look()
            time.sleep(LOOK_EVERY_S * 2)

    def _settled(self, sent: SentMessage) -> bool:
        with suppress(*AWAY):
            return self.service.alert(sent.id)["state"] in FINAL
        return False

    def give_up_after(self, seconds: float) -> None:
        """Set how long to wait at the end for what is not settled."""
        self._settles_within_s = seconds

    def conclude(self) -> None:
        """Wait until all is settled and every process runs, then read the service's ledger."""
        self.settle(self._settles_within_s)
        self.service.wait_ready()
        for sent in self.case.sent:
            self.case.claims.extend(self.district.ledger(sent.id))
        self.case.ended_at = datetime.now(UTC)
