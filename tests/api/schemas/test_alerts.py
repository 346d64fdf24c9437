"""What is shown of an alert of record."""

from datetime import timedelta

import pytest

import cap
from dispatcher.api.schemas.alerts import AlertBody, alert_body
from dispatcher.model.alerts import StoredAlert
from dispatcher.model.vocabulary import AlertState, Reason
from tests.api.schemas.values import on_record
from tests.support.messages import NOW


def test_an_alert_shows_what_is_on_record_and_nothing_of_how_it_is_kept() -> None:
    body = alert_body(
        on_record(
            stopped_by="B", merged_into="M", chain_id="C", planned_at=NOW, audience=7, reason=Reason.MERGED
        )
    ).model_dump()
    assert (body["chain"], body["superseded_by"], body["merged_into"]) == ("C", "B", "M")
    assert (body["planned_at"], body["settled_at"], body["audience"]) == (NOW, None, 7)
    assert (body["lane"], body["reason"], body["state"]) == ("priority", "merged", "planned")
    speaks = alert_body(on_record(merged_into="M", reason=Reason.FIRST_NOTICE))
    assert speaks.merged_into is None, "it stands for itself by now"
    assert not {"sha256", "event_key", "hazards", "revision", "source_id"} & body.keys()


@pytest.mark.parametrize("name", sorted(AlertBody.model_fields.keys() & StoredAlert.__dataclass_fields__))
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
    assert getattr(alert_body(stored), name) == getattr(stored, name)
