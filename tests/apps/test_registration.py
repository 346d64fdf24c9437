"""A webhook is judged, registered and rotated."""

from base64 import b64encode
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from channels.app.channel import App
from channels.app.secrets import signing
from channels.app.standard_webhooks import decode_secrets
from dispatcher.access.principals import UNNAMED_OPERATOR as BY
from dispatcher.apps.registration import Registration, WebhookRequest
from dispatcher.apps.webhook_refusal import WebhookRefused
from dispatcher.model.principals import Instance
from dispatcher.model.webhooks import CallbackForm
from dispatcher.store.webhooks import Webhooks
from tests.support.messages import DUEREN, HEIMBACH, JUELICH, NOW
from tests.support.sealed import ADDRESSES

URL = "https://app.dueren.example/warnings"
GIVEN, OTHER = ("whsec_" + b64encode(letter * 32).decode() for letter in (b"g", b"o"))
OWN = (DUEREN, JUELICH)


@pytest.fixture
async def registration(pool: Any, sources: Any, client_for: Callable[..., Any]) -> Registration:
    await sources.put_instance(Instance("dueren", "Düren", OWN), f"wi_dueren_{'s' * 43}")
    return Registration(Webhooks(pool, ADDRESSES), App(client_for()), lambda: NOW)


async def put(registration: Registration, *, url: str = URL, **asked: Any) -> Any:
    return await registration.put("dueren", OWN, WebhookRequest(url, **asked), BY)


async def test_a_secret_is_made_and_shown_once(registration: Registration) -> None:
    first = await put(registration)
    assert decode_secrets(first.new_secret)
    again = await put(registration)
    assert (again.webhook, again.new_secret) == (first.webhook, None)


async def test_a_secret_that_is_named_is_taken_and_never_shown(registration: Registration) -> None:
    for secret in (GIVEN, OTHER, OTHER):
        found = await put(registration, secret=secret)
        assert found.new_secret is None
        assert signing(found.webhook.keys, NOW) == decode_secrets(secret)
    assert (await put(registration)).webhook.keys["secret"] == OTHER


async def test_both_sign_for_a_time_after_a_rotation(registration: Registration) -> None:
    await put(registration, secret=GIVEN)
    found = await registration.rotate("dueren", None, timedelta(hours=1), BY)
    assert found is not None
    assert found.new_secret is not None
    both = decode_secrets(f"{found.new_secret} {GIVEN}")
    assert signing(found.webhook.keys, NOW) == both
    assert signing(found.webhook.keys, NOW + timedelta(hours=1)) == both[:1]
    assert registration.ends_of_secrets(found.webhook) == (NOW + timedelta(hours=1),)


async def test_a_secret_that_is_being_replaced_is_not_made_new_again(registration: Registration) -> None:
    await put(registration, secret=GIVEN)
    await registration.rotate("dueren", OTHER, timedelta(hours=1), BY)
    two = f"{GIVEN} {OTHER}"
    for secret, code in ((GIVEN, "secret_ends"), ("whsec_kurz", "secret_invalid"), (two, "secret_invalid")):
        with pytest.raises(WebhookRefused) as caught:
            await registration.rotate("dueren", secret, timedelta(hours=1), BY)
        assert [error.code for error in caught.value.errors] == [code]


@pytest.mark.parametrize(
    ("asked", "errors"),
    [
        ({"url": "http://app.dueren.example/"}, [("url_not_https", "/url")]),
        ({"url": "https://10.0.0.1/"}, [("private_address", "/url")]),
        ({"url": "https://localhost/"}, [("private_address", "/url")]),
        ({"url": "https://app.dueren.example:8443/"}, [("url_port", "/url")]),
        ({"url": "https://user@app.dueren.example/"}, [("url_malformed", "/url")]),
        ({"secret": "whsec_kurz"}, [("secret_invalid", "/secret")]),
        ({"secret": f"{GIVEN} {OTHER}"}, [("secret_invalid", "/secret")]),
        ({"secret": f"{GIVEN}\n"}, [("secret_invalid", "/secret")]),
        ({"places": ()}, [("places_empty", "/places")]),
        (
            {"places": (DUEREN, HEIMBACH), "url": "http://x"},
            [("places_foreign", "/places/1"), ("url_not_https", "/url")],
        ),
    ],
)
async def test_what_cannot_be_is_named_all_at_once_and_changes_nothing(
    registration: Registration, asked: Any, errors: Any
) -> None:
    with pytest.raises(WebhookRefused) as caught:
        await put(registration, **asked)
    assert [(error.code, error.path) for error in caught.value.errors] == errors
    assert await registration.shown("dueren") is None


async def test_without_a_webhook_there_is_nothing_to_rotate_or_remove(registration: Registration) -> None:
    assert await registration.rotate("dueren", None, timedelta(hours=1), BY) is None
    assert not await registration.remove("dueren", BY)


class _Places(tuple[str, ...]):
    """Places in which none is looked for one by one."""

    __slots__ = ()

    def __contains__(self, _place: object) -> bool:
        raise AssertionError


async def test_thousands_of_foreign_places_are_counted_and_few_named(registration: Registration) -> None:
    foreign = tuple(f"{number:08}" for number in range(20_000))
    with pytest.raises(WebhookRefused) as caught:
        await registration.put("dueren", _Places(OWN), WebhookRequest("http://x", places=foreign), BY)
    errors = caught.value.errors
    assert [error.code for error in errors] == ["places_foreign"] * 49 + ["url_not_https"]
    assert len(errors) + caught.value.left_off == 20_001


async def test_the_form_is_what_was_asked_for_last_and_no_rotation_changes_it(
    registration: Registration,
) -> None:
    first = await put(registration, secret=GIVEN)
    assert first.webhook.form is CallbackForm.NOTICE
    taken = await put(registration, form=CallbackForm.CAP)
    assert (taken.webhook.form, taken.webhook.keys["secret"]) == (CallbackForm.CAP, GIVEN)
    turned = await registration.rotate("dueren", None, timedelta(hours=1), BY)
    assert turned
    assert turned.webhook.form is CallbackForm.CAP
    back = await put(registration)
    assert (back.webhook.form, "form" in back.webhook.keys) == (CallbackForm.NOTICE, False)
    assert len(signing(back.webhook.keys, NOW)) == 2, "the secrets are those of before"
