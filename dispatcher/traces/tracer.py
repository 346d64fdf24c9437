"""Note the steps of alerts, where traces are wanted; else a step costs one look at whether they are."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import Counter
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from dispatcher.model.vocabulary import CANARY_PREFIX
from dispatcher.traces.context import sender_context
from dispatcher.traces.spans import (
    SpanTime,
    accepted_span,
    delivered_span,
    planned_span,
    reported_span,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from dispatcher.model.alerts import PendingAlert, StoredAlert
    from dispatcher.model.batches import Lease
    from dispatcher.traces.exporter import SpanExporter
    from dispatcher.traces.spans import Span

TALLIES_MAX: Final = 1000
"""Alerts times gateways of which reports are counted between two spans at most; those of more are in the record."""
_UNTRACED: Final[AbstractContextManager[None]] = nullcontext()


@dataclass(slots=True)
class ReportTally:
    """Counts what a gateway reports of an alert, as reports come by the thousand, one recipient each."""

    start_ns: int
    end_ns: int
    verdicts: Counter[str] = field(default_factory=Counter)


def _as_it_is(_channel: str, gateway: str) -> str:
    return gateway


def _new_id() -> bytes:
    return secrets.token_bytes(8)


class Tracer:
    """Notes steps for an exporter. Nothing of it ever raises or waits, `run` and `aclose` apart."""

    def __init__(
        self,
        exporter: SpanExporter | None = None,
        *,
        links_senders: bool = False,
        label: Callable[[str, str], str] = _as_it_is,
        now: Callable[[], int] = time.time_ns,
    ) -> None:
        """Without an exporter nothing is noted. `links_senders`: whether what a sender says of its own trace is taken
        up; `label` returns what is said of a gateway, by channel and gateway; `now` gives nanoseconds since 1970.
        """
        self._label = label
        self._exporter = exporter
        self._links_senders = links_senders
        self._now = now
        self._tallies: dict[tuple[str, str], ReportTally] = {}

    @property
    def is_on(self) -> bool:
        """Whether anything is noted."""
        return self._exporter is not None

    def begin(self) -> int:
        """Return when a step begins, for whoever notes it later."""
        return self._now() if self._exporter is not None else 0

    def accepted(
        self, alert: StoredAlert, start_ns: int, *, repeated: bool = False, sender: Sequence[str] = ()
    ) -> None:
        """Note that an alert is committed, which `begin` saw coming. `sender`: the values of `traceparent`."""
        if self._exporter is None:
            return
        when = self._since(start_ns)

        def made() -> Span:
            context = sender_context(sender) if self._links_senders else None
            return accepted_span(alert, when, _new_id(), context, repeated=repeated)

        self._exporter.put(made)

    def planning(self, alert: PendingAlert) -> AbstractContextManager[None]:
        """Note the planning of an alert, which happens within."""
        return self._step(alert.id, partial(planned_span, alert))

    def delivering(self, lease: Lease) -> AbstractContextManager[None]:
        """Note the work on a batch, which happens within."""
        return self._step(lease.alert_id, partial(delivered_span, lease, self._label))

    def reported(self, gateway: str, verdicts: Mapping[tuple[str, str], int]) -> None:
        """Note how many reports of an alert met a verdict, by the two."""
        if self._exporter is None:
            return
        now = self._now()
        for (alert_id, verdict), count in verdicts.items():
            key = (alert_id, gateway)
            if _is_canary(alert_id) or (key not in self._tallies and len(self._tallies) >= TALLIES_MAX):
                continue
            tally = self._tallies.setdefault(key, ReportTally(now, now))
            tally.end_ns = now
            tally.verdicts[verdict] += count

    async def run(self) -> None:
        """Hand over what was noted, until cancelled."""
        if self._exporter is None:
            return
        while True:
            await asyncio.sleep(self._exporter.pause_s)
            await self.flush()

    async def flush(self) -> None:
        """Hand over what was noted so far, as far as the collector takes it."""
        if self._exporter is not None:
            self._close_tallies(self._exporter)
            await self._exporter.flush()

    async def aclose(self) -> None:
        """Hand over what is left, if the collector takes it at once."""
        if self._exporter is not None:
            self._close_tallies(self._exporter)
            await self._exporter.aclose()

    def _step(self, alert_id: str, made: Callable[[SpanTime, bytes], Span]) -> AbstractContextManager[None]:
        # A canary has metrics of its own, and would be most of all that is noted.
        if self._exporter is None or _is_canary(alert_id):
            return _UNTRACED
        return self._noted(made, self._exporter)

    @contextmanager
    def _noted(self, made: Callable[[SpanTime, bytes], Span], exporter: SpanExporter) -> Iterator[None]:
        start_ns, failure = self._now(), ""
        try:
            yield
        except BaseException as error:
            failure = type(error).__name__
            raise
        finally:
            exporter.put(lambda: made(self._since(start_ns, failure), _new_id()))

    def _since(self, start_ns: int, failure: str = "") -> SpanTime:
        """Return the time since then; none where the date was set back meanwhile."""
        return SpanTime(start_ns, max(start_ns, self._now()), failure)

    def _close_tallies(self, exporter: SpanExporter) -> None:
        tallies, self._tallies = self._tallies, {}
        for (alert_id, gateway), tally in tallies.items():
            when = SpanTime(tally.start_ns, max(tally.start_ns, tally.end_ns))
            exporter.put(partial(reported_span, alert_id, gateway, tally.verdicts, when, _new_id()))


def _is_canary(alert_id: str) -> bool:
    return alert_id.startswith(CANARY_PREFIX)


NO_TRACES: Final = Tracer()
"""What notes nothing."""
