"""Explain to a person at the desk what of an area led to no municipality, and what to give instead. It decides nothing:
a postcode, say, is recognised here only to say which keys to use.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from dispatcher.model.sentences.count import Count
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import Said, said
from dispatcher.targeting.geocodes import Unresolved, scheme_of
from dispatcher.targeting.german import PATTERNS, REASONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cap.model import Area
    from dispatcher.boundaries.municipalities import Boundaries, Municipality
    from dispatcher.targeting.outcome import Unmatched

POSTCODES = frozenset({"PLZ", "POSTLEITZAHL", "POSTCODE", "POSTALCODE", "POSTAL_CODE", "ZIP", "ZIPCODE"})
"""What senders call postcodes, as `scheme_of` spells it."""
LAENDER = range(1, 17)
"""The first two digits of AGS and ARS: the Land."""
NAMED = 5
"""Municipalities or districts that one sentence names at most."""
DESCRIPTION_LENGTH = 1_000
"""Characters of an area's description in which municipalities are looked for."""


def explained(
    unmatched: Sequence[Unmatched], areas: Sequence[Area], boundaries: Boundaries
) -> list[Unmatched]:
    """Return the same items, each with a sentence for a person."""
    explainer = _Explainer(areas, boundaries)
    return [replace(lost, said=explainer.sentence(lost)) for lost in unmatched]


class _Explainer:
    def __init__(self, areas: Sequence[Area], boundaries: Boundaries) -> None:
        self._areas = areas
        self._boundaries = boundaries
        self._hint: Said | None = None

    def sentence(self, lost: Unmatched) -> Said:
        name, _, code = lost.value.partition("=")
        if lost.kind != "geocode" or not code:
            return in_both(lost.reason)
        scheme = scheme_of(name)
        if scheme in POSTCODES and (own := _key_scheme(code)):
            return said(Phrase.KEY_CALLED_POSTCODE, code=code, name=name, scheme=own)
        if is_postcode(scheme, code):
            return said(Phrase.IS_POSTCODE, code=code, hint=self._named_hint())
        if lost.reason == Unresolved.SCHEME:
            known = dict.fromkeys(["AGS", "ARS", "NUTS", "WARNCELLID", *self._boundaries.registry.tables])
            return said(Phrase.SCHEME_UNKNOWN, name=name, known=", ".join(known))
        if lost.reason == Unresolved.FORM:
            return said(_FORMS.get(scheme, Phrase.CODE_ILL_FORMED), scheme=scheme)
        return self._unknown(scheme, code) if lost.reason == Unresolved.CODE else in_both(lost.reason)

    def _unknown(self, scheme: str, code: str) -> Said:
        """Explain a well-formed code that is not in the data: of another region, or of nothing."""
        if scheme not in ("AGS", "ARS"):
            return said(Phrase.CODE_UNKNOWN, scheme=scheme, covers=self._covers())
        if int(code[:2]) not in LAENDER:
            return said(Phrase.LAND_UNKNOWN, land=code[:2])
        district = code[:5]
        if len(code) > len(district) and self._boundaries.indices_of_ags(district):
            return said(Phrase.MUNICIPALITY_UNKNOWN, district=district)
        return said(Phrase.BEYOND_DATA, covers=self._covers())

    def _covers(self) -> Said:
        """Say what the boundary data covers: municipalities, and the districts in which they lie."""
        districts = sorted({ags[:5] for ags in self._boundaries.units.ags})
        names = ", ".join(districts[:NAMED])
        more = said(Phrase.AND_MORE_DISTRICTS, count=len(districts) - NAMED) if len(districts) > NAMED else ""
        count = len(self._boundaries.municipalities)
        return said(Phrase.DATA_COVERS, count=count, districts=len(districts), names=names, more=more)

    def _named_hint(self) -> Said:
        if self._hint is None:
            found = named_in(self._areas, self._boundaries)
            keys = ", ".join(f"{one.name} (ARS {one.ars}, AGS {one.ags})" for one in found)
            self._hint = said(Phrase.KEYS_OF_NAMED, keys=keys) if found else said(Phrase.KEYS_WANTED)
        return self._hint


_FORMS = {"AGS": Phrase.AGS_ILL_FORMED, "ARS": Phrase.ARS_ILL_FORMED}


def _key_scheme(code: str) -> str:
    """Return what a key that is called otherwise is by its digits, ARS or AGS of a municipality; empty for neither."""
    lengths = {12: "ARS", 8: "AGS"}
    well_formed = code.isascii() and code.isdigit() and int(code[:2]) in LAENDER
    return lengths.get(len(code), "") if well_formed else ""


def is_postcode(scheme: str, code: str) -> bool:
    """Whether somebody has typed a postcode: under its own name, or five digits that can be no key of a district."""
    if scheme in POSTCODES:
        return True
    five = len(code) == len("52349") and code.isascii() and code.isdigit()
    if scheme in ("AGS", "ARS"):
        return five and int(code[:2]) not in LAENDER
    return five and scheme not in ("NUTS", "WARNCELLID")


def named_in(areas: Sequence[Area], boundaries: Boundaries) -> list[Municipality]:
    """Return the municipalities that the areas' descriptions name, at most `NAMED`. Only a hint: a name may be that of
    another place.
    """
    text = " ".join(area.area_desc[:DESCRIPTION_LENGTH] for area in areas[:NAMED])
    found = [
        one
        for one in boundaries.municipalities
        if one.name in text and re.search(rf"(?<!\w){re.escape(one.name)}(?!\w)", text)
    ]
    return found[:NAMED]


def in_both(sentence: str) -> Said:
    """Return one of our own English sentences about an area with its German."""
    return Said(_capital(german(sentence)) + ".", _capital(sentence) + ".")


def german(sentence: str) -> str:
    """Return the German of a reason, or of a note such as `circle 1 of area 1 "Rur": …`."""
    if sentence in REASONS:
        return REASONS[sentence]
    for pattern, words in PATTERNS:
        if found := pattern.fullmatch(sentence):
            parts = {name: _part(name, value) for name, value in found.groupdict("").items()}
            return words.format_map(parts)
    return sentence


def _part(name: str, value: str) -> str | Count:
    if name == "label":
        return german_label(value)
    return Count(int(value)) if value.isdecimal() else REASONS.get(value, value)


_LABEL = re.compile(r'(?:(polygon|circle) (\d+) of )?area (\d+)( ".*")?', re.DOTALL)
_SHAPES = {"polygon": "Polygon", "circle": "Kreis"}


def german_label(label: str) -> str:
    """Return the German of `polygon 2 of area 1 "Rur"`; what is in quotation marks is the sender's own."""
    found = _LABEL.fullmatch(label)
    if found is None:
        return label
    shape, number, area, name = found.groups("")
    place = f"Gebiet {area}{name}"
    return f"{_SHAPES[shape]} {number} von {place}" if shape else place


def area_number(label: str) -> int | None:
    """Return the number of the distinct area that a shape's or area's label names, from 1."""
    found = _LABEL.fullmatch(label)
    return int(found[3]) if found else None


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
