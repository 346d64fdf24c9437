"""Endpoints whose address is a URL: their origin, or why they may not be contacted."""

import pytest

from channels.base import Elsewhere, Endpoint, Permanent
from channels.endpoint_url import normal_spelling, origin_of, require_at, vetted_origin
from channels.http.addresses import AddressPolicy

POLICY = AddressPolicy(frozenset({"http://127.0.0.1:9901"}))


def endpoint(address: str) -> Endpoint:
    return Endpoint(1, address, {})


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://push.example/token", "https://push.example"),
        ("http://127.0.0.1:9901/token", "http://127.0.0.1:9901"),
    ],
)
def test_an_address_has_an_origin(address: str, origin: str) -> None:
    assert origin_of(endpoint(address), POLICY) == vetted_origin(endpoint(address), POLICY) == origin


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("http://push.example/token", "url_not_https"),
        ("https://push.example:8443/token", "url_port"),
        ("ftp://push.example", "url_malformed"),
    ],
)
def test_what_must_not_be_contacted_is_permanent(address: str, code: str) -> None:
    for ask in (origin_of, vetted_origin):
        with pytest.raises(Permanent) as caught:
            ask(endpoint(address), POLICY)
        assert (caught.value.code, caught.value.detail) == (code, "")
        assert caught.value.__cause__ is None


def test_what_is_plainly_private_is_refused_at_subscription_alone() -> None:
    private = endpoint("https://192.168.0.1/token")
    assert origin_of(private, POLICY) == "https://192.168.0.1"
    with pytest.raises(Permanent, match="private_address"):
        vetted_origin(private, POLICY)


@pytest.mark.parametrize(
    "same",
    [
        "HTTPS://app.example/x/v",
        "https://APP.example:443/x/v",
        "https://app.example/x/v?",
        "https://app.example//x///v",
        "https://app.example/x/%76",
        "https://app.example/%78/%76?",
        "https://app.example/y/../x/./v",
    ],
)
def test_spellings_of_one_place_are_one(same: str) -> None:
    assert normal_spelling(same) == "https://app.example/x/v"


@pytest.mark.parametrize(
    ("address", "normal"),
    [
        ("https://app.example", "https://app.example/"),
        ("https://app.example?a=%41", "https://app.example/?a=A"),
        ("https://app.example/a/..", "https://app.example/"),
        ("https://app.example/%2f%c3", "https://app.example/%2F%C3"),
        ("https://app.example:8443/X/?a=//", "https://app.example:8443/X/?a=//"),
        ("no url", "no url"),
    ],
)
def test_what_means_something_else_stays_apart(address: str, normal: str) -> None:
    assert normal_spelling(address) == normal
    assert normal_spelling(normal) == normal


def test_an_endpoint_at_another_gateway_is_named_so() -> None:
    require_at("https://push.example", endpoint("https://push.example/token"), POLICY)
    for address in ("https://other.example/token", "https://push.example.other.example/token"):
        with pytest.raises(Elsewhere) as caught:
            require_at("https://push.example", endpoint(address), POLICY)
        assert (caught.value.code, caught.value.detail) == ("elsewhere", "")
    with pytest.raises(Permanent, match="url_not_https"):
        require_at("http://push.example", endpoint("http://push.example/token"), POLICY)
