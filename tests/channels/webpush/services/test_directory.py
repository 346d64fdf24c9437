"""Which push service is behind an origin, and what an operator may add."""

import pytest

from channels.webpush.services.browsers import APPLE, GOOGLE, MICROSOFT, MOZILLA
from channels.webpush.services.directory import KNOWN_ONLY, SERVICES, Directory
from channels.webpush.services.unifiedpush import NEXTPUSH, NTFY, UNIFIEDPUSH


@pytest.mark.parametrize(
    ("origin", "service"),
    [
        ("https://updates.push.services.mozilla.com", MOZILLA),
        ("https://web.push.apple.com", APPLE),
        ("https://fcm.googleapis.com", GOOGLE),
        ("https://wns2-am3p.notify.windows.com", MICROSOFT),
        ("https://ntfy.sh", NTFY),
    ],
)
def test_the_browsers_push_services_and_ntfys_own_are_known(origin: str, service: object) -> None:
    assert (KNOWN_ONLY.of(origin), KNOWN_ONLY.admits(origin)) == (service, True)


@pytest.mark.parametrize(
    "origin",
    [
        "https://push.example.org",
        "https://notify.windows.com",
        "https://evilnotify.windows.com",
        "https://evil-fcm.googleapis.com",
        "https://x.fcm.googleapis.com",
        "https://fcm.googleapis.com:8443",
        "http://fcm.googleapis.com",
        "https://ntfy.example",
        "https://ntfy.sh.example",
        "https://[2001:db8::1]",
    ],
)
def test_what_nobody_named_may_not_be_subscribed_and_counts_as_unifiedpush(origin: str) -> None:
    assert (KNOWN_ONLY.of(origin), KNOWN_ONLY.admits(origin)) == (UNIFIEDPUSH, False)


def test_an_operator_adds_hosts_suffixes_and_tables() -> None:
    found = Directory.parse(
        [
            "push.example.org",
            ".up.example.net",
            "ntfy.sh",
            "nextpush=cloud.example.org",
            "ntfy=http://10.0.0.5:8080",
        ]
    )
    assert [
        (found.of(origin), found.admits(origin))
        for origin in (
            "https://push.example.org", "https://a.b.up.example.net", "https://up.example.net", "https://ntfy.sh",
            "https://cloud.example.org", "http://10.0.0.5:8080", "https://web.push.apple.com",
        )
    ] == [
        (UNIFIEDPUSH, True), (UNIFIEDPUSH, True), (UNIFIEDPUSH, False), (NTFY, True), (NEXTPUSH, True), (NTFY, False),
        (APPLE, True),
    ]  # fmt: skip


def test_every_public_host_can_be_admitted() -> None:
    anywhere = Directory.parse(["*"])
    assert anywhere.admits("https://push.example.org")
    assert anywhere.of("https://push.example.org") is UNIFIEDPUSH
    assert anywhere.of("https://ntfy.sh") is NTFY
    assert anywhere.of("https://web.push.apple.com") is APPLE


@pytest.mark.parametrize(
    "entry",
    [
        "", "example", ".org", "-x.example.org", "Push.example.org", "push.example.org/x", "push.example.org:8443", "10.0.0.5",
        "[::1]", "https://push.example.org", "gotify=push.example.org", "=push.example.org", "ntfy=", "ntfy=http://x/y",
        "*.example.org", "push_.example.org", "ntfy=ntfy=ntfy.example.org", "x" * 64 + ".example.org", "a." * 130 + "org",
        "push.example.org\n",
    ],
)  # fmt: skip
def test_what_is_no_host_is_named(entry: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        Directory.parse(["ok.example.org", entry])
    assert repr(entry) in str(caught.value)


@pytest.mark.parametrize("entry", ["http://10.0.0.5:8080", "10.0.0.5", "ntfy=10.0.0.5:8080"])
def test_a_server_in_a_private_net_is_told_where_it_is_admitted(entry: str) -> None:
    with pytest.raises(ValueError, match=r"push=http://10\.0\.0\.5:8080 in WARN_ALLOWED_ORIGINS"):
        Directory.parse([entry])


def test_a_host_stands_there_once() -> None:
    with pytest.raises(ValueError, match="there already, as Apple"):
        Directory.parse([".push.apple.com"])
    assert Directory.parse(["ntfy.sh"]) == KNOWN_ONLY, "ntfy's own may be named, as it had to be"


def test_what_is_named_is_told_from_what_is_merely_admitted() -> None:
    found = Directory.parse(["*", "push.example.org", "ntfy=http://10.0.0.5:8080"])
    named = (
        "https://push.example.org",
        "http://10.0.0.5:8080",
        "https://ntfy.sh",
        "https://web.push.apple.com",
    )
    assert [found.names(origin) for origin in named] == [True] * len(named)
    assert (found.names("https://else.example"), found.admits("https://else.example")) == (False, True)


def test_each_service_has_a_word_of_its_own() -> None:
    assert all(
        SERVICES[service.name] is service for service in (MOZILLA, APPLE, GOOGLE, MICROSOFT, NTFY, NEXTPUSH)
    )
