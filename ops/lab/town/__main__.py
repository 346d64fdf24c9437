"""`python -m ops.lab.town`: runs until Ctrl-C, and prints what arrives on the phones."""

from __future__ import annotations

import argparse
import os
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rich.console import Console

from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.model.desk_time import DEFAULT_ZONE
from dispatcher.runtime.listening import listen
from ops.broken_pipe import quietly
from ops.lab.demo.heartbeat import Heartbeat, beating
from ops.lab.demo.report import near
from ops.lab.demo.view import View
from ops.lab.gateways.launch import StandinError
from ops.lab.gateways.registry import WITH_PHONES
from ops.lab.town import own_phones
from ops.lab.town.persons import (
    CONSOLE_URL,
    at_the_server,
    commands,
    console_settings,
    links,
    no_console_lines,
    sign_in_lines,
)
from ops.lab.town.phones import Phones, fitted
from ops.lab.world.district import District, Layout
from ops.lab.world.ledger import Tail
from ops.lab.world.own_directory import OutError, orderly_end, owned
from ops.lab.world.population import INHABITANTS, PopulationPlan
from ops.lab.world.service import ServiceError

if TYPE_CHECKING:
    from collections.abc import Sequence

OUT = Path(__file__).parents[3] / "var" / "try"
PORT = int(os.environ.get("WARN_API_PORT", "8080"))
APP, APP_PLACE = "tryout", "05358008"
"""An instance for an app of one's own, and its municipality (Düren)."""
SUBSCRIPTIONS = 60
"""Of all 15 municipalities; every app and about every third person is in Düren and Kreuzau, which the example warns."""
ALL_TEXTS = 1_000_000
LOOK_EVERY_S = 0.1
NOT_RUN = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run the town. Returns 0 after Ctrl-C, 2 where it could not be started."""
    options = _options(argv)
    console = Console(soft_wrap=True, highlight=False, markup=False, emoji=False)
    try:
        require_free_port(options.port)
        with owned(options.out, "population"), orderly_end():
            _run(options, console)
    except (OutError, PortTakenError, ServiceError, StandinError) as error:
        console.print(f"the town could not be started: {error}")
        return NOT_RUN
    except KeyboardInterrupt:
        console.print("stopped")
    return 0


class PortTakenError(Exception):
    """Something else listens where the API would. The text says how to choose another port."""


def require_free_port(port: int) -> None:
    """Check that the API will be able to listen: better before anything is started. Raises `PortTakenError`."""
    try:
        listen("127.0.0.1", port).close()
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise PortTakenError(f"port {port}: {reason}; choose another: make try ARGS='--port 8090'") from error


def _run(options: argparse.Namespace, console: Console) -> None:
    layout = Layout(
        PopulationPlan(subscriptions=options.subscriptions, outside=5, standins=tuple(WITH_PHONES)),
        push_services=1,
        texts=ALL_TEXTS,
        standins=WITH_PHONES,
        options=own_phones.OPTIONS,
        settings={"WARN_API_PORT": str(options.port), **console_settings(os.environ, options.port)},
        exempt=os.environ.get("WARN_ALLOWED_ORIGINS", ""),
    )
    with ExitStack() as running:
        view = running.enter_context(View(console))
        heartbeat = Heartbeat(view)
        running.enter_context(beating(heartbeat))
        district = running.enter_context(District(options.out, layout, heartbeat.step))
        names = {unit.ags: unit.name for unit in Boundaries.default().municipalities}
        phones = Phones(district.recipients, names, ZoneInfo(DEFAULT_ZONE))
        tail = Tail(gateway.ledger for gateway in district.gateways.values())
        handed = own_phones.HandedOver(district.home)
        _introduce(console, district, handed)
        while True:
            entries = tail.new()
            handed.note(entries)
            for line in phones.lines(entries):
                for part in fitted(line, console.width) if console.is_terminal else [line]:
                    console.print(part)
            time.sleep(LOOK_EVERY_S)


def _introduce(console: Console, district: District, handed: own_phones.HandedOver) -> None:
    environment = district.home / "env"
    environment.touch(0o600)
    credentials = own_phones.credentials(APP, district.state, district.gateways["fcm"].url)
    app_key, *_ = district.service.commands(["instance", "add", APP, "--place", APP_PLACE], *credentials)
    environment.write_text(
        environment_of(district.service.url, district.service.key, app_key.strip()), "utf-8"
    )
    dispatcher = at_the_server(near(district.service.home), district.service.environment.get(CONSOLE_URL, ""))
    introduced = introduction(
        district.service.url, near(environment), len(district.recipients), district.exemptions, dispatcher
    )
    own = own_phones.lines({channel: near(file) for channel, file in handed.files.items()})
    for line in [*introduced, *own, "", *_persons(district, dispatcher), "", "Ctrl-C stops everything."]:
        console.print(line)


def _persons(district: District, dispatcher: str) -> list[str]:
    """Make who signs in, and return the lines that say how. Raises ServiceError."""
    if CONSOLE_URL not in district.service.environment:
        return no_console_lines()
    return sign_in_lines(links(district.service.commands(*commands())), dispatcher)


def environment_of(url: str, key: str, app_key: str) -> str:
    """Return what a shell reads: where the service is, with the control centre's key, and, by the names that the pages
    for makers of apps use, with the key of an app of one's own.
    """
    return f"export WARN_URL={url} WARN_API_KEY={key}\nexport WARN={url} KEY={app_key}\n"


def introduction(
    url: str, environment: str, subscriptions: int, exemptions: str, dispatcher: str
) -> list[str]:
    """Return the lines that say what runs and how to warn it; `environment` is a file for a shell to read, `dispatcher`
    the command at the server.
    """
    return [
        "",
        f"The service runs at {url}. It has a source that may warn Kreis Düren, the apps of",
        f"{len(INHABITANTS)} municipalities, and {subscriptions} subscriptions. What arrives on their devices is",
        "shown here.",
        "Its gateways are stand-ins on this machine, which it contacts because a setting says so:",
        f"  WARN_ALLOWED_ORIGINS={exemptions}",
        "",
        "In a second terminal, in the same directory:",
        "  . .venv/bin/activate",
        f"  . {environment}",
        "  dispatcher example > var/alert.xml",
        "  dispatcher preview var/alert.xml",
        "  dispatcher submit --follow var/alert.xml",
        "",
        f"For an app of your own the file has $WARN and $KEY, of the instance {APP}, as ops/docs/apps.md uses them.",
        f"Another: {dispatcher} instance add NAME --place 05358008",
    ]


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m ops.lab.town", description="A small district to try.")
    parser.add_argument("--port", type=int, default=PORT, help="the API's; 0 for any")
    parser.add_argument("--subscriptions", type=int, default=SUBSCRIPTIONS, help="in the district")
    parser.add_argument("--out", type=Path, default=OUT, help="where everything of it is written")
    options = parser.parse_args(argv)
    options.out = options.out.resolve()
    return options


if __name__ == "__main__":
    sys.exit(quietly(main))
