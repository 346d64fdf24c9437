"""What is shown of what happened to an alert."""

from collections import Counter

from dispatcher.api.situation.bodies import coverage_body, letters_body, log_body, replay_body, timeline_body
from dispatcher.api.situation.dead_letters import CountedLetters, LetterReplay
from dispatcher.api.situation.log import SituationLog
from dispatcher.console.alert.coverage import CoverageGap, GapReason
from dispatcher.console.alert.timeline import Happening, Timeline, TimelineEvent
from dispatcher.console.desk.log import LogEntry
from dispatcher.model.alerts import AffectedMunicipality
from dispatcher.model.ledger import DeadLetterGroup, Fate
from tests.support.messages import DUEREN, NOW, stored


def test_a_number_is_said_of_what_has_one() -> None:
    events = (
        TimelineEvent(NOW, stored(), Happening.RECEIVED, "leitstelle"),
        TimelineEvent(NOW, stored(), Happening.PLANNED, count=0),
        TimelineEvent(NOW, stored(), Happening.STOPPED, by=stored()),
    )
    body = timeline_body(Timeline(events, 3))
    assert [one.recipients for one in body.events] == [None, 0, None]
    assert [one.by for one in body.events] == [None, None, stored().id]
    assert body.left_out == 3


def test_an_entry_of_a_log_has_the_word_of_the_api() -> None:
    entries = [LogEntry(NOW, stored(), what) for what in ("log_received", "duty.tell")]
    body = log_body(SituationLog(entries, goes_on=True))
    assert ([one.what for one in body.entries], body.goes_on) == (["received", "duty.tell"], True)


def test_a_gap_is_of_municipalities_or_of_a_channel() -> None:
    place = AffectedMunicipality(DUEREN, "Düren", "geocode", 1.0)
    gaps = [
        CoverageGap(GapReason.NOBODY_SUBSCRIBED, (place,)),
        CoverageGap(GapReason.NO_GATEWAY, channel="sms"),
        CoverageGap(GapReason.MANY_FAILED, (), "app", "alert", 6, 100),
    ]
    body = coverage_body(gaps, are_places_counted=True)
    assert [[one.ags for one in gap.municipalities] for gap in body.gaps] == [[DUEREN], [], []]
    assert [(one.channel, one.kind, one.percent, one.recipients) for one in body.gaps] == [
        (None, None, None, None),
        ("sms", None, None, None),
        ("app", "alert", 6, 100),
    ]
    unknown = coverage_body(None, are_places_counted=False)
    assert (unknown.is_known, unknown.gaps) == (False, [])


def test_letters_that_nobody_has_counted_are_not_none() -> None:
    group = DeadLetterGroup("sms", "permanent", "413", None, 2)
    body = letters_body(CountedLetters(2, [group]))
    assert (body.letters, [(one.ags, one.reason, one.code) for one in body.groups]) == (
        2,
        [(None, "permanent", "413")],
    )
    assert letters_body(None).letters is None


def test_what_became_of_letters_is_summed_up() -> None:
    body = replay_body(LetterReplay(4, Counter({Fate.REPLAYED: 1, Fate.ENDED: 3})))
    assert (body.replayed, body.left) == (1, {"ended": 3})
    assert replay_body(LetterReplay(0, Counter())).replayed == 0
