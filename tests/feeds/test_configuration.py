"""The file of feeds."""

from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.feeds.configuration import ConfigurationError, FeedSettings, feed_of, load
from dispatcher.settings import Settings
from dispatcher.targeting.outcome import COUNTRY_BOXES
from dispatcher.wiring.feeds import load_feeds

SETTINGS = FeedSettings(name="x", adapter="dwd", urls=("https://x.example/",), interval_s=60, jitter=0.1)


def test_a_file_of_feeds(tmp_path: Path, pair: tuple[bytes, bytes]) -> None:
    pem = tmp_path / "pin.pem"
    pem.write_bytes(pair[1])
    file = tmp_path / "feeds.toml"
    file.write_text(
        f"""
        [[feed]]
        name = "dwd"
        adapter = "dwd"
        urls = ["https://x.example/"]
        signature = "required"
        certificates = {{"opendata@dwd.de" = ["{pem}"]}}
        absence = "expire"
        stale_after_s = 90
        attribution = "A"
        licence = "B"

        [[feed]]
        name = "inbox"
        adapter = "folder"
        folder = "{tmp_path}"
        """
    )
    dwd, inbox = load(file)
    assert dwd.rules.pins == {"opendata@dwd.de": (pair[1],)}
    assert dwd.rules.source_id == "feed-dwd"
    assert dwd.credit == dwd.rules.attribution == "A; B"
    assert not dwd.settings.ends_by_absence
    assert dwd.settings.stale_after == timedelta(seconds=90)
    assert inbox.settings.stale_after == timedelta(seconds=600)
    assert load(None) == ()


@pytest.mark.parametrize(
    "text",
    [
        "[[feed]]\nname = 'A B'\nadapter = 'push'",
        "[[feed]]\nname = 'a'\nadapter = 'dwd'",
        "[[feed]]\nname = 'a'\nadapter = 'folder'",
        "[[feed]]\nname = 'a'\nadapter = 'push'\nunknown = 1",
        "[[feed]]\nname = 'a'\nadapter = 'push'\n[[feed]]\nname = 'a'\nadapter = 'push'",
        "[[feed]]\nname = 'a'\nadapter = 'push'\ncertificates = {x = ['nowhere.pem']}",
        "not toml",
        "[[feeds]]\nname = 'a'\nadapter = 'push'",
        "interval_s = 5\n[[feed]]\nname = 'a'\nadapter = 'push'",
        "[feed]\nname = 'a'\nadapter = 'push'",
        "feed = 3",
        "feed = ['a']",
        "[[feed]]\nname = 'a'\nadapter = 'dwd'\nurls = ['ftp://x.example/']",
        "[[feed]]\nname = 'a'\nadapter = 'dwd'\nurls = ['x.example/list']",
        "[[feed]]\nname = 'a'\nadapter = 'dwd'\nurls = ['https://x.example/', 'https://x.example/']",
        "[[feed]]\nname = 'a'\nadapter = 'push'\nurls = ['https://x.example/']",
        "[[feed]]\nname = 'a'\nadapter = 'push'\nfolder = '/'",
        "[[feed]]\nname = 'a'\nadapter = 'push'\ncertificates = {x = ['feeds.toml']}",
    ],
)
def test_a_file_that_cannot_be_used_says_so(tmp_path: Path, text: str) -> None:
    file = tmp_path / "feeds.toml"
    file.write_text(text.replace("feeds.toml", str(file)))
    with pytest.raises(ConfigurationError, match=r"feeds\.toml"):
        load(file)
    with pytest.raises(ConfigurationError):
        load(tmp_path / "gone.toml")


def test_what_is_wrong_is_named_with_its_feed(tmp_path: Path) -> None:
    file = tmp_path / "feeds.toml"
    file.write_text(
        "[[feed]]\nname = 'a'\nadapter = 'push'\n[[feed]]\nname = 'b'\nadapter = 'push'\nintervall = 3"
    )
    with pytest.raises(ConfigurationError) as found:
        load(file)
    assert str(found.value) == (
        f"{file}: feed 2 (b): intervall: there is no such word; "
        "the nearest is interval_s; all are in ops/docs/feeds.md"
    )


def test_only_what_can_be_late_is_watched() -> None:
    assert feed_of(SETTINGS).is_watched
    assert not feed_of(FeedSettings(name="x", adapter="push")).is_watched
    assert feed_of(FeedSettings(name="x", adapter="push", stale_after_s=3600)).is_watched


def test_only_complete_lists_end_by_absence() -> None:
    assert feed_of(SETTINGS).settings.ends_by_absence
    assert not SETTINGS.model_copy(update={"adapter": "index"}).ends_by_absence


def test_coordinates_are_put_right_only_into_the_country_that_the_file_names(tmp_path: Path) -> None:
    """Whatever country the boundary data is of, and whatever part of it the installation takes."""
    file = tmp_path / "feeds.toml"
    entry = "[[feed]]\nname = 'a'\nadapter = 'push'\nterritory = ['05358']\n"
    for line, home in (("", None), ("country = 'DE'", COUNTRY_BOXES["DE"])):
        file.write_text(entry + line)
        [feed] = load_feeds(Settings(data_dir=tmp_path, feeds=file), Boundaries.default())
        assert feed.rules.profile.home == home
    file.write_text(entry + "country = 'XX'")
    with pytest.raises(ConfigurationError, match="country"):
        load(file)


@pytest.mark.parametrize(
    ("changes", "needed"),
    [
        ({}, 10),
        ({"interval_s": 30}, 20),
        ({"interval_s": 3600}, 2),
        ({"interval_s": 3600, "misses": 3}, 3),
        ({"missing_for_s": 0}, 2),
        ({"missing_for_s": 61}, 2),
        ({"missing_for_s": 121}, 3),
    ],
)
def test_an_entry_is_gone_after_some_misses_and_some_minutes(changes: dict[str, float], needed: int) -> None:
    settings = FeedSettings.model_validate({"name": "x", "adapter": "push"} | changes)
    assert settings.misses_needed == needed


@pytest.mark.parametrize(
    "url", ["ftp://source.example/?apikey=GEHEIM", "https://user:GEHEIM@source.example/"]
)
def test_an_address_that_cannot_be_asked_is_named_by_number(url: str) -> None:
    """And not quoted: a key may stand in it."""
    with pytest.raises(ValidationError) as refused:
        FeedSettings(name="x", adapter="dwd", urls=("https://x.example/", url))
    (error,) = refused.value.errors()
    assert "number 2 " in error["msg"]
    assert "GEHEIM" not in error["msg"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            'name = "a"\nadapter = "nina"\nurl = ["https://x.example"]',
            "url: there is no such word; the nearest is urls",
        ),
        ('name = "a"\nadapter = "nin"\nurls = ["https://x.example"]', "the nearest is nina"),
        (
            'name = "a"\nadapter = "nina"\nurls = ["https://x.example"]\nseverities = ["Sever"]',
            "severities.0: .*the nearest is Severe",
        ),
        (
            'name = "a"\nadapter = "nina"\nqqqq = 1',
            "qqqq: there is no such word; all are in ops/docs/feeds.md",
        ),
    ],
)
def test_a_misspelt_word_is_refused_with_the_nearest(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "feeds.toml"
    file.write_text(f"[[feed]]\n{text}\n")
    with pytest.raises(ConfigurationError, match=said):
        load(file)


def test_a_misspelt_table_is_refused_with_the_nearest(tmp_path: Path) -> None:
    file = tmp_path / "feeds.toml"
    file.write_text("[[feeds]]\n")
    with pytest.raises(ConfigurationError, match="not: feeds; the nearest is feed"):
        load(file)


def test_no_key_in_an_address_is_quoted(tmp_path: Path) -> None:
    file = tmp_path / "feeds.toml"
    file.write_text('[[feed]]\nname = "a"\nadapter = "nina"\nurls = ["ftp://x.example/?key=geheim"]\n')
    with pytest.raises(ConfigurationError) as found:
        load(file)
    assert "geheim" not in str(found.value)
