"""Lists all stand-ins by name: a new channel's is one line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.lab.gateways.standins import app, sms, smsc, webpush

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ops.lab.gateways.spec import StandinSpec

STANDINS: Mapping[str, StandinSpec] = {
    "app": app.STANDIN,
    "sms": sms.STANDIN,
    "webpush": webpush.STANDIN,
}

BY_SMPP: Mapping[str, StandinSpec] = {
    **{name: spec for name, spec in STANDINS.items() if spec.channel != smsc.STANDIN.channel},
    smsc.STANDIN.name: smsc.STANDIN,
}
"""A district whose SMS go by SMPP."""
ALL: Mapping[str, StandinSpec] = {**STANDINS, **BY_SMPP}


def spec_of(gateway: str) -> StandinSpec:
    """Return the specification of a district's gateway such as `sms` or `webpush-2`. Raises KeyError."""
    return ALL[gateway.partition("-")[0]]


def by_audience() -> tuple[StandinSpec, ...]:
    """Return all specifications, those with the largest share of the population first."""
    return tuple(sorted(STANDINS.values(), key=lambda spec: -spec.share))
