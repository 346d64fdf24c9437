"""Resolves administrative codes of alerts to municipalities, exactly or not at all."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from dispatcher.boundaries.registry import NO_REGISTRY, Registry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dispatcher.boundaries.municipalities import Boundaries

# Values in the wild hold one code or a short list ("130000000000,140000000000"); all Kreise are 401.
MAX_CODES = 20_000


class Unresolved(StrEnum):
    """Why a code led to no municipality."""

    SCHEME = "unknown code scheme"
    FORM = "not a code of its scheme"
    CODE = "code not in the boundary data"
    COUNTRY = "names the whole country"
    TOO_MANY = "more codes than one area may have"


@dataclass(frozen=True, slots=True)
class CodeResolution:
    """What the codes of one geocode element stand for, and which of them stand for nothing."""

    indices: tuple[int, ...]
    unresolved: tuple[tuple[str, Unresolved], ...] = ()


def scheme_of(name: str) -> str:
    """Return the scheme a `valueName` means, spelt one way; `DE-ARS`, `rs` and `Regionalschlüssel` are all `ARS`."""
    plain = re.sub(r"[^A-Z0-9_]", "", name.upper().replace("Ü", "UE"))
    return _NAMES.get(plain, plain)


def resolve(
    name: str, value: str, boundaries: Boundaries, registry: Registry = NO_REGISTRY
) -> CodeResolution:
    """Return the municipalities one geocode names; never a guess: an odd code resolves to nothing and says why."""
    scheme = scheme_of(name)
    lookup = _SCHEMES.get(scheme)
    if lookup is None and scheme not in registry.tables:
        return CodeResolution((), ((value, Unresolved.SCHEME),))
    codes = [code for code in re.split(r"[\s,;]+", value) if code]
    if not codes or len(codes) > MAX_CODES:
        return CodeResolution((), ((value, Unresolved.TOO_MANY if codes else Unresolved.FORM),))
    indices: set[int] = set()
    unresolved = []
    for code in dict.fromkeys(codes):
        found = _one(scheme, code, boundaries, registry)
        if isinstance(found, Unresolved):
            unresolved.append((code, found))
        else:
            indices.update(found)
    return CodeResolution(tuple(sorted(indices)), tuple(unresolved))


def _one(scheme: str, code: str, boundaries: Boundaries, registry: Registry) -> tuple[int, ...] | Unresolved:
    keys = registry.keys(scheme, code)
    if keys:
        known = tuple(boundaries.index_by_ags[key] for key in keys if key in boundaries.index_by_ags)
        return known or Unresolved.CODE
    lookup = _SCHEMES.get(scheme)
    return Unresolved.CODE if lookup is None else lookup(code, boundaries)


def _ars(code: str, boundaries: Boundaries) -> tuple[int, ...] | Unresolved:
    """Resolve an ARS: Land 2, Regierungsbezirk 1, Kreis 2, association 4, municipality 3; trailing zeros mean "all of".

    Zeros are cut at these joints only: Kreis 05370 is not Kreis 0537.
    """
    if not _digits(code, (2, 3, 5, 8, 9, 12)):
        return Unresolved.FORM
    if len(code) == len("05358004"):
        return _ags(code, boundaries)
    prefix = _cut(code)
    if prefix in ("", "00"):
        return Unresolved.COUNTRY
    found = boundaries.indices_of_ars(prefix) or _alias(f"ARS:{code}", boundaries)
    if not found and len(prefix) == len("053580004004"):
        # Reforms of associations change the middle of an ARS, never the municipality's own key.
        return _ags(prefix[:5] + prefix[9:], boundaries)
    return found or Unresolved.CODE


def _alias(code: str, boundaries: Boundaries) -> tuple[int, ...]:
    alias = boundaries.units.aliases.get(code)
    return () if alias is None else (boundaries.index_by_ags[alias.ags],)


def _cut(code: str) -> str:
    for joint in (9, 5, 3, 2, 0):
        if len(code) > joint and not code[joint:].strip("0"):
            code = code[:joint]
    return code


def _ags(code: str, boundaries: Boundaries) -> tuple[int, ...] | Unresolved:
    """Resolve an AGS: Land 2, Regierungsbezirk 1, Kreis 2, municipality 3; exact first, since 05315000 is Köln
    itself.
    """
    if not _digits(code, (2, 3, 5, 8)):
        return Unresolved.FORM
    exact = (
        (boundaries.index_by_ags[code],)
        if code in boundaries.index_by_ags
        else _alias(f"AGS:{code}", boundaries)
    )
    if exact:
        return exact
    for joint in (5, 3, 2, 0):
        if len(code) > joint and not code[joint:].strip("0"):
            code = code[:joint]
    if code in ("", "00"):
        return Unresolved.COUNTRY
    return boundaries.indices_of_ags(code) or Unresolved.CODE


def _warncell(code: str, boundaries: Boundaries) -> tuple[int, ...] | Unresolved:
    """Resolve a WARNCELLID of DWD: 8 + AGS is a municipality, 1 + Kreis + 000 a district; the rest needs DWD's
    table.
    """
    if not _digits(code, (9,)):
        return Unresolved.FORM
    if code[0] == "8":
        index = boundaries.index_by_ags.get(code[1:])
        return (index,) if index is not None else _alias(f"AGS:{code[1:]}", boundaries) or Unresolved.CODE
    if code[0] == "1" and code.endswith("000"):
        return boundaries.indices_of_ags(code[1:6]) or Unresolved.CODE
    return Unresolved.CODE


def _nuts(code: str, boundaries: Boundaries) -> tuple[int, ...] | Unresolved:
    """Resolve a NUTS code: two letters of the country, then one character per level; DEA26 is Kreis Düren."""
    if not re.fullmatch(r"[A-Z]{2}[0-9A-Z]{0,3}", code):
        return Unresolved.FORM
    if len(code) == len("DE"):
        return Unresolved.COUNTRY
    return (
        tuple(i for i, nuts in enumerate(boundaries.units.nuts) if nuts.startswith(code)) or Unresolved.CODE
    )


def _digits(code: str, lengths: tuple[int, ...]) -> bool:
    return code.isascii() and code.isdigit() and len(code) in lengths


_SCHEMES: Mapping[str, Callable[[str, Boundaries], tuple[int, ...] | Unresolved]] = MappingProxyType(
    {"AGS": _ags, "ARS": _ars, "NUTS": _nuts, "WARNCELLID": _warncell}
)
# What senders call the schemes. SHN is MoWaS' "Schlüsselnummer", an ARS of 12 digits.
_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "AMTLICHERGEMEINDESCHLUESSEL": "AGS",
        "DEAGS": "AGS",
        "GEMEINDESCHLUESSEL": "AGS",
        "AMTLICHERREGIONALSCHLUESSEL": "ARS",
        "DEARS": "ARS",
        "DERS": "ARS",
        "REGIONALSCHLUESSEL": "ARS",
        "RS": "ARS",
        "SHN": "ARS",
        "WARNVERWALTUNGSBEREICHE": "ARS",
        "NUTS1": "NUTS",
        "NUTS2": "NUTS",
        "NUTS3": "NUTS",
        "WARNCELL": "WARNCELLID",
        "WARNCELL_ID": "WARNCELLID",
    }
)
