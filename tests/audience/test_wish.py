"""What apps ask for: what is meant, what is wrong, and what is left out."""

import inspect
import re
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.apns import message as apns_message
from channels.apns.channel import Apns
from channels.base import Endpoint, Permanent
from channels.fcm import message
from channels.fcm.channel import Fcm
from channels.http import addresses
from channels.http.addresses import AddressPolicy
from channels.webpush import encoder
from channels.webpush.vapid import VapidSigner, generate_key, key_name
from dispatcher.audience.watched_areas import read_places
from dispatcher.audience.wish import (
    AREAS_MAX,
    ENDPOINTS_MAX,
    LONGEST,
    PLACES_MAX,
    Asked,
    AskedEndpoint,
    Judge,
    PartlyShown,
    WishRefused,
    named_language,
    wish_error,
)
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.model.subscribers import Preferences, Quiet, WishedEndpoint
from tests.support.apns_credentials import DEVICE, TOPIC
from tests.support.messages import DUEREN, JUELICH

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
REFUSALS = {
    "unknown_push_service",
    *(
        code
        for module in (addresses, encoder, message, apns_message)
        for code in re.findall(r'(?:AddressRefused|Permanent)\("(\w+)"', inspect.getsource(module))
    ),
} - {"payload_too_large"}
"""Whatever a channel says of an endpoint that it refuses: of a message it says more."""
HERE, ELSEWHERE = {"lat": 50.8, "lon": 6.48}, {"lat": 50.63, "lon": 6.47}


class Push:
    """A channel that takes every endpoint but those called bad."""

    name = "webpush"

    def check(self, endpoint: Endpoint) -> None:
        if "bad" in endpoint.address:
            code = endpoint.address.rpartition("/")[2]
            raise Permanent(code if code in REFUSALS else "unknown_push_service", endpoint.address)

    def gateway(self, endpoint: Endpoint) -> str:
        return endpoint.address.rpartition("/")[0]


@pytest.fixture(scope="module")
def judge(boundaries: Boundaries) -> Judge:
    push: Any = Push()
    return Judge({"webpush": push}, boundaries, lambda text: f"hash of {text}".encode())


def asked(**changes: Any) -> Asked:
    return replace(
        Asked([AskedEndpoint("webpush", "https://p.example/a", {"auth": "k"})], [DUEREN]), **changes
    )


def wrong(judge: Judge, **changes: Any) -> list[tuple[str, str]]:
    with pytest.raises(WishRefused) as refused:
        judge.judge(asked(**changes), (DUEREN,), NOW)
    assert all(error.message != error.message_de for error in refused.value.errors)
    return [(error.code, error.path) for error in refused.value.errors]


def test_what_is_asked_for_is_what_is_meant(judge: Judge) -> None:
    found = judge.judge(
        asked(
            languages=["DE-Simple", "uk", "uk"],
            min_severity="Severe",
            quiet_hours=("22:00", "06:30"),
            drills=True,
            escalate_after_s=120,
            device="phone",
            ends_at=NOW + timedelta(days=1),
        ),
        (DUEREN,),
        NOW,
    )
    assert found.left_out == ()
    wish = found.wish
    assert wish.endpoints == (
        WishedEndpoint("webpush", "https://p.example", "https://p.example/a", {"auth": "k"}),
    )
    assert (wish.places, wish.watched_areas, wish.device) == ((DUEREN,), (), b"hash of phone")
    assert wish.preferences == Preferences(
        ("de-simple", "uk"),
        min_severity=3,
        quiet=Quiet(time(22), time(6, 30)),
        drills=True,
        escalate_after_s=120,
    )


def test_a_district_means_those_of_its_municipalities_that_are_shown(judge: Judge) -> None:
    found = judge.judge(asked(places=["05358", JUELICH, HERE, ELSEWHERE]), (DUEREN,), NOW)
    assert found.wish.places == (DUEREN,)
    assert len(found.wish.watched_areas) == 1
    assert found.left_out == ("/places/1", "/places/3")
    assert PartlyShown("/places/0", 1, 14) in found.partly


@pytest.mark.parametrize("place", ["05358", "05", {"lat": 50.8, "lon": 6.48, "radius_m": 20_000}])
def test_what_is_shown_in_part_is_never_taken_for_all_of_it(judge: Judge, place: Any) -> None:
    [partly] = judge.judge(asked(places=[place]), (DUEREN,), NOW).partly
    assert (partly.path, partly.followed) == ("/places/0", 1)
    assert partly.left_out >= 10
    [codes, watched] = read_places([place], judge._boundaries)
    whole = [*codes, *(code for area in watched for code in area.ags)]
    found = judge.judge(asked(places=[place]), whole, NOW)
    assert (found.left_out, found.partly) == ((), ())


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        (
            {"endpoints": [AskedEndpoint("sms", "+4915100000001", {})]},
            [("channel_not_offered", "/endpoints/0/channel")],
        ),
        (
            {"endpoints": [AskedEndpoint("app", "https://p.example", {})]},
            [("channel_not_offered", "/endpoints/0/channel")],
        ),
        (
            {"endpoints": [AskedEndpoint("webpush", "https://bad.example", {})]},
            [("endpoint_invalid", "/endpoints/0")],
        ),
        (
            {"endpoints": [AskedEndpoint("webpush", "", {})] * (ENDPOINTS_MAX + 1)},
            [("endpoints_many", "/endpoints")],
        ),
        ({"places": []}, [("places_empty", "/places")]),
        ({"places": [JUELICH]}, [("places_empty", "/places")]),
        (
            {"places": [DUEREN, "99999999", {}]},
            [("place_invalid", "/places/1"), ("place_invalid", "/places/2")],
        ),
        ({"places": [DUEREN] * (PLACES_MAX + 1)}, [("places_many", "/places")]),
        ({"places": [HERE] * (AREAS_MAX + 1)}, [("places_many", "/places")]),
        ({"languages": ["de", "deutsch!"]}, [("language_invalid", "/languages/1")]),
        ({"languages": ["de"] * 6}, [("languages_many", "/languages")]),
        ({"quiet_hours": ("22:00", "22:00")}, [("quiet_hours_invalid", "/quiet_hours")]),
        ({"quiet_hours": ("24:00", "06:00")}, [("quiet_hours_invalid", "/quiet_hours")]),
        ({"escalate_after_s": 5}, [("escalation_invalid", "/escalate_after_s")]),
        ({"ends_at": NOW}, [("ends_at_invalid", "/ends_at")]),
        ({"ends_at": NOW + LONGEST + timedelta(seconds=1)}, [("ends_at_invalid", "/ends_at")]),
        (
            {"languages": ["!"], "quiet_hours": ("x", "y")},
            [("language_invalid", "/languages/0"), ("quiet_hours_invalid", "/quiet_hours")],
        ),
    ],
)
def test_everything_that_is_wrong_is_named(judge: Judge, changes: Any, errors: Any) -> None:
    assert wrong(judge, **changes) == errors


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("de-AT", "de-at"),
        ("sl-Latn-IT-nedis", "sl-latn-it-nedis"),
        # What Android gives of a phone whose owner has chosen units, a first day of the week and more.
        ("de-DE-u-ca-gregory-fw-mon-hc-h23-mu-celsius-nu-latn", "de-de"),
        ("de-x-leicht", "de"),
        ("en-t-de-u-mu-celsius-x-a", "en"),
        *(
            (none, None)
            for none in ("", "d", "de_DE", "de-", "de-u", "de-x", "x-own", "deutsch!", "de-u-mu-celsius-")
        ),
    ],
)
def test_of_a_tag_what_names_the_language_counts(tag: str, language: str | None) -> None:
    assert named_language(tag) == language


def test_languages_that_differ_in_extensions_are_one(judge: Judge) -> None:
    found = judge.judge(asked(languages=["de-DE-u-mu-celsius", "de-de", "de-simple"]), (DUEREN,), NOW)
    assert found.wish.preferences.languages == ("de-de", "de-simple")


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        ({"auth": "k", "gateway": "sms-1"}, "key_unknown"),
        ({"auth": "k", "x": "\0"}, "key_unknown"),
        ({"auth": "k", "vapid": "\0"}, "key_invalid"),
    ],
)
def test_keys_are_what_a_browser_gives(judge: Judge, keys: dict[str, str], code: str) -> None:
    with pytest.raises(WishRefused, match="endpoint_invalid") as refused:
        judge.judge(asked(endpoints=[AskedEndpoint("webpush", "https://p.example/a", keys)]), (DUEREN,), NOW)
    assert code in refused.value.errors[0].message


@pytest.mark.parametrize(
    ("address", "keys", "code"),
    [
        ("token:1", {"p256dh": "k"}, "key_unknown"),
        ("token:1", {}, "project_missing"),
        ("token:1", {"project": "W"}, "project_invalid"),
        ("token:1", {"project": "warn-app-1", "target": "topic"}, "target_invalid"),
        ("https://p.example/a", {"project": "warn-app-1"}, "address_invalid"),
    ],
)
def test_an_app_on_android_names_its_project(
    boundaries: Boundaries, address: str, keys: dict[str, str], code: str
) -> None:
    nobody: Any = None
    judge = Judge({"fcm": Fcm(nobody, nobody, policy=AddressPolicy())}, boundaries, str.encode)
    good = AskedEndpoint("fcm", "token:1", {"project": "warn-app-1"})
    [endpoint] = judge.judge(asked(endpoints=[good]), (DUEREN,), NOW).wish.endpoints
    kept = {"project": "warn-app-1", "target": "token"}
    assert endpoint == WishedEndpoint("fcm", "warn-app-1", "token:1", kept)
    with pytest.raises(WishRefused, match="endpoint_invalid") as refused:
        judge.judge(asked(endpoints=[AskedEndpoint("fcm", address, keys)]), (DUEREN,), NOW)
    assert code in refused.value.errors[0].message


@pytest.mark.parametrize(
    ("address", "keys", "code"),
    [
        (DEVICE, {"project": "warn-app-1"}, "key_unknown"),
        (DEVICE, {}, "topic_missing"),
        (DEVICE, {"topic": "warn"}, "topic_invalid"),
        (DEVICE, {"topic": TOPIC, "environment": "debug"}, "environment_invalid"),
        ("token:1", {"topic": TOPIC}, "device_token_invalid"),
    ],
)
def test_an_app_on_iphones_names_its_bundle_id(
    boundaries: Boundaries, address: str, keys: dict[str, str], code: str
) -> None:
    nobody: Any = None
    judge = Judge({"apns": Apns(nobody, AddressPolicy())}, boundaries, str.encode)
    for spelt in (DEVICE, DEVICE.upper()):
        good = AskedEndpoint("apns", spelt, {"topic": TOPIC})
        [endpoint] = judge.judge(asked(endpoints=[good]), (DUEREN,), NOW).wish.endpoints
        kept = {"topic": TOPIC, "environment": "production"}
        assert endpoint == WishedEndpoint("apns", f"production/{TOPIC}", DEVICE, kept)
    with pytest.raises(WishRefused, match="endpoint_invalid") as refused:
        judge.judge(asked(endpoints=[AskedEndpoint("apns", address, keys)]), (DUEREN,), NOW)
    assert code in refused.value.errors[0].message


def test_why_an_endpoint_is_refused_is_said_in_words(judge: Judge) -> None:
    assert {"key_missing", "project_missing", "key_invalid", "private_address", "url_malformed"} < REFUSALS
    said = set()
    for code in sorted(REFUSALS):
        with pytest.raises(WishRefused) as refused:
            judge.judge(
                asked(endpoints=[AskedEndpoint("webpush", f"https://bad.example/{code}", {})]), (DUEREN,), NOW
            )
        [error] = refused.value.errors
        said |= {error.message.replace(code, ""), error.message_de.replace(code, "")}
        assert f": {code}, " in error.message, "its words follow"
        assert f": {code}, " in error.message_de
    assert len(said) == 2 * len(REFUSALS), "each has words of its own"


def test_the_key_that_a_browser_subscribed_with_is_kept_by_its_name(judge: Judge) -> None:
    public_key = VapidSigner(generate_key(), "mailto:a@b.example").public_key
    keys = {"auth": "k", "vapid": public_key}
    found = judge.judge(
        asked(endpoints=[AskedEndpoint("webpush", "https://p.example/a", keys)]), (DUEREN,), NOW
    )
    assert found.wish.endpoints[0].keys == {"auth": "k", "vapid": key_name(public_key)}


def test_an_address_has_one_pair_of_keys(judge: Judge) -> None:
    def one(key: str) -> AskedEndpoint:
        return AskedEndpoint("webpush", "https://p.example/a", {"auth": key})

    assert wrong(judge, endpoints=[one("k"), one("l")]) == [("endpoint_twice", "/endpoints/1")]
    judge.judge(asked(endpoints=[one("k_"), one("k/==")]), (DUEREN,), NOW)


def test_an_error_does_not_repeat_what_was_sent(judge: Judge) -> None:
    with pytest.raises(WishRefused) as refused:
        judge.judge(
            asked(endpoints=[AskedEndpoint("webpush", "https://bad.example/secret", {})]), (DUEREN,), NOW
        )
    assert "secret" not in str(refused.value.errors)
    assert "unknown_push_service" in refused.value.errors[0].message
    assert wish_error("device_shared", "/device").path == "/device"


@settings(max_examples=20)
@given(
    items=st.lists(
        st.one_of(
            st.text(max_size=9), st.none(), st.floats(), st.dictionaries(st.text(max_size=3), st.none())
        ),
        max_size=3,
    )
)
def test_whatever_a_place_is_it_is_one_or_is_named(judge: Judge, items: list[Any]) -> None:
    codes = set()
    try:
        judge.judge(asked(places=[DUEREN, *items]), (DUEREN,), NOW)
    except WishRefused as refused:
        codes = {error.code for error in refused.errors}
    assert codes <= {"place_invalid"}
