"""Name what the console depends on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import tzinfo

    from dispatcher.sign_in.accounts import Accounts
    from dispatcher.sign_in.sign_in import SignIn


@dataclass(frozen=True, slots=True)
class ConsoleParts:
    """Everything that its routes need, and a route of the API that a person asks."""

    origin: str
    """Where browsers reach it."""
    zone: tzinfo
    sign_in: SignIn
    accounts: Accounts
    sms_parts: int
    """How many parts an SMS has at most at any gateway."""
