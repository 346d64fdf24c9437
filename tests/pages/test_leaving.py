"""The pages by which people leave, in every language."""

import pytest

from dispatcher.pages.assets import LANGUAGES, assets
from dispatcher.pages.leaving import LeavingPages, spoken
from tests.pages.test_shell import Elements

PAGES = LeavingPages(assets(), "/v1/leave-number")
HOSTILE = '"><script>'


@pytest.mark.parametrize(
    ("wanted", "accepted", "language"),
    [
        ("", "", "de"),
        ("", "fr", "de"),
        ("", "fr-FR,fr;q=0.9,tr;q=0.8,en;q=0.7", "tr"),
        ("", "de-AT", "de"),
        ("uk", "de", "uk"),
        ("xx", "ar-SY", "ar"),
        ("uk" + "-aa" * 20_000, "tr", "uk"),
        ("", "xx," * 19 + "tr", "tr"),
        ("", "xx," * 20 + "tr", "de"),
        ("de-simple", "en", "de-simple"),
        (HOSTILE, "*;q=0.5", "de"),
        (",;=" * 99, "\x00", "de"),
    ],
)
def test_a_link_says_the_language_else_the_browser_does(wanted: str, accepted: str, language: str) -> None:
    assert spoken(wanted, accepted) == language


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_on_a_page_is_in_its_language(language: str) -> None:
    words = assets().words[language]
    pages = [
        PAGES.question(language),
        PAGES.asking(language, "leaving_number"),
        PAGES.typing(language, "leaving_code_sent", "0151 1"),
        PAGES.page(language, "leaving_left"),
    ]
    said = ["leaving_question", "leaving_number", "leaving_code_sent", "leaving_left"]
    for page, name in zip(pages, said, strict=True):
        found = Elements(page)
        [root] = found.all("html")
        assert (root["lang"], root["dir"]) == (language, "rtl" if language == "ar" else "ltr")
        assert words[name] in found.text
        left = found.text
        for text in sorted(words.values(), key=len, reverse=True):
            left = left.replace(text, "")
        assert not left.strip()
    assert f'action="/v1/leave-number?language={language}"' in pages[1]
    assert f'action="/v1/leave-number/code?language={language}"' in pages[2]


def test_what_was_typed_is_no_markup() -> None:
    found = Elements(PAGES.typing("de", "leaving_code_wrong", HOSTILE))
    assert not found.all("script")
    assert [one["value"] for one in found.all("input") if one["name"] == "number"] == [HOSTILE]
