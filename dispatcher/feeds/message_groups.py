"""Finds what belongs together in a list: the messages of one warning, and the languages of one message. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dispatcher.intake.related import reference_keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import cap
    from dispatcher.intake.prepare import Message


def arranged(messages: Sequence[Message], preferred: str) -> tuple[list[list[int]], dict[int, int]]:
    """Return `related_groups` and `other_languages`. For a continent's warnings this costs a quarter of a second: call
    it in a thread.
    """
    languages = other_languages(messages, preferred)
    return related_groups(messages, languages), languages


def related_groups(messages: Sequence[Message], languages: Mapping[int, int]) -> list[list[int]]:
    """Return the messages' positions in groups: two that share an identifier or an event key, by their own or by what
    they refer to, are in one, and so are those that `languages` joins. The newest comes first, in each group and with
    its group; of one message's languages the one that stands for the others.
    """
    groups = _Groups(len(messages))
    first: dict[str, int] = {}
    for index, message in enumerate(messages):
        for name in _names(message):
            groups.join(index, first.setdefault(name, index))
    for index, other in languages.items():
        groups.join(index, other)
    order = sorted(range(len(messages)), key=languages.__contains__)
    order.sort(key=lambda index: messages[index].sent, reverse=True)
    found: dict[int, list[int]] = {}
    for index in order:
        found.setdefault(groups.of(index), []).append(index)
    return list(found.values())


def with_related(messages: Sequence[Message], wanted: Iterable[int]) -> set[int]:
    """Return the positions `wanted`, and those of messages that belong together with one of these: one that is meant
    for elsewhere may replace or end one that is meant for here.
    """
    found = set(wanted)
    for group in related_groups(messages, {}):
        if found.intersection(group):
            found.update(group)
    return found


class _Groups:
    """Holds disjoint sets of positions; each set goes by the number of one of its members."""

    def __init__(self, count: int) -> None:
        self._parents = list(range(count))

    def of(self, index: int) -> int:
        parents = self._parents
        while parents[index] != index:
            parents[index] = parents[parents[index]]
            index = parents[index]
        return index

    def join(self, one: int, other: int) -> None:
        self._parents[self.of(one)] = self.of(other)


def _names(message: Message) -> Iterator[str]:
    yield message.alert.identifier
    yield message.facts.key
    for reference in message.references:
        yield reference.identifier
    yield from reference_keys(message.references)


def other_languages(messages: Sequence[Message], preferred: str) -> dict[int, int]:
    """Return, by position, the messages that say in another language what one of them says, with the position of that
    one: the first in the `preferred` language, else the first at all.

    They have the sender, instant, event code or incident, times, severity, area and doubts in common, and no language.
    Where any of this is not so, or no code says that the events are the same, each is a message of its own: people are
    rather notified twice than not at all.
    """
    editions: dict[Any, list[int]] = defaultdict(list)
    for index, message in enumerate(messages):
        infos = message.alert.infos
        if infos and (message.alert.incidents or all(info.event_codes for info in infos)):
            editions[_apart_from_language(message)].append(index)
    wanted = _primary(preferred)
    found: dict[int, int] = {}
    for positions in editions.values():
        first = next((index for index in positions if wanted in _languages(messages[index])), positions[0])
        for index in positions:
            if not _languages(messages[index]) & _languages(messages[first]):
                found[index] = first
    return found


def _apart_from_language(message: Message) -> tuple[Any, ...]:
    alert = message.alert
    return (
        *(alert.sender, message.sent, alert.status, alert.msg_type, alert.scope, alert.incidents),
        *(
            message.proved,
            len(message.references),
            message.places,
            message.target,
            message.expires,
            message.doubts,
        ),
        frozenset(map(_without_words, alert.infos)),
    )


def _without_words(info: cap.Info) -> tuple[Any, ...]:
    return (
        *(
            info.categories,
            info.response_types,
            info.urgency,
            info.severity,
            info.certainty,
            info.event_codes,
        ),
        *(info.effective, info.onset, info.expires),
        tuple(replace(area, area_desc="", line=None, lines={}) for area in info.areas),
    )


def _languages(message: Message) -> set[str]:
    return {_primary(info.language or "") for info in message.alert.infos}


def _primary(language: str) -> str:
    """Return the primary subtag of a language tag (RFC 5646 section 2.1)."""
    return language.partition("-")[0].lower()
