"""A test alert is valid CAP, and a test in every form that it takes."""

from datetime import timedelta

import cap
from channels.sms.delivery_reports import client_ref, parse_client_ref
from dispatcher.model.reports import beside_alerts
from dispatcher.model.vocabulary import CANARY_PREFIX, Kind, Lane, Reason
from dispatcher.texts.choice import choose
from dispatcher.texts.content import RecordedMessage, content
from dispatcher.texts.words.catalogues import words_for
from dispatcher.worker.canary.message import canary_alert
from tests.support.messages import NOW, stored

MADE = canary_alert(Lane.FLASH, ["own", "a"], NOW, bytes(10))


def test_it_is_valid_and_says_that_it_is_a_test() -> None:
    [alert] = cap.parse(MADE.raw).alerts
    assert cap.is_valid(cap.check(alert, cap.STRICT))
    assert (alert.status, alert.identifier, MADE.status) == (cap.Status.TEST, MADE.id, "Test")
    as_stored = stored(id=MADE.id, status=MADE.status, expires=MADE.expires, headline=MADE.headline)
    chosen = choose(alert, Kind.ALERT, "de", NOW, MADE.expires)
    assert chosen is not None
    said = content(
        RecordedMessage(alert, as_stored, ("Selbsttest",)), chosen, Kind.ALERT, words_for("de"), NOW
    )
    assert said.mark


def test_it_is_for_its_canaries_alone_and_for_minutes() -> None:
    assert (MADE.reason, MADE.lane) == (Reason.CANARY, Lane.FLASH)
    assert [place.ags for place in MADE.affected] == ["canary-a", "canary-own"]
    assert MADE.expires - MADE.sent == timedelta(minutes=5)
    assert MADE.id.startswith(CANARY_PREFIX)
    assert MADE.chain_id == MADE.id


def test_what_an_sms_gateway_reports_of_it_is_understood() -> None:
    assert parse_client_ref(client_ref(MADE.id, 7)) == (MADE.id, 7)
    assert beside_alerts(MADE.id) is None


def test_on_a_device_it_replaces_the_last_one_of_its_lane_and_no_other() -> None:
    later = canary_alert(Lane.FLASH, ["own"], NOW, b"1" * 10)
    assert later.id != MADE.id
    assert later.thread == MADE.thread != canary_alert(Lane.ROUTINE, ["own"], NOW, bytes(10)).thread
