"""What is shown of warnings that have reached nobody yet: as a whole, and behind each gateway."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from prometheus_client import Gauge

from dispatcher.metrics.channels import CHANNELS
from dispatcher.model.vocabulary import Lane

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from prometheus_client import CollectorRegistry

NAMED_GATEWAYS_MAX = 64
"""Gateways of a channel with a label of their own at a time; the rest is shown as `OTHER`."""
OTHER = "other"


class GatewayReach(NamedTuple):
    """How far alerts that are going out have come behind one gateway; alerts that stand alike are summed up."""

    lane: Lane
    channel: str
    gateway: str
    reached: bool
    """Whether the gateway has accepted any recipient of the alert."""
    anybody: bool
    """Whether any gateway has."""
    since: float
    """When the oldest of the open batches was made, in Unix seconds; 0 if none is open."""
    open: int
    """Recipients in open batches."""
    audience: int
    """Recipients in all batches."""


class Unreached(NamedTuple):
    """Recipients behind a gateway that has accepted none of them, and since when."""

    since: float
    recipients: int


def unreached_by_gateway(
    rows: Iterable[GatewayReach], most: int = NAMED_GATEWAYS_MAX
) -> dict[tuple[str, str, Lane], Unreached]:
    """Return what is unreached by channel, gateway and lane. Of each channel the `most` gateways with the most
    recipients keep their names: strangers choose the origins of their push services.
    """
    recipients: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    waiting = [row for row in rows if not row.reached and row.since]
    for row in waiting:
        recipients[row.channel][row.gateway] += row.open
    named = {
        channel: set(sorted(gateways, key=lambda name: (-gateways[name], name))[:most])
        for channel, gateways in recipients.items()
    }
    found: dict[tuple[str, str, Lane], Unreached] = {}
    for row in waiting:
        key = row.channel, row.gateway if row.gateway in named[row.channel] else OTHER, row.lane
        before = found.get(key, Unreached(row.since, 0))
        found[key] = Unreached(min(before.since, row.since), before.recipients + row.open)
    return found


class ReachMetrics:
    """Shows since when nobody has been reached."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.nobody_reached = Gauge(
            "warn_nobody_reached_since_timestamp_seconds",
            "Since when the oldest alert waits of whose recipients no gateway has accepted any, whatever its batches "
            "wait for, and also while it has none; 0 if there is none.",
            ("lane",),
            registry=registry,
        )
        self.gateway_unreached_since = Gauge(
            "warn_gateway_unreached_since_timestamp_seconds",
            "Since when the oldest alert waits of whose recipients behind this gateway none was accepted. Gateways "
            "without one are not shown, those beyond 64 of a channel as `other`, which is 0 if there is none.",
            ("channel", "gateway", "lane"),
            registry=registry,
        )
        self.gateway_unreached = Gauge(
            "warn_gateway_unreached_recipients",
            "Recipients, behind this gateway, of alerts of whose recipients there it has accepted none.",
            ("channel", "gateway", "lane"),
            registry=registry,
        )
        self.recipients_without_outcome = Gauge(
            "warn_recipients_without_outcome",
            "Recipients without an outcome a minute after their batch was made, whatever it waits for.",
            ("lane",),
            registry=registry,
        )
        self.recipients_going_out = Gauge(
            "warn_recipients_going_out",
            "All recipients of the alerts that have open batches.",
            ("lane",),
            registry=registry,
        )
        self.show_reach((), {}, {})

    def show_reach(
        self, rows: Iterable[GatewayReach], unplanned: Mapping[str, float], without_outcome: Mapping[str, int]
    ) -> None:
        """Show how far the alerts have come that are going out. `unplanned`: since when, in Unix seconds, the oldest
        alert waits that has no batches, by lane; `without_outcome`: recipients that have none after a minute, by lane.
        """
        rows = list(rows)
        for lane in Lane:
            since = [row.since for row in rows if row.lane == lane and row.since and not row.anybody]
            since += [unplanned[lane]] if lane in unplanned else []
            self.nobody_reached.labels(lane).set(min(since, default=0))
            self.recipients_without_outcome.labels(lane).set(without_outcome.get(lane, 0))
            self.recipients_going_out.labels(lane).set(sum(row.audience for row in rows if row.lane == lane))
        self._show_gateways(unreached_by_gateway(rows))

    def _show_gateways(self, unreached: Mapping[tuple[str, str, Lane], Unreached]) -> None:
        """Replace the gateways shown: one that is well again is gone at once. Nothing is scraped in between."""
        self.gateway_unreached_since.clear()
        self.gateway_unreached.clear()
        nothing = {(channel, OTHER, lane): Unreached(0, 0) for channel in CHANNELS for lane in Lane}
        for labels, found in {**nothing, **unreached}.items():
            self.gateway_unreached_since.labels(*labels).set(found.since)
            self.gateway_unreached.labels(*labels).set(found.recipients)
