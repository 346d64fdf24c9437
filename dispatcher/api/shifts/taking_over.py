"""Say what is open at a desk and who has taken it over before, and write down who takes over now: for the routes of the
API and for the console's page alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dispatcher.access.secret_tokens import new_token
from dispatcher.api.alerts import source_listed
from dispatcher.api.console.desk.overview import desk_reading, service_condition
from dispatcher.console.desk.shift import begun_shift, is_note, open_matters
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said
from dispatcher.store.on_duty import shifts

if TYPE_CHECKING:
    from dispatcher.access.principals import Principal
    from dispatcher.api.dependencies import ApiDependencies
    from dispatcher.console.desk.shift import BegunShift, OpenMatters

SHOWN: Final = 20
"""How many earlier shifts are shown."""


async def open_now(dependencies: ApiDependencies, reader: Principal) -> OpenMatters:
    """Return what is open of the alerts that a list has for the reader, in its environment."""
    reading = await desk_reading(dependencies, reader.environment, source_listed(reader))
    return open_matters(reading, await service_condition(dependencies))


async def earlier_shifts(dependencies: ApiDependencies, reader: Principal) -> list[BegunShift]:
    """Return the earlier shifts, the latest first: to whoever follows the alerts of its control centre alone those at
    that one's desk.
    """
    lines = await shifts.begun(dependencies.health.pool, reader.environment, source_listed(reader), SHOWN)
    return [begun_shift(line) for line in lines]


async def take_over(dependencies: ApiDependencies, person: Principal, note: str, form: str = "") -> bool:
    """Write down that a person takes over now, with a note and what is open: once for each `form` of it, a token; "":
    it is not said again. Returns whether it was written now. Raises `RequestRefused` for a note that is too long or
    more than one line.
    """
    if not is_note(note):
        raise RequestRefused(ProblemType.INVALID_REQUEST, said(Phrase.PARAMETERS_WRONG))
    matters = await open_now(dependencies, person)
    detail = {
        "environment": person.environment.value,
        "source": source_listed(person),
        "note": note,
        **matters.as_detail(),
    }
    return await shifts.begin(dependencies.health.pool, person.actor, form or new_token(), detail)
