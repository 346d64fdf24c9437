"""What became of the keys of an older bundle in a newer one: reported on import, and kept as dated aliases."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from dispatcher.boundaries.bundle import Alias, BundleError

if TYPE_CHECKING:
    from dispatcher.boundaries.bundle import Bundle

# A unit that went wholly into another, give or take a field along the border.
ABSORBED_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class Succession:
    """Keys that ended, began, or changed their ARS, each sorted by AGS."""

    ended: tuple[str, ...]
    begun: tuple[str, ...]
    absorbed: tuple[tuple[str, str], ...]
    """(former AGS, AGS of the unit it lies in now)."""
    ars_changed: tuple[tuple[str, str, str], ...]
    """(AGS, former ARS, ARS)."""


def succession(old: Bundle, new: Bundle) -> Succession:
    """Compare two bundles in the same CRS; raises `BundleError` if they are not."""
    if old.crs != new.crs:
        raise BundleError(f"the bundles are in different systems: {old.crs} and {new.crs}")
    before, after = dict(zip(old.units.ags, old.units.ars, strict=True)), set(new.units.ags)
    now = dict(zip(new.units.ags, new.units.ars, strict=True))
    changed = ((ags, before[ags], now[ags]) for ags in sorted(before.keys() & after))
    return Succession(
        ended=tuple(sorted(before.keys() - after)),
        begun=tuple(sorted(after - before.keys())),
        absorbed=_absorbed(old, new),
        ars_changed=tuple(row for row in changed if row[1] and row[1] != row[2]),
    )


def with_aliases(new: Bundle, old: Bundle, changes: Succession) -> Bundle:
    """Return the new bundle, in which codes of the old one still lead to the right unit."""
    known = set(new.units.ags)
    vintage = old.provenance.vintage
    into = dict(changes.absorbed)
    carried = {
        code: replace(alias, ags=into.get(alias.ags, alias.ags)) for code, alias in old.units.aliases.items()
    }
    aliases = {code: alias for code, alias in carried.items() if alias.ags in known}
    aliases |= {f"ARS:{former}": Alias(ags, vintage) for ags, former, _ in changes.ars_changed}
    aliases |= {f"AGS:{former}": Alias(ags, vintage) for former, ags in changes.absorbed}
    return replace(new, units=replace(new.units, aliases=aliases), sha256="")


def _absorbed(old: Bundle, new: Bundle) -> tuple[tuple[str, str], ...]:
    tree = shapely.STRtree(new.border)
    known = set(new.units.ags)
    found = []
    for ags, border in zip(old.units.ags, old.border, strict=True):
        if ags in known:
            continue
        near = tree.query(border, predicate="intersects")
        share = shapely.area(shapely.intersection(border, new.border[near])) / border.area
        if len(near) and share.max() >= ABSORBED_SHARE:
            found.append((ags, new.units.ags[near[int(np.argmax(share))]]))
    return tuple(found)
