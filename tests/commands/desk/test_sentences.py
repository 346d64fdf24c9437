"""What the service answers, in words."""

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dispatcher.commands.desk.sentences import (
    accepted_lines,
    alert_rows,
    change_line,
    finding_line,
    outage_lines,
    outcome_lines,
    preview_lines,
    problem_lines,
    progress_of,
    share,
    status_lines,
)
from dispatcher.commands.desk.service import ServiceRefused, Unanswered
from dispatcher.commands.terminal import shown
from dispatcher.desk_texts.catalogue import DeskLanguage, desk_texts
from dispatcher.desk_texts.desk import Desk, desk
from dispatcher.model.vocabulary import SENT, Reason

DESK = Desk(desk_texts("de"), DeskLanguage.GERMAN, ZoneInfo("Europe/Berlin"))
ENGLISH = Desk(desk_texts("en"), DeskLanguage.ENGLISH, ZoneInfo("Europe/Berlin"))
AT = "2026-11-28T05:25:00Z"
HOSTILE = "Hoch\x9b2J\u202ewasser\x1b[31m\u200b [red]an[/] der Rur"


def alert(**changes: Any) -> dict[str, Any]:
    return {
        "id": "01A",
        "headline": "Hochwasser",
        "event": "Flut",
        "state": "planned",
        "reason": "first_notice",
        "received_at": AT,
        "planned_at": AT,
        "expires": AT,
        "audience": 3,
        "superseded_by": None,
        "merged_into": None,
    } | changes


def progress(*counts: int, first: str | None = None, last: str | None = None) -> dict[str, Any]:
    accepted, waiting, failed = counts
    return {
        "recipients": sum(counts),
        "accepted": accepted,
        "waiting": waiting,
        "failed": failed,
        "first_accepted_at": first,
        "last_accepted_at": last,
    }


def status(*, with_alert: Any = None, **more: Any) -> dict[str, Any]:
    return {
        "alert": with_alert or alert(),
        "channels": [],
        "municipalities": [],
        "recipients_by_municipality": {},
        "progress": progress(0, 0, 0),
    } | more


def previewed(**changes: Any) -> dict[str, Any]:
    return {
        "reason": "first_notice",
        "repeated": False,
        "lane": "flash",
        "expires": AT,
        "municipalities": [place()],
        "reach": {"sms": 3},
        "reach_by_municipality": {"05358008": {"sms": 3}},
        "findings": [],
    } | changes


def place(**changes: Any) -> dict[str, Any]:
    return {"ags": "05358008", "name": "Düren", "reason": "geometry", "share": 0.5} | changes


def test_a_preview_says_when_it_ends_and_who_is_reached() -> None:
    lines = preview_lines(previewed(), DESK)
    assert lines[0].endswith("neue Warnung, gültig bis 28.11.2026 06:25 MEZ")
    assert "  05358008  Düren  50 %  Fläche  SMS 3" in lines
    assert lines[-1] == "insgesamt: SMS 3"


def test_the_template_that_it_states_is_named() -> None:
    lines = status_lines(status(template={"id": "hochwasser", "version": 3}), DESK)
    assert "nach Vorlage hochwasser, Fassung 3" in lines
    assert not any("Vorlage" in line for line in status_lines(status(template=None), DESK))


@pytest.mark.parametrize("reason", sorted(set(Reason) - SENT - {Reason.MERGED}))
@pytest.mark.parametrize("desk", [DESK, ENGLISH], ids=["de", "en"])
def test_what_alarms_nobody_says_so_and_names_nobody_as_reached(reason: Reason, desk: Desk) -> None:
    lines = preview_lines(previewed(reason=reason), desk)
    assert [line for line in lines if line.startswith(("Niemand wird gewarnt: ", "Nobody is warned: "))]
    assert desk.line("not_alarmed") in lines
    assert not [line for line in lines if "SMS" in line]


@pytest.mark.parametrize("desk", [DESK, ENGLISH], ids=["de", "en"])
def test_a_preview_of_an_exercise_says_that_nobody_is_warned_and_who_takes_part(desk: Desk) -> None:
    lines = preview_lines(previewed(reason=Reason.DRILL), desk)
    assert desk.line("nobody_would", why=desk.texts.unsent[Reason.DRILL]) in lines
    assert desk.line("drill_for", counts="SMS 3") in lines
    assert desk.line("not_alarmed") not in lines


def test_an_older_service_says_neither_as_what_nor_whether_it_was_sent() -> None:
    lines = preview_lines(previewed(repeated=True, reach={}, reach_by_municipality={}), DESK)
    assert lines[1] == "Diese Meldung ist schon gesendet: neue Warnung. Erneut gesendet bewirkt sie nichts."
    exercise = preview_lines(previewed(repeated=True, reason="not_actual"), DESK)
    assert exercise[1].startswith("Diese Meldung ist schon angenommen: Übung oder Test.")
    answer = {"alert": alert(reason="expired"), "repeated": False, "municipalities": [], "findings": []}
    assert accepted_lines(answer, DESK)[0] == "01A ANGENOMMEN, ABER NIEMAND WIRD DADURCH GEWARNT: abgelaufen"


def test_who_has_sent_as_much_as_he_may_learns_it_before() -> None:
    lines = preview_lines(previewed(quota_reached=True, sent_to_people=False, reach={}), DESK)
    assert DESK.line("quota_reached") in lines
    assert not [line for line in lines if line.startswith("insgesamt")]


@pytest.mark.parametrize(
    ("reason", "key"), [("first_notice", "nobody_subscribed"), ("cancel", "nobody_hears")]
)
def test_nobody_is_nobody(reason: str, key: str) -> None:
    lines = preview_lines(previewed(reason=reason, reach={}, reach_by_municipality={}), DESK)
    assert DESK.line(key) in lines
    of_record = status(with_alert=alert(reason=reason, state="settled"))
    assert DESK.line(key) in status_lines(of_record, DESK)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"alarmed": 0, "hear": 0, "still_warned_by": []}, "niemand gewarnt worden"),
        (
            {"alarmed": 18, "hear": 0, "still_warned_by": [{"id": "01B", "headline": "Rur"}]},
            "noch nichts vom Ende hören: 18. Für sie gilt noch: „Rur“ (01B)",
        ),
        ({"alarmed": 18, "hear": 2, "still_warned_by": [{"id": None}]}, "16. Für sie gilt noch: eine andere"),
        ({"alarmed": 3, "hear": 3, "still_warned_by": []}, None),
        (None, None),
    ],
    ids=["nobody warned", "an own one", "another's", "all hear", "an older service"],
)
def test_why_who_was_warned_hears_of_no_end_is_the_services_word(told: Any, said: str | None) -> None:
    lines = preview_lines(previewed(reason="cancel", told=told), DESK)
    spoken = [line for line in lines if "niemand gewarnt" in line or "noch nichts vom Ende" in line]
    assert len(spoken) == (said is not None)
    assert said is None or said in spoken[0]


def test_whom_an_update_leaves_stands_apart() -> None:
    left = place(ags="05358024", name="Jülich")
    dropped = {
        "municipalities": [left],
        "reach": {"sms": 5},
        "reach_by_municipality": {"05358024": {"sms": 5}},
    }
    lines = preview_lines(previewed(reason="update", no_longer_affected=dropped), DESK)
    at = lines.index(DESK.line("dropped", counts="SMS 5"))
    assert "Jülich" in lines[at + 2]
    none = {"municipalities": [], "reach": {}, "reach_by_municipality": {}}
    assert preview_lines(previewed(no_longer_affected=none), DESK) == preview_lines(previewed(), DESK)


def test_who_was_not_counted_is_not_nobody() -> None:
    lines = preview_lines(previewed(reach=None, reach_by_municipality=None, uncounted="timeout"), DESK)
    assert DESK.line("all_told", counts=DESK.line("uncounted")) in lines
    assert DESK.line("nobody_subscribed") not in lines
    assert any("Düren" in line for line in lines)
    end = preview_lines(previewed(reason="cancel", reach=None, reach_by_municipality=None, told=None), DESK)
    assert DESK.line("nobody_hears") not in end
    dropped = {"municipalities": [place()], "reach": None, "reach_by_municipality": None}
    assert DESK.line("dropped", counts=DESK.line("uncounted")) in preview_lines(
        previewed(reason="update", no_longer_affected=dropped), DESK
    )


def test_another_sources_warning_is_not_shown() -> None:
    assert outcome_lines("merged", {}, {"id": None}, DESK) == [DESK.line("merged_unknown", id="")]
    older = {"alert": alert(reason="merged", merged_into="01B")}
    assert outcome_lines("merged", older, None, DESK) == [DESK.line("merged_unknown", id=" (01B)")]


def test_a_status_counts_people_and_says_when_and_why() -> None:
    waits = {
        "channel": "sms",
        "gateway": "gw1",
        "reason": "transient",
        "code": "503",
        "recipients": 2,
        "next_attempt_at": AT,
    }
    gone = {"channel": "webpush", "gateway": "x", "reason": "gone", "code": "410", "recipients": 1}
    fails = gone | {"reason": "rejected", "code": "413"}
    found = status_lines(
        status(
            progress=progress(4, 2, 2, first=AT, last="2026-11-28T05:27:00Z") | {"gone": 1},
            waiting=[waits],
            failed=[fails, gone],
            municipalities=[place(share=0.001)],
            recipients_by_municipality={"05358008": {"accepted": 4, "retry": 2, "gone": 1}},
            channels=[
                {
                    "channel": "sms",
                    "kind": "alert",
                    "states": {"accepted": 4, "retry": 2, "gone": 1},
                    "first_accepted_at": AT,
                    "last_accepted_at": None,
                }
            ],
        ),
        DESK,
    )
    assert found[:8] == [
        "01A neue Warnung: Versand läuft",
        "Hochwasser, gültig bis 28.11.2026 06:25 MEZ",
        "Angenommen 28.11.2026 06:25 MEZ",
        "8 Empfänger: 4 übergeben, 2 wartend, 1 gescheitert; 1 abgemeldet: dafür steht nichts mehr aus",
        "Übergeben: erster 28.11.2026 06:25 MEZ, letzter 28.11.2026 06:27 MEZ",
        "Wartet: SMS über gw1, 2 Empfänger: vorübergehend nicht angenommen (503), nächster Versuch 28.11.2026 06:25 MEZ",
        "Gescheitert: Web-Push über x, 1 Empfänger: abgelehnt (413)",
        "Abgemeldet: Web-Push über x, 1 Empfänger: abgemeldet (410)",
    ]
    assert "  05358008  Düren  < 1 %  Fläche  übergeben 4/7" in found
    assert any(re.fullmatch(r"SMS +Warnung +4 +2 +0 +1 +28.11.2026 06:25 MEZ +-", line) for line in found)


@pytest.mark.parametrize(
    ("desk", "count", "line", "column"),
    [
        (
            DESK,
            "3 Empfänger: 2 übergeben, 0 wartend, 0 gescheitert; 1 mit Ruhezeit bis nach dem Ende der Warnung",
            "Nicht gestört: Web-Push über x, 1 Empfänger: Ruhezeit bis nach dem Ende der Warnung",
            "in Ruhezeit",
        ),
        (
            ENGLISH,
            (
                "recipients: 3, of them accepted: 2, waiting: 0, failed: 0; "
                "with quiet hours until after the end of the warning: 1"
            ),
            "Not disturbed: Web Push by x, recipients: 1, quiet hours until after the end of the warning",
            "in quiet hours",
        ),
    ],
)
def test_quiet_hours_until_after_the_end_are_no_failure_and_nobody_waits(
    desk: Desk, count: str, line: str, column: str
) -> None:
    quiet = {"channel": "webpush", "gateway": "x", "reason": "quiet_past_end", "code": "", "recipients": 1}
    channel = {
        "channel": "webpush",
        "kind": "alert",
        "states": {"accepted": 2, "quiet_past_end": 1},
        "first_accepted_at": AT,
        "last_accepted_at": AT,
    }
    answer = status(progress=progress(2, 0, 1) | {"quiet_past_end": 1}, failed=[quiet], channels=[channel])
    found = status_lines(answer, desk)
    assert {count, line} <= set(found)
    assert column in next(one for one in found if desk.texts.columns["first"] in one)
    assert progress_of({"channels": [channel]})["quiet_past_end"] == 1


def test_a_status_says_that_nobody_has_counted_by_municipality() -> None:
    uncounted = {"recipients_by_municipality": None, "receipts_by_municipality": None}
    found = status_lines(status(municipalities=[place()], **uncounted), DESK)
    assert found[-1] == DESK.line("places_uncounted")
    assert "05358008" in found[-2]
    assert DESK.line("places_uncounted") not in status_lines(status(municipalities=[place()]), DESK)


@pytest.mark.parametrize(
    ("desk", "by_channel", "here"),
    [
        (
            DESK,
            "Rückmeldung der Geräte, Web-Push: angekommen 22, angezeigt 21, bestätigt 12",
            "angekommen 22, angezeigt 21, bestätigt 12",
        ),
        (
            ENGLISH,
            "Devices say, Web Push: arrived 22, displayed 21, confirmed 12",
            "arrived 22, displayed 21, confirmed 12",
        ),
    ],
)
def test_a_status_says_what_devices_said_by_channel_and_municipality(
    desk: Desk, by_channel: str, here: str
) -> None:
    said = {"delivered": 22, "displayed": 21, "confirmed": 12}
    push = {
        "channel": "webpush",
        "kind": "alert",
        "states": {"accepted": 30},
        "first_accepted_at": AT,
        "last_accepted_at": AT,
        "receipts": said,
    }
    reached = status(
        channels=[push, push | {"channel": "sms", "receipts": {}}],
        municipalities=[place()],
        recipients_by_municipality={"05358008": {"accepted": 30}},
        receipts_by_municipality={"05358008": said},
    )
    found = status_lines(reached, desk)
    assert [line for line in found if "22" in line and "05358008" not in line] == [by_channel]
    assert [line for line in found if "05358008" in line and line.endswith(f"30/30  {here}")]
    silent = status_lines(
        reached | {"channels": [push | {"receipts": {}}], "receipts_by_municipality": {}}, desk
    )
    assert not [line for line in silent if here.split(maxsplit=1)[0] in line], (
        "who is missing has said nothing"
    )


def test_an_older_services_channels_are_summed_up() -> None:
    answer = status(
        channels=[
            {
                "states": {"accepted": 2, "dead": 1, "gone": 3},
                "first_accepted_at": AT,
                "last_accepted_at": AT,
            },
            {"states": {"pending": 5}, "first_accepted_at": None, "last_accepted_at": None},
        ]
    )
    del answer["progress"]
    assert progress_of(answer) == progress(2, 5, 4, first=AT, last=AT) | {"gone": 3, "quiet_past_end": 0}


def test_a_plan_that_is_not_made_yet_is_no_empty_table() -> None:
    waiting = status(with_alert=alert(state="accepted", planned_at=None))
    assert status_lines(waiting, DESK)[3:] == [""]
    assert change_line(waiting, DESK).startswith("01A Versand beginnt: 0 Empfänger")


@pytest.mark.parametrize(
    ("part", "said"), [(0, "< 1 %"), (0.0099, "< 1 %"), (0.01, "1 %"), (0.996, "99 %"), (1, "100 %")]
)
def test_no_share_of_a_place_that_is_warned_is_nothing(part: float, said: str) -> None:
    """Nor is a part of a place all of it."""
    assert share(part, DESK) == said


def refused(status: int, problem: Any, **more: Any) -> ServiceRefused:
    return ServiceRefused(status, problem, **{"text": "", "url": "http://x", "retry_after": ""} | more)


def test_a_problem_is_told_in_the_readers_language_with_all_that_was_found() -> None:
    problem = {
        "type": "urn:cap-dispatcher:problem:invalid-cap",
        "title": "The message breaks rules of CAP",
        "title_de": "Die Meldung verstößt gegen Regeln von CAP",
        "detail": "Siehe unten.",
        "detail_en": "See below.",
        "errors": [{"code": "x", "line": 3, "message": "bad", "message_de": "schlecht"}, "odd"],
    }
    assert problem_lines(refused(422, problem), DESK) == [
        "422 Die Meldung verstößt gegen Regeln von CAP: Siehe unten.",
        "  x (Zeile 3): schlecht",
    ]
    assert problem_lines(refused(422, problem), ENGLISH) == [
        "422 The message breaks rules of CAP: See below.",
        "  x (line 3): bad",
    ]
    del problem["title_de"]
    assert problem_lines(refused(422, problem), DESK)[0].startswith("422 The message breaks"), (
        "an older service"
    )


def test_what_is_no_problem_document_is_shown_as_it_came() -> None:
    assert problem_lines(refused(405, {}, text="no"), DESK) == ["405: no"]
    unknown = {"type": "urn:x", "title": "Teapot", "in_force": [1], "municipalities": None}
    assert problem_lines(refused(418, unknown), DESK) == ["418 Teapot"]
    assert outage_lines(Unanswered("away", refused(503, {"title": "Away"})), DESK, "; x") == ["503 Away; x"]


def test_a_list_of_alerts_says_what_has_ended() -> None:
    rows = alert_rows([alert(superseded_by="01B"), alert(headline="")], DESK)
    assert "Versand läuft, ersetzt oder aufgehoben" in rows[1]
    assert rows[2][-1] == "Flut"
    (long,) = alert_rows([alert(headline="Hochwasser " * 9000)], DESK)[1:]
    assert (len(long[-1]), long[-1][:11], long[-1][-1]) == (120, "Hochwasser ", "…")


@pytest.mark.parametrize("desk", [DESK, ENGLISH], ids=["de", "en"])
def test_no_text_of_a_message_controls_a_terminal(desk: Desk) -> None:
    """Nor begins a line of its own."""
    hostile = alert(headline=HOSTILE)
    answer = {"alert": hostile, "repeated": False, "municipalities": [place(name=HOSTILE)], "findings": []}
    item = {"code": "x", "line": 3, "value": HOSTILE, "message_de": f"Zum Gebiet:\n{HOSTILE}."}
    lines = [
        *accepted_lines(answer, desk),
        *status_lines(status(with_alert=hostile), desk),
        finding_line(item, desk),
    ]
    assert all(shown(line).isprintable() for line in lines)
    assert any("[red]an[/]" in shown(line) for line in lines)


def test_a_moment_is_one_moment() -> None:
    assert DESK.time(datetime(2026, 11, 28, 5, 25, tzinfo=UTC)) == DESK.time(AT) == "28.11.2026 06:25 MEZ"


def test_a_finding_that_is_not_of_a_message_is_said_with_its_place() -> None:
    found = {"code": "value-missing", "path": "values/ort", "line": None, "message_de": "Nicht ausgefüllt."}
    german = desk(DeskLanguage.GERMAN)
    assert finding_line(found, german) == "  value-missing values/ort: Nicht ausgefüllt."
    assert finding_line({**found, "path": "/alert/info", "line": 7}, german).startswith(
        "  value-missing (Zeile 7)"
    )


def test_what_was_withdrawn_before_anybody_was_warned_is_said_loudly() -> None:
    """Not that there was nothing to end."""
    waited = {"id": "01W", "headline": "Hochwasser"}

    def accepted(of: Any, **more: Any) -> dict[str, Any]:
        return {"alert": of, "repeated": False, "municipalities": []} | more

    another = dict.fromkeys(("id", "headline"))
    end = accepted(alert(reason="nothing_to_end", state="recorded"), sent_to_people=False, withdrawn=[waited])
    first, *lines = accepted_lines(end, DESK)
    assert first.endswith("NIEMAND WIRD DADURCH GEWARNT: zurückgezogen, bevor jemand gewarnt war")
    said = "„Hochwasser“ (01W) wartete noch, hat niemanden erreicht und geht nicht mehr hinaus."
    assert f"Zurückgezogen: {said}" in lines
    change = accepted(alert(reason="held", state="held"), sent_to_people=False, withdrawn=[waited, another])
    lines = accepted_lines(change, DESK)
    assert f"Ersetzt: {said}" in lines
    assert "01W" not in str(accepted_lines(change | {"withdrawn": [another]}, DESK))
    assert preview_lines(previewed(reason="nothing_to_end", withdrawn=[waited]), ENGLISH)[0].endswith(
        "withdrawn before anybody was warned"
    )
    assert [
        line for line in preview_lines(previewed(reason="held", withdrawn=[waited]), ENGLISH) if "01W" in line
    ]


def test_a_status_says_who_decided_and_why() -> None:
    decided = {"state": "rejected", "by": "person:b.lang", "at": AT, "why": "falscher Ort"}
    lines = status_lines(status(with_alert=alert(reason="discarded"), decided=decided), DESK)
    assert "Entschieden: verworfen (person:b.lang, 28.11.2026 06:25 MEZ). Grund: falscher Ort" in lines
    released = decided | {"state": "released", "by": "worker", "why": "nobody decided in time"}
    lines = status_lines(status(with_alert=alert(), decided=released), DESK)
    assert next(line for line in lines if "(worker, " in line).endswith("niemand hat rechtzeitig entschieden")
    approved = decided | {"state": "approved", "why": ""}
    lines = status_lines(status(with_alert=alert(), decided=approved), ENGLISH)
    assert next(line for line in lines if line.startswith("Decided: ")).endswith("CET)")
