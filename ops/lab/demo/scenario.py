"""The demo's scenario: Alert, Update, Cancel, each until it is settled, a worker that is killed, and a neighbour's
warning.
"""

from __future__ import annotations

import random
import re
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from dispatcher.settings import Settings
from ops.lab.demo import apps, faults
from ops.lab.demo import neighbour as neighbours
from ops.lab.demo.authority import approval, desk, exercise, false_alarm, texts
from ops.lab.demo.enrolment import Enrolment
from ops.lab.demo.evidence import KilledProcess, RunRecord, SubmittedMessage, owed
from ops.lab.demo.progress import CHANNELS, Progress
from ops.lab.world import devices, messages, terminal_map
from ops.lab.world.district import SENDER, SETTLES_WITHIN_S
from ops.lab.world.ledger import Tail, gateway_records
from ops.lab.world.messages import CHAPTERS, CONCERNED, Submission
from ops.lab.world.records import GatewayRecord, Kind, Message, RecipientChannel, ServiceRecord
from ops.lab.world.service import FINAL, ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.lab.demo.heartbeat import Heartbeat
    from ops.lab.demo.neighbour import Neighbour
    from ops.lab.demo.view import View
    from ops.lab.world.district import District
    from ops.lab.world.ledger import Entry

ZONE = ZoneInfo("Europe/Berlin")
LOOK_EVERY_S = 0.02
SHOW_EVERY_S = 0.1
ASK_EVERY_S = 0.25
KILL_BETWEEN = (0.1, 0.5)
"""The worker is killed when a share of the recipients between these two was reached; the seed decides which."""
TITLES = {Kind.ALERT: "1/3 Alert", Kind.UPDATE: "2/3 Update", Kind.CANCEL: "3/3 Cancel"}
_ATTEMPTS = re.compile(r"^warn_delivery_attempts_total\{.*\} (\S+)$", re.MULTILINE)


def in_flight_max() -> int:
    """Return how many sends one process can have handed over without having recorded their outcome. In each lane it
    holds so many batches, and of each one slice is in flight: the next is claimed, in the record, by the write that
    books the answers to the last. An alert travels in one lane. The published defaults count, for the demo changes
    none of them."""
    published = {name: field.default for name, field in Settings.model_fields.items()}
    return int(published["slice_size"]) * int(published["jobs_per_lane"])


class Scenario:
    """Runs the demo once over a running district."""

    def __init__(
        self,
        district: District,
        neighbour: Neighbour,
        view: View,
        heartbeat: Heartbeat,
        seed: int,
        first_within_s: float = false_alarm.FIRST_WITHIN_S,
    ) -> None:
        """`first_within_s`: how soon the correction of the false alarm must have reached a gateway."""
        self._district = district
        self._neighbour = neighbour
        self._view = view
        self._step = heartbeat.step
        self._seed = seed
        self._first_within_s = first_within_s
        self._chance = random.Random(seed)
        self._kill_at = self._chance.uniform(*KILL_BETWEEN)
        self._tail = Tail(gateway.ledger for gateway in district.gateways.values())
        self._places = {one.ref: one.places for one in district.recipients}
        self._people = {one.ref for person in district.people for one in person.endpoints}
        """The endpoints of those who subscribe themselves. At which one each is told is counted at the end."""
        self._run = datetime.now(UTC).strftime("%Y%m%dt%H%M%S")
        self._written: list[Submission] = []
        self._gateway: list[GatewayRecord] = []
        self._messages: list[Message] = []
        self._submitted: list[SubmittedMessage] = []
        self._deaths: list[KilledProcess] = []
        self._killed: tuple[str, int, float] | None = None
        self._gone: set[RecipientChannel] = set()
        """Those of whom a gateway has said that they are gone: nothing is owed to them any more."""
        self._apps: tuple[apps.DemoApp, ...] = ()
        self._shown: list[apps.ShownRecord] = []
        self.claims: list[ServiceRecord] = []
        """What the service says of the alerts of other sources than the control centre."""
        self._read: dict[str, Entry] = {}
        """What the first device of each channel got to read of the message that is being sent."""

    def run(self) -> RunRecord:
        """Send all three messages. Raises ServiceError where one is refused or does not settle."""
        with self._step("a neighbour city joins: Stolberg, with its own key and the consent of Düren"):
            self._apps = apps.join(self._district)
        with self._step(
            f"{len(self._district.people)} people subscribe in {len(self._apps)} apps, each with a round trip"
        ):
            Enrolment(self._district, self._apps).enrol(self._district.people)
            self._tail.new()  # the codes
        for kind in CHAPTERS:
            self._chapter(kind)
        with self._step(
            "a fire in Stolberg: the neighbour's dispatcher warns and takes it back, ours follows its feed"
        ):
            taken_in = tuple(neighbours.run(self._neighbour, self._district, self._run))
        with self._step(f"{desk.AUTHOR} and {desk.APPROVER} get roles, enrol, and sign in at the console"):
            staff = desk.staff(self._district)
        with self._step(
            f"an approval: {desk.AUTHOR} warns {approval.PLACE[1]}, {desk.APPROVER} has to approve it"
        ):
            approved, claims = approval.run(self._district, staff, self._run)
            self.claims += claims
        with self._every_text(), self._step(f"a false alarm in {false_alarm.PLACE[1]}, and its correction"):
            corrected, claims = false_alarm.run(self._district, staff, self._run, self._first_within_s)
            self.claims += claims
        with (
            self._every_text(),
            self._step("an exercise: alarm, correction and all-clear, to those who take part"),
        ):
            exercised, claims = exercise.run(self._district, staff.exercise_key)
            self.claims += claims
        return RunRecord(
            self._seed,
            in_flight_max(),
            tuple(self._submitted),
            tuple(self._deaths),
            tuple(self._shown),
            taken_in,
            approved,
            corrected,
            exercised,
        )

    @contextmanager
    def _every_text(self) -> Iterator[None]:
        """Have the gateways write down every text of the messages within."""
        for gateway in self._district.gateways.values():
            gateway.keep_texts(texts.EVERY)
        yield
        for gateway in self._district.gateways.values():
            gateway.keep_texts(self._district.layout.texts)

    def _chapter(self, kind: Kind) -> None:
        progress = self._progress(kind)
        self._read.clear()
        self._misbehave(kind, progress)
        written = messages.write(
            kind, run=self._run, sender=SENDER, sent=datetime.now(ZONE), earlier=self._written
        )
        file = self._district.home / "messages" / f"{kind}.xml"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(written.xml)
        with self._step(f"{TITLES[kind]}: submitting {file.name}, owed to {progress.expected.total()}"):
            answer = self._district.submit(written.xml)
        if not answer.accepted:
            raise ServiceError(f"the {kind} was refused: {answer.status} {answer.body.decode()}")
        progress.message = answer.alert_id
        self._follow(kind, progress)
        self._gone |= progress.gone_recipients
        self._shown += apps.look(self._district, self._apps, kind)
        if kind is Kind.ALERT:
            self._show_warning()
        submitted = SubmittedMessage(
            kind, answer.alert_id, answer.began_at, answer.ended_at, datetime.now(UTC), written.expires
        )
        self._note_death(kind)
        self._written.append(written)
        self._submitted.append(submitted)
        self._messages.append(_message(kind, submitted, self._submitted[0].id))

    def _show_warning(self) -> None:
        """Show whom it warned, and what they read."""
        self._view.say("[bold]Warned:[/]")
        self._view.quote(terminal_map.draw(CONCERNED[Kind.ALERT]))
        for channel in CHANNELS:
            if channel in self._read:
                heading, *body = devices.lines_of(self._read[channel], ZONE)
                self._view.say(f"[bold]{heading}[/]")
                self._view.quote(body)

    def _progress(self, kind: Kind) -> Progress:
        now = datetime.now(UTC)
        draft = Message("", "", CHAPTERS.index(kind), kind, now, now)
        expected = owed(draft, self._district.recipients, self._messages, self._gateway)
        concerned = CONCERNED[kind] or CONCERNED[Kind.UPDATE]
        reaches = [RecipientChannel(one.recipient, one.channel) for one in expected]
        return Progress([one for one in reaches if one not in self._gone], self._places, concerned)

    def _misbehave(self, kind: Kind, progress: Progress) -> None:
        seed = self._seed * len(CHAPTERS) + CHAPTERS.index(kind)
        for name, rules in faults.rules(seed, progress.expected.total()).items():
            self._district.gateways[name].set_faults(*rules)

    def _follow(self, kind: Kind, progress: Progress) -> None:
        """Watch the gateways' ledgers until the service says that everybody is accounted for."""
        began, shown, asked = time.monotonic(), 0.0, 0.0
        settled = False
        while not settled:
            now = time.monotonic()
            if now - began > SETTLES_WITHIN_S:
                raise ServiceError(f"the {kind} is not settled after {SETTLES_WITHIN_S:.0f} s")
            if now - asked > ASK_EVERY_S:
                asked = now
                settled = self._district.service.alert(progress.message)["state"] in FINAL
            self._look(progress)
            if kind is Kind.ALERT and not self._killed and progress.share >= self._kill_at:
                self._kill(progress.share)
            if now - shown > SHOW_EVERY_S:
                shown = now
                self._view.show(TITLES[kind], progress, now - began)
            time.sleep(LOOK_EVERY_S)
        self._view.leave(TITLES[kind], progress, time.monotonic() - began)

    def _look(self, progress: Progress) -> None:
        entries = [one for one in self._tail.new() if one.recipient not in self._people]
        progress.take(entries)
        for entry in entries:
            if entry.text and entry.alert == progress.message:
                self._read.setdefault(entry.channel, entry)
        self._gateway.extend(gateway_records(entries))

    def _kill(self, share: float) -> None:
        """Send SIGKILL to a worker that has begun to send; the seed decides which."""
        texts = self._district.metrics()
        sending = sorted(name for name, text in texts.items() if name != "api" and _attempts(text))
        name = self._chance.choice(sending or ["worker-1"])
        pid = self._district.service.kill(name)
        self._killed = name, pid, share
        self._view.say(f"[bold red]SIGKILL[/] to {name} (pid {pid}), {share:.0%} of the recipients reached")

    def _note_death(self, kind: Kind) -> None:
        if self._killed and not self._deaths:
            name, pid, share = self._killed
            with self._step(f"waiting for the successor of {name}"):
                successor = self._district.service.wait_replaced(name, pid)
            self._deaths.append(KilledProcess(name, pid, successor, kind, round(share, 4)))


def _attempts(text: str) -> float:
    return sum(map(float, _ATTEMPTS.findall(text)))


def _message(kind: Kind, one: SubmittedMessage, chain: str) -> Message:
    return Message(
        one.id,
        chain,
        CHAPTERS.index(kind),
        kind,
        one.submitted_at,
        one.expires,
        answered_at=one.answered_at,
    )
