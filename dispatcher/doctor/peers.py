"""Judge whom the service has to reach: gateways, feeds, push services, and others. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from dispatcher.doctor.diagnosis import Diagnosis, Part, sound, warning, wrong

if TYPE_CHECKING:
    from datetime import datetime

CERTIFICATE_AHEAD: Final = timedelta(days=14)
"""How long before a certificate ends that is said: most are renewed 30 days before."""


class Obstacle(StrEnum):
    """Why nobody was reached."""

    ADDRESS = "address"
    """The rules for outbound addresses forbid it."""
    NAME = "name"
    """Nobody knows the name."""
    CONNECTION = "connection"
    CERTIFICATE = "certificate"
    TIME = "time"


_MENDS: Final = {
    Obstacle.ADDRESS: "if it is meant, exempt its origin in WARN_ALLOWED_ORIGINS (ops/docs/settings.md)",
    Obstacle.NAME: "look whether the name is right, and whether this machine asks a resolver (/etc/resolv.conf)",
    Obstacle.CONNECTION: "look whether a firewall or proxy stands between, and whether the far side is up",
    Obstacle.CERTIFICATE: "its authority goes into WARN_OUTBOUND_CA_FILE; an old one its owner has to renew",
    Obstacle.TIME: "look whether a firewall drops what is sent there",
}
_WHY: Final = {
    Part.GATEWAY: "no SMS leaves by it",
    Part.FEED: "its warnings do not arrive",
    Part.PUSH_SERVICE: "nobody whose browser or phone is there is reached",
    Part.MAIL: "people on duty get no mail",
    Part.ANCHOR: "checkpoints of the audit trail are kept here alone, where whoever rules this machine can remake them",
    Part.PROVIDER: "nobody signs in by it",
}


@dataclass(frozen=True, slots=True)
class Peer:
    """Whom the service has to reach."""

    part: Part
    name: str
    """As the settings call it."""
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Reached:
    """What came of connecting to a peer. Nothing was sent to it."""

    peer: Peer
    obstacle: Obstacle | None = None
    detail: str = ""
    took_s: float = 0.0
    certificate_ends: datetime | None = None


def diagnose_peer(reached: Reached, now: datetime) -> Diagnosis:
    """Return how a peer was found."""
    peer = reached.peer
    at = f"{peer.name} at {peer.host}:{peer.port}"
    if reached.obstacle is not None:
        return wrong(peer.part, f"{at}: {reached.detail}", _WHY[peer.part], _MENDS[reached.obstacle])
    ends = reached.certificate_ends
    if ends is not None and ends - now < CERTIFICATE_AHEAD:
        return warning(
            peer.part,
            f"{at}: its certificate ends on {ends:%Y-%m-%d}",
            f"from then on {_WHY[peer.part]}",
            "ask whoever runs it whether it is renewed by itself",
        )
    return sound(peer.part, f"{at}: reached in {reached.took_s * 1000:.0f} ms")
