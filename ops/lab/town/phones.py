"""Shows what arrives on the phones of a district: a text once, and then to whom else it came."""

from __future__ import annotations

import json
from textwrap import TextWrapper
from typing import TYPE_CHECKING

from ops.lab.world import devices
from ops.lab.world.ledger import ROUND_TRIP

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from zoneinfo import ZoneInfo

    from ops.lab.world.ledger import Entry
    from ops.lab.world.population import Recipient

SHORT = {
    "webpush": "push notification",
    "unifiedpush": "push notification",
    "fcm": "push notification",
    "apns": "push notification",
    "sms": "SMS",
    "app": "callback",
}


class Phones:
    """Writes lines about what gateways accepted. What they refused reached nobody."""

    def __init__(self, recipients: Iterable[Recipient], names: Mapping[str, str], zone: ZoneInfo) -> None:
        """`names` are those of municipalities, by AGS."""
        self._places = {one.ref: ", ".join(names[place] for place in one.places) for one in recipients}
        self._zone = zone
        self._shown: set[tuple[str, str, tuple[str, ...]]] = set()
        self._newest: dict[tuple[str, str], tuple[int, bool]] = {}
        """The place in the order of its chain of what a phone shows, by recipient and chain."""

    def lines(self, entries: Iterable[Entry]) -> Iterator[str]:
        """Return what is to be printed of what was just accepted."""
        for entry in entries:
            if entry.accepted and entry.text:
                yield from self._arrived(entry)

    def _arrived(self, entry: Entry) -> Iterator[str]:
        where = self._where(entry)
        if entry.kind == ROUND_TRIP:
            yield f"{SHORT[entry.channel]} to {where}: a code, which its app brings back"
            return
        if self._is_overtaken(entry):
            yield f"{SHORT[entry.channel]} to {where}: overtaken by a newer one, not shown"
            return
        heading, *body = devices.lines_of(entry, self._zone)
        # By what is read: one alert warns some and tells others that it concerns them no longer.
        read = (entry.channel, entry.alert, tuple(body))
        if read in self._shown:
            yield f"{SHORT[entry.channel]} to {where}: the same"
            return
        self._shown.add(read)
        yield from ("", f"{heading} to {where}:", *(f"    {line}" for line in body), "")

    def _where(self, entry: Entry) -> str:
        if entry.handed:
            return "your own phone"
        whose = "the app of" if entry.channel == "app" else "somebody in"
        return f"{whose} {self._places.get(entry.recipient, '?')}"

    def _is_overtaken(self, entry: Entry) -> bool:
        """Whether the phone shows a newer notice of the chain. An SMS says nothing of its place."""
        if entry.channel == "sms":
            return False
        document = json.loads(entry.text)
        key, place = (entry.recipient, document["chain"]), devices.order(document)
        newest = self._newest[key] = max(place, self._newest.get(key, place))
        for chain, closed in devices.closed(document).items():
            other = (entry.recipient, chain)
            self._newest[other] = max(closed, self._newest.get(other, closed))
        return place < newest


def fitted(line: str, columns: int) -> list[str]:
    """Return a line in as many as a terminal of so many columns needs, broken between words, each as far in as the
    first. A word that is longer, as a link, stays whole.
    """
    words = line.lstrip()
    indent = line[: len(line) - len(words)]
    return TextWrapper(
        columns,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    ).wrap(words) or [""]
