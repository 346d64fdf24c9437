"""The JSON bodies of the API, made of values."""

from dataclasses import fields
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

import cap
from dispatcher.api import schemas
from dispatcher.audience.estimate import AudienceEstimate
from dispatcher.intake.submission import Accepted, Preview
from dispatcher.model.alerts import AffectedMunicipality, StoredAlert
from dispatcher.model.ledger import ChannelSummary, LedgerLine
from dispatcher.model.sentences.sentence import Said
from dispatcher.model.sms import GatewayQuote, Quote
from dispatcher.model.status import CountedAlert, RecipientProgress
from dispatcher.model.subscriptions import SubscriberCounts
from dispatcher.model.vocabulary import AlertState, Lane, Reason
from dispatcher.targeting.outcome import Match, Unmatched
from tests.support.messages import NOW
from tests.support.messages import stored as untyped_stored

PLACE = AffectedMunicipality("05358008", "Düren", "geometry", 0.123456)
LOST = Unmatched("geocode", "AGS=99999999", "code not in the boundary data", Said("unbekannt", "unknown"))
MATCHED = Match((), unmatched=(LOST,), notes=("ring repaired",), notes_de=("Ring geflickt",))
FINDING = cap.Finding(
    code="c", severity=cap.Level.WARNING, path="/alert", line=3, message="m", message_de="d"
)
FINDING_BODY = {
    "code": "c",
    "severity": "warning",
    "path": "/alert",
    "line": 3,
    "message": "m",
    "message_de": "d",
}
PLACE_BODY = {"ags": "05358008", "name": "Düren", "reason": "geometry", "share": 0.1235}
LOST_BODY = {
    "kind": "geocode",
    "value": "AGS=99999999",
    "reason": "code not in the boundary data",
    "message": "unknown",
    "message_de": "unbekannt",
}


def on_record(**changes: Any) -> StoredAlert:
    made: StoredAlert = untyped_stored(**changes)
    return made


def test_an_alert_shows_what_is_on_record_and_nothing_of_how_it_is_kept() -> None:
    body = schemas.alert_body(
        on_record(
            stopped_by="B", merged_into="M", chain_id="C", planned_at=NOW, audience=7, reason=Reason.MERGED
        )
    ).model_dump()
    assert (body["chain"], body["superseded_by"], body["merged_into"]) == ("C", "B", "M")
    assert (body["planned_at"], body["settled_at"], body["audience"]) == (NOW, None, 7)
    assert (body["lane"], body["reason"], body["state"]) == ("priority", "merged", "planned")
    speaks = schemas.alert_body(on_record(merged_into="M", reason=Reason.FIRST_NOTICE))
    assert speaks.merged_into is None, "it stands for itself by now"
    assert not {"sha256", "event_key", "hazards", "revision", "source_id"} & body.keys()


@pytest.mark.parametrize(
    "name", sorted(schemas.AlertBody.model_fields.keys() & StoredAlert.__dataclass_fields__)
)
def test_whatever_has_the_same_name_has_the_same_value(name: str) -> None:
    """Each value of its own, so that no two are taken for one another."""
    words = {
        "msg_type": cap.MsgType.UPDATE,
        "status": cap.Status.TEST,
        "scope": cap.Scope.RESTRICTED,
        "severity": cap.Severity.MINOR,
        "state": AlertState.SETTLED,
    }
    texts = ("id", "sender", "identifier", "event", "headline")
    times = ("sent", "received_at", "expires", "planned_at", "settled_at")
    stored = on_record(
        **words,
        **{text: f"its {text}" for text in texts},
        **{time: NOW + timedelta(minutes=minute) for minute, time in enumerate(times)},
        audience=7,
    )
    assert getattr(schemas.alert_body(stored), name) == getattr(stored, name)


def test_a_promise_names_places_repairs_and_findings() -> None:
    body = schemas.accepted_body(Accepted(on_record(), (PLACE,), (FINDING,), repeated=True, matched=MATCHED))
    document = body.model_dump()
    assert document.pop("alert")["id"] == "A"
    assert document == {
        "repeated": True,
        "sent_to_people": True,
        "over": None,
        "merged_into_alert": None,
        "sent_instead": [],
        "municipalities": [PLACE_BODY],
        "unmatched": [LOST_BODY],
        "notes": ["ring repaired"],
        "notes_de": ["Ring geflickt"],
        "findings": [FINDING_BODY],
    }


def test_a_preview_says_whom_it_would_reach() -> None:
    estimate = AudienceEstimate(
        SubscriberCounts({"webpush": 2}, {"05358008": {"webpush": 2}}), 93_000, ("1 von 1 …",)
    )
    preview = Preview(
        Reason.UPDATE, Lane.FLASH, NOW, (PLACE,), (FINDING,), estimate, repeated=False, matched=MATCHED
    )
    assert schemas.preview_body(preview, "leitstelle").model_dump() == {
        "reason": "update",
        "repeated": False,
        "accepted_as": None,
        "lane": "flash",
        "expires": NOW,
        "sent_to_people": True,
        "over": None,
        "merged_into": None,
        "sent_instead": [],
        "told": None,
        "no_longer_affected": None,
        "quota_reached": False,
        "municipalities": [PLACE_BODY],
        "unmatched": [LOST_BODY],
        "notes": ["ring repaired"],
        "notes_de": ["Ring geflickt"],
        "reach": {"webpush": 2},
        "reach_by_municipality": {"05358008": {"webpush": 2}},
        "population": 93_000,
        "gaps": ["1 von 1 …"],
        "findings": [FINDING_BODY],
        "sms": None,
    }


def test_prices_are_numbers_where_they_are_in_one_currency() -> None:
    euros = GatewayQuote("a", 30, 2, 0, 60.0, Decimal("4.5"), "EUR", parts_used=2, price_used=Decimal("0.15"))
    francs = GatewayQuote("b", 1, 2, 0, 1.0, Decimal(1), "CHF")
    one = schemas.sms_body(Quote((euros,), NOW))
    assert one is not None
    assert (one.price, one.currency, one.price_used, one.parts_used) == (4.5, "EUR", 0.15, 2)
    both = schemas.sms_body(Quote((euros, francs), NOW, held=3))
    assert both is not None
    assert (both.price, both.currency, both.people, both.held) == (None, "EUR", 31, 3)
    assert [gateway.currency for gateway in both.gateways] == ["EUR", "CHF"]
    assert [(one.currency, one.price) for one in both.prices] == [("CHF", 1.0), ("EUR", 4.5)]
    assert [(one.currency, one.price) for one in both.prices_used] == [("EUR", 0.15)]
    assert schemas.sms_body(None) is None


@pytest.mark.parametrize(("reader", "counted"), [("leitstelle", 2), ("andere", None)])
def test_what_was_accepted_before_is_named_and_counted_for_its_source_only(
    reader: str, counted: int | None
) -> None:
    before = CountedAlert(on_record(source_id="leitstelle"), RecipientProgress(accepted=2))
    body = schemas.accepted_as_body(before, reader)
    assert body is not None
    assert (body.id, body.progress and body.progress.accepted) == ("A", counted)
    assert schemas.accepted_as_body(None, reader) is None


def test_a_channel_shows_its_states_and_beside_them_what_was_reported() -> None:
    summary = ChannelSummary("sms", "alert", {"accepted": 2}, NOW, None, {"delivered": 1})
    assert schemas.channel_body(summary).model_dump() == {
        "channel": "sms",
        "kind": "alert",
        "states": {"accepted": 2},
        "first_accepted_at": NOW,
        "last_accepted_at": None,
        "reports": {"delivered": 1},
    }


@pytest.mark.parametrize("body", [value for value in vars(schemas).values() if isinstance(value, type)])
def test_bodies_are_frozen_and_have_no_further_members(body: type) -> None:
    if issubclass(body, BaseModel) and body not in {BaseModel, schemas.Body}:
        assert body.model_config.get("extra") == "forbid"
        assert body.model_config.get("frozen")


def test_a_member_that_nobody_described_is_refused() -> None:
    with pytest.raises(ValidationError):
        schemas.UnmatchedBody.model_validate(LOST_BODY | {"more": 1})


def test_another_sources_warning_is_shown_to_exist_and_no_more() -> None:
    """Its own in full, and to an operator all."""
    stands_in = CountedAlert(on_record(source_id="land"), RecipientProgress(accepted=3))
    hidden = schemas.merged_into_body(stands_in, "leitstelle")
    assert hidden is not None
    assert set(hidden.model_dump().values()) == {None}
    for reader in ("land", None):
        shown = schemas.merged_into_body(stands_in, reader)
        assert shown is not None
        assert shown.progress is not None
        assert (shown.id, shown.progress.recipients) == ("A", 3)
    assert schemas.merged_into_body(None, None) is None


def test_a_line_of_the_ledger_is_described_with_all_its_members() -> None:
    assert list(schemas.LedgerLineBody.model_fields) == [one.name for one in fields(LedgerLine)]
