"""Codes of further schemes, and the municipalities that each means."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Registry:
    """Codes that need a table: scheme -> code -> keys (AGS) of the municipalities it stands for."""

    tables: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=lambda: MappingProxyType({}))

    def keys(self, scheme: str, code: str) -> tuple[str, ...]:
        return self.tables.get(scheme, {}).get(code, ())


NO_REGISTRY = Registry()
