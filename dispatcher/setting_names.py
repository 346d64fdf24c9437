"""Says which names of settings there are, and which one was meant by a name that is none. Pure."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

PREFIX: Final = "WARN_"
OF_THE_CLIENT: Final = frozenset({"WARN_API_KEY", "WARN_LANGUAGE", "WARN_URL"})
"""Names that only the commands of a control centre read (`dispatcher submit`)."""
RENAMED: Final = {
    "WARN_DATABASE_URL": "DATABASE_URL",
    "WARN_REDIS_URL": "REDIS_URL",
    "WARN_USUAL_FACTOR": "WARN_BASELINE_FACTOR",
}
"""Names that no similarity would lead from, old ones and mistaken ones, and what is read."""
NESTED: Final = "__"
"""What separates the name of a setting from that of a member within it."""
CUSTOMARY: Final = ("DATABASE_URL", "REDIS_URL")
"""Settings with names that other programs use too."""
OF_SERVERS: Final = frozenset({*CUSTOMARY, *(f"{name}_FILE" for name in CUSTOMARY)})
"""Names of settings that do not begin like the others. Without them `dispatcher up` starts a service of its own."""
AS_MEANT: Final = 0.885
"""How like one of these a name is that was meant to be it, as difflib's ratio: one letter, or two beside each other.
`DATABASE_HOST` and `REDIS_TLS_URL` of other programs are less like it."""


def unknown_names(given: Iterable[str], known: Collection[str], nested: Collection[str] = ()) -> list[str]:
    """Return a sentence for each name in `given` that begins like a setting's, or is nearly one of the servers', and is
    none, with the one that was meant.

    Capitals do not matter, but for the client's names. Of the `known` ones those in `nested` have members, which may
    be set one by one.
    """
    there = {*known, *OF_THE_CLIENT}
    names = sorted(given)
    wrong = [
        _sentence(name, there)
        for name in names
        if name.upper().startswith(PREFIX)
        and (name.upper() not in known and name not in OF_THE_CLIENT)
        and not _is_member(name.upper(), nested)
    ]
    return wrong + [_sentence(name, OF_SERVERS) for name in names if _is_nearly_a_servers(name.upper())]


def _is_nearly_a_servers(name: str) -> bool:
    return name not in OF_SERVERS and (
        name.startswith(CUSTOMARY) or bool(get_close_matches(name, OF_SERVERS, n=1, cutoff=AS_MEANT))
    )


def _is_member(name: str, nested: Collection[str]) -> bool:
    setting, _, member = name.partition(NESTED)
    return bool(member) and setting in nested


def _sentence(name: str, known: Collection[str]) -> str:
    right = RENAMED.get(name.upper(), name.upper() if name.upper() in OF_THE_CLIENT else "")
    if right:
        return f"{name} is no setting; it is called {right}"
    (nearest,) = get_close_matches(name.upper(), sorted(known), n=1, cutoff=0.0)
    return f"{name} is no setting; the nearest is {nearest}; all are in ops/docs/settings.md"
