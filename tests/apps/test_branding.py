"""How an app presents itself is judged before anybody sees it."""

from dataclasses import replace

import pytest

from dispatcher.apps.branding import contrast, wrong_branding, wrong_profile
from dispatcher.model.principals import Branding, Instance

APP = Instance("dueren", "Düren", ("05358008",))
GOOD = Branding("#00457c", "#ffffff", "https://www.dueren.example/wappen.svg")


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#ffffff", "#ffffff", 1.0),
        ("#777777", "#ffffff", 4.48),  # the grey that just fails on white
        ("#767676", "#ffffff", 4.54),  # and the one that just passes
        ("#ff0000", "#ffffff", 4.0),
    ],
)
def test_contrast_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == pytest.approx(ratio, abs=0.005)
    assert contrast(one, other) == contrast(other, one)


@pytest.mark.parametrize("branding", [Branding(), GOOD, replace(GOOD, logo=""), Branding(logo=GOOD.logo)])
def test_what_is_right_is_right(branding: Branding) -> None:
    assert wrong_branding(branding) == ""


@pytest.mark.parametrize(
    ("branding", "why"),
    [
        (Branding(colour="#00457c"), "give both colours"),
        (Branding("blue", "#ffffff"), "no colour such as #00457c: blue"),
        (Branding("#777777", "#ffffff"), "#ffffff on #777777 has a contrast of 4.48; text needs 4.5"),
        (replace(GOOD, logo="http://www.dueren.example/w.png"), "a logo is a plain https URL"),
        (replace(GOOD, logo="https://u:p@www.dueren.example/w.png"), "a logo is a plain https URL"),
        (replace(GOOD, logo="https://localhost/w.png"), "a logo is a plain https URL"),
        (replace(GOOD, logo="javascript:alert(1)"), "a logo is a plain https URL"),
        (replace(GOOD, logo=GOOD.logo + "x" * 2048), "at most 2048 characters"),
    ],
)
def test_what_is_wrong_has_a_sentence(branding: Branding, why: str) -> None:
    assert why in wrong_branding(branding)
    assert wrong_profile(replace(APP, branding=branding)) == wrong_branding(branding)


@pytest.mark.parametrize(
    ("instance", "why"),
    [
        (APP, ""),
        (replace(APP, languages=("de", "uk", "de-CH", "zh-Hant")), ""),
        (replace(APP, languages=("deutsch",)), "no language such as"),
        (replace(APP, languages=()), "one to 16 languages"),
        (replace(APP, languages=("de", "de")), "each once"),
        (replace(APP, contact="a\nb"), "one line"),
        (replace(APP, contact="x" * 201), "at most 200"),
    ],
)
def test_what_an_instance_says_of_itself_is_judged(instance: Instance, why: str) -> None:
    found = wrong_profile(instance)
    assert (why in found) if why else found == ""
