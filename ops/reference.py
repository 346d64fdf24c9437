"""Writes the reference pages that follow from the code: `python -m ops.reference` writes them, a test compares them."""

from __future__ import annotations

import json
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from dispatcher.access.kinds import PrincipalKind
from dispatcher.access.permissions import GRANTS, Grant, Route, Scope
from dispatcher.access.roles import Role
from dispatcher.access.table import OPEN_COMMANDS, OPEN_ROUTES
from dispatcher.api.instances.app_schema import app_schema
from dispatcher.metrics import Metrics
from dispatcher.settings import variables
from ops.command_line import command_line_page
from ops.push_services import push_services_page
from ops.sms_profiles import sms_profiles_page
from ops.supply_chain.licences import licences_page

if TYPE_CHECKING:
    from collections.abc import Sequence

DOCS = Path(__file__).parent / "docs"
SETTINGS_HEAD = """# Settings

Environment variables, read at the start. Made from `dispatcher/settings.py`, `dispatcher/model/retry_policy.py`,
`channels/apns/settings.py`, `channels/fcm/settings.py`, `channels/sms/settings.py` and
`channels/webpush/settings.py` by `python -m ops.reference`.

| variable | default | |
|---|---|---|
"""
METRICS_HEAD = """# Metrics

On `/metrics` of every process, on a port of its own. Labels are small closed sets: never an alert, an endpoint or a
number.
Each process counts what it does; sum over processes. Gauges about the whole installation are shown by the worker
that leads; one that led before keeps its last values, so take those of the process with the latest
`warn_last_reconciliation_timestamp_seconds`, as `ops/prometheus/rules/recording.yml` does. Totals of record come from
the API.
Made from `dispatcher/metrics/` by `python -m ops.reference`.

| metric | type | labels | |
|---|---|---|---|
"""
ACCESS_HEAD = """# Who may do what

Everybody who acts is a *principal* of one kind, and its kind holds permissions. The table stands in
`dispatcher/access/permissions.py`; this page is made from it by `python -m ops.reference`, and a test lets every kind
ask every route. An application with a route that is not in the table, or that requires something else than the table
says, does not start; a test finds such a command.

A request without a credential that is valid now gets 401 on every route that is not open. So does one whose credential
is of a kind that does not hold the permission: a route does not say for whom else a key would be good. Names and
parameters that nothing can have, and gateways that are not configured to report, are refused before (404, 422).

A new permission is a member of `Permission` and a row of `GRANTS` there, and at the route
`Depends(require(Permission.…))` of `dispatcher/api/authentication.py`, at the command `@requires(Permission.…)` of
`dispatcher/commands/operator.py`. What is a principal's own is asked of the value: `principal.owns(source_id)`.
"""
ROUTES_HEAD = """## Routes

*own*: what is its own, with the status for anything else: its CAP senders and territory, its alerts, its places, its
feed. A person gets what one of its roles gives, and 401 for anything else.
"""
COMMANDS_HEAD = """## Commands

A command acts as the operator, whom the audit trail names as `operator:NAME`: the account, or, where a command has it,
what `--as` or `--who` says.
"""
ROLES_HEAD = """## Roles of persons

A person has roles, each for a territory, for a time and, if so granted, only in the weekly windows of those on call.
*own*: on that territory. The exercise has only authors and approvers: whatever else there is to do is always live.
"""
HTTP_KINDS = tuple(
    kind for kind in PrincipalKind if kind not in {PrincipalKind.OPERATOR, PrincipalKind.PERSON}
)


def settings_page() -> str:
    """Write every setting with its default and meaning."""
    rows = []
    for variable in variables():
        default = "" if variable.default in (None, (), frozenset()) else f"`{variable.default}`"
        meaning = " ".join(variable.meaning.split()).replace("|", "\\|")
        rows.append(f"| `{variable.name}` | {default} | {meaning} |")
    return SETTINGS_HEAD + "\n".join(rows) + "\n"


def metrics_page() -> str:
    """Write every metric with its type, labels and meaning."""
    rows = []
    for collector in Metrics().registry._collector_to_names:  # noqa: SLF001 - the registry has no public list of labels
        labels = ", ".join(f"`{label}`" for label in getattr(collector, "_labelnames", ()))
        for family in collector.collect():
            suffix = {"counter": "_total", "info": "_info"}.get(family.type, "")
            rows.append(f"| `{family.name}{suffix}` | {family.type} | {labels} | {family.documentation} |")
    return METRICS_HEAD + "\n".join(sorted(rows)) + "\n"


def access_page() -> str:
    """Write the principals, permissions, and what each kind gets on each route."""
    kinds = [f"| `{kind}` | {kind.party} | {kind.credential} |" for kind in PrincipalKind]
    rights = [f"| `{row.permission}` | {row.permission.sentence} | {_holders(row)} |" for row in GRANTS]
    routes = [_route_line(row, route) for row in GRANTS for route in row.routes]
    commands = [f"| `dispatcher {words}` | `{row.permission}` |" for row in GRANTS for words in row.commands]
    by_role = [_roles_line(row) for row in GRANTS if row.roles]
    sections = [
        ACCESS_HEAD,
        "## Principals\n",
        _table(("kind", "who", "shows"), kinds),
        "## Permissions\n",
        _table(("permission", "allows to", "held by, and on what"), rights),
        ROLES_HEAD,
        _table(("role", "what it is there for"), [f"| `{role}` | {role.sentence} |" for role in Role]),
        _table(("permission", *(f"`{role}`" for role in Role)), by_role),
        ROUTES_HEAD,
        _table(("route", "permission", *(f"`{kind}`" for kind in HTTP_KINDS)), routes),
        "Open, without any credential:\n",
        _table(("route", "why"), [f"| `{route}` | {why} |" for route, why in OPEN_ROUTES.items()]),
        COMMANDS_HEAD,
        _table(("command", "permission"), commands),
        "Open:\n",
        _table(
            ("command", "why"), [f"| `dispatcher {words}` | {why} |" for words, why in OPEN_COMMANDS.items()]
        ),
    ]
    return "\n".join(sections)


def app_schema_page() -> str:
    """Write the JSON Schema of what apps receive and send."""
    return json.dumps(app_schema(), ensure_ascii=False, indent=2) + "\n"


def _table(head: Sequence[str], rows: Sequence[str]) -> str:
    return "\n".join([f"| {' | '.join(head)} |", "|---" * len(head) + "|", *rows, ""])


def _holders(row: Grant) -> str:
    by_kind = [f"`{kind}` ({scope})" for kind, scope in row.held_by.items()]
    return ", ".join([*by_kind, *(["`person` by role"] if row.roles else [])])


def _roles_line(row: Grant) -> str:
    cells = {None: "", Scope.OWN: "own", Scope.EVERYTHING: "yes"}
    return f"| `{row.permission}` | {' | '.join(cells[row.roles.get(role)] for role in Role)} |"


def _route_line(row: Grant, route: Route) -> str:
    cells = [_answer(row.held_by.get(kind), route.foreign) for kind in HTTP_KINDS]
    return f"| `{route}` | `{row.permission}` | {' | '.join(cells)} |"


def _answer(scope: Scope | None, foreign: HTTPStatus | None) -> str:
    """Return what a principal gets that holds the permission on `scope`, None if it does not."""
    if scope is None:
        return str(HTTPStatus.UNAUTHORIZED.value)
    if scope is Scope.OWN:
        return f"own, else {foreign.value}" if foreign else "own"
    return "yes" if scope is Scope.EVERYTHING or foreign is None else str(foreign.value)


PAGES = {
    "access.md": access_page,
    "app.schema.json": app_schema_page,
    "command-line.md": command_line_page,
    "licences.md": licences_page,
    "metrics.md": metrics_page,
    "settings.md": settings_page,
    "sms-profiles.md": sms_profiles_page,
    "web-push.md": push_services_page,
}


def main() -> None:
    """Write the pages."""
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
