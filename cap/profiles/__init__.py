"""National and agency profiles: this package puts what their messages say outside of CAP's elements into common terms.

`normalise` moves what has a place in the model to that place; `facts` collects what has none; `profile_problems`
names breaches of a profile that a message claims to follow. Nothing downstream asks who sent a message.

A profile is a `Profile` value and a few functions in a module of its own, listed in `PROFILES`.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from cap.findings import Finding, Problem
from cap.identifiers import without_language
from cap.model import Alert
from cap.policy import STRICT, Policy
from cap.profiles import cap_au, cap_cp, dwd, ipaws, meteoalarm, mowas
from cap.profiles.profile import Facts, Profile
from cap.vocabulary import ResponseType, Status

PROFILES: Final[tuple[Profile, ...]] = (
    cap_au.PROFILE,
    cap_cp.PROFILE,
    dwd.PROFILE,
    ipaws.PROFILE,
    meteoalarm.PROFILE,
    mowas.PROFILE,
)


def profiles_of(alert: Alert) -> tuple[Profile, ...]:
    """Returns the profiles that the message follows, because it says so or because it is recognisably written so."""
    return tuple(profile for profile in PROFILES if profile.applies(alert))


def normalise(alert: Alert) -> Alert:
    """Returns the alert with what every profile says moved to where the model has a place for it.

    It is idempotent and never narrows the target.
    """
    for profile in profiles_of(alert):
        alert = profile.normalise(alert)
    return alert


def facts(alert: Alert) -> Facts:
    """Returns what the message says beyond CAP's own elements, in terms common to all profiles."""
    found = Facts(
        key=without_language(alert.identifier),
        all_clear=any(ResponseType.ALL_CLEAR in info.response_types for info in alert.infos),
        is_test=alert.status in (Status.TEST, Status.SYSTEM, Status.DRAFT),
    )
    for profile in profiles_of(alert):
        found = profile.facts(alert, found)
        found = replace(found, profiles=(*found.profiles, profile.name))
    return found


def profile_problems(alert: Alert) -> Iterator[Problem]:
    for profile in profiles_of(alert):
        yield from profile.problems(alert)


def check_profiles(alert: Alert, policy: Policy = STRICT) -> tuple[Finding, ...]:
    """Returns the breaches of the profiles that the message follows.

    They are not part of `check`: a message that breaks a profile can still be perfect CAP.
    """
    return tuple(policy.judge(problem) for problem in profile_problems(alert))
