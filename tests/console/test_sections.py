"""The menu of the console."""

from dataclasses import replace

from dispatcher.access.kinds import PrincipalKind
from dispatcher.access.permissions import Permission
from dispatcher.access.principals import Principal
from dispatcher.console.sections import SECTIONS, sections_of
from dispatcher.console.words import WORDS


def test_the_menu_offers_what_answers_that_person_and_nothing_to_a_stranger() -> None:
    nobody = Principal(PrincipalKind.PERSON, "m.keller", permissions=frozenset())
    assert sections_of(None) == sections_of(nobody) == ()
    for section in SECTIONS:
        found = sections_of(replace(nobody, permissions=frozenset({section.permission})))
        assert section in found
        assert all(one.permission is section.permission for one in found)
    assert sections_of(replace(nobody, permissions=frozenset(Permission))) == SECTIONS


def test_each_section_has_its_word_and_its_own_page() -> None:
    assert all(one.word in WORDS for one in SECTIONS)
    assert len({one.path for one in SECTIONS}) == len(SECTIONS)
