"""An edition: what is in force as it is published until something changes, and its documents, each made once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dispatcher.publication.documents import document

if TYPE_CHECKING:
    from dispatcher.publication.documents import Document
    from dispatcher.publication.forms.registry import PlaceForm, WarningForm
    from dispatcher.publication.in_force import PublicInForce, PublicWarning
    from dispatcher.publication.places import PublicPlace


KEPT_BYTES: Final = 128 * 1024 * 1024
"""How much of one edition is kept, of compressed bytes and others. What is beyond is made for each that asks."""
SHORT_BYTES: Final = 64 * 1024
"""Of messages: a document of so much is written within a millisecond or two, which nobody has to wait for elsewhere."""


class Edition:
    """What all documents of one moment have in common. A document is made when it is first asked for: nobody reads
    those of most municipalities before the next edition.
    """

    def __init__(self, found: PublicInForce, room: int = KEPT_BYTES) -> None:
        self.in_force = found
        self.by_address: dict[str, Document] = {}
        """The documents by what was asked for, so that a request needs one look."""
        self._made: dict[tuple[str, str], Document] = {}
        self._room = room

    def of_place(self, form: PlaceForm, place: PublicPlace) -> Document:
        """Return the document of a place."""
        key = (form.name, place.key)
        found = self._made.get(key)
        return found or self._kept(key, document(form.render(self.in_force, place), form.media_type))

    def is_at_hand(self, form: PlaceForm, place: PublicPlace) -> bool:
        """Whether the document of a place is made within moments: no message has to be parsed for it, nor is much
        written.
        """
        if (form.name, place.key) in self._made:
            return True
        needed = 0
        for one in form.reads(self.in_force, place):
            needed += one.kept.size
            if needed > SHORT_BYTES or not one.kept.is_parsed:
                return False
        return True

    def of_area(self, form: PlaceForm, place: PublicPlace) -> Document:
        """Return the document of a place that nobody else asks for: it is not kept."""
        return document(form.render(self.in_force, place), form.media_type)

    def warning(self, form: WarningForm, alert_id: str) -> PublicWarning | None:
        """Return a warning that is in force, or was until a moment ago, or what ended one where the form is for that as
        well; None for any other.
        """
        return self.in_force.find_message(alert_id) if form.of_ends else self.in_force.find(alert_id)

    def of_warning(self, form: WarningForm, warning: PublicWarning) -> Document:
        """Return the document of a warning of this edition. A message may have to be parsed for it."""
        key = (form.name, warning.stored.id)
        if found := self._made.get(key):
            return found
        return self._kept(key, document(form.render(self.in_force, warning), form.media_type))

    def of_bytes(self, name: str, alert_id: str, body: bytes, media_type: str) -> Document:
        """Return the document of bytes that were made of a warning beforehand, under the name of their form."""
        key = (name, alert_id)
        return self._made.get(key) or self._kept(key, document(body, media_type))

    def publish(self, address: str, made: Document) -> None:
        """Have a document answer an address as long as this edition holds, if there is room for it."""
        if self._room > 0:
            self.by_address[address] = made

    def _kept(self, key: tuple[str, str], made: Document) -> Document:
        if self._room > 0:
            self._made[key] = made
            self._room -= made.size
        return made


@dataclass(frozen=True, slots=True)
class PlaceDocument:
    """Which document of a place is asked for, whatever edition is published."""

    form: PlaceForm
    place: PublicPlace

    def is_at_hand(self, edition: Edition) -> bool:
        """Whether it is made within moments (`Edition.is_at_hand`); else it is made in a thread."""
        return edition.is_at_hand(self.form, self.place)

    def made(self, edition: Edition) -> Document:
        """Return it."""
        return edition.of_place(self.form, self.place)
