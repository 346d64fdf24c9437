"""A push service as the channel knows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from channels.webpush.services.answers import Judgement, judged

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from channels.base import ChannelMisconfigured, DeliveryError
    from channels.http.messages import Answer
    from channels.webpush.services.answers import Row

KEPT_S: Final = 28 * 86_400
"""How long push services keep a message at most: four weeks at Google
(https://firebase.google.com/docs/cloud-messaging/concept-options#ttl) and on Mozilla's way to Android, 30 days at
Mozilla and Apple."""


@dataclass(frozen=True, slots=True)
class PushService:
    """Whose service it is, and what is peculiar to it. All of it is data, see `browsers` and `unifiedpush`."""

    name: str
    """The word for it in `WARN_PUSH_HOSTS`."""
    title: str
    hosts: tuple[str, ...]
    """Its hosts; a leading dot stands for all hosts below."""
    table: tuple[Row, ...]
    """What its answers mean, besides what the RFCs say of them."""
    ttl_min_s: int = 1
    """The shortest `TTL` that it takes. 0 is never sent: Apple wants a positive number, Windows
    refuses it."""
    ttl_max_s: int = KEPT_S
    withdraws: bool = False
    """Whether it takes back what it has not delivered (DELETE of the message's `Location`, RFC 8030 section 6.2): known
    of Mozilla (autopush-rs, docs/src/http.md, "Cancel Notification"), and tried where nothing else is known."""

    reads_acceptances: bool = field(init=False)
    """Whether an answer of 2xx may mean something else, so that all of it is wanted."""

    def __post_init__(self) -> None:
        other = any(row.fits(200) and row.meaning is not Judgement.ACCEPTED for row in self.table)
        object.__setattr__(self, "reads_acceptances", other)

    def judge(
        self, answer: Answer, now: Callable[[], datetime]
    ) -> DeliveryError | ChannelMisconfigured | None:
        """Return the error that an answer stands for, None if the message was accepted."""
        if 200 <= answer.status < 300 and not self.reads_acceptances:
            return None
        return judged(answer, self.table, now)

    def ttl(self, seconds_left: float) -> int:
        """Return the `TTL` for a notice that holds for so long: no longer, but for what the service asks at least."""
        return min(max(int(seconds_left), self.ttl_min_s), self.ttl_max_s)
