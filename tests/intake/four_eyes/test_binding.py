"""What is approved is bound by one hash: no member of it can change by a bit."""

from dataclasses import replace

import pytest

from dispatcher.intake.four_eyes.binding import BoundContent, binding, content_sha256
from dispatcher.model.alerts import AffectedMunicipality

DUEREN = AffectedMunicipality("05358008", "Düren", "geocode", 1.0)
JUELICH = AffectedMunicipality("05358024", "Jülich", "geometry", 0.4)
HELD = BoundContent(b"<alert/>", (DUEREN, JUELICH), b"\x01\x02\x03", {"text/de": "WARNUNG", "push/de": b"{}"})


def flipped(raw: bytes, bit: int) -> bytes:
    number = int.from_bytes(raw, "big") ^ (1 << bit)
    return number.to_bytes(len(raw), "big")


def test_the_same_content_has_the_same_binding_in_whatever_order_it_is_read() -> None:
    other = BoundContent(HELD.raw, (JUELICH, DUEREN), HELD.target, dict(reversed(list(HELD.texts.items()))))
    assert content_sha256(other) == content_sha256(HELD)
    assert binding(content_sha256(HELD), 12) == binding(content_sha256(other), 12)


@pytest.mark.parametrize("bit", range(8))
def test_one_bit_of_the_message_or_the_target_makes_another_binding(bit: int) -> None:
    for changed in (
        replace(HELD, raw=flipped(HELD.raw, bit)),
        replace(HELD, target=flipped(HELD.target, bit)),
        replace(HELD, texts=dict(HELD.texts) | {"push/de": flipped(b"{}", bit)}),
    ):
        assert content_sha256(changed) != content_sha256(HELD)


@pytest.mark.parametrize(
    "changed",
    [
        replace(HELD, places=(DUEREN,)),
        replace(HELD, places=(DUEREN, replace(JUELICH, ags="05358025"))),
        # A municipality that is named is the target as a whole; one that is touched is not.
        replace(HELD, places=(DUEREN, replace(JUELICH, reason="geocode"))),
        replace(HELD, target=b""),
        replace(HELD, texts={**HELD.texts, "text/de": "WARNUNg"}),
        replace(HELD, texts={"text/de": "WARNUNG"}),
        replace(HELD, texts={"text/en": "WARNUNG", "push/de": b"{}"}),
        # What moves from one part into the next is not the same.
        replace(HELD, raw=HELD.raw[:-1], target=HELD.raw[-1:] + HELD.target),
    ],
)
def test_a_changed_place_shape_or_word_makes_another_binding(changed: BoundContent) -> None:
    assert content_sha256(changed) != content_sha256(HELD)


def test_one_person_more_makes_another_binding() -> None:
    content = content_sha256(HELD)
    assert len({binding(content, people) for people in (None, 0, 1, 12, 13, 120, 121)}) == 7
