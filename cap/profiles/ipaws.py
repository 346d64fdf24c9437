"""IPAWS, the United States' profile, and the parameters of the National Weather Service."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final

from cap import lexical
from cap.findings import Problem
from cap.model import Alert, Info
from cap.profiles.profile import Facts, Profile, breach, first_value, hazard_codes, unchanged, values

_CODE: Final = "IPAWSv1.0"
_SAME: Final = re.compile(r"[A-Z]{3}", re.ASCII)
_LOCATION: Final = re.compile(r"\d{6}", re.ASCII)


def _applies(alert: Alert) -> bool:
    weather = (info.parameters for info in alert.infos)
    return _CODE in alert.codes or any(first_value(pairs, "eventEndingTime") for pairs in weather)


def _facts(alert: Alert, facts: Facts) -> Facts:
    parameters = [pair for info in alert.infos for pair in info.parameters]
    replaced = (part for value in values(parameters, "expiredReferences") for part in value.split())
    return replace(
        facts,
        hazards=(*facts.hazards, *hazard_codes(alert.infos, "SAME", "SAME")),
        event_end=_latest(list(values(parameters, "eventEndingTime"))),
        short_text=first_value(parameters, "CMAMlongtext") or first_value(parameters, "CMAMtext"),
        replaced=tuple(part.split(",")[1] for part in replaced if part.count(",") == 2),
    )


def _latest(texts: list[str]) -> datetime | None:
    moments = (lexical.timestamp(text, ends=True)[0] for text in texts)
    return max((moment for moment in moments if moment), default=None)


def _problems(alert: Alert) -> Iterator[Problem]:
    if _CODE not in alert.codes:
        return
    kinds = {(info.categories, tuple(values(info.event_codes, "SAME"))) for info in alert.infos}
    if len(kinds) > 1:
        yield breach(alert, "profile-infos-differ", "/alert", alert.line)
    for index, info in enumerate(alert.infos, 1):
        yield from _info(alert, info, f"/alert/info[{index}]")


def _info(alert: Alert, info: Info, path: str) -> Iterator[Problem]:
    if info.expires is None:
        yield breach(alert, "profile-element", path, info.line, "expires")
    codes = list(values(info.event_codes, "SAME"))
    if len(codes) != 1 or not _SAME.fullmatch(codes[0]):
        yield breach(alert, "profile-event-code", path, info.line, "SAME")
    if not info.areas:
        yield breach(alert, "profile-element", path, info.line, "area")
    for number, area in enumerate(info.areas, 1):
        if not any(_LOCATION.fullmatch(value) for value in values(area.geocodes, "SAME")):
            yield breach(alert, "profile-geocode", f"{path}/area[{number}]", area.line, "SAME")


PROFILE: Final = Profile("ipaws", _applies, unchanged, _facts, _problems)
