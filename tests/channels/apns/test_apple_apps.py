"""Each key has its own connections to each environment, and each app one who sends for it."""

from typing import Any

from channels.apns.apple_apps import AppleApp, AppleApps
from tests.support.apns_credentials import credential_of

SANDBOX = "https://api.sandbox.push.apple.com"


class Client:
    def __init__(self, made: list["Client"]) -> None:
        self.closed = False
        made.append(self)

    async def aclose(self) -> None:
        self.closed = True


def apps(made: list[Client]) -> AppleApps:
    def connect() -> Any:
        return Client(made)

    return AppleApps(connect)


async def test_no_two_keys_or_environments_share_a_connection() -> None:
    made: list[Client] = []
    known = apps(made)
    first, second = credential_of("a.b", "a.c"), credential_of("d.e", key_id="OTHER67890")
    one, same = (known.connections(AppleApp(first, topic)) for topic in first.topics)
    assert one is same
    others = [known.connections(AppleApp(second, "d.e")), known.connections(AppleApp(first, "a.b", SANDBOX))]
    assert len({id(each) for each in (one, *others)}) == len(made) == 3
    await known.aclose()
    assert all(client.closed for client in made)


def test_those_admitted_last_are_known_by_app_and_environment() -> None:
    known = apps([])
    old, new = credential_of("a.b"), credential_of("a.b", key_id="OTHER67890")
    known.admit([AppleApp(old, "a.b"), AppleApp(new, "a.b")])
    found = known.get("production/a.b")
    assert found is not None
    assert (found.credential, known.get("sandbox/a.b")) == (new, None)
    known.admit([])
    assert known.get("production/a.b") is None


async def test_connections_are_proven_by_an_answer() -> None:
    known = apps([])
    connections = known.connections(AppleApp(credential_of(), "a.b"))
    assert not connections.proven
    found = []
    for age in (0, 60):
        connections.prove()
        connections._answered_at -= age
        found.append(connections.proven)
    assert found == [True, False], "after a while they may have been closed"
