"""Decide how often signing in may fail: by whom and from where, so that nobody is guessed and nobody locked out.

A browser in which a person has signed in before has an allowance of its own, of which strangers use up nothing. All
others share: those of one line for one person, of one line, for one person, and of all. A stranger who uses up what is
for a person makes it wait in a new browser only, and there only with a password: passkeys cannot be guessed.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from dispatcher.store.persons.failures import Bound

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dispatcher.model.vocabulary import Environment

WINDOW: Final = timedelta(minutes=15)
DAY: Final = timedelta(days=1)
OF_DEVICE: Final = 10
"""Attempts of one person in a browser that is known that may fail in the window."""
OF_PERSON_AND_LINE: Final = 5
"""Attempts for one person from one line: who has forgotten a password tries three."""
OF_LINE: Final = 20
"""Attempts from one line for whomever: a control centre may have one address for all its people."""
OF_PERSON: Final = 30
"""Attempts for one person from wherever, unknown browsers: 2880 a day, of at least 10^12 passwords."""
CODES_OF_PERSON: Final = 10
"""Attempts at codes for one person, unknown browsers. Of 10^6 codes three are good at a time: by the number for
passwords, whoever has the password would have guessed one in 80 days with even odds."""
CODES_OF_PERSON_IN_A_DAY: Final = 30
"""The same in a day: one year of guessing finds a code with odds of one in thirty."""
OF_ALL: Final = 200
"""Attempts in unknown browsers for whomever: what they cost at most, as each is a tenth of a second of a core."""


class Stage(StrEnum):
    """What is tried. A stranger who has no password uses up no attempts at codes."""

    PASSWORD = "password"  # noqa: S105 - the stage, not one
    CODE = "code"
    """Of TOTP, or a recovery code."""
    OIDC = "oidc"
    """The answer of an OpenID provider, whose person is not known before."""


@dataclass(frozen=True, slots=True)
class Claim:
    """An attempt: for whom, from where. `person` is what was typed, whether there is such a person or not."""

    stage: Stage
    environment: Environment
    person: str
    line: str
    """The subscriber line of its address (`sign_ups.line_of`)."""
    device: bytes | None = None
    """The digest of the token of a browser in which the person has signed in before."""


def bounds_of(claim: Claim, pepper: bytes) -> tuple[Bound, ...]:
    """Return by what an attempt counts. The keys are hashes: the record does not have who tried from where."""
    return tuple(
        Bound(hmac.digest(pepper, "\0".join(("sign-in", *parts)).encode(), hashlib.sha256), most, window)
        for parts, most, window in _bounds(claim)
    )


def _bounds(claim: Claim) -> Iterator[tuple[tuple[str, ...], int, timedelta]]:
    where = (claim.stage, claim.environment.value)
    if claim.device is not None:
        yield (*where, "device", claim.person, claim.device.hex()), OF_DEVICE, WINDOW
        return
    yield (*where, "line", claim.line), OF_LINE, WINDOW
    if claim.stage is Stage.OIDC:
        return  # answers cannot be guessed: a bound for all would only let strangers keep persons out
    yield (*where, "person-line", claim.person, claim.line), OF_PERSON_AND_LINE, WINDOW
    if claim.stage is Stage.CODE:
        yield (*where, "person", claim.person), CODES_OF_PERSON, WINDOW
        yield (*where, "person-day", claim.person), CODES_OF_PERSON_IN_A_DAY, DAY
    else:
        yield (*where, "person", claim.person), OF_PERSON, WINDOW
    yield (*where, "all"), OF_ALL, WINDOW
