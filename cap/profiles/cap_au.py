"""CAP-AU, the Australian profile, which names events by the AUeventLIST."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from cap.findings import Problem
from cap.model import Alert, NamedValue
from cap.profiles.profile import Facts, Profile, breach, unchanged

_CODE: Final = "profile:cap-au"
_EVENT: Final = "AUeventLIST"


def _applies(alert: Alert) -> bool:
    names = (pair.name for info in alert.infos for pair in info.event_codes)
    return any(_CODE in code.lower() for code in alert.codes) or any(_EVENT in name for name in names)


def _facts(alert: Alert, facts: Facts) -> Facts:
    pairs = (pair for info in alert.infos for pair in info.event_codes if _EVENT in pair.name)
    codes = dict.fromkeys(pair.value for pair in pairs if pair.value)
    return replace(facts, hazards=(*facts.hazards, *(NamedValue("CAP-AU", code) for code in codes)))


def _problems(alert: Alert) -> Iterator[Problem]:
    for index, info in enumerate(alert.infos, 1):
        if not any(_EVENT in pair.name for pair in info.event_codes):
            yield breach(alert, "profile-event-code", f"/alert/info[{index}]", info.line, _EVENT)


PROFILE: Final = Profile("cap-au", _applies, unchanged, _facts, _problems)
