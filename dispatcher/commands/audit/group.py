"""Collect the commands of `dispatcher audit`."""

from __future__ import annotations

import typer

from dispatcher.commands.audit.checkpoints import checkpoint, keys
from dispatcher.commands.audit.exporting import export
from dispatcher.commands.audit.listing import list_lines
from dispatcher.commands.audit.verifying import verify

app = typer.Typer(help="Who did what, and proof that nobody changed it.", no_args_is_help=True)
app.command("list")(list_lines)
app.command("verify")(verify)
app.command("export")(export)
app.command("checkpoint")(checkpoint)
app.command("keys")(keys)
