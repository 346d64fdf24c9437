"""Hold a person's role against the municipalities of a message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from dispatcher.access.permissions import Permission
    from dispatcher.access.principals import Principal
    from dispatcher.model.alerts import AffectedMunicipality


def holds_in(person: Principal, permission: Permission, codes: Collection[str]) -> bool:
    """Whether a role of the person gives the permission in all these municipalities (AGS); without a bound where there
    are none, for then nobody knows whom it concerns.
    """
    return (
        all(person.may_on(permission, ags) for ags in codes) if codes else person.may_everywhere(permission)
    )


def require_role(
    person: Principal,
    permission: Permission,
    places: Sequence[AffectedMunicipality],
    phrase: Phrase = Phrase.APPROVAL_OUTSIDE_TERRITORY,
) -> None:
    """Require what `holds_in` says. Raises `RequestRefused`, which says so by the phrase, and names the municipalities
    where no role holds.
    """
    foreign = [one for one in places if not person.may_on(permission, one.ags)]
    if not holds_in(person, permission, [one.ags for one in places]):
        raise RequestRefused(
            ProblemType.OUTSIDE_TERRITORY,
            said(phrase),
            extra={"municipalities": [{"ags": one.ags, "name": one.name} for one in foreign]},
        )
