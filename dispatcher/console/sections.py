"""Name the sections of the console, in the order of its menu, and what a person must be allowed to see each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dispatcher.access.permissions import Permission

if TYPE_CHECKING:
    from dispatcher.access.principals import Principal


@dataclass(frozen=True, slots=True)
class ConsoleSection:
    """One entry of the menu."""

    path: str
    """Below `/console/live` and `/console/exercise`."""
    word: str
    """The name of what the menu calls it, in `dispatcher.console.words`."""
    permission: Permission
    """What its page asks for."""


SECTIONS: Final = (
    ConsoleSection("/desk", "desk", Permission.READ_ALERTS),
    ConsoleSection("/compose", "compose_menu", Permission.PREVIEW_ALERTS),
    ConsoleSection("/approvals", "approvals", Permission.READ_APPROVALS),
    ConsoleSection("/held", "held", Permission.READ_HELD),
    ConsoleSection("/templates", "templates", Permission.READ_TEMPLATES),
    ConsoleSection("/health", "health", Permission.READ_FEEDS),
)


def sections_of(principal: Principal | None) -> tuple[ConsoleSection, ...]:
    """Return the sections whose pages answer that person; none for whoever is not signed in."""
    return tuple(one for one in SECTIONS if principal is not None and principal.may(one.permission))
