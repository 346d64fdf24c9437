"""What people on duty read."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from channels.sms.contract import MAX_PARTS
from channels.sms.fitting import compose
from dispatcher.access.roles import Role
from dispatcher.model.vocabulary import Environment
from dispatcher.on_duty.matters import Matter, MatterEnding, Occasion
from dispatcher.on_duty.texts import DutyTexts, Subject

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MATTER = Matter(
    "01ALERT",
    NOW,
    Environment.LIVE,
    Role.APPROVER,
    "leitstelle",
    "Hochwasser an der Rur",
    "Extreme",
    NOW + 6 * HOUR,
    authors=("m.keller",),
    people=12345,
    release_at=NOW + HOUR,
)
TEXTS = DutyTexts(ZoneInfo("Europe/Berlin"), "https://warnung.example")
DUE = Subject(MATTER, Occasion.DUE)
LINK = "https://warnung.example/console/live/approvals/01ALERT"


def test_it_says_who_wrote_what_for_how_many_and_until_when_and_leads_to_the_page() -> None:
    notice = TEXTS.told([DUE], "DUTY7", NOW)
    assert notice.text == (
        "ECHTBETRIEB – Freigabe fällig: „Hochwasser an der Rur“, extrem, von m.keller. "
        f"{LINK} Empfänger: 12345. Ohne Entscheidung geht sie 29.11.2026 14:00 MEZ hinaus."
    )
    assert (notice.title, notice.alert_id, notice.deadline) == (
        "ECHTBETRIEB – Freigabe fällig",
        "DUTY7",
        MATTER.expires,
    )
    document = json.loads(notice.payload)
    assert document["web_push"] == 8030
    assert document["notification"]["navigate"] == LINK
    assert document["notification"]["tag"] == notice.collapse_key


def test_without_a_release_it_says_that_it_will_not_go_out() -> None:
    text = TEXTS.told([replace(DUE, matter=replace(MATTER, release_at=None))], "DUTY7", NOW).text
    assert "geht sie nicht hinaus und verfällt 29.11.2026 19:00 MEZ." in text


def test_of_what_is_still_counted_it_says_that_it_may_go_out_by_itself() -> None:
    """It read as if the warning was lost unless somebody decides."""
    uncounted = replace(MATTER, people=None, release_at=None, may_go_when_counted=True)
    text = TEXTS.told([replace(DUE, matter=uncounted)], "DUTY7", NOW).text
    assert text.endswith(
        f"{LINK} Empfänger noch nicht gezählt. Braucht sie für so viele keine zweite Person, geht sie von selbst "
        "hinaus; sonst verfällt sie ohne Entscheidung 29.11.2026 19:00 MEZ."
    )
    other = replace(uncounted, may_go_when_counted=False)
    text = TEXTS.told([replace(DUE, matter=other)], "DUTY7", NOW).text
    assert "Empfänger noch nicht gezählt. Ohne Entscheidung geht sie nicht hinaus und verfällt" in text


def test_of_what_is_held_else_it_names_the_source_and_the_command() -> None:
    held = replace(MATTER, asked=Role.OPERATOR, authors=(), source_id="feed-dwd", people=None)
    notice = TEXTS.told([Subject(held, Occasion.DUE)], "DUTY7", NOW)
    assert notice.text.startswith(
        "ECHTBETRIEB – Meldung wird gehalten: „Hochwasser an der Rur“, extrem, von feed-dwd. Am Server:"
    )
    assert "web_push" not in json.loads(notice.payload)


def test_reminder_escalation_and_end_are_told_apart_and_take_one_another_s_place() -> None:
    subjects = [
        DUE,
        Subject(MATTER, Occasion.REMINDER),
        Subject(MATTER, Occasion.ESCALATION),
        Subject(MATTER, Occasion.DONE, MatterEnding.REJECTED),
    ]
    notices = [TEXTS.told([one], "DUTY7", NOW) for one in subjects]
    assert [one.title for one in notices] == [
        "ECHTBETRIEB – Freigabe fällig",
        "ECHTBETRIEB – Erinnerung: Freigabe fällig",
        "ECHTBETRIEB – Eskalation: Freigabe fällig",
        "ECHTBETRIEB – Erledigt: verworfen",
    ]
    assert len({one.collapse_key for one in notices}) == 1
    assert "Rufen Sie den Dienst an" in notices[2].text
    assert (
        notices[3].text == "ECHTBETRIEB – Erledigt: verworfen: „Hochwasser an der Rur“, extrem, von m.keller."
    )
    assert notices[3].deadline == NOW + HOUR


def test_an_exercise_is_marked_at_both_ends() -> None:
    drill = Subject(replace(MATTER, environment=Environment.EXERCISE), Occasion.DUE)
    notice = TEXTS.told([drill], "DUTY7", NOW)
    assert notice.title.startswith("ÜBUNG")
    assert (notice.text.startswith("ÜBUNG"), notice.text.endswith("ÜBUNG")) == (True, True)
    assert "/console/exercise/approvals/" in notice.text
    assert "ECHTBETRIEB" not in notice.text
    assert "ÜBUNG" not in TEXTS.told([DUE], "DUTY7", NOW).text


@pytest.mark.parametrize(
    ("severity", "said"),
    [
        ("Extreme", "extrem"),
        ("Severe", "schwer"),
        ("Moderate", "mäßig"),
        ("Minor", "gering"),
        ("Unknown", "Schwere unbekannt"),
    ],
)
def test_how_severe_it_is_is_said_in_german(severity: str, said: str) -> None:
    subject = Subject(replace(MATTER, severity=severity), Occasion.DUE)
    assert f"“, {said}, von m.keller." in TEXTS.told([subject], "DUTY7", NOW).text


def test_an_sms_of_an_exercise_keeps_its_mark_whatever_is_cut() -> None:
    long = replace(MATTER, environment=Environment.EXERCISE, headline="Повінь " * 30)
    notice = TEXTS.told([Subject(long, Occasion.ESCALATION)], "DUTY7", NOW)
    for parts in range(1, MAX_PARTS + 1):
        sms = compose(notice.lines, parts, notice.language)
        assert (len(sms.parts) <= parts, sms.text[:5], sms.text[-5:]) == (True, "ÜBUNG", "ÜBUNG")


def test_no_exercise_stands_before_what_is_real_or_marks_it() -> None:
    drill = replace(MATTER, alert_id="01B", environment=Environment.EXERCISE, severity="Extreme")
    minor = Subject(replace(MATTER, severity="Minor", headline="Wind"), Occasion.DONE, MatterEnding.APPROVED)
    notice = TEXTS.told([Subject(drill, Occasion.ESCALATION), minor], "DUTY7", NOW)
    assert (notice.title, notice.lines) == ("ECHTBETRIEB – Erledigt: freigegeben", ())
    assert "Dazu 1 weitere (davon 1 ÜBUNG)" in notice.text


def test_several_are_one_message_with_the_gravest_first() -> None:
    minor = Subject(replace(MATTER, alert_id="01B", severity="Minor", headline="Wind"), Occasion.DUE)
    done = Subject(replace(MATTER, alert_id="01C", headline="Alt"), Occasion.DONE, MatterEnding.APPROVED)
    notice = TEXTS.told([done, minor, DUE], "DUTY7", NOW)
    assert notice.title == "ECHTBETRIEB – Freigabe fällig"
    assert "Hochwasser an der Rur" in notice.text
    assert "Dazu 2 weitere" in notice.text


def test_a_headline_is_a_stranger_s_and_leads_nowhere() -> None:
    bad = replace(
        MATTER, headline="Jetzt\nanmelden: https://boese.example/x oder WWW.boese.example " + "x" * 500
    )
    text = TEXTS.told([Subject(bad, Occasion.DUE)], "DUTY7", NOW).text
    assert "boese" not in text
    assert "„Jetzt anmelden: [Link] oder [Link] xxx" in text
    assert len(text) < 400
    assert "\n" not in text


@pytest.mark.parametrize(
    ("headline", "shown"),
    [
        ("Anmelden: warn-kreis.example/x", "Anmelden: warn-kreis. example/x"),
        ("an a@b.example oder 192.0.2.7/x", "an a@b. example oder [Link]"),
        ("b｡example, am 14.10.2026, 1.5 m", "b. example, am 14.10.2026, 1.5 m"),
        ("Brand z.B. in St.Josef", "Brand z. B. in St. Josef"),
    ],
)
def test_no_telephone_makes_a_link_of_a_headline(headline: str, shown: str) -> None:
    text = TEXTS.told([Subject(replace(MATTER, headline=headline), Occasion.DUE)], "DUTY7", NOW).text
    assert f"„{shown}“" in text


def test_a_headline_of_any_length_costs_what_it_is_long() -> None:
    endless = replace(MATTER, headline="x" * 400_000)
    assert "xxx…“" in TEXTS.told([Subject(endless, Occasion.DUE)], "DUTY7", NOW).text


def test_without_a_console_there_is_no_link() -> None:
    text = DutyTexts(ZoneInfo("Europe/Berlin")).told([DUE], "DUTY7", NOW).text
    assert "://" not in text


def test_a_code_is_no_link_and_says_what_it_is_for() -> None:
    notice = TEXTS.code("012345", 7, "DUTY8", NOW)
    assert notice.text.startswith("Warndienst: Code: Ihr Code ist 012345.")
    document = json.loads(notice.payload)
    assert (document["code"], document["endpoint"]) == ("012345", 7)
    assert "://" not in notice.text
