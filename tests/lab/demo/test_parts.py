"""The demo's small parts: following ledgers, counting as they grow, showing it."""

import dataclasses
import io
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from rich.console import Console

from ops.lab.demo import apps, faults, report, view
from ops.lab.demo.apps import ShownRecord
from ops.lab.demo.evidence import together
from ops.lab.demo.progress import CHANNELS, Progress
from ops.lab.gateways import faults as gateway_faults
from ops.lab.world.ledger import Entry, Tail
from ops.lab.world.messages import CONCERNED
from ops.lab.world.records import Kind, RecipientChannel
from ops.lab.world.verdict import Counts

DUEREN, JUELICH, TITZ = "05358008", "05358024", "05358056"
PLACES = {"r1": (DUEREN,), "r2": (DUEREN, JUELICH), "r3": (JUELICH, TITZ)}


def entry(recipient: str = "r1", status: int = 201, *, alert: str = "A", channel: str = "webpush") -> Entry:
    taken = status < 300
    return Entry(
        channel=channel,
        recipient=recipient,
        accepted=taken,
        status=status,
        wall_ns=1,
        mono_ns=1,
        process=1,
        number=1,
        port=1,
        alert=alert if taken else "",
    )


def line(one: Any) -> Any:
    return msgspec.json.encode(one) + b"\n"


@pytest.fixture
def progress() -> Progress:
    owed = [RecipientChannel(ref, "webpush") for ref in PLACES]
    progress = Progress(owed, PLACES, {DUEREN, JUELICH})
    progress.message = "A"
    return progress


def test_tail_gives_each_whole_line_once(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(line(entry("r1")) + line(entry("r2"))[:20])
    other.write_bytes(b"")
    tail = Tail([one, other])
    assert [found.recipient for found in tail.new()] == ["r1"]
    one.write_bytes(line(entry("r1")) + line(entry("r2")))
    other.write_bytes(line(entry("r3")))
    assert [found.recipient for found in tail.new()] == ["r2", "r3"]
    assert tail.new() == []


def test_people_count_in_each_concerned_place_they_watch(progress: Progress) -> None:
    assert progress.expected_in == {DUEREN: 2, JUELICH: 2}
    progress.take([entry("r2")])
    assert progress.accepted_in == {DUEREN: 1, JUELICH: 1}
    progress.take([entry("r3")])
    assert progress.accepted_in == {DUEREN: 1, JUELICH: 2}
    assert progress.share == pytest.approx(2 / 3)


def test_repeats_refusals_strangers_and_other_messages_are_told_apart(progress: Progress) -> None:
    progress.take([entry("r1"), entry("r1"), entry("r9"), entry("r2", 503), entry("r3", 410)])
    progress.take([entry("r2", alert="earlier")])
    assert progress.accepted == {"webpush": 2}
    assert (progress.doubled["webpush"], progress.strangers) == (1, 1)
    assert (progress.refused["webpush"], progress.gone["webpush"]) == (2, 1)


def test_nothing_is_owed_to_who_is_gone(progress: Progress) -> None:
    """So that everybody reached looks like it; who was reached before, or is not concerned, is not counted."""
    progress.take([entry("r1"), entry("r2"), entry("r1", 410), entry("r9", 410), entry("r3", 503)])
    assert (view.percent(progress), progress.owed("webpush"), progress.owed_in(JUELICH)) == (66, 3, 2)
    progress.take([entry("r3", 410), entry("r3", 410)])
    assert (view.percent(progress), progress.owed("webpush"), progress.owed_in(JUELICH)) == (100, 2, 1)
    assert "webpush 2/2" in view.line("1/3 Alert", progress, 1.0)
    assert "1 subscriptions are gone" in view.unowed(progress)
    assert progress.gone_recipients == {RecipientChannel("r3", "webpush")}


def test_a_hundred_percent_is_everybody() -> None:
    owed = [RecipientChannel(f"r{number}", "webpush") for number in range(1000)]
    progress = Progress(owed, {}, ())
    progress.message = "A"
    progress.take(entry(one.recipient) for one in owed[1:])
    assert view.percent(progress) == 99


def test_nobody_expected_is_everybody_reached() -> None:
    assert Progress([], {}, ()).share == 1.0


def test_live_tables_name_channels_and_municipalities(progress: Progress) -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=140)
    progress.take([entry("r2")])
    with view.View(console) as screen:
        screen.show("1/3 Alert", progress, 1.25)
        screen.leave("0/3 Practice", progress, 2.0)
    shown = out.getvalue()
    for word in (
        "1/3 Alert",
        "webpush",
        "sms",
        "Jülich",
        "Düren",
        "nobody else",
        "0/3 Practice   2.0 s  33 %\n    webpush 1/3  sms",
    ):
        assert word in shown


@pytest.mark.parametrize("width", [80, 100])
def test_live_tables_fit_a_small_terminal(width: Any) -> None:
    concerned = sorted(CONCERNED[Kind.UPDATE])
    places = {f"r{number}": (place,) for number, place in enumerate(concerned)}
    progress = Progress([RecipientChannel(ref, "webpush") for ref in places], places, concerned)
    console = Console(file=io.StringIO(), force_terminal=True, width=width, height=24)
    shown = console.render_lines(view.View(console)._tables("2/3 Update", progress, 1.0), pad=False)
    texts = ["".join(segment.text for segment in line) for line in shown]
    assert len(texts) < 24
    assert max(map(len, texts)) <= 80
    assert not any("…" in text for text in texts)


def test_no_line_of_progress_is_folded_at_eighty_columns() -> None:
    progress = Progress(
        [RecipientChannel(f"r{number}", channel) for channel in CHANNELS for number in range(20_000)], {}, ()
    )
    beginning, *below = view.line("2/3 Update", progress, 123.4).splitlines()
    assert beginning == "2/3 Update 123.4 s   0 %"
    assert all(len(one) <= 80 for one in below)
    assert [part.split() for one in below for part in one.strip().split("  ")] == [
        [channel, "0/20000"] for channel in CHANNELS
    ]


def test_elsewhere_there_is_at_most_a_line_a_second(progress: Progress) -> None:
    out = io.StringIO()
    with view.View(Console(file=out, width=140)) as screen:
        for _ in range(5):
            screen.show("1/3 Alert", progress, 0.0)
    heading, counts = out.getvalue().splitlines()
    assert heading == "1/3 Alert   0.0 s   0 %"
    assert "webpush 0/3" in counts


def test_every_fault_is_one_the_gateways_know_and_none_hides_an_accept() -> None:
    for rules in faults.rules(7, 12_000).values():
        parsed = gateway_faults.parse(msgspec.json.encode(rules))
        hiding = gateway_faults.TAKING - {gateway_faults.FaultKind.DELAY}
        assert not hiding & {rule.action.kind for rule in parsed}
        assert all(rule.action.delay_s < faults.REQUEST_TIMEOUT_S / 2 for rule in parsed)


@pytest.mark.parametrize(("expected", "refused"), [(12_000, 20), (360, 5), (1, 1)])
def test_the_sms_provider_is_crowded_for_as_long_as_many_are_warned(expected: int, refused: int) -> None:
    [crowded, _] = faults.rules(7, expected)["sms"]
    assert (crowded["name"], len(crowded["match"]["nth"])) == ("crowded", refused)


def test_rows_add_up_and_times_span_all() -> None:
    rows = [
        Counts(expected=2, accepted=1, lost=1, doubled_bound=9, time_to_first_ms=5.0, time_to_last_ms=6.0),
        Counts(expected=3, accepted=3, doubled=1, doubled_bound=9, time_to_first_ms=2.0, time_to_last_ms=4.0),
        Counts(expected=1, lost=1, doubled_bound=9),
    ]
    total = together(rows)
    assert (total.expected, total.accepted, total.lost, total.doubled) == (6, 4, 2, 1)
    assert (total.doubled_bound, total.time_to_first_ms, total.time_to_last_ms) == (9, 2.0, 6.0)
    assert together([]) == Counts()


def test_the_account_fits_a_terminal_of_eighty_columns() -> None:
    counts = dataclasses.asdict(Counts(expected=12_800, time_to_first_ms=711.4, time_to_last_ms=28_917.8))
    channels = dict.fromkeys(("app", "sms", "webpush"), counts)
    messages = [{"kind": kind, "gone": 0, "channels": channels} for kind in ("alert", "update", "cancel")]
    console = Console(file=io.StringIO(), width=80)
    summary = {
        "shown": [msgspec.to_builtins(one) for one in SHOWN],
        "messages": messages,
        "deaths": [],
        "outside": 1,
        "outside_reached": 0,
        "ok": True,
        "failures": [],
        "people": ["2 people subscribed in 1 apps"],
        "told_once": [{"doubled": 0}],
        "neighbour": [],
        "authority": ["A warning for Titz"],
    }
    report.show(console, {**summary, "total": counts})
    text = cast("io.StringIO", console.file).getvalue()
    assert "2 people subscribed" in text
    assert "Everybody who is counted was told once." in text
    assert "expected accepted lost doubled phantom late unknown first  last" in text
    assert [text.count(name) for name in ("sms", "webpush", "28918")] == [3, 3, 10]
    assert "…" not in text


SHOWN = (
    ShownRecord(Kind.ALERT, "stolberg", ("05334032", "05358008"), ("05358008",)),
    ShownRecord(Kind.CANCEL, "stolberg", ("05334032", "05358008"), ()),
    ShownRecord(Kind.UPDATE, "05358024", ("05358024",), ("05358024",)),
)
NAMES = {"05334032": "Stolberg (Rhld.)", "05358008": "Düren", "05358024": "Jülich"}


def test_apps_are_judged_by_what_they_may_show() -> None:
    assert list(apps.faults(SHOWN)) == []
    missing = msgspec.structs.replace(SHOWN[0], shown=())
    foreign = msgspec.structs.replace(SHOWN[0], shown=("05358008", "05358024"))
    stale = msgspec.structs.replace(SHOWN[1], shown=("05358008",))
    for wrong in (missing, foreign, stale):
        (fault,) = apps.faults([*SHOWN, wrong])
        assert "the app stolberg showed" in fault


def test_each_app_has_a_line() -> None:
    assert list(apps.lines(SHOWN, NAMES)) == [
        "Stolberg (Rhld.) (stolberg, and Düren by consent): alert Düren, cancel nothing",
        "Jülich (05358024): update Jülich",
    ]
