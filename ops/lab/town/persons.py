"""Who signs in at the town's console: two persons of the live service, one of the exercise, who enrol by links."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Final, NamedTuple

from ops.lab.world.district import SOURCE, TERRITORY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

PASSED_ON: Final = "WARN_SMTP_"
"""How the settings of the caller begin that reach the service: which mail server takes messages for people on duty."""
CONSOLE_URL: Final = "WARN_CONSOLE_URL"
LIVE_AUTHOR, LIVE_PERSON, EXERCISE_PERSON = "a.weber", "b.lang", "b.lang-uebung"
"""The second writes for no control centre, so that it may approve what the one of the town submits, or the first. Its
role has no territory: the prepared templates, which it approves as well, have no municipalities and can warn anywhere.
"""


class Links(NamedTuple):
    """The links by which they enrol, each once."""

    author: str
    live: str
    exercise: str


def console_settings(environment: Mapping[str, str], port: int) -> dict[str, str]:
    """Return the settings that persons need: the caller's own, and where the console is. By default that is an origin
    on this machine: browsers keep its cookies over HTTP only of loopback, and passkeys need a host that is a name. With
    port 0 nobody knows the origin before the service runs: then there is no console.
    """
    found = {name: value for name, value in environment.items() if name.startswith(PASSED_ON)}
    if url := environment.get(CONSOLE_URL) or (f"http://localhost:{port}" if port else ""):
        found[CONSOLE_URL] = url
    return found


def commands() -> list[list[str]]:
    """Return the commands that save the prepared templates and make the persons; the last three print their links."""
    return [
        ["template", "save", "--prepared"],
        ["person", "add", LIVE_AUTHOR, "--environment", "live", "--source", SOURCE],
        ["person", "grant", LIVE_AUTHOR, "author", "--territory", TERRITORY],
        ["person", "add", LIVE_PERSON, "--environment", "live"],
        ["person", "grant", LIVE_PERSON, "approver"],
        ["person", "grant", LIVE_PERSON, "operator"],
        ["person", "add", EXERCISE_PERSON, "--environment", "exercise", "--source", SOURCE],
        ["person", "grant", EXERCISE_PERSON, "author", "--territory", TERRITORY],
        ["person", "grant", EXERCISE_PERSON, "approver", "--territory", TERRITORY],
        ["person", "invite", LIVE_AUTHOR],
        ["person", "invite", LIVE_PERSON],
        ["person", "invite", EXERCISE_PERSON],
    ]


def links(printed: Sequence[str]) -> Links:
    """Return the links, of what the commands printed."""
    return Links(*(one.strip() for one in printed[-3:]))


def at_the_server(service: Path | str, console_url: str) -> str:
    """Return what is typed in a shell for `dispatcher` to act at the server whose data directory is `service`; with an
    origin, links begin with it.
    """
    origin = f" {CONSOLE_URL}={shlex.quote(console_url)}" if console_url else ""
    return f"WARN_DATA_DIR={shlex.quote(str(service))}{origin} dispatcher"


def sign_in_lines(found: Links, dispatcher: str) -> list[str]:
    """Return the lines that say how to sign in; `dispatcher` is the command at the server."""
    return [
        "The console is for Chromium or Firefox on this machine. Each link is good once, for a day:",
        f"  live, {LIVE_AUTHOR}, who writes warnings:",
        f"    {found.author}",
        f"  live, {LIVE_PERSON}, who approves them, and templates, and decides about what is held:",
        f"    {found.live}",
        f"  exercise, {EXERCISE_PERSON}, who writes exercises:",
        f"    {found.exercise}",
        "A browser holds one session of each: a second person is another browser, or a private window.",
        "An exercise reaches those who take part: here nobody does, so that nothing arrives of it.",
        f"Another link: {dispatcher} person invite {LIVE_PERSON}",
        f"So that warnings wait for {LIVE_PERSON}: {dispatcher} approval policy set",
    ]


def no_console_lines() -> list[str]:
    """Return the lines that say why nobody can sign in."""
    return ["There is no console: with --port 0 it would need WARN_CONSOLE_URL."]
