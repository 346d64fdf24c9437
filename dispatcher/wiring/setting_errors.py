"""Name the setting whose value is wrong."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from dispatcher.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def naming_setting(setting: str) -> Iterator[None]:
    """Raise what is wrong with a setting's value as an error with its name, instead of a traceback."""
    try:
        yield
    except (ValueError, TypeError, OSError) as error:
        raise SettingsError(f"{setting}: {error}") from error
