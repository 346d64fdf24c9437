"""A process knows the projects that it was last told of."""

from typing import Any

from channels.fcm.projects import GOOGLES_URL, Project, Projects
from tests.support.service_accounts import account_of


def test_those_admitted_take_the_place_of_those_before_and_the_last_of_two() -> None:
    tokens: Any = object()
    old, new = (Project(account_of("warn-app-1"), url) for url in (GOOGLES_URL, "https://fcm.example"))
    projects = Projects(tokens, [old, new])
    assert projects.get("warn-app-1") is new
    projects.admit([Project(account_of("warn-app-2"))])
    assert projects.get("warn-app-1") is None
    assert projects.get("warn-app-2") == Project(account_of("warn-app-2"), "https://fcm.googleapis.com")
