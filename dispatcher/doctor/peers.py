"""Judge whom the service has to reach: gateways, feeds, push services, and others. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from dispatcher.doctor.certificates import first_to_renew
from dispatcher.doctor.diagnosis import Diagnosis, Grade, Part, sound, unknown, warning, wrong

if TYPE_CHECKING:
    from datetime import datetime

    from dispatcher.doctor.certificates import Certificate


class Obstacle(StrEnum):
    """Why nobody was reached."""

    ADDRESS = "address"
    """The rules for outbound addresses forbid it."""
    NAME = "name"
    """Nobody knows the name."""
    CONNECTION = "connection"
    CERTIFICATE = "certificate"
    ENDED = "ended"
    """A certificate has ended, its own or one of an authority between."""
    TIME = "time"


_MENDS: Final = {
    Obstacle.ADDRESS: "if it is meant, exempt its origin in WARN_ALLOWED_ORIGINS (ops/docs/settings.md)",
    Obstacle.NAME: "look whether the name is right, and whether this machine asks a resolver (/etc/resolv.conf)",
    Obstacle.CONNECTION: "look whether a firewall or proxy stands between, and whether the far side is up",
    Obstacle.CERTIFICATE: "its authority goes among this machine's (update-ca-certificates), or into the file of "
    "WARN_OUTBOUND_CA_FILE, which counts in their place; then restart the processes",
    Obstacle.ENDED: "whoever runs it has to renew it",
    Obstacle.TIME: "look whether a firewall drops what is sent there",
}
_WHY: Final = {
    Part.GATEWAY: "no SMS leaves by it",
    Part.FEED: "its warnings do not arrive",
    Part.PUSH_SERVICE: "nobody whose browser or phone is there is reached",
    Part.MAIL: "people on duty get no mail",
    Part.ANCHOR: "checkpoints of the audit trail are kept here alone, where whoever rules this machine can remake them",
    Part.PROVIDER: "nobody signs in by it",
    Part.CALLBACK: "the people who have that app are not told by it",
    Part.PUBLIC: "no phone, browser, app or control centre connects to the service",
    Part.CONSOLE: "nobody signs in, so that nobody approves at the console or the desk",
}
_RENEWAL: Final = dict.fromkeys(
    (Part.PUBLIC, Part.CONSOLE),
    "look why nothing renewed it (`certbot renew --dry-run`, its timer and log), and let the proxy load it",
)
_FROM_OUTSIDE: Final = {Part.PUBLIC: "phones", Part.CONSOLE: "browsers"}
"""Who may reach an address of ours though nobody does from here."""
_ASK: Final = "ask whoever runs it whether it is renewed by itself"
_FROM_HERE: Final = "nobody here sees when its certificate ends; {} may reach it all the same"
_OTHER_WAY: Final = (
    "let this machine reach it (/etc/hosts, where the router does not lead back), or watch it elsewhere"
)


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
    chain: tuple[Certificate, ...] = ()
    """The certificates by which it is believed, its own first; none where nothing is checked."""
    seen_at: datetime | None = None
    """When that was, where it was before and the peer cannot be connected to now."""

    @property
    def at(self) -> str:
        """Return who that is, and where, and when it was last seen if that is not now."""
        last = "" if self.seen_at is None else f", last seen on {self.seen_at:%Y-%m-%d %H:%M} UTC"
        return f"{self.peer.name} at {self.peer.host}:{self.peer.port}{last}"


def diagnose_peer(reached: Reached, now: datetime) -> Diagnosis:
    """Return how a peer was found."""
    if reached.obstacle is not None:
        return _unreached(reached, reached.obstacle)
    return _ending(reached, now) or sound(
        reached.peer.part, f"{reached.at}: reached in {reached.took_s * 1000:.0f} ms"
    )


def diagnose_certificates(reached: Reached, now: datetime) -> Diagnosis:
    """Return how the certificates of a peer stand, and nothing else of it. Who was not reached, or is not believed for
    another reason, has none that has ended: nothing is known of them.
    """
    part = reached.peer.part
    if reached.obstacle is Obstacle.ENDED:
        return _unreached(reached, reached.obstacle)
    if reached.obstacle is not None:
        return unknown(part, f"{reached.at}: {reached.detail}")
    first = first_to_renew(reached.chain, now)
    return _ending(reached, now) or sound(
        part, f"{reached.at}: {first.sentence(now) if first else 'no certificate is checked'}"
    )


def _unreached(reached: Reached, obstacle: Obstacle) -> Diagnosis:
    part, seen = reached.peer.part, f"{reached.at}: {reached.detail}"
    if part in _FROM_OUTSIDE and obstacle not in {Obstacle.CERTIFICATE, Obstacle.ENDED}:
        return warning(part, f"{seen}, from here", _FROM_HERE.format(_FROM_OUTSIDE[part]), _OTHER_WAY)
    mend = _RENEWAL.get(part) if obstacle is Obstacle.ENDED else None
    return wrong(part, seen, _WHY[part], mend or _MENDS[obstacle])


def _ending(reached: Reached, now: datetime) -> Diagnosis | None:
    """Return what there is to say of the certificate that is to be renewed first; None where all have time."""
    first = first_to_renew(reached.chain, now)
    if first is None or first.grade(now) is Grade.SOUND:
        return None
    part = reached.peer.part
    judge = wrong if first.grade(now) is Grade.WRONG else warning
    why = f"from then on {_WHY[part]}"
    return judge(part, f"{reached.at}: {first.sentence(now)}", why, _RENEWAL.get(part, _ASK))
