"""What an operator agreed with an SMS provider: how fast, how dear and how much, and which gateway takes whom. HTTP and
SMPP gateways have the same members for it.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal  # noqa: TC003 - pydantic reads it
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from collections.abc import Iterable

FAILOVER_AFTER_S: Final = 60.0
"""How long a gateway is waited for before another takes over. A restart of a provider's front takes seconds; an SMS
that is a minute late still warns."""
MAX_PARTS: Final = 6
PORT_MAX: Final = 65_535
RATE_MAX: Final = 10_000.0
"""Parts a second. Providers publish 10 to 1,800 a second for an account."""


SENDER_NUMBER: Final = re.compile(r"\+?[0-9]{3,15}")
_SENDER_NAME: Final = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9](?:[A-Za-z0-9 ._-]{0,9}[A-Za-z0-9])?")
"""A sender's name: at most 11 characters (3GPP TS 23.040, section 9.1.2.5), those that all gateways pass on."""


class GatewayRefused(ValueError):
    """No gateway can be so. `shown` says why, beginning with the member, without a word of what the operator gave: of
    that it names members and secrets only.
    """

    def __init__(self, sentence: str, shown: str = "") -> None:
        super().__init__(sentence)
        self.shown = shown or sentence


def require_sender(sender: str) -> str:
    """Return what phones can show as sender. Raises `GatewayRefused`."""
    if not (SENDER_NUMBER.fullmatch(sender) or _SENDER_NAME.fullmatch(sender)):
        raise GatewayRefused(
            "a number of 3 to 15 digits, or 1 to 11 letters and digits, with blanks and . _ - in it"
        )
    return sender


@dataclass(frozen=True, slots=True)
class Contract:
    """What is agreed for one gateway."""

    gateway: str
    rate: float | None = None
    """Parts of texts that the provider takes a second; None: not declared."""
    shared_rate: bool = False
    """Whether the provider counts them for the account, over all of our processes."""
    weight: float = 1.0
    """The gateway's share of those who name no gateway, among the others' weights; 0: it takes over only."""
    failover_after_s: float | None = FAILOVER_AFTER_S
    """After how many seconds without any acceptance others take over; None: never."""
    price_per_part: Decimal | None = None
    currency: str = "EUR"
    parts_per_alert: int | None = None
    parts_per_month: int | None = None
    max_parts: int = MAX_PARTS
    """How many parts a text has at most."""
    own: bool = False
    """Whether it is a single app's own: it takes whom that app alone has, and nobody of anybody else's."""

    @property
    def has_budget(self) -> bool:
        return self.parts_per_alert is not None or self.parts_per_month is not None


class ContractSettings(BaseModel):
    """The members that the settings of all SMS gateways share. Subclasses have a `name`. Nothing is taken for another
    type than it is: `true` parts would be one, and `"no"` false.
    """

    model_config = ConfigDict(extra="forbid")

    rate: float | None = Field(None, gt=0, le=RATE_MAX, allow_inf_nan=False, strict=True)
    """Parts of texts that the contract allows a second; without it, it is learnt and no finishing time is known."""
    shared_rate: bool = Field(default=False, strict=True)
    """Whether the provider counts the account over all of our processes."""
    weight: float = Field(1.0, ge=0, le=1000, allow_inf_nan=False, strict=True)
    """The gateway's share of those who name none; 0: it only takes over from others."""
    failover_after_s: float | None = Field(
        FAILOVER_AFTER_S, ge=1, le=86_400, allow_inf_nan=False, strict=True
    )
    """After how many seconds in which it took nothing others take over; null: never."""
    price_per_part: Annotated[Decimal, Field(ge=0, le=100, max_digits=9, decimal_places=6)] | None = None
    currency: str = Field("EUR", pattern=r"^[A-Z]{3}$")
    """ISO 4217."""
    parts_per_alert: int | None = Field(None, ge=1, strict=True)
    """How many parts the texts of one warning may have here, together."""
    parts_per_month: int | None = Field(None, ge=1, strict=True)
    """How many parts all texts of a calendar month may have here."""

    def contract(self, name: str) -> Contract:
        """Return what is agreed for the gateway of this name, and how many parts its settings allow a text."""
        agreed = {field: getattr(self, field) for field in ContractSettings.model_fields}
        return Contract(name, **agreed, max_parts=getattr(self, "max_parts", MAX_PARTS))


def require_usable(contracts: Iterable[Contract]) -> None:
    """Require of all gateways together, of both lists, that each has a name of its own and that one of them takes
    those who name none. Raises `ValueError`.
    """
    gateways = list(contracts)
    for name, times in Counter(one.gateway for one in gateways).items():
        if times > 1:
            raise ValueError(f"{times} gateways are called {name}")
    if gateways and not any(one.weight for one in gateways):
        raise ValueError("all gateways have the weight 0: none would take anybody")
