"""What became of the keys of an older bundle."""

import dataclasses
from typing import Any

import pytest
import shapely

from dispatcher.boundaries.build import BoundaryRow
from dispatcher.boundaries.bundle import Alias, Bundle, BundleError
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.boundaries.succession import succession, with_aliases
from tests.boundaries.rows import built, row


def grown(bundle: Any, drop: Any = (), rename: Any = ()) -> Bundle:
    """The bundle with units left out and ARS changed."""
    keep = [i for i, ags in enumerate(bundle.units.ags) if ags not in drop]
    columns = {
        f.name: tuple(getattr(bundle.units, f.name)[i] for i in keep)
        for f in dataclasses.fields(bundle.units)
        if f.name != "aliases"
    }
    renamed = dict(rename)
    columns["ars"] = tuple(renamed.get(a, s) for a, s in zip(columns["ags"], columns["ars"], strict=True))
    found: Bundle = dataclasses.replace(
        bundle,
        units=dataclasses.replace(bundle.units, **columns),
        border=bundle.border[keep],
        inset=bundle.inset[keep],
    )
    return found


def test_changed_keys_are_reported_and_lead_on() -> None:
    old = built(
        row("05001001", 4.00e6, 3e6, 4.01e6, 3.01e6),
        row("05001002", 4.01e6, 3e6, 4.02e6, 3.01e6),
        row("05001003", 4.02e6, 3e6, 4.03e6, 3.01e6),
        row("05001005", 4.10e6, 3e6, 4.11e6, 3.01e6),
    ).bundle
    new = built(
        row("05001001", 4.00e6, 3e6, 4.02e6, 3.01e6),
        BoundaryRow("05001003", "050019999003", "moved", shapely.box(4.02e6, 3e6, 4.03e6, 3.01e6)),
        row("05001004", 4.03e6, 3e6, 4.04e6, 3.01e6),
    ).bundle
    changes = succession(old, new)
    assert changes.ended == ("05001002", "05001005")
    assert changes.begun == ("05001004",)
    assert changes.absorbed == (("05001002", "05001001"),)
    assert changes.ars_changed == (("05001003", "050010000003", "050019999003"),)
    aliased = Boundaries.of(with_aliases(new, old, changes))
    assert aliased.units.aliases["AGS:05001002"] == Alias("05001001", "2020-01-01")
    assert aliased.units.aliases["ARS:050010000003"] == Alias("05001003", "2020-01-01")
    later = with_aliases(
        grown(new, drop=("05001003",)),
        with_aliases(new, old, changes),
        succession(new, grown(new, drop=("05001003",))),
    )
    assert "AGS:05001002" in later.units.aliases
    merged = built(row("05001009", 4.00e6, 3e6, 4.04e6, 3.01e6)).bundle
    again = with_aliases(merged, later, succession(later, merged))
    led = {code: alias.ags for code, alias in again.units.aliases.items()}
    assert led == {"AGS:05001002": "05001009", "AGS:05001001": "05001009", "AGS:05001004": "05001009"}
    assert "ARS:050010000003" not in later.units.aliases


def test_bundles_in_different_systems_are_not_compared() -> None:
    one = built(row("05001001", 4e6, 3e6, 4.01e6, 3.01e6)).bundle
    with pytest.raises(BundleError, match="different systems"):
        succession(one, dataclasses.replace(one, crs="EPSG:6933"))
    assert isinstance(one, Bundle)
