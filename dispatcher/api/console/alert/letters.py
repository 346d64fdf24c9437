"""Say which recipients of an alert could not be served, in numbers, and whether a person may send it to them again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from dispatcher.access.permissions import Permission
from dispatcher.api.approvals.territory import holds_in
from dispatcher.api.situation.dead_letters import GROUPS_MAX, REPLAY_MAX, CountedLetters, counted_letters
from dispatcher.desk_texts.owed import channel_word, code_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dispatcher.api.console.visits import Visit
    from dispatcher.model.alerts import AffectedMunicipality, StoredAlert
    from dispatcher.model.ledger import DeadLetterGroup


class LetterRow(NamedTuple):
    """One group, in words."""

    place: str
    channel: str
    reason: str
    recipients: int


async def letter_values(
    visit: Visit, alert: StoredAlert, places: Sequence[AffectedMunicipality], *, is_over: bool
) -> dict[str, Any]:
    """Return what the page is given that says which recipients failed. `is_over`: nothing is sent to them again."""
    counted = await counted_letters(visit.dependencies, alert.id)
    count, groups = counted or CountedLetters(0, [])
    may_replay = count > 0 and _may_replay(visit, places)
    said = "letters_uncounted" if counted is None else "replay_over" if may_replay and is_over else ""
    return {
        "letters": _rows(visit, groups, {one.ags: one.name for one in places}),
        "letter_count": count,
        "letters_max": GROUPS_MAX,
        "may_replay": may_replay and not is_over,
        "replay_max": REPLAY_MAX,
        "letters_said": visit.word(said) if said else "",
    }


def _rows(visit: Visit, groups: Sequence[DeadLetterGroup], names: Mapping[str, str]) -> list[LetterRow]:
    desk = visit.desk

    def reason(one: DeadLetterGroup) -> str:
        words = desk.texts.failures.get(one.label, one.label)
        return f"{words} ({code_words(one.code, desk)})" if one.code else words

    nowhere = visit.word("letters_nowhere")
    return [
        LetterRow(
            names.get(one.ags or "", nowhere), channel_word(one.channel, desk), reason(one), one.recipients
        )
        for one in groups
    ]


def _may_replay(visit: Visit, places: Sequence[AffectedMunicipality]) -> bool:
    permission = Permission.REPLAY_DEAD_LETTERS
    person = visit.holder(permission)
    return person is not None and holds_in(person, permission, [one.ags for one in places])
