"""Which URLs and addresses may be contacted."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.http.addresses import (
    _URL,
    MAX_URL_CHARACTERS,
    AddressPolicy,
    AddressRefused,
    Exemptions,
    Purpose,
    is_public,
    split_origin,
)

LAB = "http://127.0.0.1:9901"


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://push.example/token", "https://push.example"),
        ("https://PUSH.example:443/x?y=%20", "https://push.example"),
        ("https://push.example", "https://push.example"),
        ("https://push.example?x", "https://push.example"),
        ("https://[2606:4700::1111]/", "https://[2606:4700::1111]"),
        ("http://127.0.0.1:9901/x", LAB),
        ("https://gateway.intern:8443/x", "https://gateway.intern:8443"),
    ],
)
def test_acceptable_urls_have_an_origin(url: str, origin: Any) -> None:
    policy = AddressPolicy(frozenset({LAB, "https://gateway.intern:8443"}))
    assert policy.origin(url) == policy.origin_if_allowed(url) == origin


PIECES = [
    "https://",
    "http://",
    "HTTPS:/",
    "//",
    "/",
    "?",
    "push.example",
    "[::1]",
    ":443",
    "#",
    "@",
    "\\",
    "\n",
    " ",
    "ä",
    "\N{KELVIN SIGN}",
    "",
]


@given(st.lists(st.sampled_from(PIECES), max_size=7).map("".join))
def test_reading_an_address_in_two_parts_finds_what_reading_it_at_once_does(url: Any) -> None:
    """The part up to the path is remembered: that must not let anything through."""
    whole = _URL.fullmatch(url)
    if whole is None:
        with pytest.raises(AddressRefused, match="url_malformed"):
            split_origin(url)
        return
    scheme, origin, _ = split_origin(url)
    assert scheme == whole["scheme"].lower()
    assert origin.startswith(f"{scheme}://{whole['host'].lower()}")


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://push.example/", "url_not_https"),
        ("https://push.example:8443/", "url_port"),
        ("http://127.0.0.1:9902/", "url_not_https"),
        ("https://127.0.0.1:9901/", "url_port"),
        ("https://user@push.example/", "url_malformed"),
        ("https://user:password@push.example/", "url_malformed"),
        ("https://push.example/#fragment", "url_malformed"),
        ("https://push.example\\@inner/", "url_malformed"),
        ("https://push.example/a b", "url_malformed"),
        ("https://push.example/\r\nHost: inner", "url_malformed"),
        ("https://push.example/\n", "url_malformed"),
        ("https://pusch.exämple/", "url_malformed"),
        ("https://push%2eexample/", "url_malformed"),
        ("https:///push.example/", "url_malformed"),
        ("https:push.example", "url_malformed"),
        ("//push.example/", "url_malformed"),
        ("ftp://push.example/", "url_malformed"),
        ("file:///etc/passwd", "url_malformed"),
        ("javascript:alert(1)", "url_malformed"),
        ("https://push.example:/", "url_malformed"),
        ("https://[fe80::1%25eth0]/", "url_malformed"),
        ("https://ban\N{KELVIN SIGN}.example/", "url_malformed"),
        ("https://pu\N{LATIN SMALL LETTER LONG S}h.example/", "url_malformed"),
        ("http\N{LATIN SMALL LETTER LONG S}://push.example/", "url_malformed"),
        ("https://push.example/\N{KELVIN SIGN}", "url_malformed"),
        ("", "url_malformed"),
        ("https://push.example/" + "x" * MAX_URL_CHARACTERS, "url_too_long"),
    ],
)
def test_other_urls_are_refused_with_a_code_and_not_quoted(url: Any, code: str) -> None:
    policy = AddressPolicy(frozenset({LAB}))
    with pytest.raises(AddressRefused) as caught:
        policy.origin(url)
    assert caught.value.code == str(caught.value) == code
    assert policy.origin_if_allowed(url) == ""


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/",
        "https://127.1/",
        "https://10.0.0.1/",
        "https://2130706433/",
        "https://[::1]/",
        "https://[::ffff:8.8.8.8]/",
        "https://localhost/",
        "https://intern/",
        "https://10.0.0.0x1/",
        "https://010.0.0.1/",
        "https://8.8.8.8./",
        "https://push.example./",
        "https://[0:0:0:0:0:0:0:1]/",
        "https://[2606:4700:0::1111]/",
    ],
)
def test_hosts_that_plainly_are_not_public_are_refused_at_subscription(url: str) -> None:
    with pytest.raises(AddressRefused, match="private_address"):
        AddressPolicy().vet(url)


@pytest.mark.parametrize("url", ["https://push.example/", "https://8.8.8.8/", "https://[2606:4700::1111]/"])
def test_public_hosts_pass_at_subscription(url: str) -> None:
    assert url.startswith(AddressPolicy().vet(url))


def test_named_origins_pass_at_subscription() -> None:
    assert AddressPolicy(frozenset({LAB})).vet(LAB + "/x") == LAB


@pytest.mark.parametrize("entry", ["http://127.0.0.1:9901/", "HTTP://a.example", "https://a.example:443"])
def test_the_list_of_named_origins_must_have_origins(entry: str) -> None:
    with pytest.raises(ValueError, match="not an origin"):
        AddressPolicy(frozenset({entry}))


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "193.99.144.80", "2606:4700::1111", "2a02:2e0:3fe:1001:302::", "2003::1"]
)
def test_public_addresses(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "127.255.255.255",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:808:808::1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "",
        "/var/run/socket",
        "localhost",
    ],
)
def test_other_addresses(address: str) -> None:
    assert not is_public(address)


@given(st.ip_addresses(v=6))
def test_no_address_that_hides_an_ipv4_address_is_public(address: Any) -> None:
    hidden = address.ipv4_mapped or address.sixtofour or address.teredo
    assert not (hidden and is_public(str(address)))


def test_permits_any_address_for_named_origins_only() -> None:
    policy = AddressPolicy(frozenset({LAB}))
    assert policy.permits(LAB, "127.0.0.1")
    assert not policy.permits("https://push.example", "127.0.0.1")
    assert policy.permits("https://push.example", "8.8.8.8")


GATEWAY = "http://10.0.0.5:13013"


@pytest.mark.parametrize(
    "url", ["https://10.0.0.0x5/", "https://0xa.0.5/", "https://167772165/", "https://10.0.0.5./"]
)
def test_no_other_spelling_leads_to_the_connection_of_an_exempt_origin(url: str) -> None:
    """libcurl writes them all as 10.0.0.5, and would send on the connection that the gateway's requests made."""
    policy = Exemptions.parse(["gateway=https://10.0.0.5"]).policy(Purpose.PUSH)
    with pytest.raises(AddressRefused, match="private_address"):
        policy.origin(url)


@pytest.mark.parametrize(
    ("entry", "meant"),
    [
        (GATEWAY, {Purpose.GATEWAY, Purpose.FEED, Purpose.CALLBACK}),
        (f"gateway={GATEWAY}", {Purpose.GATEWAY}),
        (f"feed={GATEWAY}", {Purpose.FEED}),
        (f"callback={GATEWAY}", {Purpose.CALLBACK}),
        (f"push={GATEWAY}", {Purpose.PUSH}),
        (f"traces={GATEWAY}", {Purpose.TRACES}),
    ],
)
def test_an_exemption_is_for_its_purpose(entry: str, meant: set[Purpose]) -> None:
    exemptions = Exemptions.parse([entry])
    url = f"{GATEWAY}/internal/admin?do=reboot"
    for purpose in Purpose:
        if purpose in meant:
            assert exemptions.policy(purpose).vet(url) == GATEWAY
        else:
            with pytest.raises(AddressRefused, match="url_purpose"):
                exemptions.policy(purpose).vet(url)
    with pytest.raises(AddressRefused, match="url_purpose"):
        exemptions.policy().origin(url)


def test_an_origin_may_be_exempt_for_several_purposes() -> None:
    exemptions = Exemptions.parse([f"push={GATEWAY}", f"callback={GATEWAY}"])
    assert exemptions.purposes == {GATEWAY: {Purpose.PUSH, Purpose.CALLBACK}}


@pytest.mark.parametrize(
    "entry", ["sms=http://10.0.0.5:13013", "=http://10.0.0.5:13013", "push==http://10.0.0.5"]
)
def test_an_unknown_purpose_is_refused(entry: str) -> None:
    with pytest.raises(
        ValueError, match=r"no purpose of an exemption: .*; there are gateway, feed, callback, push"
    ):
        Exemptions.parse([entry])


@pytest.mark.parametrize("entry", ["feed=http://10.0.0.5:13013/", "feed="])
def test_what_is_exempt_is_an_origin(entry: str) -> None:
    with pytest.raises(ValueError, match=r"not an origin|url_malformed"):
        Exemptions.parse([entry])


def test_requests_for_a_feed_reach_its_own_exempt_origins_and_no_other() -> None:
    feed, other = "http://10.0.0.7", "http://10.0.0.8"
    exemptions = Exemptions.parse([f"feed={feed}", f"feed={other}", GATEWAY])
    policy = exemptions.policy_of_feed([f"{feed}/list.xml", "https://source.example/list", "http://["])
    assert policy.origin(f"{feed}/cap/1.xml") == feed
    assert policy.origin("https://anywhere.example/1.xml") == "https://anywhere.example"
    for origin in (other, GATEWAY):
        with pytest.raises(AddressRefused, match="url_purpose"):
            policy.origin(f"{origin}/x")
    assert exemptions.policy_of_feed([]).allow_private == frozenset()


def test_a_feeds_origin_that_is_exempt_for_something_else_is_no_feeds() -> None:
    policy = Exemptions.parse([f"gateway={GATEWAY}"]).policy_of_feed([f"{GATEWAY}/list.xml"])
    with pytest.raises(AddressRefused, match="url_purpose"):
        policy.origin(f"{GATEWAY}/list.xml")


def test_an_apps_key_may_use_what_is_exempt_for_callbacks_alone() -> None:
    alone, plain, both = "http://10.0.0.1:1", "http://10.0.0.1:2", "http://10.0.0.1:3"
    exempt = Exemptions.parse([f"callback={alone}", plain, f"callback={both}", f"gateway={both}"])
    policy = exempt.policy_of_registration()
    assert policy.vet(f"{alone}/x") == alone
    for origin in (plain, both):
        with pytest.raises(AddressRefused, match="url_purpose"):
            policy.vet(f"{origin}/x")
    assert exempt.policy(Purpose.CALLBACK).allow_private == {alone, plain, both}
