"""Decide whether one text can be right for everybody an alert concerns. Pure."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cap import Alert, Info


def _target(info: Info) -> frozenset[object]:
    """Return where an info applies: all of its areas (CAP 1.2 section 3.2.4), whatever its language calls them."""
    shapes = {(shape, area.excluded) for area in info.areas for shape in (*area.polygons, *area.circles)}
    codes = {code for area in info.areas for code in area.geocodes}
    return frozenset(shapes | codes)


def differs_by_place(alert: Alert) -> bool:
    """Whether infos of one language name different areas, as CAP 1.2 section 3.2.2 allows.

    Such a message says different things to different places. A notice is one text for all recipients of the alert, so
    some would be notified of what is meant for somewhere else.
    """
    targets: defaultdict[str, set[frozenset[object]]] = defaultdict(set)
    for info in alert.infos:
        targets[(info.language or "").lower().partition("-")[0]].add(_target(info))
    return any(len(different) > 1 for different in targets.values())
