"""What people read of a message, as gateways wrote it down: all texts of these chapters, not a few of each message."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, NamedTuple

from ops.lab.world import ledger
from ops.lab.world.people import GERMAN

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from ops.lab.world.ledger import Entry
    from ops.lab.world.people import Person
    from ops.lab.world.population import Recipient

EVERY: Final = 1_000_000
"""How many texts of a message are to be kept: of a municipality all."""
SHOWN: Final = ("title", "headline", "instruction", "description")
"""The members of a document that an app may show each by itself."""
NOTIFICATION: Final = ("title", "body")
"""The lines of what a phone shows by itself, which is one text."""


class KeptText(NamedTuple):
    """What a device got to read of a message: each part that may be shown by itself, by its name."""

    alert: str
    recipient: str
    parts: Mapping[str, str]


def kept(home: Path, alerts: Collection[str]) -> list[KeptText]:
    """Read the texts of these alerts from the gateways' ledgers in `home`. Raises OSError, ValueError."""
    files = sorted((home / "ledgers").glob("*.ndjson"))
    return list(of_entries((one for file in files for one in ledger.read(file).entries), alerts))


def of_entries(entries: Iterable[Entry], alerts: Collection[str]) -> Iterator[KeptText]:
    """Yield the texts of what was accepted. Raises ValueError."""
    for entry in entries:
        if entry.accepted and entry.alert in alerts and entry.text:
            yield KeptText(entry.alert, entry.recipient, _parts(entry))


def _parts(entry: Entry) -> dict[str, str]:
    if entry.channel == "sms":
        return {"text": entry.text}
    document = json.loads(entry.text)
    found = {name: document[name] for name in SHOWN if document.get(name)}
    shown = document.get("notification", {})
    notification = "\n".join(shown[name] for name in NOTIFICATION if shown.get(name))
    return found | ({"notification": notification} if notification else {})


def languages(recipients: Iterable[Recipient], people: Iterable[Person]) -> dict[str, str]:
    """Return what is read best at each endpoint, by reference: a tag."""
    imported = {one.ref: one.language or GERMAN for one in recipients}
    return imported | {one.ref: person.language for person in people for one in person.endpoints}
