"""Who looks at the desks of a demo that was left running: one person in each environment, who enrols by a link."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

from ops.lab.town.persons import CONSOLE_URL, at_the_server
from ops.lab.world.district import SOURCE, TERRITORY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

HOST: Final = "127.0.0.1"
NAMES: Final = {"live": "l.weber", "exercise": "l.weber-uebung"}
ROLES: Final = {"live": ("author", "approver", "operator"), "exercise": ("author", "approver")}
"""What they may do: enough for the desk to offer each of its pages. An operator there is only of the live service."""


class Desk(NamedTuple):
    """The desk of one environment, and who may look at it."""

    environment: str
    person: str
    invitation: str
    """The link by which the person enrols, once."""
    url: str
    alert_url: str
    """The page of an alert of the demo that is on this desk."""


@contextmanager
def reserved_port() -> Iterator[int]:
    """Find a port of loopback and keep it within: a socket that is bound and does not listen. The service can open the
    port all the same, also anew, and nobody else is given it as a free one. Raises OSError.
    """
    with socket.socket() as kept:
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        kept.bind((HOST, 0))
        yield kept.getsockname()[1]


def settings(port: int) -> dict[str, str]:
    """Return the settings of a console that a browser on this machine can open: over HTTP it keeps cookies only of
    loopback, and a passkey needs a host that is a name.
    """
    return {"WARN_API_PORT": str(port), CONSOLE_URL: f"http://localhost:{port}"}


def commands() -> list[list[str]]:
    """Return the commands that make the two persons; the last two print their links."""
    added = [["person", "add", name, "--environment", one, "--source", SOURCE] for one, name in NAMES.items()]
    granted = [
        ["person", "grant", NAMES[one], role, "--territory", TERRITORY]
        for one, roles in ROLES.items()
        for role in roles
    ]
    return [*added, *granted, *(["person", "invite", name] for name in NAMES.values())]


def desks(origin: str, printed: Sequence[str], alerts: Sequence[str]) -> list[Desk]:
    """Return the live desk and the exercise's, of what the commands printed; `alerts` are the ids of an alert of
    each.
    """
    found = zip(NAMES.items(), printed[-len(NAMES) :], alerts, strict=True)
    return [
        Desk(
            environment,
            name,
            link.strip(),
            f"{origin}/console/{environment}/desk",
            f"{origin}/console/{environment}/alerts/{alert}",
        )
        for (environment, name), link, alert in found
    ]


def lines(found: Sequence[Desk], service: Path | str, origin: str, dispatcher: str) -> list[str]:
    """Return the lines that say how to sign in at the desks; `service` is the data directory, `dispatcher` the
    command.
    """
    shown = [
        line
        for one in found
        for line in (
            f"  {one.environment}, as {one.person}:",
            f"    {one.invitation}",
            f"    then {one.url}",
            f"    and its alert {one.alert_url}",
        )
    ]
    another = at_the_server(service, origin).removesuffix("dispatcher") + dispatcher
    return [
        "The operator's desk, in Chromium or Firefox on this machine. Each link signs in once, within a day; there",
        "choose a password, then a code app or a passkey:",
        *shown,
        f"  another link: {another} person invite {found[0].person}",
    ]
