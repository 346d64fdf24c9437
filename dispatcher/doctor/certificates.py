"""Judge how long certificates still last, against how long they were to last. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from dispatcher.doctor.diagnosis import Grade

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

LATE_SHARE: Final = 4
LATE_MOST: Final = timedelta(days=14)
"""A certificate should have been renewed by now when less than a quarter of its time is left, and less than 14 days.

Clients of ACME renew when a third is left, of certificates of less than ten days when half is
(https://letsencrypt.org/docs/integration-guide/, "When to Renew"), so that a quarter is left only where that has failed
for a while: 14 days of 90, 11.75 of the 47 that certificates may last from 2029 on (CA/Browser Forum, ballot SC-081v3),
40 hours of 160. Who renews by hand is told 14 days before.
"""
LATE_SHARE_OF_AUTHORITY: Final = 6
"""That of an authority between is late when less than a sixth is left: in a house of its own it may be of a week and be
renewed when a fifth is, in time for what it signs meanwhile.
"""
URGENT_SHARE: Final = 12
URGENT_MOST: Final = timedelta(days=1)
"""And it cannot wait when less than a twelfth is left, and less than a day: 13 hours of 160."""
_ORDER: Final = list(Grade)


@dataclass(frozen=True, slots=True)
class Certificate:
    """From when until when a certificate is good."""

    begins_at: datetime
    ends_at: datetime
    authority: str = ""
    """The name of the authority whose own it is; empty for that of the peer."""

    def grade(self, now: datetime) -> Grade:
        """Return whether it is to be renewed: a warning that it should have been, wrong that it cannot wait, or that it
        has ended.
        """
        left, lifetime = self.ends_at - now, self.ends_at - self.begins_at
        if left <= min(lifetime / URGENT_SHARE, URGENT_MOST):
            return Grade.WRONG
        share = LATE_SHARE_OF_AUTHORITY if self.authority else LATE_SHARE
        return Grade.WARNING if left < min(lifetime / share, LATE_MOST) else Grade.SOUND

    def sentence(self, now: datetime) -> str:
        """Return whose it is, and when it ends or has ended."""
        whose = f"the certificate of its authority {self.authority}" if self.authority else "its certificate"
        return f"{whose} {'ends' if self.ends_at > now else 'ended'} on {self.ends_at:%Y-%m-%d %H:%M} UTC"


def first_to_renew(chain: Sequence[Certificate], now: datetime) -> Certificate | None:
    """Return the one of a chain that is to be renewed first: of those of the gravest grade the one that ends first;
    None for a chain of none.
    """
    return min(chain, key=lambda one: (_ORDER.index(one.grade(now)), one.ends_at), default=None)
