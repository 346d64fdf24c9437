"""Keep the messages of what is published: all of them packed, and parsed those that were last asked for, within a
bound. What forms need of every message in every edition is taken from it when it comes.

A parsed message takes five times its bytes and more, and one may have two million of these: a storm's warnings would
fill a process with what is seldom asked for.
"""

from __future__ import annotations

import zlib
from collections import OrderedDict
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING, Final, NamedTuple

import structlog

import cap
from dispatcher.texts.choice import language_of
from dispatcher.texts.languages import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from dispatcher.model.alerts import StoredAlert

PARSED_BYTES: Final = 64 * 1024 * 1024
"""How much of one process' memory parsed messages may take, about: some thousand of the usual length, a dozen of the
longest."""
LANGUAGES_MOST: Final = 32
"""The most languages in which one warning is shown: the European Union has 24."""
LEVEL: Final = 1
"""Of zlib: 900 kB of corners are packed in 15 ms and unpacked in 3, to a third."""
_TEXT: Final = 2
"""What a byte of a message takes, where it is text, with the string around it."""
_VERTEX_BYTES: Final = 120
"""What a corner takes: a pair and two numbers."""
_PART_BYTES: Final = 160
"""What a name with its value takes beside its texts, a circle or other small part; an area has two of them, an info
ten."""
_EVENT_CODE: Final = "profile:DE-BBK-EVENTCODE"
"""What the name of a code of the BBK for an event begins with."""

log = structlog.get_logger()


class Outline(NamedTuple):
    """What forms need of a message in every edition."""

    languages: tuple[str, ...]
    """The tags of its infos, each once, German first, then in their order; never empty."""
    moments: tuple[datetime, ...]
    """When its infos begin and run out, in no order."""
    names_others: bool
    """Whether it names messages on which it acts."""
    event: str
    """The code of its event where it has one of the BBK, else the event's name; empty without either."""


class KeptMessage:
    """A message that is published. What is asked of it is always right, and costs more where there was no room."""

    __slots__ = ("_kept", "_packed", "_stored", "outline", "size")

    def __init__(
        self, kept: KeptMessages, stored: StoredAlert, packed: bytes, size: int, outline: Outline
    ) -> None:
        self._kept = kept
        self._stored = stored
        self._packed = packed
        self.size = size
        """Its bytes as it was submitted."""
        self.outline = outline

    @property
    def packed_size(self) -> int:
        """Return its bytes as they are kept."""
        return len(self._packed)

    @property
    def is_parsed(self) -> bool:
        """Whether it is there without being parsed."""
        return self._kept.has(self)

    def raw(self) -> bytes:
        """Return it byte for byte as it was submitted."""
        return zlib.decompress(self._packed)

    def parsed(self) -> cap.Alert:
        """Return it parsed. Where there was no room a large one takes half a second: ask in a thread."""
        return self._kept.parsed(self, self._read)

    def _read(self) -> cap.Alert:
        return message_of(self._stored, self.raw())


class KeptMessages:
    """The messages of one process, and those of them that are parsed. All threads may ask."""

    def __init__(self, room: int = PARSED_BYTES, parsed_again: Callable[[], object] | None = None) -> None:
        """`room`: how many bytes parsed ones may take, about; `parsed_again` counts one that had to be parsed anew."""
        self._most = room
        self._parsed_again = parsed_again
        self._lock = Lock()
        self._parsed: OrderedDict[KeptMessage, tuple[cap.Alert, int]] = OrderedDict()
        """Those that are parsed and what each takes; the first is the one that was asked for longest ago."""
        self.parsed_bytes = 0
        """What they take, about."""

    def add(self, stored: StoredAlert, raw: bytes) -> KeptMessage:
        """Keep the message of an alert. Ask in a thread, as for `KeptMessage.parsed`."""
        message = message_of(stored, raw)
        kept = KeptMessage(self, stored, zlib.compress(raw, LEVEL), len(raw), outline_of(message))
        self._put(kept, message)
        return kept

    def has(self, kept: KeptMessage) -> bool:
        """Whether one is there parsed."""
        return kept in self._parsed

    def parsed(self, kept: KeptMessage, read: Callable[[], cap.Alert]) -> cap.Alert:
        """Return one parsed, by `read` where it is not there."""
        with self._lock:
            if found := self._parsed.get(kept):
                self._parsed.move_to_end(kept)
                return found[0]
        if self._parsed_again is not None:
            self._parsed_again()
        message = read()
        self._put(kept, message)
        return message

    def keep(self, wanted: Iterable[KeptMessage]) -> None:
        """Forget all others."""
        still = set(wanted)
        with self._lock:
            for one in [one for one in self._parsed if one not in still]:
                self._drop(one)

    def _put(self, kept: KeptMessage, message: cap.Alert) -> None:
        size = parsed_size(message, kept.size)
        with self._lock:
            if kept not in self._parsed and size <= self._most:
                self._parsed[kept] = message, size
                self.parsed_bytes += size
            while self.parsed_bytes > self._most:
                self._drop(next(iter(self._parsed)))

    def _drop(self, kept: KeptMessage) -> None:
        self.parsed_bytes -= self._parsed.pop(kept)[1]


def message_of(stored: StoredAlert, raw: bytes) -> cap.Alert:
    """Return the message of an alert; of one that cannot be read any more what the record has of it. Pure."""
    with suppress(cap.CapError):
        return cap.parse(raw).alerts[0]
    log.error("published_message_unreadable", alert=stored.id)  # an older version took it
    return cap.Alert(
        stored.sender,
        stored.identifier,
        stored.sent,
        cap.Status.ACTUAL,
        cap.MsgType.ALERT,
        cap.Scope.PUBLIC,
    )


def outline_of(message: cap.Alert) -> Outline:
    """Return what forms need of a message in every edition. Pure."""
    tags = {tag.lower(): tag for tag in map(language_of, message.infos)}
    ordered = sorted(tags.values(), key=lambda tag: tag.lower().split("-")[0] != DEFAULT)
    moments = {
        moment for info in message.infos for moment in (info.expires, info.onset, info.effective) if moment
    }
    codes = [
        code.value for info in message.infos for code in info.event_codes if code.name.startswith(_EVENT_CODE)
    ]
    names = [info.event for info in message.infos if info.event]
    return Outline(
        languages=tuple(ordered[:LANGUAGES_MOST]) or (DEFAULT,),
        moments=tuple(moments),
        names_others=bool(message.references),
        event=next(iter((*codes, *names)), ""),
    )


def parsed_size(message: cap.Alert, size: int) -> int:
    """Return about how many bytes of memory a message of this `size` takes parsed, rather more than less. Pure."""
    parts = len(message.references) + len(message.problems)
    vertices = 0
    for info in message.infos:
        parts += 10 + len(info.event_codes) + len(info.parameters) + len(info.resources)
        for area in info.areas:
            parts += 2 + len(area.polygons) + len(area.circles) + len(area.geocodes) + len(area.excluded)
            vertices += sum(len(ring.lat_lon) for ring in (*area.polygons, *area.excluded))
    return _TEXT * size + _VERTEX_BYTES * vertices + _PART_BYTES * parts
