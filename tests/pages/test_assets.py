"""The files that all apps share, and the catalogues among them."""

import json
import re

import pytest

from dispatcher.pages.assets import LANGUAGES, OWN, STATIC, assets
from dispatcher.texts.languages import is_right_to_left

PLACE = re.compile(r"\{\w+\}")
SAID = re.compile(r'(?:say|parts)\(\s*"(\w+)"')
NAMED = re.compile(r'"([a-z]+_[a-zA-Z_0-9]+)"')
NAMESPACE = "http://www.w3.org/2000/svg"
"""The name of SVG's elements, which nobody fetches."""
WITHOUT_CLOCK = {"clock"}
"""What a language may leave empty: not each has a word beside a time."""


def test_every_language_has_the_same_words_with_the_same_places() -> None:
    words = assets().words
    assert set(words) == set(LANGUAGES)
    german = words["de"]
    for language, catalogue in words.items():
        assert list(catalogue) == list(german), language
        for name, text in catalogue.items():
            if name in WITHOUT_CLOCK:
                continue
            assert text.strip() == text != "", (language, name)
            assert sorted(PLACE.findall(text)) == sorted(PLACE.findall(german[name])), (language, name)


def test_every_word_that_a_script_says_is_there() -> None:
    said = {name for path in STATIC.glob("*.js") for name in SAID.findall(path.read_text())}
    assert len(said) > 60
    assert said <= set(assets().words["de"])
    assert SAID.findall('texts.say("no_such_words")') == ["no_such_words"]


def test_no_word_is_said_by_nobody() -> None:
    leaving = STATIC.parents[1] / "api" / "subscribers" / "leaving.py"
    paths = [*STATIC.glob("*.js"), *STATIC.parent.glob("*.py"), leaving]
    scripts = "\n".join(path.read_text() for path in paths)
    composed = ("area_", "reach_", "severity_", "gap_", "from_", "install_ios_", "response_")
    for name in assets().words["de"]:
        spoken = (
            re.search(rf'"{name}"|`{name}`|\b{name}:', scripts)
            or name.startswith(composed)
            or name.endswith("_text")
        )
        assert spoken, name


def test_leichte_sprache_has_short_sentences() -> None:
    """After DIN SPEC 33429 a sentence says one thing; 17 words are where the words of this page end."""
    for name, text in assets().words["de-simple"].items():
        for sentence in re.split(r"(?<=[.?!:])\s", text):
            assert len(sentence.split()) <= 17, (name, sentence)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_runs_in_the_direction_of_its_language(language: str) -> None:
    [listed] = re.findall(r"RIGHT_TO_LEFT = (\[.*\]);", (STATIC / "texts.js").read_text())
    assert (language in json.loads(listed)) == is_right_to_left(language)


def test_names_of_files_have_the_digest_of_all_of_them() -> None:
    files = assets()
    assert re.fullmatch(r"/assets/[0-9a-f]{16}/", files.path)
    assert {"page.js", "page.css", *(f"texts.{language}.json" for language in LANGUAGES)} == set(files.files)
    assert files is assets()


def test_the_worker_knows_what_the_page_needs_without_the_network() -> None:
    files = assets()
    [build] = re.findall(r"^const BUILD = (.*);$", files.worker.plain.body.decode(), re.MULTILINE)
    assert json.loads(build) == {
        "assets": files.path,
        "files": [files.path + name for name in files.files],
        "own": list(OWN),
    }


def test_scripts_write_no_markup_and_name_no_other_host() -> None:
    """A text of others can then be no markup; the content security policy says the same to the browser."""
    forbidden = re.compile(
        r"innerHTML|outerHTML\s*=[^=]|insertAdjacent|document\.write|\beval\b|new Function|\.style\b|https?://\w"
    )
    assert forbidden.search('main.innerHTML = "x"')
    assert forbidden.search("element.style.color")
    for path in [*STATIC.glob("*.js"), *STATIC.glob("*.css")]:
        code = "\n".join(
            line.partition("// ")[0] for line in path.read_text().splitlines() if not line.startswith(" *")
        )
        assert not forbidden.search(code.replace(NAMESPACE, "")), path
