"""Load the boundary data that the settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dispatcher.boundaries.municipalities import Boundaries, names_in
from dispatcher.targeting.registries import with_registries
from dispatcher.wiring.setting_errors import naming_setting

if TYPE_CHECKING:
    from dispatcher.settings import Settings


def load_boundaries(settings: Settings) -> Boundaries:
    """Load the operator's bundle, or the one that comes with the program, with the operator's tables of codes."""
    with naming_setting("WARN_BOUNDARIES"):
        data = Boundaries.load(settings.boundaries) if settings.boundaries else Boundaries.default()
    with naming_setting("WARN_REGISTRIES"):
        return with_registries(data, settings.registries)


def municipality_names(settings: Settings) -> frozenset[str]:
    """Return the names of all municipalities of the boundary data, without loading these."""
    with naming_setting("WARN_BOUNDARIES"):
        return names_in(settings.boundaries)
