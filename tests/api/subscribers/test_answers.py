"""From an app's body to what is asked for, and from a subscriber to the app."""

from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Any

from dispatcher.api.subscribers.answers import asked, body_of
from dispatcher.api.subscribers.bodies import SubscriberWanted
from dispatcher.apps.enrolment import Enrolled
from dispatcher.audience.wish import AskedEndpoint
from dispatcher.model.subscribers import (
    EndpointState,
    Preferences,
    Quiet,
    SubscribedEndpoint,
    Subscriber,
)

NOW = datetime(2026, 11, 29, tzinfo=UTC)


def enrolled(*states: EndpointState, **preferences: Any) -> Enrolled:
    endpoints = tuple(SubscribedEndpoint("webpush", n, state) for n, state in enumerate(states))
    subscriber = Subscriber(7, "dueren", b"", endpoints, (), (), Preferences(**preferences), NOW, NOW, NOW)
    return Enrolled(subscriber, "leave-token", "wt_token", ("/places/1",))


def test_what_is_sent_is_what_is_asked_for() -> None:
    body = """{"endpoints": [{"channel": "webpush", "address": "https://a.example", "keys": {"auth": "k"}}],
      "places": ["05358008"], "quiet_hours": {"begins": "22:00", "ends": "06:00"}, "min_severity": "Severe"}"""
    found = asked(SubscriberWanted.model_validate_json(body))
    assert found.endpoints == [AskedEndpoint("webpush", "https://a.example", {"auth": "k"})]
    assert (found.quiet_hours, found.min_severity, found.drills) == (("22:00", "06:00"), "Severe", False)


def test_what_is_kept_is_what_is_told() -> None:
    quiet = Quiet(time(22), time(6, 30))
    told = body_of(enrolled(EndpointState.WAITING, min_severity=3, quiet=quiet, languages=("uk",)))
    assert (told.active, told.min_severity, told.languages) == (False, "Severe", ["uk"])
    assert told.quiet_hours is not None
    assert (told.quiet_hours.begins, told.quiet_hours.ends) == ("22:00", "06:30")
    assert (told.leave, told.token, told.left_out) == ("/v1/leave/leave-token", "wt_token", ["/places/1"])


def test_one_that_is_told_until_its_successor_is_proven_is_active() -> None:
    assert body_of(enrolled(EndpointState.WAITING, EndpointState.REPLACED)).active
    assert not body_of(enrolled(EndpointState.GONE)).active
    assert body_of(enrolled()).min_severity is None


def test_from_the_end_date_on_nobody_is_active() -> None:
    found = enrolled(EndpointState.ACTIVE)
    assert body_of(found).active
    assert not body_of(replace(found, subscriber=replace(found.subscriber, is_over=True))).active
