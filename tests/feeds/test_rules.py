"""Configuration, schedule, differences, and the judge of the long run: all by value."""

from dataclasses import replace
from datetime import timedelta
from random import Random
from threading import Event
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from channels.http.messages import Answer, NotSent
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.feeds.configuration import ConfigurationError, FeedSettings, feed_of, load
from dispatcher.feeds.entry import FeedEntry, Listing
from dispatcher.feeds.fetch import FetchError, conditions, fetch
from dispatcher.feeds.formats.dates import read_date
from dispatcher.feeds.hosts import Hosts
from dispatcher.feeds.listing_diff import compare
from dispatcher.feeds.replay.recording import Recorded, write
from dispatcher.feeds.replay.shift import Shifted, shifted
from dispatcher.feeds.schedule import next_poll, next_try, stale_since
from dispatcher.model.feeds import EntryState
from dispatcher.model.vocabulary import FeedResult
from dispatcher.settings import Settings, SettingsError
from dispatcher.wiring import load_feeds
from ops.lab.faults.feeds import __main__ as lab
from ops.lab.faults.feeds import run, scenario
from ops.lab.faults.feeds.scenario import ELSEWHERE, End
from ops.lab.faults.feeds.scenario import Event as Happening
from ops.lab.faults.feeds.server import Fault, FeedServer
from tests.feeds.material import NOW, archive, update, warning

SETTINGS = FeedSettings(name="x", adapter="dwd", urls=("https://x.example/",), interval_s=60, jitter=0.1)


def test_a_file_of_feeds(tmp_path, pair):
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
def test_a_file_that_cannot_be_used_says_so(tmp_path, text):
    file = tmp_path / "feeds.toml"
    file.write_text(text.replace("feeds.toml", str(file)))
    with pytest.raises(ConfigurationError, match=r"feeds\.toml"):
        load(file)
    with pytest.raises(ConfigurationError):
        load(tmp_path / "gone.toml")


def test_what_is_wrong_is_named_with_its_feed(tmp_path):
    file = tmp_path / "feeds.toml"
    file.write_text(
        "[[feed]]\nname = 'a'\nadapter = 'push'\n[[feed]]\nname = 'b'\nadapter = 'push'\nintervall = 3"
    )
    with pytest.raises(ConfigurationError) as found:
        load(file)
    assert str(found.value) == f"{file}: feed 2 (b): intervall: Extra inputs are not permitted"


def test_a_territory_where_nobody_lives_is_a_mistake(tmp_path):
    file = tmp_path / "feeds.toml"
    settings = Settings(data_dir=tmp_path, feeds=file)
    for territory, fits in (("05358", True), ("5358", False), ("", False)):
        file.write_text(f"[[feed]]\nname = 'a'\nadapter = 'push'\nterritory = ['{territory}']")
        if fits:
            assert len(load_feeds(settings, Boundaries.default())) == 1
        else:
            with pytest.raises(SettingsError, match="territory"):
                load_feeds(settings, Boundaries.default())


def test_only_what_can_be_late_is_watched():
    assert feed_of(SETTINGS).is_watched
    assert not feed_of(FeedSettings(name="x", adapter="push")).is_watched
    assert feed_of(FeedSettings(name="x", adapter="push", stale_after_s=3600)).is_watched


def test_only_complete_lists_end_by_absence():
    assert feed_of(SETTINGS).settings.ends_by_absence
    assert not SETTINGS.model_copy(update={"adapter": "index"}).ends_by_absence


@pytest.mark.parametrize(
    ("failures", "retry_after", "random", "seconds"),
    [(0, None, 0.5, 60), (0, None, 0.0, 54), (1, None, 0.5, 60), (2, None, 0.5, 120), (9, None, 0.5, 300),
     (1, 200.0, 0.5, 200), (0, 5.0, 0.5, 60)],
)  # fmt: skip
def test_when_to_ask_again(failures, retry_after, random, seconds):
    assert next_poll(SETTINGS, NOW, failures, retry_after, lambda: random) == NOW + timedelta(seconds=seconds)


def test_a_missing_message_is_asked_for_less_and_less():
    waits = [(next_try(SETTINGS, NOW, tries) - NOW).total_seconds() for tries in (1, 3, 4, 5, 50)]
    assert waits == [60, 60, 120, 240, 600]


def test_a_pause_that_was_asked_for_is_kept():
    assert next_try(SETTINGS, NOW, 1, 200.0) == NOW + timedelta(seconds=200)
    assert next_try(SETTINGS, NOW, 50, 200.0) == NOW + timedelta(seconds=600)


def test_hosts_are_given_up_each_for_itself():
    hosts, a, b = Hosts(), "https://a.example/1", "https://b.example/1"
    silent, missing = (
        FetchError(FeedResult.UNREACHABLE, "timeout"),
        FetchError(FeedResult.REFUSED, "http 404", 404),
    )
    for error in (silent, silent, missing, silent, silent):
        hosts.failed(a, error)
    hosts.answered(a)
    hosts.failed(a, silent)
    assert hosts.pause_of(a) is None
    hosts.failed(a, silent)
    hosts.failed(a, silent)
    assert (hosts.pause_of("https://a.example/2"), hosts.pause_of(b)) == (0.0, None)
    hosts.failed(b, FetchError(FeedResult.REFUSED, "http 429", 429, 90.0))
    assert hosts.pause_of(b) == 90.0


def test_since_when_nobody_knows():
    assert stale_since(SETTINGS, None, NOW) == NOW
    assert stale_since(SETTINGS, NOW - timedelta(seconds=600), NOW) is None
    late = NOW - timedelta(seconds=601)
    assert stale_since(SETTINGS, late, NOW) == late


def row(key, **changes):
    return replace(EntryState("x", key, "p", "1", "first_notice", NOW), **changes)


def test_an_ended_entry_is_not_missed_again():
    known = {"a": row("a", ended_at=NOW), "b": row("b", missed=1)}
    found = compare(known, Listing((FeedEntry("b", "1"),)), 2)
    assert [one.key for one in found.counted] == ["b"]
    assert found.counted[0].missed == 0
    assert found.fresh == found.gone == ()


def test_a_changed_entry_that_had_been_missing_is_only_fresh():
    found = compare({"b": row("b", missed=1)}, Listing((FeedEntry("b", "2"),)), 2)
    assert [one.key for one in found.fresh] == ["b"]
    assert found.counted == ()


def test_a_source_cannot_put_headers_into_our_requests():
    assert "If-None-Match" not in conditions({"etag": "x\r\nHost: evil"})
    assert "If-None-Match" not in conditions({"etag": "ü"})
    assert conditions({"last_modified": "yesterday"})["If-Modified-Since"] == "yesterday"


class Lines:
    """A client that answers from a list."""

    def __init__(self, *answers):
        self.answers = list(answers)

    async def get(self, *_arguments):
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


async def test_what_a_fetch_says():
    def ask(*answers):
        return fetch(Lines(*answers), "https://x.example/a", {}, timeout_s=1, max_bytes=1, now=NOW)

    moved = Answer(302, (b"Location: /b\r\n",))
    found = await ask(moved, Answer(200, (b"ETag: x\r\n",), b"body"))
    assert (found.body, found.requests, found.validators) == (b"body", 2, {"etag": "x"})
    with pytest.raises(FetchError, match="dns"):
        await ask(NotSent("dns"))
    with pytest.raises(FetchError, match="302"):
        await ask(Answer(302))


def test_everything_in_a_message_moves_together():
    later = shifted(update(2, warning(1)), timedelta(days=1))
    assert later.references[0].sent - warning(1).sent == timedelta(days=1)
    assert later.infos[0].expires - later.sent == warning(1).infos[0].expires - warning(1).sent
    adapter = Shifted(feed_of(SETTINGS).adapter, timedelta(days=1))
    (entry,) = adapter.listing(archive(warning(1)), "").entries
    (incoming,) = adapter.read(entry, ())
    assert incoming.alert.sent - warning(1).sent == timedelta(days=1)


# the judge of the long run can be lost


@pytest.mark.parametrize(
    ("kinds", "again", "lone"),
    [
        (["alert"], False, False),
        (["alert", "update", "cancel"], False, False),
        (["alert", "ended", "alert", "cancel"], False, False),
        (["alert", "alert"], True, False),
        (["cancel"], False, True),
        (["alert", "cancel", "cancel"], False, True),
        (["no_longer_affected"], False, True),
    ],
)
def test_doubles_and_lone_endings_are_seen(kinds, again, lone):
    assert run._faults(kinds) == (again, lone)


@pytest.mark.parametrize(
    ("end", "ags", "kinds", "served"),
    [
        (End.CANCEL, "05358008", ["alert", "cancel"], True),
        (End.CANCEL, "05358008", ["alert"], False),
        (End.CANCEL, "05358008", [], False),
        (End.EXPIRY, "05358008", ["alert"], True),
        (End.EXPIRY, "05358008", ["alert", "ended"], False),
        (End.SILENCE, "05358024", [], True),
        (End.SILENCE, "05358024", ["alert"], False),
        (End.SILENCE, "05358024", ["alert", "no_longer_affected"], True),
    ],
)
def test_what_is_missed_is_seen(end, ags, kinds, served):
    event = Happening(1, "dwd", ("05358008",), 0, (), 30, end)
    assert run._is_served(event, ags, kinds) is served


def test_the_scenario_has_everything():
    happenings = scenario.events(Random(1), ["05358008", "05358024", "05358012"], 100)
    assert {event.end for event in happenings} == set(End)
    assert {event.source for event in happenings} == {"dwd", "nina"}
    assert any(event.places == (ELSEWHERE,) for event in happenings)
    event = Happening(0, "dwd", ("05358008",), 5, (13,), 30, End.ALL_CLEAR)
    said = [scenario.message(event, minute, NOW) for minute in (4, 5, 13, 30, 42)]
    assert [alert and str(alert.msg_type) for alert in said] == [None, "Alert", "Update", "Update", None]


def test_a_served_recording_has_faults_as_asked(tmp_path, capsys):
    recording = tmp_path / "day.jsonl"
    recording.write_text(write(Recorded(NOW, "https://source.example/a?b=1", 200, b"x")) + "\n")
    stop = Event()
    stop.set()
    assert lab.serve(recording, 0, 0.5, 1, stop) == 0
    assert capsys.readouterr().out.strip().endswith("/a?b=1")
    with FeedServer(0, lambda: Fault.SERVER_ERROR) as server, pytest.raises(HTTPError, match="500"):
        urlopen(server.put("/a", b"x"), timeout=5)
    assert lab.main(["serve", str(tmp_path / "gone.jsonl")]) == 2
    recording.write_text("{}")
    assert lab.main(["serve", str(recording)]) == 2
    for share in ("2", "x"):
        with pytest.raises(SystemExit):
            lab.main(["serve", str(recording), "--faults", share])


@pytest.mark.parametrize("dates", list(scenario.Dates))
def test_every_way_to_write_a_time_is_read(dates):
    assert read_date(dates.write(NOW)) == NOW
    assert read_date(dates.value) == NOW + timedelta(hours=1)
