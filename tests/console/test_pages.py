"""The pages of the console, as text."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from jinja2 import UndefinedError

from cap import Alert, Finding, Info, Level, MsgType, Scope, Status
from dispatcher.api.console.alert.acts import Act
from dispatcher.api.console.alert.gaps import WEAK
from dispatcher.api.console.alert.letters import LetterRow
from dispatcher.api.console.alert.standing import progress_values
from dispatcher.api.console.desk.reading import CARDS_MAX, LATEST
from dispatcher.api.held.deciding import ShownHeld
from dispatcher.boundaries.base_map import BaseMap
from dispatcher.boundaries.municipalities import Municipality
from dispatcher.console.alert.area_map import AreaMap, DrawnMunicipality, DrawnTile
from dispatcher.console.alert.broadcast import BroadcastText
from dispatcher.console.alert.chain import MessageNeighbours
from dispatcher.console.alert.progress import places_progress
from dispatcher.console.alert.timeline import Happening, Timeline, TimelineEvent
from dispatcher.console.approvals import ShownText, WaitingMessage, timers
from dispatcher.console.compose.draft import Draft, DraftText
from dispatcher.console.compose.message import LONGEST
from dispatcher.console.compose.places import UnresolvedLine
from dispatcher.console.compose.shown import ReachRow, ShownReach
from dispatcher.console.desk.log import LogEntry
from dispatcher.console.desk.overview import DeskEntry, DeskList
from dispatcher.console.desk.readiness import FeedCondition, ServiceCondition, readiness
from dispatcher.console.desk.shift import BegunShift, OpenMatters
from dispatcher.console.differences import MessageChanges, TextDifference
from dispatcher.console.health.picture import HealthLine, HealthPanel
from dispatcher.console.health.plots import Plot
from dispatcher.console.pages import (
    HEADERS,
    ROOM,
    STATIC,
    ConsoleFrame,
    drawn,
    headers_of,
    page,
    root_of,
    static_file,
    version,
)
from dispatcher.console.prepared.shown import ExampleText, TemplateChange, TemplateFact, TemplateRow
from dispatcher.console.sections import SECTIONS
from dispatcher.console.words import WORDS
from dispatcher.desk_texts.catalogue import DeskLanguage, desk_texts
from dispatcher.desk_texts.desk import Desk
from dispatcher.intake.four_eyes.deciding import ShownMessage
from dispatcher.model.alerts import AffectedMunicipality
from dispatcher.model.approval.request import ApprovalRequest
from dispatcher.model.canary.canaries import Canary, CanaryStage
from dispatcher.model.ledger import ChannelSummary
from dispatcher.model.sms import HeldSms
from dispatcher.model.status import AlertStatus, Decided, Over, OverReason, Owed, RecipientProgress
from dispatcher.model.vocabulary import AlertState, ApprovalState, Environment, Reason
from dispatcher.sms.canary_cost import CanaryCost
from dispatcher.store.on_duty.condition import StoppedGateway
from tests.model.templates.test_version import RETIRED
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
VERSION = replace(
    RETIRED, title=HOSTILE, why=HOSTILE, retired_why=HOSTILE, authors=(HOSTILE,), saved_by=HOSTILE
)
TEXTS = [ShownText("de", "de", "ltr", HOSTILE, 1, 9, HOSTILE, HOSTILE, (("title", HOSTILE),))]
STATUS = AlertStatus(
    replace(ALERT, state=AlertState.PLANNED),
    RecipientProgress(1, (Owed("sms", HOSTILE, HOSTILE, HOSTILE, 2),), (), NOW, NOW, 1, 1),
    channels=[ChannelSummary("sms", "alert", {"accepted": 1, "pending": 2}, NOW, NOW)],
)
HELD = replace(ALERT, state=AlertState.HELD, source_id=HOSTILE, held_for=HOSTILE)
PLANNED = replace(ALERT, state=AlertState.PLANNED, status=HOSTILE)
UNSENT = replace(ALERT, state=AlertState.RECORDED, reason=Reason.DISCARDED)
DECIDED = replace(REQUEST, decided_by=HOSTILE, decided_at=NOW)
OVER = Over(OverReason.CANCELLED, "B", NOW)
CONDITION = ServiceCondition(
    NOW,
    gateways=(StoppedGateway("sms", HOSTILE, HOSTILE, None, NOW),),
    feeds=(FeedCondition(HOSTILE, NOW, NOW, HOSTILE, 1),),
    held=1,
    canaries=(Canary(HOSTILE, HOSTILE, HOSTILE, timedelta(1), CanaryStage.DELIVERED, False, NOW, None),),
    canary_costs={HOSTILE: CanaryCost(1, 1, None, "EUR")},
)
STANDING: dict[str, Any] = {
    "alert": replace(ALERT, planned_at=NOW, attribution=HOSTILE, identifier=HOSTILE),
    "severity": "Severe",
    "what": HOSTILE,
    "why_unsent": HOSTILE,
    "why_over": HOSTILE,
    "decided": Decided(ApprovalState.REJECTED, HOSTILE, NOW, HOSTILE),
    "decided_state": HOSTILE,
    "merged_into": ALERT,
    "age": HOSTILE,
    "now": NOW,
    "acts": [Act("act_update", f"/compose?update={HOSTILE}")],
    "places": (places_progress([PLACE, PLACE], {}, {}, 1), True),
    "share": lambda _place: HOSTILE,
    "target_reasons": {"geocode": HOSTILE},
    "may_withdraw": True,
    "is_change": False,
    "is_seldom": True,
    "are_counted": True,
    "gaps": [HOSTILE],
    "weak": WEAK,
    "letters": [LetterRow(HOSTILE, HOSTILE, HOSTILE, 2)],
    "letter_count": 2,
    "letters_max": 1,
    "letters_said": HOSTILE,
    "may_replay": True,
    "replay_max": 10_000,
    **progress_values(STATUS, Desk(desk_texts("de"), DeskLanguage.GERMAN, UTC)),
}
VALUES: dict[str, dict[str, Any]] = {
    "alert_standing": STANDING,
    "sign_in": {"said": HOSTILE, "next": HOSTILE, "first": HOSTILE, "provider": HOSTILE},
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
    "alert": {
        "request": REQUEST,
        **STANDING,
        "chain": MessageNeighbours((ALERT, ALERT), (ALERT,)),
        "timeline": Timeline((TimelineEvent(NOW, ALERT, Happening.REJECTED, HOSTILE, HOSTILE, by=ALERT),), 2),
        "reasons": {Reason.FIRST_NOTICE: HOSTILE},
        "to_the_second": lambda at: at.isoformat(),
        "texts": TEXTS,
        "said": [HOSTILE],
        "changed": [ALERT],
        "waiting": [ALERT],
        "neighbours_max": 1,
        "broadcast": BroadcastText(HOSTILE, 9, 1395),
        "left_out": HOSTILE,
        "area_map": AreaMap(
            9,
            9,
            (DrawnMunicipality("1", HOSTILE, "M0 0z", True),),
            "M0 0z",
            (DrawnTile("https://karten.example/1.png", 0, 0, 9, 9),),
        ),
        "map_label": HOSTILE,
        "map_credit": HOSTILE,
        "living": HOSTILE,
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
        "may_go_when_counted": True,
        "reasons": [HOSTILE],
        "timers": timers(REQUEST),
        "away": str,
        "texts": TEXTS,
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
    "health": {
        "shown": [
            SimpleNamespace(
                panel=HealthPanel(
                    "health_reached", "health_unit_people", [HealthLine((HOSTILE,), (1.0,))], 2
                ),
                plot=Plot([["1,2 3,4"]], [], []),
                labels=[HOSTILE],
                latest=[HOSTILE],
                table=[("12:00", [HOSTILE])],
                marks=[(1.0, HOSTILE)],
                ticks=[(1.0, HOSTILE)],
            )
        ],
        "last": NOW,
        "is_away": False,
        "is_silent": True,
        "boundaries": [HOSTILE],
        **dict.fromkeys(("width", "height", "left", "right"), 1),
    },
    "held_list": {
        "refusal": HOSTILE,
        "waiting": [ALERT],
        "left_out": 2,
        "elsewhere": 1,
        "may_read_approvals": True,
        "may_decide": True,
        "severity_of": lambda _alert: "Severe",
        "reasons": lambda _alert: [HOSTILE],
        "sms": [HeldSms("A", "leitstelle", HOSTILE, HOSTILE, "Severe", NOW, {HOSTILE: 3})],
        "people_of": str,
        "away": str,
    },
    "held_message": {
        "refusal": HOSTILE,
        "shown": ShownHeld(
            replace(ALERT, state=AlertState.HELD), [PLACE], "9f", 3, True, False, {}, {}, REQUEST, NOW
        ),
        "alert": ALERT,
        "severity": "Severe",
        "people": HOSTILE,
        "counted": HOSTILE,
        "is_uncounted": True,
        "reasons": [HOSTILE],
        "away": str,
        "texts": [ShownText("de", "de", "ltr", HOSTILE, 1, 9, HOSTILE, HOSTILE, (("title", HOSTILE),))],
        "places": [(PLACE, HOSTILE)],
        "over": HOSTILE,
        "may_read_approvals": True,
        "may_read_alert": True,
        "may_decide": True,
    },
    "prepared_list": {
        "drafts": [TemplateRow(VERSION, None)],
        "others": [TemplateRow(VERSION, 3)],
        "decidable": {HOSTILE},
    },
    "prepared_version": {
        "refusal": HOSTILE,
        "shown": VERSION,
        "sha256": "9f",
        "versions": [VERSION],
        "live": 1,
        "before": 2,
        "replaces": True,
        "said": SimpleNamespace(
            is_readable=True,
            texts=[ExampleText("de", "ltr", (("headline", HOSTILE),), (("headline", HOSTILE),), HOSTILE, 1)],
            facts=[TemplateFact(HOSTILE, HOSTILE)],
            findings=[Finding("x", Level.WARNING, HOSTILE, None, HOSTILE, HOSTILE)],
            changes=[TemplateChange(HOSTILE, HOSTILE, HOSTILE)],
        ),
        "may": {"approve", "reject", "retire"},
        "hindrance": HOSTILE,
        "is_reader": True,
    },
    "desk": {
        "sections": [
            (DeskList("held", [ALERT], 2, False), [DeskEntry(HELD, (HOSTILE,), 3, request=REQUEST)]),
            (DeskList("in_force", [ALERT], goes_on=False), [DeskEntry(ALERT, progress=RecipientProgress(3))]),
            (DeskList("sent", [ALERT], goes_on=True), [DeskEntry(ALERT, over=OVER), DeskEntry(PLANNED)]),
            (DeskList("unsent", [ALERT]), [DeskEntry(UNSENT, request=DECIDED)]),
        ],
        "said": HOSTILE,
        "zone": HOSTILE,
        "list": "",
        "now": NOW,
        "away": str,
        "sees_all": False,
        "own_source": HOSTILE,
        "kinds": desk_texts("de").reasons,
        "states": desk_texts("de").alert_states,
        "unsent": desk_texts("de").unsent,
        "doubts": {},
        "condition": CONDITION,
        "ready": readiness(CONDITION),
        "in_lanes": lambda _: HOSTILE,
        "channels": {},
        "canary_cost": lambda _: HOSTILE,
        "failures": {},
        "feed_results": {HOSTILE: HOSTILE},
    },
    "compose": {
        "has_base_map": False,
        "refusal": HOSTILE,
        "faults": {"headline-de": [HOSTILE], "": [HOSTILE]},
        "labels": dict.fromkeys(
            (*(f"{name}-de" for name in LONGEST), "expires", "value-ort", "places", "sender"), HOSTILE
        ),
        "sent_as": "A",
        "draft": Draft(texts={"de": DraftText(*[HOSTILE] * 4)}, places=HOSTILE, sender_name=HOSTILE),
        "hidden": [("draft", HOSTILE)],
        "is_begun": False,
        "title": HOSTILE,
        "earlier": HOSTILE,
        "may_correct": True,
        "templates": [SimpleNamespace(template_id="x", title=HOSTILE)],
        "prepared": None,
        "languages": [HOSTILE],
        "form_languages": ["de"],
        "script_words": HOSTILE,
        "blank_text": DraftText(),
        "direction": lambda _tag: "ltr",
        "longest": LONGEST,
        "choices": dict.fromkeys(("category", "severity", "urgency", "certainty", "response"), ()),
        "preset": HOSTILE,
        "offered": [Municipality(PLACE.ags, "", HOSTILE)],
        "unresolved": [UnresolvedLine(1, HOSTILE, (Municipality(PLACE.ags, "", HOSTILE),), True)],
        "senders": [HOSTILE, "x"],
    },
    "compose_preview": {
        "refusal": HOSTILE,
        "alert": Alert(
            "x", "x", NOW, Status.ACTUAL, MsgType.ALERT, Scope.PUBLIC, infos=(Info(headline=HOSTILE),)
        ),
        "severity": "Severe",
        "preview": SimpleNamespace(expires=NOW, estimate=SimpleNamespace()),
        "goes_out": True,
        "waits": True,
        "people": HOSTILE,
        "why_not": HOSTILE,
        "places": [PLACE],
        "names": str,
        "share": str,
        "count": str,
        "reach": ShownReach(("sms", "mail"), (HOSTILE, 1), [ReachRow(PLACE, (HOSTILE, 1))]),
        "channel_name": str,
        "is_rounded": True,
        "living": HOSTILE,
        "doubts": [HOSTILE],
        "sms": [HOSTILE],
        "asked": [HOSTILE],
        "texts": [ShownText("de", "de", "ltr", HOSTILE, 1, 9, HOSTILE, HOSTILE, (("title", HOSTILE),))],
        "title": HOSTILE,
        "changes": MessageChanges([TextDifference("headline", HOSTILE, HOSTILE)], None, None, [HOSTILE], []),
        "ends": [HOSTILE],
        "fields": [("headline-de", HOSTILE)],
        "seen": HOSTILE,
        "send": HOSTILE,
    },
    "unavailable": {
        "said": HOSTILE,
        "is_posted": True,
        "fields": [("headline-de", HOSTILE)],
        "address": HOSTILE,
    },
    "compose_parts": {"title": HOSTILE, "said": HOSTILE, "parts": {HOSTILE: HOSTILE}},
    "compose_signed_out": {"fields": [("headline-de", HOSTILE)]},
    "desk_log": {
        "entries": [
            LogEntry(NOW, ALERT, what, HOSTILE, HOSTILE)
            for what in ("duty.tell", "alert.hold", "log_stopped", HOSTILE)
        ],
        "goes_on": True,
        "held_because": lambda held_for: [held_for],
        "most": 200,
        "alert": HOSTILE,
        "first": HOSTILE,
        "last": HOSTILE,
        "day": str,
        "kinds": {},
        "known": WORDS,
        "now": NOW,
    },
    "desk_handover": {
        "refusal": HOSTILE,
        "matters": OpenMatters((HELD,), (ALERT,), (ALERT,), (HOSTILE,), NOW),
        "earlier": [BegunShift(HOSTILE, NOW, HOSTILE, 3)],
        "form": HOSTILE,
        "may_take_over": True,
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
        "few_codes": False,
        "sessions": [],
        "own": 1,
    },
}


PARTS = {
    "alert_gaps",
    "alert_head",
    "alert_letters",
    "alert_map",
    "alert_places",
    "alert_progress",
    "base",
    "changes",
    "compose_fields",
    "desk_entry",
    "desk_service",
    "progress",
    "texts",
}
"""The templates of which others are made."""


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("name", sorted(VALUES))
def test_whatever_is_shown_is_a_text(name: str, language: str) -> None:
    written = page(name, frame(person=HOSTILE, language=language), **VALUES[name])
    assert "<script>alert" not in written
    assert "49" not in re.sub(r"[a-f0-9]{16}", "", written)
    assert "&lt;script&gt;" in written


def test_every_template_is_tried_here() -> None:
    written = {path.stem for path in (ROOM / "templates").glob("*.html")}
    assert written - PARTS == set(VALUES)


def test_a_template_that_was_given_too_little_is_noticed() -> None:
    with pytest.raises(UndefinedError):
        page("code", frame())


def test_the_desk_is_small_however_much_stands_there() -> None:
    headline = ("Hochwasser an der Rur bei Kreuzau, Keller räumen. " * 9)[: LONGEST["headline"]]
    long = replace(ALERT, id="01ARZ3NDEKTSV4RRFFQ69G5FAV", headline=headline, source_id="leitstelle")
    sent, held, unsent = (
        replace(long, state=AlertState.PLANNED, status="Actual"),
        replace(long, state=AlertState.HELD, held_for="approval;large-audience"),
        replace(long, state=AlertState.RECORDED, reason=Reason.DISCARDED),
    )
    places = (("Hürtgenwald", "Nideggen", "Heimbach"), 15)
    owing = RecipientProgress(9_999, (Owed("sms", "x", "x", "x", 9),), (), NOW, NOW, 1, 1)
    by = replace(OVER, by=long.id)
    shown = {
        **VALUES["desk"],
        "away": lambda _at: "vor 11 h 11 min",
        "sections": [
            (
                DeskList("held", [held]),
                [DeskEntry(held, *places, request=REQUEST, is_decidable=True)] * CARDS_MAX,
            ),
            (
                DeskList("in_force", [sent]),
                [DeskEntry(sent, *places, None, owing, REQUEST, is_correctable=True)] * CARDS_MAX,
            ),
            (DeskList("sent", [sent]), [DeskEntry(sent, *places, by, owing, REQUEST)] * LATEST),
            (DeskList("unsent", [unsent]), [DeskEntry(unsent, *places, request=DECIDED)] * LATEST),
        ],
    }
    loaded = [page("desk", replace(frame(person="b.lang"), menu=SECTIONS), **shown).encode()]
    loaded += [static_file(name) or b"" for name in ("console.css", "desk.js")]
    assert sum(map(len, loaded)) <= 100_000, [*map(len, loaded)]


def test_templates_use_all_words_and_no_others() -> None:
    sources = "".join(path.read_text("utf-8") for path in (ROOM / "templates").glob("*.html"))
    used = set(re.findall(r"\bt\.(\w+)", sources))
    assert used <= set(WORDS)


@pytest.mark.parametrize(
    ("progress", "is_planned", "said"),
    [
        (RecipientProgress(0), False, "Der Dienst stellt gerade fest"),
        (RecipientProgress(0), True, "Niemand erhält sie."),
        (RecipientProgress(3), True, "3 von 3 übergeben"),
    ],
)
def test_nobody_is_no_number(progress: RecipientProgress, is_planned: bool, said: str) -> None:
    shown = {**VALUES["correction"], "progress": progress, "is_planned": is_planned}
    written = page("correction", frame(), **shown)
    assert said in written
    assert "0 von 0" not in written


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


def test_a_page_with_a_map_alone_may_load_tiles_and_of_one_origin() -> None:
    base = BaseMap("https://karten.example/{z}/{x}/{y}.png", "©")
    policies = {
        name: headers_of(name, base)["Content-Security-Policy"] for name in ("alert", "compose", "desk")
    }
    assert policies["alert"] == policies["compose"]
    assert "; img-src 'self' https://karten.example; connect-src 'self';" in policies["alert"]
    assert policies["desk"] == HEADERS["Content-Security-Policy"]
    assert headers_of("alert", None) == HEADERS, "without one nobody else is asked for anything"


def test_files_have_a_version_of_their_content() -> None:
    assert all(static_file(name) for name in STATIC)
    assert static_file("../words.py") is None
    assert re.fullmatch(r"[0-9a-f]{16}", version())
    assert version() in page("sign_in", frame(), **VALUES["sign_in"])


def test_a_drawing_has_no_style_that_the_policy_forbids() -> None:
    assert drawn("otpauth://totp/x").startswith("<svg ")
    assert "style=" not in drawn("x")
