"""Shows the demo's progress: live tables at a terminal, a line a second elsewhere."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich.columns import Columns
from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from dispatcher.boundaries.municipalities import Boundaries
from ops.lab.demo.progress import CHANNELS
from ops.lab.world.population import INHABITANTS

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from rich.console import Console, RenderableType

    from ops.lab.demo.progress import Progress

LINE_EVERY_S = 1.0


class View:
    """Shows a message's progress each time `show` is called."""

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
        """Print a line that stays."""
        self.console.print(text, highlight=False)

    def show(self, title: str, progress: Progress, seconds: float) -> None:
        """Show the progress `seconds` after the submission."""
        if self._live:
            self._live.update(self._tables(title, progress, seconds), refresh=True)
        elif time.monotonic() >= self._next_line:
            self._next_line = time.monotonic() + LINE_EVERY_S
            self.say(line(title, progress, seconds))

    def leave(self, title: str, progress: Progress, seconds: float) -> None:
        """Print the progress at the end as a line that stays."""
        self.say(line(title, progress, seconds))

    def _tables(self, title: str, progress: Progress, seconds: float) -> RenderableType:
        return Group(
            Text.from_markup(f"[bold]{title}[/]  {seconds:5.1f} s"),
            Columns([channels(progress), self._municipalities(progress)], padding=(0, 4)),
        )

    def _municipalities(self, progress: Progress) -> Table:
        table = Table("municipality", "", box=None)
        table.add_column("accepted", justify="right")
        table.add_column("expected", justify="right")
        for ags in sorted(INHABITANTS, key=self._names.__getitem__):
            expected, accepted = progress.expected_in[ags], progress.accepted_in[ags]
            bar = ProgressBar(total=expected or 1, completed=accepted, width=20)
            cells = (bar, str(accepted), str(expected)) if expected or accepted else ("", "", "-")
            table.add_row(self._names[ags], *cells)
        table.add_row("nobody else", "", str(progress.strangers), "0")
        return table


def channels(progress: Progress) -> Table:
    """Make a table with one row a channel. `refused` counts requests, the other columns count people."""
    table = Table("channel", box=None)
    for name in ("accepted", "expected", "gone", "refused", "doubled"):
        table.add_column(name, justify="right")
    for channel in CHANNELS:
        counts = (progress.accepted, progress.expected, progress.gone, progress.refused, progress.doubled)
        table.add_row(channel, *(str(counter[channel]) for counter in counts))
    return table


def line(title: str, progress: Progress, seconds: float) -> str:
    """Format the same counts as one line."""
    parts = [f"{name} {progress.accepted[name]}/{progress.expected[name]}" for name in CHANNELS]
    places = sum(progress.accepted_in[ags] > 0 for ags in INHABITANTS)
    refused = progress.refused.total()
    return (
        f"{title}  {seconds:5.1f} s  {'  '.join(parts)}  municipalities {places}  refused requests {refused}"
    )
