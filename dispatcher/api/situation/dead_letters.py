"""Count an alert's dead letters, and send it again to those recipients."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from dispatcher.access.permissions import Permission
from dispatcher.api.alerts import followed
from dispatcher.api.approvals.territory import require_role
from dispatcher.store.record import known_within

if TYPE_CHECKING:
    from collections.abc import Callable

    from dispatcher.access.principals import Principal
    from dispatcher.api.dependencies import ApiDependencies
    from dispatcher.model.ledger import DeadLetterGroup, Fate
    from dispatcher.store.delivery.dead_letters import DeadLetters

GROUPS_MAX: Final = 50
"""How many groups are shown, the largest: a line of a page has some 150 characters."""
COUNT_S: Final = 2.0
"""How long their numbers are waited for: what else a page says is said without them."""
REPLAY_MAX: Final = 10_000
"""To how many one request sends again: they are put back batch by batch within it."""


class CountedLetters(NamedTuple):
    """How many dead letters an alert has, and the largest groups of them."""

    letters: int
    groups: list[DeadLetterGroup]


class LetterReplay(NamedTuple):
    """What became of dead letters that were to be replayed."""

    letters: int
    """How many there were."""
    fates: Counter[Fate] | None
    """None: these are not as many as were seen, and nothing was done."""


async def counted_letters(dependencies: ApiDependencies, alert_id: str) -> CountedLetters | None:
    """Return the dead letters of an alert in numbers; None where they cannot be counted in time."""
    return await known_within(COUNT_S, _counted(dependencies.dead_letters, alert_id))


async def _counted(letters: DeadLetters, alert_id: str) -> CountedLetters:
    count = await letters.count(alert_id)
    return CountedLetters(count, await letters.by_reason(alert_id, GROUPS_MAX) if count else [])


async def replay_letters(
    dependencies: ApiDependencies, operator: Principal, alert_id: str, is_seen: Callable[[int], bool]
) -> LetterReplay:
    """Send an alert again to as many as were seen: `is_seen` says of a number whether it is that, and with another one
    nothing is done. Raises `RequestRefused` where there is no such alert, or the role does not hold.
    """
    alert = await followed(dependencies, operator, alert_id)
    require_role(operator, Permission.REPLAY_DEAD_LETTERS, await dependencies.alerts.affected(alert.id))
    letters = dependencies.dead_letters
    count = await letters.count(alert.id)
    if not is_seen(count):
        return LetterReplay(count, None)
    found = [one.id for one in await letters.listed(alert.id, REPLAY_MAX)]
    kept = dependencies.settings.delivery.suspicion.crashes_kept
    fates = await letters.replay(found, kept, operator.actor)
    return LetterReplay(count, Counter(fates.values()))
