"""Who may start, and who waits for the first connection: by values alone."""

from channels.http.origins import Origin, Origins

TLS = "https://push.example"


def test_in_the_clear_everything_may_start() -> None:
    origin: Origin[str] = Origin("http://127.0.0.1:8080")
    assert [origin.admit(one) for one in "abc"] == [True, True, True]
    assert (list(origin.followers), origin.leader) == ([], None)


def test_over_tls_the_first_goes_ahead_until_its_connection_stands() -> None:
    origin: Origin[str] = Origin(TLS)
    assert [origin.admit(one) for one in "abc"] == [True, False, False]
    assert (origin.leader, list(origin.followers)) == ("a", ["b", "c"])
    assert list(origin.connection_made()) == ["b", "c"]
    assert origin.admit("d")
    assert list(origin.followers) == []


def test_a_leader_that_ends_unconnected_lets_the_others_go_and_the_next_one_leads() -> None:
    origin: Origin[str] = Origin(TLS)
    for one in "abc":
        origin.admit(one)
    assert list(origin.ended("b")) == []
    assert list(origin.ended("a")) == ["b", "c"]
    assert [origin.admit(one) for one in "de"] == [True, False]


def test_a_leader_that_ends_later_changes_nothing() -> None:
    origin: Origin[str] = Origin(TLS)
    origin.admit("a")
    origin.connection_made()
    assert (list(origin.ended("a")), origin.connected) == ([], True)


def test_what_was_withdrawn_is_not_started() -> None:
    origin: Origin[str] = Origin(TLS)
    for one in "abc":
        origin.admit(one)
    assert [origin.withdraw(one) for one in "abb"] == [False, True, False]
    assert list(origin.connection_made()) == ["c"]


def test_answers_tell_the_protocol() -> None:
    origin: Origin[str] = Origin(TLS)
    for multiplexed in (True, True, False):
        origin.answered(multiplexed=multiplexed)
    assert (origin.multiplexed, origin.multiplexed_answers) == (False, 2)


def test_a_prefix_ends_where_the_host_does() -> None:
    prefix = Origin[str](TLS).prefix
    urls = ("https://push.example/x", "https://push.example.evil/x", "https://push.example:8443/x")
    assert [url.startswith(prefix) for url in urls] == [True, False, False]


def test_beyond_a_number_origins_are_forgotten_unless_something_waits_or_they_are_kept() -> None:
    origins: Origins[str] = Origins(3, kept=lambda name: name == "https://kept.example")
    waiting, idle, kept = (origins[f"https://{name}.example"] for name in ("waiting", "idle", "kept"))
    for one in "ab":
        waiting.admit(one)
    assert origins["https://idle.example"] is idle
    assert set(origins) == {waiting.name, idle.name, kept.name}
    new = origins["https://new.example"]
    assert set(origins) == {waiting.name, kept.name, new.name}
    assert origins["https://idle.example"] is not idle
