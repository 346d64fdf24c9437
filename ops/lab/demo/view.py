"""The screen: live tables at a terminal, a line a second elsewhere."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich.columns import Columns
from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from dispatcher.targeting.boundaries import Boundaries
from ops.lab.demo.standing import CHANNELS
from ops.lab.population import INHABITANTS

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from rich.console import Console, RenderableType

    from ops.lab.demo.standing import Standing

LINE_EVERY_S = 1.0


class View:
    """Shows how a message stands, as often as it is told to."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._names = {unit.ags: unit.name for unit in Boundaries.default().municipalities}
        self._live = Live(console=console, auto_refresh=False) if console.is_terminal else None
        self._next_line = 0.0

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def say(self, text: str) -> None:
        """One line that stays."""
        self.console.print(text, highlight=False)

    def show(self, title: str, standing: Standing, seconds: float) -> None:
        """How things stand `seconds` after the submission."""
        if self._live:
            self._live.update(self._tables(title, standing, seconds), refresh=True)
        elif time.monotonic() >= self._next_line:
            self._next_line = time.monotonic() + LINE_EVERY_S
            self.say(line(title, standing, seconds))

    def leave(self, title: str, standing: Standing, seconds: float) -> None:
        """How things stood at the end, as a line that stays."""
        self.say(line(title, standing, seconds))

    def _tables(self, title: str, standing: Standing, seconds: float) -> RenderableType:
        return Group(
            Text.from_markup(f"[bold]{title}[/]  {seconds:5.1f} s"),
            Columns([channels(standing), self._municipalities(standing)], padding=(0, 4)),
        )

    def _municipalities(self, standing: Standing) -> Table:
        table = Table("municipality", "", box=None)
        table.add_column("accepted", justify="right")
        table.add_column("expected", justify="right")
        for ags in sorted(INHABITANTS, key=self._names.__getitem__):
            expected, accepted = standing.expected_in[ags], standing.accepted_in[ags]
            bar = ProgressBar(total=expected or 1, completed=accepted, width=20)
            cells = (bar, str(accepted), str(expected)) if expected or accepted else ("", "", "-")
            table.add_row(self._names[ags], *cells)
        table.add_row("nobody else", "", str(standing.strangers), "0")
        return table


def channels(standing: Standing) -> Table:
    """One row a channel. `refused` counts requests, the others people."""
    table = Table("channel", box=None)
    for name in ("accepted", "expected", "gone", "refused", "doubled"):
        table.add_column(name, justify="right")
    for channel in CHANNELS:
        counts = (standing.accepted, standing.expected, standing.gone, standing.refused, standing.doubled)
        table.add_row(channel, *(str(counter[channel]) for counter in counts))
    return table


def line(title: str, standing: Standing, seconds: float) -> str:
    """The same in one line."""
    parts = [f"{name} {standing.accepted[name]}/{standing.expected[name]}" for name in CHANNELS]
    places = sum(standing.accepted_in[ags] > 0 for ags in INHABITANTS)
    refused = standing.refused.total()
    return (
        f"{title}  {seconds:5.1f} s  {'  '.join(parts)}  municipalities {places}  refused requests {refused}"
    )
