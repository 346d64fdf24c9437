"""A preview of what would wait for a second person says so, and all that one of what is sent says."""

from typing import Any

import pytest

from dispatcher.commands.desk.sentences import preview_lines
from dispatcher.desk_texts.approval_ahead import approval_lines, second_person_lines
from dispatcher.desk_texts.desk import Desk
from tests.commands.desk.test_sentences import DESK, ENGLISH, previewed
from tests.desk_texts.test_sms import sms


def ahead(**changes: Any) -> dict[str, Any]:
    return {
        "is_author_known": True,
        "source": "*",
        "severity": "Severe",
        "people": 0,
        "remind_after_s": None,
        "escalate_after_s": None,
        "release_after_s": None,
    } | changes


@pytest.mark.parametrize("desk", [DESK, ENGLISH], ids=["de", "en"])
def test_what_would_wait_is_previewed_like_what_is_sent(desk: Desk) -> None:
    sent = preview_lines(previewed(sms=sms(people=3)), desk)
    waits = preview_lines(
        previewed(reason="held", sent_to_people=False, approval=ahead(), sms=sms(people=3)), desk
    )
    said = [*approval_lines(ahead(), desk), desk.line("if_approved")]
    assert waits[2 : 2 + len(said)] == said
    assert waits[1:2] + waits[2 + len(said) :] == sent[1:]
    assert sum("SMS" in line for line in waits) >= 3


def test_it_says_for_whom_why_and_what_happens_without_a_decision() -> None:
    approval = ahead(source="leitstelle", people=10_000, remind_after_s=300, release_after_s=1800)
    rule = "Meldungen von leitstelle, mit Schwere „schwer“ oder „extrem“, an 10.000 Personen oder mehr"
    assert approval_lines(approval, DESK) == [
        "Sie würde warten: Niemand wird gewarnt, bis eine zweite Person sie freigibt.",
        "Freigeben kann, wer für diese Gemeinden „approver“ ist, nur nicht Sie selbst.",
        f"Warum: So verlangt es der Betreiber für {rule}.",
        "Ohne Entscheidung: nach 5 min wird erinnert; nach 30 min geht sie von selbst hinaus.",
    ]
    _, who, why, undecided = approval_lines(ahead(is_author_known=False), DESK)
    assert "nicht für diese Quelle schreibt" in who
    assert "Meldungen jeder Quelle, mit Schwere" in why
    assert undecided == "Ohne Entscheidung: von selbst geht sie nicht hinaus."


def test_what_would_be_refused_waits_for_nobody() -> None:
    lines = preview_lines(previewed(reason="held", quota_reached=True, approval=ahead()), DESK)
    assert DESK.line("approval_ahead") not in lines
    assert not [line for line in lines if "SMS" in line]


@pytest.mark.parametrize(
    ("on_duty", "instead", "said"),
    [
        (1, 0, "1 Person im Dienst wird jetzt benachrichtigt."),
        (2, 0, "2 Personen im Dienst werden jetzt benachrichtigt."),
        (
            0,
            1,
            "Niemand im Dienst ist zu erreichen. Statt dessen wird 1 Person benachrichtigt und muss erst Dienst bekommen",
        ),
        (
            0,
            0,
            "NIEMAND im Dienst ist zu erreichen, niemand wird benachrichtigt: Rufen Sie an, wer freigibt.",
        ),
    ],
)
def test_of_what_waits_it_is_said_who_is_told(on_duty: int, instead: int, said: str) -> None:
    needed, told = second_person_lines({"needed": 1, "on_duty": on_duty, "instead": instead}, DESK)
    assert needed == "Freigeben muss noch 1 weitere Person."
    assert told.startswith(said)
    assert second_person_lines(None, DESK) == []
