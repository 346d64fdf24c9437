"""Events are blocks of text/event-stream that any client reads."""

import json
from typing import Any

from dispatcher.publication.changes import changes_between, shown_in
from dispatcher.publication.coverage import Coverage, SilentFeed, UncertainFeed
from dispatcher.publication.forms import events
from dispatcher.publication.forms.registry import GERMAN
from dispatcher.publication.places import NOWHERE
from tests.support.messages import HOUR, NOW, InfoPart, Message
from tests.support.publication import found, warned

SILENT = Coverage(
    ("05358",), (SilentFeed("dwd", NOW - HOUR),), (UncertainFeed("lhp", NOW - 2 * HOUR, ("05358",)),)
)


def read(block: bytes) -> tuple[str, Any]:
    """The name of an event, and its data."""
    assert block.endswith(b"\n\n")
    lines = block.decode().rstrip("\n").split("\n")
    assert [line.partition(": ")[0] for line in lines] == ["event", "data"]
    return lines[0].removeprefix("event: "), json.loads(lines[1].removeprefix("data: "))


def changed(before: Any, after: Any, language: str = "de") -> list[tuple[str, Any]]:
    changes = changes_between(shown_in(before), shown_in(after), after)
    return [read(events.changed(one, after, language)) for one in changes]


def test_a_new_warning_comes_with_all_that_its_list_says_of_it() -> None:
    infos = (InfoPart(), InfoPart(language="en", headline="Flood"))
    after = found(warned("A", message=Message(infos=infos)))
    for language in ("de", "en"):
        [(name, data)] = changed(found(), after, language)
        assert (name, data["id"], data["replaces"]) == ("new", "A", [])
        assert data["as_of"] == "2026-11-22T12:00:00.000+00:00"
        assert data["alert"]["alert"] == "A"
        assert data["alert"]["details"] == "/v1/public/alerts/A"
        assert "municipalities" not in data["alert"], "each listener would need others"
    assert data["alert"]["headline"] == "Flood"


def test_an_update_names_what_it_replaces_and_an_end_what_ended_it() -> None:
    before = found(warned("A"))
    [(name, data)] = changed(before, found(warned("A", stopped_by="B"), warned("B")))
    assert (name, data["id"], data["replaces"]) == ("updated", "B", ["A"])
    [(name, data)] = changed(before, found(warned("A", stopped_by="C", stopped_at=NOW)))
    assert name == "ended"
    assert data == {
        "as_of": data["as_of"],
        "id": "A",
        "ended_at": NOW.isoformat(timespec="milliseconds"),
        "superseded_by": "C",
        "details": "/v1/public/alerts/A",
    }
    [(name, data)] = changed(before, found(now=NOW + 30 * HOUR))
    assert (name, data["superseded_by"]) == ("ended", None)


def test_a_snapshot_is_the_list_in_one_line() -> None:
    state = found(warned("A", message=Message(infos=(InfoPart(instruction="eins\n\nzwei\rdrei"),))))
    name, data = read(events.snapshot(GERMAN.render(state, NOWHERE)))
    assert name == "snapshot"
    assert data["place"]["key"] == "-"


def test_whom_nobody_hears_is_an_event_and_a_comment() -> None:
    state = found(coverage=SILENT, current=False)
    name, data = read(events.state(state))
    assert (name, data["current"]) == ("state", False)
    assert [one["name"] for one in data["stale_feeds"]] == ["dwd"]
    assert [one["name"] for one in data["unread_feeds"]] == ["lhp"]
    lines = events.comment(state, b"t-7").decode().split("\n")
    assert lines[0] == "id: t-7"
    assert lines[1].startswith(": not current, as of 20")
    assert [line[:14] for line in lines[2:4]] == [": silent: dwd ", ": unread: lhp "]
    assert lines[4:] == ["", ""]
    assert events.comment(found(), b"t-7").startswith(b"id: t-7\n: as of 20")


def test_a_client_is_told_when_to_connect_again() -> None:
    assert events.retry(2500) == b"retry: 2500\n"
    assert events.numbered(b"t-1", b"data: \n\n") == b"id: t-1\ndata: \n\n"
