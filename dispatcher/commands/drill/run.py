"""Run a drill: send alarm, correction and all-clear, wait between them, and leave no exercise open whatever happens."""

from __future__ import annotations

import json
import signal
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Protocol

import cap
from dispatcher.commands.desk.service import ServiceRefused, Unanswered
from dispatcher.commands.drill import messages
from dispatcher.commands.drill.measurement import RECEIPTS, measured, weak_channels
from dispatcher.model.problems import ProblemType
from dispatcher.model.vocabulary import FINAL_STATES, OPEN_DRILL, SENT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import timedelta

    from dispatcher.commands.drill.plan import DrillPlan

VERSION: Final = 1
"""Of the document that a drill is kept as."""
LOOK_EVERY_S: Final = 1.0
TRIES: Final = 20
RETRY_S: Final = 3.0
"""How often a message is sent again that got no answer, and how long after: the same bytes are never taken twice."""
SETTLES_WITHIN_S: Final = 600.0
"""How long a step's recipients are waited for beyond its pause: then it is measured as it stands."""
_STOPPING: Final = (signal.SIGTERM, signal.SIGHUP)
"""What a supervisor stops a program with, and what a terminal or a connection that is closed does."""


class DrillService(Protocol):
    """The service, as a drill asks it."""

    @property
    def api(self) -> str:
        """Return what the paths begin with."""

    def get(self, path: str, member: str) -> dict[str, Any]:
        """Return the JSON object at the path."""

    def post(self, path: str, body: bytes, member: str) -> dict[str, Any]:
        """Post a CAP message and return what answers."""

    def bytes_at(self, path: str) -> bytes:
        """Return what is at the path."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a run needs of the world. `tell` is told the name of each thing that happens, and values."""

    tell: Callable[[str, dict[str, object]], None]
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


class NobodyTakesPart(Exception):
    """Nobody whom the alarm concerns wants to take part in exercises: nothing was sent."""


class NotCounted(Exception):
    """So many take part that the service could not count them in time: nothing was sent."""


class QuotaReached(Exception):
    """The service takes no further exercise within this hour: nothing was sent."""


class NotAnExercise(Exception):
    """The service does not take the alarm for an exercise that it sends; the argument is its reason."""


@dataclass(slots=True)
class _Step:
    name: str
    message: cap.Alert
    alert_id: str = ""
    submission_s: float = 0.0
    status: dict[str, Any] = field(default_factory=dict)
    receipts: list[list[float]] = field(default_factory=list)
    """How many had confirmed, by seconds since it was sent."""


class DrillRun:
    """One run of a plan. `result` is what is known of a run that has ended."""

    def __init__(self, plan: DrillPlan, drill_id: str, service: DrillService, around: Surroundings) -> None:
        self._plan = plan
        self._id = drill_id
        self._service = service
        self._around = around
        self._sent: list[_Step] = []
        """What was sent, or may have been."""
        self._began = around.now()
        self._interrupted = ""
        self.unsent: bytes = b""
        """The all-clear that could not be sent: somebody else has to."""
        self.unexpected: Exception | None = None
        """What ended it early and is a fault of the program: to be raised once everything is kept."""

    def preview(self) -> dict[str, int]:
        """Return how many take part, by channel. Raises `NobodyTakesPart`, `NotAnExercise`, `NotCounted`,
        `QuotaReached`, and what the service does.
        """
        message = self._alarm()
        answer = self._service.post(f"{self._service.api}/alerts/preview", cap.render(message), "reason")
        if answer["reason"] not in OPEN_DRILL:
            raise NotAnExercise(str(answer["reason"]))
        if answer["quota_reached"]:
            raise QuotaReached
        if answer["reach"] is None:
            raise NotCounted
        reach = {str(channel): int(count) for channel, count in answer["reach"].items()}
        if not sum(reach.values()):
            raise NobodyTakesPart
        return reach

    def run(self) -> dict[str, Any]:
        """Run it to its end, and return what came of it. Where it is interrupted, the all-clear is sent at once."""
        plan = self._plan
        with _stoppable(), self._ended():
            self._send("alarm", self._alarm())
            if plan.correction is not None:
                self._wait(plan.correction.after, plan.correction.confirmations)
                self._send("correction", messages.correction(plan, self._id, self._messages(), self._now()))
            self._wait(plan.all_clear.after, plan.all_clear.confirmations)
            self._end()
        with _stoppable(), self._noted():
            self._wait(plan.receipts, 0)
        return self.result()

    def result(self) -> dict[str, Any]:
        """Return what came of it, by what the service says now."""
        steps = []
        for step in self._sent:
            with self._noted():
                if step.alert_id:
                    steps.append(self._measured(step))
        plan = self._plan
        return {
            "version": VERSION,
            "id": self._id,
            "name": plan.name,
            "began_at": self._began.isoformat(timespec="seconds"),
            "ended_at": self._around.now().isoformat(timespec="seconds"),
            "interrupted": self._interrupted,
            "left_open": bool(self.unsent),
            "municipalities": list(plan.municipalities),
            "texts": {step.name: _texts(step.message) for step in self._sent},
            "expected": {
                "accepted": plan.expected.accepted,
                "within_s": plan.expected.within.total_seconds(),
                "displayed": plan.expected.displayed,
            },
            "steps": steps,
            "weak": weak_channels(steps, plan.expected),
        }

    @contextmanager
    def _ended(self) -> Iterator[None]:
        """End the exercise, whatever ends the block."""
        try:
            yield
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - no fault may leave an exercise open
            self._note(error)
            if self._sent and self._sent[-1].name != "all_clear":
                self._tell("ending", {})
                self._end_at_last()
            elif self._sent:
                self._end_at_last(self._sent[-1].message)

    @contextmanager
    def _noted(self) -> Iterator[None]:
        """Note what interrupts the block; what was sent is ended already."""
        try:
            yield
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - no fault may lose what was measured
            self._note(error)

    def _note(self, error: Exception | KeyboardInterrupt) -> None:
        self._interrupted = self._interrupted or _why(error)
        if not isinstance(error, (KeyboardInterrupt, ServiceRefused, Unanswered)):
            self.unexpected = self.unexpected or error
        self._tell("interrupted", {"why": self._interrupted})

    def _tell(self, name: str, values: dict[str, object]) -> None:
        """Tell what happens. Where nobody can be told any more, as at a terminal that was closed, it goes on."""
        with suppress(OSError):
            self._around.tell(name, values)

    def _alarm(self) -> cap.Alert:
        return messages.alarm(self._plan, self._id, self._now())

    def _messages(self) -> list[cap.Alert]:
        return [step.message for step in self._sent]

    def _now(self) -> datetime:
        return self._around.now().replace(microsecond=0)

    def _send(self, name: str, message: cap.Alert) -> None:
        """Send a message until it is known what came of it. It counts as sent from the first try on."""
        step = _Step(name, message)
        self._sent = [*(one for one in self._sent if one.message is not message), step]
        started = self._around.monotonic()
        answer = self._submitted(cap.render(message))
        step.submission_s = self._around.monotonic() - started
        step.alert_id = str(answer["alert"]["id"])
        reason = answer["alert"]["reason"]
        self._tell("sent", {"step": name, "alert": step.alert_id})
        # Where the exercise was over already, its all-clear goes to nobody: nothing is left open.
        if name != "all_clear" and reason not in SENT:
            raise ServiceRefused(200, {}, text=str(reason), url="", retry_after="")

    def _submitted(self, body: bytes) -> dict[str, Any]:
        for _ in range(TRIES):
            try:
                return self._service.post(f"{self._service.api}/alerts", body, "alert")
            except Unanswered:
                self._tell("unanswered", {})
                self._around.sleep(RETRY_S)
        return self._service.post(f"{self._service.api}/alerts", body, "alert")

    def _end(self) -> None:
        self._send("all_clear", messages.all_clear(self._plan, self._id, self._messages(), self._now()))

    def _end_at_last(self, message: cap.Alert | None = None) -> None:
        """Send the all-clear of what was interrupted, `message` where it was the all-clear itself. What it would end is
        not there where the alarm never arrived.
        """
        made = message or messages.all_clear(self._plan, self._id, self._messages(), self._now())
        try:
            self._send("all_clear", made)
        except ServiceRefused as refused:
            if refused.type != ProblemType.UNKNOWN_REFERENCE:
                self.unsent = cap.render(made)
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the file says how to end it
            self._note(error)
            self.unsent = cap.render(made)

    def _wait(self, pause: timedelta, confirmations: int) -> None:
        """Look on until the pause is over and every recipient is accounted for; or until so many have confirmed."""
        if not self._sent:
            return
        step, started = self._sent[-1], self._around.monotonic()
        least = pause.total_seconds()
        while True:
            passed = self._around.monotonic() - started
            status = self._looked_at(step, passed)
            if status is not None:
                settled = status["alert"]["state"] in FINAL_STATES
                if confirmations and settled and _receipts(status, "confirmed") >= confirmations:
                    return
                if passed >= least and (settled or passed >= least + SETTLES_WITHIN_S):
                    return
            elif passed >= least + SETTLES_WITHIN_S:
                return
            self._around.sleep(LOOK_EVERY_S)

    def _looked_at(self, step: _Step, passed: float) -> dict[str, Any] | None:
        """Return how the step's message stands; None where the service does not answer just now."""
        try:
            status = self._service.get(f"{self._service.api}/alerts/{step.alert_id}", "channels")
        except Unanswered:
            return None
        seen = [float(_receipts(status, name)) for name in RECEIPTS]
        if not step.receipts or step.receipts[-1][1:] != seen:
            step.receipts.append([round(passed, 1), *seen])
        self._tell(*how_far(step.name, status))
        return status

    def _measured(self, step: _Step) -> dict[str, Any]:
        page = f"{self._service.api}/alerts/{step.alert_id}"
        status = self._service.get(page, "channels")
        lines = [json.loads(line) for line in self._service.bytes_at(f"{page}/ledger").splitlines() if line]
        found = measured(step.name, step.submission_s, status, lines)
        return found | {"receipts_over_time": step.receipts}


def how_far(step: str, status: Mapping[str, Any]) -> tuple[str, dict[str, object]]:
    """Return what is told of a step while it is watched, as words and what stands in them. Until the service has found
    out who gets the message there are no numbers.
    """
    progress = status["progress"]
    if progress["recipients"]:
        counted = {"accepted": progress["accepted"], "recipients": progress["recipients"]}
        return "progress", {"step": step, **counted}
    return "planning" if status["alert"]["planned_at"] is None else "nobody_gets_it", {"step": step}


@contextmanager
def _stoppable() -> Iterator[None]:
    """Within the block SIGTERM and SIGHUP interrupt as Ctrl-C does, once: shell and kernel both send a SIGHUP, and the
    second one must not interrupt the all-clear. Where one is ignored, as `nohup` wants it, it stays so. Only the main
    thread gets signals.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {one: signal.getsignal(one) for one in _STOPPING}
    caught = [one for one in _STOPPING if before[one] is not signal.SIG_IGN]

    def interrupt(_number: int, _frame: object) -> None:
        for one in caught:
            signal.signal(one, signal.SIG_IGN)
        raise KeyboardInterrupt

    try:
        for one in caught:
            signal.signal(one, interrupt)
        yield
    finally:
        for one in caught:
            signal.signal(one, before[one])


def _receipts(status: dict[str, Any], name: str) -> int:
    return sum(int(one["receipts"].get(name, 0)) for one in status["channels"])


def _texts(message: cap.Alert) -> dict[str, str]:
    info = message.infos[0]
    texts = {"headline": info.headline, "instruction": info.instruction, "description": info.description}
    return {name: text for name, text in texts.items() if text}


def _why(error: BaseException) -> str:
    """Return in a word why a run was interrupted."""
    if isinstance(error, ServiceRefused):
        return f"refused: {error.type or error.text or error.status}"
    if isinstance(error, Unanswered):
        return "unanswered"
    return "by hand" if isinstance(error, KeyboardInterrupt) else f"unexpected: {type(error).__name__}"
