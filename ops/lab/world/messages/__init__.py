"""The lab's own CAP messages: a flood on the Rur, its spread, its end. Written for this project, in German.

`alert.xml`, `update.xml` and `cancel.xml` are whole CAP 1.2 messages but for the identifiers and times that a
run fills in ($run, $sender, $sent, $expires, $references).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from ops.lab.world.records import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

LIFETIME = timedelta(hours=6)
CHAPTERS = (Kind.ALERT, Kind.UPDATE, Kind.CANCEL)
"""The kinds of messages in the order in which they are sent."""

UPPER_RUR = frozenset(
    {
        "05358012",  # Heimbach
        "05358044",  # Nideggen
        "05358016",  # Hürtgenwald, whose border with Nideggen is the river
        "05358028",  # Kreuzau
        "05358008",  # Düren
        "05358020",  # Inden
        "05358048",  # Niederzier
    }
)
LOWER_RUR = frozenset(
    {
        "05358024",  # Jülich
        "05358036",  # Linnich
        "05358004",  # Aldenhoven
    }
)
CONCERNED = {Kind.ALERT: UPPER_RUR, Kind.UPDATE: UPPER_RUR | LOWER_RUR, Kind.CANCEL: frozenset[str]()}
"""The municipalities (AGS) that each message newly or still warns, by eye and map, not by the service: the
ground on which it is judged. A Cancel warns no one anew; it goes to those who were warned."""


@dataclass(frozen=True, slots=True)
class Submission:
    """A message ready to be submitted, and what a later one needs to refer to it."""

    kind: Kind
    xml: bytes
    expires: datetime
    reference: str
    """`sender,identifier,sent`, as `references` wants it."""


def write(
    kind: Kind, *, run: str, sender: str, sent: datetime, earlier: Sequence[Submission] = ()
) -> Submission:
    """Write the message of this kind. `run` makes the identifiers of one run its own (letters, digits, hyphens),
    `sent` is an aware instant, `earlier` are the messages it refers to."""
    sent = sent.replace(microsecond=0)
    expires = sent + LIFETIME
    template = Template((Path(__file__).parent / f"{kind}.xml").read_text("utf-8"))
    xml = template.substitute(
        run=run,
        sender=sender,
        sent=sent.isoformat(),
        expires=expires.isoformat(),
        references=" ".join(one.reference for one in earlier),
    )
    number = CHAPTERS.index(kind) + 1
    reference = f"{sender},hochwasser-rur-{run}-{number},{sent.isoformat()}"
    return Submission(kind, xml.encode(), expires, reference)
