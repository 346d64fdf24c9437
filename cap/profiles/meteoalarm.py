"""MeteoAlarm, the European meteorological services' common profile."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from cap.findings import Problem
from cap.model import Alert, NamedValue
from cap.profiles.profile import Facts, Profile, breach, first_value, unchanged, values

_LEVEL: Final = "awareness_level"  # "2; yellow; Moderate"
_TYPE: Final = "awareness_type"  # "1; wind"
_NO_WARNING: Final = "green"


def _applies(alert: Alert) -> bool:
    return any(first_value(info.parameters, _LEVEL) for info in alert.infos)


def _facts(alert: Alert, facts: Facts) -> Facts:
    levels = [_part(value, 1) for info in alert.infos for value in values(info.parameters, _LEVEL)]
    types = [_part(value, 0) for info in alert.infos for value in values(info.parameters, _TYPE)]
    hazards = (NamedValue("METEOALARM", code) for code in dict.fromkeys(types) if code)
    return replace(
        facts,
        hazards=(*facts.hazards, *hazards),
        not_a_warning=facts.not_a_warning or all(level == _NO_WARNING for level in levels),
    )


def _part(value: str, index: int) -> str:
    parts = [part.strip().lower() for part in value.split(";")]
    return parts[index] if index < len(parts) else ""


def _problems(alert: Alert) -> Iterator[Problem]:
    for index, info in enumerate(alert.infos, 1):
        for name in (_LEVEL, _TYPE):
            value = first_value(info.parameters, name)
            if value is None or not _part(value, 0).isdigit() or not _part(value, 1):
                yield breach(alert, "profile-parameter", f"/alert/info[{index}]", info.line, name)


PROFILE: Final = Profile("meteoalarm", _applies, unchanged, _facts, _problems)
