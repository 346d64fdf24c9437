"""The profiles of providers that come with the program: settings of a gateway, ready but for what is the operator's.

Each is a file beside this module, `providers/NAME.toml`: its sources, and under `[gateway]` what could stand in
`WARN_SMS_GATEWAYS` itself. An operator's own members are laid over it, member by member.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Any, Final

from channels.sms.contract import GatewayRefused

_ROOM: Final = files("channels.sms.http") / "providers"
BODIES: Final = ("json", "form", "text")
"""The members of `request` of which one is the body."""


@dataclass(frozen=True, slots=True)
class ProfileSource:
    """Where something about a provider could be read."""

    what: str
    read: str
    """The day on which it was read, as ISO 8601."""
    url: str = ""


@dataclass(frozen=True, slots=True)
class GatewayProfile:
    """One provider."""

    name: str
    title: str
    notes: str
    """What an operator has to know, in sentences."""
    secrets: Mapping[str, str]
    """The names of its secrets, and what each is."""
    sources: Mapping[str, ProfileSource]
    gateway: Mapping[str, Any]
    only_with_reports: tuple[str, ...] = ()
    """Paths to members of `gateway` that ask for reports: left out where the operator names no address for them."""


class UnknownProfile(GatewayRefused):
    """There is no profile of this name; the message says which is the nearest."""


@cache
def names() -> tuple[str, ...]:
    """Return the names of all profiles."""
    return tuple(
        sorted(file.name.removesuffix(".toml") for file in _ROOM.iterdir() if file.name.endswith(".toml"))
    )


@cache
def profile(name: str) -> GatewayProfile:
    """Return a profile. Raises `UnknownProfile`."""
    if name not in names():
        (nearest,) = get_close_matches(name, names(), n=1, cutoff=0.0)
        raise UnknownProfile(
            f"there is no profile {name}; the nearest is {nearest}, and there are {', '.join(names())}",
            f"profile: there is none of this name; there are {', '.join(names())}",
        )
    content = tomllib.loads((_ROOM / f"{name}.toml").read_text(encoding="utf-8"))
    return GatewayProfile(
        name=name,
        title=content["title"],
        notes=content["notes"],
        secrets=content.get("secrets", {}),
        sources={key: ProfileSource(**source) for key, source in content.get("sources", {}).items()},
        gateway=content["gateway"],
        only_with_reports=tuple(content.get("only_with_reports", ())),
    )


def laid_over(base: GatewayProfile, own: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a gateway: the profile's, with the operator's over them.

    Members of an object are laid over one by one, and null takes one away. Own rules are tried before the profile's. A
    body of another kind takes the place of the profile's body. Reports are taken only where the operator wants them:
    they need a secret. They are asked for only where it is known where to.
    """
    gateway = dict(base.gateway)
    if not own.get("reports"):
        gateway.pop("reports", None)
    gateway["answer"] = _named(base.name, gateway.get("answer", {}))
    request = own.get("request")
    if isinstance(request, Mapping):
        gateway["request"] = _without_other_bodies(gateway["request"], request)
    merged: dict[str, Any] = _merged(gateway, own)
    rules = _rules(own)
    if rules and isinstance(merged.get("answer"), dict):
        merged["answer"]["rules"] = [*rules, *gateway["answer"]["rules"]]
    reports = own.get("reports")
    if not (isinstance(reports, Mapping) and reports.get("url")):
        for path in base.only_with_reports:
            merged = _left_out(merged, base.gateway, path.split("."))
    return merged


def _left_out(merged: Any, base: Mapping[str, Any], steps: Sequence[str]) -> Any:
    """Return settings without what stands at the end of the steps, where it is the profile's word."""
    first, *rest = steps
    if not isinstance(merged, Mapping) or first not in merged:
        return merged
    if rest:
        return {**merged, first: _left_out(merged[first], base[first], rest)}
    return {name: value for name, value in merged.items() if name != first or value != base[first]}


def _without_other_bodies(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    wanted = set(BODIES) & own.keys()
    if not wanted and own.get("method") != "GET":
        return dict(base)
    return {name: value for name, value in base.items() if name not in BODIES or name in wanted}


def _named(name: str, answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return the profile's part on answers, with a name for each rule that says whose it is."""
    rules = [{**rule, "name": f"{name} #{place}"} for place, rule in enumerate(answer["rules"], start=1)]
    return {**answer, "rules": rules}


def _rules(own: Mapping[str, Any]) -> list[Any]:
    answer = own.get("answer")
    rules = answer.get("rules") if isinstance(answer, Mapping) else None
    return rules if isinstance(rules, list) else []


def _merged(base: Any, own: Any) -> Any:
    if not (isinstance(base, Mapping) and isinstance(own, Mapping)):
        return own
    merged = dict(base)
    for name, value in own.items():
        if value is None and name in base:
            merged.pop(name)
        else:
            merged[name] = _merged(base.get(name), value)
    return merged
