"""Puts the parts of long texts together, by user data header, by `sar_*` parameters, or from one `message_payload`."""

from __future__ import annotations

from dataclasses import dataclass, field

from ops.lab.gateways.smpp.alphabet import Unreadable

_UDH_8_BIT, _UDH_16_BIT = 0x00, 0x08
"""Information elements of concatenated texts (3GPP TS 23.040, sections 9.2.3.24.1 and 9.2.3.24.8)."""


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a part in its text. A text of one part has `number` and `total` 1."""

    reference: str = ""
    """How its sender marks what belongs together: `udh8-17`, `udh16-4711`, `sar-4711`."""
    number: int = 1
    total: int = 1

    @property
    def alone(self) -> bool:
        return self.total == 1


ALONE = Place()


def split_header(octets: bytes) -> tuple[Place, bytes]:
    """Split off a user data header. Returns the place that it names and the octets behind it. Raises Unreadable."""
    if not octets or len(octets) < 1 + octets[0]:
        raise Unreadable("udh")
    header, content = octets[1 : 1 + octets[0]], octets[1 + octets[0] :]
    place = ALONE
    while header:
        if len(header) < 2 or len(header) < 2 + header[1]:
            raise Unreadable("udh")
        kind, value, header = header[0], header[2 : 2 + header[1]], header[2 + header[1] :]
        if (kind, len(value)) in {(_UDH_8_BIT, 3), (_UDH_16_BIT, 4)}:
            reference, total, number = int.from_bytes(value[:-2]), value[-2], value[-1]
            place = placed(f"udh{8 * (len(value) - 2)}-{reference}", number, total)
    return place, content


def placed(reference: str, number: int, total: int) -> Place:
    """Return the place. Raises Unreadable for a part beyond the last, or before the first."""
    if not 1 <= number <= total:
        raise Unreadable("part")
    return Place(reference, number, total)


@dataclass(slots=True)
class Assembly:
    """Holds texts of which parts are missing, by recipient, reference and number of parts."""

    waiting: dict[tuple[str, str, int], dict[int, str]] = field(default_factory=dict)

    def add(self, recipient: str, place: Place, text: str) -> str | None:
        """Take a part. Returns the whole text where it was the last that was missing; a part that comes again before
        that replaces itself."""
        if place.alone:
            return text
        key = (recipient, place.reference, place.total)
        parts = self.waiting.setdefault(key, {})
        parts[place.number] = text
        if len(parts) < place.total:
            return None
        del self.waiting[key]
        return "".join(parts[number] for number in range(1, place.total + 1))
