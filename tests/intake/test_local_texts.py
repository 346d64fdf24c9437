"""One text for everybody, or none."""

from dataclasses import replace
from typing import Any

import cap
from dispatcher.intake.local_texts import differs_by_place
from tests.support.messages import InfoPart, Message

DUEREN, INDEN = "053580008008", "053580020020"


def parsed(*infos: Any) -> Any:
    return cap.parse(replace(Message(), infos=infos).xml()).alerts[0]


def test_one_language_and_two_areas_need_two_texts() -> None:
    assert differs_by_place(parsed(InfoPart(areas=(DUEREN,)), InfoPart(areas=(INDEN,))))
    assert differs_by_place(parsed(InfoPart(areas=(DUEREN,)), InfoPart(areas=(DUEREN, INDEN), language="de")))


def test_the_same_area_in_several_languages_or_hazards_needs_one() -> None:
    assert not differs_by_place(parsed(InfoPart(), InfoPart(language="en"), InfoPart(event="Sturm")))
    assert not differs_by_place(parsed(InfoPart(areas=(DUEREN, INDEN)), InfoPart(areas=(INDEN, DUEREN))))
