"""Complete a draft that somebody is still writing, so that it is known whom it would reach. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from dispatcher.boundaries.base_map import map_credit
from dispatcher.boundaries.outlines import outlines
from dispatcher.console.compose.draft import DraftKind, DraftText
from dispatcher.console.compose.following import FIELD_TIME
from dispatcher.console.compose.message import CHOICES, ReadWhere, composed
from dispatcher.console.compose.places import ReadPlaces
from dispatcher.texts.languages import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    import cap
    from dispatcher.boundaries.base_map import BaseMap
    from dispatcher.boundaries.municipalities import Boundaries
    from dispatcher.console.compose.draft import Draft
    from dispatcher.console.compose.message import ComposeContext

_STANDS_IN: Final = DraftText("…", "…", "", "…")
_LASTS: Final = timedelta(hours=6)
_USUAL: Final = {"category": "Safety", "severity": "Severe", "urgency": "Immediate", "certainty": "Observed"}
"""What counts as long as nothing is chosen."""


def stand_in(draft: Draft, around: ComposeContext, where: ReadWhere) -> cap.Alert | None:
    """Return the message of a draft with something in the place of all that is missing or wrong in it but where it
    warns; None where that is not known. `where` is how its list and its shapes were read.
    """
    if draft.kind is DraftKind.ALL_CLEAR:
        return composed(replace(draft, texts={}), around, where).alert
    lines = draft.shapes.splitlines()
    completed = replace(
        draft,
        texts={} if around.template else {DEFAULT: _STANDS_IN},
        values={name: field.example for name, field in around.template.fields.items()}
        if around.template
        else {},
        expires=(around.sent + _LASTS).strftime(FIELD_TIME) if not around.template else "",
        picked=tuple(dict.fromkeys((*draft.picked, *where.places.ags))),
        places="",
        shapes="\n".join(line for number, line in enumerate(lines, 1) if number not in where.shapes.wrong),
        sender="",
        sender_name="",
        area="",
        category=_chosen("category", draft, around),
        severity=_chosen("severity", draft, around),
        urgency=_chosen("urgency", draft, around),
        certainty=_chosen("certainty", draft, around),
    )
    understood = ReadWhere(ReadPlaces(), replace(where.shapes, wrong=()))
    return composed(completed, around, understood).alert


def map_of(
    boundaries: Boundaries, territory: Iterable[str], base: BaseMap | None = None
) -> dict[str, Any] | None:
    """Return the outlines of what somebody may warn, with the names of the municipalities, whose data they are and the
    tiles of a base map; None where there are none, or too many to draw.
    """
    places = {place.ags: place.name for prefix in territory for place in boundaries.by_prefix(prefix)}
    drawn = outlines(boundaries, sorted(places))
    if drawn is None:
        return None
    tiles = base.tiles(drawn["bounds"]) if base else []
    credit = map_credit(boundaries.provenance.attribution, base)
    return drawn | {"names": places, "attribution": credit, "tiles": tiles}


def _chosen(name: str, draft: Draft, around: ComposeContext) -> str:
    """Return the choice of the draft if it is one; else what counts until it is made."""
    chosen = str(getattr(draft, name))
    if around.template is None:
        return chosen if chosen in set(CHOICES[name]) else _USUAL[name]
    allowed = getattr(around.template, name, ())
    return chosen if chosen in set(allowed) else ""
