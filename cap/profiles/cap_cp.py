"""CAP-CP, the Canadian profile, which names events and locations by its lists."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from cap.findings import Problem
from cap.model import Alert, Info, NamedValue
from cap.profiles.profile import Facts, Profile, breach, unchanged

_CODE: Final = "profile:CAP-CP"
_EVENT: Final = "profile:CAP-CP:Event:"
_LOCATION: Final = "profile:CAP-CP:Location:"


def _applies(alert: Alert) -> bool:
    """Recognises a message by its own declaration, or by the listed events and locations it uses."""
    return _is_declared(alert) or any(
        pair.name.startswith(_CODE)
        for info in alert.infos
        for pairs in (info.event_codes, *(area.geocodes for area in info.areas))
        for pair in pairs
    )


def _is_declared(alert: Alert) -> bool:
    return any(code.startswith(_CODE) for code in alert.codes)


def _facts(alert: Alert, facts: Facts) -> Facts:
    pairs = (pair for info in alert.infos for pair in info.event_codes if pair.name.startswith(_EVENT))
    codes = dict.fromkeys(pair.value for pair in pairs if pair.value)
    return replace(facts, hazards=(*facts.hazards, *(NamedValue("CAP-CP", code) for code in codes)))


def _problems(alert: Alert) -> Iterator[Problem]:
    if not _is_declared(alert):
        yield breach(alert, "profile-element", "/alert", alert.line, f"code {_CODE}")
    if not alert.infos:
        yield breach(alert, "profile-element", "/alert", alert.line, "info")
    for index, info in enumerate(alert.infos, 1):
        yield from _info(alert, info, f"/alert/info[{index}]")


def _info(alert: Alert, info: Info, path: str) -> Iterator[Problem]:
    if info.language is None:
        yield breach(alert, "profile-element", path, info.line, "language")
    if sum(1 for pair in info.event_codes if pair.name.startswith(_EVENT)) != 1:
        yield breach(alert, "profile-event-code", path, info.line, _EVENT)
    if not info.areas:
        yield breach(alert, "profile-element", path, info.line, "area")
    for number, area in enumerate(info.areas, 1):
        if not any(code.name.startswith(_LOCATION) for code in area.geocodes):
            yield breach(alert, "profile-geocode", f"{path}/area[{number}]", area.line, _LOCATION)


PROFILE: Final = Profile("cap-cp", _applies, unchanged, _facts, _problems)
