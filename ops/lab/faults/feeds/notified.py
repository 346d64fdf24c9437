"""Records what each recipient of a run was notified of, and names what a run can break on purpose."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from channels.base import ChannelLimits, GatewayLimits, Receipt

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from channels.base import Endpoint, Notice

NUMBER = re.compile(r"#(\d+) ")
ENDINGS = frozenset({"cancel", "delisted", "no_longer_affected"})


class Control(StrEnum):
    """Names what is broken on purpose, to see that the verdict finds it."""

    FORGETFUL = "forgetful"
    """Once, in the course of the run, what was taken in is forgotten."""
    HASTY = "hasty"
    """One poll without the entry is enough to end its warning."""
    DEAF = "deaf"
    """From the middle of the run on, the sources are not polled."""
    LOSSY = "lossy"
    """The gateway accepts the alert of every event and notifies no recipient."""


@dataclass(slots=True)
class RecordingChannel:
    """A channel that accepts everything and records what each recipient was notified of, in order."""

    name: str = "webpush"
    collapses: bool = True
    limits: ChannelLimits = ChannelLimits(batch=1000, payload_bytes=4096, concurrency=1000, max_age_s=86_400)  # noqa: RUF009 - frozen
    kinds: dict[tuple[int, int], list[str]] = field(default_factory=lambda: defaultdict(list))
    """The kinds of notices by recipient and event."""
    notices: dict[tuple[int, str], int] = field(default_factory=lambda: defaultdict(int))
    """Counts of notices by recipient and alert."""
    ended_at: list[tuple[int, int, int]] = field(default_factory=list)
    """Recipient, event and minute of every notice that ended a warning."""
    minute: int = 0
    loses_alarms: bool = False

    def check(self, endpoint: Endpoint) -> None:
        """Accept every endpoint."""

    def gateway(self, endpoint: Endpoint) -> str:  # noqa: ARG002 - one gateway for all endpoints
        return "gateway"

    def gateway_limits(self, gateway: str) -> GatewayLimits:  # noqa: ARG002 - as above
        return GatewayLimits(self.limits.concurrency)

    def units(self, notice: Notice, gateway: str) -> int:  # noqa: ARG002 - as above
        """Return 1: messages are counted."""
        return 1

    async def aclose(self) -> None:
        """Do nothing: no connection is open."""

    async def send(
        self,
        notice: Notice,
        gateway: str,  # noqa: ARG002 - there is one
        endpoints: Sequence[Endpoint],
    ) -> AsyncGenerator[list[Receipt], None]:
        document = json.loads(notice.payload)
        match = NUMBER.search(document["headline"] + " ")
        number, kind = int(match[1]) if match else -1, document["kind"]
        for endpoint in endpoints:
            if not (self.loses_alarms and kind == "alert"):
                self.kinds[endpoint.id, number].append(kind)
            if kind in ENDINGS:
                self.ended_at.append((endpoint.id, number, self.minute))
            self.notices[endpoint.id, notice.alert_id] += 1
            yield [Receipt(endpoint.id)]
