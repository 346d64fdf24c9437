"""How many there are, in the grammar of the language. The numbers are those that CLDR gives as examples."""

from collections.abc import Callable

import pytest

from dispatcher.texts.words.plurals import Counted, Plural, always, arabic, invariable, ukrainian


@pytest.mark.parametrize(
    ("rule", "form", "numbers"),
    [
        (ukrainian, Plural.ONE, (1, 21, 31, 61, 101, 1001)),
        (ukrainian, Plural.FEW, (2, 3, 4, 22, 34, 102, 1002)),
        (ukrainian, Plural.MANY, (0, 5, 11, 12, 14, 19, 20, 100, 111, 112, 1000)),
        (arabic, Plural.ZERO, (0,)),
        (arabic, Plural.ONE, (1,)),
        (arabic, Plural.TWO, (2,)),
        (arabic, Plural.FEW, (3, 10, 103, 110, 1003)),
        (arabic, Plural.MANY, (11, 26, 99, 111, 1011)),
        (arabic, Plural.OTHER, (100, 101, 102, 200, 201, 1000)),
        (invariable, Plural.OTHER, (0, 1, 2, 5, 11, 100)),
    ],
)
def test_each_number_has_its_form(
    rule: Callable[[int], Plural], form: Plural, numbers: tuple[int, ...]
) -> None:
    assert {rule(number) for number in numbers} == {form}


def test_a_form_says_the_number_and_what_else_is_put_in() -> None:
    cats = Counted(ukrainian, {Plural.ONE: "{number} кіт {of}", Plural.FEW: "{number} коти {of}"})
    assert (cats.say(21, of="{x}"), cats.say(3, of="y")) == ("21 кіт {x}", "3 коти y")
    assert always("{number} cats").say(1) == "1 cats"
    with pytest.raises(KeyError):
        cats.say(5, of="z")
