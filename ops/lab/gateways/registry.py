"""Lists all stand-ins by name: a new channel's is one line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.lab.gateways.standins import apns, app, fcm, sms, smsc, unifiedpush, webpush

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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
WITH_PHONES: Mapping[str, StandinSpec] = {
    **STANDINS,
    "apns": apns.STANDIN,
    "fcm": fcm.STANDIN,
    "unifiedpush": unifiedpush.STANDIN,
}
"""A district some of whose municipalities have apps of their own for phones, each with its own project and key, and
some of whose people have an app whose messages come by a push server of their choice."""
ALL: Mapping[str, StandinSpec] = {**STANDINS, **BY_SMPP, **WITH_PHONES}
CHANNELS: Mapping[str, str] = {spec.family: spec.channel for spec in ALL.values()}
"""The service's own name of the channel, by what the lab's ledgers call it."""


def spec_of(gateway: str) -> StandinSpec:
    """Return the specification of a district's gateway such as `sms` or `webpush-2`. Raises KeyError."""
    return ALL[gateway.partition("-")[0]]


def by_audience(specs: Iterable[StandinSpec] = tuple(STANDINS.values())) -> tuple[StandinSpec, ...]:
    """Return specifications in the order of their shares of the population, the largest first."""
    return tuple(sorted(specs, key=lambda spec: -spec.share))
