"""Firebase projects of apps are sent for soon after their service accounts are on record."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from channels.fcm.projects import Projects
from channels.http.addresses import AddressPolicy
from dispatcher.apps.push.own_projects import OwnProjects
from dispatcher.model.principals import ChannelCredential
from tests.support.service_accounts import key_file, pem_of, wrong_key

URL = "https://fcm.googleapis.com"
REPLACED = datetime(2026, 11, 22, tzinfo=UTC)


class Kept:
    """Credentials as the record would give them, and the projects that are known by that."""

    def __init__(self) -> None:
        self.found: list[tuple[ChannelCredential, bytes]] = []
        self.away = False
        tokens: Any = object()
        self.projects = Projects(tokens)
        self.own = OwnProjects(self.projects, self.opened, URL, AddressPolicy())

    async def opened(self) -> Sequence[tuple[ChannelCredential, bytes]]:
        if self.away:
            raise ConnectionRefusedError
        return self.found

    def add(self, project: str, key: str, replaced: datetime | None = None, **other: str) -> None:
        known = ChannelCredential("dueren", "fcm", f"{project}/{key}", replaced_at=replaced)
        self.found.append((known, key_file(project, private_key_id=key, **other)))

    def keys(self, *projects: str) -> list[str | None]:
        found = [self.projects.get(name) for name in projects]
        return [None if one is None else one.account.key_id for one in found]


async def test_the_newest_account_of_a_project_sends_for_it() -> None:
    kept = Kept()
    kept.add("warn-app-1", "new")
    kept.add("warn-app-1", "old", REPLACED)
    await kept.own.look()
    assert kept.keys("warn-app-1") == ["new"]
    kept.found = []
    kept.add("warn-app-1", "new", REPLACED)
    kept.add("warn-app-1", "old")
    await kept.own.look()
    assert kept.keys("warn-app-1") == ["old"], "it was put once more"


async def test_an_app_that_moves_to_another_project_is_told_in_both() -> None:
    kept = Kept()
    kept.add("warn-app-1", "one", REPLACED)
    kept.add("warn-app-2", "two")
    await kept.own.look()
    assert kept.keys("warn-app-1", "warn-app-2") == ["one", "two"]


async def test_no_start_of_a_worker_waits_for_keys_to_be_checked_that_were_checked_when_offered() -> None:
    kept = Kept()
    kept.add("warn-app-1", "one", private_key=pem_of(wrong_key()))
    await kept.own.look()
    assert kept.keys("warn-app-1") == ["one"], "a check would have refused it"


async def test_one_that_is_none_hurts_its_app_alone_and_an_outage_takes_nothing() -> None:
    kept = Kept()
    kept.found.append((ChannelCredential("juelich", "fcm", "warn-app-2/x"), b"GEHEIM"))
    kept.add("warn-app-1", "one")
    for kept.away in (False, True):
        await kept.own.look()
    assert kept.keys("warn-app-1", "warn-app-2") == ["one", None]
    project = kept.projects.get("warn-app-1")
    assert project is not None
    assert project.url == URL
