"""Hold a person's role against the municipalities of a message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dispatcher.access.permissions import Permission
    from dispatcher.access.principals import Principal
    from dispatcher.model.alerts import AffectedMunicipality


def require_role(person: Principal, permission: Permission, places: Sequence[AffectedMunicipality]) -> None:
    """Require that a role of the person gives the permission in all these municipalities; without a bound where there
    are none, for then nobody knows whom it concerns. Raises `RequestRefused`.
    """
    foreign = [one for one in places if not person.may_on(permission, one.ags)]
    if foreign or not (places or person.may_everywhere(permission)):
        raise RequestRefused(
            ProblemType.OUTSIDE_TERRITORY,
            said(Phrase.APPROVAL_OUTSIDE_TERRITORY),
            extra={"municipalities": [{"ags": one.ags, "name": one.name} for one in foreign]},
        )
