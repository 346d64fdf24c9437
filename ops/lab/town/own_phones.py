"""Phones of whoever tries the service: any address at FCM or APNs is one, and what its app is handed stands in a file.

A phone asks neither Google nor Apple for anything here, so that an address has to look like one, and no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ops.lab.gateways.standins import apns, fcm
from ops.lab.world.commands import CommandLine

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from ops.lab.world.ledger import Entry

OPTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "apns": ("--any-phone", apns.TRYOUT),
    "fcm": ("--any-phone", fcm.TRYOUT),
}
"""What has these stand-ins take any address for a phone with the app of one's own."""
FOLDER: Final = "phones"
"""Where it stands what apps are handed, below the town's directory."""


def credentials(app: str, state: Path, fcm_url: str) -> list[CommandLine]:
    """Return the commands that give an app what it speaks to FCM and APNs with; the stand-ins have issued it below
    `state`.
    """
    own = {
        "apns": apns.credential(state, apns.TRYOUT),
        "fcm": fcm.credential(state, fcm_url, fcm.TRYOUT),
    }
    return [
        CommandLine(("instance", "credential", app, channel, "--stdin"), secret)
        for channel, secret in own.items()
    ]


class HandedOver:
    """Keeps what apps on phones of one's own are handed: a file for each channel, a line of JSON for each message."""

    def __init__(self, home: Path) -> None:
        """Make the files, so that they can be followed from the start. Raises OSError."""
        folder = home / FOLDER
        folder.mkdir()
        self.files = {channel: folder / f"{channel}.ndjson" for channel in OPTIONS}
        for file in self.files.values():
            file.touch(0o600)

    def note(self, entries: Iterable[Entry]) -> None:
        """Write down what these have handed over. Raises OSError."""
        for entry in entries:
            if entry.handed:
                with self.files[entry.channel].open("a", encoding="utf-8") as file:
                    file.write(f"{entry.handed}\n")


def lines(files: Mapping[str, str]) -> list[str]:
    """Return the lines that say how a phone of one's own is warned; `files` are those of `HandedOver`, as a shell names
    them.
    """
    return [
        "A phone of your own with that app may have any token, and asks Google or Apple for nothing:",
        f'  {{"channel": "fcm", "address": TOKEN, "keys": {{"project": "{fcm.TRYOUT}"}}}}, 20 characters or more',
        f'  {{"channel": "apns", "address": TOKEN, "keys": {{"topic": "{apns.TRYOUT}"}}}}, 64 digits, hexadecimal',
        f"What they would hand to it stands in {files['fcm']} and {files['apns']}.",
    ]
