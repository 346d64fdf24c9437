"""The table of permissions, as a value."""

from collections import Counter

from dispatcher.access.kinds import PrincipalKind
from dispatcher.access.permissions import (
    GRANT_OF,
    GRANTS,
    Grant,
    Permission,
    Scope,
    holders_of,
    permissions_of,
    permissions_of_role,
    roles_with,
)
from dispatcher.access.roles import Role

WITHOUT_ENTRANCE: set[Permission] = set()
"""Permissions for which no route and no command asks yet."""
PERSONAL = {Permission.READ_SUBSCRIBERS}
"""Permissions to read personal data, which only whoever is asked by the person concerned needs."""


def faults(grants: tuple[Grant, ...]) -> list[str]:
    """What is wrong with a table in itself."""
    found = [f"no row: {permission}" for permission in set(Permission) - {row.permission for row in grants}]
    found += [
        f"two rows: {name}" for name, rows in Counter(row.permission for row in grants).items() if rows > 1
    ]
    entrances = Counter(str(entrance) for row in grants for entrance in (*row.routes, *row.commands))
    found += [f"asked twice: {name}" for name, rows in entrances.items() if rows > 1]
    for row in grants:
        if not (row.held_by or row.roles) or (
            not (row.routes or row.commands) and row.permission not in WITHOUT_ENTRANCE
        ):
            found.append(f"idle: {row.permission}")
        if (row.routes or row.commands) and row.permission in WITHOUT_ENTRANCE:
            found.append(f"no longer without an entrance: {row.permission}")
        if row.commands and PrincipalKind.OPERATOR not in row.held_by:
            found.append(f"a command without an operator: {row.permission}")
        # A kind for which nothing is ever its own must be refused wherever it is let in.
        if Scope.NOTHING in row.held_by.values() and not all(route.foreign for route in row.routes):
            found.append(f"nothing is foreign: {row.permission}")
    return found


def test_the_table_is_whole() -> None:
    assert faults(GRANTS) == []


def test_a_table_that_is_not_whole_is_noticed() -> None:
    first, *others = GRANTS
    assert faults(tuple(others)) == [f"no row: {first.permission}"]
    assert f"two rows: {first.permission}" in faults((first, *GRANTS))
    assert "asked twice: POST /v1/alerts" in faults((first, *GRANTS))
    nobody = Grant(first.permission, {}, first.routes)
    assert faults((nobody, *others)) == [f"idle: {first.permission}"]
    operated = Grant(first.permission, first.held_by, first.routes, ("alerts submit",))
    assert faults((operated, *others)) == [f"a command without an operator: {first.permission}"]
    feeds = GRANT_OF[Permission.READ_FEEDS]
    lost = Grant(feeds.permission, {PrincipalKind.SOURCE: Scope.NOTHING}, feeds.routes)
    changed = tuple(lost if grant is feeds else grant for grant in GRANTS)
    assert faults(changed) == ["nothing is foreign: feeds.read"]


def test_every_permission_says_what_it_allows() -> None:
    for permission in Permission:
        assert permission.sentence.endswith("."), permission


def test_what_a_kind_holds_and_who_holds_it_are_one_table() -> None:
    for permission in Permission:
        assert holders_of(permission) == {
            kind for kind in PrincipalKind if permission in permissions_of(kind)
        }


def test_an_app_reads_and_minds_its_own_webhook() -> None:
    assert permissions_of(PrincipalKind.INSTANCE) == {
        Permission.READ_IN_FORCE,
        Permission.READ_FEEDS,
        Permission.MANAGE_WEBHOOK,
        Permission.MANAGE_SUBSCRIBERS,
        Permission.READ_INSTANCE,
        Permission.MANAGE_CONSENTS,
        Permission.POST_RECEIPTS,
    }


def test_nobody_decides_over_http_about_what_waits() -> None:
    assert holders_of(Permission.DECIDE_HELD) == {PrincipalKind.OPERATOR}


def test_what_a_role_gives_and_which_roles_give_it_are_one_table() -> None:
    for permission in Permission:
        assert roles_with(permission) == {role for role in Role if permission in permissions_of_role(role)}
    assert all(permissions_of_role(role) for role in Role)


def test_an_auditor_reads_all_but_personal_data_and_changes_nothing() -> None:
    reading = {one for one in Permission if one.rpartition(".")[2] in {"read", "count", "read-any"}}
    # What apps read of themselves is not asked for by persons.
    own = {Permission.READ_INSTANCE}
    assert permissions_of_role(Role.AUDITOR) == reading - own - PERSONAL


def test_no_role_both_submits_and_approves() -> None:
    for role in Role:
        assert not permissions_of_role(role) >= {Permission.SUBMIT_ALERTS, Permission.APPROVE_ALERTS}


def test_no_role_reads_personal_data_or_has_them_written_to_a_file() -> None:
    for permission in (*PERSONAL, Permission.EXPORT_SUBSCRIPTIONS, Permission.ERASE_SUBSCRIBERS):
        assert roles_with(permission) == frozenset()


def test_authors_and_approvers_are_bound_to_their_territory() -> None:
    bound = {
        Permission.SUBMIT_ALERTS,
        Permission.PREVIEW_ALERTS,
        Permission.APPROVE_ALERTS,
        Permission.CORRECT_ALERTS,
    }
    for row in GRANTS:
        if row.permission in bound:
            assert set(row.roles.values()) == {Scope.OWN}, row.permission
