"""The pages of the console, as text."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from jinja2 import UndefinedError

from cap import Info
from dispatcher.console.approvals import ShownText, WaitingMessage, timers
from dispatcher.console.differences import MessageChanges, TextDifference
from dispatcher.console.pages import ROOM, STATIC, ConsoleFrame, drawn, page, root_of, static_file, version
from dispatcher.console.words import WORDS
from dispatcher.intake.four_eyes.deciding import ShownMessage
from dispatcher.model.alerts import AffectedMunicipality
from dispatcher.model.approval.request import ApprovalRequest
from dispatcher.model.status import RecipientProgress
from dispatcher.model.vocabulary import AlertState, Environment, Reason
from tests.support.messages import HOUR, NOW, stored

HOSTILE = "<script>alert(1)</script>\"'{{ 7*7 }}"


def frame(
    environment: Environment = Environment.LIVE, person: str = "", language: str = "de"
) -> ConsoleFrame:
    return ConsoleFrame(environment, language, "form-token", ZoneInfo("Europe/Berlin"), person)


ALERT = replace(stored(), headline=HOSTILE, event=HOSTILE, sender=HOSTILE)
PLACE = AffectedMunicipality("05358008", HOSTILE, "geocode", 1.0)
REQUEST = ApprovalRequest(
    alert_id="A",
    is_needed=True,
    content_sha256=b"c" * 32,
    people=12_000,
    shown_at=NOW,
    requested_at=NOW,
    authors=("m.keller",),
    alert_state=AlertState.HELD,
    reason=Reason.HELD,
    held_for="approval",
    expires=NOW + HOUR,
    why=HOSTILE,
)
VALUES: dict[str, dict[str, Any]] = {
    "sign_in": {"said": HOSTILE, "next": HOSTILE, "provider": HOSTILE},
    "provider": {"url": HOSTILE, "name": HOSTILE},
    "code": {"said": HOSTILE, "next": HOSTILE},
    "message": {"title": HOSTILE, "said": HOSTILE},
    "invitation": {"person": HOSTILE, "said": HOSTILE, "invitation": HOSTILE, "provider": HOSTILE},
    "totp": {"secret": HOSTILE, "address": HOSTILE, "drawing": "", "said": HOSTILE, "enrolling": False},
    "recovery": {"codes": [HOSTILE]},
    "on_duty": {
        "said": HOSTILE,
        "endpoints": [
            {
                "number": 1,
                "channel": "sms",
                "label": HOSTILE,
                "state": "works",
                "accepted_at": NOW,
                "is_typed": True,
            }
        ],
        "push_key": HOSTILE,
    },
    "approvals": {
        "sections": {"for_you": [WaitingMessage(REQUEST, ALERT, 1, True)], "for_others": []},
        "left_out": {"for_you": 2, "for_others": 0},
        "people_of": str,
        "timers": timers,
        "reasons": lambda _request: [HOSTILE],
        "away": str,
        "now": NOW,
    },
    "approval": {
        "refusal": HOSTILE,
        "shown": ShownMessage(REQUEST, [PLACE], {}, "9f" * 32, True, NOW),
        "request": REQUEST,
        "alert": ALERT,
        "severity": "Severe",
        "state": HOSTILE,
        "is_over": False,
        "people": HOSTILE,
        "most": HOSTILE,
        "reasons": [HOSTILE],
        "timers": timers(REQUEST),
        "away": str,
        "texts": [ShownText("de", "de", "ltr", HOSTILE, 1, 9, HOSTILE, HOSTILE, (("title", HOSTILE),))],
        "language_name": str,
        "names": str,
        "places": [(PLACE, HOSTILE)],
        "replaced": (
            ALERT,
            MessageChanges([TextDifference("headline", HOSTILE, HOSTILE)], None, None, [HOSTILE], []),
        ),
        "hindrance": HOSTILE,
        "may_approve": True,
        "may_reject": True,
        "may_correct": True,
        "is_planned": True,
        "is_sent": False,
        "progress": None,
        "owed": len,
        "alert_state": HOSTILE,
    },
    "correction": {
        "refusal": HOSTILE,
        "alert": ALERT,
        "latest": ALERT,
        "is_over": False,
        "why_over": HOSTILE,
        "ending": None,
        "is_unsent": False,
        "progress": RecipientProgress(3),
        "is_planned": True,
        "owed": len,
        "prepared": {"false-alarm": Info("de", headline=HOSTILE, description=HOSTILE, instruction=HOSTILE)},
        "now": NOW,
    },
    "account": {
        "said": HOSTILE,
        "enrolling": False,
        "roles": [{"name": "author", "territory": HOSTILE, "withheld": ""}],
        "credentials": [
            {
                "number": 1,
                "kind": "passkey",
                "label": HOSTILE,
                "used_at": datetime(2026, 11, 29, tzinfo=UTC),
                "removable": True,
            }
        ],
        "provider": HOSTILE,
        "linked": [None, datetime(2026, 11, 29, tzinfo=UTC)],
        "recovery_codes": 3,
        "sessions": [],
        "own": 1,
    },
}


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("name", sorted(VALUES))
def test_whatever_is_shown_is_a_text(name: str, language: str) -> None:
    written = page(name, frame(person=HOSTILE, language=language), **VALUES[name])
    assert "<script>alert" not in written
    assert "49" not in re.sub(r"[a-f0-9]{16}", "", written)
    assert "&lt;script&gt;" in written


def test_every_template_is_tried_here() -> None:
    assert {path.stem for path in (ROOM / "templates").glob("*.html")} - {"base", "progress"} == set(VALUES)


def test_a_template_that_was_given_too_little_is_noticed() -> None:
    with pytest.raises(UndefinedError):
        page("code", frame())


def test_templates_use_all_words_and_no_others() -> None:
    sources = "".join(path.read_text("utf-8") for path in (ROOM / "templates").glob("*.html"))
    used = set(re.findall(r"\bt\.(\w+)", sources))
    assert used <= set(WORDS)


def test_live_and_exercise_differ_in_more_than_colour() -> None:
    live, exercise = (page("message", frame(one), title="x", said="y") for one in Environment)
    assert exercise.count("ÜBUNG") >= 3
    assert "ÜBUNG" not in live
    assert live.count("ECHTBETRIEB") >= 3
    assert "ECHTBETRIEB" not in exercise
    style = (static_file("console.css") or b"").decode()
    assert re.search(r"body\.live \{[^}]*border-top: [\w.]+ double", style)
    assert re.search(r"body\.exercise \{[^}]*border-image: repeating-linear-gradient", style)
    assert root_of(Environment.EXERCISE) == "/console/exercise"


def test_files_have_a_version_of_their_content() -> None:
    assert all(static_file(name) for name in STATIC)
    assert static_file("../words.py") is None
    assert re.fullmatch(r"[0-9a-f]{16}", version())
    assert version() in page("sign_in", frame(), **VALUES["sign_in"])


def test_a_drawing_has_no_style_that_the_policy_forbids() -> None:
    assert drawn("otpauth://totp/x").startswith("<svg ")
    assert "style=" not in drawn("x")
