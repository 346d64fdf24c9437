"""The CAP profile 2.1 of Deutscher Wetterdienst, the German weather service.

Excluded polygons are read with the areas (`cap.parse.areas`), for they are geometry.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from cap.identifiers import without_language
from cap.model import Alert, Info, NamedValue
from cap.profiles.profile import Facts, Profile, hazard_codes, no_problems, values
from cap.vocabulary import MsgType, ResponseType, Urgency

SOURCE: Final = "Quelle: Deutscher Wetterdienst"  # CC BY 4.0: the credit stands beside the warning
_SENDER: Final = "opendata@dwd.de"
_CODE: Final = "id:"  # begins a `code` that holds the warning's identifier without its language
_TEST_EVENTS: Final = frozenset({"98", "99"})
_LIFTED: Final = "AUFHEBUNG"  # begins the headline of an Update that lifts a warning


def _applies(alert: Alert) -> bool:
    return alert.sender == _SENDER or ".276.0.DWD." in alert.identifier


def _normalise(alert: Alert) -> Alert:
    """Adds AllClear to the infos of a lifted warning, also where only the headline says that it is lifted."""
    return replace(alert, infos=tuple(_cleared(alert, info) for info in alert.infos))


def _cleared(alert: Alert, info: Info) -> Info:
    lifted = alert.msg_type is MsgType.UPDATE and (info.headline or "").upper().startswith(_LIFTED)
    if not lifted or ResponseType.ALL_CLEAR in info.response_types:
        return info
    return replace(info, response_types=(*info.response_types, ResponseType.ALL_CLEAR))


def _facts(alert: Alert, facts: Facts) -> Facts:
    events = hazard_codes(alert.infos, "II", "DWD-II")
    keys = [code.removeprefix(_CODE) for code in alert.codes if code.startswith(_CODE)]
    lifted = any(ResponseType.ALL_CLEAR in info.response_types for info in _normalise(alert).infos)
    return replace(
        facts,
        key=without_language(keys[0] if keys else alert.identifier),
        hazards=(*facts.hazards, *events, *hazard_codes(alert.infos, "GROUP", "DWD-GROUP")),
        all_clear=facts.all_clear or lifted,
        is_test=facts.is_test or _is_test(events),
        advance=bool(alert.infos) and all(info.urgency is Urgency.FUTURE for info in alert.infos),
        attribution=(*facts.attribution, SOURCE, *_licences(alert)),
    )


def _is_test(events: tuple[NamedValue, ...]) -> bool:
    return bool(events) and all(event.value in _TEST_EVENTS for event in events)


def _licences(alert: Alert) -> Iterator[str]:
    """Yields the surveying authority's notices on the geometry, which must be shown beside it."""
    found = (value for info in alert.infos for value in values(info.event_codes, "LICENSE") if value)
    return iter(dict.fromkeys(found))


PROFILE: Final = Profile("dwd", _applies, _normalise, _facts, no_problems)
