"""Load the boundary data that the settings name."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from dispatcher.wiring.setting_errors import naming_setting

if TYPE_CHECKING:
    from pathlib import Path

    from dispatcher.boundaries.municipalities import Boundaries
    from dispatcher.settings import Settings


def load_boundaries(settings: Settings) -> Boundaries:
    """Load the operator's bundle, or the one that comes with the program, with the operator's tables of codes."""
    from dispatcher.boundaries.municipalities import Boundaries  # noqa: PLC0415 - brings numpy and shapely
    from dispatcher.targeting.registries import with_registries  # noqa: PLC0415 - the same

    with naming_setting("WARN_BOUNDARIES"):
        data = _bundle(settings.boundaries) if settings.boundaries else Boundaries.default()
    with naming_setting("WARN_REGISTRIES"):
        return with_registries(data, settings.registries)


def _bundle(path: Path) -> Boundaries:
    """Return a bundle, which is read once as long as its file is the same: what `dispatcher up` has read to check the
    settings, its processes have already. Raises as `Boundaries.load`.
    """
    found = path.stat()
    return _read(path, (found.st_ino, found.st_size, found.st_mtime_ns))


@lru_cache(maxsize=1)
def _read(path: Path, version: tuple[int, int, int]) -> Boundaries:
    from dispatcher.boundaries.municipalities import Boundaries  # noqa: PLC0415 - brings numpy and shapely

    del version
    return Boundaries.load(path)


def municipality_names(settings: Settings) -> frozenset[str]:
    """Return the names of all municipalities of the boundary data, without loading these."""
    from dispatcher.boundaries.municipalities import names_in  # noqa: PLC0415 - brings numpy and shapely

    with naming_setting("WARN_BOUNDARIES"):
        return names_in(settings.boundaries)
