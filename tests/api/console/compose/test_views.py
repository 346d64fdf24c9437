"""What the form and the preview show."""

from datetime import UTC
from types import SimpleNamespace
from typing import Any

import pytest

from dispatcher.api.console.compose.views import doubts_of, people_said
from dispatcher.audience.estimate import UNCOUNTED
from dispatcher.audience.reach import Gap
from dispatcher.console.words import WORDS
from dispatcher.desk_texts.catalogue import DeskLanguage, desk_texts
from dispatcher.desk_texts.desk import Desk
from dispatcher.model.vocabulary import ENDS, Environment, Reason
from dispatcher.store.templates import Templates
from tests.api.console import conftest as console_tests
from tests.api.console.compose import test_pages
from tests.api.console.test_approvals import asking, signed_in
from tests.audience.test_reach import populated
from tests.support.console import text
from tests.support.messages import DUEREN, HEIMBACH

__all__ = ["asking", "signed_in"]
console, invite, author = console_tests.console, console_tests.invite, test_pages.author

HOSTILE = "</textarea><script>alert(1)</script>\u202egnp.exe"


async def test_hostile_words_are_shown_as_words(author: Any) -> None:
    browser = await author()
    answer = await browser.post(
        "compose/preview",
        **test_pages.typed(description__de=HOSTILE, places=HOSTILE, imported=HOSTILE, sender_name=HOSTILE),
    )
    raw = answer.body.decode()
    assert answer.status == 422
    assert "<script>alert" not in raw
    assert "\u202e" not in raw
    assert "&lt;script&gt;alert(1)" in raw


async def test_templates_are_looked_for_where_they_are_offered_alone(
    author: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, asked = await author(), []

    async def every(_templates: Any) -> dict[str, list[Any]]:
        asked.append(1)
        return {}

    monkeypatch.setattr(Templates, "all", every)
    answer = await browser.post("compose/preview", **test_pages.typed(severity=""))
    assert (answer.status, asked) == (422, [])
    assert "Keine Vorlage ist genehmigt." in text(await browser.get("compose"))
    assert len(asked) == 1


async def test_the_form_offers_the_own_municipalities_and_all_six_languages(author: Any) -> None:
    browser = await author()
    page = text(await browser.get("compose"))
    assert f'name="place-{HEIMBACH}"' in page
    for language in ("de", "de-simple", "en", "ar", "tr", "uk"):
        assert f'name="headline-{language}"' in page
    assert 'dir="rtl"' in page
    assert "leitstelle@dueren.example" in page
    answer = await browser.ask("GET", "compose", Accept_Language="en")
    assert "Extreme: extraordinary threat" in text(answer)


async def test_the_preview_names_what_was_repaired_and_rounds_where_a_shape_is(author: Any) -> None:
    browser = await author()
    answer = await browser.post(
        "compose/preview",
        **test_pages.typed(places="Jülich", shapes="Kreis 50.80,6.48 1 km", area="Um den Bahnhof"),
    )
    page = text(answer)
    assert answer.status == 200, page
    assert page.count("die Schlüssel nennen 1 Gemeinde") == 1, "each doubt once"
    assert "auf 5 gerundet" in page
    assert "% der Fläche" in page


async def test_the_preview_says_how_many_live_there_within_bounds(asking: Any, author: Any) -> None:
    browser, parts, boundaries = await author(), asking.parts, asking.parts.boundaries
    shape = {"places": "Jülich", "shapes": "Kreis 50.80,6.48 1 km", "area": "Um den Bahnhof"}
    assert "wohnen" not in text(await browser.post("compose/preview", **test_pages.typed(**shape)))
    object.__setattr__(parts, "boundaries", populated(boundaries, 12_345))
    page = text(await browser.post("compose/preview", **test_pages.typed(**shape)))
    assert "In diesen Gemeinden sind zwischen 12.000 und 25.000 Menschen betroffen" in page
    shape["places"] = ""
    page = text(await browser.post("compose/preview", **test_pages.typed(**shape)))
    assert "In diesen Gemeinden sind höchstens 13.000 Menschen betroffen" in page
    page = text(await browser.post("compose/preview", **test_pages.typed(places="Jülich")))
    assert "In diesen Gemeinden wohnen rund 12.000 Menschen." in page


@pytest.mark.parametrize(
    ("counts", "environment", "said"),
    [
        ({}, Environment.LIVE, ["compose_nobody_live"]),
        ({"sms": 0}, Environment.EXERCISE, ["compose_nobody_exercise"]),
        ({"sms": "< 5"}, Environment.EXERCISE, ["compose_perhaps_nobody"]),
        ({"sms": "< 5", "app": 5}, Environment.LIVE, []),
        ({"sms": 1}, Environment.LIVE, []),
    ],
)
def test_that_nobody_gets_it_is_said_before_all_else(
    counts: dict[str, int | str], environment: Environment, said: list[str]
) -> None:
    desk = Desk(desk_texts("de"), DeskLanguage.GERMAN, UTC)
    visit: Any = SimpleNamespace(language="de", environment=environment, word=lambda name: name, desk=desk)
    gaps = (Gap("sms", (DUEREN,), 2),)
    estimate = SimpleNamespace(gaps=gaps, shown_by_channel=lambda: counts, is_counted=True)
    preview: Any = SimpleNamespace(
        reason=Reason.DRILL if environment is Environment.EXERCISE else Reason.FIRST_NOTICE,
        quota_reached=False,
        repeated=False,
        told=None,
        dropped=None,
        findings=(),
        estimate=estimate,
    )
    assert doubts_of(visit, preview) == [*said, "1 von 2 Gemeinden hat keine Abonnenten für SMS."]
    visit.language = "en"
    assert doubts_of(visit, preview)[-1] == "1 of 2 municipalities has no subscribers for SMS."
    preview.estimate = UNCOUNTED
    assert doubts_of(visit, preview) == ["compose_not_counted"]
    assert people_said(visit, preview) == "compose_uncounted"


@pytest.mark.parametrize("reason", sorted(ENDS))
def test_an_end_that_is_not_counted_goes_to_whoever_was_warned(reason: Reason) -> None:
    """And to nobody who has subscribed since."""
    visit: Any = SimpleNamespace(word=lambda name: WORDS[name].de)
    preview: Any = SimpleNamespace(reason=reason, estimate=UNCOUNTED)
    assert people_said(visit, preview) == "alle, die gewarnt wurden (nicht gezählt)"
    preview.reason = Reason.HELD
    assert people_said(visit, preview) == "alle, die dort angemeldet sind (nicht gezählt)"
