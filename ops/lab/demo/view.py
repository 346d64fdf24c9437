"""Shows the demo's progress: live tables at a terminal, a line a second elsewhere."""

from __future__ import annotations

import textwrap
import time
from typing import TYPE_CHECKING

from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from dispatcher.boundaries.municipalities import Boundaries
from ops.lab.demo.progress import CHANNELS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType
    from typing import Self

    from rich.console import Console, RenderableType

    from ops.lab.demo.progress import Progress

LINE_EVERY_S = 1.0
COLUMNS = 80


class View:
    """Shows a message's progress each time `show` is called. Fits 80 columns and 24 lines."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._names = {unit.ags: unit.name for unit in Boundaries.default().municipalities}
        self._live = (
            Live(console=console, auto_refresh=False, transient=True) if console.is_terminal else None
        )
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

    def wait(self, text: str) -> None:
        """Show what is being waited for: at a terminal in the place of what was shown before."""
        if self._live:
            self._live.update(Text(text, style="dim"), refresh=True)
        else:
            self.say(text)

    def clear(self) -> None:
        """Take away what gives way."""
        if self._live:
            self._live.update(Text(), refresh=True)

    def quote(self, lines: Iterable[str]) -> None:
        """Print lines as they are, indented."""
        for line in lines:
            self.console.print(f"    {line}", highlight=False, markup=False, emoji=False, soft_wrap=True)

    def show(self, title: str, progress: Progress, seconds: float) -> None:
        """Show the progress `seconds` after the submission."""
        if self._live:
            self._live.update(self._tables(title, progress, seconds), refresh=True)
        elif time.monotonic() >= self._next_line:
            self._next_line = time.monotonic() + LINE_EVERY_S
            self.say(line(title, progress, seconds))

    def leave(self, title: str, progress: Progress, seconds: float) -> None:
        """Print the progress at the end as lines that stay."""
        self.clear()
        self.say(line(title, progress, seconds))
        if text := unowed(progress):
            self.say(text)

    def _tables(self, title: str, progress: Progress, seconds: float) -> RenderableType:
        return Group(
            Text.from_markup(f"[bold]{title}[/]  {seconds:5.1f} s  {percent(progress):3} %"),
            channels(progress),
            self._municipalities(progress),
        )

    def _municipalities(self, progress: Progress) -> Table:
        table = Table("municipality", "", box=None)
        table.add_column("accepted", justify="right")
        table.add_column("owed", justify="right")
        for ags in sorted(progress.expected_in, key=self._names.__getitem__):
            owed, accepted = progress.owed_in(ags), progress.accepted_in[ags]
            bar = ProgressBar(total=owed or 1, completed=accepted if owed else 1, width=24)
            table.add_row(self._names[ags], bar, str(accepted), str(owed))
        table.add_row("nobody else", "", str(progress.strangers), "0")
        return table


def channels(progress: Progress) -> Table:
    """Make a table with one row a channel. `refused` counts requests, the other columns count people."""
    table = Table("channel", box=None)
    for name in ("accepted", "owed", "gone", "refused", "doubled"):
        table.add_column(name, justify="right")
    for channel in CHANNELS:
        counts = (progress.accepted[channel], progress.owed(channel), progress.gone[channel])
        more = (progress.refused[channel], progress.doubled[channel])
        table.add_row(channel, *map(str, (*counts, *more)))
    return table


def percent(progress: Progress) -> int:
    """Return how many percent of those owed were reached: 100 only where it is all of them."""
    return int(progress.share * 100)


def line(title: str, progress: Progress, seconds: float) -> str:
    """Format the same counts as one line, or as several where it is longer than a terminal is wide."""
    beginning = f"{title} {seconds:5.1f} s {percent(progress):3} %"
    parts = [f"{name} {progress.accepted[name]}/{progress.owed(name)}" for name in CHANNELS]
    one = "  ".join([beginning, *parts])
    if len(one) <= COLUMNS:
        return one
    whole = "  ".join(part.replace(" ", "\N{NO-BREAK SPACE}") for part in parts)
    below = textwrap.wrap(whole, COLUMNS, initial_indent="    ", subsequent_indent="    ")
    return "\n".join([beginning, *below]).replace("\N{NO-BREAK SPACE}", " ")


def unowed(progress: Progress) -> str:
    """Say which answers look like failures and are none; "" where there were none."""
    gone, again = progress.gone.total(), progress.refused.total() - progress.gone.total()
    said = []
    if gone:
        said.append(f"{gone} subscriptions are gone: nothing is owed there")
    if again:
        said.append(f"{again} refusals were sent again")
    return f"    {'; '.join(said)}." if said else ""
