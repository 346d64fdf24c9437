"""The pages as they are before any script has run."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from dispatcher.model.principals import Branding, Instance
from dispatcher.pages import shell
from dispatcher.pages.assets import LANGUAGES, assets
from tests.support.messages import DUEREN

HOSTILE = '"><script>alert(1)</script>\u202e&amp;'


class Elements(HTMLParser):
    """The elements with their attributes, and the text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, Any]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, Any]]:
        return [attributes for name, attributes in self.found if name == tag]


def page(name: str = "Kreis Düren", language: str = "de", **of: Any) -> Elements:
    return Elements(shell.app_page(frame(name, language, **of)))


def frame(name: str = "Kreis Düren", language: str = "de", **of: Any) -> shell.AppFrame:
    instance = Instance("dueren", name, (DUEREN,), **of)
    words = assets().words[language]
    spoken = assets().words
    return shell.AppFrame(instance, words, language, "/assets/0/", "© GeoBasis-DE / BKG", spoken)


def test_until_a_script_has_run_nothing_is_known() -> None:
    found = page()
    assert "ist nicht bekannt, ob Warnungen gelten" in found.text
    assert "keine Warnung" not in found.text
    assert found.all("noscript")
    assert "© GeoBasis-DE / BKG" in found.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_no_script_runs_it_is_said_in_every_language(language: str) -> None:
    """Nobody knows the person's then: also where the words of theirs could not be loaded."""
    found, words = page(), assets().words[language]
    assert words["nothing_loaded"] in found.text
    assert words["without_script"] in found.text
    direction = "rtl" if language == "ar" else "ltr"
    paragraphs = [one for one in found.all("p") if one.get("class") == "unknown"]
    assert [one["dir"] for one in paragraphs if one["lang"] == language] == [direction] * 2


def test_a_link_to_what_is_in_german_alone_says_so() -> None:
    german = {one["href"] for one in page(language="uk").all("a") if one.get("hreflang") == "de"}
    assert german == {"imprint", "privacy", "accessibility"}


def test_the_title_says_what_the_page_is_of() -> None:
    """A tab or a bookmark with a district's name alone does not say that warnings are there."""
    assert "Warnungen – Kreis Düren" in page().text
    assert "Uyarılar – Kreis Düren" in page(language="tr").text
    assert "Warnungen – Warnungen" not in page(name="").text


def test_nothing_is_inline_and_nothing_from_elsewhere() -> None:
    found = page(branding=Branding("#00457c", "#ffffff", "https://elsewhere.example/logo.svg"))
    assert [one.get("src") for one in found.all("script")] == ["/assets/0/page.js"]
    assert not found.all("style")
    for tag, attributes in found.found:
        assert not [name for name in attributes if name == "style" or name.startswith("on")], tag
        for name in ("src", "href"):
            assert "//" not in (attributes.get(name) or ""), tag


def test_what_an_operator_has_entered_is_no_markup() -> None:
    found = page(name=HOSTILE)
    assert len(found.all("script")) == 1
    assert HOSTILE in found.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_language_and_direction_are_said(language: str) -> None:
    [root] = page(language=language).all("html")
    assert (root["lang"], root["dir"]) == (language, "rtl" if language == "ar" else "ltr")


def test_words_that_the_script_replaces_are_in_every_catalogue() -> None:
    named = {attributes["data-text"] for _, attributes in page().found if "data-text" in attributes}
    assert len(named) >= 3
    assert named <= set(assets().words["de"])


def test_the_policy_lets_only_files_of_ours_run() -> None:
    policy = dict(part.split(" ", 1) for part in shell.CONTENT_SECURITY_POLICY.split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["require-trusted-types-for"] == "'script'"
    for name, value in policy.items():
        assert value in {"'none'", "'self'"} or "trusted-types" in name, name
    assert "unsafe" not in shell.CONTENT_SECURITY_POLICY


def test_an_app_without_colours_has_ours_and_one_without_a_name_says_what_it_is() -> None:
    assert shell.brand(Branding()) == ":root { --brand: #1f3a5f; --on-brand: #ffffff; }\n"
    assert shell.brand(Branding("#00457c", "#fffffe")) == ":root { --brand: #00457c; --on-brand: #fffffe; }\n"
    assert re.search("Warnungen", page(name="").text)


def test_a_page_that_is_only_read_runs_nothing_and_leads_back() -> None:
    found = Elements(shell.statement_page(frame(), "Impressum", "<h1>Impressum</h1>"))
    assert not found.all("script")
    assert "Impressum – Kreis Düren" in found.text
    assert {"./#", "./#/settings", "imprint", "privacy", "accessibility"} <= {
        one["href"] for one in found.all("a")
    }
